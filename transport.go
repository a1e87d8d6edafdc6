//go:build !js

// The one way out: every request to Entra, Graph or a managed-identity host passes
// wire.Do, which knows where it may go, how often and for how long, and turns a final
// refusal into a *failure. MSAL takes it in place of an http.Client, so there is no
// redirect to follow, no cookie and no second time limit. It knows no flows.

package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"connect-entra/exchange"
	"connect-entra/failure"
)

// targetKind is a kind of server; policies says what holds for each.
type targetKind int

const (
	toEntra targetKind = iota
	toGraph
	toIdentity
)

// policies is indexed by targetKind.
var policies = []struct {
	scheme string        // the only one allowed; "" where the base says it
	stream bool          // a good answer is handed on as it comes, however long
	good   []int         // statuses of a good answer that is not streamed
	again  []int         // statuses after which another try may help, beside those of retryStatuses
	pause  time.Duration // before the second try, about; twice that before the third
}{
	toEntra: {scheme: "https", good: []int{200, 201}, pause: time.Second},
	toGraph: {scheme: "https", stream: true, pause: time.Second},
	// 404 and 410: an IMDS that is being updated (learn.microsoft.com, "Retry guidance").
	// Off Azure they are another cloud's answer, so there is not much time to lose.
	toIdentity: {good: []int{200, 202}, again: []int{404, 410}, pause: 250 * time.Millisecond},
}

// retryStatuses: timeouts, throttling and a server's own trouble.
var retryStatuses = []int{408, 429, 500, 502, 503, 504}

const (
	maxTries     = 3
	maxRedirects = 3       // of a GET, from Graph
	maxAnswer    = 1 << 20 // bytes of an answer that is not streamed, after decompression
)

// target is a server and the rules for reaching it.
type target struct {
	kind     targetKind
	base     string        // scheme and host, all that a request may go to: https://login.microsoftonline.com
	timeout  time.Duration // for one call, with all its tries and waits
	tenant   string        // Entra: as typed
	issuer   string        // Entra: the host that tokens name as issuer
	known    bool          // Entra: its endpoints follow from base and tenant, so nobody is asked for them
	practice bool          // Entra: pages for a browser may be on this machine
	arc      bool          // managed identity: Azure Arc, which first answers with the name of a key file
}

// wireOptions is what the clients of one run have in common.
type wireOptions struct {
	internet    http.RoundTripper  // to Entra and Graph: newInternet, or the practice cloud
	direct      http.RoundTripper  // to a managed-identity service: newDirect, or the practice cloud
	correlation string             // a GUID, sent as client-request-id; "": a new one for this client
	userAgent   string             // sent with every request
	recorder    *exchange.Recorder // is told of every try; nil: nobody is
	readIDToken func(string) error // fails where MSAL could not read an id_token; nil: all are taken
}

// wire is what MSAL gets as its HTTP client.
type wire struct {
	target
	wireOptions
	next http.RoundTripper
	pace pace // of device polls

	mu         sync.Mutex
	discovered string // the issuer that an asked cloud names
}

func newWire(o wireOptions, t target) *wire {
	w := &wire{target: t, wireOptions: o, next: o.internet}
	if t.kind == toIdentity {
		w.next = o.direct
	}
	if w.correlation == "" {
		w.correlation = newCorrelation()
	}
	if w.recorder == nil {
		w.recorder = &exchange.Recorder{}
	}
	if w.readIDToken == nil {
		w.readIDToken = func(string) error { return nil }
	}
	return w
}

// CloseIdleConnections is what MSAL asks of an HTTP client; those of the process end
// with it.
func (w *wire) CloseIdleConnections() {}

func (w *wire) host() string { return hostname(w.base) }

// issuerTemplate is what iss of a token must be, with {tenantid} for its own tid.
func (w *wire) issuerTemplate() string {
	if w.known {
		return "https://" + w.issuer + "/{tenantid}/v2.0"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.discovered
}

// hasPage says whether a browser may be sent to u: to the server itself, and in practice
// to this machine.
func (t target) hasPage(u *url.URL) bool {
	onLoopback := u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	return u.User == nil && (u.Scheme+"://"+u.Host == t.base || t.practice && onLoopback)
}

// call is one request of MSAL's: what it is for, and what each try sends.
type call struct {
	request *http.Request
	body    []byte
	form    url.Values
	purpose purpose
}

// purpose is what a request wants, which decides what a good answer is.
type purpose int

const (
	forGraph purpose = iota
	forDiscovery
	forDeviceCode
	forDevicePoll
	forToken
	forArcKey
)

// once holds for what a server must not get a second time: an authorization code is
// redeemed by the first try, and the second would have its tokens revoked (RFC 6749 §4.1.2).
func (c *call) once() bool { return c.form.Get("grant_type") == "authorization_code" }

// repeatable says whether a try that may have reached the server can be repeated.
func (c *call) repeatable() bool {
	switch {
	case c.once() || c.cannotReplay():
		return false
	case c.purpose == forGraph:
		return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, c.request.Method)
	}
	return true
}

