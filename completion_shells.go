//go:build !js

package main

// shellNames are the shells that completionScripts has.
var shellNames = []string{"bash", "zsh", "fish", "powershell"}

// completionScripts ask the program itself, so that they never go out of step with it.
var completionScripts = map[string]string{
	"bash": `# connect-entra completion for bash: source <(connect-entra completion bash)
_connect_entra() {
    local keep text
    COMPREPLY=()
    while IFS=$'\t' read -r keep text; do
        if [[ $keep == :files ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#@}")
            continue
        fi
        if [[ -z $text ]]; then
            text=$keep
        elif [[ $COMP_WORDBREAKS != *"${keep: -1}"* ]]; then
            text=$keep$text
        fi
        COMPREPLY+=("$text")
    done < <("${COMP_WORDS[0]/#\~/$HOME}" completion bash -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o nosort -F _connect_entra connect-entra 2>/dev/null || complete -F _connect_entra connect-entra
`,
	"zsh": `#compdef connect-entra
# connect-entra completion for zsh: source <(connect-entra completion zsh), after compinit
_connect_entra() {
    local text help
    local -a texts shown
    while IFS=$'\t' read -r text help; do
        if [[ $text == :files ]]; then
            compset -P '*[@:=]'
            _files
            continue
        fi
        texts+=("$text")
        shown+=("$text${help:+  -- $help}")
    done < <(${(Q)words[1]/#\~/$HOME} completion zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( $#texts )) && compadd -U -V connect-entra -l -d shown -a texts
}
if [[ $funcstack[1] == _connect_entra ]]; then _connect_entra "$@"; else compdef _connect_entra connect-entra; fi
`,
	"fish": `# connect-entra completion for fish: connect-entra completion fish | source
function __connect_entra_offers
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    for offer in ($words[1] completion fish -- $words "$last" 2>/dev/null)
        if test "$offer" = :files
            __fish_complete_path (string replace -r '^.*[@:=]' '' -- "$last")
        else
            printf '%s\n' $offer
        end
    end
end
complete -c connect-entra -k -f -a '(__connect_entra_offers)'
`,
	"powershell": `# connect-entra completion for PowerShell: connect-entra completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName connect-entra -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    & $words[0] completion powershell -- @words "$wordToComplete." | ForEach-Object {
        $text, $help = $_ -split "` + "`t" + `", 2
        if ($text -eq ':files') {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
        } else {
            [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $(if ($help) { $help } else { $text }))
        }
    }
}
`,
}
