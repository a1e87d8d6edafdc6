// PFX files (PKCS#12) of any age, as go-pkcs12 reads them.

package certificate

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"connect-entra/failure"
)

// addPFX reads a PFX file, without a password unless one was named or is needed.
func (r *reader) addPFX(ctx context.Context, data []byte, name string) error {
	if r.Password != nil {
		if err := r.needPassword(ctx, name); err != nil {
			return err
		}
	}
	pair, err := decodePFX(data, r.password)
	if errors.Is(err, errWrongPassword) && r.Password == nil && r.password == "" {
		if err := r.needPassword(ctx, name); err != nil {
			return err
		}
		pair, err = decodePFX(data, r.password)
	}
	switch {
	case errors.Is(err, errWrongPassword):
		return wrongPassword(name, err)
	case err != nil:
		return badCertificate(name, "cannot be read: "+failure.Clean(err.Error())).Because(err).
			Try("if it is a PFX file: openssl pkcs12 -in FILE -out app.pem, and -Certificate app.pem")
	}
	r.Chain = append(r.Chain, pair.Chain...)
	if pair.Key == nil {
		return nil
	}
	return r.addKey(pair.Key, name)
}

// decodePFX reads PKCS#12 of any age, as go-pkcs12 does. A file may be without a key.
func decodePFX(data []byte, password string) (Pair, error) {
	if strings.ContainsFunc(password, func(c rune) bool { return c > 0xffff }) {
		return Pair{}, errors.New("its password has a character outside Unicode's first 65536 (an emoji, say), for which PKCS#12 has no agreed spelling")
	}
	if err := checkRounds(data, 0); err != nil {
		return Pair{}, err
	}
	key, leaf, above, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return Pair{}, errWrongPassword
	}
	if err != nil {
		if alone := certificatesAlone(data, password); alone != nil {
			return Pair{Chain: alone}, nil
		}
		return Pair{}, errors.New(strings.TrimPrefix(err.Error(), "pkcs12: "))
	}
	signer, err := signerOf(key)
	return Pair{Chain: append([]*x509.Certificate{leaf}, above...), Key: signer}, err
}

// certificatesAlone reads a file that holds certificates and nothing else: DecodeChain
// only says that the key is missing, and ToPEM, deprecated for what it makes of keys,
// gives them.
func certificatesAlone(data []byte, password string) (alone []*x509.Certificate) {
	blocks, err := pkcs12.ToPEM(data, password)
	if err != nil {
		return nil
	}
	for _, block := range blocks {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil
		}
		alone = append(alone, certificate)
	}
	return alone
}

// checkRounds walks DER for the shape in which every password scheme keeps its count of
// rounds, a number behind a salt, as go-pkcs12 takes any number and would work for days.
func checkRounds(der []byte, depth int) error {
	const deepest = 32
	afterSalt := false
	for len(der) > 0 && depth < deepest {
		var value asn1.RawValue
		rest, err := asn1.Unmarshal(der, &value)
		if err != nil {
			return nil // not DER: no concern of this function
		}
		isSalt := value.Class == asn1.ClassUniversal && value.Tag == asn1.TagOctetString
		if afterSalt && value.Class == asn1.ClassUniversal && value.Tag == asn1.TagInteger {
			var rounds int32
			if _, err := asn1.Unmarshal(value.FullBytes, &rounds); err != nil {
				return tooManyRounds("more than 2147483647")
			}
			if rounds > maxRounds {
				return tooManyRounds(rounds)
			}
		}
		if value.IsCompound || isSalt {
			if err := checkRounds(value.Bytes, depth+1); err != nil {
				return err
			}
		}
		afterSalt = isSalt
		der = rest
	}
	return nil
}
