// What shells do to arguments, repaired in one pass before the binder: lists cut at
// commas and spaces, quotes that PowerShell leaves in, dashes that web pages made long,
// values that a colon was parted from. Measured in testdata/binder, not guessed.

package main

import (
	"slices"
	"strings"
)

// dashes count as one before a name: hyphen, en dash, em dash, horizontal bar.
const dashes = "-–—―"

// readArguments makes arguments of what a shell passed on, and parts off the command
// after "--".
func readArguments(table []parameter, args []string) (out []argument, command []string, err error) {
	if i := slices.Index(args, "--"); i >= 0 {
		args, command = args[:i], args[i+1:]
	}
	list := positionalList(table, args)
	for i := 0; i < len(args); {
		a := readArgument(table, args[i])
		i++
		if a.name == "" {
			if list != nil && !isGUID(a.typed) && !isPlace(a.typed) {
				a.value, i = gatherList(args, i-1)
				list = nil
			}
			out = append(out, a)
			continue
		}
		p, _, _ := match(table, a.name) // an ambiguous name is the binder's to refuse
		switch {
		case p.kind == aList && a.valued:
			a.value = splitList([]string{showValue(a.value)})
		case p.kind == aList && i < len(args) && isValue(args[i]) && !strings.HasSuffix(a.typed, ":"):
			a.value, i = gatherList(args, i)
			a.valued = true
		case p.kind == aDouble && i < len(args) && !a.valued && strings.Contains(args[i], ","):
			a.value, a.valued, i = splitList(args[i:i+1]), true, i+1 // a list is no number there either
		case strings.HasSuffix(a.typed, ":") && !a.valued:
			if a, i, err = takeParted(p, a, args, i); err != nil {
				return out, command, err
			}
		case p.name != "" && p.kind != aSwitch && !a.valued && i < len(args) && isValue(args[i]):
			a.value, a.valued, i = args[i], true, i+1
		}
		out = append(out, a)
	}
	return out, command, nil
}

// readArgument tells a name from a value. After one dash comes a name unless a digit
// or nothing follows; two dashes are ours, --kebab-case and --name=value.
func readArgument(table []parameter, arg string) argument {
	name, ok := cutDash(arg)
	if !ok {
		return argument{typed: arg, value: arg, valued: true}
	}
	a := argument{typed: arg}
	if long, ok := cutDash(name); ok {
		a.name = long
		if key, value, ok := strings.Cut(long, "="); ok {
			a.name, a.value, a.valued = key, value, true
		}
		a.name = kebabName(table, a.name)
		return a
	}
	a.name = name
	if key, value, ok := strings.Cut(name, ":"); ok {
		a.name = key
		if value != "" {
			a.value, a.valued = value, true
		}
	}
	return a
}

// cutDash takes one dash off the front, where a name can follow it.
func cutDash(arg string) (string, bool) {
	for _, r := range arg {
		rest := arg[len(string(r)):]
		return rest, strings.ContainsRune(dashes, r) && rest != "" && !(rest[0] >= '0' && rest[0] <= '9' || rest[0] == '.')
	}
	return "", false
}

func isValue(arg string) bool {
	_, name := cutDash(arg)
	return !name
}

// kebabName finds the parameter that client-id means; what it does not find stays.
func kebabName(table []parameter, name string) string {
	plain := strings.ReplaceAll(name, "-", "")
	for _, p := range table {
		for _, known := range append([]string{p.name}, p.aliases...) {
			if strings.EqualFold(known, plain) {
				return known
			}
		}
	}
	return name
}

// positionalList gives the list parameter that the first value by position will go to:
// one at position 1 of the default set, unless it is named or a name excludes the set.
func positionalList(table []parameter, args []string) *parameter {
	sets := setsOf(table)
	var list *parameter
	for i, p := range table {
		if p.kind == aList && slices.Contains(p.sets, in{set: sets[0], position: 1}) {
			list = &table[i]
		}
	}
	for _, arg := range args {
		a := readArgument(table, arg)
		if list == nil || a.name == "" {
			continue
		}
		if p, _, err := match(table, a.name); err == nil && p.name != "" && (p.name == list.name || !p.inSet(sets[0])) {
			return nil
		}
	}
	return list
}

