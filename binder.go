// PowerShell's binding rules over a table: names, prefixes, positions, parameter sets,
// mandatory parameters. It does not know which parameters exist. The steps and their
// order are those of PowerShell 7's CmdletParameterBinderController, as the recorded
// answers in testdata/binder show them; message texts are PowerShell's.

package main

import (
	"fmt"
	"slices"
	"strings"

	"connect-entra/failure"
)

// argument is a piece of a command line after the shell's quoting has been undone.
type argument struct {
	name   string // without its dash; "" for a value
	typed  string // the whole as typed
	value  any    // string, number, bool, []any, Secret, unknown or nil: see convert.go
	valued bool   // value is there
}

// bindError is a line that PowerShell would not bind.
type bindError struct {
	ID      string // what PowerShell calls the error, without what stands behind its comma: AmbiguousParameter
	Message string // in PowerShell's words
	Cure    string // what to type instead, in ours; often ""
}

func (e *bindError) Error() string { return e.Message }

// Unwrap gives the failure that a program ends with, whose id is kebab-case.
func (e *bindError) Unwrap() error {
	return failure.New(kebab(e.ID), "%s", e.Message).Try("%s", e.Cure)
}

//go:noinline
func refuse(id, format string, args ...any) *bindError {
	return &bindError{ID: id, Message: fmt.Sprintf(format, args...)}
}

// kebab is a name in PowerShell's spelling in lower case with dashes: client-id.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' && i > 0 && name[i-1] >= 'a' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// bindArgs binds a program's arguments. It also says what it bound when it fails.
func bindArgs(table []parameter, args []string) (b Bound, command []string, err error) {
	arguments, command, err := readArguments(table, args)
	if err != nil {
		return Bound{}, command, err
	}
	b, err = bindArguments(table, arguments)
	return b, command, err
}

// binding is one command line on its way.
type binding struct {
	table []parameter
	sets  []string // the table's sets, the default one first; {""} where it has none
	valid []string // the sets that are still possible
	Bound
}

func bindArguments(table []parameter, arguments []argument) (Bound, error) {
	b := &binding{table: table, sets: setsOf(table), Bound: Bound{Values: map[string]bound{}}}
	b.valid = b.sets
	err := b.bind(arguments)
	return b.Bound, err
}

func (b *binding) bind(arguments []argument) error {
	arguments, err := b.giveValues(arguments)
	if err != nil {
		return err
	}
	rest, err := b.bindNamed(arguments)
	if err != nil {
		return err
	}
	if rest, err = b.bindPositional(rest); err != nil {
		return err
	}
	if err := b.resolveSet(); err != nil {
		return err
	}
	if len(rest) > 0 {
		return b.unbound(rest[0])
	}
	if b.Missing = b.missingIn(b.Set); len(b.Missing) > 0 {
		return refuse("MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters: %s.", strings.Join(b.Missing, " "))
	}
	return nil
}

// setsOf collects the table's sets; a table without named sets has one, "".
func setsOf(table []parameter) []string {
	sets := []string{}
	for _, p := range table {
		for _, i := range p.sets {
			if !slices.Contains(sets, i.set) {
				sets = append(sets, i.set)
			}
		}
	}
	if len(sets) == 0 {
		return []string{""}
	}
	return sets
}

// match finds the parameter of a name: exactly, by alias, or by a prefix that fits one
// only. The cmdlet's own win over common ones; ours bind by full name.
func match(table []parameter, name string) (p parameter, how string, err error) {
	for _, p := range table {
		if strings.EqualFold(p.name, name) {
			return p, "name", nil
		}
		if slices.ContainsFunc(p.aliases, func(alias string) bool { return strings.EqualFold(alias, name) }) {
			return p, "alias", nil
		}
	}
	fits := fitting(table, name)
	if len(fits) > 1 {
		own := slices.DeleteFunc(slices.Clone(fits), func(p parameter) bool { return p.common })
		if len(own) == 1 {
			fits = own
		}
	}
	switch len(fits) {
	case 0:
		return parameter{}, "", nil
	case 1:
		return fits[0], "prefix", nil
	}
	matches := ""
	for _, p := range fits {
		matches += " -" + p.name
	}
	return parameter{}, "", refuse("AmbiguousParameter", "Parameter cannot be processed because the parameter name '%s' is ambiguous. Possible matches include:%s.", name, matches)
}

