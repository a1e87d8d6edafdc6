// SYNTAX as PowerShell prints it.

package powershell

import "slices"

// Syntax gives the parameters of a set as SYNTAX prints them, by position first. The
// set "" stands for all.
func Syntax(table []Parameter, set string) []string {
	type item struct {
		position int
		text     string
	}
	var items []item
	for _, p := range table {
		if set != "" && !p.In(set) {
			continue
		}
		position, mandatory := 1<<10, false
		for _, i := range p.Sets {
			if i.Set == set {
				mandatory = i.Mandatory
				if i.Position > 0 {
					position = i.Position
				}
			}
		}
		text := "-" + p.Name
		if position < 1<<10 {
			text = "[" + text + "]"
		}
		if p.Type != Switch {
			text += " <" + p.Type.Short() + ">"
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
