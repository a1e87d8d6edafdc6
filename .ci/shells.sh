#!/usr/bin/env bash
# Completion in real shells: shells.sh PROGRAM. A line is typed into an interactive bash
# and zsh, with Tab, and echoed as it then stands; fish is asked by its own complete -C.
set -euo pipefail

program=$(realpath "$1")
for tool in bash zsh fish expect; do
	command -v $tool >/dev/null || { apt-get update -qq && apt-get install -qq -y bash zsh fish expect >/dev/null; break; }
done

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export HOME=$home PATH="$(dirname "$program"):$PATH" TERM=dumb
cd "$home"
touch app.pem 'my app.pfx'
cat >"$home/rc.bash" <<'RC'
PS1='ready$ '
bind 'set show-all-if-ambiguous on' 'set bell-style none' 'set page-completions off' 2>/dev/null
bind 'set show-all-if-ambiguous on'; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'
source <(connect-entra completion bash)
RC
cat >"$home/.zshrc" <<'RC'
PS1='ready$ '
unsetopt beep prompt_cr prompt_sp
zstyle ':completion:*' list-colors ''
autoload -Uz compinit && compinit -u
source <(connect-entra completion zsh)
RC

# type SHELL KEYS PATTERN: PATTERN must come after KEYS were typed.
type_into() {
	local shell=$1 keys=$2 pattern=$3
	local start="bash --noprofile --rcfile $home/rc.bash -i"
	[ "$shell" = zsh ] && start="zsh -i"
	KEYS=$keys PATTERN=$pattern START=$start expect -f - <<'EXPECT' >"$home/log" || { echo "$shell: $keys did not give $pattern"; cat -v "$home/log"; exit 1; }
set timeout 10
set stty_init "columns 200"
spawn -noecho {*}$env(START)
expect -ex {ready$ }
send -- [subst -novariables -nocommands $env(KEYS)]
expect {
	-re $env(PATTERN) { exit 0 }
	timeout { exit 1 }
	eof { exit 1 }
}
EXPECT
	echo "ok $shell: $keys"
}

# becomes SHELL KEYS LINE: after KEYS the line stands as LINE.
becomes() { type_into "$1" "$2"'\001echo line: \r' "[\r\n]line: $3 *[\r\n]"; }

for shell in bash zsh; do
	becomes $shell 'connect-entra -ContextS\tP\t' 'connect-entra -ContextScope Process'
	becomes $shell 'connect-entra -ContextScope:C\t' 'connect-entra -ContextScope:CurrentUser'
	becomes $shell 'connect-entra –Scop\t' 'connect-entra -Scopes'
	becomes $shell 'connect-entra -scop\t' 'connect-entra -Scopes'
	becomes $shell 'connect-entra --use\t' 'connect-entra --use-device-code'
	becomes $shell 'connect-entra -Environment San\t' 'connect-entra -Environment Sandbox'
	becomes $shell 'connect-entra envi\tChi\t' 'connect-entra environments China'
	becomes $shell 'connect-entra -Certificate ap\t' 'connect-entra -Certificate app.pem'
	becomes $shell 'connect-entra -Certificate my\t' 'connect-entra -Certificate my app.pfx'
	becomes $shell 'connect-entra -NoWelcome:f\t' 'connect-entra -NoWelcome:false'
	type_into $shell 'connect-entra -Identity -C\t\t' '-ClientId.*-ContextScope.*-ClientTimeout'
	type_into $shell 'connect-entra -AccessToken @t -N\t\t' '-NationalCloud.*-NoWelcome'
	type_into $shell 'connect-entra -ErrorAction \t\t' 'Break.*Continue.*Ignore.*Inquire.*SilentlyContinue.*Stop.*Suspend'
	type_into $shell 'connect-entra -NoWelcome:\t\t' 'true.*false'
done

# in_fish LINE OFFERS: what fish offers, names only.
in_fish() {
	local got
	got=$(fish -c 'connect-entra completion fish | source; complete -C $argv[1]' "$1" | cut -f1 | paste -sd' ')
	[ "$got" = "$2" ] || { echo "fish: $1 offered $got, not $2"; exit 1; }
	echo "ok fish: $1"
}
in_fish 'connect-entra -Cl' '-ClientId -ClientSecretCredential -ClientTimeout'
in_fish 'connect-entra -Identity -C' '-ClientId -ContextScope -ClientTimeout -Conceal'
in_fish 'connect-entra -ContextScope ' 'CurrentUser Process'
in_fish 'connect-entra -ContextScope:C' '-ContextScope:CurrentUser'
in_fish 'connect-entra -Environment US' 'USGov USGovDoD'
in_fish 'connect-entra -NoWelcome:' '-NoWelcome:true -NoWelcome:false'
in_fish 'connect-entra --no' '--no-welcome'
in_fish 'connect-entra tok' 'token'
in_fish 'connect-entra -Certificate ap' 'app.pem'
