package certificate

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"connect-entra/failure"
)

const (
	opensslFiles = "testdata/openssl/"
	dotnetFiles  = "testdata/exports/"
)

// host is a Loader with what it was asked and what it said.
type host struct {
	Loader
	prompts  []string
	warnings []string
}

// newHost has somebody there who gives the password, if it is not "".
func newHost(password string) *host {
	h := &host{}
	h.Warn = func(format string, args ...any) { h.warnings = append(h.warnings, fmt.Sprintf(format, args...)) }
	if password != "" {
		h.Ask = func(_ context.Context, file string) (string, error) {
			h.prompts = append(h.prompts, file)
			return password, nil
		}
	}
	return h
}

// named has a password that was named.
func named(password string) Loader {
	return Loader{Password: func(context.Context, string) (string, error) { return password, nil }}
}

// refusalLine tells a failure as one line: its id, message and cure.
func refusalLine(t *testing.T, err error) string {
	t.Helper()
	f, ok := err.(*failure.Error)
	if !ok {
		t.Fatalf("%v is a %T and no failure", err, err)
	}
	return f.ID + ": " + f.Message + " | " + f.Cure
}

// exported is the thumbprint of the one certificate in exports/ and openssl/.
const exported = "9C103D1567863FD3CA7C7EB805EBEC7DEBF414C4"

func TestCertificateFiles(t *testing.T) {
	const needs, practice = "password", "practice"
	for _, c := range []struct{ path, password string }{
		{dotnetFiles + "pem.pem", ""},
		{dotnetFiles + "encrypted.pem", needs},
		{dotnetFiles + "3des-sha1.pfx", needs},
		{dotnetFiles + "aes256-sha256.pfx", needs},
		{dotnetFiles + "pfx-empty.pfx", ""},
		{dotnetFiles + "pfx-null.pfx", ""},
		{dotnetFiles + "pfx-password.pfx", needs},
		{opensslFiles + "attributes.pem", ""},
		{opensslFiles + "cert.pem," + opensslFiles + "traditional.pem", ""},
		{opensslFiles + "pkcs8.der," + opensslFiles + "cert.der", ""},
		{opensslFiles + "cert.der, " + opensslFiles + "traditional.der", ""},
		{opensslFiles + "cert.der," + opensslFiles + "pkcs8-aes192-sha512.der", needs},
		{opensslFiles + "trusted.pem," + opensslFiles + "pkcs8.der", ""},
		{opensslFiles + "cert.pem," + opensslFiles + "traditional-aes128.pem", needs},
		{opensslFiles + "cert.pem," + opensslFiles + "traditional-aes256.pem", needs},
		{opensslFiles + "cert.pem," + opensslFiles + "traditional-des3.pem", needs},
		{opensslFiles + "cert.pem," + opensslFiles + "pkcs8-aes256.pem", needs},
		{opensslFiles + "cert.pem," + opensslFiles + "pkcs8-aes128-sha1.pem", needs},
		{opensslFiles + "cert.pem," + opensslFiles + "pkcs8-des3.pem", needs},
		{opensslFiles + "modern.pfx", needs},
		{opensslFiles + "legacy-rc2.pfx", needs},
		{opensslFiles + "empty.pfx", ""},
		{opensslFiles + "no-mac.pfx", ""},
	} {
		t.Run(c.path, func(t *testing.T) {
			load := func(l Loader) error {
				pair, err := l.Load(t.Context(), Ref{Path: c.path})
				if err == nil && (thumbprintOf(pair.Chain[0]) != exported || !samePublicKey(pair.Key.Public(), pair.Chain[0].PublicKey)) {
					t.Error("another certificate was read")
				}
				return err
			}
			h := newHost(practice)
			if err := load(h.Loader); err != nil {
				t.Error(err)
			}
			if c.password == "" {
				if err := load(Loader{}); err != nil || h.prompts != nil {
					t.Error(err, h.prompts)
				}
				return
			}
			if len(h.prompts) != 1 || !strings.HasPrefix(h.prompts[0], "testdata/") {
				t.Error("asked for ", h.prompts)
			}
			if err := load(named(practice)); err != nil {
				t.Error("with one that was named: ", err)
			}
			if got := refusalLine(t, load(named("wrong"))); !strings.HasPrefix(got, "wrong-password: The password does not open testdata/") {
				t.Error("with a wrong one: ", got)
			}
			if got := refusalLine(t, load(Loader{})); !strings.HasPrefix(got, "wrong-password: testdata/") || !strings.Contains(got, " needs a password. | say where it is: -CertificatePassword -, @FILE or env:NAME") {
				t.Error("without one: ", got)
			}
			away := errors.New("nobody comes")
			if err := load(Loader{Ask: func(context.Context, string) (string, error) { return "", away }}); err != away {
				t.Error("where it cannot be read: ", err)
			}
		})
	}
}

