package certificate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dotnetHome gives a home folder with the store that .NET made.
func dotnetHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, ".dotnet/corefx/cryptography/x509stores/my")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/store/*.pfx")
	if err != nil || len(files) != 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), readTestFile(t, file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func TestDotNETStore(t *testing.T) {
	loader := Loader{Home: dotnetHome(t), Nearest: oneSlip, Quote: quoted}
	miss := func(what string) string {
		return "certificate-not-found: Certificate with " + what + " was not found in certificate store or has expired. "
	}
	for _, c := range []struct {
		ref        Ref
		thumbprint string
		want       string
	}{
		{Ref{Thumbprint: "6F8E0271154AD709245E2AC0E167D63592E2B208"}, "6F8E0271154AD709245E2AC0E167D63592E2B208", ""},
		{Ref{Thumbprint: "\u200e6f 8e 02 71 15 4a d7 09 24 5e 2a c0 e1 67 d6 35 92 e2 b2 08"}, "6F8E0271154AD709245E2AC0E167D63592E2B208", ""},
		{Ref{Subject: "cn=STORE-rsa, o=contoso"}, "6F8E0271154AD709245E2AC0E167D63592E2B208", ""},
		{Ref{Path: `Cert:\CurrentUser\My\3905A014F306CD5CE639C86B34A23964724122C8`}, "3905A014F306CD5CE639C86B34A23964724122C8", ""},
		{Ref{Subject: "CN=store-twice"}, "74C77A7A5214A083384DFFAD57AB494B413A7DC0", ""},
		{Ref{Subject: "CN=store-twice", Thumbprint: "6F8E0271154AD709245E2AC0E167D63592E2B208"}, "74C77A7A5214A083384DFFAD57AB494B413A7DC0", ""},
		{Ref{Subject: "CN=store-expired"}, "", "certificate-expired: {*} It is in CurrentUser\\My, but expired on 2021-01-01. | make a new one and {*}"},
		{Ref{Thumbprint: "01BFA498CEA892F89DF2A7A2E7CD183687732FD8"}, "", "certificate-expired: {*} It is in CurrentUser\\My, but is not valid before 2090-01-01. | check this host's clock, or wait until then"},
		{Ref{Subject: "CN=store-ec"}, "", "bad-certificate: CN=store-ec has an ECDSA key, and Entra takes RSA only. | {*}"},
		{Ref{Subject: "CN=store-rsa1024"}, "", "bad-certificate: CN=store-rsa1024 has an RSA key of 1024 bits, and Entra takes 2048 or more. | {*}"},
		{Ref{Thumbprint: "B6C5A8B62F42C113F2EA6760243A226C8E0A740F"}, "", "bad-certificate: The certificate CN=store-public in CurrentUser\\My has no private key there. | import it with its private key (a PFX file), or name such a file: -Certificate FILE"},
		{Ref{Subject: "CN=store-public"}, "", "bad-certificate: The certificate CN=store-public in CurrentUser\\My has no private key there. | {*}"},
		{Ref{Subject: "CN=store-publik"}, "", miss("subject name 'CN=store-publik'") + "The nearest there is CN=store-public. | {*}"},
		{Ref{Subject: "CN=store-rsa,O=Contoso"}, "", miss("subject name 'CN=store-rsa,O=Contoso'") + "The nearest there is CN=store-rsa, O=Contoso. | {*}"},
		{Ref{Subject: "store-rsa"}, "", miss("subject name 'store-rsa'") + "The nearest there is CN=store-rsa, O=Contoso. | give the whole subject: -CertificateSubjectName 'CN=store-rsa, O=Contoso'"},
		{Ref{Subject: "O=Contoso, CN=store-rsa"}, "", miss("subject name 'O=Contoso, CN=store-rsa'") + "The nearest there is CN=store-rsa, O=Contoso. | {*}"},
		{Ref{Path: `Cert:\LocalMachine\My\3905A014F306CD5CE639C86B34A23964724122C8`}, "", miss("thumbprint '3905A014F306CD5CE639C86B34A23964724122C8'") + "The store cannot be read: Unix LocalMachine X509Store is limited to the Root and CertificateAuthority stores. | {*}"},
	} {
		pair, err := loader.Load(t.Context(), c.ref)
		switch {
		case err == nil && thumbprintOf(pair.Chain[0]) != c.thumbprint:
			t.Errorf("%+v found %s", c.ref, thumbprintOf(pair.Chain[0]))
		case err != nil && (c.want == "" || !matchesWild(c.want, refusalLine(t, err))):
			t.Errorf("%+v:\n got %s\nwant %s", c.ref, refusalLine(t, err), c.want)
		}
	}
}

// TestStoreIsWhatDotNETSaid compares every certificate with .NET's own list of them.
func TestStoreIsWhatDotNETSaid(t *testing.T) {
	all, err := Loader{Home: dotnetHome(t)}.list(allStores)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, c := range all {
		_, err := c.open()
		got = append(got, fmt.Sprintf("%s | %s | key %v | %s to %s", c.thumbprint, c.subject, err == nil, day(c.certificate.NotBefore), day(c.certificate.NotAfter)))
	}
	for line := range strings.Lines(string(readTestFile(t, "testdata/store.txt"))) {
		_, line, _ = strings.Cut(line, " | ")
		want = append(want, strings.NewReplacer("True", "true", "False", "false").Replace(strings.TrimSpace(line)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestStoresThatAreNot(t *testing.T) {
	_, err := Loader{Home: t.TempDir()}.Load(t.Context(), Ref{Subject: "CN=a"})
	if got := refusalLine(t, err); !strings.Contains(got, `There is none in CurrentUser\My or LocalMachine\My.`) {
		t.Error(got)
	}
	home := dotnetHome(t)
	folder := filepath.Join(home, ".dotnet/corefx/cryptography/x509stores/my")
	if err := os.WriteFile(filepath.Join(folder, strings.Repeat("0", 40)+".pfx"), []byte("0123"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(folder, "6F8E0271154AD709245E2AC0E167D63592E2B208.pfx"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := newHost("")
	h.Home = home
	if _, err := h.Load(t.Context(), Ref{Subject: "CN=store-rsa, O=Contoso"}); err != nil {
		t.Error("a damaged file hides the others: ", err)
	}
	_, err = h.Load(t.Context(), Ref{Thumbprint: strings.Repeat("0", 40)})
	if got := refusalLine(t, err); !matchesWild(`bad-certificate: The certificate 0000000000000000000000000000000000000000 in CurrentUser\My cannot be used: {*}`, got) {
		t.Error(got)
	}
	if len(h.warnings) != 1 || !strings.HasPrefix(h.warnings[0], "Others on this host can read the key in ") {
		t.Errorf("not one warning of a key that others can read: %q", h.warnings)
	}
}
