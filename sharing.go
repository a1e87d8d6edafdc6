// Which command lines may be passed on in a link: those in which no secret stands as
// such. In doubt it is no.

package main

import (
	"slices"
	"strings"
	"unicode"

	"connect-entra/powershell"
)

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
		id, place, _ := strings.Cut(v, ":")
		if secret {
			return isSecretSource(v) || isGUID(id) && (place == "" || isSecretSource(place))
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

// startsWith is strings.HasPrefix without regard to case.
func startsWith(text, prefix string) bool {
	return len(prefix) <= len(text) && strings.EqualFold(text[:len(prefix)], prefix)
}

func isSeparator(r rune) bool { return r == ' ' || r == ',' || r == '/' }

// looksRandom holds for what is long and mixes letters with digits, as secrets and
// tokens do; not for the IDs and thumbprints that lines are made of.
func looksRandom(text string) bool {
	if len(text) < 20 || isGUID(text) || len(text) == 40 && strings.Trim(strings.ToLower(text), "0123456789abcdef") == "" {
		return false
	}
	has := func(is func(rune) bool) bool { return strings.ContainsFunc(text, is) }
	if !has(unicode.IsDigit) {
		return strings.HasPrefix(text, "eyJ")
	}
	return has(unicode.IsLower) && has(unicode.IsUpper) || has(unicode.IsLetter) && !strings.Contains(text, ".")
}
