//go:build !js

// The client assertion: how an application proves that it holds its certificate's key
// (RFC 7523). One path for every key, crypto.Signer, so a key may stay where it is.

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"time"
)

// assertionLife is how long an assertion is good for: the most that Entra advises.
const assertionLife = 10 * time.Minute

// keyPair is a certificate with its key and the certificates above it.
type keyPair struct {
	chain []*x509.Certificate // the leaf first
	key   crypto.Signer       // RSA; may be unable to leave its device
}

// assertion signs a new one for one token request to audience. withChain sends the
// certificates along (x5c), for registrations that trust an issuer and a subject name.
// Source: learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (p keyPair) assertion(audience, clientID string, withChain bool) (string, error) {
	leaf := sha256.Sum256(p.chain[0].Raw)
	header := map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(leaf[:])}
	if withChain {
		var chain []string
		for _, certificate := range p.chain {
			chain = append(chain, base64.StdEncoding.EncodeToString(certificate.Raw)) // RFC 7515 §4.1.6: not base64url
		}
		header["x5c"] = chain
	}
	now := time.Now()
	claims := map[string]any{
		"aud": audience,
		"iss": clientID,
		"sub": clientID,
		"jti": rand.Text(),
		"nbf": now.Unix(),
		"iat": now.Unix(),
		"exp": now.Add(assertionLife).Unix(),
	}
	signed, err := jwtPart(header)
	if err != nil {
		return "", err
	}
	payload, err := jwtPart(claims)
	if err != nil {
		return "", err
	}
	signed += "." + payload
	digest := sha256.Sum256([]byte(signed))
	signature, err := p.key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if err != nil {
		return "", fail("bad-certificate", "The certificate's key refused to sign: %v.", err).because(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func jwtPart(fields map[string]any) (string, error) {
	data, err := json.Marshal(fields)
	return base64.RawURLEncoding.EncodeToString(data), err
}
