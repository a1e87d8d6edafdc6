// Values of enumerations, as .NET and PowerShell read them.

package powershell

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// toEnum takes a value's name, several joined by commas, whose numbers are then joined
// as bits, a number, or a prefix that fits one name only.
func toEnum(p Parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, undefined(p, "null")
	case Unknown:
		return p.Type.Values[0], nil
	case bool:
		return nil, BadValue(p, Show(v), "Invalid cast from '"+Boolean.Name+"' to '"+p.Type.Name+"'.")
	case number:
		if slices.Contains(integers, v.kind) {
			return member(p, v.value, v.shown)
		}
	case []any:
		text, err := joinEnum(p, v)
		if err != nil {
			return nil, err
		}
		value = text
	}
	text := Show(value)
	if bits, ok := parseEnum(p.Type.Values, text); ok {
		return member(p, float64(bits), text)
	}
	if _, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); errors.Is(err, strconv.ErrRange) {
		return nil, BadValue(p, text, "Value was either too large or too small for an Int32.")
	}
	return disambiguate(p, text)
}

// member is the name of a number.
func member(p Parameter, n float64, typed string) (any, error) {
	if names := p.Type.Values; n >= 0 && n < float64(len(names)) {
		return names[int(n)], nil
	}
	return nil, undefined(p, `value "`+typed+`"`)
}

// joinEnum joins a list's items by commas. Those that are no text are made values first.
func joinEnum(p Parameter, list []any) (string, error) {
	items := make([]string, len(list))
	for i, item := range list {
		if _, isText := item.(string); !isText {
			name, err := toEnum(p, item)
			if err != nil {
				return "", err
			}
			item = name
		}
		items[i] = Show(item)
	}
	return strings.Join(items, ","), nil
}

func undefined(p Parameter, what string) error {
	return cannot(p, "Cannot convert %s to type \"%s\" due to enumeration values that are not valid. Specify one of the following enumeration values and try again. The possible enumeration values are \"%s\".", what, p.Type.Name, strings.Join(p.Type.Values, ","))
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
func disambiguate(p Parameter, text string) (any, error) {
	names := p.Type.Values
	fits := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !hasPrefixFold(name, text) })
	switch len(fits) {
	case 0:
		return nil, BadValue(p, text, "Unable to match the identifier name "+text+" to a valid enumerator name. Specify one of the following enumerator names and try again:\n"+strings.Join(names, ", "))
	case 1:
		return fits[0], nil
	}
	return nil, BadValue(p, text, "The identifier name "+text+" cannot be processed because it is either too similar or identical to the following enumerator names: "+strings.Join(fits, ", ")+". Use a more specific identifier name.")
}
