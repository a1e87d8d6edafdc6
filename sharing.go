// Which command lines may be passed on in a link: those in which no secret stands as
// such. In doubt it is no.

package main

import (
	"slices"
	"strings"
	"unicode"
)

// mayShare says whether a line, as PowerShell reads it, holds no secret that one can
// tell for such.
func mayShare(text string) bool {
	text = strings.NewReplacer("`\r\n", " ", "`\n", " ").Replace(strings.TrimSpace(text))
	// What stands in another statement or a comment is not read, so nobody can say.
	if strings.ContainsAny(text, "#;|&\r\n") {
		return false
	}
	name, s, err := readPowerShell(text, func(word string) bool { _, ok := findVerb(word); return ok })
	if err != nil || len(s.command) > 0 {
		return false
	}
	v, _ := chooseVerb([]string{name})
	secret := false // whether the value that comes is a secret parameter's
	for _, a := range withNames(v.parameters, s.arguments) {
		if a.name != "" {
			secret = meansSecret(v.parameters, a.name)
		}
		if a.valued {
			if !isHarmless(a.value, secret) {
				return false
			}
			secret = false
		}
	}
	return true
}

// meansSecret says whether a name, in full or cut short, could be that of a parameter
// that takes a secret. A name that is no parameter's, such as -Password, may be meant so.
func meansSecret(table []parameter, name string) bool {
	known := false
	for _, p := range table {
		if slices.ContainsFunc(append([]string{p.name}, p.aliases...), func(full string) bool { return hasPrefixFold(full, name) }) {
			if p.kind == aSecret || p.kind == aCredential {
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
	case number:
		return !secret
	case unknown: // a variable is; an expression may hold anything
		name, ok := strings.CutPrefix(string(v), "$")
		return ok && !strings.ContainsFunc(name, func(r rune) bool { return r != ':' && !isNameRune(r) })
	}
	return true // a Boolean, the place of a secret, nothing
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
