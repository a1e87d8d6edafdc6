// The tokens of the practice cloud: JWTs signed with RS256, with the claims that Entra's
// have.

package sandbox

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"connect-entra/claims"
)

// userTokenLife and identityTokenLife are what Entra gives on an average day.
const (
	userTokenLife     = 75 * time.Minute
	identityTokenLife = 24 * time.Hour
)

// claimSet is the payload of a token to be signed.
type claimSet map[string]any

// sign makes a JWT of claims.
func (s *Cloud) sign(claims claimSet) (string, error) {
	key, err := s.signer()
	if err != nil {
		return "", err
	}
	header, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256", "x5t": key.id, "kid": key.id})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key.private, crypto.SHA256, digest[:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// verify reads a JWT that this cloud signed.
func (s *Cloud) verify(token string) (claims.Claims, error) {
	said, ok := claims.Decode(token)
	digest, signature, err := signatureOf(token)
	if !ok || err != nil {
		return claims.Claims{}, errors.New("no JWT")
	}
	key, err := s.signer()
	if err != nil {
		return claims.Claims{}, err
	}
	if said.Header["alg"] != "RS256" || said.Header["kid"] != key.id {
		return claims.Claims{}, errors.New("the token was signed by somebody else")
	}
	return said, rsa.VerifyPKCS1v15(&key.private.PublicKey, crypto.SHA256, digest, signature)
}

// signatureOf is a JWT's signature, and the digest of what it is over.
func signatureOf(token string) (digest, signature []byte, err error) {
	dot := strings.LastIndexByte(token, '.')
	signature, err = base64.RawURLEncoding.DecodeString(token[dot+1:])
	sum := sha256.Sum256([]byte(token[:max(dot, 0)]))
	return sum[:], signature, err
}

// lifetime sets the three times as Entra does: a token is good from five minutes before,
// as clocks differ.
func (c claimSet) lifetime(life time.Duration) {
	now := time.Now()
	c["iat"] = now.Add(-5 * time.Minute).Unix()
	c["nbf"] = c["iat"]
	c["exp"] = now.Add(life).Unix()
}

// accessClaims is what all access tokens for Graph have: version 1.0, as Graph's do.
func (s *Cloud) accessClaims(app App, proof string) claimSet {
	return claimSet{
		"aud":                 s.graph,
		"iss":                 s.login + "/" + Tenant + "/",
		"app_displayname":     app.Name,
		"appid":               app.ClientID,
		"appidacr":            proof,
		"tid":                 Tenant,
		"tenant_region_scope": "EU",
		"uti":                 rand.Text()[:22],
		"ver":                 "1.0",
		"xms_tcdt":            1577836800, // when the tenant was made
	}
}

// userToken is a delegated access token.
func (s *Cloud) userToken(a *authorization, scopes []string) (string, error) {
	claims := s.accessClaims(a.app, a.proof)
	account := "0"
	if a.user.guest {
		account = "1"
		claims["idp"] = "https://" + strings.SplitN(a.user.mail, "@", 2)[1]
	}
	claims["acct"] = account
	claims["acr"] = "1"
	claims["amr"] = []string{"pwd"}
	claims["idtyp"] = "user"
	claims["given_name"] = a.user.given
	claims["family_name"] = a.user.family
	claims["name"] = a.user.name()
	claims["oid"] = a.user.id
	claims["upn"] = a.user.upn
	claims["unique_name"] = a.user.upn
	claims["ipaddr"] = "127.0.0.1"
	claims["scp"] = strings.Join(scopes, " ")
	claims["sub"] = pairwise(a.app.ClientID, a.user.id)
	if a.continuous {
		claims["xms_cc"] = []string{"CP1"}
	}
	claims.lifetime(userTokenLife)
	return s.sign(claims)
}

// appToken is an app-only access token.
func (s *Cloud) appToken(app App, proof string, life time.Duration, more claimSet) (string, error) {
	claims := s.accessClaims(app, proof)
	principal := servicePrincipal(app.ClientID)
	claims["idp"] = claims["iss"]
	claims["idtyp"] = "app"
	claims["oid"] = principal
	claims["sub"] = principal
	claims["roles"] = app.Roles
	for name, value := range more {
		claims[name] = value
	}
	claims.lifetime(life)
	return s.sign(claims)
}

// idToken says to the application who signed in: version 2.0, as its endpoint is.
func (s *Cloud) idToken(a *authorization) (string, error) {
	claims := claimSet{
		"aud":                a.app.ClientID,
		"iss":                s.login + "/" + Tenant + "/v2.0",
		"name":               a.user.name(),
		"oid":                a.user.id,
		"preferred_username": a.user.upn,
		"sub":                pairwise(a.app.ClientID, a.user.id),
		"tid":                Tenant,
		"uti":                rand.Text()[:22],
		"ver":                "2.0",
	}
	if a.user.guest {
		claims["preferred_username"] = a.user.mail
	}
	if a.nonce != "" {
		claims["nonce"] = a.nonce
	}
	claims.lifetime(time.Hour)
	return s.sign(claims)
}

// servicePrincipal is the object id of an application in the tenant: its own, made of
// the client id so that it is the same each time.
func servicePrincipal(clientID string) string {
	digest := sha256.Sum256([]byte(strings.ToLower(clientID)))
	return fmt.Sprintf("00000000-0000-4000-8000-%x", digest[:6])
}
