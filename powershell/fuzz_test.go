package powershell

import (
	"errors"
	"slices"
	"strings"
	"testing"
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
		b, _, err := Bind(connectEntra, args)
		checkBound(t, strings.ReplaceAll(joined, "\x00", " "), b, err)
		Complete(connectEntra, args[:len(args)-1], args[len(args)-1], func(Parameter, string) []string { return nil })
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
		_, b, _, err := BindLine(tables, text)
		if strings.Contains(text, "`") {
			text = "" // an escape makes text that was not typed
		}
		unquoted := strings.Map(func(r rune) rune {
			if quoteKind(r) != 0 {
				return -1
			}
			return r
		}, text)
		checkBound(t, unquoted, b, err)
	})
}

// checkBound holds what is true of every line, bound or not.
func checkBound(t *testing.T, typed string, b Bound, err error) {
	t.Helper()
	if err != nil && !errors.As(err, new(*Error)) {
		t.Fatalf("refused by %T: %v", err, err)
	}
	if err == nil && (!slices.Contains(Sets(connectEntra), b.Set) || len(b.Missing) > 0) {
		t.Fatalf("bound to the set %q, missing %q", b.Set, b.Missing)
	}
	times := map[string]int{}
	for _, v := range b.Values {
		for _, text := range texts(v.Value) {
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
		if !slices.Contains(contextScope.Values, v) && !slices.Contains(ActionPreference.Values, v) {
			return []string{v}
		}
	case []string:
		return v
	}
	return nil
}
