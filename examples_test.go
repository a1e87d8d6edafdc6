//go:build !js

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"connect-entra/sandbox"
	"connect-entra/vault"
)

// TestExamplesDoWhatTheySay types each of the document's examples against the practice
// cloud, which stands where Entra would, with the placeholders filled in.
func TestExamplesDoWhatTheySay(t *testing.T) {
	welcomes := []string{"apponly", "delegated", "userprovidedaccesstoken", "delegated", "delegated", "delegated", "", "delegated",
		"apponly", "apponly", "apponly", "managedidentity", "managedidentity", "environmentvariable"}
	for i, e := range examples {
		t.Run(e.title, func(t *testing.T) {
			if runtime.GOOS != "linux" && (strings.Contains(e.line, "-CertificateThumbprint") || strings.Contains(e.line, "-CertificateName")) {
				t.Skip("needs a certificate in the store of this host")
			}
			t.Chdir(t.TempDir())
			synctest.Test(t, func(t *testing.T) { typeExample(t, e.line, welcomes[i]) })
		})
	}
}

func typeExample(t *testing.T, line, access string) {
	app := testApp()
	s := &scene{
		t:      t,
		dir:    filepath.Join(t.TempDir(), "own"),
		mg:     t.TempDir(),
		entra:  newFakeEntra(app),
		person: "wilma@woodland.invalid", consent: true,
		stdin: testSecret + "\n", terminal: true,
	}
	s.cloud("Global")
	s.env = map[string]string{
		"TOKEN":               unsigned(map[string]any{"aud": "https://graph.microsoft.com", "idtyp": "user", "scp": "User.Read", "upn": s.person, "tid": sandbox.Tenant, "exp": time.Now().Add(time.Hour).Unix()}),
		"AZURE_TENANT_ID":     sandbox.Tenant,
		"AZURE_CLIENT_ID":     app.ClientID,
		"AZURE_CLIENT_SECRET": testSecret,
		vault.KeyFileVariable: testKeyFile(t),
		"HOME":                homeWithCertificate(t),
	}
	certificate, _ := testCertificate()
	line = strings.NewReplacer(
		"YOUR_APP_ID", app.ClientID, "Client_Id", app.ClientID, "8886ad7b-1795-4542-9808-c85859d97f23", app.ClientID,
		"YOUR_TENANT_ID", sandbox.Tenant, "Tenant_Id", sandbox.Tenant, "d5aec55f-2d12-4442-8d2f-ccca95d4390e", sandbox.Tenant,
		"F8813914053FBFB5D84F1EFA9EDB3205621C1126", thumbprintOf(certificate), "YOUR_CERT_SUBJECT", certificate.Subject.String(),
		"app.pem", writeTestCertificate(t),
		"User_Assigned_Managed_identity_Client_Id", sandbox.UserIdentity,
	).Replace(line)
	if strings.Contains(line, "-Identity") {
		line += " -Environment Sandbox"
	}
	stdout, stderr, status := s.run(t, line)
	if status != 0 || access == "" && stdout != "" || !strings.Contains(stdout, access) {
		t.Errorf("%s\nstatus %d\n%s%s", line, status, prefixed("1> ", stdout), prefixed("2> ", stderr))
	}
}

// homeWithCertificate has the test app's certificate where .NET keeps CurrentUser\My.
func homeWithCertificate(t *testing.T) string {
	t.Helper()
	certificate, key := testCertificate()
	data, err := pkcs12.Modern.Encode(key, certificate, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	folder := filepath.Join(home, ".dotnet", "corefx", "cryptography", "x509stores", "my")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, thumbprintOf(certificate)+".pfx"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}
