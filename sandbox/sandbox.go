// Package sandbox is the practice cloud: Entra's protocol, a small Microsoft Graph, managed
// identities and the pages for a browser, with one made-up tenant, in this process. What
// Entra checks is checked here for real, so that what works here works there.
//
// New makes a Cloud, which an http.Client has as its transport; Listen opens its pages on
// loopback for a browser. LoadRegistry and NewKit keep an application with its credentials
// from one process to the next. Nothing ever leaves the machine, and no real service takes
// what is issued here: .invalid never resolves, and the signing key is known to nobody.
package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"sync"
	"time"

	"connect-entra/failure"
	"connect-entra/loopback"
)

// The practice cloud's hosts, as base URLs. .invalid never resolves (RFC 2606): what leaves
// the process by mistake goes nowhere.
const (
	Login = "https://login.sandbox.invalid"
	Graph = "https://graph.sandbox.invalid"

	imdsHost = "169.254.169.254"
)

// maxBody is more than any honest request to Entra has.
const maxBody = 64 << 10

// Cloud is a practice cloud with one tenant: an http.RoundTripper for all of its hosts, and
// an http.Handler. What it issued dies with it, but for its signing key, which the registry
// may keep. It serves any number of goroutines.
type Cloud struct {
	login, graph                         string // base URLs, without a slash at the end
	registered                           Registry
	signer                               func() (*signingKey, error)
	loginRoutes, pageRoutes, graphRoutes http.Handler

	mu          sync.Mutex
	pages       string // base URL of the pages for a browser; the login host's until Listen
	codes       map[string]*authorization
	devices     map[string]*deviceSignIn // by device code
	refreshable map[string]*authorization
	assertions  map[string]time.Time // the jti of those seen, until they expire
}

// New makes a practice cloud in which the registered applications exist.
func New(registered Registry) *Cloud {
	s := &Cloud{
		login:       Login,
		graph:       Graph,
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

// At has the cloud answer for another one's hosts, given as base URLs without a slash at
// the end, before anything is sent: programs that know no other cloud can be tried on it.
func (s *Cloud) At(login, graph string) { s.login, s.graph = login, graph }

// RoundTrip answers in process: for Entra and Graph, for the metadata service of a virtual
// machine, for the pages and for an App Service, known by its header. Any other host is an
// error, so nothing ever leaves.
func (s *Cloud) RoundTrip(r *http.Request) (*http.Response, error) {
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
	response := &recorder{header: http.Header{}}
	handler.ServeHTTP(response, served)
	return response.response(r), nil
}

// Serves says whether RoundTrip answers r.
func (s *Cloud) Serves(r *http.Request) bool { return s.handler(r.URL, r.Header) != nil }

// handler picks by where the request goes; nil for a host that there is not.
func (s *Cloud) handler(to *url.URL, header http.Header) http.Handler {
	base := to.Scheme + "://" + to.Host
	switch {
	case base == s.login:
		return s.loginRoutes
	case base == s.graph:
		return s.graphRoutes
	case base == "http://"+imdsHost:
		return http.HandlerFunc(s.serveIMDS)
	case base == s.Pages():
		return http.HandlerFunc(s.servePages)
	case header.Get("X-IDENTITY-HEADER") != "":
		// Wherever IDENTITY_ENDPOINT points: its host is known by this header alone.
		return http.HandlerFunc(s.serveAppService)
	}
	return nil
}

// ServeHTTP answers as RoundTrip does, by the Host header and without managed identity: that is only ever
// answered in process.
func (s *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
func (s *Cloud) servePages(w http.ResponseWriter, r *http.Request) {
	host := (&url.URL{Host: r.Host}).Hostname()
	if host != "localhost" && host != "127.0.0.1" {
		http.Error(w, "This is reached as localhost only.", http.StatusMisdirectedRequest)
		return
	}
	s.pageRoutes.ServeHTTP(w, r)
}

// routes is the login host with its pages, the pages alone, and Graph.
func (s *Cloud) routes() (loginRoutes, pageRoutes, graphRoutes http.Handler) {
	login, pages, graph := http.NewServeMux(), http.NewServeMux(), http.NewServeMux()
	login.HandleFunc("GET /common/discovery/instance", s.serveInstanceDiscovery)
	login.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.serveDiscovery)
	login.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.serveKeys)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.serveToken)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", s.serveDeviceCode)
	login.Handle("/", pages)

	pages.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.serveAuthorize)
	pages.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", s.serveAuthorize)
	pages.HandleFunc("GET /{tenant}/oauth2/v2.0/logout", s.serveLogout)
	pages.HandleFunc("GET /devicelogin", s.serveDeviceLogin)
	pages.HandleFunc("POST /devicelogin", s.serveDeviceLogin)
	pages.HandleFunc("GET /style.css", s.serveStyle)
	pages.HandleFunc("/", s.serveNoPage)

	for _, row := range graphAnswers {
		for _, version := range []string{"/v1.0", "/beta"} {
			graph.HandleFunc("GET "+version+row.pattern, s.answerGraph(row.permissions, row.answer))
		}
	}
	graph.HandleFunc("/", s.serveNoResource)
	return asItCame(login, s.serveNoPage), asItCame(pages, s.serveNoPage), asItCame(graph, s.serveNoResource)
}

// asItCame takes a path as it stands. One that is not clean a ServeMux would redirect, which
// neither Entra nor Graph does.
func asItCame(routes *http.ServeMux, otherwise http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		came := r.URL.EscapedPath()
		if clean := path.Clean(came); came == clean || came == clean+"/" {
			routes.ServeHTTP(w, r)
			return
		}
		otherwise(w, r)
	}
}

// Listen opens the pages for a browser on loopback, on a port that the system chooses, until
// stop is called; stop gives an answer under way 300 ms. From then on discovery and device
// codes name them there. Where no port can be had the error has the id network.
func (s *Cloud) Listen() (stop func(), err error) {
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

// Pages is where a browser finds the pages, as a base URL: the login host until Listen.
func (s *Cloud) Pages() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages == "" {
		return s.login
	}
	return s.pages
}

// recorder is an http.ResponseWriter in memory. net/http/httptest has one, but adds a flag
// to the program that imports it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recorder) Header() http.Header { return a.header }

func (a *recorder) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *recorder) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(data)
}

func (a *recorder) response(r *http.Request) *http.Response {
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
