//go:build !js

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"connect-entra/failure"
)

func makeKit(t *testing.T, own, dir string) (printed string, err error) {
	t.Helper()
	var stdout bytes.Buffer
	err = practiceKit(&system{stdout: &stdout, dir: own}, dir, bourneShell)
	return stdout.String(), err
}

func TestPracticeKitSignsIn(t *testing.T) {
	own, dir := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "kit")
	printed, err := makeKit(t, own, dir)
	if err != nil {
		t.Fatal(err)
	}
	registered, err := loadRegistry(filepath.Join(own, "sandbox"))
	if err != nil {
		t.Fatal(err)
	}
	app := registered.apps[0]
	f := &fakeEntra{sandbox: newSandbox(registered)}
	secret, err := os.ReadFile(filepath.Join(dir, kitSecret))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, kitCertificate), filepath.Join(dir, kitCertificate))
	if err != nil {
		t.Fatal(err)
	}
	byKey, err := confidential.NewCredFromCert([]*x509.Certificate{pair.Leaf}, pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	workload, err := os.ReadFile(filepath.Join(dir, kitWorkload))
	if err != nil {
		t.Fatal(err)
	}
	byWorkload := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return strings.TrimSuffix(string(workload), "\n"), nil
	})
	for _, credential := range []confidential.Credential{secretCredential(t, strings.TrimSuffix(string(secret), "\n")), byKey, byWorkload, byWorkload} {
		result, err := newConfidential(t, f, practiceTenant, app.ClientID, credential).
			AcquireTokenByCredential(secondsContext(t), []string{sandboxGraph + "/.default"})
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := graphGet(t, f, result.AccessToken, "/v1.0/users"); status != 200 {
			t.Errorf("Graph answered %v", answer)
		}
	}
	for _, want := range []string{
		"-ClientId " + app.ClientID + " -TenantId " + practiceTenant + " -Certificate " + bashQuote(filepath.Join(dir, kitCertificate)) + "\n",
		"-TenantId " + practiceTenant + " -ClientSecretCredential " + bashQuote(app.ClientID+":@"+filepath.Join(dir, kitSecret)) + "\n",
		"(. " + bashQuote(filepath.Join(dir, bourneShell.environment)) + "; connect-entra -Environment Sandbox -EnvironmentVariable)\n",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not in\n%s", want, printed)
		}
	}
	if kept, _ := os.ReadFile(filepath.Join(own, "sandbox", registryFile)); bytes.Contains(kept, bytes.TrimSpace(secret)) {
		t.Error("the registry holds the secret itself")
	}
}

// TestPracticeKitForPowerShell makes one as on Windows, and reads what it prints as
// PowerShell does.
func TestPracticeKitForPowerShell(t *testing.T) {
	own, dir := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "wilma's kit")
	var stdout bytes.Buffer
	if err := practiceKit(&system{stdout: &stdout, dir: own}, dir, powerShell); err != nil {
		t.Fatal(err)
	}
	registered, err := loadRegistry(filepath.Join(own, "sandbox"))
	if err != nil {
		t.Fatal(err)
	}
	app := registered.apps[0]
	bound := map[string]string{}
	for line := range strings.Lines(stdout.String()) {
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
	certificate := filepath.Join(dir, kitCertificate)
	if bound["Certificate"] != certificate || !strings.Contains(bound["ClientSecretCredential"], "@"+filepath.Join(dir, kitSecret)) {
		t.Errorf("the commands bind as %q", bound)
	}
	quoted := func(path string) string { return "'" + strings.ReplaceAll(path, "'", "''") + "'" }
	if want := "\nGet-Content " + quoted(filepath.Join(dir, "practice.ps1")) + " | Invoke-Expression; connect-entra -Environment Sandbox -EnvironmentVariable\n"; !strings.Contains(stdout.String(), want) {
		t.Errorf("%q is not in\n%s", want, &stdout)
	}
	secret, _ := os.ReadFile(filepath.Join(dir, kitSecret))
	variables, err := os.ReadFile(filepath.Join(dir, "practice.ps1"))
	want := kitMark + ": variables for PowerShell\n" +
		"$env:AZURE_TENANT_ID = '" + practiceTenant + "'\n" +
		"$env:AZURE_CLIENT_ID = " + powerShellQuote(app.ClientID) + "\n" +
		"$env:AZURE_CLIENT_SECRET = '" + strings.TrimSpace(string(secret)) + "'\n" +
		"# Instead of the secret, one of these:\n" +
		"# $env:AZURE_CLIENT_CERTIFICATE_PATH = " + quoted(certificate) + "\n" +
		"# $env:AZURE_FEDERATED_TOKEN_FILE = " + quoted(filepath.Join(dir, kitWorkload)) + "\n"
	if err != nil || string(variables) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, variables, want)
	}
}

func TestPracticeKitFiles(t *testing.T) {
	own, dir := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "kit")
	for range 2 { // the second makes it anew
		if _, err := makeKit(t, own, dir); err != nil {
			t.Fatal(err)
		}
	}
	registered, err := loadRegistry(filepath.Join(own, "sandbox"))
	if err != nil || len(registered.apps) != 1 {
		t.Fatalf("registered %d applications, %v", len(registered.apps), err)
	}
	var found []string
	for _, root := range []string{dir, own} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if entry.IsDir() {
				want = 0o700
			} else {
				found = append(found, entry.Name())
			}
			if runtime.GOOS != "windows" && info.Mode().Perm() != want {
				t.Errorf("%s is %v", path, info.Mode())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, want := strings.Join(found, " "), "certificate.pem federated.jwt ids.txt practice.env secret.txt apps.json signing-key.pem"; got != want {
		t.Errorf("made %s, want %s", got, want)
	}
}

func TestPracticeKitKeepsForeignFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, kitSecret)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := makeKit(t, t.TempDir(), dir)
	if want := path + " is there already, and was not made by connect-entra sandbox."; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "mine" {
		t.Errorf("the file holds %q now", data)
	}
	if _, err = makeKit(t, "", filepath.Join(dir, "kit")); failure.From(err).ID != "storage" {
		t.Errorf("without a folder: %v", err)
	}
}

func TestPracticeTokensGoFromProcessToProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sandbox")
	var kept []string
	for range 2 {
		registered, err := loadRegistry(dir)
		if err != nil {
			t.Fatal(err)
		}
		f := &fakeEntra{sandbox: newSandbox(registered)}
		kept = append(kept, userTokenFor(t, f, "User.Read"))
		if status, answer := graphGet(t, f, kept[0], "/v1.0/me"); status != 200 {
			t.Errorf("the first process's token: %v", answer)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, signingKeyFile), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := loadRegistry(dir)
	if want := "The practice cloud's " + filepath.Join(dir, signingKeyFile) + " cannot be read: it is not PEM."; err == nil || err.Error() != want || failure.From(err).ID != "storage" {
		t.Errorf("got %v", err)
	}
}

func TestStoreCreatesOnce(t *testing.T) {
	dir := t.TempDir()
	if err := createFile(dir, "f", []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := createFile(dir, "f", []byte("2")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if data, err := readFile(dir, "f"); err != nil || string(data) != "1" {
		t.Errorf("%q, %v", data, err)
	}
	if err := replaceFile(dir, "f", []byte("3")); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
