//go:build !js

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"connect-entra/powershell"
)

// TestCompletionOffersAsPowerShell compares with what PowerShell 7.6.9 offers at the end
// of a line. Our own parameters come behind, and -Environment's clouds are ours too.
func TestCompletionOffersAsPowerShell(t *testing.T) {
	data, err := os.ReadFile("testdata/binder/completion.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	isOurs := func(text string) bool {
		return slices.ContainsFunc(ours, func(p powershell.Parameter) bool { return "-"+p.Name == text }) ||
			slices.ContainsFunc(clouds, func(e Environment) bool { return e.Name == text })
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
		got := []string{}
		for _, o := range complete(splitWords(c.Line), clouds) {
			if !isOurs(o.Text) {
				got = append(got, o.Text)
			}
		}
		if !slices.Equal(got, c.Offers) {
			t.Errorf("%q\ngot  %s\nwant %s", c.Line, got, c.Offers)
		}
	}
}

// TestCompletionOfOurs holds what PowerShell does not have.
func TestCompletionOfOurs(t *testing.T) {
	for line, want := range map[string]string{
		"connect-entra ":                              "connect disconnect context environments token request explain sandbox completion help version",
		"connect-entra context u":                     "use",
		"connect-entra Context ":                      "use",
		"./Add-EntraEnvironment -A":                   "-AzureADEndpoint",
		"connect-entra t":                             "token",
		"connect-entra -Environment U":                "USGov USGovDoD",
		"connect-entra -Environment:C":                "-Environment:China",
		"connect-entra --cl":                          "--client-id --client-secret-credential --client-timeout",
		"connect-entra --context-scope=":              "--context-scope=CurrentUser --context-scope=Process",
		"connect-entra token -Sh":                     "-Show",
		"connect-entra environments US":               "USGov USGovDoD",
		"connect-entra Get-MgEnvironment -":           "-Name -All -Json",
		"/usr/bin/Get-MgEnvironment -":                "-Name -All -Json",
		"connect-entra -Certificate a":                ":files",
		"connect-entra -AccessToken @":                ":files",
		"connect-entra -Identity -- c":                ":files",
		"connect-entra explain -Identity -Cl":         "-ClientId -ClientTimeout",
		"connect-entra completion ":                   "bash zsh fish powershell",
		"connect-entra help AccessT":                  "AccessToken",
		"connect-entra -ClientId x -Certificate f -S": "-Scopes -SecretCredential -SendCertificateChain",
		`connect-entra -TenantId "a b" -Id`:           "-Identity",
	} {
		var got []string
		for _, o := range complete(splitWords(line), clouds) {
			if row := slices.IndexFunc(commonParameters, func(p powershell.Parameter) bool { return "-"+p.Name == o.Text }); row < 0 {
				got = append(got, o.Keep+o.Text)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q\ngot  %s\nwant %s", line, got, want)
		}
	}
}

// FuzzCompletion completes whatever bash hands on.
func FuzzCompletion(f *testing.F) {
	for _, seed := range []string{"connect-entra ", "connect-entra token -Scopes a,\"b c\" --cl", "Get-MgEnvironment \\-", "x explain -Environment:'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, o := range complete(splitWords(line), clouds) {
			if o.Text == "" {
				t.Errorf("%q is offered nothing: %+v", line, o)
			}
		}
	})
}
