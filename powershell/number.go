// Numbers as PowerShell's parser reads and .NET prints them: with a type suffix, a
// multiplier, hexadecimal and binary (about_Numeric_Literals), infinity and exponents.

package powershell

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// number is a numeric literal: a bare 5, 1e3, 0x1F or 1kb of a line.
type number struct {
	text  string // as typed, which is what a String parameter gets
	value float64
	shown string // what .NET prints of it
	kind  string // its .NET type
}

// multipliers stand at the end of a literal, after a suffix.
var multipliers = map[string]float64{"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50}

// numberType is one that a suffix asks for, with what it can hold.
type numberType struct {
	suffix, name string
	low, high    float64
}

// numberTypes are in the order in which a literal without suffix tries them; those
// behind decimal are had by their suffix only.
var numberTypes = []numberType{
	{"", "System.Int32", math.MinInt32, math.MaxInt32},
	{"l", "System.Int64", math.MinInt64, math.MaxInt64},
	{"d", "System.Decimal", -7.9e28, 7.9e28},
	{"y", "System.SByte", math.MinInt8, math.MaxInt8},
	{"uy", "System.Byte", 0, math.MaxUint8},
	{"s", "System.Int16", math.MinInt16, math.MaxInt16},
	{"us", "System.UInt16", 0, math.MaxUint16},
	{"u", "System.UInt64", 0, math.MaxUint64},
	{"ul", "System.UInt64", 0, math.MaxUint64},
	{"n", "System.Numerics.BigInteger", math.Inf(-1), math.Inf(1)},
}

// integers are the .NET types that an enumeration takes as a number.
var integers = []string{"System.Int32", "System.Int64", "System.SByte", "System.Byte", "System.Int16", "System.UInt16", "System.UInt64"}

// readNumber reads a literal, with a sign.
func readNumber(text string) (number, bool) {
	lower := strings.ToLower(text)
	unsigned := strings.TrimLeft(lower, Dashes+"+")
	sign := lower[:len(lower)-len(unsigned)]
	if utf8.RuneCountInString(sign) > 1 {
		return number{}, false
	}
	negative := sign != "" && sign != "+"
	digits, tail := cutDigits(unsigned)
	suffix, factor, ok := cutMultiplier(tail)
	if !ok {
		return number{}, false
	}
	value, real, ok := literalValue(digits, strings.HasPrefix(suffix, "u"))
	if !ok {
		return number{}, false
	}
	value *= factor
	if negative && (real || value != 0) { // an integer has no -0
		value = -value
	}
	if real && suffix != "" && suffix != "d" {
		value = math.RoundToEven(value)
	}
	kind, ok := typeOfNumber(suffix, value, real)
	if !ok {
		return number{}, false
	}
	n := number{text: text, value: value, kind: kind, shown: showDouble(value)}
	if kind != "System.Double" && factor == 1 && !real && strings.Trim(digits, "0123456789") == "" {
		n.shown = strings.TrimLeft(digits, "0")
		if n.shown == "" {
			n.shown = "0"
		} else if negative {
			n.shown = "-" + n.shown
		}
	}
	return n, true
}

// typeOfNumber gives a literal its .NET type: the suffix's, or the first that holds it.
func typeOfNumber(suffix string, value float64, real bool) (string, bool) {
	if suffix != "" {
		i := slices.IndexFunc(numberTypes, func(t numberType) bool { return t.suffix == suffix })
		return numberTypes[i].name, value >= numberTypes[i].low && value <= numberTypes[i].high
	}
	if real {
		return "System.Double", true
	}
	for _, t := range numberTypes[:3] {
		if value >= t.low && value <= t.high {
			return t.name, true
		}
	}
	return "System.Double", true
}

func cutMultiplier(tail string) (suffix string, factor float64, ok bool) {
	for name, factor := range multipliers {
		suffix, ok := strings.CutSuffix(tail, name)
		if ok && (suffix == "" || slices.ContainsFunc(numberTypes, func(t numberType) bool { return t.suffix == suffix })) {
			return suffix, factor, true
		}
	}
	return "", 0, false
}

// cutDigits parts the digits of a literal, in lower case, from what stands behind them.
func cutDigits(text string) (digits, tail string) {
	for prefix, set := range map[string]string{"0x": "0123456789abcdef", "0b": "01"} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			if tail := strings.TrimLeft(rest, set); tail != rest {
				return text[:len(text)-len(tail)], tail
			}
		}
	}
	const decimal = "0123456789"
	rest := strings.TrimLeft(text, decimal)
	if strings.HasPrefix(rest, ".") {
		rest = strings.TrimLeft(rest[1:], decimal)
	}
	if exponent, ok := strings.CutPrefix(rest, "e"); ok {
		power := strings.TrimPrefix(strings.TrimPrefix(exponent, "+"), "-")
		if tail := strings.TrimLeft(power, decimal); tail != power && len(exponent)-len(power) < 2 {
			rest = tail
		}
	}
	return text[:len(text)-len(rest)], rest
}

// literalValue reads digits; real tells those that are a Double without a suffix.
func literalValue(digits string, unsigned bool) (value float64, real, ok bool) {
	switch {
	case strings.HasPrefix(digits, "0x"):
		return bitPattern(digits[2:], 16, unsigned, []int{8, 16})
	case strings.HasPrefix(digits, "0b"):
		return bitPattern(digits[2:], 2, unsigned, []int{8, 16, 32, 64})
	case strings.Trim(digits, ".") == "" || !strings.ContainsAny(digits[:min(2, len(digits))], "0123456789"):
		return 0, false, false
	}
	n, err := strconv.ParseFloat(digits, 64)
	return n, strings.ContainsAny(digits, ".e"), err == nil || math.IsInf(n, 0)
}

// bitsOf a digit in each base.
var bitsOf = map[int]int{2: 1, 16: 4}

// bitPattern reads digits of base 16 or 2. Where there are as many as signed says, the
// first bit is the sign's, as in PowerShell.
func bitPattern(digits string, base int, unsigned bool, signed []int) (value float64, real, ok bool) {
	n, err := strconv.ParseUint(digits, base, 64)
	value = float64(n)
	if bits := len(digits) * bitsOf[base]; err == nil && !unsigned && slices.Contains(signed, len(digits)) && n>>(bits-1) == 1 {
		value = float64(int64(n<<(64-bits)) >> (64 - bits))
	}
	return value, false, err == nil
}

// parseDouble reads a string as .NET's double.Parse does, commas between digits and
// all, and else as a literal.
func parseDouble(text string) (float64, bool) {
	text = strings.ToLower(strings.Trim(text, " \t\n\v\f\r"))
	switch text {
	case "":
		return 0, true
	case "infinity", "+infinity":
		return math.Inf(1), true
	case "-infinity":
		return math.Inf(-1), true
	case "nan", "+nan", "-nan":
		return math.NaN(), true
	}
	plain := strings.TrimLeft(text, "+-")
	whole, fraction, _ := strings.Cut(plain, ".")
	if !strings.HasPrefix(whole, ",") && !strings.Contains(fraction, ",") && strings.Trim(plain, "0123456789.,e+-") == "" {
		if n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64); err == nil || math.IsInf(n, 0) {
			return n, true
		}
	}
	n, ok := readNumber(text)
	return n.value, ok
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
	}
	scientific := strconv.FormatFloat(n, 'E', -1, 64)
	_, power, _ := strings.Cut(scientific, "E")
	if exponent, _ := strconv.Atoi(power); exponent >= 15 || exponent <= -5 {
		return scientific
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}
