//go:build !js

// What an id_token says, and what it must say before a sign-in counts.

package main

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"connect-entra/failure"
)

// idToken is what is read of an id_token. It came from the token endpoint itself over
// TLS, which stands for its signature (OpenID Connect Core §3.1.3.7, 6).
type idToken struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	TenantID string `json:"tid"`
	Nonce    string `json:"nonce"`
}

// readIDToken checks for all that MSAL reads of an id_token.
func readIDToken(raw string) (idToken, error) {
	wrong := errors.New("its id_token cannot be read")
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return idToken{}, wrong
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return idToken{}, wrong
	}
	if _, err := readObject(payload); err != nil {
		return idToken{}, wrong
	}
	var token struct {
		idToken
		PreferredUsername string `json:"preferred_username"`
		GivenName         string `json:"given_name"`
		FamilyName        string `json:"family_name"`
		MiddleName        string `json:"middle_name"`
		Name              string `json:"name"`
		Oid               string `json:"oid"`
		Subject           string `json:"sub"`
		UPN               string `json:"upn"`
		Email             string `json:"email"`
		AlternativeID     string `json:"alternative_id"`
		ExpirationTime    int64  `json:"exp"`
		IssuedAt          int64  `json:"iat"`
		NotBefore         int64  `json:"nbf"`
	}
	if json.Unmarshal(payload, &token) != nil {
		return idToken{}, wrong
	}
	return token.idToken, nil
}

// checkIDToken compares an id_token with what it must say (OpenID Connect Core §3.1.3.7):
// want.Issuer is the template of the issuer, want.TenantID the tenant as it was typed.
func checkIDToken(raw string, want idToken) error {
	token, err := readIDToken(raw)
	wrong := ""
	switch {
	case err != nil:
		wrong = err.Error()
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(want.Nonce)) != 1:
		wrong = "its nonce is not that of this sign-in"
	case token.Audience != want.Audience:
		wrong = "it is for another application"
	case strings.Contains(want.Issuer, "{tenantid}") && !isGUID(token.TenantID):
		wrong = "it names no tenant"
	case isGUID(want.TenantID) && !strings.EqualFold(token.TenantID, want.TenantID):
		wrong = "it is of another tenant than -TenantId names"
	case want.Issuer == "" || token.Issuer != strings.ReplaceAll(want.Issuer, "{tenantid}", token.TenantID):
		wrong = "it is of another issuer"
	}
	if wrong != "" {
		return failure.New("hostile-answer", "The id_token of this sign-in was refused: %s.", wrong)
	}
	return nil
}
