// The client assertion: how an application proves that it holds its certificate's key
// (RFC 7523). One path for every key, crypto.Signer, so a key may stay where it is.

package certificate

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"connect-entra/failure"
)

// assertionLife is how long an assertion is good for: the most that Entra advises.
const assertionLife = 10 * time.Minute

// Assertion signs a new one, good for ten minutes, for one token request to audience, the
// token endpoint, by the application clientID. withChain sends the certificates along (x5c),
// for registrations that trust an issuer and a subject name. It fails with bad-certificate
// where the key refuses, and with declined where a person does.
// Source: learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (p Pair) Assertion(audience, clientID string, withChain bool) (string, error) {
	now := time.Now()
	claims, err := jwtPart(map[string]any{
		"aud": audience,
		"iss": clientID,
		"sub": clientID,
		"jti": rand.Text(),
		"nbf": now.Unix(),
		"iat": now.Unix(),
		"exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	sha256Of, sha1Of := sha256.Sum256(p.Chain[0].Raw), sha1.Sum(p.Chain[0].Raw)
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	token, err := p.sign(map[string]any{"alg": "PS256", "x5t#S256": jwtBytes(sha256Of[:])}, claims, pss, withChain)
	if f := (*failure.Error)(nil); err == nil || errors.As(err, &f) {
		return token, err
	}
	// Some providers, of smart cards and of Windows' older kind, cannot do PSS and have as
	// many ways to say so; Entra takes the older form with the same claims.
	// github.com/AzureAD/microsoft-authentication-library-for-dotnet/issues/6125
	token, err = p.sign(map[string]any{"alg": "RS256", "x5t": jwtBytes(sha1Of[:])}, claims, crypto.SHA256, withChain)
	if f := (*failure.Error)(nil); err == nil || errors.As(err, &f) {
		return token, err
	}
	return "", badCertificate("The key of "+subjectOf(p.Chain[0]), "refused to sign: "+failure.Clean(err.Error())).Because(err).
		Try("check that this user may use the key, and that its card or token is there")
}

// sign makes the compact form (RFC 7515 §3.1).
func (p Pair) sign(header map[string]any, claims string, how crypto.SignerOpts, withChain bool) (string, error) {
	header["typ"] = "JWT"
	if withChain {
		var chain []string
		for _, certificate := range p.Chain {
			chain = append(chain, base64.StdEncoding.EncodeToString(certificate.Raw)) // RFC 7515 §4.1.6: not base64url
		}
		header["x5c"] = chain
	}
	first, err := jwtPart(header)
	if err != nil {
		return "", err
	}
	signed := first + "." + claims
	digest := sha256.Sum256([]byte(signed))
	signature, err := p.Key.Sign(rand.Reader, digest[:], how)
	return signed + "." + jwtBytes(signature), err
}

func jwtPart(fields map[string]any) (string, error) {
	data, err := json.Marshal(fields)
	return jwtBytes(data), err
}

func jwtBytes(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
