//go:build !js

// The practice cloud of -Environment Sandbox: Entra's protocol and nothing else, in this
// process. MSAL reaches it through RoundTrip, a browser through pages on loopback. What
// Entra checks is checked here for real, so that what works here works there. It knows
// nothing of this program's parameters and plans.

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"connect-entra/failure"
	"connect-entra/loopback"
)

// The practice cloud's hosts. .invalid never resolves (RFC 2606): what leaves the process
// by mistake goes nowhere.
const (
	sandboxLogin = "https://login.sandbox.invalid"
	sandboxGraph = "https://graph.sandbox.invalid"
	imdsHost     = "169.254.169.254"
)

// maxSandboxBody is more than any honest request to Entra has.
const maxSandboxBody = 64 << 10

// sandbox is a practice cloud with one tenant. What it issued dies with it, but for its
// signing key, which the registry may keep.
type sandbox struct {
	login, graph                         string // base URLs, without a slash at the end
	registered                           registry
	signer                               func() (*signingKey, error)
	loginRoutes, pageRoutes, graphRoutes http.Handler

	mu          sync.Mutex
	pages       string // base URL of the pages for a browser; the login host's until listen
	codes       map[string]*authorization
	devices     map[string]*deviceSignIn // by device code
	refreshable map[string]*authorization
	assertions  map[string]time.Time // the jti of those seen, until they expire
}

// newSandbox makes a practice cloud in which the registered applications exist.
func newSandbox(registered registry) *sandbox {
	s := &sandbox{
		login:       sandboxLogin,
		graph:       sandboxGraph,
		registered:  registered,
		codes:       map[string]*authorization{},
		devices:     map[string]*deviceSignIn{},
		refreshable: map[string]*authorization{},
		assertions:  map[string]time.Time{},
	}
	s.signer = sync.OnceValues(registered.signingKey)
	s.loginRoutes, s.pageRoutes, s.graphRoutes = s.routes()
	return s
}

// RoundTrip answers in process. A host that it does not have is an error, so nothing
// ever leaves.
func (s *sandbox) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served := r.Clone(r.Context())
	served.Host = r.URL.Host
	if served.Body == nil {
		served.Body = http.NoBody
	}
	handler := s.handler(r.URL, r.Header)
	if handler == nil {
		return nil, fmt.Errorf("the practice cloud has no %s://%s", r.URL.Scheme, r.URL.Host)
	}
	answer := &recordedAnswer{header: http.Header{}}
	handler.ServeHTTP(answer, served)
	return answer.response(r), nil
}

// handler picks by where the request goes; nil for a host that the sandbox does not have.
func (s *sandbox) handler(to *url.URL, header http.Header) http.Handler {
	base := to.Scheme + "://" + to.Host
	switch {
	case base == s.login:
		return s.loginRoutes
	case base == s.graph:
		return s.graphRoutes
	case base == "http://"+imdsHost:
		return http.HandlerFunc(s.serveIMDS)
	case base == s.pagesURL():
		return http.HandlerFunc(s.servePages)
	case header.Get("X-IDENTITY-HEADER") != "":
		// Wherever IDENTITY_ENDPOINT points: its host is known by this header alone.
		return http.HandlerFunc(s.serveAppService)
	}
	return nil
}

// ServeHTTP is the same by the Host header, without managed identity: that is only ever
// answered in process.
func (s *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch "https://" + r.Host {
	case s.login:
		s.loginRoutes.ServeHTTP(w, r)
	case s.graph:
		s.graphRoutes.ServeHTTP(w, r)
	default:
		s.servePages(w, r)
	}
}

// servePages serves a browser on loopback, under no other name: a foreign page that made
// its own name resolve to this host gets nothing.
func (s *sandbox) servePages(w http.ResponseWriter, r *http.Request) {
	host := (&url.URL{Host: r.Host}).Hostname()
	if host != "localhost" && host != "127.0.0.1" {
		http.Error(w, "This is reached as localhost only.", http.StatusMisdirectedRequest)
		return
	}
	s.pageRoutes.ServeHTTP(w, r)
}

// listen opens the pages for a browser on loopback, on a port that the system chooses.
// From then on discovery and device codes name them there.
func (s *sandbox) listen() (close func(), err error) {
	listeners, port, err := loopback.Listen()
	if err != nil {
		return nil, failure.New("network", "The practice cloud's pages cannot be opened on loopback: %v.", err).Because(err)
	}
	server := loopback.Serve(http.HandlerFunc(s.servePages), listeners...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = fmt.Sprintf("http://localhost:%d", port)
	// What ends the program is often a page's last answer: let it get through.
	return func() { server.Finish(300 * time.Millisecond) }, nil
}

// pagesURL is where a browser finds the pages.
func (s *sandbox) pagesURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages == "" {
		return s.login
	}
	return s.pages
}

// recordedAnswer is an http.ResponseWriter in memory. net/http/httptest has one, but adds
// a flag to the program that imports it.
type recordedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recordedAnswer) Header() http.Header { return a.header }

func (a *recordedAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *recordedAnswer) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(data)
}

func (a *recordedAnswer) response(r *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          io.NopCloser(&a.body),
		ContentLength: int64(a.body.Len()),
		Request:       r,
	}
}