// cannotReplay holds for a body that is read as it is sent.
func (c *call) cannotReplay() bool {
	return c.body == nil && c.request.Body != nil && c.request.GetBody == nil
}

// Do carries one request out. An error is a *failure.Error, or the end of r's context. One of
// a server that may have got the request names it.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	resp, err := w.do(r)
	var f *failure.Error
	if errors.As(err, &f) && (f.ID == "timeout" || f.ID == "hostile-answer") {
		f.Correlation = w.correlation
	}
	return resp, err
}

func (w *wire) do(r *http.Request) (*http.Response, error) {
	c, err := w.admit(r)
	if err != nil {
		return nil, err
	}
	switch {
	case c.purpose == forDiscovery && w.known:
		return c.answer(http.StatusOK, w.discovery()), nil
	case c.purpose == forDevicePoll:
		return w.poll(c)
	case c.purpose == forGraph:
		return w.follow(c)
	}
	return w.send(c)
}

// follow sends a request to Graph. Where Graph sends a GET elsewhere, to a file's own
// store, it goes there with nothing that says who asks: the new address is its own key.
func (w *wire) follow(c *call) (*http.Response, error) {
	for range maxRedirects + 1 {
		resp, err := w.send(c)
		if err != nil || resp.StatusCode != http.StatusFound {
			return resp, err
		}
		to, err := c.request.URL.Parse(resp.Header.Get("Location"))
		if err != nil || to.Scheme != "https" || to.Host == "" || to.User != nil {
			return nil, failure.New("hostile-answer", "%s sends this request to an address that is not https.", w.host())
		}
		r := &http.Request{Method: http.MethodGet, URL: to, Host: to.Host, Header: http.Header{}}
		for _, name := range []string{"Accept", "Range"} {
			if value := c.request.Header.Get(name); value != "" {
				r.Header.Set(name, value)
			}
		}
		c = &call{request: r.WithContext(c.request.Context()), purpose: forGraph}
	}
	return nil, failure.New("hostile-answer", "%s sends this request on and on.", w.host())
}

// admit checks where a request goes before anything of it leaves, and finds out what it
// is for.
func (w *wire) admit(r *http.Request) (*call, error) {
	c := &call{request: r}
	scheme, host, _ := strings.Cut(w.base, "://")
	if p := policies[w.kind].scheme; p != "" {
		scheme = p
	}
	if r.Body != nil && r.Body != http.NoBody && w.kind != toGraph {
		data, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
		r.Body.Close()
		if err != nil || len(data) > maxAnswer {
			return nil, failure.New("bad-value", "The request to %s is too long.", w.host()).Try("ask for fewer scopes")
		}
		c.body = data
		c.form, _ = url.ParseQuery(string(data))
	}
	switch {
	case w.kind == toGraph:
		c.purpose = forGraph
	case w.kind == toIdentity:
		c.purpose = forToken
		if w.arc && r.Header.Get("Authorization") == "" {
			c.purpose = forArcKey
		}
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		c.purpose = forDiscovery
	case r.Method == http.MethodPost && c.form.Get("grant_type") == "":
		// MSAL makes this URL by writing "devicecode" for every "token" in the other one,
		// host and tenant included.
		c.purpose = forDeviceCode
		c.request = r.Clone(r.Context())
		c.request.URL = &url.URL{Scheme: scheme, Host: host, Path: "/" + w.tenant + "/oauth2/v2.0/devicecode"}
	case r.Method == http.MethodPost && strings.HasSuffix(c.form.Get("grant_type"), "device_code"):
		c.purpose = forDevicePoll
	case r.Method == http.MethodPost:
		c.purpose = forToken
	default: // MSAL's question which hosts are Entra's, for one: WithInstanceDiscovery(false) is missing
		return nil, failure.New("bug", "A %s request to Entra belongs to no sign-in.", r.Method)
	}
	u := c.request.URL
	if u.Scheme != scheme || u.Host != host || u.User != nil || r.Host != "" && r.Host != host {
		return nil, failure.New("hostile-answer", "A request to %s was not sent: only %s may get it.", failure.Clean(u.Scheme+"://"+u.Host), w.base)
	}
	return c, nil
}

// judge hands a good answer on and makes a failure of any other.
func (w *wire) judge(c *call, a *answer, again bool) (*http.Response, error) {
	switch {
	case c.purpose == forGraph && c.request.Method == http.MethodGet && a.StatusCode == http.StatusFound && a.Header.Get("Location") != "":
	case slices.Contains(policies[w.kind].good, a.StatusCode):
		if err := w.checkAnswer(c, a); err != nil {
			return nil, err
		}
	case c.purpose == forArcKey && a.StatusCode == http.StatusUnauthorized:
		if err := checkArcChallenge(a.Header); err != nil {
			return nil, err
		}
	default:
		return nil, w.refuse(c, a, again)
	}
	a.Response.Body = io.NopCloser(bytes.NewReader(a.body))
	a.Response.ContentLength = int64(len(a.body))
	return a.Response, nil
}

// answer makes a response of our own.
func (c *call) answer(status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode:    status,
		Status:        http.StatusText(status),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       c.request,
	}
}