func TestCertificateChainIsPutInOrder(t *testing.T) {
	pair, err := newHost("practice").Load(t.Context(), Ref{Path: dotnetFiles + "chain.pfx"})
	if err != nil {
		t.Fatal(err)
	}
	if len(pair.Chain) != 2 || pair.Chain[0].IsCA || !pair.Chain[1].IsCA || pair.Chain[0].CheckSignatureFrom(pair.Chain[1]) != nil {
		t.Error("the chain is not the leaf and its CA")
	}
}

// TestCertificateDisguises wraps one PEM as editors, shells and mail do.
func TestCertificateDisguises(t *testing.T) {
	plain := readTestFile(t, dotnetFiles+"pem.pem")
	utf16 := []byte{0xff, 0xfe}
	for _, b := range plain {
		utf16 = append(utf16, b, 0)
	}
	crlf := bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n"))
	for name, data := range map[string][]byte{
		"BOM":            append([]byte("\xef\xbb\xbf"), plain...),
		"UTF-16":         utf16,
		"CRLF":           crlf,
		"BOM and CRLF":   append([]byte("\xef\xbb\xbf"), crlf...),
		"text around":    append([]byte("subject=CN = export\n\n"), append(plain, "\nthe end"...)...),
		"key first":      append(plain[bytes.Index(plain, []byte("-----BEGIN PRIVATE")):], plain...),
		"no end of line": bytes.TrimSpace(plain),
	} {
		path := writeTestFile(t, "disguised.pem", data, 0o600)
		if _, err := newHost("").Load(t.Context(), Ref{Path: path}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := fromStdin(bytes.NewReader(data)).Load(t.Context(), Ref{Path: "-"}); err != nil {
			t.Errorf("%s from stdin: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	key := exportedKey(t)
	stranger := writeTestFile(t, "stranger.pem", pemOfKey(t, small), 0o600)
	from := func(key crypto.Signer, begin, end time.Time) string {
		certificate := makeCertificate(t, key, "refused", begin, end)
		return writeTestFile(t, "refused.pem", append(pemOf("CERTIFICATE", certificate.Raw), pemOfKey(t, key)...), 0o600)
	}
	now := time.Now()
	valid := func(key crypto.Signer) string { return from(key, now.Add(-time.Hour), now.Add(time.Hour)) }
	for _, c := range []struct{ path, password, want string }{
		{valid(small), "", "bad-certificate: CN=refused has an RSA key of 1024 bits, and Entra takes 2048 or more. | make a certificate with an RSA key of 2048 bits or more"},
		{from(key, now.AddDate(-2, 0, 0), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)), "", "certificate-expired: The certificate CN=refused expired on 2026-01-02. | make a new one and upload it in the Entra admin center: App registrations > Certificates & secrets"},
		{from(key, time.Date(2090, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2091, 1, 2, 0, 0, 0, 0, time.UTC)), "", "certificate-expired: The certificate CN=refused is not valid before 2090-01-02 03:04:05 UTC. | check this host's clock, or wait until then"},
		{opensslFiles + "ec.pem", "", "bad-certificate: CN=ec has an ECDSA key, and Entra takes RSA only. | make a certificate with an RSA key of 2048 bits or more"},
		{opensslFiles + "cert.pem", "", "bad-certificate: " + opensslFiles + "cert.pem holds no private key. | put the key into the same file, or name both: -Certificate cert.pem,key.pem"},
		{opensslFiles + "traditional.pem", "", "bad-certificate: " + opensslFiles + "traditional.pem holds no certificate. | put the certificate into the same file, or name both: -Certificate cert.pem,key.pem"},
		{opensslFiles + "cert.pem," + stranger, "", "bad-certificate: " + opensslFiles + "cert.pem," + stranger + " holds a key that belongs to none of its certificates. | name the certificate and the key that were made together"},
		{dotnetFiles + "pem.pem," + opensslFiles + "ec.pem", "", "bad-certificate: " + opensslFiles + "ec.pem holds a second key. | name one file with one certificate and its key"},
		{dotnetFiles + "unicode-password.pfx", "пароль-密码-🔑", "bad-certificate: " + dotnetFiles + "unicode-password.pfx cannot be read: its password has a character outside Unicode's first 65536 (an emoji, say), for which PKCS#12 has no agreed spelling. | if it is a PFX file: openssl pkcs12 -in FILE -out app.pem, and -Certificate app.pem"},
		{opensslFiles + "rounds.pfx", "practice", "bad-certificate: " + opensslFiles + "rounds.pfx cannot be read: its password is hashed 5000000 times, and up to 1000000 are accepted. | {*}"},
		{opensslFiles + "pkcs8-scrypt.pem", "practice", "bad-certificate: " + opensslFiles + "pkcs8-scrypt.pem holds an encrypted key that cannot be read: key derivation 1.3.6.1.4.1.11591.4.11 is not PBKDF2. | openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out key.pem, and -Certificate cert.pem,key.pem"},
		{opensslFiles + "pkcs8-pbes1.pem", "practice", "bad-certificate: " + opensslFiles + "pkcs8-pbes1.pem holds an encrypted key that cannot be read: encryption scheme 1.2.840.113549.1.12.1.3 is not PBES2. | {*}"},
		{"testdata/store/B6C5A8B62F42C113F2EA6760243A226C8E0A740F.pfx", "", "bad-certificate: testdata/store/B6C5A8B62F42C113F2EA6760243A226C8E0A740F.pfx holds no private key. | put the key into the same file, or name both: -Certificate cert.pem,key.pem"},
		{"testdata/README.md", "", "bad-certificate: testdata/README.md is neither PEM nor DER nor PFX. | give a PEM file with certificate and key, or a PFX file"},
		{"testdata", "", "certificate-not-found: The certificate cannot be read: testdata is not a file. | check the path of -Certificate or AZURE_CLIENT_CERTIFICATE_PATH, and who may read the file"},
		{"no/such.pem", "", "certificate-not-found: The certificate cannot be read: {*}"},
		{writeTestFile(t, "large.pem", make([]byte, maxFile+1), 0o600), "", "certificate-not-found: The certificate cannot be read: {*}large.pem is larger than 1048576 bytes. | {*}"},
		{writeTestFile(t, "empty.pem", nil, 0o600), "", "bad-certificate: {*}empty.pem is neither PEM nor DER nor PFX. | {*}"},
		{`Cert:\CurrentUser\Root\` + exported, "", `bad-value: Cert:\CurrentUser\Root\` + exported + ` does not name a certificate. | write it as PowerShell does: Cert:\CurrentUser\My\ or Cert:\LocalMachine\My\ and the thumbprint, 40 hexadecimal digits`},
		{`cert:`, "", `bad-value: cert: does not name a certificate. | {*}`},
	} {
		_, err := newHost(c.password).Load(t.Context(), Ref{Path: c.path})
		if err == nil {
			t.Errorf("%s was accepted", c.path)
		} else if got := refusalLine(t, err); !matchesWild(c.want, got) {
			t.Errorf("%s:\n got %s\nwant %s", c.path, got, c.want)
		}
	}
}

// fromStdin has stdin give what from gives.
func fromStdin(from io.Reader) Loader {
	return Loader{Stdin: func() (io.Reader, error) { return from, nil }}
}

func TestStdinThatGivesNone(t *testing.T) {
	taken := failure.New("usage", "stdin is taken.")
	for _, c := range []struct {
		loader Loader
		want   string
	}{
		{Loader{Stdin: func() (io.Reader, error) { return nil, taken }}, "usage: stdin is taken. | "},
		{fromStdin(iotest.ErrReader(errors.New("it broke"))), "certificate-not-found: The certificate cannot be read: it broke. | check what is piped into -Certificate -"},
		{fromStdin(bytes.NewReader(make([]byte, maxFile+1))), "certificate-not-found: The certificate cannot be read: stdin is larger than 1048576 bytes. | {*}"},
		{Loader{}, "certificate-not-found: The certificate cannot be read: {*} | {*}"},
	} {
		_, err := c.loader.Load(t.Context(), Ref{Path: "-"})
		if got := refusalLine(t, err); !matchesWild(c.want, got) {
			t.Errorf("%s, not %s", got, c.want)
		}
	}
}

func TestKeyFilesThatOthersMayRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows' mode bits say nothing about who may read a file")
	}
	data := readTestFile(t, dotnetFiles+"pem.pem")
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o644: true, 0o602: true} {
		path := writeTestFile(t, "key.pem", data, mode)
		h := newHost("")
		if _, err := h.Load(t.Context(), Ref{Path: opensslFiles + "cert.pem," + path}); err != nil {
			t.Fatal(err)
		}
		var want []string
		if warned {
			want = []string{fmt.Sprintf("Others on this host can read the key in %s (mode %04o): chmod 600 it.", path, mode)}
		}
		if !slices.Equal(h.warnings, want) {
			t.Errorf("mode %04o: %q, not %q", mode, h.warnings, want)
		}
	}
}

// matchesWild compares, where {*} in want stands for anything.
func matchesWild(want, got string) bool {
	parts := strings.Split(want, "{*}")
	for i, part := range parts {
		at := strings.Index(got, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		got = got[at+len(part):]
	}
	return got == "" || strings.HasSuffix(want, "{*}")
}

func exportedKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(readTestFile(t, opensslFiles+"traditional.pem"))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func makeCertificate(t testing.TB, key crypto.Signer, name string, from, to time.Time) *x509.Certificate {
	t.Helper()
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pemOfKey(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("PRIVATE KEY", der)
}

func readTestFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeTestFile(t testing.TB, name string, data []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}
