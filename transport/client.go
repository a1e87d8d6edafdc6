// Package transport is the only way out: every request to Entra, Graph or a
// managed-identity host passes Client.Do, which knows where it may go, how often and how
// long it is tried, and which responses are good.
//
// A Client is made for one Target, by New. MSAL takes it in place of an http.Client, so
// there is no redirect to follow, no cookie and no second time limit, and a final refusal
// reaches MSAL's caller as a *failure.Error (errors.As). It polls for a device code at the
// server's pace, however often MSAL asks. It knows no flows and no parameters.
package transport

import (
	"bytes"
	"cmp"
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
	"connect-entra/guid"
)

// Kind is a kind of server, each with its own rules.
type Kind int

const (
	Entra           Kind = iota // https; a token response is checked before MSAL sees it
	Graph                       // https; a good response is handed on as it comes, and a GET's redirect to a file's store followed
	ManagedIdentity             // a service of this host or its network, reached without a proxy
)

// policies is indexed by Kind.
var policies = []struct {
	scheme string        // the only one allowed; "" where the base says it
	stream bool          // a good response is handed on as it comes, however long
	good   []int         // statuses of a good response that is not streamed
	again  []int         // statuses after which another try may help, beside those of retryStatuses
	pause  time.Duration // before the second try, about; twice that before the third
}{
	Entra: {scheme: "https", good: []int{200, 201}, pause: time.Second},
	Graph: {scheme: "https", stream: true, pause: time.Second},
	// 404 and 410: an IMDS that is being updated (learn.microsoft.com, "Retry guidance").
	// Off Azure they are another cloud's answer, so there is not much time to lose.
	ManagedIdentity: {good: []int{200, 202}, again: []int{404, 410}, pause: 250 * time.Millisecond},
}

// retryStatuses: timeouts, throttling and a server's own trouble.
var retryStatuses = []int{408, 429, 500, 502, 503, 504}

const (
	maxTries     = 3
	maxRedirects = 3       // of a GET, from Graph
	maxBody      = 1 << 20 // bytes of a response that is not streamed, after decompression
)

// Target is a server and the rules for reaching it.
type Target struct {
	Kind     Kind          // which rules hold
	Base     string        // scheme and host, all that a request may go to: https://login.microsoftonline.com
	Timeout  time.Duration // for one call, with all its tries and waits; of a streamed body, for each silence in it
	Tenant   string        // Entra: as typed
	Issuer   string        // Entra: the host that tokens name as issuer
	Known    bool          // Entra: its endpoints follow from base and tenant, so nobody is asked for them
	Practice bool          // Entra: pages for a browser may be on this machine
	Arc      bool          // managed identity: Azure Arc, which first answers with the name of a key file
}

// Options is what the clients of one run have in common.
type Options struct {
	Internet    http.RoundTripper  // to Entra and Graph: NewInternet, or the practice cloud
	Direct      http.RoundTripper  // to a managed-identity service: NewDirect, or the practice cloud
	Correlation string             // a GUID, sent as client-request-id; "": a new one for this client
	UserAgent   string             // sent with every request
	Recorder    *exchange.Recorder // is told of every try; nil: nobody is
}

// Client reaches one server. Several goroutines may use it at once.
type Client struct {
	Target
	Correlation string // sent as client-request-id: what an administrator finds its requests by

	options  Options
	recorder *exchange.Recorder
	next     http.RoundTripper
	polling  polling

	mu         sync.Mutex
	discovered string // the issuer that an asked cloud names
}

// New makes a client for t. Nothing is sent.
func New(o Options, t Target) *Client {
	client := &Client{Target: t, Correlation: cmp.Or(o.Correlation, guid.New()), options: o, recorder: o.Recorder, next: o.Internet}
	if t.Kind == ManagedIdentity {
		client.next = o.Direct
	}
	if o.Recorder == nil {
		client.recorder = &exchange.Recorder{}
	}
	return client
}

// CloseIdleConnections is what MSAL asks of an HTTP client; those of the process end
// with it.
func (client *Client) CloseIdleConnections() {}

// Host is the host of Base, with its port if it has one.
func (t Target) Host() string {
	_, host, _ := strings.Cut(t.Base, "://")
	return host
}

// IssuerTemplate is what iss of a token must be, with {tenantid} for its own tid; of a
// cloud whose endpoints are asked for, "" until it was.
func (client *Client) IssuerTemplate() string {
	if client.Known {
		return "https://" + client.Issuer + "/{tenantid}/v2.0"
	}
	client.mu.Lock()
	defer client.mu.Unlock()
	return client.discovered
}

// HasPage says whether a browser may be sent to u: to the server itself, and in practice
// to this machine.
func (t Target) HasPage(u *url.URL) bool {
	onLoopback := u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	return u.User == nil && (u.Scheme+"://"+u.Host == t.Base || t.Practice && onLoopback)
}

// call is one request of MSAL's: what it is for, and what each try sends.
type call struct {
	request *http.Request
	body    []byte
	form    url.Values
	purpose purpose
}

// purpose is what a request wants, which decides what a good response is.
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

