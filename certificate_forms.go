//go:build !js

// Bytes → certificates and a key: PEM, DER and PFX, as OpenSSL, Windows and .NET leave
// them. Nothing is judged here but whether it can be read.

package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"software.sslmate.com/src/go-pkcs12"

	"connect-entra/failure"
)

// certificateReader fills one pair from the files of one -Certificate.
type certificateReader struct {
	keyPair
	ref      CertificateRef
	password string // once it was asked for
}

// add takes what one file holds.
func (r *certificateReader) add(ctx context.Context, sys *system, data []byte, name string) error {
	data = withoutMark(data)
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return r.addPEM(ctx, sys, data, name)
	}
	const derSequence = 0x30 // what every DER form here begins with
	if len(data) == 0 || data[0] != derSequence {
		return badCertificate(name, "is neither PEM nor DER nor PFX")
	}
	if certificates, err := x509.ParseCertificates(data); err == nil && len(certificates) > 0 {
		r.chain = append(r.chain, certificates...)
		return nil
	}
	if key, err := parseKey(data); err == nil {
		return r.addKey(key, name)
	}
	if isEncryptedPKCS8(data) {
		return r.addEncryptedKey(ctx, sys, name, func(password string) (crypto.Signer, error) { return decryptPKCS8(data, password) })
	}
	return r.addPFX(ctx, sys, data, name)
}

// withoutMark takes a byte order mark off: Windows' editors put one before UTF-8, and
// Windows PowerShell's > writes UTF-16.
func withoutMark(data []byte) []byte {
	if text, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		return text
	}
	if text, ok := bytes.CutPrefix(data, []byte("\xff\xfe")); ok {
		var units []uint16
		for ; len(text) >= 2; text = text[2:] {
			units = append(units, uint16(text[0])|uint16(text[1])<<8)
		}
		return []byte(string(utf16.Decode(units)))
	}
	return data
}

// addPEM takes certificates and the key in any order, with whatever text is around.
func (r *certificateReader) addPEM(ctx context.Context, sys *system, data []byte, name string) error {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch {
		case strings.HasSuffix(block.Type, "CERTIFICATE"): // also X509 and TRUSTED, OpenSSL's
			err = r.addCertificate(block.Bytes, name)
		case block.Type == "ENCRYPTED PRIVATE KEY":
			err = r.addEncryptedKey(ctx, sys, name, func(password string) (crypto.Signer, error) { return decryptPKCS8(block.Bytes, password) })
		case strings.HasSuffix(block.Type, "PRIVATE KEY") && block.Headers["DEK-Info"] != "":
			err = r.addEncryptedKey(ctx, sys, name, func(password string) (crypto.Signer, error) { return decryptTraditional(block, password) })
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			key, parseErr := parseKey(block.Bytes)
			if parseErr != nil {
				return badCertificate(name, fmt.Sprintf("holds a %s that cannot be read: %s", failure.Clean(block.Type), failure.Clean(parseErr.Error()))).Because(parseErr)
			}
			err = r.addKey(key, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addCertificate takes the first DER value: in a TRUSTED CERTIFICATE OpenSSL puts its
// own notes behind it.
func (r *certificateReader) addCertificate(der []byte, name string) error {
	var first asn1.RawValue
	_, err := asn1.Unmarshal(der, &first)
	if err == nil {
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(first.FullBytes); err == nil {
			r.chain = append(r.chain, certificate)
			return nil
		}
	}
	return badCertificate(name, "holds a certificate that cannot be read: "+failure.Clean(err.Error())).Because(err)
}

func (r *certificateReader) addKey(key crypto.Signer, name string) error {
	if r.key != nil && !samePublicKey(r.key.Public(), key.Public()) {
		return badCertificate(name, "holds a second key").Try("name one file with one certificate and its key")
	}
	r.key = key
	return nil
}

// parseKey reads a private key in DER: PKCS#8, PKCS#1 or SEC 1.
func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	return signerOf(key)
}

func signerOf(key any) (crypto.Signer, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key of this kind cannot sign")
	}
	return signer, nil
}

func (r *certificateReader) addEncryptedKey(ctx context.Context, sys *system, name string, decrypt func(password string) (crypto.Signer, error)) error {
	if err := r.needPassword(ctx, sys, name); err != nil {
		return err
	}
	key, err := decrypt(r.password)
	switch {
	case errors.Is(err, errWrongPassword):
		return wrongPassword(name, err)
	case err != nil:
		return badCertificate(name, "holds an encrypted key that cannot be read: "+failure.Clean(err.Error())).Because(err).
			Try("openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out key.pem, and -Certificate cert.pem,key.pem")
	}
	return r.addKey(key, name)
}

// needPassword reads the password where it was said to be, or asks the person at the
// terminal; the second file of a pair has the first one's.
func (r *certificateReader) needPassword(ctx context.Context, sys *system, name string) error {
	if r.password != "" {
		return nil
	}
	place := r.ref.Password
	if !r.ref.HasPass {
		if !sys.terminal.stdin {
			return failure.New("wrong-password", "%s needs a password.", failure.Clean(name)).
				Try("say where it is: -CertificatePassword -, @FILE or env:NAME")
		}
		place = Secret{}
	}
	var err error
	r.password, err = place.read(ctx, sys, "the certificate's password", "Password for "+failure.Clean(name)+": ")
	return err
}

func wrongPassword(name string, err error) *failure.Error {
	return failure.New("wrong-password", "The password does not open %s.", failure.Clean(name)).Because(err).
		Try("check the password, and what -CertificatePassword names")
}

// addPFX reads a PFX file, without a password unless one was named or is needed.
func (r *certificateReader) addPFX(ctx context.Context, sys *system, data []byte, name string) error {
	if r.ref.HasPass {
		if err := r.needPassword(ctx, sys, name); err != nil {
			return err
		}
	}
	pair, err := decodePFX(data, r.password)
	if errors.Is(err, errWrongPassword) && !r.ref.HasPass && r.password == "" {
		if err := r.needPassword(ctx, sys, name); err != nil {
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
	r.chain = append(r.chain, pair.chain...)
	if pair.key == nil {
		return nil
	}
	return r.addKey(pair.key, name)
}

// decodePFX reads PKCS#12 of any age, as go-pkcs12 does. A file may be without a key.
func decodePFX(data []byte, password string) (keyPair, error) {
	if strings.ContainsFunc(password, func(c rune) bool { return c > 0xffff }) {
		return keyPair{}, errors.New("its password has a character outside Unicode's first 65536 (an emoji, say), for which PKCS#12 has no agreed spelling")
	}
	if err := checkRounds(data, 0); err != nil {
		return keyPair{}, err
	}
	key, leaf, above, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return keyPair{}, errWrongPassword
	}
	if err != nil {
		if alone := certificatesAlone(data, password); alone != nil {
			return keyPair{chain: alone}, nil
		}
		return keyPair{}, errors.New(strings.TrimPrefix(err.Error(), "pkcs12: "))
	}
	signer, err := signerOf(key)
	return keyPair{chain: append([]*x509.Certificate{leaf}, above...), key: signer}, err
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
