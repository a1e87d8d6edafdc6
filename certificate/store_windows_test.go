package certificate

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// putIntoStore adds a certificate to a store and takes it out after the test. Wine writes
// a store down when it is closed.
func putIntoStore(t *testing.T, name string, entry *windows.CertContext) {
	t.Helper()
	change := func(how func(store windows.Handle) error) {
		my, err := windows.UTF16PtrFromString("MY")
		if err != nil {
			t.Fatal(err)
		}
		store, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_W, 0, 0, storeLocations[name], uintptr(unsafe.Pointer(my)))
		if err != nil {
			t.Fatal(err)
		}
		if err := how(store); err != nil {
			t.Error(err)
		}
		if err := windows.CertCloseStore(store, 0); err != nil {
			t.Error(err)
		}
	}
	change(func(store windows.Handle) error {
		return windows.CertAddCertificateContextToStore(store, entry, windows.CERT_STORE_ADD_REPLACE_EXISTING, nil)
	})
	t.Cleanup(func() {
		change(func(store windows.Handle) error {
			var there *windows.CertContext
			if err := windows.CertAddCertificateContextToStore(store, entry, windows.CERT_STORE_ADD_USE_EXISTING, &there); err != nil {
				return err
			}
			return windows.CertDeleteCertificateFromStore(there)
		})
	})
}