// gatherList takes the list that begins at args[i]: a literal one as far as commas join
// it, an array as far as bare values go on. A GUID is no scope, so it ends an array.
func gatherList(args []string, i int) ([]string, int) {
	pieces := []string{args[i]}
	i++
	literal := joinsOn(pieces[0]) || strings.Contains(pieces[0], ",")
	open := openQuote(pieces[0])
	for ; i < len(args); i++ {
		next := args[i]
		joined := joinsOn(pieces[len(pieces)-1]) || strings.HasPrefix(next, ",")
		switch {
		case open != 0 || joined && isValue(next):
			literal = true
		case literal || !isValue(next) || isGUID(next) || next == "`\n":
			return splitList(joinQuoted(pieces)), i
		}
		pieces = append(pieces, next)
		open = openQuote(strings.Join(pieces, " "))
	}
	return splitList(joinQuoted(pieces)), i
}

// joinsOn says whether a piece ends with a comma, so that the list goes on after it.
// PowerShell hands a backtick at a line's end on as it stands.
func joinsOn(piece string) bool {
	piece = strings.TrimRight(piece, " \t\r\n")
	return strings.HasSuffix(piece, ",") || piece == "`"
}

// openQuote gives the quote that is still open at the end of text: PowerShell cuts a
// literal list at the spaces within its items.
func openQuote(text string) rune {
	open := rune(0)
	before := ','
	for _, r := range text {
		kind := quoteKind(r)
		switch {
		case open == 0 && kind != 0 && (before == ',' || before == ' ' || before == '\n'):
			open = kind
		case open != 0 && kind == open:
			open = 0
		}
		before = r
	}
	return open
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

// joinQuoted puts pieces back together that a space within quotes had parted.
func joinQuoted(pieces []string) []string {
	var out []string
	for _, piece := range pieces {
		if n := len(out); n > 0 && openQuote(out[n-1]) != 0 {
			out[n-1] += " " + piece
			continue
		}
		out = append(out, piece)
	}
	return out
}

// splitList makes items of a list's pieces: cut at the commas outside quotes, quotes
// taken off whole items, white space around them too where a comma or quote stood.
func splitList(pieces []string) []string {
	items := []string{}
	for _, piece := range pieces {
		if strings.TrimSpace(piece) == "`" {
			continue
		}
		cut := cutAtCommas(piece)
		for _, item := range cut {
			plain := unquoteItem(strings.Trim(item, "\r\n"))
			if len(cut) > 1 && strings.TrimSpace(item) == "" {
				continue
			}
			items = append(items, plain)
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
	start, open, before := 0, rune(0), ','
	for i, r := range text {
		kind := quoteKind(r)
		switch {
		case open == 0 && kind != 0 && (before == ',' || before == ' ' || before == '\n'):
			open = kind
		case open != 0 && kind == open:
			open = 0
		case open == 0 && r == ',':
			items = append(items, text[start:i])
			start = i + 1
		}
		before = r
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

// takeParted gives "-Name:" the value that the shell made an argument of its own. A
// switch takes only a word of its own kind: PowerShell drops $null, and what follows
// then belongs elsewhere.
func takeParted(p parameter, a argument, args []string, i int) (argument, int, error) {
	if p.name == "" {
		return a, i, nil
	}
	if i < len(args) && isValue(args[i]) {
		_, isWord := switchWords[strings.ToLower(args[i])]
		if isWord || p.kind != aSwitch && p.kind != aBoolean {
			if p.kind == aList {
				a.value, i = gatherList(args, i)
				a.valued = true
				return a, i, nil
			}
			a.value, a.valued = args[i], true
			return a, i + 1, nil
		}
	}
	if p.kind == aSwitch || p.kind == aBoolean {
		return a, i, refuse("ParameterRequiresArgument", "Parameter %s requires an argument.", a.typed).
			try("your shell removed the value; write -%s:false", p.name)
	}
	return a, i, refuse("ParameterRequiresArgument", "Parameter %s requires an argument.", a.typed)
}
