//go:build !js

// Files → certificate and key, and what to say when one will not do. No network.

package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// minRSABits is the smallest key that Entra's policies still accept.
const minRSABits = 2048

// maxCertificateFile bounds what is read of a certificate file, in bytes.
const maxCertificateFile = 1 << 20

// loadCertificate gets the certificate that ref names, with its key, and refuses one
// that Entra would refuse, before anything is sent.
func loadCertificate(ctx context.Context, sys *system, ref CertificateRef) (keyPair, error) {
	if ref.Subject != "" || ref.Thumbprint != "" {
		return keyPair{}, fail("certificate-not-found", "This build does not search certificate stores.").
			try("name the file instead: -Certificate FILE")
	}
	var pair keyPair
	for _, name := range splitCertificatePath(ref.Path) {
		if err := pair.addFile(ctx, sys, name, ref); err != nil {
			return keyPair{}, err
		}
	}
	if err := pair.match(ref.Path); err != nil {
		return keyPair{}, err
	}
	return pair, pair.check(ref.Path)
}

// splitCertificatePath takes "cert.pem,key.pem" apart, unless a file has that name.
func splitCertificatePath(path string) []string {
	if first, second, ok := strings.Cut(path, ","); ok {
		if _, err := os.Stat(path); err != nil {
			return []string{strings.TrimSpace(first), strings.TrimSpace(second)}
		}
	}
	return []string{path}
}

// addFile reads certificates and a key from one file, PEM or PFX.
func (p *keyPair) addFile(ctx context.Context, sys *system, name string, ref CertificateRef) error {
	data, err := readCertificateFile(sys, name)
	if err != nil {
		return err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return p.addPEM(data, name)
	}
	return p.addPFX(ctx, sys, data, name, ref)
}

func readCertificateFile(sys *system, name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", name)
	}
	if err == nil && info.Size() > maxCertificateFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxCertificateFile)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, fail("certificate-not-found", "The certificate cannot be read: %s.", clean(err.Error())).because(err).
			try("check the path after -Certificate and who may read the file")
	}
	// Windows' mode bits say nothing about who may read a file.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" && holdsKey(data) {
		sys.warn("Others on this host can read the key in %s (mode %04o): chmod 600 it.", clean(name), mode)
	}
	return data, nil
}

// holdsKey tells a file with a private key from one with certificates alone.
func holdsKey(data []byte) bool {
	return bytes.Contains(data, []byte("PRIVATE KEY-----")) || !bytes.Contains(data, []byte("-----BEGIN "))
}

// addPEM takes certificates and the key in any order, with whatever text is around.
func (p *keyPair) addPEM(data []byte, name string) error {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return badCertificate(name, "holds a certificate that cannot be read", err)
			}
			p.chain = append(p.chain, certificate)
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
			if block.Headers["DEK-Info"] != "" {
				return encryptedKey(name)
			}
			if err := p.addKey(block, name); err != nil {
				return err
			}
		case "ENCRYPTED PRIVATE KEY":
			return encryptedKey(name)
		}
	}
	return nil
}

func encryptedKey(name string) error {
	return fail("bad-certificate", "The key in %s is encrypted, which this build reads in a PFX file only.", clean(name)).
		try("openssl pkcs12 -export -in FILE -out app.pfx, and -Certificate app.pfx")
}

func (p *keyPair) addKey(block *pem.Block, name string) error {
	key, err := parseKey(block)
	if err != nil {
		return badCertificate(name, "holds a key that cannot be read", err)
	}
	if p.key != nil {
		return badCertificate(name, "holds more than one key", nil)
	}
	p.key = key
	return nil
}

func parseKey(block *pem.Block) (crypto.Signer, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key that cannot sign")
	}
	return signer, nil
}

// addPFX reads a PFX file, first without a password unless one was named.
func (p *keyPair) addPFX(ctx context.Context, sys *system, data []byte, name string, ref CertificateRef) error {
	password := ""
	if ref.HasPass {
		var err error
		if password, err = ref.Password.read(ctx, sys, "the certificate's password", "Password for "+clean(name)+": "); err != nil {
			return err
		}
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		if ref.HasPass {
			return fail("wrong-password", "The password does not open %s.", clean(name)).because(err).try("check what -CertificatePassword names")
		}
		return fail("wrong-password", "%s needs a password.", clean(name)).because(err).
			try("say where it is: -CertificatePassword -, @FILE or env:NAME")
	}
	if err != nil {
		return badCertificate(name, "is neither PEM nor a PFX file that can be read", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return badCertificate(name, "holds a key that cannot sign", nil)
	}
	p.key, p.chain = signer, append([]*x509.Certificate{leaf}, chain...)
	return nil
}

func badCertificate(name, why string, err error) *failure {
	return fail("bad-certificate", "%s %s.", clean(name), why).because(err).
		try("give a PEM file with certificate and key, or a PFX file")
}

// match puts the certificate of the key first.
func (p *keyPair) match(name string) error {
	if len(p.chain) == 0 {
		return badCertificate(name, "holds no certificate", nil)
	}
	if p.key == nil {
		return badCertificate(name, "holds no private key", nil).try("put the key into the same file, or name both: -Certificate cert.pem,key.pem")
	}
	type comparable interface{ Equal(crypto.PublicKey) bool }
	public, ok := p.key.Public().(comparable)
	for i, certificate := range p.chain {
		if ok && public.Equal(certificate.PublicKey) {
			p.chain[0], p.chain[i] = p.chain[i], p.chain[0]
			return nil
		}
	}
	return badCertificate(name, "holds a key that belongs to none of its certificates", nil)
}

// check refuses what Entra would refuse, with the reason in plain words.
func (p *keyPair) check(name string) error {
	switch key := p.key.Public().(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return badCertificate(name, fmt.Sprintf("has an RSA key of %d bits, and Entra wants %d", key.N.BitLen(), minRSABits), nil)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return badCertificate(name, "has a key that is not RSA, and Entra takes RSA only", nil).try("make a certificate with an RSA key of 2048 bits or more")
	default:
		return badCertificate(name, "has a key of a kind that Entra does not take", nil)
	}
	leaf, now := p.chain[0], time.Now()
	switch {
	case now.After(leaf.NotAfter):
		return fail("certificate-expired", "The certificate %s expired on %s.", clean(leaf.Subject.String()), leaf.NotAfter.Format(time.DateOnly)).
			try("make a new one and upload it under App registrations > Certificates & secrets")
	case now.Before(leaf.NotBefore):
		return fail("certificate-expired", "The certificate %s is not valid before %s.", clean(leaf.Subject.String()), leaf.NotBefore.Format(time.DateTime)).
			try("check this host's clock, or wait until then")
	}
	return nil
}