// Do carries one request out, as http.Client.Do; an error of its body is as one of Do's. An
// error is a *failure.Error, or the end of r's context. One of a server that may have got
// the request names it by Correlation.
func (client *Client) Do(r *http.Request) (*http.Response, error) {
	resp, err := client.do(r)
	var f *failure.Error
	if errors.As(err, &f) && (f.ID == "timeout" || f.ID == "hostile-answer") {
		f.Correlation = client.Correlation
	}
	return resp, err
}

func (client *Client) do(r *http.Request) (*http.Response, error) {
	c, err := client.admit(r)
	if err != nil {
		return nil, err
	}
	switch {
	case c.purpose == forDiscovery && client.Known:
		return c.respond(http.StatusOK, client.discovery()), nil
	case c.purpose == forDevicePoll:
		return client.poll(c)
	case c.purpose == forGraph:
		return client.follow(c)
	}
	return client.send(c)
}

// follow sends a request to Graph. Where Graph sends a GET elsewhere, to a file's own
// store, it goes there with nothing that says who asks: the new address is its own key.
func (client *Client) follow(c *call) (*http.Response, error) {
	for range maxRedirects + 1 {
		resp, err := client.send(c)
		if err != nil || resp.StatusCode != http.StatusFound {
			return resp, err
		}
		to, err := c.request.URL.Parse(resp.Header.Get("Location"))
		if err != nil || to.Scheme != "https" || to.Host == "" || to.User != nil {
			return nil, failure.New("hostile-answer", "%s sends this request to an address that is not https.", client.Host())
		}
		r := &http.Request{Method: http.MethodGet, URL: to, Host: to.Host, Header: http.Header{}}
		for _, name := range []string{"Accept", "Range"} {
			if value := c.request.Header.Get(name); value != "" {
				r.Header.Set(name, value)
			}
		}
		c = &call{request: r.WithContext(c.request.Context()), purpose: forGraph}
	}
	return nil, failure.New("hostile-answer", "%s sends this request on and on.", client.Host())
}

// admit checks where a request goes before anything of it leaves, and finds out what it
// is for.
func (client *Client) admit(r *http.Request) (*call, error) {
	c := &call{request: r}
	scheme, host, _ := strings.Cut(client.Base, "://")
	if p := policies[client.Kind].scheme; p != "" {
		scheme = p
	}
	if r.Body != nil && r.Body != http.NoBody && client.Kind != Graph {
		data, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		r.Body.Close()
		if err != nil || len(data) > maxBody {
			return nil, failure.New("bad-value", "The request to %s is too long.", client.Host()).Try("ask for fewer scopes")
		}
		c.body = data
		c.form, _ = url.ParseQuery(string(data))
	}
	switch {
	case client.Kind == Graph:
		c.purpose = forGraph
	case client.Kind == ManagedIdentity:
		c.purpose = forToken
		if client.Arc && r.Header.Get("Authorization") == "" {
			c.purpose = forArcKey
		}
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		c.purpose = forDiscovery
	case r.Method == http.MethodPost && c.form.Get("grant_type") == "":
		// MSAL makes this URL by writing "devicecode" for every "token" in the other one,
		// host and tenant included.
		c.purpose = forDeviceCode
		c.request = r.Clone(r.Context())
		c.request.URL = &url.URL{Scheme: scheme, Host: host, Path: "/" + client.Tenant + "/oauth2/v2.0/devicecode"}
	case r.Method == http.MethodPost && strings.HasSuffix(c.form.Get("grant_type"), "device_code"):
		c.purpose = forDevicePoll
	case r.Method == http.MethodPost:
		c.purpose = forToken
	default: // MSAL's question which hosts are Entra's, for one: WithInstanceDiscovery(false) is missing
		return nil, failure.New("bug", "A %s request to Entra belongs to no sign-in.", r.Method)
	}
	u := c.request.URL
	if u.Scheme != scheme || u.Host != host || u.User != nil || r.Host != "" && r.Host != host {
		return nil, failure.New("hostile-answer", "A request to %s was not sent: only %s may get it.", failure.Clean(u.Scheme+"://"+u.Host), client.Base)
	}
	return c, nil
}

// judge hands a good response on and makes a failure of any other.
func (client *Client) judge(c *call, resp *response, again bool) (*http.Response, error) {
	switch {
	case c.purpose == forGraph && c.request.Method == http.MethodGet && resp.StatusCode == http.StatusFound && resp.Header.Get("Location") != "":
	case slices.Contains(policies[client.Kind].good, resp.StatusCode):
		if err := client.checkResponse(c, resp); err != nil {
			return nil, err
		}
	case c.purpose == forArcKey && resp.StatusCode == http.StatusUnauthorized:
		if err := checkArcChallenge(resp.Header); err != nil {
			return nil, err
		}
	default:
		return nil, client.refuse(c, resp, again)
	}
	resp.Response.Body = io.NopCloser(bytes.NewReader(resp.body))
	resp.Response.ContentLength = int64(len(resp.body))
	return resp.Response, nil
}

// respond makes a response of our own.
func (c *call) respond(status int, body []byte) *http.Response {
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
