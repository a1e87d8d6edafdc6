// What the shells differ in, as far as this program has a person type something: quoting,
// variables, and how a file is made.

package main

import (
	"runtime"
	"strings"
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

// startsWith is strings.HasPrefix without regard to case.
func startsWith(text, prefix string) bool {
	return len(prefix) <= len(text) && strings.EqualFold(text[:len(prefix)], prefix)
}
