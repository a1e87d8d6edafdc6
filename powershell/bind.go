// Package powershell is PowerShell's language as far as a command line goes. Over a table
// of parameters, which is the caller's, Bind binds the arguments that a shell handed to a
// program, and BindLine a line as one types it in PowerShell; Complete says what may be
// typed next; Syntax writes a parameter set as documents do. For a type that the language
// does not have (a secret, a certificate) the caller has a Type with its own conversion.
//
// Rules and messages are those of PowerShell 7, as its recorded answers in
// ../testdata/binder show them. A line that PowerShell would refuse is an *Error.
package powershell

// Binding: names, values, what is missing. The steps and their order are those of
// PowerShell's CmdletParameterBinderController.

import (
	"slices"
	"strings"
)

// Argument is a piece of a command line after the shell's quoting has been undone.
type Argument struct {
	Name     string // without its dash; "" for a value
	Typed    string // the whole as typed
	Value    any    // string, bool, []any, Unknown, a number, or nil for $null
	HasValue bool   // there is a Value
}

// Bind binds the arguments of a program, without its name, as a shell hands them on.
// What stands behind "--" is the command; nil where there is no "--". It fails with an
// *Error, or with what a Type's Convert fails with, and then b is what was bound so far.
func Bind(table []Parameter, args []string) (b Bound, command []string, err error) {
	arguments, command, err := readArguments(table, args)
	if err != nil {
		return Bound{}, command, err
	}
	b, err = bindArguments(table, arguments)
	return b, command, err
}

// binding is one command line on its way.
type binding struct {
	table []Parameter
	sets  []string // the table's sets, the default one first; {""} where it has none
	valid []string // the sets that are still possible
	Bound
}

func bindArguments(table []Parameter, arguments []Argument) (Bound, error) {
	b := &binding{table: table, sets: Sets(table), Bound: Bound{Values: map[string]Value{}}}
	b.valid = b.sets
	err := b.bind(arguments)
	return b.Bound, err
}

func (b *binding) bind(arguments []Argument) error {
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

// Match finds the parameter of a name without its dash, and how: by "name", by "alias",
// or by a "prefix" that fits one only, where a command's own win over common ones. p has
// no Name where there is none; where there are several, it fails.
func Match(table []Parameter, name string) (p Parameter, how string, err error) {
	for _, p := range table {
		if strings.EqualFold(p.Name, name) {
			return p, "name", nil
		}
		if slices.ContainsFunc(p.Aliases, func(alias string) bool { return strings.EqualFold(alias, name) }) {
			return p, "alias", nil
		}
	}
	fits := fitting(table, name)
	if len(fits) > 1 {
		own := slices.DeleteFunc(slices.Clone(fits), func(p Parameter) bool { return p.Common })
		if len(own) == 1 {
			fits = own
		}
	}
	switch len(fits) {
	case 0:
		return Parameter{}, "", nil
	case 1:
		return fits[0], "prefix", nil
	}
	matches := ""
	for _, p := range fits {
		matches += " -" + p.Name
	}
	return Parameter{}, "", refuse("AmbiguousParameter", "Parameter cannot be processed because the parameter name '%s' is ambiguous. Possible matches include:%s.", name, matches)
}

// fitting gives the parameters whose name begins with prefix, then those that have an
// alias that does.
func fitting(table []Parameter, prefix string) []Parameter {
	var fits, byAlias []Parameter
	for _, p := range table {
		switch {
		case p.FullName:
		case hasPrefixFold(p.Name, prefix):
			fits = append(fits, p)
		case slices.ContainsFunc(p.Aliases, func(alias string) bool { return hasPrefixFold(alias, prefix) }):
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
func (b *binding) giveValues(arguments []Argument) ([]Argument, error) {
	var out []Argument
	for i := 0; i < len(arguments); i++ {
		a := arguments[i]
		if a.Name == "" || a.HasValue {
			out = append(out, a)
			continue
		}
		p, _, err := Match(b.table, a.Name)
		if err != nil {
			return nil, err
		}
		switch {
		case p.Name == "":
		case p.Type == Switch:
			a.Value, a.HasValue = true, true
		default:
			if i+1 == len(arguments) {
				return nil, missingArgument(p)
			}
			next := arguments[i+1]
			if next.Name != "" {
				following, _, err := Match(b.table, next.Name)
				if err != nil {
					return nil, err
				}
				if following.Name != "" || next.HasValue {
					return nil, missingArgument(p)
				}
				next.Value = next.Typed
			}
			a.Value, a.HasValue = next.Value, true
			i++
		}
		out = append(out, a)
	}
	return out, nil
}

func missingArgument(p Parameter) error {
	return refuse("MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type '%s' and try again.", p.Name, p.Type.Name)
}

// bindNamed binds what has a name; what fits no parameter is left over.
func (b *binding) bindNamed(arguments []Argument) (rest []Argument, err error) {
	for _, a := range arguments {
		if a.Name == "" {
			rest = append(rest, a)
			continue
		}
		p, how, err := Match(b.table, a.Name)
		if err != nil {
			return nil, err
		}
		if p.Name == "" {
			rest = append(rest, a)
			continue
		}
		if b.Has(p.Name) {
			name := p.Name
			if p.Type == Switch || strings.Contains(a.Typed, ":") {
				name = a.Name // as PowerShell names it where no value was taken from what follows
			}
			return nil, refuse("ParameterAlreadyBound", "Cannot bind parameter because parameter '%s' is specified more than once. To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, \"-parameter value1,value2,value3\".", name)
		}
		if err := b.take(p, a.Value, a.Name, how); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// take binds a value to a parameter, which narrows the sets to those that have it.
func (b *binding) take(p Parameter, value any, typed, how string) error {
	if err := b.give(p, value, typed, how); err != nil {
		return err
	}
	b.valid = slices.DeleteFunc(slices.Clone(b.valid), func(set string) bool { return !p.In(set) })
	return nil
}

// give converts a value to what p wants, and keeps it.
func (b Bound) give(p Parameter, value any, typed, how string) error {
	value, err := convert(p, value)
	if err == nil {
		err = validate(p, value)
	}
	if err == nil {
		b.Values[p.Name] = Value{value, typed, how}
	}
	return err
}

// Supply asks for each parameter that is Missing, in the table's order, and binds the
// answer, as PowerShell does before it runs a command. It ends with the first error: of
// ask, or of an answer that does not convert.
func (b *Bound) Supply(table []Parameter, ask func(Parameter) (any, error)) error {
	for _, p := range table {
		if !slices.Contains(b.Missing, p.Name) {
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

// validate is what the validation attributes and the mandatory mark refuse.
func validate(p Parameter, value any) error {
	mandatory := slices.ContainsFunc(p.Sets, func(i InSet) bool { return i.Mandatory })
	text, isText := value.(string)
	switch {
	case value == nil && mandatory:
		return refuse("ParameterArgumentValidationErrorNullNotAllowed", "Cannot bind argument to parameter '%s' because it is null.", p.Name)
	case p.NotEmpty && isText && text == "":
		return refuse("ParameterArgumentValidationError", "Cannot validate argument on parameter '%s'. The argument is null or empty. Provide an argument that is not null or empty, and then try the command again.", p.Name)
	case mandatory && isText && text == "":
		return refuse("ParameterArgumentValidationErrorEmptyStringNotAllowed", "Cannot bind argument to parameter '%s' because it is an empty string.", p.Name)
	}
	return nil
}
