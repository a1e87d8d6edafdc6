//go:build !js

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connect-entra/failure"
	"connect-entra/sandbox"
)

// makeKit makes a kit as a person does who types in sh; app is what was registered.
func makeKit(t *testing.T, dir string, sh shell) (app sandbox.App, printed string) {
	t.Helper()
	own := filepath.Join(t.TempDir(), "own")
	var stdout bytes.Buffer
	if err := practiceKit(&console{stdout: &stdout}, &world{dir: own}, dir, sh); err != nil {
		t.Fatal(err)
	}
	registered, err := sandbox.LoadRegistry(filepath.Join(own, "sandbox"))
	if err != nil || len(registered.Apps) != 1 {
		t.Fatal(registered.Apps, err)
	}
	return registered.Apps[0], stdout.String()
}

func TestPracticeKitPrintsCommands(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kit")
	app, printed := makeKit(t, dir, bourneShell)
	for _, want := range []string{
		"-ClientId " + app.ClientID + " -TenantId " + sandbox.Tenant + " -Certificate " + bashQuote(filepath.Join(dir, sandbox.KitCertificate)) + "\n",
		"-TenantId " + sandbox.Tenant + " -ClientSecretCredential " + bashQuote(app.ClientID+":@"+filepath.Join(dir, sandbox.KitSecret)) + "\n",
		"(. " + bashQuote(filepath.Join(dir, bourneShell.environment)) + "; connect-entra -Environment Sandbox -EnvironmentVariable)\n",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not in\n%s", want, printed)
		}
	}
}

// TestPracticeKitForPowerShell makes one as on Windows, and reads what it prints as
// PowerShell does.
func TestPracticeKitForPowerShell(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wilma's kit")
	app, printed := makeKit(t, dir, powerShell)
	bound := map[string]string{}
	for line := range strings.Lines(printed) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.ContainsAny(line, "|") {
			continue
		}
		_, p, err := bindLine(line)
		if err != nil {
			t.Errorf("%s\n%v", line, err)
		}
		for name, value := range p.Values {
			bound[name] = showBound(value.Value)
		}
	}
	certificate := filepath.Join(dir, sandbox.KitCertificate)
	if bound["Certificate"] != certificate || !strings.Contains(bound["ClientSecretCredential"], "@"+filepath.Join(dir, sandbox.KitSecret)) {
		t.Errorf("the commands bind as %q", bound)
	}
	quoted := func(path string) string { return "'" + strings.ReplaceAll(path, "'", "''") + "'" }
	if want := "\nGet-Content " + quoted(filepath.Join(dir, "practice.ps1")) + " | Invoke-Expression; connect-entra -Environment Sandbox -EnvironmentVariable\n"; !strings.Contains(printed, want) {
		t.Errorf("%q is not in\n%s", want, printed)
	}
	secret, _ := os.ReadFile(filepath.Join(dir, sandbox.KitSecret))
	variables, err := os.ReadFile(filepath.Join(dir, "practice.ps1"))
	want := sandbox.KitMark + ": variables for PowerShell\n" +
		"$env:AZURE_TENANT_ID = '" + sandbox.Tenant + "'\n" +
		"$env:AZURE_CLIENT_ID = " + powerShellQuote(app.ClientID) + "\n" +
		"$env:AZURE_CLIENT_SECRET = '" + strings.TrimSpace(string(secret)) + "'\n" +
		"# Instead of the secret, one of these:\n" +
		"# $env:AZURE_CLIENT_CERTIFICATE_PATH = " + quoted(certificate) + "\n" +
		"# $env:AZURE_FEDERATED_TOKEN_FILE = " + quoted(filepath.Join(dir, sandbox.KitWorkload)) + "\n"
	if err != nil || string(variables) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, variables, want)
	}
}

func TestPracticeKitNeedsAFolder(t *testing.T) {
	if err := practiceKit(&console{}, &world{}, filepath.Join(t.TempDir(), "kit"), bourneShell); failure.From(err).ID != "storage" {
		t.Errorf("without a folder: %v", err)
	}
}
