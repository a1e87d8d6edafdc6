//go:build !js

// Signing in through the browser: the listener on loopback that gets the authorization
// code (RFC 8252), and what must be true of a code and its id_token before they count.
// MSAL's own listener ends a sign-in at any stray request, so there is none of it here.

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// maxAddress is what every browser, launcher and proxy on the way takes.
const maxAddress = 8 << 10

// browserWait is how long a person may take.
const browserWait = 15 * time.Minute

// browserSignIn is a sign-in in the browser: what MSAL does in it, and what is expected.
type browserSignIn struct {
	wire     *wire  // to the cloud's login host
	clientID string // whom the id_token must be for
	tenant   string // as typed: a GUID must be the id_token's own

	// address is MSAL's AuthCodeURL; what that leaves out is added here.
	address func(ctx context.Context, redirectURI string) (string, error)
	// redeem is MSAL's AcquireTokenByAuthCode; it gives the id_token as it came.
	redeem func(ctx context.Context, code, redirectURI, verifier string) (idToken string, err error)
}

// authorize signs a person in. It returns *noBrowser where none can be opened, so that
// another way can be taken.
func authorize(ctx context.Context, sys *system, a browserSignIn) error {
	secrets := callbackSecrets{state: randomText(), nonce: randomText(), verifier: randomText()}
	callback, err := listenForCode(secrets.state)
	if err != nil {
		return err
	}
	defer callback.close()
	asking, cancel := context.WithTimeout(ctx, a.wire.timeout)
	defer cancel()
	address, err := a.address(asking, callback.redirectURI)
	if err != nil {
		return err
	}
	if address, err = completeAddress(a.wire, address, secrets); err != nil {
		return err
	}
	fmt.Fprintf(sys.stderr, "Sign in at this address, in a browser on this machine:\n%s\nIf the page shows an error that only you can see, press Ctrl-C here.\n", address)
	waiting, stop := context.WithTimeout(ctx, browserWait)
	defer stop()
	opened := make(chan error, 1)
	go func() { opened <- sys.openURL(waiting, address) }()
	for {
		select {
		case err := <-opened:
			if err != nil {
				return err
			}
		case form := <-callback.arrived:
			redeeming, cancel := context.WithTimeout(ctx, a.wire.timeout)
			defer cancel()
			err := a.finish(redeeming, callback.redirectURI, form, secrets)
			callback.tell(err == nil)
			return err
		case <-waiting.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fail("timeout", "Nobody signed in within %d minutes.", int(browserWait/time.Minute)).because(context.DeadlineExceeded).
				try("run the command again; for a sign-in on another device add -UseDeviceCode")
		}
	}
}

// finish makes a sign-in of what came to the redirect URI with the right state.
func (a browserSignIn) finish(ctx context.Context, redirectURI string, form url.Values, secrets callbackSecrets) error {
	want := a.wire.issuerTemplate()
	if iss := form.Get("iss"); iss != "" && hostname(iss) != "" && authorityOf(iss) != authorityOf(want) { // RFC 9207 §2.4
		return fail("hostile-answer", "The answer in the browser came from another issuer.")
	}
	if code := form.Get("error"); code != "" {
		return a.declined(form)
	}
	raw, err := a.redeem(ctx, form.Get("code"), redirectURI, secrets.verifier)
	if err != nil {
		return err
	}
	return checkIDToken(raw, idToken{Issuer: want, Audience: a.clientID, TenantID: a.tenant, Nonce: secrets.nonce})
}

// declined makes a failure of an error that the browser brought (RFC 6749 §4.1.2.1).
func (a browserSignIn) declined(form url.Values) error {
	s := &serverError{Host: a.wire.host(), Status: http.StatusBadRequest, CorrelationID: a.wire.correlation}
	s.Code, s.Description, s.Suberror = form.Get("error"), a.wire.trace.scrub(form.Get("error_description")), form.Get("error_subcode")
	s.AADSTS = aadstsOf(s.Description)
	s.takeIDs()
	kind := refusalKind(s)
	f := fail(kind, "%s", refusalText(kind, s))
	f.server = s
	return f
}

type callbackSecrets struct{ state, nonce, verifier string }

// randomText has 256 bits, as 43 characters that need no escaping (RFC 7636 §4.1).
func randomText() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// completeAddress adds to MSAL's authorize URL what AuthCodeURL leaves out, and checks
// that a browser may be sent there.
func completeAddress(w *wire, address string, secrets callbackSecrets) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Fragment != "" || u.Scheme+"://"+u.Host != w.base && !(w.practice && isLoopbackPage(u)) {
		return "", fail("hostile-answer", "The sign-in page is not on %s, so it was not opened.", w.base)
	}
	q := u.Query()
	challenge := sha256.Sum256([]byte(secrets.verifier))
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	q.Set("state", secrets.state)
	q.Set("nonce", secrets.nonce)
	q.Set("response_mode", "form_post") // the code is in no address, history or log
	q.Set("scope", strings.TrimSpace(q.Get("scope")+" openid offline_access profile"))
	q.Set("client-request-id", w.correlation)
	u.RawQuery = q.Encode()
	if address = u.String(); len(address) > maxAddress {
		return "", fail("bad-value", "With so many scopes the sign-in page's address is longer than servers and browsers take.").
			try("ask for fewer scopes, or add -UseDeviceCode")
	}
	return address, nil
}

