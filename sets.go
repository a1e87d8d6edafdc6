// The second half of binding: values by position, the parameter set that is left, and
// what it still needs.

package main

import "slices"

// bindPositional gives the values their places: for each position the next value.
func (b *binding) bindPositional(arguments []argument) (rest []argument, err error) {
	if err := b.refuseObjects(arguments); err != nil {
		return nil, err
	}
	for position := 1; position <= b.lastPosition(); position++ {
		candidates := b.at(position)
		if len(candidates) == 0 {
			continue
		}
		var named []argument
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
func cutNamed(arguments []argument) (named, rest []argument) {
	i := 0
	for i < len(arguments) && arguments[i].name != "" {
		i++
		if i < len(arguments) && arguments[i].name == "" {
			i++
		}
	}
	return arguments[:i], arguments[i:]
}

func (b *binding) lastPosition() int {
	last := 0
	for _, p := range b.table {
		for _, i := range p.sets {
			last = max(last, i.position)
		}
	}
	return last
}

// at gives the unbound parameters of a position in the sets still possible, those of
// the default set first.
func (b *binding) at(position int) []parameter {
	var first, others []parameter
	for _, p := range b.table {
		if b.has(p.name) {
			continue
		}
		inDefault, inOther := false, false
		for _, i := range p.sets {
			if i.position == position && slices.Contains(b.valid, i.set) {
				inDefault = inDefault || i.set == b.sets[0]
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
func (b *binding) place(candidates []parameter, a argument) error {
	i, typed := slices.IndexFunc(candidates, func(p parameter) bool { return p.kind.holds(a.value) }), a.value
	if i < 0 {
		typed = asText(b.table, a.value)
		i = max(0, slices.IndexFunc(candidates, func(p parameter) bool { return p.kind.takes(typed) }))
	}
	return b.take(candidates[i], typed, "", "position")
}

// isObject says whether a value can only be an object of one of the table's types.
func isObject(table []parameter, value any) bool {
	return slices.ContainsFunc(table, func(p parameter) bool { return p.kind.holds(value) })
}

// asText is an object where no parameter takes it: PowerShell binds the name of its type.
func asText(table []parameter, value any) any {
	i := slices.IndexFunc(table, func(p parameter) bool { return p.kind.holds(value) })
	if _, isUnknown := value.(unknown); isUnknown && i >= 0 {
		return table[i].kind.Name
	}
	return value
}

// refuseObjects refuses a value by position that can only be an object of a type that
// refuses it: bound as text, it would be shown and sent.
func (b *binding) refuseObjects(arguments []argument) error {
	for _, a := range arguments {
		for _, p := range b.table {
			if a.name != "" || !p.kind.holds(a.value) {
				continue
			}
			if _, err := p.kind.Convert(p, a.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// unbound is the failure for an argument that found no place.
func (b *binding) unbound(a argument) error {
	if a.name != "" {
		e := refuse("NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", a.name)
		if near := nearest(a.name, namesOf(b.table)); near != "" {
			e.Cure = "did you mean -" + near + "?"
		}
		return e
	}
	text := showValue(asText(b.table, a.value))
	switch a.value.(type) {
	case nil:
		text = "$null"
	case []any:
		text = "System.Object[]"
	}
	return refuse("PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", text)
}

// namesOf gives all names and aliases of a table.
func namesOf(table []parameter) []string {
	var names []string
	for _, p := range table {
		names = append(append(names, p.name), p.aliases...)
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
		if !b.has(p.name) && slices.ContainsFunc(p.sets, func(i in) bool { return i.set == set && i.mandatory }) {
			names = append(names, p.name)
		}
	}
	return names
}
