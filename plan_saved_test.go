//go:build !js

package main

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"connect-entra/sandbox"
)

// TestCommandMakesTheSameConnection types what a refusal says to type.
func TestCommandMakesTheSameConnection(t *testing.T) {
	const other = " -ClientId " + someApp + " -TenantId contoso.com"
	planned := func(p Params, err error) Plan {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		plan, err := newPlan(p, clouds, func(name string) string {
			return map[string]string{"AZURE_TENANT_ID": "contoso.com", "AZURE_CLIENT_ID": someApp, "AZURE_CLIENT_SECRET": "s"}[name]
		})
		if err != nil {
			t.Fatal(err)
		}
		plan.ScopeTyped = false // the command names what may have been a default
		return plan
	}
	inSh := func(command string) (Params, error) { return bind(parameters, shellWords(command, nil)[1:]) }
	inPowerShell := func(command string) (Params, error) {
		_, p, err := bindLine(command)
		return p, err
	}
	for _, line := range []string{
		"",
		"-UseDeviceCode",
		other,
		"-TenantId contoso.com -UseDeviceCode -Environment USGov",
		"-Scopes User.Read,Mail.Read" + other,
		"-Identity -ContextScope CurrentUser",
		"-Identity -ContextScope CurrentUser -ClientId " + someApp,
		"-EnvironmentVariable -ContextScope CurrentUser",
		"-ClientSecretCredential " + someApp + ":env:S -TenantId contoso.com -ContextScope CurrentUser",
		"-ClientSecretCredential " + someApp + ":@/a/secret -TenantId contoso.com -ContextScope CurrentUser",
		"-CertificateThumbprint " + strings.Repeat("9C", 20) + other + " -ContextScope CurrentUser",
		"-Certificate /a/app.pfx -CertificatePassword env:PW -SendCertificateChain true" + other + " -ContextScope CurrentUser",
		"-Certificate /a/app.pem -CertificatePassword -" + other + " -ContextScope CurrentUser",
	} {
		plan := planned(bind(parameters, strings.Fields(line)))
		for _, c := range []struct {
			quote func(string) string
			typed func(string) (Params, error)
		}{{bashQuote, inSh}, {powerShellQuote, inPowerShell}} {
			command := plan.commandFor(c.quote)
			if again := planned(c.typed(command)); !reflect.DeepEqual(again, plan) {
				t.Errorf("%s\nis to be typed as\n%s\n%+v\n%+v", line, command, plan, again)
			}
		}
	}
	spaced := planned(bind(parameters, []string{"-CertificateSubjectName", "CN=app, O=Contoso", "-ClientId", someApp, "-TenantId", "contoso.com"}))
	if command := spaced.command(); !strings.Contains(command, " -CertificateSubjectName 'CN=app, O=Contoso' ") {
		t.Error(command)
	}
}

// TestRenewalByReference: what a saved plan names is read again at each renewal. Where it
// is gone, the command says how to connect again.
func TestRenewalByReference(t *testing.T) {
	certificate, key := testCertificate()
	pfx, err := pkcs12.Passwordless.Encode(key, certificate, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.ToSlash(t.TempDir())
	store := home + "/.dotnet/corefx/cryptography/x509stores/my"
	if err := os.MkdirAll(store, 0o700); err != nil {
		t.Fatal(err)
	}
	app := " -TenantId " + sandbox.Tenant + " -ContextScope CurrentUser"
	for _, c := range []struct {
		file string
		data []byte
		line string
		on   string // the system with such a store; "" for all
	}{
		{home + "/secret", []byte(testSecret), "-ClientSecretCredential " + testClient + ":@" + home + "/secret" + app, ""},
		{home + "/app.pfx", pfx, "-Certificate " + home + "/app.pfx" + " -ClientId " + testClient + app, ""},
		{store + "/" + thumbprintOf(certificate) + ".pfx", pfx, "-CertificateThumbprint " + thumbprintOf(certificate) + " -ClientId " + testClient + app, "linux"},
	} {
		if c.on != "" && c.on != runtime.GOOS {
			continue
		}
		if err := os.WriteFile(c.file, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		d := newDesk(t)
		d.env["HOME"] = home
		d.must(0, c.line)
		d.expire()
		d.token()
		d.expire()
		if err := os.Remove(c.file); err != nil {
			t.Fatal(err)
		}
		_, stderr := d.must(4, "token")
		name, _, _ := strings.Cut(c.line, " ")
		if !strings.Contains(stderr, "The kept token has expired and cannot be renewed: ") || !strings.Contains(stderr, "  try: connect-entra ") || !strings.Contains(stderr, name) {
			t.Errorf("%s\n%s", c.line, stderr)
		}
		if n := d.grants("client_credentials"); n != 2 {
			t.Errorf("%s: %d requests", c.line, n)
		}
	}
}
