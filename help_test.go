//go:build !js

package main

import (
	"cmp"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connect-entra/powershell"
)

// TestSyntaxIsTheDocuments compares each set's SYNTAX with the document's, joined.
func TestSyntaxIsTheDocuments(t *testing.T) {
	document, err := os.ReadFile("testdata/connect-entra.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)### (\\w+ParameterSet)[^\n]*\n```powershell\n(.*?)```").FindAllStringSubmatch(string(document), -1)
	if len(blocks) != len(connectSets) {
		t.Fatalf("the document has %d sets, the table %d", len(blocks), len(connectSets))
	}
	for i, block := range blocks {
		want := strings.Join(strings.Fields(block[2]), " ")
		got := "Connect-Entra " + strings.Join(powershell.Syntax(documented, block[1]), " ") + " [<CommonParameters>]"
		if got != want || connectSets[i] != block[1] {
			t.Errorf("%s\ngot  %s\nwant %s", block[1], got, want)
		}
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	if lines := strings.Count(shortHelp(), "\n"); lines > 24 {
		t.Errorf("the short help has %d lines", lines)
	}
	for _, name := range append(topicNames(), "", "AADSTS65001", "700016", "-Show", "all") {
		text, err := helpOn(name)
		if err != nil || text == "" {
			t.Errorf("help %s: %q, %v", name, text, err)
		}
		for line := range strings.Lines(text) {
			if len([]rune(line)) > 81 && !strings.Contains(line, "  try: ") && !strings.HasPrefix(line, "AADSTS") {
				t.Errorf("help %s has a line of %d columns: %s", name, len([]rune(line)), line)
			}
		}
	}
}

// TestNoExampleShowsASecret holds help and README to what they teach.
func TestNoExampleShowsASecret(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`(?i)-(AccessToken|CertificatePassword)[ :]"?([^\s"` + "`" + `|,]+)|-ClientSecretCredential[ :]"?[^\s":]+:([^\s"` + "`" + `|,]+)`)
	texts := []string{string(readme), shortHelp()}
	for _, topic := range topics {
		texts = append(texts, topic.text())
	}
	for _, text := range texts {
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			place := cmp.Or(m[2], m[3])
			if !isSecretSource(place) && !slices.Contains([]string{"$secureString", "<SecureString>]", "<SecureString>", "is", "needs"}, place) {
				t.Errorf("an example gives a secret as %q: %s", place, m[0])
			}
		}
	}
}

// TestVerbs holds which verb a line means, by its words and the program's name.
func TestVerbs(t *testing.T) {
	for line, want := range map[string]string{
		"connect-entra":                               "connect",
		"connect-entra -Identity":                     "connect -Identity",
		"connect-entra conect":                        "connect conect",
		"connect-entra help -Scopes":                  "help Scopes",
		"connect-entra -?":                            "help",
		"connect-entra -h AADSTS65001":                "help AADSTS65001",
		"connect-entra token --help":                  "help token",
		"connect-entra token -Identity -?":            "help token",
		"connect-entra -Identity -- ls --help":        "connect -Identity -- ls --help",
		"connect-entra explain -h":                    "explain -h",
		"connect-entra --version":                     "version",
		"connect-entra Get-MgEnvironment -All":        "environments -All",
		"/usr/local/bin/Connect-Entra -Identity":      "connect -Identity",
		"./Get-MgEnvironment -All":                    "environments -All",
		"disconnect-entra.exe":                        "disconnect",
		"./Get-MgEnvironment help":                    "help",
		`C:\Tools\Get-EntraContext.EXE -Json`:         "context -Json",
		"/opt/my-own-name environments -Name Sandbox": "environments -Name Sandbox",
	} {
		words := strings.Fields(line)
		v, args := askedHelp(chooseVerb(calledAs(words[0], words[1:])))
		if got := strings.Join(append([]string{v.name}, args...), " "); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}
