// The tokens of a line that PowerShell reads: what stands between them, names, lists. The
// rules are those of PowerShell 7's tokenizer in command mode.

package powershell

import (
	"slices"
	"strings"
	"unicode"
)

// skipSpace skips blanks, continuation lines and comments, but not the line's end.
func (l *line) skipSpace() {
	for len(l.rest) > 0 {
		switch {
		case isBlank(l.rest[0]):
			l.rest = l.rest[1:]
		case l.startsWith("`\r\n"):
			l.rest = l.rest[3:]
		case l.startsWith("`\n"), l.startsWith("`\r"):
			l.rest = l.rest[2:]
		case l.rest[0] == '`' && (len(l.rest) == 1 || isBlank(l.rest[1])):
			l.rest = l.rest[1:]
		case l.rest[0] == '#':
			for len(l.rest) > 0 && l.rest[0] != '\n' {
				l.rest = l.rest[1:]
			}
		case l.startsWith("<#"):
			for len(l.rest) > 0 && !l.startsWith("#>") {
				l.rest = l.rest[1:]
			}
			l.rest = l.rest[min(2, len(l.rest)):]
		default:
			return
		}
	}
}

// skipRedirection skips > $null, 2>&1 and the like.
func (l *line) skipRedirection() bool {
	after := *l
	if strings.ContainsRune("123456*", after.rest[0]) {
		after.rest = after.rest[1:]
	}
	arrow := after.peekWord()
	target := strings.TrimLeft(arrow, ">")
	if target == arrow || len(arrow)-len(target) > 2 {
		return false
	}
	after.rest = after.rest[len(arrow)-len(target):]
	if strings.HasPrefix(target, "&") {
		after.rest = after.rest[min(2, len(after.rest)):]
	} else if after.skipSpace(); !after.atEnd() {
		after.value()
	}
	*l = after
	return true
}

func (l *line) startsWith(text string) bool {
	n := 0
	for _, r := range text {
		if n == len(l.rest) || l.rest[n] != r {
			return false
		}
		n++
	}
	return true
}

// isEnd holds for what ends a statement: what follows is another one.
func isEnd(r rune) bool { return strings.ContainsRune("\n\r;|&", r) }

func (l *line) atEnd() bool { return len(l.rest) == 0 || isEnd(l.rest[0]) }

// endsWord holds for what ends a bare word.
func endsWord(r rune) bool { return isBlank(r) || isEnd(r) || strings.ContainsRune(",(){}", r) }

// peekWord is what stands before the next blank.
func (l *line) peekWord() string {
	end := slices.IndexFunc(l.rest, func(r rune) bool { return isBlank(r) || strings.ContainsRune("\n\r;|", r) })
	if end < 0 {
		end = len(l.rest)
	}
	return string(l.rest[:end])
}

func isBlank(r rune) bool {
	return r == ' ' || strings.ContainsRune("\t\v\f\u0085", r) || unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp)
}

// argument reads a name, with the value that a colon ties to it, or a value.
func (l *line) argument() (Argument, error) {
	start := l.rest
	typed := func() string { return string(start[:len(start)-len(l.rest)]) }
	name, ok := l.name()
	if !ok {
		value, err := l.list()
		if text, isText := value.(string); isText {
			return Argument{Typed: text, Value: text, HasValue: true}, err
		}
		return Argument{Typed: typed(), Value: value, HasValue: true}, err
	}
	a := Argument{Name: name, Typed: typed()}
	if len(l.rest) == 0 || l.rest[0] != ':' && (l.rest[0] != '=' || !isLong(name)) {
		return a, nil
	}
	l.rest = l.rest[1:]
	a.Typed = typed()
	l.skipSpace()
	if l.atEnd() {
		return a, refuse("ParameterRequiresArgument", "Parameter %s requires an argument.", a.Typed)
	}
	var err error
	a.Value, err = l.list()
	a.HasValue = true
	return a, err
}

// isLong says whether a name was typed with two dashes, of which the second was kept.
func isLong(name string) bool {
	_, long := cutDash(name)
	return long
}

// name reads a parameter's name. PowerShell cuts it at the first dot or bracket; a quote
// in it makes it a value.
func (l *line) name() (string, bool) {
	if _, _, ok := cutName(l.peekWord()); !ok {
		return "", false
	}
	long := isLong(string(l.rest[1:2]))
	end := 1
	for end < len(l.rest) && !endsWord(l.rest[end]) && !strings.ContainsRune("[.:", l.rest[end]) && !(long && l.rest[end] == '=') {
		if quoteKind(l.rest[end]) != 0 {
			return "", false
		}
		end++
	}
	name := string(l.rest[1:end])
	l.rest = l.rest[end:]
	return name, true
}

// list reads a value, or several joined by commas, which may go on on the next line.
func (l *line) list() (any, error) {
	if l.rest[0] == ',' {
		return nil, refuse("MissingArgument", "Missing argument in parameter list.")
	}
	value, err := l.value()
	if err != nil {
		return nil, err
	}
	var items []any
	for l.skipComma() {
		if l.atEnd() || l.rest[0] == ',' {
			return nil, refuse("MissingExpression", "Missing expression after ',' in pipeline element.")
		}
		if items == nil {
			items = []any{value}
		}
		next, err := l.value()
		if err != nil {
			return nil, err
		}
		items = append(items, next)
	}
	if items != nil {
		return items, nil
	}
	return value, nil
}

// skipComma skips a comma with what stands around it, if there is one.
func (l *line) skipComma() bool {
	after := *l
	after.skipSpace()
	if len(after.rest) == 0 || after.rest[0] != ',' {
		return false
	}
	after.rest = after.rest[1:]
	after.skipLines()
	*l = after
	return true
}

func (l *line) skipLines() {
	l.skipSpace()
	for len(l.rest) > 0 && (l.rest[0] == '\n' || l.rest[0] == '\r') {
		l.rest = l.rest[1:]
		l.skipSpace()
	}
}