func entryOf(t *testing.T, certificate *x509.Certificate) *windows.CertContext {
	t.Helper()
	entry, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &certificate.Raw[0], uint32(len(certificate.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

// importPFX has Windows import a PFX file, which puts its key into the user's own
// container of the provider that Windows chooses.
func importPFX(t *testing.T, path, password string) *windows.CertContext {
	t.Helper()
	data := readTestFile(t, path)
	text, err := windows.UTF16PtrFromString(password)
	if err != nil {
		t.Fatal(err)
	}
	store, err := windows.PFXImportCertStore(&windows.CryptDataBlob{Size: uint32(len(data)), Data: &data[0]}, text, windows.CRYPT_USER_KEYSET)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := windows.CertEnumCertificatesInStore(store, nil)
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

func TestCertificateOfTheStore(t *testing.T) {
	putIntoStore(t, currentUser, importPFX(t, dotnetFiles+"pfx-password.pfx", "practice"))
	for _, ref := range []Ref{
		{Thumbprint: "\u200e" + strings.ToLower(exported)},
		{Subject: "cn=EXPORT"},
		{Path: `Cert:\CurrentUser\My\` + exported},
	} {
		pair, err := Loader{}.Load(t.Context(), ref)
		if err != nil {
			t.Fatalf("%+v: %v", ref, refusalLine(t, err))
		}
		token, err := pair.Assertion(tokenEndpoint, "app", true)
		if err != nil {
			t.Fatal(refusalLine(t, err))
		}
		a := readAssertion(t, token, pair)
		if thumbprintOf(pair.Chain[0]) != exported || len(a.header.X5c) == 0 {
			t.Errorf("%+v: %+v", ref, a.header)
		}
		t.Logf("signed with %s by a %T", a.header.Alg, pair.Key)
	}
	_, err := Loader{}.Load(t.Context(), Ref{Path: `Cert:\LocalMachine\My\` + exported})
	if got := refusalLine(t, err); !strings.HasPrefix(got, "certificate-not-found: Certificate with thumbprint '"+exported+"' was not found in certificate store or has expired.") {
		t.Error(got)
	}
}

func TestCertificateOfTheStoreWithoutKey(t *testing.T) {
	certificate := makeCertificate(t, exportedKey(t), "alone", time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0))
	putIntoStore(t, localMachine, entryOf(t, certificate))
	_, err := Loader{}.Load(t.Context(), Ref{Subject: "CN=alone"})
	// Wine's CurrentUser\My shows the machine's certificates too, and Windows' does not.
	if got := refusalLine(t, err); !matchesWild(`bad-certificate: The certificate CN=alone in {*}\My has no private key there. | import it with its private key (a PFX file), or name such a file: -Certificate FILE`, got) {
		t.Error(got)
	}
}

// TestKeyTrouble: of what Windows answers, each known code has its words, and the rest
// keep the code.
func TestKeyTrouble(t *testing.T) {
	certificate := makeCertificate(t, exportedKey(t), "app", time.Now(), time.Now().AddDate(1, 0, 0))
	for _, trouble := range keyTrouble {
		got := refusalLine(t, explainKey(uintptr(trouble.code), certificate, localMachine))
		if want := trouble.id + `: The certificate CN=app in LocalMachine\My ` + trouble.why + ". | " + trouble.cure; got != want {
			t.Errorf("%#x: %s", uintptr(trouble.code), got)
		}
	}
	if err := explainKey(uintptr(windows.NTE_FAIL), certificate, localMachine); !strings.HasSuffix(err.Error(), "(0x80090020)") {
		t.Error(err)
	}
}

// TestKeyOfCNG signs with a key that CNG holds, attached to a certificate as Windows
// attaches one: the whole way from the store's entry to the assertion.
func TestKeyOfCNG(t *testing.T) {
	key := exportedKey(t)
	certificate := makeCertificate(t, key, "cng", time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0))
	store, err := windows.CertOpenStore(windows.CERT_STORE_PROV_MEMORY, 0, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var entry *windows.CertContext
	if err := windows.CertAddCertificateContextToStore(store, entryOf(t, certificate), windows.CERT_STORE_ADD_ALWAYS, &entry); err != nil {
		t.Fatal(err)
	}
	const keyContext, keepHandle = 5, 0 // CERT_KEY_CONTEXT_PROP_ID
	held := struct {
		size   uint32
		handle uintptr
		spec   uint32
	}{handle: importToCNG(t, key), spec: windows.CERT_NCRYPT_KEY_SPEC}
	held.size = uint32(unsafe.Sizeof(held))
	set := windows.NewLazySystemDLL("crypt32.dll").NewProc("CertSetCertificateContextProperty")
	if ok, _, err := set.Call(uintptr(unsafe.Pointer(entry)), keyContext, keepHandle, uintptr(unsafe.Pointer(&held))); ok == 0 {
		t.Fatal(err)
	}
	all, err := Loader{}.listOpenStore(currentUser, store)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	search, _, _ := Loader{}.searchOf(Ref{Subject: "CN=cng"})
	pair, err := search.choose(all)
	if err != nil {
		t.Fatal(refusalLine(t, err))
	}
	if _, ok := pair.Key.(cngKey); !ok {
		t.Fatalf("the key is a %T", pair.Key)
	}
	token, err := pair.Assertion(tokenEndpoint, "app", false)
	if err != nil {
		t.Fatal(refusalLine(t, err))
	}
	if a := readAssertion(t, token, pair); a.header.Alg != "PS256" {
		t.Errorf("%+v", a.header)
	}
}

// importToCNG gives the key to Windows' software provider, for this process alone.
func importToCNG(t *testing.T, key *rsa.PrivateKey) (handle uintptr) {
	t.Helper()
	ncrypt := windows.NewLazySystemDLL("ncrypt.dll")
	text := func(s string) uintptr {
		p, err := windows.UTF16PtrFromString(s)
		if err != nil {
			t.Fatal(err)
		}
		return uintptr(unsafe.Pointer(p))
	}
	var provider uintptr
	if status, _, _ := ncrypt.NewProc("NCryptOpenStorageProvider").Call(uintptr(unsafe.Pointer(&provider)), text("Microsoft Software Key Storage Provider"), 0); status != 0 {
		t.Fatalf("NCryptOpenStorageProvider: %#x", status)
	}
	// BCRYPT_RSAKEY_BLOB: magic, bits, and the lengths of the numbers that follow.
	exponent := []byte{1, 0, 1}
	p, q := key.Primes[0].Bytes(), key.Primes[1].Bytes()
	var blob []byte
	for _, n := range []int{0x32415352, key.N.BitLen(), len(exponent), key.Size(), len(p), len(q)} { // "RSA2"
		blob = binary.LittleEndian.AppendUint32(blob, uint32(n))
	}
	blob = slices.Concat(blob, exponent, key.N.Bytes(), p, q)
	if status, _, _ := ncrypt.NewProc("NCryptImportKey").Call(provider, 0, text("RSAPRIVATEBLOB"), 0, uintptr(unsafe.Pointer(&handle)), uintptr(unsafe.Pointer(&blob[0])), uintptr(len(blob)), 0); status != 0 {
		t.Fatalf("NCryptImportKey: %#x", status)
	}
	return handle
}

// TestSubjectsOfWindows: the name that Windows writes is the one that this program
// writes elsewhere, for names of the usual kinds.
func TestSubjectsOfWindows(t *testing.T) {
	for _, path := range []string{dotnetFiles + "pfx-password.pfx"} {
		entry := importPFX(t, path, "practice")
		certificate, err := x509.ParseCertificate(bytes.Clone(unsafe.Slice(entry.EncodedCert, entry.Length)))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := storeSubject(entry), distinguishedName(certificate.RawSubject); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
