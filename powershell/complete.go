// What may still be typed, in PowerShell's order.

package powershell

import (
	"slices"
	"strings"
)

// Candidate is one thing that may be typed for the word at the cursor.
type Candidate struct {
	Keep string // what stays of the word before it: -ContextScope:
	Text string // what comes in the place of the rest
	Help string // the parameter's
}

// Complete gives what last, the unfinished word at the cursor, may become behind the
// arguments typed, in PowerShell's order. values gives the values, of a parameter that is
// neither a switch nor an enumeration, that begin with typed.
func Complete(table []Parameter, typed []string, last string, values func(p Parameter, typed string) []string) []Candidate {
	s := surveyOf(table, typed)
	if _, isName := cutDash(last); !isName {
		return s.wants.candidates("", last, values)
	}
	if i := strings.IndexAny(last, ":="); i >= 0 {
		a := readArgument(table, last)
		p, _, _ := Match(table, a.Name)
		return p.candidates(last[:i+1], last[i+1:], values)
	}
	return s.names(last)
}

// candidates gives what p's value may be; keep is what stands before it in its word.
func (p Parameter) candidates(keep, typed string, values func(Parameter, string) []string) []Candidate {
	var texts []string
	switch {
	case p.Type.isEnum():
		texts = slices.Sorted(slices.Values(p.Type.Values))
	case p.Type.isOnOff():
		texts = []string{"$true", "$false"}
	case p.Name != "":
		texts, typed = values(p, typed), ""
	}
	var list []Candidate
	for _, text := range texts {
		if hasPrefixFold(strings.TrimPrefix(text, "$"), typed) {
			list = append(list, Candidate{Keep: keep, Text: text})
		}
	}
	return list
}

// survey is what a line leaves open: as PowerShell's completion looks at it, which does
// not mind what is wrong or missing.
type survey struct {
	table []Parameter
	sets  []string
	taken map[string]bool
	wants Parameter // whose value the next word is
}

func surveyOf(table []Parameter, typed []string) survey {
	s := survey{table: table, sets: Sets(table), taken: map[string]bool{}}
	values := 0
	for i := 0; i < len(typed); {
		a := readArgument(table, typed[i])
		p, _, _ := Match(table, a.Name)
		i++
		switch {
		case a.Name == "":
			_, i = gatherItems(a.Typed, typed, i, true)
			values++
		case p.Name != "":
			s.take(p)
			isSwitch := p.Type == Switch
			switch {
			case a.HasValue || isSwitch:
			case i == len(typed):
				s.wants = p
			case IsValue(typed[i]):
				_, i = gatherItems(typed[i], typed, i+1, true)
			}
		}
	}
	for range values {
		s.takePosition()
	}
	if len(s.sets) == 0 { // what was typed contradicts itself
		return survey{table: table, sets: Sets(table), taken: map[string]bool{}, wants: s.wants}
	}
	if s.wants.Name == "" {
		s.wants, _ = s.next()
	}
	return s
}

func (s *survey) take(p Parameter) {
	s.taken[p.Name] = true
	s.sets = slices.DeleteFunc(slices.Clone(s.sets), func(set string) bool { return !p.In(set) })
}

// next finds the parameter that the next value by position goes to, and its position.
func (s *survey) next() (p Parameter, position int) {
	for _, row := range s.table {
		for _, i := range row.Sets {
			if i.Position > 0 && !s.taken[row.Name] && slices.Contains(s.sets, i.Set) && (position == 0 || i.Position < position) {
				p, position = row, i.Position
			}
		}
	}
	return p, position
}

// takePosition takes a value by position: which of the parameters there it goes to is
// not decided, so all of them are taken.
func (s *survey) takePosition() {
	_, position := s.next()
	var names, sets []string
	for _, p := range s.table {
		for _, i := range p.Sets {
			if position > 0 && i.Position == position && !s.taken[p.Name] && slices.Contains(s.sets, i.Set) {
				names, sets = append(names, p.Name), append(sets, i.Set)
			}
		}
	}
	if sets == nil {
		return
	}
	s.sets = sets
	for _, name := range names {
		s.taken[name] = true
	}
}

// names offers the parameters that typed begins; aliases only where a name does not fit.
// If all that fit are excluded, they are offered all the same, and binding will tell.
func (s *survey) names(typed string) []Candidate {
	name, _ := cutDash(typed)
	_, long := cutDash(name)
	if long {
		name = strings.ReplaceAll(strings.TrimLeft(name, Dashes), "-", "")
	}
	var possible, excluded, own []Candidate
	for _, p := range s.table {
		for _, known := range p.matching(name) {
			o := Candidate{Text: "-" + known, Help: p.Help}
			if long {
				o.Text = "--" + Kebab(known)
			}
			open := !s.taken[p.Name] && slices.ContainsFunc(s.sets, p.In)
			switch {
			case !open && !p.FullName:
				excluded = append(excluded, o)
			case open && p.FullName:
				own = append(own, o)
			case open:
				possible = append(possible, o)
			}
		}
	}
	if possible == nil && name != "" {
		possible = excluded
	}
	return append(possible, own...)
}

// matching gives the names of p that prefix begins: its own, else its aliases. A common
// parameter's aliases are too short to be offered.
func (p Parameter) matching(prefix string) []string {
	if hasPrefixFold(p.Name, prefix) {
		return []string{p.Name}
	}
	if p.Common {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Aliases), func(alias string) bool { return !hasPrefixFold(alias, prefix) })
}
