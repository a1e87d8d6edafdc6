//go:build !js

package main

import (
	"slices"
	"strings"
	"testing"

	"connect-entra/failure"
)

// FuzzArguments binds what a shell may hand on. However odd it is, nothing panics or
// hangs, and no value is bound twice.
func FuzzArguments(f *testing.F) {
	for i, c := range recordedCases(f) {
		if i%97 == 0 {
			f.Add(strings.Join(c.Argv, "\x00"))
			f.Add(strings.Join(c.Native, "\x00"))
		}
	}
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		p, err := bind(parameters, args)
		checkBound(t, strings.ReplaceAll(joined, "\x00", " "), p, err)
		completeLine(append([]string{"connect-entra"}, args...), clouds)
	})
}

// FuzzLine reads and binds what a person may paste.
func FuzzLine(f *testing.F) {
	for i, c := range recordedCases(f) {
		if i%97 == 0 || c.Kind == "quoting" {
			f.Add(c.Line)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, p, err := bindVerbLine(text)
		if v.name != "connect" {
			return
		}
		if strings.Contains(text, "`") {
			text = "" // an escape makes text that was not typed
		}
		unquoted := strings.Map(func(r rune) rune {
			if quoteKind(r) != 0 {
				return -1
			}
			return r
		}, text)
		checkBound(t, unquoted, p, err)
		splitWords(text)
	})
}

// checkBound holds what is true of every line, bound or not.
func checkBound(t *testing.T, typed string, p Params, err error) {
	t.Helper()
	if err != nil && kindOf(failure.From(err).ID).exit != 2 {
		t.Fatalf("refused as %s: %v", failure.From(err).ID, err)
	}
	if err == nil && (!slices.Contains(connectSets, p.Set) || len(p.Missing) > 0) {
		t.Fatalf("bound to the set %q, missing %q", p.Set, p.Missing)
	}
	times := map[string]int{}
	for _, b := range p.Values {
		for _, text := range texts(b.value) {
			if _, isNumber := readNumber(text); !isNumber { // 0x10 and 16 are the same
				times[strings.ToLower(text)]++
			}
		}
	}
	for text, n := range times {
		if found := strings.Count(strings.ToLower(typed), text); text != "" && found > 0 && n > found {
			t.Fatalf("%q was bound %d times and typed %d times", text, n, found)
		}
	}
}

// texts are the words of a bound value that came from the line as they are.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		if !slices.Contains(aScope.Values, v) && !slices.Contains(anAction.Values, v) {
			return []string{v}
		}
	case []string:
		return v
	case Secret:
		return []string{v.source}
	case credential:
		return []string{v.ID}
	}
	return nil
}
