// A line as PowerShell reads it: its statements, of which one is the command's. What it
// reads is bound by the same rules as a program's arguments.

package powershell

import (
	"slices"
	"strings"
)

// line is what is left of one being read.
type line struct {
	rest  []rune
	depth int // of the parentheses around
}

// maxLine is as much as Linux lets one argument be.
const maxLine = 128 << 10

// statement is a command with its arguments, the cmdlet's name among them.
type statement struct {
	arguments []Argument
	command   []string // what follows --; nil without
}

// BindLine reads a line of PowerShell, or several, and binds the first statement that
// begins with the name of a command, else the first of all. tables gives a command's
// parameters, and for what is none, ok false and those of a line without its command.
// command is the name as typed, "" without; rest is what stands behind --, nil without.
// It fails as Bind does.
func BindLine(tables func(command string) (table []Parameter, ok bool), text string) (command string, b Bound, rest []string, err error) {
	command, arguments, rest, err := ReadLine(tables, text)
	if err != nil {
		return command, Bound{}, rest, err
	}
	table, _ := tables(command)
	b, err = bindArguments(table, arguments)
	return command, b, rest, err
}

// ReadLine reads a line as BindLine does, and does not bind it.
func ReadLine(tables func(command string) (table []Parameter, ok bool), text string) (command string, arguments []Argument, rest []string, err error) {
	command, s, err := readStatement(text, func(word string) bool { _, ok := tables(word); return ok })
	if err != nil {
		return command, nil, nil, err
	}
	table, _ := tables(command)
	return command, withNames(table, s.arguments), s.command, nil
}

// readStatement finds the statement, without the command's name.
func readStatement(text string, isCommand func(string) bool) (name string, s statement, err error) {
	if len(text) > maxLine {
		return "", s, refuse("usage", "A line of more than %d bytes is not read.", maxLine)
	}
	l := &line{rest: []rune(withoutPrompts(text))}
	var first *statement
	for {
		s, err := l.statement()
		if err != nil {
			return name, s, err
		}
		called := assigned(s.arguments)
		if len(called) > 0 && called[0].Name == "" && isCommand(called[0].Typed) {
			name, s.arguments = called[0].Typed, called[1:]
			return name, s, nil
		}
		if first == nil && len(s.arguments) > 0 {
			first = &s
		}
		if len(l.rest) == 0 {
			break
		}
		l.rest = l.rest[1:] // what ended the statement
	}
	if first == nil {
		first = &statement{}
	}
	return "", *first, nil
}

// assigned leaves out the variable that a command's answer goes to: $null = Connect-Entra
func assigned(arguments []Argument) []Argument {
	if len(arguments) > 1 && strings.HasPrefix(arguments[0].Typed, "$") && arguments[1].Typed == "=" {
		return arguments[2:]
	}
	return arguments
}

// withoutPrompts takes off what documents print before a line: PS C:\> and >>.
func withoutPrompts(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if _, typed, ok := strings.Cut(line, "> "); ok && (strings.HasPrefix(line, "PS ") || strings.HasPrefix(line, ">> ")) {
			line = typed
		}
		b.WriteString(line)
	}
	return b.String()
}

func (l *line) statement() (s statement, err error) {
	for {
		l.skipSpace()
		switch {
		case l.atEnd():
			return s, nil
		case l.skipRedirection():
			continue
		case l.peekWord() == "--":
			end := slices.IndexFunc(l.rest, isEnd)
			if end < 0 {
				end = len(l.rest)
			}
			s.command = strings.Fields(string(l.rest[:end]))[1:]
			l.rest = l.rest[end:]
			return s, nil
		}
		a, err := l.argument()
		if err != nil {
			return s, err
		}
		s.arguments = append(s.arguments, a)
	}
}

// withNames gives the parameters that long names mean in a table.
func withNames(table []Parameter, arguments []Argument) []Argument {
	out := slices.Clone(arguments)
	for i, a := range out {
		if long, ok := cutDash(a.Name); ok {
			out[i].Name = kebabName(table, long)
		}
	}
	return out
}
