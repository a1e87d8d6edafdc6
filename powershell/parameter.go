// What a table says of its parameters, and what a line binds to.

package powershell

import (
	"slices"
	"strings"
)

// Type is a .NET type that a parameter may have. Compare it by its address.
type Type struct {
	Name   string   // as messages say it: System.String
	Values []string // of an enumeration, in the order of their numbers
	// Convert makes what p binds of the value of an Argument, or refuses it with an *Error
	// or an error of its own. nil for the types below and for enumerations, which convert
	// as PowerShell has it.
	Convert func(p Parameter, value any) (any, error)
	// Holds says that a value by position can only be of this type, for which PowerShell
	// would have an object. It goes to a parameter of this type before others; where none
	// is free, an Unknown binds as the type's name, as PowerShell makes text of an object;
	// and where Convert refuses it, so is the line. nil: never.
	Holds func(value any) bool
}

// The types that the language itself converts to.
var (
	String           = &Type{Name: "System.String"}
	StringArray      = &Type{Name: "System.String[]"}
	Double           = &Type{Name: "System.Double"}
	Int32            = &Type{Name: "System.Int32"} // from 0; of a common parameter only
	Switch           = &Type{Name: "System.Management.Automation.SwitchParameter"}
	Boolean          = &Type{Name: "System.Boolean"}
	ActionPreference = &Type{
		Name:   "System.Management.Automation.ActionPreference",
		Values: []string{"SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"},
	}
)

// Short is the type as SYNTAX prints it: String[].
func (t *Type) Short() string { return t.Name[strings.LastIndexByte(t.Name, '.')+1:] }

// isOnOff holds for what takes true or false.
func (t *Type) isOnOff() bool { return t == Switch || t == Boolean }

// isEnum holds for an enumeration.
func (t *Type) isEnum() bool { return t != nil && t.Values != nil }

// holds says whether a value can only be of this type.
func (t *Type) holds(value any) bool { return t.Holds != nil && t.Holds(value) }

// takes says whether the type takes the value without converting it.
func (t *Type) takes(value any) bool {
	switch v := value.(type) {
	case string:
		return t == String || t == StringArray
	case []any:
		return t == StringArray && !slices.ContainsFunc(v, func(item any) bool { _, isText := item.(string); return !isText })
	}
	return false
}

// InSet is a parameter's place in one parameter set.
type InSet struct {
	Set       string // its name: UserParameterSet
	Position  int    // from 1, as SYNTAX counts; 0: by name only
	Mandatory bool   // a line of this set must give it, or is asked for it
}

// Parameter is a row of a table. Its order is that of the command's parameters in
// PowerShell, which messages and completion keep.
type Parameter struct {
	Name      string   // without a dash: ClientId
	Aliases   []string // other full names
	Type      *Type    // what its value is converted to
	Sets      []InSet  // nil: in all sets, by name
	NotEmpty  bool     // ValidateNotNullOrEmpty
	Common    bool     // one of PowerShell's common parameters (about_CommonParameters)
	FullName  bool     // binds by its full name only, and no prefix is ambiguous because of it
	Completer string   // for the caller of Complete: what its values are
	Help      string   // a line about it
}

// Bound is what a line binds to.
type Bound struct {
	Set     string           // the parameter set; "" where the table has none, or none was found
	Values  map[string]Value // by the parameter's name
	Missing []string         // mandatory parameters of Set that were not given
}

// Value is one bound parameter.
type Value struct {
	Value any    // string, []string, float64, int, bool, or what a type's Convert makes; nil for $null
	Typed string // the name as typed; "" by position
	How   string // name, alias, prefix, position, or prompt where it was asked for
}

// Has says whether the parameter was bound, to $null too.
//
//go:noinline
func (b Bound) Has(name string) bool {
	_, ok := b.Values[name]
	return ok
}

// Text gives a String or the name of an enumeration's value; "" without one.
//
//go:noinline
func (b Bound) Text(name string) string {
	s, _ := b.Values[name].Value.(string)
	return s
}

// Number gives a Double; 0 without one.
//
//go:noinline
func (b Bound) Number(name string) float64 {
	n, _ := b.Values[name].Value.(float64)
	return n
}

// On says whether a switch or Boolean is there and true.
//
//go:noinline
func (b Bound) On(name string) bool {
	on, _ := b.Values[name].Value.(bool)
	return on
}
