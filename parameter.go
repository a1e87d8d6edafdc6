// The types that PowerShell's parameters have.

package main

import (
	"slices"
	"strings"
)

// typeOfValue is a .NET type that a parameter may have.
type typeOfValue struct {
	Name   string   // as messages say it: System.String
	Values []string // of an enumeration, in the order of their numbers
	// Convert makes a value of this type: of text, of what the line does not tell (an
	// Unknown), of $null (nil), or refuses it. nil for the language's own types and for
	// enumerations, which convert as PowerShell has it.
	Convert func(p parameter, value any) (any, error)
	// Holds says that a value by position can only be one of this type. It goes to a
	// parameter of this type before all others, and where Convert refuses it, the line is
	// refused wherever it stands. nil: never.
	Holds func(value any) bool
}

// The types that the language itself converts to.
var (
	aString   = &typeOfValue{Name: "System.String"}
	aList     = &typeOfValue{Name: "System.String[]"}
	aDouble   = &typeOfValue{Name: "System.Double"}
	anInteger = &typeOfValue{Name: "System.Int32"} // from 0; of a common parameter only
	aSwitch   = &typeOfValue{Name: "System.Management.Automation.SwitchParameter"}
	aBoolean  = &typeOfValue{Name: "System.Boolean"}
	anAction  = &typeOfValue{
		Name:   "System.Management.Automation.ActionPreference",
		Values: []string{"SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"},
	}
)

// short is the type as SYNTAX prints it: String[].
func (t *typeOfValue) short() string { return t.Name[strings.LastIndexByte(t.Name, '.')+1:] }

// isOnOff holds for what takes true or false.
func (t *typeOfValue) isOnOff() bool { return t == aSwitch || t == aBoolean }

// isEnum holds for an enumeration.
func (t *typeOfValue) isEnum() bool { return t != nil && t.Values != nil }

// holds says whether a value can only be of this type.
func (t *typeOfValue) holds(value any) bool { return t.Holds != nil && t.Holds(value) }

// takes says whether the type takes the value without converting it.
func (t *typeOfValue) takes(value any) bool {
	switch v := value.(type) {
	case string:
		return t == aString || t == aList
	case []any:
		return t == aList && !slices.ContainsFunc(v, func(item any) bool { _, isText := item.(string); return !isText })
	}
	return false
}

// in is a parameter's place in one set.
type in struct {
	set       string
	position  int // from 1, as SYNTAX counts; 0: by name only
	mandatory bool
}

// parameter is a row of the table.
type parameter struct {
	name     string
	aliases  []string
	kind     *typeOfValue
	sets     []in   // nil: in all sets, by name
	notEmpty bool   // ValidateNotNullOrEmpty
	common   bool   // one of PowerShell's common parameters
	ours     bool   // not in the document: binds by its full name only
	offers   string // what completion offers for the value: clouds, files, topics or shells
	help     string
}

// Bound is what a line binds to.
type Bound struct {
	Set     string           // the parameter set; "" where the table has none
	Values  map[string]bound // by the parameter's name
	Missing []string         // mandatory parameters of Set that were not given
}

// bound is one bound parameter.
type bound struct {
	value any    // string, []string, float64, int, bool, or what a type's Convert makes; nil for $null
	typed string // the name as typed; "" by position
	how   string // name, prefix, alias, position or prompt
}

//go:noinline
func (b Bound) has(name string) bool {
	_, ok := b.Values[name]
	return ok
}

//go:noinline
func (b Bound) text(name string) string {
	s, _ := b.Values[name].value.(string)
	return s
}

//go:noinline
func (b Bound) number(name string) float64 {
	n, _ := b.Values[name].value.(float64)
	return n
}

//go:noinline
func (b Bound) on(name string) bool {
	on, _ := b.Values[name].value.(bool)
	return on
}
