// The second half of binding: values by position, the parameter set that is left, and
// what it still needs.

package powershell

import "slices"

// Sets gives a table's parameter sets, the default one first: that of the first row that
// has one. A table without sets has one, "".
func Sets(table []Parameter) []string {
	sets := []string{}
	for _, p := range table {
		for _, i := range p.Sets {
			if !slices.Contains(sets, i.Set) {
				sets = append(sets, i.Set)
			}
		}
	}
	if len(sets) == 0 {
		return []string{""}
	}
	return sets
}

// In says whether a parameter belongs to a set.
func (p Parameter) In(set string) bool {
	return len(p.Sets) == 0 || slices.ContainsFunc(p.Sets, func(i InSet) bool { return i.Set == set })
}

// bindPositional gives the values their places: for each position the next value.
func (b *binding) bindPositional(arguments []Argument) (rest []Argument, err error) {
	if err := b.refuseObjects(arguments); err != nil {
		return nil, err
	}
	for position := 1; position <= b.lastPosition(); position++ {
		candidates := b.at(position)
		if len(candidates) == 0 {
			continue
		}
		var named []Argument
		named, arguments = cutNamed(arguments)
		rest = append(rest, named...)
		if len(arguments) == 0 {
			break
		}
		if err := b.place(candidates, arguments[0]); err != nil {
			return nil, err
		}
		arguments = arguments[1:]
	}
	return append(rest, arguments...), nil
}

// cutNamed parts off the unknown names at the front, each with the value behind it,
// which then takes no position.
func cutNamed(arguments []Argument) (named, rest []Argument) {
	i := 0
	for i < len(arguments) && arguments[i].Name != "" {
		i++
		if i < len(arguments) && arguments[i].Name == "" {
			i++
		}
	}
	return arguments[:i], arguments[i:]
}

func (b *binding) lastPosition() int {
	last := 0
	for _, p := range b.table {
		for _, i := range p.Sets {
			last = max(last, i.Position)
		}
	}
	return last
}

// at gives the unbound parameters of a position in the sets still possible, those of
// the default set first.
func (b *binding) at(position int) []Parameter {
	var first, others []Parameter
	for _, p := range b.table {
		if b.Has(p.Name) {
			continue
		}
		inDefault, inOther := false, false
		for _, i := range p.Sets {
			if i.Position == position && slices.Contains(b.valid, i.Set) {
				inDefault = inDefault || i.Set == b.sets[0]
				inOther = true
			}
		}
		switch {
		case inDefault:
			first = append(first, p)
		case inOther:
			others = append(others, p)
		}
	}
	return append(first, others...)
}

// place binds a value to the first parameter that holds it as it is, else to the first:
// where that cannot convert it, PowerShell tries no other.
func (b *binding) place(candidates []Parameter, a Argument) error {
	i, typed := slices.IndexFunc(candidates, func(p Parameter) bool { return p.Type.holds(a.Value) }), a.Value
	if i < 0 {
		typed = asText(b.table, a.Value)
		i = max(0, slices.IndexFunc(candidates, func(p Parameter) bool { return p.Type.takes(typed) }))
	}
	return b.take(candidates[i], typed, "", "position")
}

// isObject says whether a value can only be an object of one of the table's types.
func isObject(table []Parameter, value any) bool {
	return slices.ContainsFunc(table, func(p Parameter) bool { return p.Type.holds(value) })
}

// asText is an object where no parameter takes it: PowerShell binds the name of its type.
func asText(table []Parameter, value any) any {
	i := slices.IndexFunc(table, func(p Parameter) bool { return p.Type.holds(value) })
	if _, isUnknown := value.(Unknown); isUnknown && i >= 0 {
		return table[i].Type.Name
	}
	return value
}

// refuseObjects refuses a value by position that can only be an object of a type that
// refuses it: bound as text, it would be shown and sent.
func (b *binding) refuseObjects(arguments []Argument) error {
	for _, a := range arguments {
		for _, p := range b.table {
			if a.Name != "" || !p.Type.holds(a.Value) {
				continue
			}
			if _, err := p.Type.Convert(p, a.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// unbound is the failure for an argument that found no place.
func (b *binding) unbound(a Argument) error {
	if a.Name != "" {
		e := refuse("NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", a.Name)
		if near := Nearest(a.Name, namesOf(b.table)); near != "" {
			e.Cure = "did you mean -" + near + "?"
		}
		return e
	}
	text := Show(asText(b.table, a.Value))
	switch a.Value.(type) {
	case nil:
		text = "$null"
	case []any:
		text = "System.Object[]"
	}
	return refuse("PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", text)
}

// namesOf gives all names and aliases of a table.
func namesOf(table []Parameter) []string {
	var names []string
	for _, p := range table {
		names = append(append(names, p.Name), p.Aliases...)
	}
	return names
}

// resolveSet decides for one set: the default if it is still possible, else the only
// one that wants nothing mandatory that is not there.
func (b *binding) resolveSet() error {
	switch {
	case slices.Contains(b.valid, b.sets[0]):
		b.Set = b.sets[0]
	case len(b.valid) == 1:
		b.Set = b.valid[0]
	default:
		content := slices.DeleteFunc(slices.Clone(b.valid), func(set string) bool { return len(b.missingIn(set)) > 0 })
		if len(content) != 1 {
			return refuse("AmbiguousParameterSet", "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be used together or an insufficient number of parameters were provided.")
		}
		b.Set = content[0]
	}
	return nil
}

func (b *binding) missingIn(set string) []string {
	var names []string
	for _, p := range b.table {
		if !b.Has(p.Name) && slices.ContainsFunc(p.Sets, func(i InSet) bool { return i.Set == set && i.Mandatory }) {
			names = append(names, p.Name)
		}
	}
	return names
}
