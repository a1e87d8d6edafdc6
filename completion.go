//go:build !js

// Completion: what may still be typed, in PowerShell's order, and the scripts by which
// bash, zsh, fish and PowerShell ask for it. Everything offered comes from the tables.

package main

import (
	"context"
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// offerFiles asks the shell for its own completion of file names.
const offerFiles = ":files"

// showCompletion prints a shell's script; behind --, the shell's question: the program's
// name and the words as typed up to the cursor, the last one unfinished.
func showCompletion(_ context.Context, con *console, world *world, p Params) error {
	shell := strings.ToLower(p.Text("Shell"))
	script, ok := completionScripts[shell]
	if !ok {
		f := failure.New("unknown-topic", "There is no completion for the shell %q.", failure.Clean(p.Text("Shell")))
		return f.Try("one of %s", strings.Join(shellNames, ", "))
	}
	if p.Command == nil {
		return con.print(script)
	}
	words := p.Command
	switch shell {
	case "bash":
		words = splitWords(strings.Join(words, " ")) // bash hands its line on, as it cuts words at colons
	case "powershell":
		// Windows PowerShell drops an empty argument, so the script puts a dot behind it.
		words = slices.Clone(words)
		words[len(words)-1] = strings.TrimSuffix(words[len(words)-1], ".")
	}
	known, err := allClouds(con, world)
	if err != nil {
		known = clouds // whoever uses them is told
	}
	var b strings.Builder
	for _, o := range complete(words, known) {
		if shell != "powershell" {
			o.Text = strings.TrimPrefix(o.Text, "$") // $true is a variable of theirs; true does as well
		}
		switch {
		case o.Text == offerFiles:
			b.WriteString(offerFiles + "\n")
		case shell == "bash": // it may replace only what stands behind a colon
			b.WriteString(o.Keep + "\t" + o.Text + "\n")
		default:
			b.WriteString(o.Keep + o.Text + "\t" + o.Help + "\n")
		}
	}
	return con.print(b.String())
}

// splitWords cuts a bash line at its blanks, outside quotes.
func splitWords(line string) []string {
	words := []string{""}
	quote, escape := rune(0), false
	for _, r := range line {
		last := &words[len(words)-1]
		switch {
		case escape:
			*last, escape = *last+string(r), false
		case r == '\\' && quote != '\'':
			escape = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && (r == ' ' || r == '\t'):
			if *last != "" {
				words = append(words, "")
			}
		default:
			*last += string(r)
		}
	}
	return words
}

// complete gives what the last of words may become; the first is the program's name.
func complete(words []string, known []Environment) []powershell.Candidate {
	if len(words) < 2 {
		return nil
	}
	words = calledAs(words[0], words[1:])
	typed, last := words[:len(words)-1], words[len(words)-1]
	if slices.Contains(typed, "--") {
		return []powershell.Candidate{{Text: offerFiles}}
	}
	v, rest := chooseVerb(typed)
	if v.table == nil { // explain takes a whole line
		typed = rest
		v, rest = chooseVerb(typed)
	}
	var offers []powershell.Candidate
	if len(rest) == 0 && strings.TrimLeft(last, powershell.Dashes) == last {
		offers = offerVerbs(strings.Join(typed, " "), last)
	}
	return append(offers, powershell.Complete(v.parameters(), rest, last, func(p powershell.Parameter, typed string) []string {
		return valuesOf(p, typed, known)
	})...)
}

// offerVerbs offers the next word of the verbs that begin with the words before it.
func offerVerbs(before, typed string) []powershell.Candidate {
	var offers []powershell.Candidate
	for _, v := range verbs() {
		first, second, _ := strings.Cut(v.name, " ")
		switch {
		case before == "" && second == "" && startsWith(first, typed):
			offers = append(offers, powershell.Candidate{Text: first, Help: v.summary})
		case strings.EqualFold(first, before) && second != "" && startsWith(second, typed):
			offers = append(offers, powershell.Candidate{Text: second, Help: v.summary})
		}
	}
	return offers
}

// valuesOf gives what p's value may be that begins with typed.
func valuesOf(p powershell.Parameter, typed string, known []Environment) []string {
	var texts []string
	switch {
	case p.Completer == "clouds":
		for _, e := range known {
			texts = append(texts, e.Name)
		}
	case p.Completer == "topics":
		texts = topicNames()
	case p.Completer == "shells":
		texts = shellNames
	case p.Completer == "files" || p.Type == secureString && strings.HasPrefix(typed, "@"):
		return []string{offerFiles}
	}
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !startsWith(text, typed) })
}

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
