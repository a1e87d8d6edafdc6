// The values in a line that PowerShell reads: strings, bare words, variables, and what
// stands in parentheses.

package powershell

import (
	"errors"
	"slices"
	"strings"
)

// value reads one. A name in a value's place is a bare word, as in -TenantId:-x.
func (l *line) value() (any, error) {
	r := l.rest[0]
	switch {
	case quoteKind(r) != 0:
		return l.quotedOrMember()
	case l.isHereString():
		return l.hereString()
	case r == '<':
		return nil, refuse("RedirectionNotSupported", "The '<' operator is reserved for future use.")
	case r == '(' || l.startsWith("@(") || l.startsWith("$("):
		value, err := l.group()
		return l.withMembers(value), err
	case r == ')' || r == '}':
		return nil, refuse("UnexpectedToken", "Unexpected token '%c' in expression or statement.", r)
	case l.startsWith("@{"):
		_, err := l.skipBalanced()
		return Unknown("System.Collections.Hashtable"), err
	case r == '{':
		text, err := l.skipBalanced()
		return Unknown(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")), err
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

// quotedOrMember reads a string, or what a member of it gives: 'a'.Length.
func (l *line) quotedOrMember() (any, error) {
	start := l.rest
	text, err := l.quoted()
	if err != nil {
		return nil, err
	}
	if _, isText := l.withMembers(text).(string); isText {
		return text, nil
	}
	return Unknown("(" + string(start[:len(start)-len(l.rest)]) + ")"), nil
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
	return Unknown(Show(value) + string(start[:len(start)-len(l.rest)]))
}

// group reads ( … ), @( … ) or $( … ). Literals and lists of them have a value; a
// command's is not known.
func (l *line) group() (any, error) {
	l.depth++
	defer func() { l.depth-- }()
	start := *l
	if l.depth > maxDepth {
		text, err := l.skipBalanced()
		return Unknown(text), err
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
		case start.rest[0] == '(' && outputs == 0 && (len(l.rest) == 0 || l.rest[0] == ')'):
			return nil, refuse(noExpression, "An expression was expected after '('.")
		case len(l.rest) == 0:
			return nil, missingEnd(start.rest)
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
		items, ok, err := l.literals(start.rest)
		if bad := new(Error); errors.As(err, &bad) && slices.Contains(unfinished, bad.ID) {
			return nil, err
		}
		if err != nil || !ok {
			*l = start
			text, err := l.skipBalanced()
			return Unknown(text), err
		}
		out, outputs = append(out, items...), outputs+1
	}
}

// maxDepth bounds the parentheses that are looked into.
const maxDepth = 100

// What is missing at the end of a line is missing however it is read.
const (
	noEnd        = "MissingEndParenthesisInExpression"
	noSubEnd     = "MissingEndParenthesisInSubexpression"
	noBlockEnd   = "MissingEndCurlyBrace"
	noExpression = "ExpectedExpression"
	noTerminator = "TerminatorExpectedAtEndOfString"
)

var unfinished = []string{noEnd, noSubEnd, noBlockEnd, noExpression, noTerminator}

// missingEnd is the failure for what begins so and does not end.
func missingEnd(start []rune) error {
	begins := line{rest: start}
	switch {
	case begins.startsWith("{"), begins.startsWith("@{"):
		return refuse(noBlockEnd, "Missing closing '}' in statement block or type definition.")
	case begins.startsWith("("):
		return refuse(noEnd, "Missing closing ')' in expression.")
	}
	return refuse(noSubEnd, "Missing closing ')' in subexpression.")
}

// literals reads one list within the parentheses that begin at open; ok is false where
// it is none. A list gives its items one by one, but for ,X which makes one of X.
func (l *line) literals(open []rune) (items []any, ok bool, err error) {
	unary := l.rest[0] == ','
	if unary {
		l.rest = l.rest[1:]
		l.skipLines()
	}
	for {
		if len(l.rest) == 0 {
			return nil, false, missingEnd(open)
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
	return "", missingEnd(start)
}
