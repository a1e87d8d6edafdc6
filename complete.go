// What may still be typed, in PowerShell's order.

package main

import (
	"slices"
	"strings"
)

// candidate is one thing that may be typed for the word at the cursor.
type candidate struct {
	Keep string // what stays of the word before it: -ContextScope:
	Text string // what comes in the place of the rest
	Help string // the parameter's
}

// complete gives what the word at the cursor, last, may become behind the arguments
// typed, in PowerShell's order. values gives the values that begin with typed of a
// parameter that is neither a switch nor an enumeration.
func complete(table []parameter, typed []string, last string, values func(p parameter, typed string) []string) []candidate {
	s := surveyOf(table, typed)
	if _, isName := cutDash(last); !isName {
		return s.wants.candidates("", last, values)
	}
	if i := strings.IndexAny(last, ":="); i >= 0 {
		a := readArgument(table, last)
		p, _, _ := match(table, a.name)
		return p.candidates(last[:i+1], last[i+1:], values)
	}
	return s.names(last)
}

// candidates gives what p's value may be; keep is what stands before it in its word.
func (p parameter) candidates(keep, typed string, values func(parameter, string) []string) []candidate {
	var texts []string
	switch {
	case p.kind.isEnum():
		texts = slices.Sorted(slices.Values(p.kind.Values))
	case p.kind.isOnOff():
		texts = []string{"$true", "$false"}
	case p.name != "":
		texts, typed = values(p, typed), ""
	}
	var list []candidate
	for _, text := range texts {
		if hasPrefixFold(strings.TrimPrefix(text, "$"), typed) {
			list = append(list, candidate{Keep: keep, Text: text})
		}
	}
	return list
}

// survey is what a line leaves open: as PowerShell's completion looks at it, which does
// not mind what is wrong or missing.
type survey struct {
	table []parameter
	sets  []string
	taken map[string]bool
	wants parameter // whose value the next word is
}

func surveyOf(table []parameter, typed []string) survey {
	s := survey{table: table, sets: setsOf(table), taken: map[string]bool{}}
	values := 0
	for i := 0; i < len(typed); {
		a := readArgument(table, typed[i])
		p, _, _ := match(table, a.name)
		i++
		switch {
		case a.name == "":
			_, i = gatherItems(a.typed, typed, i, true)
			values++
		case p.name != "":
			s.take(p)
			isSwitch := p.kind == aSwitch
			switch {
			case a.valued || isSwitch:
			case i == len(typed):
				s.wants = p
			case isValue(typed[i]):
				_, i = gatherItems(typed[i], typed, i+1, true)
			}
		}
	}
	for range values {
		s.takePosition()
	}
	if len(s.sets) == 0 { // what was typed contradicts itself
		return survey{table: table, sets: setsOf(table), taken: map[string]bool{}, wants: s.wants}
	}
	if s.wants.name == "" {
		s.wants, _ = s.next()
	}
	return s
}

func (s *survey) take(p parameter) {
	s.taken[p.name] = true
	s.sets = slices.DeleteFunc(slices.Clone(s.sets), func(set string) bool { return !p.inSet(set) })
}

// next finds the parameter that the next value by position goes to, and its position.
func (s *survey) next() (p parameter, position int) {
	for _, row := range s.table {
		for _, i := range row.sets {
			if i.position > 0 && !s.taken[row.name] && slices.Contains(s.sets, i.set) && (position == 0 || i.position < position) {
				p, position = row, i.position
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
		for _, i := range p.sets {
			if position > 0 && i.position == position && !s.taken[p.name] && slices.Contains(s.sets, i.set) {
				names, sets = append(names, p.name), append(sets, i.set)
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
func (s *survey) names(typed string) []candidate {
	name, _ := cutDash(typed)
	_, long := cutDash(name)
	if long {
		name = strings.ReplaceAll(strings.TrimLeft(name, dashes), "-", "")
	}
	var possible, excluded, own []candidate
	for _, p := range s.table {
		for _, known := range p.matching(name) {
			o := candidate{Text: "-" + known, Help: p.help}
			if long {
				o.Text = "--" + kebab(known)
			}
			open := !s.taken[p.name] && slices.ContainsFunc(s.sets, p.inSet)
			switch {
			case !open && !p.ours:
				excluded = append(excluded, o)
			case open && p.ours:
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
func (p parameter) matching(prefix string) []string {
	if hasPrefixFold(p.name, prefix) {
		return []string{p.name}
	}
	if p.common {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.aliases), func(alias string) bool { return !hasPrefixFold(alias, prefix) })
}
