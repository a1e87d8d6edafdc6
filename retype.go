// A bound line written out again, as one types it in bash and for the cmdlet itself; and
// which lines may be passed on in a link.

package main

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"connect-entra/guid"
	"connect-entra/powershell"
)

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

// inPowerShell is an expression that reads the secret from the same source.
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

// mayShare says whether a line, as PowerShell reads it, holds no secret that one can
// tell for such.
func mayShare(text string) bool {
	text = strings.NewReplacer("`\r\n", " ", "`\n", " ").Replace(strings.TrimSpace(text))
	// What stands in another statement or a comment is not read, so nobody can say.
	if strings.ContainsAny(text, "#;|&\r\n") {
		return false
	}
	name, arguments, command, err := powershell.ReadLine(parametersOf, text)
	if err != nil || len(command) > 0 {
		return false
	}
	table, _ := parametersOf(name)
	secret := false // whether the value that comes is a secret parameter's
	for _, a := range arguments {
		if a.Name != "" {
			secret = meansSecret(table, a.Name)
		}
		if a.HasValue {
			if !isHarmless(a.Value, secret) {
				return false
			}
			secret = false
		}
	}
	return true
}

// meansSecret says whether a name, in full or cut short, could be that of a parameter
// that takes a secret. A name that is no parameter's, such as -Password, may be meant so.
func meansSecret(table []powershell.Parameter, name string) bool {
	known := false
	for _, p := range table {
		if slices.ContainsFunc(append([]string{p.Name}, p.Aliases...), func(full string) bool { return startsWith(full, name) }) {
			if p.Type == secureString || p.Type == psCredential {
				return true
			}
			known = true
		}
	}
	return !known
}

func isHarmless(value any, secret bool) bool {
	switch v := value.(type) {
	case string:
		id, source, _ := strings.Cut(v, ":")
		if secret {
			return isSecretSource(v) || guid.Is(id) && (source == "" || isSecretSource(source))
		}
		return !strings.Contains(v, "$(") && !slices.ContainsFunc(strings.FieldsFunc(v, isSeparator), looksRandom)
	case []any:
		return !secret && !slices.ContainsFunc(v, func(item any) bool { return !isHarmless(item, false) })
	case powershell.Unknown: // a variable is; an expression may hold anything
		return v.IsVariable()
	case bool, nil:
		return true
	}
	return !secret // a number
}

func isSeparator(r rune) bool { return r == ' ' || r == ',' || r == '/' }

// looksRandom holds for what is long and mixes letters with digits, as secrets and
// tokens do; not for the IDs and thumbprints that lines are made of.
func looksRandom(text string) bool {
	if len(text) < 20 || guid.Is(text) || len(text) == 40 && strings.Trim(strings.ToLower(text), "0123456789abcdef") == "" {
		return false
	}
	has := func(is func(rune) bool) bool { return strings.ContainsFunc(text, is) }
	if !has(unicode.IsDigit) {
		return strings.HasPrefix(text, "eyJ")
	}
	return has(unicode.IsLower) && has(unicode.IsUpper) || has(unicode.IsLetter) && !strings.Contains(text, ".")
}
