//go:build !js

// CertificateRef → a certificate with its key, or what is wrong with it. Everything that
// Entra would refuse is refused here, before anything is sent. No network.

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"connect-entra/failure"
)

// minRSABits is the smallest key that Entra's policies still accept.
const minRSABits = 2048

// keyPair is a certificate with its key and the certificates above it.
type keyPair struct {
	chain []*x509.Certificate // the leaf first
	key   crypto.Signer       // RSA; may be unable to leave its device
}

// loadCertificate gets the certificate that ref names, with its key. Subject wins over
// thumbprint, and both over a path, as in the reference.
func loadCertificate(ctx context.Context, sys *system, ref CertificateRef) (keyPair, error) {
	search, inStore, err := searchOf(ref)
	if err != nil {
		return keyPair{}, err
	}
	if inStore {
		return findCertificate(ctx, sys, search)
	}
	pair, err := readCertificate(ctx, sys, ref)
	if err != nil {
		return keyPair{}, err
	}
	if err := pair.match(ref.Path); err != nil {
		return keyPair{}, err
	}
	return pair, pair.check()
}

// match puts the certificate of the key first: .NET exports a chain with the CA's first.
func (p *keyPair) match(name string) error {
	if len(p.chain) == 0 {
		return badCertificate(name, "holds no certificate").
			Try("put the certificate into the same file, or name both: -Certificate cert.pem,key.pem")
	}
	if p.key == nil {
		return badCertificate(name, "holds no private key").
			Try("put the key into the same file, or name both: -Certificate cert.pem,key.pem")
	}
	for i, certificate := range p.chain {
		if samePublicKey(p.key.Public(), certificate.PublicKey) {
			p.chain[0], p.chain[i] = p.chain[i], p.chain[0]
			return nil
		}
	}
	return badCertificate(name, "holds a key that belongs to none of its certificates").
		Try("name the certificate and the key that were made together")
}

func samePublicKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// check refuses what Entra would refuse, with the reason in plain words.
func (p *keyPair) check() error {
	leaf := p.chain[0]
	name := subjectOf(leaf)
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return badCertificate(name, fmt.Sprintf("has an RSA key of %d bits, and Entra takes %d or more", key.N.BitLen(), minRSABits)).
				Try("make a certificate with an RSA key of %d bits or more", minRSABits)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return badCertificate(name, fmt.Sprintf("has an %s key, and Entra takes RSA only", leaf.PublicKeyAlgorithm)).
			Try("make a certificate with an RSA key of %d bits or more", minRSABits)
	default:
		return badCertificate(name, "has a key of a kind that Entra does not take").
			Try("make a certificate with an RSA key of %d bits or more", minRSABits)
	}
	return checkDates(leaf, time.Now())
}

const newCertificate = "make a new one and upload it in the Entra admin center: App registrations > Certificates & secrets"

// checkDates refuses a certificate that is not valid at that time.
func checkDates(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return failure.New("certificate-expired", "The certificate %s expired on %s.", subjectOf(leaf), day(leaf.NotAfter)).
			Try(newCertificate)
	case now.Before(leaf.NotBefore):
		return failure.New("certificate-expired", "The certificate %s is not valid before %s.", subjectOf(leaf), leaf.NotBefore.UTC().Format("2006-01-02 15:04:05 MST")).
			Try("check this host's clock, or wait until then")
	}
	return nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// subjectOf is what a certificate is called in a message.
func subjectOf(certificate *x509.Certificate) string {
	return failure.Clean(firstOf(distinguishedName(certificate.RawSubject), "without a subject"))
}

func badCertificate(name, why string) *failure.Error {
	return failure.New("bad-certificate", "%s %s.", failure.Clean(name), why).Try("give a PEM file with certificate and key, or a PFX file")
}
