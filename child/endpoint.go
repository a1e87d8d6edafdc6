// The token endpoint of a COMMAND: a managed identity in the form of App Service, so that
// any Azure SDK in COMMAND signs in with what was connected and always gets a token that
// is good. And what a process inside COMMAND asks it.
// Source: learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint
// reference".

package child

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"connect-entra/failure"
	"connect-entra/loopback"
)

const (
	endpointPath    = "/msi/token"
	endpointVersion = "2019-08-01"
	endpointHeader  = "X-Identity-Header"
	endpointLife    = "connect_entra_life" // our own parameter, for -MinLifetime: seconds

	// leastLifetime is what a token must have left to be handed out: a client that keeps
	// it would else send it when it has ended.
	leastLifetime = time.Minute

	// unknownLifetime is what a client is told of a token that does not tell: it asks again
	// soon.
	unknownLifetime = 5 * time.Minute
)

// Resource is an API that there are tokens for.
type Resource struct {
	Names  []string // how callers may spell it; /.default and / at the end count for nothing
	Scopes []string // what Session.Token is asked for; nil: what was connected
}

// Token is an access token. No format verb and no encoder shows it: fmt shows the address
// of a pointer, not what it points to.
type Token struct {
	access    *string
	ExpiresOn time.Time // zero where nothing tells
}

// NewToken is a token that ends at expiresOn, or nobody knows when if that is zero.
func NewToken(access string, expiresOn time.Time) Token { return Token{&access, expiresOn} }

// Access is the token's text, for who hands it on; "" where there is none.
func (t Token) Access() string {
	if t.access == nil {
		return ""
	}
	return *t.access
}

// lives holds for a token that has so much life left, or that does not tell.
func (t Token) lives(least time.Duration) bool {
	return t.Access() != "" && (t.ExpiresOn.IsZero() || time.Until(t.ExpiresOn) >= least)
}

// source is Session.Token.
type source func(ctx context.Context, scopes []string, life time.Duration) (Token, error)

// endpoint serves one COMMAND.
type endpoint struct {
	resources []Resource
	clientID  string // the identity that was connected
	source    source
	admit     func(client, server netip.AddrPort) error // who may ask, by the connection

	address string // 127.0.0.1 and a port that the system chose
	secret  string // the header's value: 256 bits, of this run alone
	server  *loopback.Server
	ctx     context.Context
	cancel  context.CancelFunc

	mu       sync.Mutex
	inFlight map[request]*call
	last     map[*Resource]Token // handed out, should the next not be had for the moment
}

// request is what a caller asks for.
type request struct {
	*Resource
	life time.Duration // at least
}

// call is one question to the source, which all who come meanwhile share.
type call struct {
	done  chan struct{}
	token Token
	err   error
}

// listen opens the endpoint, on loopback alone.
func (e *endpoint) listen(ctx context.Context) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return failure.New("network", "The token endpoint cannot listen on 127.0.0.1: %v.", err).Because(err)
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	e.address, e.secret = listener.Addr().String(), hex.EncodeToString(key)
	e.inFlight, e.last = map[request]*call{}, map[*Resource]Token{}
	e.ctx, e.cancel = context.WithCancel(ctx)
	e.server = loopback.Serve(e, listener)
	return nil
}

func (e *endpoint) url() string { return "http://" + e.address + endpointPath }

// close ends it with every connection; nothing of it answers any more.
func (e *endpoint) close() {
	e.cancel()
	e.server.Close()
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.Method != http.MethodGet || r.Host != e.address || !strings.HasPrefix(r.RequestURI, "/") || cameByBrowserOrProxy(r.Header):
		refuseCaller(w, http.StatusForbidden, "This request is not for here.")
	case !e.knows(r.Header[endpointHeader]):
		refuseCaller(w, http.StatusUnauthorized, "This request does not show the value of IDENTITY_HEADER.")
	default:
		if err := e.admit(addresses(r)); err != nil {
			refuseCaller(w, http.StatusForbidden, err.Error())
			return
		}
		e.respond(w, r)
	}
}

// cameByBrowserOrProxy tells requests that a page or a forwarder makes, not an SDK: a
// page that reached this port by DNS rebinding, a server-side request forgery.
func cameByBrowserOrProxy(h http.Header) bool {
	for name := range h {
		if slices.Contains([]string{"Origin", "Referer", "Forwarded", "Via", "Cookie"}, name) ||
			strings.HasPrefix(name, "Sec-") || strings.HasPrefix(name, "X-Forwarded") {
			return true
		}
	}
	return false
}

// addresses are those of both ends of the connection that a request came by.
func addresses(r *http.Request) (client, server netip.AddrPort) {
	client, _ = netip.ParseAddrPort(r.RemoteAddr)
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		server = local.AddrPort()
	}
	return client, server
}

func (e *endpoint) knows(values []string) bool {
	return len(values) == 1 && subtle.ConstantTimeCompare([]byte(values[0]), []byte(e.secret)) == 1
}

// respond is for a caller who may ask.
func (e *endpoint) respond(w http.ResponseWriter, r *http.Request) {
	wanted, err := e.read(r)
	if err != nil {
		refuseCaller(w, http.StatusBadRequest, err.Error())
		return
	}
	token, err := e.token(r.Context(), wanted)
	if err != nil {
		refuseCaller(w, statusOf(err), reasonOf(err))
		return
	}
	until := token.ExpiresOn
	if until.IsZero() {
		until = time.Now().Add(unknownLifetime)
	}
	reply(w, http.StatusOK, map[string]string{ // numbers in quotes, as App Service sends them
		"access_token": token.Access(),
		"client_id":    e.clientID,
		"expires_on":   strconv.FormatInt(until.Unix(), 10),
		"resource":     r.URL.Query().Get("resource"),
		"token_type":   "Bearer",
	})
}

