// How an application proves to the practice cloud who it is: nothing, a secret, or a
// client assertion (RFC 7523) of which everything is checked: signed with its
// certificate's key, or a token of a workload that it trusts.
// Source: learn.microsoft.com/entra/identity-platform/certificate-credentials.

package sandbox

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"connect-entra/claims"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// maxAssertionLife is what Entra advises; here it is a rule.
	maxAssertionLife = 10 * time.Minute
	// clockSkew is what Entra forgives.
	clockSkew = 5 * time.Minute
)

// The issuer of a practice workload's tokens, and whom Entra wants as their audience.
const (
	workloadIssuer   = "https://workloads.sandbox.invalid"
	workloadAudience = "api://AzureADTokenExchange"

	workloadTokenLife = 366 * 24 * time.Hour // real ones live an hour, and somebody renews them
)

// workloadToken is what a workload of that name gets from its issuer.
func (s *Cloud) workloadToken(name string) (string, error) {
	claims := claimSet{"iss": workloadIssuer, "aud": workloadAudience, "sub": name}
	claims.lifetime(workloadTokenLife - time.Hour)
	return s.sign(claims)
}

// How a client proved itself, as appidacr of the token says it.
const (
	provedNothing     = "0"
	provedSecret      = "1"
	provedCertificate = "2"
)

// authenticate checks what the form proves of the client.
func (s *Cloud) authenticate(app App, form url.Values) (proof string, refusal *refused) {
	secret, assertion := form.Get("client_secret"), form.Get("client_assertion")
	switch {
	case app.Public && (secret != "" || assertion != ""):
		return "", aadsts(700025)
	case secret == "" && assertion == "" && form.Get("grant_type") == "client_credentials":
		return "", aadsts(7000216)
	case app.Public:
		return provedNothing, nil
	case secret != "" && assertion != "":
		return "", aadsts(9002313) // RFC 6749 §2.3: one method per request
	case assertion != "":
		if form.Get("client_assertion_type") != assertionType {
			return "", aadsts(900144, "client_assertion_type")
		}
		return provedCertificate, s.checkAssertion(app, assertion)
	case secret == "":
		return "", aadsts(7000218)
	case !app.holdsSecret(secret):
		return "", aadsts(7000215, app.ClientID)
	case time.Now().After(app.SecretExpires):
		return "", aadsts(7000222, app.ClientID)
	}
	return provedSecret, nil
}

// checkAssertion checks, in Entra's order, who signed the assertion and what it says.
func (s *Cloud) checkAssertion(app App, assertion string) *refused {
	said, ok := claims.Decode(assertion)
	digest, signature, err := signatureOf(assertion)
	if !ok || err != nil {
		return aadsts(50027)
	}
	if strings.HasPrefix(said.Issuer, "https://") {
		return s.checkFederated(app, assertion, said)
	}
	if refusal := checkSignature(app.certificate(), said.Header, digest, signature); refusal != nil {
		return refusal
	}
	if said.Issuer != app.ClientID || said.Text("sub") != app.ClientID {
		return aadsts(700021)
	}
	if !s.isAudience(said.Audience) {
		return aadsts(700023)
	}
	if refusal := checkTimes(said, maxAssertionLife); refusal != nil {
		return refusal
	}
	return s.checkReplay(app, said.Text("jti"), said.ExpiresOn)
}

// checkTimes checks that claims are good now, and are for no longer than life.
func checkTimes(said claims.Claims, life time.Duration) *refused {
	now := time.Now()
	from, until := said.NotBefore.UTC(), said.ExpiresOn.UTC()
	if now.Add(clockSkew).Before(from) || now.Add(-clockSkew).After(until) || until.Sub(from) > life {
		return aadsts(700024, now.UTC().Format(time.RFC3339), from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	return nil
}

// checkFederated checks a token of the one foreign issuer that applications here can
// trust (workload identity). Such a token may be used again: its holder gets it in a file.
// Source: learn.microsoft.com/entra/workload-id/workload-identity-federation.
func (s *Cloud) checkFederated(app App, assertion string, said claims.Claims) *refused {
	switch {
	case said.Issuer != workloadIssuer || app.Workload == "":
		return aadsts(700211, said.Issuer)
	case said.Audience != workloadAudience:
		return aadsts(700212, said.Audience)
	case said.Text("sub") != app.Workload:
		return aadsts(700213, said.Text("sub"))
	}
	if _, err := s.verify(assertion); err != nil { // the issuer is this cloud, too
		return aadsts(50013, "The key was not found.")
	}
	return checkTimes(said, workloadTokenLife)
}

// checkSignature checks that the registered certificate's key made the signature. The
// header names the certificate by its digest.
func checkSignature(registered *x509.Certificate, header map[string]any, signed, signature []byte) *refused {
	algorithm, _ := header["alg"].(string)
	named, digest := header["x5t#S256"], func(der []byte) []byte { d := sha256.Sum256(der); return d[:] }
	if named == nil {
		named, digest = header["x5t"], func(der []byte) []byte { d := sha1.Sum(der); return d[:] }
	}
	text, _ := named.(string)
	thumbprint, ok := decodeDigest(text)
	if text == "" || !ok {
		return aadsts(50027)
	}
	shown := fmt.Sprintf("%X", thumbprint)
	if registered == nil || !bytes.Equal(thumbprint, digest(registered.Raw)) {
		return aadsts(700027, "The key was not found.", shown)
	}
	if now := time.Now(); now.Before(registered.NotBefore) || now.After(registered.NotAfter) {
		return aadsts(700027, fmt.Sprintf("The key used is expired., Found key 'Start=%s, End=%s'",
			registered.NotBefore.UTC().Format("01/02/2006 15:04:05"), registered.NotAfter.UTC().Format("01/02/2006 15:04:05")), shown)
	}
	public, ok := registered.PublicKey.(*rsa.PublicKey)
	if !ok {
		return aadsts(700027, "The key is no RSA key.", shown)
	}
	var err error
	switch algorithm {
	case "PS256":
		err = rsa.VerifyPSS(public, crypto.SHA256, signed, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "RS256":
		err = rsa.VerifyPKCS1v15(public, crypto.SHA256, signed, signature)
	default:
		return aadsts(50027)
	}
	if err != nil {
		return aadsts(700027, "The key was found, but use of the key to verify the signature failed.", shown)
	}
	return nil
}

// decodeDigest reads a digest in base64url or plain base64, padded or not: clients differ
// and Entra takes all of them.
func decodeDigest(text string) ([]byte, bool) {
	text = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
	digest, err := base64.RawURLEncoding.DecodeString(text)
	return digest, err == nil
}

// isAudience says whether aud means this cloud's practice tenant: its token endpoint, or
// its issuer.
func (s *Cloud) isAudience(aud string) bool {
	for _, tenant := range []string{Tenant, Domain} {
		base := s.login + "/" + tenant
		if aud == base+"/oauth2/v2.0/token" || aud == base+"/v2.0" {
			return true
		}
	}
	return false
}

// checkReplay takes each assertion once (RFC 7523 §3, jti).
func (s *Cloud) checkReplay(app App, jti string, until time.Time) *refused {
	if jti == "" {
		return aadsts(50013, "The assertion has no jti.")
	}
	now := time.Now()
	key := app.ClientID + " " + jti
	s.mu.Lock()
	defer s.mu.Unlock()
	for seen, expires := range s.assertions {
		if now.After(expires) {
			delete(s.assertions, seen)
		}
	}
	if _, seen := s.assertions[key]; seen {
		return aadsts(50013, "The assertion was used before.")
	}
	s.assertions[key] = until.Add(clockSkew)
	return nil
}
