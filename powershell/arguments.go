// What shells do to arguments, repaired in one pass before the binder: lists cut at
// commas and spaces, quotes that PowerShell leaves in, dashes that web pages made long,
// values that a colon was parted from. Measured in testdata/binder, not guessed.

package powershell

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"connect-entra/guid"
)

// Dashes count as one before a name: hyphen, en dash, em dash, horizontal bar.
const Dashes = "-–—―"

// readArguments makes arguments of what a shell passed on, and parts off the command
// after "--".
func readArguments(table []Parameter, args []string) (out []Argument, command []string, err error) {
	if i := slices.Index(args, "--"); i >= 0 {
		args, command = args[:i], args[i+1:]
	}
	list := positionalList(table, args)
	for i := 0; i < len(args); {
		a := readArgument(table, args[i])
		i++
		switch {
		case a.Name != "":
			if a, i, err = takeValue(table, a, args, i); err != nil {
				return out, command, err
			}
		case list && !guid.Is(a.Typed) && !isObject(table, a.Typed):
			a.Value, i = gatherList(args, i-1)
			list = false
		default:
			list = false
		}
		out = append(out, a)
	}
	return out, command, nil
}

// readArgument tells a name from a value. Two dashes, which PowerShell does not have, take
// --kebab-case and --name=value.
func readArgument(table []Parameter, arg string) Argument {
	a := Argument{Typed: arg}
	name, long, ok := cutName(arg)
	if !ok {
		a.Value, a.HasValue = arg, true
		return a
	}
	separators := ":"
	if long {
		separators = ":="
	}
	a.Name = name
	if i := strings.IndexAny(name, separators); i >= 0 {
		a.Name = name[:i]
		if value := name[i+1:]; value != "" || name[i] == '=' {
			a.Value, a.HasValue = value, true
		}
	}
	if long {
		a.Name = kebabName(table, a.Name)
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
	return text[size:], size > 0 && strings.ContainsRune(Dashes, r)
}

// IsValue says whether an argument is a value and no parameter's name.
func IsValue(arg string) bool {
	_, _, name := cutName(arg)
	return !name
}

// kebabName finds the parameter that client-id means; what it does not find stays.
func kebabName(table []Parameter, name string) string {
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
func takeValue(table []Parameter, a Argument, args []string, i int) (Argument, int, error) {
	p, _, _ := Match(table, a.Name)
	parted := strings.HasSuffix(a.Typed, ":") && !a.HasValue
	wants := !a.HasValue && (parted || p.Name != "" && p.Type != Switch)
	follows := wants && i < len(args) && IsValue(args[i])
	if follows && p.Type.isOnOff() && parted {
		follows = isSwitchWord(args[i])
	}
	switch {
	case parted && !follows:
		e := refuse("ParameterRequiresArgument", "Parameter %s requires an argument.", a.Typed)
		if p.Type.isOnOff() {
			e.Cure = "your shell removed the value; write -" + p.Name + ":false"
		}
		return a, i, e
	case p.Type == StringArray && a.HasValue:
		a.Value, i = gatherItems(a.Value.(string), args, i, true)
	case p.Type == StringArray && follows:
		a.Value, i = gatherList(args, i)
	case p.Type == Double && follows && strings.Contains(args[i], ","):
		a.Value, i = splitList(args[i:i+1]), i+1 // to PowerShell it is a list, and no number
	case follows:
		a.Value, i = literal(p, args[i]), i+1
	case a.HasValue:
		a.Value = literal(p, a.Value.(string))
	}
	a.HasValue = a.HasValue || follows
	return a, i, nil
}

// literal is what PowerShell's parser would have made of a bare word, for parameters to
// which that is more than its text.
func literal(p Parameter, word string) any {
	if on, ok := switchWords[strings.ToLower(word)]; ok && p.Type.isOnOff() {
		return on
	}
	if n, ok := readNumber(word); ok && (p.Type.isOnOff() || p.Type == Double || p.Type.isEnum()) {
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
func positionalList(table []Parameter, args []string) bool {
	set := Sets(table)[0]
	i := slices.IndexFunc(table, func(p Parameter) bool {
		return p.Type == StringArray && slices.Contains(p.Sets, InSet{Set: set, Position: 1})
	})
	if i < 0 {
		return false
	}
	return !slices.ContainsFunc(args, func(arg string) bool {
		a := readArgument(table, arg)
		if a.Name == "" {
			return false
		}
		p, _, err := Match(table, a.Name)
		return err == nil && p.Name != "" && (p.Name == table[i].Name || !p.In(set))
	})
}
