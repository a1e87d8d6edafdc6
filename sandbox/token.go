// The token endpoint: one function for each grant, and what it answers.

package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	codeLife    = 10 * time.Minute
	refreshLife = 90 * 24 * time.Hour
)

// authorization is a person's yes to an application: what a code, a device code and a
// refresh token stand for.
type authorization struct {
	app        App
	user       person
	scopes     askedScopes // consented to
	tenant     string      // as asked: the practice tenant, common or organizations
	redirect   string
	challenge  string // PKCE, S256
	nonce      string
	proof      string // appidacr: "0" public, "1" secret, "2" certificate
	continuous bool   // the client understands claims challenges
	expires    time.Time
	used       bool
}

// tokenRequest is a request to the token endpoint by a client that proved who it is.
type tokenRequest struct {
	form   url.Values
	tenant string
	app    App
	proof  string
}

type tokenAnswer map[string]any

// grants by grant_type. MSAL for Go spells the device code's in the short way that
// predates RFC 8628.
var grants = map[string]func(*Cloud, tokenRequest) (tokenAnswer, *refused){
	"authorization_code": (*Cloud).redeemCode,
	"refresh_token":      (*Cloud).refresh,
	"client_credentials": (*Cloud).grantApp,
	"device_code":        (*Cloud).redeemDeviceCode,
	"urn:ietf:params:oauth:grant-type:device_code": (*Cloud).redeemDeviceCode,
}

func (s *Cloud) serveToken(w http.ResponseWriter, r *http.Request) {
	answer, refusal := s.token(w, r)
	if refusal != nil {
		refusal.send(w, r)
		return
	}
	sendJSON(w, r, http.StatusOK, answer)
}

func (s *Cloud) token(w http.ResponseWriter, r *http.Request) (tokenAnswer, *refused) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return nil, aadsts(9002313)
	}
	form := r.PostForm
	for _, values := range form {
		if len(values) > 1 {
			return nil, aadsts(9002313) // RFC 6749 §3.2: no parameter twice
		}
	}
	kind := form.Get("grant_type")
	if kind == "" {
		return nil, aadsts(900144, "grant_type")
	}
	grant, ok := grants[kind]
	if !ok {
		return nil, aadsts(70003, kind)
	}
	tenant, refusal := tenantFor(r.PathValue("tenant"), kind != "client_credentials")
	if refusal != nil {
		return nil, refusal
	}
	app, refusal := s.application(form.Get("client_id"))
	if refusal != nil {
		return nil, refusal
	}
	proof, refusal := s.authenticate(app, form)
	if refusal != nil {
		return nil, refusal
	}
	if !json.Valid([]byte(form.Get("claims"))) && form.Get("claims") != "" {
		return nil, aadsts(9002313)
	}
	return grant(s, tokenRequest{form, tenant, app, proof})
}

// application finds the one that a request names.
func (s *Cloud) application(clientID string) (App, *refused) {
	if clientID == "" {
		return App{}, aadsts(900144, "client_id")
	}
	app, ok := s.registered.find(clientID)
	switch {
	case !ok:
		return app, aadsts(700016, clientID, tenantName)
	case app.Disabled:
		return app, aadsts(7000112, app.ClientID, app.Name)
	}
	return app, nil
}

// redeemCode takes an authorization code, once, from whoever asked for it.
func (s *Cloud) redeemCode(q tokenRequest) (tokenAnswer, *refused) {
	var a authorization
	s.mu.Lock()
	issued, ok := s.codes[q.form.Get("code")]
	if ok {
		a, issued.used = *issued, true
	}
	s.mu.Unlock()
	switch {
	case q.form.Get("code") == "":
		return nil, aadsts(900144, "code")
	case !ok || a.app.ClientID != q.app.ClientID || a.tenant != q.tenant:
		return nil, aadsts(70000, "code")
	case a.used:
		return nil, aadsts(54005)
	case time.Now().After(a.expires):
		return nil, aadsts(70008)
	case q.form.Get("redirect_uri") != a.redirect:
		return nil, aadsts(500112, q.form.Get("redirect_uri"), a.redirect)
	case !verifiesPKCE(q.form.Get("code_verifier"), a.challenge):
		return nil, aadsts(501481)
	}
	return s.grantUser(q, a, a.scopes)
}

