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

// object stands for a PowerShell object that a $variable in a line would hold.
type object string

const (
	aToken      object = "<securestring>"
	aPair       object = "<pscredential>"
	aCertObject object = "<certificate>"
)

// holds says whether a parameter of that kind takes the value as it is.
func holds(kind kindOfValue, value any) bool {
	switch v := value.(type) {
	case string:
		return (kind == aString || kind == aList) && !isPlace(v) || kind == aSecret && isPlace(v)
	case []string:
		return kind == aList
	case object:
		return kind == aSecret && v == aToken || kind == aCredential && v == aPair || kind == aCertificate && v == aCertObject
	case bool:
		return kind == aSwitch || kind == aBoolean
	}
	return false
}

// isPlace says whether a value by position can only be the place of a secret.
func isPlace(text string) bool { return text != "-" && isSecretSource(text) }

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

func toString(p parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case []string:
		return nil, cannot(p, "Cannot convert value to type System.String.")
	case string:
		return v, nil
	case bool:
		return showValue(v), nil
	}
	return showValue(value), nil
}

func toList(value any) any {
	switch v := value.(type) {
	case nil:
		return []string(nil)
	case []string:
		return v
	}
	return []string{showValue(value)}
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
	case []string:
		return "System.Object[]"
	case number:
		return string(v)
	case variable:
		return string(v)
	case object:
		return typeNames[v]
	}
	return ""
}

// typeNames are what PowerShell makes of an object for a string.
var typeNames = map[object]string{
	aToken:      "System.Security.SecureString",
	aPair:       "System.Management.Automation.PSCredential",
	aCertObject: "System.Security.Cryptography.X509Certificates.X509Certificate2",
}

// showDouble is a Double in its shortest form, as .NET writes it.
func showDouble(n float64) string {
	switch {
	case math.IsInf(n, 1):
		return "Infinity"
	case math.IsInf(n, -1):
		return "-Infinity"
	case math.IsNaN(n):
		return "NaN"
	case n == math.Trunc(n) && math.Abs(n) < 1e15:
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}

// toDouble reads a number as PowerShell does: with exponent, thousands, hexadecimal,
// a type suffix, or a multiplier.
func toDouble(p parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return 0.0, nil
	case bool:
		if v {
			return 1.0, nil
		}
		return 0.0, nil
	case float64:
		return v, nil
	case variable:
		return 0.0, nil
	case number:
		n, _ := parseNumber(string(v))
		return n, nil
	case []string:
		return nil, cannot(p, "Cannot convert the \"System.Object[]\" value of type \"System.Object[]\" to type \"%s\".", p.kind)
	case string:
		if n, ok := parseNumber(v); ok {
			return n, nil
		}
		return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"The input string '%s' was not in a correct format.\"", v, p.kind, v)
	}
	return nil, cannot(p, "Cannot convert value to type %s.", p.kind)
}

// multipliers and suffixes of PowerShell's numbers (about_Numeric_Literals).
var (
	multipliers = map[string]float64{"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50}
	suffixes    = []string{"ul", "us", "uy", "d", "l", "n", "s", "u", "y"}
)

func parseNumber(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, true
	}
	sign, digits := 1.0, strings.ToLower(text)
	switch {
	case strings.HasPrefix(digits, "-"):
		sign, digits = -1, digits[1:]
	case strings.HasPrefix(digits, "+"):
		digits = digits[1:]
	}
	switch digits {
	case "infinity", "∞":
		return sign * math.Inf(1), true
	case "nan":
		return math.NaN(), true
	}
	if digits == "" || strings.ContainsAny(digits, "_+ip") && !strings.ContainsAny(digits, "e0123456789") {
		return 0, false
	}
	if n, ok := parseDigits(digits); ok {
		return sign * n, true
	}
	factor := 1.0
	for name, f := range multipliers {
		if rest, ok := strings.CutSuffix(digits, name); ok {
			digits, factor = rest, f
			break
		}
	}
	if n, ok := parseDigits(digits); ok {
		return sign * n * factor, true
	}
	for _, suffix := range suffixes {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			if n, ok := parseDigits(rest); ok {
				return sign * n * factor, true
			}
		}
	}
	return 0, false
}

func parseDigits(digits string) (float64, bool) {
	for prefix, base := range map[string]int{"0x": 16, "0b": 2} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok {
			n, err := strconv.ParseUint(rest, base, 64)
			return float64(n), err == nil
		}
	}
	for _, r := range digits {
		if !(r >= '0' && r <= '9' || r == '.' || r == 'e' || r == '+' || r == '-' || r == ',') {
			return 0, false
		}
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	if strings.HasPrefix(whole, ",") || strings.Contains(fraction, ",") {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, false
	}
	return n, true
}

func toInteger(p parameter, value any) (any, error) {
	if _, unknown := value.(variable); unknown {
		return 0, nil
	}
	text := showValue(value)
	n, ok := parseNumber(text)
	if !ok {
		return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"The input string '%s' was not in a correct format.\"", text, p.kind, text)
	}
	if n != n || math.Abs(n) > math.MaxInt32 {
		return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"Value was either too large or too small for an Int32.\"", text, p.kind)
	}
	return int(math.RoundToEven(n)), nil
}

// switchWords are what a switch takes after its colon, as shells pass it on.
var switchWords = map[string]bool{"true": true, "$true": true, "1": true, "false": false, "$false": false, "0": false}

