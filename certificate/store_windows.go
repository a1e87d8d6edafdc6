package certificate

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// list gives what the stores hold. Windows lets every user list the
// machine's certificates; their keys are another matter, which opening tells.
func (l Loader) list(stores []string) ([]stored, error) {
	var all []stored
	var failed error
	for _, name := range stores {
		some, err := l.listStore(name)
		all = append(all, some...)
		failed = errors.Join(failed, err)
	}
	if len(all) > 0 {
		return all, nil // one store that cannot be read must not hide the other
	}
	return nil, failed
}

var storeLocations = map[string]uint32{
	currentUser:  windows.CERT_SYSTEM_STORE_CURRENT_USER,
	localMachine: windows.CERT_SYSTEM_STORE_LOCAL_MACHINE,
}

func (l Loader) listStore(name string) ([]stored, error) {
	my, err := windows.UTF16PtrFromString("MY")
	if err != nil {
		return nil, err
	}
	store, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_W, 0, 0, storeLocations[name]|windows.CERT_STORE_READONLY_FLAG, uintptr(unsafe.Pointer(my)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer windows.CertCloseStore(store, 0)
	return l.listOpenStore(name, store)
}

func (l Loader) listOpenStore(name string, store windows.Handle) ([]stored, error) {
	var all []stored
	for entry, err := windows.CertEnumCertificatesInStore(store, nil); ; entry, err = windows.CertEnumCertificatesInStore(store, entry) {
		if entry == nil {
			if errno := windows.Errno(0); errors.As(err, &errno) && windows.Handle(errno) == windows.CRYPT_E_NOT_FOUND {
				err = nil // the end of the store
			}
			return all, err
		}
		certificate, err := x509.ParseCertificate(bytes.Clone(unsafe.Slice(entry.EncodedCert, entry.Length)))
		if err != nil {
			continue // a store holds certificates of all kinds; this one is not being looked for
		}
		duplicate := windows.CertDuplicateCertificateContext(entry) // until the process ends
		c := newStored(name, certificate, func() (Pair, error) {
			key, err := openStoreKey(duplicate, certificate, name, l.Ask == nil)
			return Pair{Chain: storeChain(duplicate, certificate), Key: key}, err
		})
		c.subject = storeSubject(duplicate)
		all = append(all, c)
	}
}

// storeSubject has Windows write the name: that is what .NET compares with there.
func storeSubject(entry *windows.CertContext) string {
	style := uint32(3 | 0x02000000) // CERT_X500_NAME_STR, CERT_NAME_STR_REVERSE_FLAG
	size := windows.CertGetNameString(entry, windows.CERT_NAME_RDN_TYPE, 0, unsafe.Pointer(&style), nil, 0)
	text := make([]uint16, max(size, 1))
	windows.CertGetNameString(entry, windows.CERT_NAME_RDN_TYPE, 0, unsafe.Pointer(&style), &text[0], uint32(len(text)))
	return windows.UTF16ToString(text)
}

// storeChain is the certificate and those above it, as far as this host knows them,
// without the network.
func storeChain(entry *windows.CertContext, leaf *x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	para := windows.CertChainPara{Size: uint32(unsafe.Sizeof(windows.CertChainPara{}))}
	var found *windows.CertChainContext
	const cacheOnly = 0x4 // CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL
	if err := windows.CertGetCertificateChain(0, entry, nil, 0, &para, cacheOnly, 0, &found); err != nil {
		return chain
	}
	defer windows.CertFreeCertificateChain(found)
	if found.ChainCount == 0 {
		return chain
	}
	first := unsafe.Slice(found.Chains, found.ChainCount)[0]
	for _, element := range unsafe.Slice(first.Elements, first.NumElements) {
		above := element.CertContext
		certificate, err := x509.ParseCertificate(bytes.Clone(unsafe.Slice(above.EncodedCert, above.Length)))
		if err == nil && !slices.ContainsFunc(chain, certificate.Equal) {
			chain = append(chain, certificate)
		}
	}
	return chain
}
