// A bound line written out again, as one types it in bash and for the cmdlet itself; and
// what else one types differently from shell to shell.

package main

import (
	"cmp"
	"runtime"
	"strings"

	"connect-entra/powershell"
)

// shell is how to say in a shell what this program has people type besides itself.
type shell struct {
	name        string
	quote       func(string) string
	set         string // a variable's name and its quoted value
	environment string // a file that sets variables
	with        string // such a file, quoted, for a command
	makeKey     string // a file of 32 random bytes
}

var bourneShell = shell{
	name:        "sh",
	quote:       bashQuote,
	set:         "export %s=%s",
	environment: "practice.env",
	with:        "(. %s; %s)",
	makeKey:     `(umask 077; head -c 32 /dev/urandom >"$HOME/.connect-entra.key")`,
}

var powerShell = shell{
	name:        "PowerShell",
	quote:       powerShellQuote,
	set:         "$env:%s = %s",
	environment: "practice.ps1",
	with:        "Get-Content %s | Invoke-Expression; %s", // Windows may forbid to run it as a script
	makeKey: "$key = [byte[]]::new(32); [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($key); " +
		`[IO.File]::WriteAllBytes("$HOME\connect-entra.key", $key)`,
}

// hostShell is the one that people of this host type in.
func hostShell() shell {
	if runtime.GOOS == "windows" {
		return powerShell
	}
	return bourneShell
}

// inBash is the line as one types it in bash.
func (e explanation) inBash() string {
	return e.retype("connect-entra", "", bashQuote, func(value any) string {
		switch v := value.(type) {
		case Secret:
			if isUnknown(v.source) {
				return "env:TOKEN"
			}
			return bashQuote(cmp.Or(v.source, "-"))
		case credential:
			if isUnknown(v.Secret.source) {
				return "APPID:env:SECRET"
			}
			return bashQuote(strings.TrimSuffix(v.ID+":"+v.Secret.source, ":"))
		}
		return ""
	})
}

// inPowerShell is the line for the cmdlet itself, which takes objects.
func (e explanation) inPowerShell() string {
	return e.retype("Connect-Entra", "$", powerShellQuote, func(value any) string {
		switch v := value.(type) {
		case Secret:
			return v.inPowerShell()
		case credential:
			switch {
			case isUnknown(v.Secret.source):
				return v.Secret.source
			case v.Secret.source == "":
				return "(Get-Credential " + powerShellQuote(v.ID) + ")"
			}
			return "([pscredential]::new(" + powerShellQuote(v.ID) + ", " + v.Secret.inPowerShell() + "))"
		}
		return ""
	})
}

// inPowerShell is an expression that reads the secret from the same place.
func (s Secret) inPowerShell() string {
	const convert = " | ConvertTo-SecureString -AsPlainText -Force)"
	switch {
	case isUnknown(s.source):
		return s.source
	case strings.HasPrefix(s.source, "env:"):
		return "($" + s.source + convert
	case s.source == "" || s.source == "-":
		return "(Read-Host -AsSecureString)"
	}
	return "(Get-Content " + powerShellQuote(strings.TrimPrefix(strings.TrimPrefix(s.source, "file:"), "@")) + convert
}

// retype writes the bound parameters out again, by their names. truth stands before
// true and false.
func (e explanation) retype(name, truth string, quote func(string) string, object func(any) string) string {
	words := []string{name}
	for _, p := range e.verb.parameters() {
		b, ok := e.params.Values[p.Name]
		if !ok {
			continue
		}
		switch v := b.Value.(type) {
		case bool:
			word := "-" + p.Name
			if !v || p.Type == powershell.Boolean {
				word += ":" + truth + strings.ToLower(powershell.Show(v))
			}
			words = append(words, word)
		case []string:
			items := make([]string, len(v))
			for i, item := range v {
				items[i] = quote(item)
			}
			words = append(words, tied(p.Name, strings.Join(items, ",")))
		case Secret, credential:
			words = append(words, tied(p.Name, object(v)))
		default:
			words = append(words, tied(p.Name, quote(showBound(v))))
		}
	}
	return strings.Join(words, " ")
}

// tied is a parameter with its value, behind a colon where the value looks like a name.
func tied(name, value string) string {
	if powershell.IsValue(value) {
		return "-" + name + " " + value
	}
	return "-" + name + ":" + value
}

func bashQuote(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@=,%+") == "" {
		return text
	}
	if isUnknown(text) {
		return `"$` + bashName(text) + `"`
	}
	if strings.Contains(text, "'") && !strings.ContainsAny(text, "\"$`\\!") {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// bashName is the name of PowerShell's variable in bash. What an expression gives has
// none: whoever types the line chooses one.
func bashName(text string) string {
	name := text[1:]
	if startsWith(name, "env:") {
		name = name[len("env:"):]
	}
	if text[0] == '(' || !isWord(name) || strings.Contains(name, ".") {
		return "value"
	}
	return name
}

func powerShellQuote(text string) string {
	if isUnknown(text) || isWord(text) && (text[0] < '0' || text[0] > '9') {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// isWord holds for what no shell takes apart.
func isWord(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == ""
}
