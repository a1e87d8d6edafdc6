package failure

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"plain text, with 'signs' & €": "plain text, with 'signs' & €",
		"Žluťoučký 漢字 العربية 😀": "Žluťoučký 漢字 العربية 😀",
		"a\nb\r\tc\x00":                    `a\x0ab\x0d\x09c\x00`,
		"\x1b]0;owned\a\x1b[2J\x1b[31m":    `\x1b]0;owned\x07\x1b[2J\x1b[31m`,
		"\u009b31m\u0085\u007f":            `\u009b31m\u0085\x7f`,
		"\u202eevil\u202c \u2066x\u2069":   `\u202eevil\u202c \u2066x\u2069`,
		"pay\u200bpal\u200d\ufeff\u2060":   `pay\u200bpal\u200d\ufeff\u2060`,
		"\u2028\u2029\u00a0\u3000":         `\u2028\u2029\u00a0\u3000`,
		"\U000e0041\U000e007f\ue000\ufff9": `\U000e0041\U000e007f\ue000\ufff9`,
		"\u3164\u115f\u2800\u00ad":         `\u3164\u115f\u2800\u00ad`,
		"a\xffb\xc3":                       `a\xffb\xc3`,
		"\uFFFD":                           "\uFFFD",
		strings.Repeat("ä", maxForeign+1):  strings.Repeat("ä", maxForeign) + "…",
		strings.Repeat("ä", maxForeign):    strings.Repeat("ä", maxForeign),
	} {
		if got := Clean(text); got != want {
			t.Errorf("failure.Clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;owned\a\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := Clean(text)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool {
			return r != ' ' && !unicode.IsGraphic(r) || IsControl(r) || unicode.Is(unicode.Cf, r)
		}) {
			t.Errorf("failure.Clean(%q) = %q", text, got)
		}
		if utf8.RuneCountInString(got) > 10*maxForeign+1 {
			t.Errorf("%d characters", utf8.RuneCountInString(got))
		}
	})
}