// verifiesPKCE: the challenge is the SHA-256 of the verifier (RFC 7636 §4.6).
func verifiesPKCE(verifier, challenge string) bool {
	digest := sha256.Sum256([]byte(verifier))
	computed := base64.RawURLEncoding.EncodeToString(digest[:])
	return len(verifier) >= 43 && len(verifier) <= 128 && subtle.ConstantTimeCompare([]byte(computed), []byte(challenge)) == 1
}

// refresh renews, for no more than was consented to. As Entra does, it gives a new
// refresh token and leaves the old one good.
func (s *Cloud) refresh(q tokenRequest) (tokenAnswer, *refused) {
	s.mu.Lock()
	a, ok := s.refreshable[q.form.Get("refresh_token")]
	s.mu.Unlock()
	switch {
	case q.form.Get("refresh_token") == "":
		return nil, aadsts(900144, "refresh_token")
	case !ok || a.app.ClientID != q.app.ClientID:
		return nil, aadsts(70000, "refresh_token")
	case time.Now().After(a.expires):
		return nil, aadsts(70008)
	}
	scopes := a.scopes
	if q.form.Get("scope") != "" {
		var refusal *refused
		if scopes, refusal = s.parseScopes(q.form.Get("scope")); refusal != nil {
			return nil, refusal
		}
	}
	for _, permission := range scopes.permissions {
		if !slices.Contains(a.scopes.permissions, permission) {
			refusal := aadsts(65001, q.app.ClientID, q.app.Name)
			refusal.sub = "consent_required"
			return nil, refusal
		}
	}
	return s.grantUser(q, *a, scopes)
}

// grantApp gives an application a token of its own.
func (s *Cloud) grantApp(q tokenRequest) (tokenAnswer, *refused) {
	var resources []string
	for _, scope := range strings.Fields(q.form.Get("scope")) {
		if !slices.Contains(oidcNames, scope) { // MSAL for Go adds these for applications too
			resources = append(resources, scope)
		}
	}
	if len(resources) == 0 {
		return nil, aadsts(900144, "scope")
	}
	for _, scope := range resources {
		resource, ok := strings.CutSuffix(scope, "/.default")
		switch {
		case !ok:
			return nil, aadsts(1002012, scope)
		case !s.isGraph(resource):
			return nil, aadsts(500011, resource, tenantName)
		}
	}
	more := claimSet{}
	if strings.Contains(q.form.Get("claims"), `"CP1"`) {
		more["xms_cc"] = []string{"CP1"}
	}
	token, err := s.appToken(q.app, q.proof, userTokenLife, more)
	if err != nil {
		return nil, broken(err)
	}
	return tokenAnswer{
		"token_type":     "Bearer",
		"expires_in":     int(userTokenLife.Seconds()) - 1,
		"ext_expires_in": int(userTokenLife.Seconds()) - 1,
		"access_token":   token,
	}, nil
}

// grantUser answers with the tokens that a asks for, for scopes of it.
func (s *Cloud) grantUser(q tokenRequest, a authorization, scopes askedScopes) (tokenAnswer, *refused) {
	a.proof = q.proof
	a.continuous = strings.Contains(q.form.Get("claims"), `"CP1"`)
	access, err := s.userToken(&a, scopes.permissions)
	if err != nil {
		return nil, broken(err)
	}
	response := tokenAnswer{
		"token_type":     "Bearer",
		"scope":          strings.Join(scopes.granted, " "),
		"expires_in":     int(userTokenLife.Seconds()) - 1,
		"ext_expires_in": int(userTokenLife.Seconds()) - 1,
		"access_token":   access,
	}
	if scopes.has("openid") {
		if response["id_token"], err = s.idToken(&a); err != nil {
			return nil, broken(err)
		}
	}
	if a.scopes.has("offline_access") {
		a.expires = time.Now().Add(refreshLife)
		token := rand.Text() + rand.Text()
		s.mu.Lock()
		s.refreshable[token] = &a
		s.mu.Unlock()
		response["refresh_token"] = token
	}
	if q.form.Get("client_info") == "1" {
		info, err := json.Marshal(map[string]string{"uid": a.user.id, "utid": Tenant})
		if err != nil {
			return nil, broken(err)
		}
		response["client_info"] = base64.RawURLEncoding.EncodeToString(info)
	}
	return response, nil
}
