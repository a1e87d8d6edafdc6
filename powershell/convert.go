// Values into the language's own types, as PowerShell converts them, with its words when
// it cannot.

package powershell

import (
	"fmt"
	"strings"
)

// Unknown is a $variable or an expression whose value a line does not tell: it stands
// for one of the type that its parameter wants.
type Unknown string

// IsVariable holds for $name, and not for an expression, which may hold anything.
func (v Unknown) IsVariable() bool {
	name, ok := strings.CutPrefix(string(v), "$")
	return ok && name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) && r != ':' })
}

// convert makes value what p wants.
func convert(p Parameter, value any) (any, error) {
	if p.Common {
		return convertCommon(p, value)
	}
	switch {
	case p.Type.Convert != nil:
		return p.Type.Convert(p, value)
	case p.Type.isEnum():
		return toEnum(p, value)
	case p.Type == String:
		return toString(p, value)
	case p.Type == StringArray:
		return toList(value), nil
	case p.Type == Double:
		return toDouble(p, value)
	case p.Type.isOnOff():
		return toBool(p, value)
	}
	return nil, NoConversion(p, value)
}

// cannot is a conversion that failed, as PowerShell words it for this kind of parameter.
func cannot(p Parameter, format string, args ...any) *Error {
	why := fmt.Sprintf(format, args...)
	if p.Common {
		return refuse("CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. %s", p.Name, why)
	}
	return refuse("ParameterArgumentTransformationError", "Cannot process argument transformation on parameter '%s'. %s", p.Name, why)
}

// netType is the .NET type of a value that a line holds.
func netType(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return Boolean.Name
	case number:
		return v.kind
	case []any:
		return "System.Object[]"
	}
	return String.Name
}

// Show is a value as PowerShell makes it a string.
func Show(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		return showDouble(v)
	case number:
		return v.text
	case Unknown:
		return string(v)
	case []any:
		return strings.Join(showItems(v), " ")
	}
	return ""
}

// showItems makes strings of a list's items. Within a list a number is no longer what
// was typed but its value.
func showItems(list []any) []string {
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = Show(item)
		if n, ok := item.(number); ok {
			items[i] = n.shown
		}
	}
	return items
}

func toString(p Parameter, value any) (any, error) {
	if _, isList := value.([]any); isList {
		return nil, cannot(p, "Cannot convert value to type System.String.")
	}
	return Show(value), nil
}

func toList(value any) any {
	switch v := value.(type) {
	case nil:
		return []string(nil)
	case []any:
		return showItems(v)
	}
	return []string{Show(value)}
}

// standIn is the number that an unknown one is taken for.
const standIn = 1

func toDouble(p Parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return 0.0, nil
	case bool:
		if v {
			return 1.0, nil
		}
		return 0.0, nil
	case Unknown:
		return float64(standIn), nil
	case number:
		return v.value, nil
	case string:
		if n, ok := parseDouble(v); ok {
			return n, nil
		}
		return nil, badNumber(p, v)
	}
	return nil, NoConversion(p, value)
}

func badNumber(p Parameter, text string) error {
	return BadValue(p, text, "The input string '"+text+"' was not in a correct format.")
}

// BadValue is a value that .NET would not convert, with its reason.
func BadValue(p Parameter, text, why string) *Error {
	return cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"%s\"", text, p.Type.Name, why)
}

// NoConversion is a value of a type that p's type does not come from.
func NoConversion(p Parameter, value any) *Error {
	shown := netType(value)
	if n, ok := value.(number); ok {
		shown = n.shown
	}
	return cannot(p, "Cannot convert the \"%s\" value of type \"%s\" to type \"%s\".", shown, netType(value), p.Type.Name)
}

func toBool(p Parameter, value any) (any, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case Unknown:
		return true, nil
	case number:
		if p.Type == Switch {
			return nil, NoConversion(p, v)
		}
		return v.value != 0, nil
	case nil:
		if p.Type == Switch {
			return false, nil
		}
	}
	return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0.", netType(value), p.Type.Name)
}
