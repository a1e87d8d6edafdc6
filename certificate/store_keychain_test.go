//go:build unix

package certificate

import (
	"path/filepath"
	"strings"
	"testing"

	"connect-entra/keychain"
)

// TestCertificatesOfKeychains plays security(1) with scripts that print what it would.
func TestCertificatesOfKeychains(t *testing.T) {
	pem, err := filepath.Abs(opensslFiles + "cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	old := keychain.Program
	t.Cleanup(func() { keychain.Program = old })
	answer := func(script string) ([]stored, error) {
		keychain.Program = writeTestFile(t, "security", []byte("#!/bin/sh\n"+script), 0o700)
		return listKeychains()
	}
	all, err := answer("[ \"$*\" = 'find-certificate -a -p' ] && exec cat '" + pem + "'\necho \"security: unknown command $*\" >&2; exit 1\n")
	if err != nil || len(all) != 1 || all[0].thumbprint != exported {
		t.Fatal(all, err)
	}
	search, _, _ := Loader{}.searchOf(Ref{Subject: "CN=export"})
	_, err = search.choose(all)
	if got := refusalLine(t, err); got != "bad-certificate: The certificate CN=export is in the keychain, where its key cannot be used by this program. | export it in Keychain Access as a .p12 file, and name that: -Certificate FILE.p12" {
		t.Error(got)
	}
	if all, err := answer("echo 'security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.' >&2; exit 44\n"); all != nil || err != nil {
		t.Error(all, err)
	}
	if _, err := answer("echo 'security: SecKeychainSearchCopyNext: User interaction is not allowed.' >&2; exit 36\n"); err == nil || !strings.HasSuffix(err.Error(), "User interaction is not allowed.") {
		t.Error(err)
	}
	keychain.Program = "/no/such/security"
	if _, err := listKeychains(); err == nil {
		t.Error("a missing program is no error")
	}
}
