// SYNTAX as PowerShell prints it, rendered from the table, and how help breaks lines.

package main

import (
	"fmt"
	"slices"
	"strings"
)

// syntaxText is the document's SYNTAX, from the table, and then what it does not have.
func syntaxText() string {
	var b strings.Builder
	for i, set := range connectSets {
		title := set
		if i == 0 {
			title += " (Default)"
		}
		b.WriteString(title + "\n" + wrap("Connect-Entra "+strings.Join(syntax(documented, set), " ")+" [<CommonParameters>]") + "\n")
	}
	b.WriteString("Not in the document, bound by their full name only\n" + wrap(strings.Join(syntax(ours, ""), " ")))
	return b.String()
}

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

// column writes a row of two columns, the second wrapped before column 79.
func column(b *strings.Builder, indent, left string, width int, text string) {
	line := fmt.Sprintf("%s%-*s", indent, width, left)
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 79 {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", len(indent)+width)
		}
		line += " " + word
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// wrap breaks a line before 78 columns, between brackets, and indents it.
func wrap(text string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(strings.ReplaceAll(text, " <", "\x00<"), " ") {
		word = strings.ReplaceAll(word, "\x00", " ")
		switch {
		case i == 0:
			b.WriteString("  " + word)
			column = 2 + len(word)
		case column+1+len(word) > 78:
			b.WriteString("\n    " + word)
			column = 4 + len(word)
		default:
			b.WriteString(" " + word)
			column += 1 + len(word)
		}
	}
	return b.String() + "\n"
}
