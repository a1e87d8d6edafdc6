// Package certificate finds a certificate with its key, in files of every form or in the
// host's stores, refuses what Entra would refuse, and signs client assertions with it:
//
//	loader := certificate.Loader{Stdin: func() (io.Reader, error) { return os.Stdin, nil }}
//	pair, err := loader.Load(ctx, certificate.Ref{Path: "cert.pem,key.pem"})
//	…
//	assertion, err := pair.Assertion(tokenEndpoint, clientID, false)
//
// Whatever of the outside it needs comes with the Loader. It fails with failure.Error alone,
// or with why ctx ended, and nothing goes over the network.
package certificate

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"time"

	"connect-entra/failure"
)

// Loader loads certificates; its fields are what it may ask of the program around it. The
// zero Loader reads files, and keys that want no password.
type Loader struct {
	// Password gives the password that was named for the file; nil where none was.
	Password func(ctx context.Context, file string) (string, error)
	// Ask asks a person for the file's password. It is nil where nobody is there, and then a
	// smart card does not ask for its PIN either.
	Ask func(ctx context.Context, file string) (string, error)
	// Stdin gives what the path "-" reads, or why it may not; nil where there is none.
	Stdin func() (io.Reader, error)
	// Warn tells, as fmt.Sprintf would say it, of a key that others may read; nil for nobody.
	Warn func(format string, args ...any)
	// Home is the person's folder, in which .NET keeps a store on Linux.
	Home string
	// Nearest gives the one of the known names that was meant by what was typed, or ""; nil
	// where none is to be guessed.
	Nearest func(typed string, known []string) string
	// Quote writes a text as the person's shell takes it; nil to leave it as it is.
	Quote func(string) string
}

// Ref says which certificate. Subject wins over Thumbprint, and both over Path, as in
// Connect-Entra.
type Ref struct {
	Subject    string // the whole subject name as .NET writes it, in upper or lower case
	Thumbprint string // of SHA-1, in hexadecimal, with what dialogs put between
	Path       string // FILE, "cert.pem,key.pem", "-", or `Cert:\CurrentUser\My\THUMBPRINT`
}

// Pair is a certificate with its key and the certificates above it.
type Pair struct {
	Chain []*x509.Certificate // the leaf first
	Key   crypto.Signer       // RSA; may be unable to leave its device
}

// Load gets the certificate that ref names, with its key. It fails with certificate-not-found,
// certificate-expired, bad-certificate, wrong-password or bad-value, and with declined where
// a person keeps the key back.
func (l Loader) Load(ctx context.Context, ref Ref) (Pair, error) {
	s, inStore, err := l.searchOf(ref)
	if err != nil {
		return Pair{}, err
	}
	if inStore {
		return s.find()
	}
	pair, err := l.readFiles(ctx, ref.Path)
	if err != nil {
		return Pair{}, err
	}
	if err := pair.match(ref.Path); err != nil {
		return Pair{}, err
	}
	return pair, pair.check()
}

func (l Loader) warn(format string, args ...any) {
	if l.Warn != nil {
		l.Warn(format, args...)
	}
}

// match puts the certificate of the key first: .NET exports a chain with the CA's first.
func (p *Pair) match(name string) error {
	if len(p.Chain) == 0 {
		return badCertificate(name, "holds no certificate").
			Try("put the certificate into the same file, or name both: -Certificate cert.pem,key.pem")
	}
	if p.Key == nil {
		return badCertificate(name, "holds no private key").
			Try("put the key into the same file, or name both: -Certificate cert.pem,key.pem")
	}
	for i, certificate := range p.Chain {
		if samePublicKey(p.Key.Public(), certificate.PublicKey) {
			p.Chain[0], p.Chain[i] = p.Chain[i], p.Chain[0]
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

// minRSABits is the smallest key that Entra's policies still accept.
const minRSABits = 2048

// check refuses what Entra would refuse, with the reason in plain words.
func (p *Pair) check() error {
	leaf := p.Chain[0]
	why := ""
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() >= minRSABits {
			return checkDates(leaf, time.Now())
		}
		why = fmt.Sprintf("has an RSA key of %d bits, and Entra takes %d or more", key.N.BitLen(), minRSABits)
	case *ecdsa.PublicKey, ed25519.PublicKey:
		why = fmt.Sprintf("has an %s key, and Entra takes RSA only", leaf.PublicKeyAlgorithm)
	default:
		why = "has a key of a kind that Entra does not take"
	}
	return badCertificate(subjectOf(leaf), why).Try("make a certificate with an RSA key of %d bits or more", minRSABits)
}

const (
	newCertificate = "make a new one and upload it in the Entra admin center: App registrations > Certificates & secrets"
	waitForIt      = "check this host's clock, or wait until then"
)

// checkDates refuses a certificate that is not valid at that time.
func checkDates(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return failure.New("certificate-expired", "The certificate %s expired on %s.", subjectOf(leaf), day(leaf.NotAfter)).
			Try(newCertificate)
	case now.Before(leaf.NotBefore):
		return failure.New("certificate-expired", "The certificate %s is not valid before %s.", subjectOf(leaf), leaf.NotBefore.UTC().Format("2006-01-02 15:04:05 MST")).
			Try(waitForIt)
	}
	return nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func badCertificate(name, why string) *failure.Error {
	return failure.New("bad-certificate", "%s %s.", failure.Clean(name), why).Try("give a PEM file with certificate and key, or a PFX file")
}
