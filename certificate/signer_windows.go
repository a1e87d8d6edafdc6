package certificate

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"

	"connect-entra/failure"
)

// Keys that stay where they are: in a file of Windows, in a TPM, on a smart card. CNG
// signs with them; providers of the older kind (CAPI) do so only in the older form.

var (
	ncryptSignHash  = windows.NewLazySystemDLL("ncrypt.dll").NewProc("NCryptSignHash")
	certGetProperty = windows.NewLazySystemDLL("crypt32.dll").NewProc("CertGetCertificateContextProperty")
	advapi          = windows.NewLazySystemDLL("advapi32.dll")
	capiCreateHash  = advapi.NewProc("CryptCreateHash")
	capiSetHash     = advapi.NewProc("CryptSetHashParam")
	capiSignHash    = advapi.NewProc("CryptSignHashW")
	capiDestroyHash = advapi.NewProc("CryptDestroyHash")
)

// keyTrouble is what Windows answers where a key cannot be used, and what that means.
var keyTrouble = []struct {
	code windows.Handle
	id   string
	why  string
	cure string
}{
	{windows.CRYPT_E_NO_KEY_PROPERTY, "bad-certificate", "has no private key there", importWithKey},
	{windows.NTE_BAD_KEYSET, "bad-certificate", "has a private key that this user may not use, or that is gone", "run as an administrator, or let this user read the key: certlm.msc > All Tasks > Manage Private Keys"},
	{windows.NTE_PERM, "bad-certificate", "has a private key that this user may not use", "run as an administrator, or let this user read the key: certlm.msc > All Tasks > Manage Private Keys"},
	{windows.E_ACCESSDENIED, "bad-certificate", "has a private key that this user may not use", "run as an administrator, or let this user read the key: certlm.msc > All Tasks > Manage Private Keys"},
	{windows.NTE_SILENT_CONTEXT, "bad-certificate", "has a private key that wants to ask a person", "run it at a terminal, or use a key without a PIN"},
	{windows.SCARD_W_CANCELLED_BY_USER, "declined", "was not used: the PIN was not entered", "run the command again and enter the PIN"},
	{windows.NTE_USER_CANCELLED, "declined", "was not used: that was declined", "run the command again and allow it"},
}

// explainKey makes a failure of what Windows answers, if its meaning is known.
func explainKey(code uintptr, certificate *x509.Certificate, where string) error {
	for _, t := range keyTrouble {
		if uint32(t.code) == uint32(code) {
			return failure.New(t.id, "The certificate %s in %s %s.", subjectOf(certificate), where, t.why).Because(windows.Errno(code)).Try("%s", t.cure)
		}
	}
	return fmt.Errorf("%w (%#x)", windows.Errno(code), uint32(code))
}

// openStoreKey gets at the key of a certificate in a store, without taking it out. silent
// keeps providers from asking for a PIN.
func openStoreKey(entry *windows.CertContext, certificate *x509.Certificate, where string, silent bool) (crypto.Signer, error) {
	// Cached, the handle belongs to the entry, which is kept until the process ends.
	flags := uint32(windows.CRYPT_ACQUIRE_PREFER_NCRYPT_KEY_FLAG | windows.CRYPT_ACQUIRE_CACHE_FLAG)
	if silent {
		flags |= windows.CRYPT_ACQUIRE_SILENT_FLAG
	}
	key := storeKey{certificate: certificate, where: where, silent: silent}
	var spec uint32
	var mustFree bool // false, as it is cached
	if err := windows.CryptAcquireCertificatePrivateKey(entry, flags, nil, &key.handle, &spec, &mustFree); err != nil {
		errno := windows.Errno(0)
		errors.As(err, &errno)
		explained := explainKey(uintptr(errno), certificate, where)
		if f := (*failure.Error)(nil); errors.As(explained, &f) {
			return nil, f
		}
		return nil, badCertificate("The certificate "+subjectOf(certificate)+" in "+where, "has a key that cannot be used: "+failure.Clean(explained.Error())).Because(err).
			Try("name a file with certificate and key instead: -Certificate FILE")
	}
	if spec == windows.CERT_NCRYPT_KEY_SPEC {
		return cngKey{key}, nil
	}
	return openCAPIKey(entry, key)
}

// storeKey is what both kinds of key have.
type storeKey struct {
	handle      windows.Handle
	certificate *x509.Certificate
	where       string
	silent      bool
}

func (k storeKey) Public() crypto.PublicKey { return k.certificate.PublicKey }

// cngKey signs by NCryptSignHash.
type cngKey struct{ storeKey }

