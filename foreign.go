// Text of strangers, made safe to show: of servers, certificates, files.

package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxForeign is how much of a foreign text is shown, in characters.
const maxForeign = 500

// clean makes foreign text safe for a terminal and for one line: what is not a visible
// character or a plain space becomes a visible escape, and the end of a long one is cut.
func clean(s string) string {
	var b strings.Builder
	shown := 0
	for i, r := range s {
		if shown == maxForeign {
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
