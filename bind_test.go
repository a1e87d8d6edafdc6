package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"connect-entra/failure"
)

// recorded is one answer of PowerShell 7.6.9 (testdata/binder/cases.jsonl): a line, the
// arguments that bash and PowerShell hand to a program for it, and what was bound or
// why not. powershell/ holds its rules to them, this package its table and types.
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
	"line: Connect-Entra --NoWelcome":        "two dashes are ours",
	"line: Connect-Entra ––NoWelcome":        "two dashes are ours, of any length",
	"line: Connect-Entra ——NoWelcome":        "two dashes are ours, of any length",
	"line: Connect-Entra ――NoWelcome":        "two dashes are ours, of any length",
	"line: Connect-Entra --Scopes User.Read": "two dashes are ours",
	"line: Connect-Entra -Secret x":          "what may be a secret is refused as one; PowerShell would ask for x's password",
	"line: Connect-Entra -ClientSecret x":    "what may be a secret is refused as one; PowerShell would ask for x's password",
	"native: Connect-Entra $cred":            "as a program's argument it is APPID:env:S, which is text",
}

// TestExplainAnswersAsPowerShell compares what explain -Json says of each recorded line.
func TestExplainAnswersAsPowerShell(t *testing.T) {
	check := func(c recorded, form string, e explanation) {
		name := form + ": " + c.Line
		answer := e.JSON()
		switch same, reason := c.is(t, answer), differences[name]; {
		case !same && reason == "":
			t.Errorf("%s\ngot  %s\nwant %+v", name, answer, c)
		case same && reason != "":
			t.Errorf("%s is no difference any more", name)
		}
	}
	connect := verbs()[0]
	for _, c := range recordedCases(t) {
		if c.Kind != "typed" { // between PowerShell's objects
			v, p, err := bindLine(c.Line)
			check(c, "line", explanation{verb: v, params: p, err: err})
		}
		for form, args := range map[string][]string{"argv": c.Argv, "native": c.Native} {
			if args != nil {
				p, err := bind(connect.parameters(), args)
				check(c, form, explanation{verb: connect, params: p, err: err})
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

// is says whether explain's answer is the recorded one.
func (c recorded) is(t *testing.T, answer string) bool {
	t.Helper()
	var got struct {
		Set   string
		Bound map[string]any
		Error struct{ ID, Message string }
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	if c.Error != "" {
		return got.Error.ID == c.Error && got.Error.Message == c.Message
	}
	return got.Error.ID == "" && got.Set == c.Set && reflect.DeepEqual(got.Bound, c.Bound)
}

// TestLiteralSecretsAreRefused holds what a shell may hand on in the place of a secret's
// place, and what is one.
func TestLiteralSecretsAreRefused(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.e30.c2ln"
	for _, c := range []struct {
		args []string
		want string // the parameter set, or the failure's id
	}{
		{[]string{token}, "literal-secret"},
		{[]string{"a", "b", token}, "literal-secret"},
		{[]string{"a," + token}, "literal-secret"},
		{[]string{"-AccessToken", "env:T", token}, "literal-secret"},
		{[]string{"-AccessToken", token}, "literal-secret"},
		{[]string{"-ClientSecretCredential", someApp + ":S"}, "literal-secret"},
		{[]string{"-ClientSecretCredential", someApp + ":env:S"}, secretSet},
		{[]string{"@token.txt"}, tokenSet},
		{[]string{"file:token.txt"}, tokenSet},
		{[]string{"a", "env:T"}, userSet},
		{[]string{"-"}, userSet},
	} {
		p, err := bind(verbs()[0].parameters(), c.args)
		got := p.Set
		if err != nil {
			got = failure.From(err).ID
		}
		if got != c.want {
			t.Errorf("%q is %s (%v), not %s", c.args, got, err, c.want)
		}
	}
}
