//go:build !js

// Completion: what may still be typed, in PowerShell's order, and the scripts by which
// bash, zsh, fish and PowerShell ask for it. Everything offered comes from the tables.

package main

import (
	"context"
	"slices"
	"strings"

	"connect-entra/failure"
)

// offer is one thing that may be typed for the word at the cursor.
type offer struct {
	keep string // what stays of the word before it: -ContextScope:
	text string
	help string
}

// offerFiles asks the shell for its own completion of file names.
const offerFiles = ":files"

// showCompletion prints a shell's script; behind --, the shell's question: the program's
// name and the words as typed up to the cursor, the last one unfinished.
func showCompletion(_ context.Context, sys *system, p Params) error {
	shell := strings.ToLower(p.text("Shell"))
	script, ok := completionScripts[shell]
	if !ok {
		f := failure.New("unknown-topic", "There is no completion for the shell %q.", failure.Clean(p.text("Shell")))
		return f.Try("one of %s", strings.Join(shellNames, ", "))
	}
	if p.Command == nil {
		return sys.print(script)
	}
	words := p.Command
	switch shell {
	case "bash":
		words = splitWords(strings.Join(words, " ")) // bash hands its line on, as it cuts words at colons
	case "powershell":
		// Windows PowerShell drops an empty argument, so the script puts a dot behind it.
		words = slices.Clone(words)
		words[len(words)-1] = strings.TrimSuffix(words[len(words)-1], ".")
	}
	known, err := sys.allClouds()
	if err != nil {
		known = clouds // whoever uses them is told
	}
	var b strings.Builder
	for _, o := range complete(words, known) {
		if shell != "powershell" {
			o.text = strings.TrimPrefix(o.text, "$") // $true is a variable of theirs; true does as well
		}
		switch {
		case o.text == offerFiles:
			b.WriteString(offerFiles + "\n")
		case shell == "bash": // it may replace only what stands behind a colon
			b.WriteString(o.keep + "\t" + o.text + "\n")
		default:
			b.WriteString(o.keep + o.text + "\t" + o.help + "\n")
		}
	}
	return sys.print(b.String())
}

// splitWords cuts a bash line at its blanks, outside quotes.
func splitWords(line string) []string {
	words := []string{""}
	quote, escape := rune(0), false
	for _, r := range line {
		last := &words[len(words)-1]
		switch {
		case escape:
			*last, escape = *last+string(r), false
		case r == '\\' && quote != '\'':
			escape = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && (r == ' ' || r == '\t'):
			if *last != "" {
				words = append(words, "")
			}
		default:
			*last += string(r)
		}
	}
	return words
}

// complete gives what the last of words may become; the first is the program's name.
func complete(words []string, known []Environment) []offer {
	if len(words) < 2 {
		return nil
	}
	words = calledAs(words[0], words[1:])
	typed, last := words[:len(words)-1], words[len(words)-1]
	if slices.Contains(typed, "--") {
		return []offer{{text: offerFiles}}
	}
	v, rest := chooseVerb(typed)
	if v.parameters == nil { // explain takes a whole line
		typed = rest
		v, rest = chooseVerb(typed)
	}
	var offers []offer
	if _, isName := cutDash(last); len(rest) == 0 && !isName {
		offers = offerVerbs(strings.Join(typed, " "), last)
	}
	return append(offers, offerWord(v.parameters, rest, last, known)...)
}

// offerVerbs offers the next word of the verbs that begin with the words before it.
func offerVerbs(before, typed string) []offer {
	var offers []offer
	for _, v := range verbs() {
		first, second, _ := strings.Cut(v.name, " ")
		switch {
		case before == "" && second == "" && hasPrefixFold(first, typed):
			offers = append(offers, offer{text: first, help: v.summary})
		case strings.EqualFold(first, before) && second != "" && hasPrefixFold(second, typed):
			offers = append(offers, offer{text: second, help: v.summary})
		}
	}
	return offers
}

// offerWord gives what last may become behind the arguments typed.
func offerWord(table []parameter, typed []string, last string, known []Environment) []offer {
	s := surveyOf(table, typed)
	if _, isName := cutDash(last); !isName {
		return s.wants.values("", last, known)
	}
	if i := strings.IndexAny(last, ":="); i >= 0 {
		a := readArgument(table, last)
		p, _, _ := match(table, a.name)
		return p.values(last[:i+1], last[i+1:], known)
	}
	return s.names(last)
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
func (s *survey) names(typed string) []offer {
	name, _ := cutDash(typed)
	_, long := cutDash(name)
	if long {
		name = strings.ReplaceAll(strings.TrimLeft(name, dashes), "-", "")
	}
	var possible, excluded, own []offer
	for _, p := range s.table {
		for _, known := range p.matching(name) {
			o := offer{text: "-" + known, help: p.help}
			if long {
				o.text = "--" + kebabCase(known)
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

// kebabCase is ClientId as client-id.
func kebabCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' && i > 0 && name[i-1] >= 'a' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// values offers what p's value may be; keep is what stands before it in its word.
func (p parameter) values(keep, typed string, known []Environment) []offer {
	var texts []string
	switch {
	case p.kind.isEnum():
		texts = slices.Sorted(slices.Values(p.kind.Values))
	case p.kind.isOnOff():
		texts = []string{"$true", "$false"}
	case p.offers == "clouds":
		for _, e := range known {
			texts = append(texts, e.Name)
		}
	case p.offers == "topics":
		texts = topicNames()
	case p.offers == "shells":
		texts = shellNames
	case p.offers == "files" || p.kind == aSecret && strings.HasPrefix(typed, "@"):
		return []offer{{keep: keep, text: offerFiles}}
	}
	var offers []offer
	for _, text := range texts {
		if hasPrefixFold(strings.TrimPrefix(text, "$"), typed) {
			offers = append(offers, offer{keep: keep, text: text})
		}
	}
	return offers
}
