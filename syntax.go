// SYNTAX as PowerShell prints it.

package main

import (
	"slices"
)

// syntax gives the parameters of a set as SYNTAX prints them, by position first. The
// set "" stands for all.
func syntax(table []parameter, set string) []string {
	type item struct {
		position int
		text     string
	}
	var items []item
	for _, p := range table {
		if set != "" && !p.inSet(set) {
			continue
		}
		position, mandatory := 1<<10, false
		for _, i := range p.sets {
			if i.set == set {
				mandatory = i.mandatory
				if i.position > 0 {
					position = i.position
				}
			}
		}
		text := "-" + p.name
		if position < 1<<10 {
			text = "[" + text + "]"
		}
		if p.kind != aSwitch {
			text += " <" + p.kind.short() + ">"
		}
		if !mandatory {
			text = "[" + text + "]"
		}
		items = append(items, item{position, text})
	}
	slices.SortStableFunc(items, func(a, b item) int { return a.position - b.position })
	var texts []string
	for _, i := range items {
		texts = append(texts, i.text)
	}
	return texts
}
