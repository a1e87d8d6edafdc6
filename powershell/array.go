// A list on its way through a shell: which arguments belong to it, and its items once
// commas and quotes are undone.

package powershell

import (
	"slices"
	"strings"

	"connect-entra/guid"
)

// gatherList takes the list that begins at args[i].
func gatherList(args []string, i int) ([]any, int) {
	return gatherItems(args[i], args, i+1, strings.Contains(args[i], ","))
}

// gatherItems takes the list that first begins: a literal one as far as commas and
// quotes join it, as PowerShell cuts it at the spaces within its items; an array as far
// as bare values go on. A GUID is no scope, so it ends an array.
func gatherItems(first string, args []string, i int, literal bool) ([]any, int) {
	pieces := []string{first}
	literal = literal || joinsOn(first)
	q := quoting{}.after(first)
	for ; i < len(args); i++ {
		next, last := args[i], len(pieces)-1
		switch {
		case q.closes(args[i:]):
			literal = true
			pieces[last] += " " + next
		case (joinsOn(pieces[last]) || strings.HasPrefix(next, ",")) && IsValue(next):
			literal = true
			pieces = append(pieces, next)
		case literal || !IsValue(next) || guid.Is(next):
			return splitList(pieces), i
		default:
			pieces = append(pieces, next)
		}
		q = q.after(" " + next)
	}
	return splitList(pieces), i
}

// joinsOn says whether a piece ends with a comma, so that the list goes on after it.
// PowerShell hands a backtick at a line's end on as it stands.
func joinsOn(piece string) bool {
	piece = strings.TrimRight(piece, " \t\r\n")
	return strings.HasSuffix(piece, ",") || piece == "`"
}

// quoteKind takes the curly quotes for what PowerShell takes them.
func quoteKind(r rune) rune {
	switch r {
	case '"', '“', '”', '„':
		return '"'
	case '\'', '‘', '’', '‚', '‛':
		return '\''
	}
	return 0
}

// quoting follows a text and knows whether it is within quotes. They open only where an
// item begins: the one in it's is text.
type quoting struct{ open, before rune }

func (q quoting) after(text string) quoting {
	for _, r := range text {
		kind := quoteKind(r)
		switch {
		case q.open != 0 && kind == q.open:
			q.open = 0
		case q.open == 0 && kind != 0 && strings.ContainsRune("\x00, \n", q.before):
			q.open = kind
		}
		q.before = r
	}
	return q
}

// closes says whether a quote is open that the arguments to come close.
func (q quoting) closes(args []string) bool {
	return q.open != 0 && slices.ContainsFunc(args, func(arg string) bool {
		return strings.ContainsFunc(arg, func(r rune) bool { return quoteKind(r) == q.open })
	})
}

// splitList makes items of a list's pieces: cut at the commas outside quotes, and the
// quotes taken off whole items.
func splitList(pieces []string) []any {
	items := []any{}
	for _, piece := range pieces {
		if strings.TrimSpace(piece) == "`" {
			continue
		}
		cut := cutAtCommas(piece)
		for _, item := range cut {
			if len(cut) == 1 || strings.TrimSpace(item) != "" {
				items = append(items, unquoteItem(strings.Trim(item, "\r\n")))
			}
		}
	}
	return items
}

// cutAtCommas cuts a literal list. A space that no quote explains tells that the whole
// was one quoted string, which PowerShell hands on without its quotes.
func cutAtCommas(text string) []string {
	if strings.Contains(strings.TrimSpace(text), " ") && !strings.ContainsFunc(text, func(r rune) bool { return quoteKind(r) != 0 }) {
		return []string{text}
	}
	var items []string
	var q quoting
	start := 0
	for i, r := range text {
		if r == ',' && q.open == 0 {
			items = append(items, text[start:i])
			start = i + 1
		}
		q = q.after(string(r))
	}
	return append(items, text[start:])
}

// unquoteItem takes matching quotes off an item, and the doubled ones within.
func unquoteItem(item string) string {
	runes := []rune(item)
	if len(runes) < 2 {
		return item
	}
	kind := quoteKind(runes[0])
	if kind == 0 || quoteKind(runes[len(runes)-1]) != kind {
		return item
	}
	inner := string(runes[1 : len(runes)-1])
	return strings.ReplaceAll(inner, string([]rune{kind, kind}), string(kind))
}
