package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// recorded is one answer of PowerShell 7.6.9 (testdata/binder/cases.jsonl): a line, the
// arguments that bash and PowerShell hand to a program for it, and what was bound or
// why not.
type recorded struct {
	Kind, Line   string
	Argv, Native []string
	Set          string
	Bound        map[string]any
	Error        string
	Message      string
}

// differences are the recorded answers that we do not give, each with its reason.
var differences = map[string]string{
	"Connect-Entra --NoWelcome":        "two dashes are ours",
	"Connect-Entra ––NoWelcome":        "two dashes are ours, of any length",
	"Connect-Entra ——NoWelcome":        "two dashes are ours, of any length",
	"Connect-Entra ――NoWelcome":        "two dashes are ours, of any length",
	"Connect-Entra --Scopes User.Read": "two dashes are ours",
	"Connect-Entra $cred":              "a credential by position is text here, as it is there, but ours is APPID:env:S and not its type's name",
}

func TestBinderAnswersAsPowerShell(t *testing.T) {
	for _, c := range recordedCases(t) {
		if c.Kind != "typed" && differences[c.Line] == "" {
			var p Params
			arguments, _, err := readPowerShell(parameters, c.Line)
			if err == nil {
				p, err = bindArguments(parameters, arguments)
			}
			if problem := c.differs(p, err); problem != "" {
				t.Errorf("%s (line): %s", c.Line, problem)
			}
		}
		for form, args := range map[string][]string{"argv": c.Argv, "native": c.Native} {
			if args == nil || differences[c.Line] != "" {
				continue
			}
			p, err := bind(parameters, args)
			if problem := c.differs(p, err); problem != "" {
				t.Errorf("%s (%s %q): %s", c.Line, form, args, problem)
			}
		}
	}
}

func recordedCases(t *testing.T) []recorded {
	t.Helper()
	data, err := os.ReadFile("testdata/binder/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var cases []recorded
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var c recorded
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// differs compares what we answered with what PowerShell did; "" if they agree.
func (c recorded) differs(p Params, err error) string {
	if c.Error != "" {
		var id bindFailure
		errors.As(err, &id)
		switch {
		case err == nil:
			return "bound " + describe(p) + ", not refused as " + c.Error
		case id.ID != c.Error:
			return "refused as " + id.ID + " (" + err.Error() + "), not as " + c.Error
		case err.Error() != c.Message && kindOf(asFailure(err).id).id != "literal-secret":
			return "said " + err.Error() + "\nnot  " + c.Message
		}
		return ""
	}
	if err != nil {
		return "refused: " + err.Error() + ", not bound to " + c.Set
	}
	if p.Set != c.Set || !reflect.DeepEqual(asRecorded(p), c.Bound) {
		return "bound " + describe(p) + ", not " + describeRecorded(c)
	}
	return ""
}

// asRecorded writes bound values as the recording does.
func asRecorded(p Params) map[string]any {
	out := map[string]any{}
	for name, b := range p.Bound {
		out[name] = plainValue(name, b.value)
		if list, ok := b.value.([]string); ok {
			items := []any{}
			for _, item := range list {
				items = append(items, item)
			}
			out[name] = items
		}
	}
	return out
}

func describe(p Params) string { return describeRecorded(recorded{Set: p.Set, Bound: asRecorded(p)}) }

func describeRecorded(c recorded) string {
	var b strings.Builder
	b.WriteString(c.Set)
	for _, name := range slices.Sorted(maps.Keys(c.Bound)) {
		data, _ := json.Marshal(c.Bound[name])
		b.WriteString(" " + name + "=" + string(data))
	}
	return b.String()
}
