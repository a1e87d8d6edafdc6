// Values for PowerShell's common parameters. The engine binds those by itself, not by a
// function's rules: other conversions, other words.

package powershell

import (
	"fmt"
	"math"
	"strings"
)

// convertCommon makes value what the common parameter p wants.
func convertCommon(p Parameter, value any) (any, error) {
	if _, isList := value.([]any); isList && p.Type != ActionPreference {
		return nil, cannotBind(p, value)
	}
	switch p.Type {
	case Switch:
		return toCommonSwitch(p, value)
	case ActionPreference:
		return toPreference(p, value)
	case Int32:
		return toCount(p, value)
	}
	return toVariableName(p, value)
}

// cannotBind is a value of a type that p does not take at all. What .NET adds stands
// behind a list only.
func cannotBind(p Parameter, value any) error {
	why := ""
	if _, isList := value.([]any); isList && p.Type != Switch {
		why = "Specified method is not supported."
	}
	return refuse("CannotConvertArgument", "Cannot convert '%s' to the type '%s' required by parameter '%s'. %s", netType(value), p.Type.Name, p.Name, why)
}

// toCommonSwitch takes numbers as well. That the name stands there makes null true.
func toCommonSwitch(p Parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil, Unknown:
		return true, nil
	case bool:
		return v, nil
	case number:
		return v.value != 0, nil
	}
	return nil, cannotBind(p, value)
}

func toPreference(p Parameter, value any) (any, error) {
	if value == nil {
		return nil, cannotSet(p, "Object reference not set to an instance of an object.")
	}
	name, err := toEnum(p, value)
	if name == "Suspend" {
		return nil, cannotSet(p, `The Suspend ActionPreference value is reserved for future use and is not supported at this time. For more information about preference variables, see the Help topic, "about_Preference_Variables."`)
	}
	return name, err
}

func cannotSet(p Parameter, why string) error {
	return refuse("ParameterBindingFailed", "Cannot bind parameter '%s' to the target. Exception setting \"%s\": \"%s\"", p.Name, p.Name, why)
}

func invalid(p Parameter, format string, args ...any) error {
	return refuse("ParameterArgumentValidationError", "Cannot validate argument on parameter '%s'. %s", p.Name, fmt.Sprintf(format, args...))
}

// toCount takes an Int32 from 0, to which others are rounded.
func toCount(p Parameter, value any) (any, error) {
	if value == nil {
		return nil, invalid(p, "The argument is null, empty, or an element of the argument collection contains a null value. Supply a collection that does not contain any null values and then try the command again.")
	}
	n, err := toDouble(p, value)
	if err != nil {
		return nil, err
	}
	rounded := math.RoundToEven(n.(float64))
	switch {
	case math.IsNaN(rounded) || rounded < math.MinInt32 || rounded > math.MaxInt32:
		return nil, BadValue(p, Show(value), "Value was either too large or too small for an Int32.")
	case rounded < 0:
		return nil, invalid(p, "The %.0f argument is less than the minimum allowed range of 0. Supply an argument that is greater than or equal to 0 and then try the command again.", rounded)
	}
	return int(rounded), nil
}

// toVariableName takes the name of a variable, with + where it is to be added to. A
// drive before it makes it none of a variable.
func toVariableName(p Parameter, value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	text := Show(value)
	name := strings.TrimPrefix(text, "+")
	switch drive, _, ok := strings.Cut(name, ":"); {
	case name == "":
		return nil, invalid(p, `Cannot process argument because the value of argument "path" is not valid. Change the value of the "path" argument and run the operation again.`)
	case ok && drive != "" && !isScope(drive):
		return nil, invalid(p, "Cannot validate argument '%s' because it is not a valid variable name.", name)
	}
	return text, nil
}

// isScope holds for what may stand before a variable's name.
func isScope(drive string) bool {
	switch strings.ToLower(drive) {
	case "global", "local", "script", "private", "variable":
		return true
	}
	return false
}