// read finds what is asked for. One of several values is never guessed.
func (e *endpoint) read(r *http.Request) (wanted request, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || r.URL.Path != endpointPath {
		return wanted, errors.New("Ask GET " + endpointPath + "?api-version=" + endpointVersion + "&resource=URL.")
	}
	for name, values := range query {
		if len(values) > 1 {
			return wanted, errors.New(name + " stands there more than once.")
		}
	}
	if query.Get("api-version") != endpointVersion {
		return wanted, errors.New("The api-version is " + endpointVersion + ".")
	}
	if id := query.Get("client_id"); id != "" && !strings.EqualFold(id, e.clientID) {
		return wanted, errors.New("The identity that is connected is " + cmp.Or(e.clientID, "another one") + ".")
	}
	for _, selector := range []string{"principal_id", "object_id", "mi_res_id", "msi_res_id"} {
		if query.Has(selector) {
			return wanted, errors.New("The identity that is connected is the only one: leave " + selector + " out.")
		}
	}
	seconds, _ := strconv.Atoi(query.Get(endpointLife)) // no number asks for nothing
	wanted.life = time.Duration(min(max(seconds, 0), 86400)) * time.Second
	name := spelling(query.Get("resource"))
	for i := range e.resources {
		if slices.ContainsFunc(e.resources[i].Names, func(known string) bool { return strings.EqualFold(spelling(known), name) }) {
			wanted.Resource = &e.resources[i]
			return wanted, nil
		}
	}
	return wanted, errors.New("There are tokens for " + spelling(e.resources[0].Names[0]) + " here; others must be named with -AllowResource.")
}

// spelling takes off what clients may add to a resource's name.
func spelling(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "/.default"), "/")
}

// token asks the source, once for all who ask at the same time.
func (e *endpoint) token(ctx context.Context, wanted request) (Token, error) {
	e.mu.Lock()
	c := e.inFlight[wanted]
	if c == nil {
		c = &call{done: make(chan struct{}), err: failure.New("bug", "The source of tokens broke.")}
		e.inFlight[wanted] = c
		go e.ask(c, wanted)
	}
	e.mu.Unlock()
	select {
	case <-c.done:
		return c.token, c.err
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
}

// ask is not ended by one caller's leaving: others wait for the same token.
func (e *endpoint) ask(c *call, wanted request) {
	defer func() {
		_ = recover() // c.err says that it broke; COMMAND goes on
		e.mu.Lock()
		delete(e.inFlight, wanted)
		e.mu.Unlock()
		close(c.done)
	}()
	token, err := e.source(e.ctx, wanted.Scopes, max(wanted.life, leastLifetime))
	e.mu.Lock()
	defer e.mu.Unlock()
	if last := e.last[wanted.Resource]; err != nil && statusOf(err) == http.StatusServiceUnavailable && last.lives(leastLifetime) {
		token, err = last, nil // sources renew early
	}
	if err == nil && !token.lives(leastLifetime) {
		token, err = Token{}, failure.New("token-expired", "The token that Entra gave ends within a minute.")
	}
	if c.token, c.err = token, err; err == nil {
		e.last[wanted.Resource] = token
	}
}

// statusOf is what the Azure SDKs take for "try again" or for "this will not do".
func statusOf(err error) int {
	switch failure.From(err).ID {
	case "network", "throttled", "timeout":
		return http.StatusServiceUnavailable
	}
	return http.StatusUnauthorized
}

func reasonOf(err error) string {
	f := failure.From(err)
	reason := f.Message + " [" + f.ID + "]"
	if f.Server != nil && f.Server.Description != "" {
		reason += " " + failure.Clean(f.Server.Description)
	}
	return reason
}

// refuseCaller answers in App Service's form.
func refuseCaller(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]any{"statusCode": status, "message": message})
}

func reply(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // to a socket: there is nobody to tell
}

// NewRequest asks the endpoint of the COMMAND that this process is part of for a token of
// resource that is good for at least life. base is IDENTITY_ENDPOINT's scheme and host,
// secret what IDENTITY_HEADER holds.
func NewRequest(ctx context.Context, base, secret, resource string, life time.Duration) (*http.Request, error) {
	query := url.Values{"api-version": {endpointVersion}, "resource": {resource}}
	if life > 0 {
		query.Set(endpointLife, strconv.Itoa(int(life.Seconds())))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+endpointPath+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set(endpointHeader, secret)
	return r, nil
}

// ReadToken reads what the endpoint gives with status 200. The failure is hostile-answer.
func ReadToken(body io.Reader) (Token, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return Token{}, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresOn   string `json:"expires_on"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return Token{}, failure.New("hostile-answer", "The answer of the outer connect-entra cannot be understood.").Because(err)
	}
	seconds, err := strconv.ParseInt(answer.ExpiresOn, 10, 64)
	if err != nil {
		return Token{}, failure.New("hostile-answer", "The outer connect-entra does not say when its token ends.").Because(err)
	}
	return NewToken(answer.AccessToken, time.Unix(seconds, 0)), nil
}
