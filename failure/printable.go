package failure

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// IsControl holds for what has no place in a value: C0, DEL, C1.
func IsControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }

// Capital gives s with its first letter in upper case, to begin a sentence with it; a first
// letter outside ASCII stays as it is.
func Capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// maxForeign is how much of a foreign text is shown, in characters.
const maxForeign = 500

// Clean makes foreign text safe for a terminal and for one line: what is not a visible
// character or a plain space becomes a visible escape, and the end of a long one is cut.
func Clean(s string) string { return Escape(s, maxForeign) }

// Escape is Clean with another limit, in characters.
func Escape(s string, most int) string {
	var b strings.Builder
	shown := 0
	for i, r := range s {
		if shown == most {
			b.WriteString("…")
			break
		}
		shown++
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case isVisible(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// isVisible holds for letters, marks, digits, punctuation, symbols and the space. Not for
// controls (C0, DEL, C1), format characters (bidi, zero width, tags), separators, and
// what is private or not assigned.
func isVisible(r rune) bool {
	switch r {
	case '\u00ad', '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0': // letters and marks that show nothing
		return false
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Variation_Selector)
}

// Visible makes what a terminal would obey visible, as JSON escapes it.
func Visible(text []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r == '\n' || r == '\t' || isVisible(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}
