//go:build !js

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// cutOff is a system that may not reach anything.
func cutOff(t *testing.T, env map[string]string) (*console, *world, *bytes.Buffer) {
	var out bytes.Buffer
	no := errors.New("cut off")
	sent := roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent: %s %s", r.Method, r.URL)
		return nil, no
	})
	return &console{stdin: strings.NewReader(""), stdout: &out, stderr: &out}, &world{
		getenv: func(name string) string { return env[name] },
		dir:    t.TempDir(),
		network: network{
			internet: sent, direct: sent,
			dial: func(_ context.Context, _, address string) (net.Conn, error) {
				t.Errorf("dialled: %s", address)
				return nil, no
			},
			openURL: func(_ context.Context, address string) error {
				t.Errorf("opened: %s", address)
				return no
			},
			environ: func() []string { return nil },
		},
	}, &out
}

// TestNothingIsSentUnasked runs what needs no server.
func TestNothingIsSentUnasked(t *testing.T) {
	for _, args := range [][]string{
		{"help"}, {"help", "connect"}, {"help", "AADSTS65001"}, {"version"}, {"environments"}, {"environments", "-All"}, {"context"}, {"disconnect"},
		{"sandbox", t.TempDir()}, {"-Environment", "Sandbox", "-Identity", "-ContextScope", "Process"}, {"token", "-Environment", "Sandbox", "-Identity"},
		{"explain", "-Scopes", "User.Read"}, {"-NoSuchParameter"}, {"-Identity", "-UseDeviceCode"},
	} {
		con, world, _ := cutOff(t, nil)
		run(t.Context(), con, world, args)
	}
}

// hostileNames are what no tenant, cloud or application is called.
var hostileNames = []string{
	"@evil.example", "contoso.com@evil.example", "..", "../common", "common/../../evil", "contoso.com/", "/contoso.com", "contoso.com/x", "%2f", "contoso.com%2f..", "%00",
	"#", "contoso.com#x", "?", "contoso.com?x=y", `\`, `contoso.com\evil`, "contoso.com\r\nHost: evil", "contoso.com\n", "\r", "\x00", "a\x00b.com", "a\tb.com", "\x1b[2J", "\u009b31m.com",
	"contoso．com", "contoso。com", "ｃontoso.com", "cοntoso.com", "xn--a.", "contoso.com.", ".contoso.com", "contoso..com", "-contoso.com", "contoso-.com", "login.microsoftonline.com.evil.example/..",
	"https://evil.example", "//evil.example", "evil.example:443", "[::1]", "127.0.0.1:80", "contoso.com ;touch x", "$(touch x)", "`touch x`", "a b.com", " contoso.com", "contoso.com\u2028",
	"contoso.com\ufeff", "\u202emoc.live", "con\u200btoso.com", "{tenantid}", "*", "*.com", "_", "common@evil", strings.Repeat("a", 300) + ".com", strings.Repeat("a.", 200) + "com", "\xff\xfe.com",
}

// TestHostileNamesAreRefused types each wherever a name is read: exit 2, the place named,
// nothing sent, and nothing of it that a terminal obeys.
func TestHostileNamesAreRefused(t *testing.T) {
	const app, secret = "8886ad7b-1795-4542-9808-c85859d97f23", "the-secret-of-a-test"
	for _, place := range []struct {
		name string // as it must be in the message
		args []string
		env  string // the variable, where it is one
	}{
		{"TenantId", []string{"-TenantId", "HERE"}, ""},
		{"TenantId", []string{"-TenantId", "HERE", "-UseDeviceCode"}, ""},
		{"TenantId", []string{"-TenantId", "HERE", "-ClientSecretCredential", app + ":env:SECRET"}, ""},
		{"ClientId", []string{"-ClientId", "HERE"}, ""},
		{"ClientId", []string{"-Identity", "-ClientId", "HERE"}, ""},
		{"environment", []string{"-Environment", "HERE"}, ""},
		{"AZURE_TENANT_ID", []string{"-EnvironmentVariable"}, "AZURE_TENANT_ID"},
		{"AZURE_CLIENT_ID", []string{"-EnvironmentVariable"}, "AZURE_CLIENT_ID"},
		{"AZURE_AUTHORITY_HOST", []string{"-EnvironmentVariable"}, "AZURE_AUTHORITY_HOST"},
	} {
		for _, hostile := range hostileNames {
			env := map[string]string{"SECRET": secret, "AZURE_TENANT_ID": testTenant, "AZURE_CLIENT_ID": app, "AZURE_CLIENT_SECRET": secret}
			if place.env != "" {
				env[place.env] = hostile
			}
			args := make([]string, len(place.args))
			for i, arg := range place.args {
				args[i] = strings.ReplaceAll(arg, "HERE", hostile)
			}
			con, world, printed := cutOff(t, env)
			status := run(t.Context(), con, world, append(args, "-ContextScope", "Process"))
			said := printed.String()
			if status != 2 || !strings.Contains(strings.ToLower(said), strings.ToLower(place.name)) || strings.Contains(said, secret) {
				t.Errorf("%s, %q: status %d, %s", place.name, hostile, status, said)
			}
			if strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), failure.IsControl) || strings.ContainsAny(said, "\u202e\u200b\u2028\ufeff") {
				t.Errorf("%s, %q: printed %q", place.name, hostile, said)
			}
		}
	}
}

// TestHostileScopesAreRefused does the same for scopes.
func TestHostileScopesAreRefused(t *testing.T) {
	for _, scope := range []string{"User.Read\r\nX: y", "User.Read\x00", "User\u2028Read", "User Read", "User.Read\x1b[2J", "User\tRead", `User"Read`, `User\Read`, "https://graph.microsoft.us/User.Read"} {
		con, world, printed := cutOff(t, nil)
		status := run(t.Context(), con, world, []string{"-UseDeviceCode", "-ContextScope", "Process", "-Scopes", scope})
		if status != 2 || !strings.Contains(strings.ToLower(printed.String()), "scope") || len(printed.String()) > 8<<10 {
			t.Errorf("%.40q: status %d, %.400s", scope, status, printed)
		}
	}
}

