//go:build unix

package certificate

import (
	"crypto/x509"
	"encoding/pem"
	"errors"

	"connect-entra/keychain"
)

// listKeychains gives the certificates of the person's keychains, as security(1) prints
// them; they only inform a refusal. It is in the build of every Unix.
func listKeychains() ([]stored, error) {
	data, err := keychain.Security("", "find-certificate", "-a", "-p")
	if errors.Is(err, keychain.ErrNotFound) {
		return nil, nil // security's status where no certificate is there
	}
	if err != nil {
		return nil, err
	}
	var all []stored
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue // a keychain holds certificates of all kinds; this one is not being looked for
		}
		all = append(all, newStored(currentUser, certificate, func() (Pair, error) {
			return Pair{}, badCertificate("The certificate "+subjectOf(certificate), "is in the keychain, where its key cannot be used by this program").
				Try("export it in Keychain Access as a .p12 file, and name that: -Certificate FILE.p12")
		}))
	}
	return all, nil
}