// isLoopbackPage holds for http pages on this machine: those of the practice cloud.
func isLoopbackPage(u *url.URL) bool {
	return u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
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
		return fail("hostile-answer", "The id_token of this sign-in was refused: %s.", wrong)
	}
	return nil
}

func authorityOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// callback is the listener at a redirect URI, and the one answer that came to it.
type callback struct {
	redirectURI string
	arrived     chan url.Values // the form that had the right state, once

	state    string
	taken    atomic.Bool
	finished chan struct{} // closed when the outcome is known
	success  bool
	told     chan struct{} // closed when the browser has its page
	server   *loopback
}

// listenForCode listens on both loopback families at one port. Entra registers
// http://localhost, and which family that is differs by browser: whoever had the other
// one would get the code (RFC 8252 §7.3 and §8.3).
func listenForCode(state string) (*callback, error) {
	listeners, port, err := listenLoopback()
	if err != nil {
		return nil, err
	}
	c := &callback{
		redirectURI: fmt.Sprintf("http://localhost:%d", port),
		arrived:     make(chan url.Values, 1),
		state:       state,
		finished:    make(chan struct{}),
		told:        make(chan struct{}),
	}
	c.server = newLoopback(c, listeners...)
	return c, nil
}

// listenLoopback gives listeners on 127.0.0.1 and ::1 with one port, or on the one
// family that there is.
func listenLoopback() ([]net.Listener, int, error) {
	var last error
	for range 20 {
		four, err4 := net.Listen("tcp4", "127.0.0.1:0")
		if err4 != nil {
			six, err6 := net.Listen("tcp6", "[::1]:0")
			if err6 != nil {
				last = err4
				break
			}
			return []net.Listener{six}, six.Addr().(*net.TCPAddr).Port, nil
		}
		port := four.Addr().(*net.TCPAddr).Port
		six, err6 := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", port))
		switch {
		case err6 == nil:
			return []net.Listener{four, six}, port, nil
		case !isPortTaken(err6):
			return []net.Listener{four}, port, nil // no IPv6 here
		}
		four.Close() // another program has this port on the other family
		last = err6
	}
	return nil, 0, fail("network", "No port on this machine can be listened on for the browser's answer: %s.", networkReason(last)).because(last).
		try("connect-entra -UseDeviceCode")
}

//go:embed pages/signed-in.html
var signedInPage string

//go:embed pages/not-signed-in.html
var notSignedInPage string

// pageStyle is the hash that lets a page's one style through its policy.
func pageStyle(page string) string {
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// ServeHTTP takes the one request that has the right state. Any other is turned away
// and changes nothing: a page, a program or a user of this machine may have sent it.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host != strings.TrimPrefix(c.redirectURI, "http://"): // DNS rebinding
		c.turnAway(w, http.StatusMisdirectedRequest)
		return
	case r.URL.Path != "/":
		c.turnAway(w, http.StatusNotFound)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		c.turnAway(w, http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil || !one(r.PostForm, "state") || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("state")), []byte(c.state)) != 1 {
		c.turnAway(w, http.StatusBadRequest)
		return
	}
	if !one(r.PostForm, "code") && !one(r.PostForm, "error") {
		c.turnAway(w, http.StatusBadRequest)
		return
	}
	if c.taken.Swap(true) {
		c.turnAway(w, http.StatusConflict)
		return
	}
	defer close(c.told)
	c.arrived <- r.PostForm
	select {
	case <-c.finished:
	case <-r.Context().Done(): // the browser left, or Ctrl-C
		return
	}
	page, status := notSignedInPage, http.StatusBadRequest
	if c.success {
		page, status = signedInPage, http.StatusOK
	}
	c.write(w, status, page)
}

// one says whether a form has exactly one value of that name, and not an empty one.
func one(form url.Values, name string) bool {
	return len(form[name]) == 1 && form[name][0] != ""
}

func (c *callback) turnAway(w http.ResponseWriter, status int) {
	c.write(w, status, http.StatusText(status)+"\n")
}

// write sends a fixed text: nothing of a request is ever in an answer.
func (c *callback) write(w http.ResponseWriter, status int, page string) {
	kind, style := "text/plain; charset=utf-8", "'none'"
	if strings.HasPrefix(page, "<") {
		kind, style = "text/html; charset=utf-8", pageStyle(page)
	}
	for name, value := range map[string]string{
		"Content-Type":            kind,
		"Content-Security-Policy": "default-src 'none'; style-src " + style + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Cache-Control":           "no-store",
		"Connection":              "close",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	io.WriteString(w, page)
}

// tell gives the browser its page, and the page a moment to arrive.
func (c *callback) tell(success bool) {
	c.success = success
	close(c.finished)
	select {
	case <-c.told:
	case <-time.After(time.Second):
		return
	}
	c.server.finish(500 * time.Millisecond)
}

func (c *callback) close() { c.server.close() }
