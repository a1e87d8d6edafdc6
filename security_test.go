//go:build !js

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesItsTests holds SECURITY.md to the tests that there are.
func TestSecurityNamesItsTests(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]bool{}
	for _, file := range goFiles(t) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(source, -1) {
			defined[string(m[1])] = true
		}
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(text, -1)
	if len(names) < 50 {
		t.Errorf("SECURITY.md names %d tests only", len(names))
	}
	for _, m := range names {
		if !defined[string(m[1])] {
			t.Errorf("SECURITY.md names %s, which is no test", m[1])
		}
	}
	_, table, _ := strings.Cut(string(text), "| guarantee | test |")
	table, _, _ = strings.Cut(table, "\n## ")
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| ---") && !strings.Contains(line, "`Test") {
			t.Errorf("a guarantee without a test: %s", line)
		}
	}
}
