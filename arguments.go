// What shells do to arguments, repaired in one pass before the binder: lists cut at
// commas and spaces, quotes that PowerShell leaves in, dashes that web pages made long,
// values that a colon was parted from. Measured in testdata/binder, not guessed.

package main

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
		switch {
		case a.name != "":
			if a, i, err = takeValue(table, a, args, i); err != nil {
				return out, command, err
			}
		case list && !isGUID(a.typed) && !isObject(table, a.typed):
			a.value, i = gatherList(args, i-1)
			list = false
		default:
			list = false
		}
		out = append(out, a)
	}
	return out, command, nil
}

// readArgument tells a name from a value. Two dashes are ours: --kebab-case and
// --name=value.
func readArgument(table []parameter, arg string) argument {
	a := argument{typed: arg}
	name, long, ok := cutName(arg)
	if !ok {
		a.value, a.valued = arg, true
		return a
	}
	ends := ":"
	if long {
		ends = ":="
	}
	a.name = name
	if i := strings.IndexAny(name, ends); i >= 0 {
		a.name = name[:i]
		if value := name[i+1:]; value != "" || name[i] == '=' {
			a.value, a.valued = value, true
		}
	}
	if long {
		a.name = kebabName(table, a.name)
	}
	return a
}

// cutName takes one dash off the front of a name, or two: a letter must follow, as
// -5 is a number and - a place.
func cutName(arg string) (name string, long, ok bool) {
	name, ok = cutDash(arg)
	if rest, two := cutDash(name); ok && two {
		name, long = rest, true
	}
	for _, r := range name {
		return name, long, ok && (unicode.IsLetter(r) || r == '_' || r == '?')
	}
	return "", false, false
}

func cutDash(text string) (string, bool) {
	r, size := utf8.DecodeRuneInString(text)
	return text[size:], size > 0 && strings.ContainsRune(dashes, r)
}

func isValue(arg string) bool {
	_, _, name := cutName(arg)
	return !name
}

// kebabName finds the parameter that client-id means; what it does not find stays.
func kebabName(table []parameter, name string) string {
	plain := strings.ReplaceAll(name, "-", "")
	for _, known := range namesOf(table) {
		if strings.EqualFold(known, plain) {
			return known
		}
	}
	return name
}

// switchWords are what a switch takes after its colon, as shells pass it on.
var switchWords = map[string]bool{"true": true, "$true": true, "1": true, "false": false, "$false": false, "0": false}

// takeValue gives a named argument the value that belongs to it: what stands behind its
// colon, what the shell parted from it, or what follows. i is where that begins, and
// then where the next argument does. An ambiguous name is the binder's to refuse.
func takeValue(table []parameter, a argument, args []string, i int) (argument, int, error) {
	p, _, _ := match(table, a.name)
	parted := strings.HasSuffix(a.typed, ":") && !a.valued
	wants := !a.valued && (parted || p.name != "" && p.kind != aSwitch)
	follows := wants && i < len(args) && isValue(args[i])
	if follows && p.kind.isOnOff() && parted {
		follows = isSwitchWord(args[i])
	}
	switch {
	case parted && !follows:
		e := refuse("ParameterRequiresArgument", "Parameter %s requires an argument.", a.typed)
		if p.kind.isOnOff() {
			e.Cure = "your shell removed the value; write -" + p.name + ":false"
		}
		return a, i, e
	case p.kind == aList && a.valued:
		a.value, i = gatherItems(a.value.(string), args, i, true)
	case p.kind == aList && follows:
		a.value, i = gatherList(args, i)
	case p.kind == aDouble && follows && strings.Contains(args[i], ","):
		a.value, i = splitList(args[i:i+1]), i+1 // to PowerShell it is a list, and no number
	case follows:
		a.value, i = literal(p, args[i]), i+1
	case a.valued:
		a.value = literal(p, a.value.(string))
	}
	a.valued = a.valued || follows
	return a, i, nil
}

// literal is what PowerShell's parser would have made of a bare word, for parameters to
// which that is more than its text.
func literal(p parameter, word string) any {
	if on, ok := switchWords[strings.ToLower(word)]; ok && p.kind.isOnOff() {
		return on
	}
	if n, ok := readNumber(word); ok && (p.kind.isOnOff() || p.kind == aDouble || p.kind.isEnum()) {
		return n
	}
	return word
}

func isSwitchWord(text string) bool {
	_, ok := switchWords[strings.ToLower(text)]
	return ok
}

// positionalList says whether the first value by position goes to a list: one at
// position 1 of the default set, unless it is named or a name excludes the set.
func positionalList(table []parameter, args []string) bool {
	set := setsOf(table)[0]
	i := slices.IndexFunc(table, func(p parameter) bool {
		return p.kind == aList && slices.Contains(p.sets, in{set: set, position: 1})
	})
	if i < 0 {
		return false
	}
	return !slices.ContainsFunc(args, func(arg string) bool {
		a := readArgument(table, arg)
		if a.name == "" {
			return false
		}
		p, _, err := match(table, a.name)
		return err == nil && p.name != "" && (p.name == table[i].name || !p.inSet(set))
	})
}