// TestScopesThatNoAddressHolds are refused rather than cut.
func TestScopesThatNoAddressHolds(t *testing.T) {
	var scopes []string
	for i := range 10000 {
		scopes = append(scopes, fmt.Sprintf("Scope.%d", i))
	}
	con, world, printed := cutOff(t, nil)
	if status := run(t.Context(), con, world, []string{"-ContextScope", "Process", "-Scopes", strings.Join(scopes, ",")}); status != 2 || !strings.Contains(printed.String(), "scopes") {
		t.Errorf("status %d, %.400s", status, printed)
	}
}

// TestHostileTimeouts: what a request cannot be bounded by.
func TestHostileTimeouts(t *testing.T) {
	for _, value := range []string{"0", "-1", "NaN", "Infinity", "1e308", "", "٣", "0x", "1,5,", "\x00"} {
		con, world, printed := cutOff(t, nil)
		if status := run(t.Context(), con, world, []string{"-UseDeviceCode", "-ContextScope", "Process", "-ClientTimeout", value}); status != 2 || !strings.Contains(printed.String(), "ClientTimeout") {
			t.Errorf("%q: status %d, %s", value, status, printed)
		}
	}
}

// TestHostilePlacesOfSecrets: where a secret is read from may be as hostile as any value.
func TestHostilePlacesOfSecrets(t *testing.T) {
	const app = "8886ad7b-1795-4542-9808-c85859d97f23"
	for _, hostile := range []string{"a\x1b[2J", "a\nb", "a\x00", "\u009b31m", "a\u202eb", "a\u200bb"} {
		for _, place := range []string{"env:", "@", "file:"} {
			for parameter, args := range map[string][]string{
				"AccessToken":            {"-AccessToken", place + hostile},
				"ClientSecretCredential": {"-ClientSecretCredential", app + ":" + place + hostile, "-TenantId", testTenant, "-ContextScope", "Process"},
				"CertificatePassword":    {"-CertificatePassword", place + hostile, "-Certificate", "certificate/testdata/openssl/none.pfx", "-ClientId", app, "-TenantId", testTenant, "-ContextScope", "Process"},
			} {
				con, world, printed := cutOff(t, nil)
				status := run(t.Context(), con, world, args)
				said := printed.String()
				if status != 2 || strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), failure.IsControl) || strings.ContainsAny(said, "\u202e\u200b") {
					t.Errorf("%q: status %d, %q", args, status, said)
				}
				if strings.ContainsFunc(hostile, failure.IsControl) && !strings.Contains(said, parameter) {
					t.Errorf("%q: does not name the parameter: %s", args, said)
				}
			}
		}
	}
}

// TestControlCharactersAreRefused types some into every parameter that takes text, of
// every verb: exit 2, the parameter named, nothing sent.
func TestControlCharactersAreRefused(t *testing.T) {
	with := map[string][]string{
		"CertificateSubjectName": {"-ClientId", "x"}, "CertificateThumbprint": {"-ClientId", "x"}, "AzureADEndpoint": {"-Name", "x"}, "GraphEndpoint": {"-Name", "x"},
	}
	for _, v := range verbs() {
		for _, row := range v.parameters() {
			if slices.Contains(noEffect, row.Name) || slices.Contains(severalLines, row.Name) || row.Type != powershell.String || v.name == "help" { // whose topic has no parameter's name
				continue
			}
			for _, hostile := range []string{"a\r\nb", "a\nb", "a\x00b", "a\tb", "a\u2028b", "a\x1b[2Jb", "a\u009bb"} {
				con, world, printed := cutOff(t, nil)
				args := append(strings.Fields(v.name), "-"+row.Name, hostile)
				status := run(t.Context(), con, world, append(args, with[row.Name]...))
				if said := printed.String(); status != 2 || !strings.Contains(said, row.Name) || strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), failure.IsControl) {
					t.Errorf("%q: status %d, %q", args, status, said)
				}
			}
		}
	}
}

// TestWhatWasTypedSteersNoTerminal: a refusal quotes what was typed.
func TestWhatWasTypedSteersNoTerminal(t *testing.T) {
	for _, hostile := range []string{"a\x1b]0;owned\a\x1b[2J", "a\r\nConnect-Entra: all is well", "\u202emoc", "a\x9b31m"} {
		for _, args := range [][]string{
			{hostile}, {"-" + hostile}, {"-Environment:" + hostile}, {"-Scopes", "a", hostile, "b"}, {"help", hostile}, {"-ContextScope", hostile}, {"-ClientTimeout", hostile},
			{"explain", hostile}, {"request", hostile, "/me"}, {"request", "GET", "/" + hostile}, {"-AccessToken", hostile}, {"completion", hostile}, {"-Verbose:" + hostile},
			{"version", hostile}, {"token", "--", hostile}, {"context", "use", hostile}, {"environments", "remove", hostile},
		} {
			con, world, printed := cutOff(t, nil)
			run(t.Context(), con, world, args)
			said := printed.String()
			if strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), failure.IsControl) || strings.Contains(said, "\u202e") || strings.Contains(said, "\nConnect-Entra: all") {
				t.Errorf("%q: %q", args, said)
			}
		}
	}
}