func toBool(p parameter, value any) (any, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		if on, ok := switchWords[strings.ToLower(v)]; ok {
			return on, nil
		}
		return nil, cannot(p, "Cannot convert value \"System.String\" to type \"%s\". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0.", p.kind)
	case plainText:
		return toBool(p, "")
	case variable:
		return true, nil
	case number:
		return nil, cannot(p, "Cannot convert the \"%s\" value of type \"System.Int32\" to type \"%s\".", string(v), p.kind)
	}
	return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\".", showValue(value), p.kind)
}

// toEnum takes a value's name, a prefix that fits one only, its number, or several
// joined by commas, whose numbers are then joined as bits.
func toEnum(p parameter, value any) (any, error) {
	names := enums[p.kind]
	list := strings.Join(names, ", ")
	if value == nil {
		return nil, cannot(p, "Cannot convert null to type \"%s\" due to enumeration values that are not valid. Specify one of the following enumeration values and try again. The possible enumeration values are \"%s\".", p.kind, strings.Join(names, ","))
	}
	if _, unknown := value.(variable); unknown {
		return names[0], nil
	}
	text := showValue(value)
	bits := 0
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		n, err := strconv.Atoi(part)
		if err != nil {
			var fits []int
			for i, name := range names {
				if strings.EqualFold(name, part) {
					fits = []int{i}
					break
				}
				if hasPrefixFold(name, part) {
					fits = append(fits, i)
				}
			}
			switch len(fits) {
			case 0:
				return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"Unable to match the identifier name %s to a valid enumerator name. Specify one of the following enumerator names and try again:\n%s\"", text, p.kind, part, list)
			case 1:
			default:
				similar := make([]string, len(fits))
				for i, fit := range fits {
					similar[i] = names[fit]
				}
				return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"The identifier name %s cannot be processed because it is either too similar or identical to the following enumerator names: %s. Use a more specific identifier name.\"", text, p.kind, part, strings.Join(similar, ", "))
			}
			n = fits[0]
		}
		bits |= n
	}
	if bits < 0 || bits >= len(names) {
		return nil, cannot(p, "Cannot convert value \"%s\" to type \"%s\" due to enumeration values that are not valid. Specify one of the following enumeration values and try again. The possible enumeration values are \"%s\".", text, p.kind, strings.Join(names, ","))
	}
	if names[bits] == "Suspend" {
		return nil, refuse("ParameterBindingFailed", "Cannot bind parameter '%s' to the target. Exception setting \"%s\": \"The Suspend ActionPreference value is reserved for future use and is not supported at this time. For more information about preference variables, see the Help topic, \"about_Preference_Variables.\"\"", p.name, p.name)
	}
	return names[bits], nil
}

// toSecret takes the place of a secret. A literal one is refused and not repeated:
// PowerShell refuses a plain string for a SecureString too.
func toSecret(p parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case object, variable:
		return Secret{}, nil
	case string:
		if isSecretSource(v) {
			return Secret{v}, nil
		}
	}
	return nil, fail("literal-secret", "-%s does not take the secret itself: command lines are seen by others and kept in histories.", p.name).
		try("name where it is: -%s - (stdin or a prompt), @FILE, file:PATH or env:NAME", p.name).
		because(bindFailure{"ParameterArgumentTransformationError"})
}

// toCredential takes an application's ID, alone or with the place of its secret.
func toCredential(p parameter, value any) (any, error) {
	text, ok := value.(string)
	switch value.(type) {
	case object, variable:
		return credential{}, nil
	}
	id, place, placed := strings.Cut(text, ":")
	if ok && isGUID(id) && (!placed || isSecretSource(place)) {
		return credential{id, Secret{place}}, nil
	}
	return nil, fail("literal-secret", "-%s takes an application's ID, and after a colon only the place of its secret.", p.name).
		try("-%s APPID (asks for the secret), APPID:env:NAME, APPID:@FILE, APPID:file:PATH or APPID:-", p.name).
		because(bindFailure{"ParameterArgumentTransformationError"})
}

func toCertificate(p parameter, value any) (any, error) {
	switch v := value.(type) {
	case string:
		if namesCertificate(v) {
			return nil, noSuchFile(p, v)
		}
		if v != "" {
			return v, nil
		}
	case object, variable:
		return "$certificate", nil
	case nil:
		return "", nil
	}
	return nil, cannot(p, "Cannot convert the value to type \"%s\".", p.kind)
}

// namesCertificate holds for what is no file but names a certificate in a store.
func namesCertificate(text string) bool {
	key, _, isSubject := strings.Cut(text, "=")
	isHex := strings.Trim(text, "0123456789abcdefABCDEF") == ""
	return isSubject && slices.Contains([]string{"CN", "O", "OU", "C", "L", "S", "DC", "E"}, strings.ToUpper(key)) || isHex && len(text) == 40
}

// noSuchFile is what PowerShell says where -Certificate gets a name instead of a file.
func noSuchFile(p parameter, text string) error {
	f := asFailure(cannot(p, "Cannot convert value \"%s\" to type \"%s\". Error: \"error:10000080:BIO routines::no such file\"", text, p.kind))
	if strings.Contains(text, "=") {
		return f.try("-CertificateSubjectName '%s'", text)
	}
	return f.try("-CertificateThumbprint %s", text)
}
