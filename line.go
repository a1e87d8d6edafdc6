// A line as PowerShell reads it: both kinds of quotes and the curly ones, backtick
// escapes and continuation lines, lists, comments, variables. What it reads is bound by
// the same binder as a program's arguments.

package main

import (
	"slices"
	"strings"
)

// variable is a $name whose value a line does not tell: it stands for one of the type
// that its parameter wants.
type variable string

// number is a number as typed: PowerShell keeps its text for a string parameter.
type number string

// plainText is a string where only a Boolean will do.
type plainText string

// line is one being read.
type line struct {
	rest  []rune
	table []parameter
}

// readPowerShell reads a command line, with or without the cmdlet's name in front.
func readPowerShell(table []parameter, text string) (arguments []argument, command []string, err error) {
	l := &line{[]rune(text), table}
	first := true
	for {
		l.skipSpace()
		if l.atEnd() {
			return arguments, command, nil
		}
		if name := l.peekWord(); first {
			first = false
			if _, isVerb := findVerb(name); isVerb {
				l.rest = l.rest[len([]rune(name)):]
				continue
			}
		}
		if l.peekWord() == "--" {
			return arguments, strings.Fields(string(l.rest))[1:], nil
		}
		a, err := l.argument()
		if err != nil {
			return arguments, command, err
		}
		arguments = append(arguments, a)
	}
}

// skipSpace skips blanks, continuation lines and comments, but not the line's end.
func (l *line) skipSpace() {
	for len(l.rest) > 0 {
		switch {
		case isBlank(l.rest[0]):
			l.rest = l.rest[1:]
		case l.startsWith("`\r\n"):
			l.rest = l.rest[3:]
		case l.startsWith("`\n"):
			l.rest = l.rest[2:]
		case l.startsWith("` ") || string(l.rest) == "`":
			l.rest = l.rest[1:]
		case l.rest[0] == '#':
			end := slices.Index(l.rest, '\n')
			if end < 0 {
				end = len(l.rest)
			}
			l.rest = l.rest[end:]
		default:
			return
		}
	}
}

func (l *line) startsWith(text string) bool {
	runes := []rune(text)
	return len(l.rest) >= len(runes) && string(l.rest[:len(runes)]) == text
}

// atEnd holds at the end of the statement: what follows is another one.
func (l *line) atEnd() bool {
	return len(l.rest) == 0 || strings.ContainsRune("\n\r;|", l.rest[0])
}

