// The values in a line that PowerShell reads: strings, bare words, variables, and what
// stands in parentheses.

package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// value reads one. A name in a value's place is a bare word, as in -TenantId:-x.
func (l *line) value() (any, error) {
	r := l.rest[0]
	switch {
	case quoteKind(r) != 0:
		return l.quoted()
	case r == '(' || l.startsWith("@(") || l.startsWith("$("):
		value, err := l.group()
		return l.withMembers(value), err
	case r == ')' || r == '}':
		return nil, refuse("UnexpectedToken", "Unexpected token '%c' in expression or statement.", r)
	case r == '{' || l.startsWith("@{"):
		text, err := l.skipBalanced()
		return unknown(text), err
	case r == '$':
		after := *l
		value, ok := after.variable()
		value = after.withMembers(value)
		if ok && (len(after.rest) == 0 || endsWord(after.rest[0])) {
			*l = after
			return value, nil
		}
	}
	return l.word()
}

// withMembers skips .Name, [0] and .Method() behind an expression: what they give is
// not known.
func (l *line) withMembers(value any) any {
	start := l.rest
	for len(l.rest) > 0 && (l.rest[0] == '.' || l.rest[0] == '[' || l.startsWith("::")) {
		for len(l.rest) > 0 && !endsWord(l.rest[0]) {
			l.rest = l.rest[1:]
		}
		if len(l.rest) > 0 && l.rest[0] == '(' {
			if _, err := l.skipBalanced(); err != nil {
				return value
			}
		}
	}
	if len(l.rest) == len(start) {
		return value
	}
	return unknown(showValue(value) + string(start[:len(start)-len(l.rest)]))
}

// group reads ( … ), @( … ) or $( … ). Literals and lists of them have a value; a
// command's is not known.
func (l *line) group() (any, error) {
	l.depth++
	defer func() { l.depth-- }()
	start := *l
	if l.depth > maxDepth {
		text, err := l.skipBalanced()
		return unknown(text), err
	}
	if l.rest[0] != '(' {
		l.rest = l.rest[1:]
	}
	l.rest = l.rest[1:]
	out := []any{}
	outputs := 0
	for {
		l.skipLines()
		switch {
		case len(l.rest) == 0:
			return nil, missingEnd()
		case l.rest[0] == ')':
			l.rest = l.rest[1:]
			if start.rest[0] != '@' && outputs == 1 && len(out) == 1 {
				return out[0], nil
			}
			return out, nil
		case l.rest[0] == ';':
			l.rest = l.rest[1:]
			continue
		}
		items, ok, err := l.literals()
		if id := new(bindFailure); errors.As(err, id) && (id.ID == noEnd || id.ID == noTerminator) {
			return nil, err
		}
		if err != nil || !ok {
			*l = start
			text, err := l.skipBalanced()
			return unknown(text), err
		}
		out, outputs = append(out, items...), outputs+1
	}
}

// maxDepth bounds the parentheses that are looked into.
const maxDepth = 100

// What is missing at the end of a line is missing however it is read.
const (
	noEnd        = "MissingEndParenthesisInExpression"
	noTerminator = "TerminatorExpectedAtEndOfString"
)

func missingEnd() error {
	return refuse(noEnd, "Missing closing ')' in expression.")
}

// literals reads one list within parentheses; ok is false where it is none. A list
// gives its items one by one, but for ,X which makes one of X.
func (l *line) literals() (items []any, ok bool, err error) {
	unary := l.rest[0] == ','
	if unary {
		l.rest = l.rest[1:]
		l.skipLines()
	}
	for {
		if len(l.rest) == 0 {
			return nil, false, missingEnd()
		}
		isLiteral := quoteKind(l.rest[0]) != 0 || strings.ContainsRune("($@", l.rest[0])
		item, err := l.value()
		if err != nil {
			return nil, false, err
		}
		if _, isNumber := item.(number); !isNumber && !isLiteral {
			return nil, false, nil // a bare word is a command here
		}
		items = append(items, item)
		if !l.skipComma() {
			break
		}
	}
	inner, isList := items[0].([]any)
	switch {
	case unary:
		items = []any{items}
	case isList && len(items) == 1:
		items = inner
	}
	return items, len(l.rest) > 0 && strings.ContainsRune(");\n\r ", l.rest[0]), nil
}

// skipBalanced skips from a bracket to its partner.
func (l *line) skipBalanced() (string, error) {
	start := l.rest
	depth := 0
	for len(l.rest) > 0 {
		r := l.rest[0]
		if quoteKind(r) != 0 {
			if _, err := l.quoted(); err != nil {
				return "", err
			}
			continue
		}
		l.rest = l.rest[1:]
		switch r {
		case '(', '{':
			depth++
		case ')', '}':
			if depth--; depth == 0 {
				return string(start[:len(start)-len(l.rest)]), nil
			}
		}
	}
	return "", missingEnd()
}

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
	return unknown(text), true
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
		b.WriteString(showValue(value))
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
