// JSON as both builds read and write it. encoding/json would be a twelfth of what a
// visitor of the page loads; and it takes an object that gives one name twice, which no
// honest token or answer does.

package main

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// record is a JSON object whose names keep their order.
type record []entry

type entry struct {
	name  string
	value any
}

// jsonNumber is a number as it was written: none is rounded.
type jsonNumber string

// formatJSON writes value: nil, a bool, a string, a number, a list, a record or a map.
// With an indent it goes over several lines.
func formatJSON(value any, indent string) string {
	var b strings.Builder
	writeJSON(&b, value, indent, "\n")
	return b.String()
}

// writeJSON writes value; margin is a line's end and what the next one begins with.
func writeJSON(b *strings.Builder, value any, indent, margin string) {
	switch v := value.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		writeJSONText(b, v)
	case int:
		b.WriteString(strconv.Itoa(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case jsonNumber:
		b.WriteString(string(v))
	case []string:
		writeJSONItems(b, "[]", len(v), indent, margin, func(i int, _ string) { writeJSONText(b, v[i]) })
	case []any:
		writeJSONItems(b, "[]", len(v), indent, margin, func(i int, inner string) { writeJSON(b, v[i], indent, inner) })
	case []record:
		writeJSONItems(b, "[]", len(v), indent, margin, func(i int, inner string) { writeJSON(b, v[i], indent, inner) })
	case record:
		writeJSONItems(b, "{}", len(v), indent, margin, func(i int, inner string) {
			writeJSONText(b, v[i].name)
			b.WriteByte(':')
			if indent != "" {
				b.WriteByte(' ')
			}
			writeJSON(b, v[i].value, indent, inner)
		})
	case map[string]any:
		sorted := record{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			sorted = append(sorted, entry{name, v[name]})
		}
		writeJSON(b, sorted, indent, margin)
	default:
		panic("no JSON for this type")
	}
}

func writeJSONItems(b *strings.Builder, brackets string, n int, indent, margin string, write func(i int, inner string)) {
	b.WriteByte(brackets[0])
	inner := margin + indent
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if indent != "" {
			b.WriteString(inner)
		}
		write(i, inner)
	}
	if indent != "" && n > 0 {
		b.WriteString(margin)
	}
	b.WriteByte(brackets[1])
}

// writeJSONText escapes what JSON wants escaped, and the two line ends that JavaScript
// once did not allow.
func writeJSONText(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029':
			b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(r), 16)[1:])
		default:
			b.WriteRune(r) // invalid UTF-8 was made U+FFFD by range
		}
	}
	b.WriteByte('"')
}

// deepestJSON bounds how deep lists and objects may stand in each other.
const deepestJSON = 64

var errJSON = errors.New("not JSON")

// parseJSON reads one value and nothing behind it: nil, a bool, a string, a jsonNumber,
// []any or map[string]any.
func parseJSON(text string) (any, error) {
	p := jsonParser{rest: text}
	value, err := p.value(0)
	if p.skipSpace(); err == nil && p.rest != "" {
		err = errJSON
	}
	return value, err
}

// textAt is the string at a path of names within objects, "" where there is none.
func textAt(value any, path []string) string {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, _ := value.(string)
	return text
}

type jsonParser struct{ rest string }

func (p *jsonParser) skipSpace() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take takes prefix off the front, if it is there.
func (p *jsonParser) take(prefix string) bool {
	p.skipSpace()
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *jsonParser) value(depth int) (any, error) {
	switch {
	case depth > deepestJSON:
		return nil, errJSON
	case p.take("null"):
		return nil, nil
	case p.take("true"):
		return true, nil
	case p.take("false"):
		return false, nil
	case p.take(`"`):
		return p.text()
	case p.take("["):
		return p.list(depth)
	case p.take("{"):
		return p.object(depth)
	}
	return p.number()
}

func (p *jsonParser) list(depth int) (any, error) {
	list := []any{}
	if p.take("]") {
		return list, nil
	}
	for {
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		if p.take("]") {
			return list, nil
		}
		if !p.take(",") {
			return nil, errJSON
		}
	}
}

// object refuses a name that stands twice: two readers could take it for two things.
func (p *jsonParser) object(depth int) (any, error) {
	object := map[string]any{}
	if p.take("}") {
		return object, nil
	}
	for {
		if !p.take(`"`) {
			return nil, errJSON
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		if _, twice := object[name]; twice || !p.take(":") {
			return nil, errJSON
		}
		if object[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		if p.take("}") {
			return object, nil
		}
		if !p.take(",") {
			return nil, errJSON
		}
	}
}

// number takes -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? off the front.
func (p *jsonParser) number() (any, error) {
	i := 0
	has := func(chars string) bool {
		if i < len(p.rest) && strings.IndexByte(chars, p.rest[i]) >= 0 {
			i++
			return true
		}
		return false
	}
	digits := func() bool {
		start := i
		for has("0123456789") {
		}
		return i > start
	}
	has("-")
	ok := has("0") || digits()
	if ok && has(".") {
		ok = digits()
	}
	if ok && has("eE") {
		has("+-")
		ok = digits()
	}
	if !ok {
		return nil, errJSON
	}
	text := p.rest[:i]
	p.rest = p.rest[i:]
	return jsonNumber(text), nil
}

// plainEscapes are the letters that may follow a backslash, and what each stands for.
var plainEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// text reads a string up to its closing quote.
func (p *jsonParser) text() (string, error) {
	var b strings.Builder
	for i := 0; i < len(p.rest); {
		c := p.rest[i]
		switch {
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c < 0x20:
			return "", errJSON
		case c != '\\':
			r, size := utf8.DecodeRuneInString(p.rest[i:])
			b.WriteRune(r)
			i += size
		case i+1 < len(p.rest) && p.rest[i+1] == 'u':
			r, size := escapedRune(p.rest[i:])
			if size == 0 {
				return "", errJSON
			}
			b.WriteRune(r)
			i += size
		default:
			if i+1 >= len(p.rest) || plainEscapes[p.rest[i+1]] == 0 {
				return "", errJSON
			}
			b.WriteByte(plainEscapes[p.rest[i+1]])
			i += 2
		}
	}
	return "", errJSON
}

// escapedRune reads \uXXXX, or two of them that make one character; half of a pair is
// U+FFFD. size is 0 when it is no such escape.
func escapedRune(text string) (r rune, size int) {
	half := func(text string) rune {
		if len(text) < 6 || text[:2] != `\u` {
			return -1
		}
		n, err := strconv.ParseUint(text[2:6], 16, 16)
		if err != nil {
			return -1
		}
		return rune(n)
	}
	first := half(text)
	if first < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if pair := utf16.DecodeRune(first, half(text[6:])); pair != utf8.RuneError {
		return pair, 12
	}
	return utf8.RuneError, 6
}