// fitting gives the parameters whose name begins with prefix, then those that have an
// alias that does.
func fitting(table []parameter, prefix string) []parameter {
	var fits, byAlias []parameter
	for _, p := range table {
		switch {
		case p.ours:
		case hasPrefixFold(p.name, prefix):
			fits = append(fits, p)
		case slices.ContainsFunc(p.aliases, func(alias string) bool { return hasPrefixFold(alias, prefix) }):
			byAlias = append(byAlias, p)
		}
	}
	return append(fits, byAlias...)
}

func hasPrefixFold(s, prefix string) bool {
	return len(prefix) <= len(s) && strings.EqualFold(s[:len(prefix)], prefix)
}

// giveValues gives each named argument its value: a switch needs none, others take
// what follows. An unknown name that follows is taken as the value it must be.
func (b *binding) giveValues(arguments []argument) ([]argument, error) {
	var out []argument
	for i := 0; i < len(arguments); i++ {
		a := arguments[i]
		if a.name == "" || a.valued {
			out = append(out, a)
			continue
		}
		p, _, err := match(b.table, a.name)
		if err != nil {
			return nil, err
		}
		switch {
		case p.name == "":
		case p.kind == aSwitch:
			a.value, a.valued = true, true
		default:
			if i+1 == len(arguments) {
				return nil, missingArgument(p)
			}
			next := arguments[i+1]
			if next.name != "" {
				following, _, err := match(b.table, next.name)
				if err != nil {
					return nil, err
				}
				if following.name != "" || next.valued {
					return nil, missingArgument(p)
				}
				next.value = next.typed
			}
			a.value, a.valued = next.value, true
			i++
		}
		out = append(out, a)
	}
	return out, nil
}

func missingArgument(p parameter) error {
	return refuse("MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type '%s' and try again.", p.name, p.kind.Name)
}

// bindNamed binds what has a name; what fits no parameter is left over.
func (b *binding) bindNamed(arguments []argument) (rest []argument, err error) {
	for _, a := range arguments {
		if a.name == "" {
			rest = append(rest, a)
			continue
		}
		p, how, err := match(b.table, a.name)
		if err != nil {
			return nil, err
		}
		if p.name == "" {
			rest = append(rest, a)
			continue
		}
		if b.has(p.name) {
			name := p.name
			if p.kind == aSwitch || strings.Contains(a.typed, ":") {
				name = a.name // as PowerShell names it where no value was taken from what follows
			}
			return nil, refuse("ParameterAlreadyBound", "Cannot bind parameter because parameter '%s' is specified more than once. To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, \"-parameter value1,value2,value3\".", name)
		}
		if err := b.take(p, a.value, a.name, how); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// take binds a value to a parameter, which narrows the sets to those that have it.
func (b *binding) take(p parameter, value any, typed, how string) error {
	if err := b.give(p, value, typed, how); err != nil {
		return err
	}
	b.valid = slices.DeleteFunc(slices.Clone(b.valid), func(set string) bool { return !p.inSet(set) })
	return nil
}

// give converts a value to what p wants, and keeps it.
func (b Bound) give(p parameter, value any, typed, how string) error {
	value, err := convert(p, value)
	if err == nil {
		err = validate(p, value)
	}
	if err == nil {
		b.Values[p.name] = bound{value, typed, how}
	}
	return err
}

// supply asks for what is missing, as PowerShell does before it runs a command.
func (b *Bound) supply(table []parameter, ask func(parameter) (any, error)) error {
	for _, p := range table {
		if !slices.Contains(b.Missing, p.name) {
			continue
		}
		value, err := ask(p)
		if err == nil {
			err = b.give(p, value, "", "prompt")
		}
		if err != nil {
			return err
		}
	}
	b.Missing = nil
	return nil
}

func (p parameter) inSet(set string) bool {
	return len(p.sets) == 0 || slices.ContainsFunc(p.sets, func(i in) bool { return i.set == set })
}

// validate is what the validation attributes and the mandatory mark refuse.
func validate(p parameter, value any) error {
	mandatory := slices.ContainsFunc(p.sets, func(i in) bool { return i.mandatory })
	text, isText := value.(string)
	switch {
	case value == nil && mandatory:
		return refuse("ParameterArgumentValidationErrorNullNotAllowed", "Cannot bind argument to parameter '%s' because it is null.", p.name)
	case p.notEmpty && isText && text == "":
		return refuse("ParameterArgumentValidationError", "Cannot validate argument on parameter '%s'. The argument is null or empty. Provide an argument that is not null or empty, and then try the command again.", p.name)
	case mandatory && isText && text == "":
		return refuse("ParameterArgumentValidationErrorEmptyStringNotAllowed", "Cannot bind argument to parameter '%s' because it is an empty string.", p.name)
	}
	return nil
}
