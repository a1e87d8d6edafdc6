//go:build !js

package main

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connect-entra/sandbox"
)

// BenchmarkStart compares the start of the program with that of one that only links
// MSAL, run by run in turn: the ratio of the medians is what counts, not the times.
//
//	go test -run '^$' -bench Start -benchtime 200x
func BenchmarkStart(b *testing.B) {
	program, bare := build(b, "."), build(b, "./testdata/bare")
	commands := map[string][]string{
		"version":      {program, "version"},
		"help":         {program, "help"},
		"environments": {program, "environments"},
		"identity":     {program, "-Environment", "Sandbox", "-Identity", "-NoWelcome"},
		"bare":         {bare},
	}
	took := map[string][]time.Duration{}
	for b.Loop() {
		for name, command := range commands {
			start := time.Now()
			if err := exec.Command(command[0], command[1:]...).Run(); err != nil {
				b.Fatal(err)
			}
			took[name] = append(took[name], time.Since(start))
		}
	}
	base := median(took["bare"])
	for name := range commands {
		b.ReportMetric(float64(median(took[name]))/float64(base), name+"/bare")
	}
	b.ReportMetric(float64(base.Microseconds()), "bare-µs")
	for name, path := range map[string]string{"program": program, "bare": bare} {
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size()), name+"-bytes")
		}
	}
}

// build makes a program as it is released.
func build(b *testing.B, what string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "program")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, what)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

// BenchmarkColdSecret compares a sign-in with a client secret, in a process of its own and
// with all of the system's roots, with a program that sends the same form, links net/http
// alone and trusts one certificate. Both go through a proxy that ends the TLS.
//
//	go test -run '^$' -bench ColdSecret -benchtime 60x
func BenchmarkColdSecret(b *testing.B) {
	w := newTestInternet(b, testApp())
	w.at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	_, root, _ := strings.Cut(w.env[1], "=")
	var roots []byte
	for _, file := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/usr/local/etc/ssl/cert.pem"} {
		if roots == nil {
			roots, _ = os.ReadFile(file)
		}
	}
	if roots == nil {
		b.Skip("left out: this host has no bundle of roots")
	}
	roots = append(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.root.Raw})...)
	bundle := filepath.Join(b.TempDir(), "bundle.pem")
	if err := os.WriteFile(bundle, roots, 0o600); err != nil {
		b.Fatal(err)
	}
	program, bare := build(b, "."), build(b, "./testdata/barepost")
	home := b.TempDir()
	signIn := func(file string) *exec.Cmd {
		cmd := exec.Command(program, "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient+":env:S", "-ContextScope", "Process", "-NoWelcome")
		cmd.Env = []string{w.env[0], "SSL_CERT_FILE=" + file, "S=" + testSecret, "HOME=" + home}
		return cmd
	}
	if out, err := signIn(bundle).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	sent := w.last("/token")
	form := filepath.Join(b.TempDir(), "form")
	if err := os.WriteFile(form, []byte(sent.Form.Encode()), 0o600); err != nil {
		b.Fatal(err)
	}
	commands := map[string]func() *exec.Cmd{
		"secret": func() *exec.Cmd { return signIn(bundle) },
		"bare": func() *exec.Cmd {
			cmd := exec.Command(bare, sent.URL, form, root)
			cmd.Env = []string{w.env[0]}
			return cmd
		},
	}
	took := map[string][]time.Duration{}
	for b.Loop() {
		for name, command := range commands {
			cmd := command()
			start := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%s: %v\n%s", name, err, out)
			}
			took[name] = append(took[name], time.Since(start))
		}
	}
	base := median(took["bare"])
	b.ReportMetric(float64(median(took["secret"]))/float64(base), "secret/bare")
	b.ReportMetric(float64(slices.Min(took["secret"]))/float64(slices.Min(took["bare"])), "fastest/fastest")
	b.ReportMetric(float64(base.Microseconds()), "bare-µs")
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
