package powershell

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestCompletionOffersAsPowerShell compares with what PowerShell 7.6.9 offers at the end
// of a line. A parameter that the cmdlet does not have comes behind.
func TestCompletionOffersAsPowerShell(t *testing.T) {
	data, err := os.ReadFile("../testdata/binder/completion.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var c struct {
			Line   string
			Offers []string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		words := strings.Split(c.Line, " ")
		got := []string{}
		for _, o := range Complete(connectEntra, words[1:len(words)-1], words[len(words)-1], noValues) {
			if o.Text != "-SendCertificateChain" {
				got = append(got, o.Text)
			}
		}
		if !slices.Equal(got, c.Offers) {
			t.Errorf("%q\ngot  %s\nwant %s", c.Line, got, c.Offers)
		}
	}
}

func noValues(Parameter, string) []string { return nil }

// TestComplete holds what PowerShell does not have: two dashes, and a program's values.
func TestComplete(t *testing.T) {
	values := func(p Parameter, typed string) []string { return []string{p.Name + "=" + typed} }
	for line, want := range map[string]string{
		"-Environment U":          "Environment=U",
		"-Environment:C":          "-Environment:Environment=C",
		"--cl":                    "--client-id --client-secret-credential --client-timeout",
		"--context-scope=":        "--context-scope=CurrentUser --context-scope=Process",
		"-NoWelcome:":             "-NoWelcome:$true -NoWelcome:$false",
		"-NoWelcome:f":            "-NoWelcome:$false",
		"-Unknown ":               "Scopes=",
		"-Unknown:":               "",
		"a b x":                   "CertificateThumbprint=x",
		"-Identity -UseDeviceCod": "-UseDeviceCode",
	} {
		words := strings.Split(line, " ")
		var got []string
		for _, o := range Complete(connectEntra, words[:len(words)-1], words[len(words)-1], values) {
			got = append(got, o.Keep+o.Text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q\ngot  %s\nwant %s", line, got, want)
		}
	}
}
