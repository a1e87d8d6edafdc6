// The authorize endpoint: what an application asks of a person, and how the answer goes
// back to it. Choosing and consenting keep no state here: the request stays in the URL.

package sandbox

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// signInStep is a sign-in on its way through the pages.
type signInStep struct {
	authorization
	action string      // where the forms go
	back   string      // where to choose somebody else
	hidden [][2]string // fields that the forms carry on
	hint   string      // who the application expects
	device bool        // the application is on another device
}

func (s *Cloud) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	query := r.URL.Query()
	a, refusal := s.parseAuthorize(r.PathValue("tenant"), query)
	if err := r.ParseForm(); err != nil {
		refusal = aadsts(9002313)
	}
	if refusal != nil { // nothing may be sent to an address that is not the application's
		s.showRefusal(w, r, refusal, nil)
		return
	}
	if refusal := s.checkAuthorize(&a, query); refusal != nil {
		answerApp(w, a, query, toApp(refusal.stamp(r)))
		return
	}
	self := "?" + r.URL.RawQuery
	step := signInStep{authorization: a, action: self, back: self, hint: query.Get("login_hint")}
	user, done := s.chooseUser(w, r, step)
	if !done {
		return
	}
	switch r.PostForm.Get("decision") {
	case "accept":
		a.user = user
		a.expires = time.Now().Add(codeLife)
		code := rand.Text() + rand.Text()
		s.mu.Lock()
		s.codes[code] = &a
		s.mu.Unlock()
		answerApp(w, a, query, url.Values{"code": {code}})
	case "decline":
		answerApp(w, a, query, toApp(aadsts(65004).stamp(r)))
	default:
		answerApp(w, a, query, toApp(s.troubleOf(user, a).stamp(r)))
	}
}

// parseAuthorize finds out who asks, and whether the answer may go where they say.
func (s *Cloud) parseAuthorize(tenant string, query url.Values) (authorization, *refused) {
	var a authorization
	var refusal *refused
	if a.tenant, refusal = tenantFor(tenant, true); refusal != nil {
		return a, refusal
	}
	if a.app, refusal = s.application(query.Get("client_id")); refusal != nil {
		return a, refusal
	}
	a.redirect = query.Get("redirect_uri")
	switch {
	case a.redirect == "" || !a.app.Public: // the others are registered without any
		return a, aadsts(900971)
	case !isLoopbackRedirect(a.redirect):
		return a, aadsts(50011, a.redirect, a.app.ClientID)
	}
	switch query.Get("response_mode") {
	case "", "query", "form_post":
	default:
		return a, aadsts(70007, query.Get("response_mode"))
	}
	return a, nil
}

// isLoopbackRedirect: registered is http://localhost, of which Entra disregards the port
// (RFC 8252 §7.3) and nothing else.
func isLoopbackRedirect(redirect string) bool {
	u, err := url.Parse(redirect)
	return err == nil && u.Hostname() == "localhost" && redirect == (&url.URL{Scheme: "http", Host: u.Host}).String()
}

// checkAuthorize reads the rest, of which the application hears by itself.
func (s *Cloud) checkAuthorize(a *authorization, query url.Values) (refusal *refused) {
	if kind := query.Get("response_type"); kind != "code" {
		return aadsts(70005, kind)
	}
	if a.scopes, refusal = s.parseScopes(query.Get("scope")); refusal != nil {
		return refusal
	}
	a.nonce = query.Get("nonce")
	a.challenge = query.Get("code_challenge")
	switch {
	case a.challenge == "":
		// Entra demands it of pages in a browser only. Here of all: a client that forgot is noticed.
		return aadsts(9002325)
	case query.Get("code_challenge_method") != "S256":
		return aadsts(9002313)
	case len(a.challenge) != 43:
		return aadsts(501491)
	case query.Get("prompt") == "none":
		return aadsts(50058)
	}
	return nil
}

// troubleOf is why user cannot sign in as a asks, nil for no reason.
func (s *Cloud) troubleOf(user person, a authorization) *refused {
	switch {
	case user.guest && a.tenant != Tenant:
		_, home, _ := strings.Cut(user.mail, "@")
		return aadsts(50020, user.mail, home, tenantName, a.app.Name)
	case user.trouble == 90094:
		return aadsts(90094, tenantName, a.app.Name)
	case user.trouble != 0:
		return aadsts(user.trouble)
	}
	return nil
}

// chooseUser shows the pages between the request and the decision. done says that the
// form of r holds a decision that this user may take: accept, decline, or return, which
// goes back to the application with the trouble of theirs.
func (s *Cloud) chooseUser(w http.ResponseWriter, r *http.Request, step signInStep) (user person, done bool) {
	name := r.PostForm.Get("user")
	if name == "" && r.Method == http.MethodGet {
		if _, ok := findUser(step.hint); ok {
			name = step.hint
		}
	}
	if name == "" {
		showPage(w, http.StatusOK, "Pick an account", pickPage(step))
		return user, false
	}
	user, ok := findUser(name)
	if !ok {
		s.showRefusal(w, r, aadsts(50034, name, tenantName), &step)
		return user, false
	}
	step.hidden = append(slices.Clone(step.hidden), [2]string{"user", user.upn})
	decision := r.PostForm.Get("decision")
	if trouble := s.troubleOf(user, step.authorization); trouble != nil {
		if decision == "return" {
			return user, true
		}
		s.showRefusal(w, r, trouble, &step)
		return user, false
	}
	if decision != "accept" && decision != "decline" {
		showPage(w, http.StatusOK, "Permissions requested", consentPage(step, user))
		return user, false
	}
	return user, true
}

// toApp is a refusal as the application gets it.
func toApp(n *refused) url.Values {
	return url.Values{"error": {n.name}, "error_description": {n.description()}}
}

// answerApp sends the browser back to the application, which gets its state as it sent it.
func answerApp(w http.ResponseWriter, a authorization, query, answer url.Values) {
	if query.Has("state") {
		answer.Set("state", query.Get("state"))
	}
	if query.Get("response_mode") == "form_post" {
		showPage(w, http.StatusOK, "Working", postPage(a.redirect, answer))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", a.redirect+"/?"+answer.Encode())
	w.WriteHeader(http.StatusFound)
}

// serveLogout signs nobody out: there is no session to end.
func (s *Cloud) serveLogout(w http.ResponseWriter, r *http.Request) {
	if _, refusal := tenantFor(r.PathValue("tenant"), true); refusal != nil {
		s.showRefusal(w, r, refusal, nil)
		return
	}
	showMessage(w, "You signed out of your account", "It's a good idea to close all browser windows.")
}

func (s *Cloud) serveNoPage(w http.ResponseWriter, r *http.Request) {
	showPage(w, http.StatusNotFound, "Nothing here", fill("message.html", "title", "Nothing here",
		"text", "The practice cloud has no such page."))
}
