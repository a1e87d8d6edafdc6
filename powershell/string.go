// The text of a line that PowerShell reads: variables, strings and bare words.

package powershell

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

func isNameRune(r rune) bool {
	return r == '_' || r == '?' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// variable reads $name or ${name}. The three that PowerShell defines are themselves.
func (l *line) variable() (any, bool) {
	start, end := l.rest, 1
	switch {
	case l.startsWith("${"):
		end = slices.Index(l.rest, '}') + 1
	case l.startsWith("$$"), l.startsWith("$^"):
		end = 2
	default:
		for end < len(start) && (isNameRune(start[end]) || start[end] == ':' && end+1 < len(start) && isNameRune(start[end+1])) {
			end++
		}
	}
	if end < 2 {
		return nil, false
	}
	l.rest = start[end:]
	text := string(start[:end])
	switch strings.ToLower(text) {
	case "$true":
		return true, true
	case "$false":
		return false, true
	case "$null":
		return nil, true
	}
	return Unknown(text), true
}

// quoted reads a string. Within double quotes a backtick escapes and a variable stands
// for its value; a doubled quote is one in both kinds.
func (l *line) quoted() (string, error) {
	kind := quoteKind(l.rest[0])
	var b strings.Builder
	for l.rest = l.rest[1:]; len(l.rest) > 0; {
		switch r := l.rest[0]; {
		case quoteKind(r) == kind:
			l.rest = l.rest[1:]
			if len(l.rest) == 0 || quoteKind(l.rest[0]) != kind {
				return b.String(), nil
			}
			b.WriteRune(r)
			l.rest = l.rest[1:]
		case kind == '"' && l.expand(&b):
		default:
			b.WriteRune(r)
			l.rest = l.rest[1:]
		}
	}
	return "", refuse(noTerminator, "The string is missing the terminator: %c.", kind)
}

// isHereString says whether @" or @' stands at the end of a line.
func (l *line) isHereString() bool {
	if len(l.rest) < 3 || l.rest[0] != '@' || quoteKind(l.rest[1]) == 0 {
		return false
	}
	after := line{rest: l.rest[2:]}
	for len(after.rest) > 0 && isBlank(after.rest[0]) {
		after.rest = after.rest[1:]
	}
	return after.startsWith("\n") || after.startsWith("\r\n")
}

// hereString reads the lines as far as one that begins with the quote and @.
func (l *line) hereString() (string, error) {
	kind := quoteKind(l.rest[1])
	start := slices.Index(l.rest, '\n')
	for end := start; end+2 < len(l.rest); end++ {
		if l.rest[end] != '\n' || quoteKind(l.rest[end+1]) != kind || l.rest[end+2] != '@' {
			continue
		}
		inner := &line{rest: l.rest[min(start+1, end):end]}
		l.rest = l.rest[end+3:]
		var b strings.Builder
		for len(inner.rest) > 0 {
			if kind == '"' && inner.expand(&b) {
				continue
			}
			b.WriteRune(inner.rest[0])
			inner.rest = inner.rest[1:]
		}
		return strings.TrimSuffix(b.String(), "\r"), nil
	}
	return "", refuse(noTerminator, "The string is missing the terminator: %c@.", kind)
}

// expand writes what a backtick or a $ stands for, if one stands here.
func (l *line) expand(b *strings.Builder) bool {
	switch {
	case l.rest[0] == '`' && len(l.rest) > 1:
		l.rest = l.rest[1:]
		b.WriteRune(l.escaped())
	case l.startsWith("$("):
		text, err := l.skipBalanced()
		if err != nil {
			l.rest = nil // it goes on to the end, and so does what is around it
		}
		b.WriteString(text)
	case l.rest[0] == '$':
		value, ok := l.variable()
		if !ok {
			return false
		}
		b.WriteString(Show(value))
	default:
		return false
	}
	return true
}

// escapes are the backtick's (about_Special_Characters); any other character is itself.
var escapes = map[rune]rune{'0': 0, 'a': '\a', 'b': '\b', 'e': 0x1b, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

func (l *line) escaped() rune {
	r := l.rest[0]
	l.rest = l.rest[1:]
	if r == 'u' && len(l.rest) > 0 && l.rest[0] == '{' {
		if end := slices.Index(l.rest, '}'); end > 0 {
			if code, err := strconv.ParseUint(string(l.rest[1:end]), 16, 32); err == nil {
				l.rest = l.rest[end+1:]
				return rune(code)
			}
		}
	}
	if e, ok := escapes[r]; ok {
		return e
	}
	return r
}

// word reads a bare word, in which quotes and backticks work too. One that reads as a
// number is one.
func (l *line) word() (any, error) {
	var b strings.Builder
	isPlain := true
	for len(l.rest) > 0 && !endsWord(l.rest[0]) {
		switch {
		case quoteKind(l.rest[0]) != 0:
			text, err := l.quoted()
			if err != nil {
				return nil, err
			}
			b.WriteString(text)
			isPlain = false
		case l.expand(&b):
			isPlain = false
		default:
			b.WriteRune(l.rest[0])
			l.rest = l.rest[1:]
		}
	}
	if n, ok := readNumber(b.String()); ok && isPlain {
		return n, nil
	}
	return b.String(), nil
}