func (k cngKey) Sign(_ io.Reader, digest []byte, how crypto.SignerOpts) ([]byte, error) {
	const padPKCS1, padPSS, silently = 0x2, 0x8, 0x40 // BCRYPT_PAD_PKCS1, BCRYPT_PAD_PSS, NCRYPT_SILENT_FLAG
	if how.HashFunc() != crypto.SHA256 || len(digest) != crypto.SHA256.Size() {
		return nil, errors.New("only SHA-256 is signed")
	}
	algorithm, err := windows.UTF16PtrFromString("SHA256")
	if err != nil {
		return nil, err
	}
	// BCRYPT_PSS_PADDING_INFO; BCRYPT_PKCS1_PADDING_INFO is its first field.
	padding := struct {
		algorithm *uint16
		salt      uint32
	}{algorithm, uint32(len(digest))}
	flags := uintptr(padPKCS1)
	if _, pss := how.(*rsa.PSSOptions); pss {
		flags = padPSS
	}
	if k.silent {
		flags |= silently
	}
	signature := make([]byte, k.certificate.PublicKey.(*rsa.PublicKey).Size())
	var size uint32
	status, _, _ := ncryptSignHash.Call(uintptr(k.handle), uintptr(unsafe.Pointer(&padding)),
		uintptr(unsafe.Pointer(&digest[0])), uintptr(len(digest)),
		uintptr(unsafe.Pointer(&signature[0])), uintptr(len(signature)), uintptr(unsafe.Pointer(&size)), flags)
	if status != 0 {
		return nil, explainKey(status, k.certificate, k.where)
	}
	return signature[:size], nil
}

// capiKey signs by CryptSignHash, which knows no PSS.
type capiKey struct {
	storeKey
	container, provider *uint16
	kind, flags, spec   uint32
}

// openCAPIKey reads where the key is from the certificate's CERT_KEY_PROV_INFO.
func openCAPIKey(entry *windows.CertContext, key storeKey) (crypto.Signer, error) {
	const keyProviderInfo = 2
	var size uint32
	ok, _, err := certGetProperty.Call(uintptr(unsafe.Pointer(entry)), keyProviderInfo, 0, uintptr(unsafe.Pointer(&size)))
	if ok == 0 {
		return nil, err
	}
	data := make([]uint64, (size+7)/8) // a struct of pointers, with the strings behind it
	ok, _, err = certGetProperty.Call(uintptr(unsafe.Pointer(entry)), keyProviderInfo, uintptr(unsafe.Pointer(&data[0])), uintptr(unsafe.Pointer(&size)))
	if ok == 0 {
		return nil, err
	}
	info := (*struct { // CRYPT_KEY_PROV_INFO
		container, provider *uint16
		kind, flags         uint32
		parameterCount      uint32
		parameters          uintptr
		spec                uint32
	})(unsafe.Pointer(&data[0]))
	clone := func(s *uint16) *uint16 {
		if s == nil {
			return nil
		}
		text, _ := windows.UTF16PtrFromString(windows.UTF16PtrToString(s))
		return text
	}
	const atKeyExchange, atSignature = 1, 2
	spec := uint32(atKeyExchange) // also where it says 0, or both as Wine does
	if info.spec == atSignature {
		spec = atSignature
	}
	return capiKey{key, clone(info.container), clone(info.provider), info.kind, info.flags, spec}, nil
}

func (k capiKey) Sign(_ io.Reader, digest []byte, how crypto.SignerOpts) ([]byte, error) {
	const rsaAES = 24 // PROV_RSA_AES
	if _, pss := how.(*rsa.PSSOptions); pss || how.HashFunc() != crypto.SHA256 || len(digest) != crypto.SHA256.Size() {
		return nil, errors.New("this provider signs SHA-256 by PKCS #1 v1.5 only")
	}
	// The old default providers cannot do SHA-256, but the one for AES opens the same keys;
	// .NET's RSACryptoServiceProvider does the same.
	signature, err := k.signBy(k.provider, k.kind, digest)
	if errno := windows.Errno(0); errors.As(err, &errno) && windows.Handle(errno) == windows.NTE_BAD_ALGID {
		signature, err = k.signBy(nil, rsaAES, digest)
	}
	return signature, err
}

func (k capiKey) signBy(provider *uint16, kind uint32, digest []byte) ([]byte, error) {
	const sha256ID, hashValue = 0x800c, 2 // CALG_SHA_256, HP_HASHVAL
	const machineKeys, silently = 0x20, 0x40
	flags := k.flags & machineKeys
	if k.silent {
		flags |= silently
	}
	var context windows.Handle
	if err := windows.CryptAcquireContext(&context, k.container, provider, kind, flags); err != nil {
		return nil, k.explain(err)
	}
	defer windows.CryptReleaseContext(context, 0)
	var hash uintptr
	if ok, _, err := capiCreateHash.Call(uintptr(context), sha256ID, 0, 0, uintptr(unsafe.Pointer(&hash))); ok == 0 {
		return nil, k.explain(err)
	}
	defer capiDestroyHash.Call(hash)
	if ok, _, err := capiSetHash.Call(hash, hashValue, uintptr(unsafe.Pointer(&digest[0])), 0); ok == 0 {
		return nil, k.explain(err)
	}
	signature := make([]byte, k.certificate.PublicKey.(*rsa.PublicKey).Size())
	size := uint32(len(signature))
	if ok, _, err := capiSignHash.Call(hash, uintptr(k.spec), 0, 0, uintptr(unsafe.Pointer(&signature[0])), uintptr(unsafe.Pointer(&size))); ok == 0 {
		return nil, k.explain(err)
	}
	slices.Reverse(signature[:size]) // CAPI's numbers are little-endian
	return signature[:size], nil
}

func (k capiKey) explain(err error) error {
	errno := windows.Errno(0)
	errors.As(err, &errno)
	return explainKey(uintptr(errno), k.certificate, k.where)
}