func (l *line) peekWord() string {
	end := slices.IndexFunc(l.rest, func(r rune) bool { return isBlank(r) || strings.ContainsRune("\n\r;|", r) })
	if end < 0 {
		end = len(l.rest)
	}
	return string(l.rest[:end])
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\u00a0' }

// argument reads a name, with the value that a colon ties to it, or a value.
func (l *line) argument() (argument, error) {
	start := l.rest
	typed := func() string { return string(start[:len(start)-len(l.rest)]) }
	if !l.atName() {
		value, err := l.list()
		if text, ok := value.(string); ok && err == nil {
			return argument{typed: text, value: value, valued: true}, nil
		}
		return argument{typed: typed(), value: value, valued: true}, err
	}
	l.rest = l.rest[1:]
	double := strings.ContainsRune(dashes, l.rest[0])
	if double {
		l.rest = l.rest[1:]
	}
	end := slices.IndexFunc(l.rest, func(r rune) bool {
		return isBlank(r) || strings.ContainsRune("\n\r;,|&(){}[.:", r) || double && r == '='
	})
	if end < 0 {
		end = len(l.rest)
	}
	a := argument{name: string(l.rest[:end])}
	l.rest = l.rest[end:]
	a.typed = typed()
	if double {
		a.name = kebabName(l.table, a.name)
	}
	if len(l.rest) == 0 || l.rest[0] != ':' && !(double && l.rest[0] == '=') {
		return a, nil
	}
	l.rest = l.rest[1:]
	a.typed = typed()
	l.skipSpace()
	if l.atEnd() {
		return a, refuse("ParameterRequiresArgument", "Parameter %s requires an argument.", a.typed)
	}
	var err error
	a.value, err = l.list()
	a.valued = true
	if p, _, _ := match(l.table, a.name); p.kind == aSwitch || p.kind == aBoolean {
		if text, ok := a.value.(string); ok {
			a.value = plainText(text) // $true is a Boolean in a line, True is not
		}
	}
	return a, err
}

// atName holds at a dash with a name behind it, or at two of them.
func (l *line) atName() bool {
	name, ok := cutDash(l.peekWord())
	if !ok {
		return false
	}
	if long, ok := cutDash(name); ok {
		return long != ""
	}
	return !strings.ContainsRune("\"'`$(", []rune(name)[0])
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
	items, isList := value.([]string)
	for {
		after := *l
		after.skipSpace()
		if len(after.rest) == 0 || after.rest[0] != ',' {
			break
		}
		l.rest = after.rest[1:]
		l.skipLines()
		if l.atEnd() || l.rest[0] == ',' {
			return nil, refuse("MissingExpression", "Missing expression after ',' in pipeline element.")
		}
		next, err := l.value()
		if err != nil {
			return nil, err
		}
		if !isList {
			items, isList = []string{showValue(value)}, true
		}
		items = append(items, showValue(next))
	}
	if isList {
		return items, nil
	}
	return value, nil
}

func (l *line) skipLines() {
	l.skipSpace()
	for len(l.rest) > 0 && (l.rest[0] == '\n' || l.rest[0] == '\r') {
		l.rest = l.rest[1:]
		l.skipSpace()
	}
}

// value reads one: a string, an array, a variable or a bare word.
func (l *line) value() (any, error) {
	r := l.rest[0]
	switch {
	case quoteKind(r) != 0:
		text, err := l.quoted()
		return text, err
	case r == '(' || l.startsWith("@("):
		return l.array()
	case r == ')':
		return nil, refuse("UnexpectedToken", "Unexpected token ')' in expression or statement.")
	case r == '$' && len(l.rest) > 1 && isNameRune(l.rest[1]):
		return l.variable(), nil
	}
	return l.word()
}

// array reads ( … ) or @( … ): a list in an expression, flattened.
func (l *line) array() (any, error) {
	if l.rest[0] == '@' {
		l.rest = l.rest[1:]
	}
	l.rest = l.rest[1:]
	items := []string{}
	for {
		l.skipLines()
		if len(l.rest) == 0 {
			return nil, refuse("MissingEndParenthesisInExpression", "Missing closing ')' in expression.")
		}
		switch l.rest[0] {
		case ')':
			l.rest = l.rest[1:]
			return items, nil
		case ',', ';', '|':
			l.rest = l.rest[1:]
			continue
		}
		value, err := l.value()
		if err != nil {
			return nil, err
		}
		if inner, ok := value.([]string); ok {
			items = append(items, inner...)
		} else {
			items = append(items, showValue(value))
		}
	}
}

func isNameRune(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == ':'
}

// variable reads $name. The three that PowerShell defines are themselves; the names
// that documents use for objects stand for those.
func (l *line) variable() any {
	end := 1
	for end < len(l.rest) && isNameRune(l.rest[end]) {
		end++
	}
	name := string(l.rest[1:end])
	l.rest = l.rest[end:]
	lower := strings.ToLower(name)
	switch {
	case lower == "true":
		return true
	case lower == "false":
		return false
	case lower == "null":
		return nil
	case strings.Contains(lower, "cred"):
		return aPair
	case strings.Contains(lower, "tok") || strings.Contains(lower, "secure"):
		return aToken
	case strings.HasPrefix(lower, "cert"):
		return aCertObject
	}
	return variable("$" + name)
}

// escapes are the backtick's (about_Special_Characters); any other character is itself.
var escapes = map[rune]rune{'0': 0, 'a': '\a', 'b': '\b', 'e': 0x1b, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// quoted reads a string. Within double quotes a backtick escapes; a doubled quote is
// one in both kinds.
func (l *line) quoted() (string, error) {
	kind := quoteKind(l.rest[0])
	var b strings.Builder
	for i := 1; i < len(l.rest); i++ {
		r := l.rest[i]
		switch {
		case quoteKind(r) == kind && i+1 < len(l.rest) && quoteKind(l.rest[i+1]) == kind:
			b.WriteRune(r)
			i++
		case quoteKind(r) == kind:
			l.rest = l.rest[i+1:]
			return b.String(), nil
		case r == '`' && kind == '"' && i+1 < len(l.rest):
			i++
			b.WriteRune(escaped(l.rest[i]))
		default:
			b.WriteRune(r)
		}
	}
	return "", refuse("TerminatorExpectedAtEndOfString", "The string is missing the terminator: %c.", kind)
}

func escaped(r rune) rune {
	if e, ok := escapes[r]; ok {
		return e
	}
	return r
}

// word reads a bare word, in which quotes and backticks work too.
func (l *line) word() (any, error) {
	var b strings.Builder
	plain := true
	for len(l.rest) > 0 {
		r := l.rest[0]
		switch {
		case isBlank(r) || strings.ContainsRune("\n\r;,|&(){}", r):
			return wordValue(b.String(), plain), nil
		case quoteKind(r) != 0:
			text, err := l.quoted()
			if err != nil {
				return nil, err
			}
			b.WriteString(text)
			plain = false
		case r == '`' && len(l.rest) > 1:
			b.WriteRune(escaped(l.rest[1]))
			l.rest = l.rest[2:]
			plain = false
		case r == '$' && len(l.rest) > 1 && isNameRune(l.rest[1]):
			b.WriteString(showValue(l.variable()))
			plain = false
		default:
			b.WriteRune(r)
			l.rest = l.rest[1:]
		}
	}
	return wordValue(b.String(), plain), nil
}

// wordValue tells a number from a word: PowerShell's parser makes one of 5, 1e3, 0x1F
// and 1kb, but not of a quoted one.
func wordValue(text string, plain bool) any {
	if first := strings.TrimLeft(text, "+-."); plain && first != "" && first[0] >= '0' && first[0] <= '9' {
		if _, ok := parseNumber(text); ok {
			return number(text)
		}
	}
	return text
}
