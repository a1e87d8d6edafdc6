// Values into the types of the table, as PowerShell converts them, with its words when
// it cannot. A secret is only ever named by its place.

package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// unknown is a $variable or an expression whose value a line does not tell: it stands
// for one of the type that its parameter wants.
type unknown string

// holds says whether a parameter takes the value without converting it.
func holds(p parameter, value any) bool {
	switch v := value.(type) {
	case string:
		return p.kind == aString || p.kind == aList
	case []any:
		return p.kind == aList && !slices.ContainsFunc(v, func(item any) bool { _, isText := item.(string); return !isText })
	case Secret:
		return p.kind == aSecret
	case unknown:
		name := strings.ToLower(string(v))
		return p.kind == aSecret && (strings.Contains(name, "tok") || strings.Contains(name, "secure"))
	}
	return false
}

// convert makes value what p wants.
func convert(p parameter, value any) (any, error) {
	switch p.kind {
	case aString:
		return toString(p, value)
	case aList:
		return toList(value), nil
	case aDouble:
		return toDouble(p, value)
	case anInteger:
		return toInteger(p, value)
	case aSwitch, aBoolean:
		return toBool(p, value)
	case aScope, anAction:
		return toEnum(p, value)
	case aSecret:
		return toSecret(p, value)
	case aCredential:
		return toCredential(p, value)
	}
	return toCertificate(p, value)
}

// cannot is a conversion that failed, as PowerShell words it for this kind of parameter.
func cannot(p parameter, format string, args ...any) error {
	why := fmt.Sprintf(format, args...)
	if p.common {
		return refuse("CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. %s", p.name, why)
	}
	return refuse("ParameterArgumentTransformationError", "Cannot process argument transformation on parameter '%s'. %s", p.name, why)
}

// netType is the .NET type of a value that a line holds.
func netType(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return string(aBoolean)
	case number:
		return v.kind
	case []any:
		return "System.Object[]"
	}
	return string(aString)
}

// showValue is a value as PowerShell makes it a string.
func showValue(value any) string {
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
	case unknown:
		return string(v)
	case Secret:
		return v.source
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
		items[i] = showValue(item)
		if n, ok := item.(number); ok {
			items[i] = n.shown
		}
	}
	return items
}

func toString(p parameter, value any) (any, error) {
	if _, isList := value.([]any); isList {
		return nil, cannot(p, "Cannot convert value to type System.String.")
	}
	return showValue(value), nil
}

func toList(value any) any {
	switch v := value.(type) {
	case nil:
		return []string(nil)
	case []any:
		return showItems(v)
	}
	return []string{showValue(value)}
}

// standIn is the number that an unknown one is taken for.
const standIn = 1

func toDouble(p parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return 0.0, nil
	case bool:
		if v {
			return 1.0, nil
		}
		return 0.0, nil
	case unknown:
		return float64(standIn), nil
	case number:
		return v.value, nil
	case string:
		if n, ok := parseDouble(v); ok {
			return n, nil
		}
		return nil, badNumber(p, v)
	}
	return nil, noConversion(p, value)
}

func badNumber(p parameter, text string) error {
	return cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"The input string '%s' was not in a correct format.\"", text, p.kind, text)
}

func noConversion(p parameter, value any) error {
	shown := netType(value)
	if n, ok := value.(number); ok {
		shown = n.shown
	}
	return cannot(p, "Cannot convert the \"%s\" value of type \"%s\" to type \"%s\".", shown, netType(value), p.kind)
}

func toInteger(p parameter, value any) (any, error) {
	if _, isList := value.([]any); isList {
		return nil, noConversion(p, value)
	}
	n, err := toDouble(p, value)
	if err != nil {
		return nil, err
	}
	rounded := math.RoundToEven(n.(float64))
	switch {
	case math.IsNaN(rounded) || math.Abs(rounded) > math.MaxInt32:
		return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"Value was either too large or too small for an Int32.\"", showValue(value), p.kind)
	case rounded < 0:
		return nil, refuse("ParameterArgumentValidationError", "Cannot validate argument on parameter '%s'. The %.0f argument is less than the minimum allowed range of 0. Supply an argument that is greater than or equal to 0 and then try the command again.", p.name, rounded)
	}
	return int(rounded), nil
}

func toBool(p parameter, value any) (any, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case unknown:
		return true, nil
	case number:
		if p.kind == aSwitch {
			return nil, noConversion(p, v)
		}
		return v.value != 0, nil
	case nil:
		if p.kind == aSwitch {
			return false, nil
		}
	}
	return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0.", netType(value), p.kind)
}

// toEnum takes a value's name, several joined by commas, whose numbers are then joined
// as bits, a number, or a prefix that fits one name only.
func toEnum(p parameter, value any) (any, error) {
	names := enums[p.kind]
	if _, isUnknown := value.(unknown); isUnknown {
		return names[0], nil
	}
	if value == nil {
		return nil, undefined(p, "null")
	}
	text := showValue(value)
	if list, ok := value.([]any); ok {
		text = strings.Join(showItems(list), ",")
	}
	bits, ok := parseEnum(names, text)
	if !ok {
		name, err := disambiguate(p, text)
		if err != nil {
			return nil, err
		}
		bits = slices.Index(names, name)
	}
	if bits < 0 || bits >= len(names) {
		return nil, undefined(p, fmt.Sprintf("value \"%d\"", bits))
	}
	if names[bits] == "Suspend" {
		return nil, refuse("ParameterBindingFailed", "Cannot bind parameter '%s' to the target. Exception setting \"%s\": \"The Suspend ActionPreference value is reserved for future use and is not supported at this time. For more information about preference variables, see the Help topic, \"about_Preference_Variables.\"\"", p.name, p.name)
	}
	return names[bits], nil
}

func undefined(p parameter, what string) error {
	return cannot(p, "Cannot convert %s to type \"%s\" due to enumeration values that are not valid. Specify one of the following enumeration values and try again. The possible enumeration values are \"%s\".", what, p.kind, strings.Join(enums[p.kind], ","))
}

// parseEnum is .NET's Enum.Parse: one number, or whole names joined by commas.
func parseEnum(names []string, text string) (bits int, ok bool) {
	if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); err == nil {
		return int(n), true
	}
	for part := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, strings.TrimSpace(part)) })
		if i < 0 {
			return 0, false
		}
		bits |= i
	}
	return bits, true
}

// disambiguate finds the one name that text begins.
func disambiguate(p parameter, text string) (string, error) {
	names := enums[p.kind]
	fits := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !hasPrefixFold(name, text) })
	switch len(fits) {
	case 0:
		return "", cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"Unable to match the identifier name %s to a valid enumerator name. Specify one of the following enumerator names and try again:\n%s\"", text, p.kind, text, strings.Join(names, ", "))
	case 1:
		return fits[0], nil
	}
	return "", cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"The identifier name %s cannot be processed because it is either too similar or identical to the following enumerator names: %s. Use a more specific identifier name.\"", text, p.kind, text, strings.Join(fits, ", "))
}
