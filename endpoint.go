//go:build !js

// The token endpoint of a COMMAND: a managed identity in the form of App Service, so
// that any Azure SDK in COMMAND signs in with what was connected and always gets a token
// that is good. It knows a source and HTTP, and never asks a person.
// Source: learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint
// reference".

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
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
	"connect-entra/transport"
)

const (
	endpointPath    = "/msi/token"
	endpointVersion = "2019-08-01"
	endpointHeader  = "X-Identity-Header"
	endpointLife    = "connect_entra_life" // our own parameter, for -MinLifetime: seconds

	// leastLifetime is what a token must have left to be handed out: a client that keeps
	// it would else send it when it has ended.
	leastLifetime = time.Minute
)

// resource is an API that the endpoint has tokens for.
type resource struct {
	names  []string // how clients may spell it, without /.default
	scopes []string // what the source is asked for; nil: what was connected
}

// endpoint serves one COMMAND.
type endpoint struct {
	address   string // 127.0.0.1 and a port that the system chose
	secret    string // the header's value: 256 bits, of this run alone
	resources []resource
	clientID  string // the identity that was connected
	source    source
	admit     func(client, server netip.AddrPort) error // who may ask, by the connection

	server *loopback.Server
	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	flying map[wish]*flight
	last   map[*resource]Token // handed out, should the next not be had for the moment
}

// wish is what a caller asks for.
type wish struct {
	*resource
	life time.Duration // at least
}

// flight is one question to the source, which all who come meanwhile share.
type flight struct {
	done  chan struct{}
	token Token
	err   error
}

// serveTokens opens the endpoint, on loopback alone.
func serveTokens(ctx context.Context, e *endpoint) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return failure.New("network", "The token endpoint cannot listen on 127.0.0.1: %s.", transport.Reason(err)).Because(err)
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	e.address, e.secret = listener.Addr().String(), hex.EncodeToString(key)
	e.flying, e.last = map[wish]*flight{}, map[*resource]Token{}
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
		if err := e.admit(ends(r)); err != nil {
			refuseCaller(w, http.StatusForbidden, err.Error())
			return
		}
		e.answer(w, r)
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

// ends are the two of the connection that a request came by.
func ends(r *http.Request) (client, server netip.AddrPort) {
	client, _ = netip.ParseAddrPort(r.RemoteAddr)
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		server = local.AddrPort()
	}
	return client, server
}

func (e *endpoint) knows(values []string) bool {
	return len(values) == 1 && subtle.ConstantTimeCompare([]byte(values[0]), []byte(e.secret)) == 1
}

// answer is for a caller who may ask.
func (e *endpoint) answer(w http.ResponseWriter, r *http.Request) {
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
		until = time.Now().Add(expiryBuffer) // it does not tell: let clients ask again soon
	}
	reply(w, http.StatusOK, map[string]string{ // numbers in quotes, as App Service sends them
		"access_token": token.access.open(),
		"client_id":    e.clientID,
		"expires_on":   strconv.FormatInt(until.Unix(), 10),
		"resource":     r.URL.Query().Get("resource"),
		"token_type":   "Bearer",
	})
}

// read finds what is asked for. One of several values is never guessed.
func (e *endpoint) read(r *http.Request) (w wish, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || r.URL.Path != endpointPath {
		return w, errors.New("Ask GET " + endpointPath + "?api-version=" + endpointVersion + "&resource=URL.")
	}
	for name, values := range query {
		if len(values) > 1 {
			return w, errors.New(name + " stands there more than once.")
		}
	}
	if query.Get("api-version") != endpointVersion {
		return w, errors.New("The api-version is " + endpointVersion + ".")
	}
	if id := query.Get("client_id"); id != "" && !strings.EqualFold(id, e.clientID) {
		return w, errors.New("The identity that is connected is " + cmp.Or(e.clientID, "another one") + ".")
	}
	for _, selector := range []string{"principal_id", "object_id", "mi_res_id", "msi_res_id"} {
		if query.Has(selector) {
			return w, errors.New("The identity that is connected is the only one: leave " + selector + " out.")
		}
	}
	seconds, _ := strconv.Atoi(query.Get(endpointLife)) // no number asks for nothing
	w.life = time.Duration(min(max(seconds, 0), 86400)) * time.Second
	name := spelling(query.Get("resource"))
	for i := range e.resources {
		if slices.ContainsFunc(e.resources[i].names, func(known string) bool { return strings.EqualFold(known, name) }) {
			w.resource = &e.resources[i]
			return w, nil
		}
	}
	return w, errors.New("There are tokens for " + e.resources[0].names[0] + " here; others must be named with -AllowResource.")
}

// spelling takes off what clients may add to a resource's name.
func spelling(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "/.default"), "/")
}

// token asks the source, once for all who ask at the same time.
func (e *endpoint) token(ctx context.Context, wanted wish) (Token, error) {
	e.mu.Lock()
	f := e.flying[wanted]
	if f == nil {
		f = &flight{done: make(chan struct{}), err: failure.New("bug", "The source of tokens broke.")}
		e.flying[wanted] = f
		go e.fly(f, wanted)
	}
	e.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
}

// fly is not ended by one caller's leaving: others wait for the same token.
func (e *endpoint) fly(f *flight, wanted wish) {
	defer func() {
		_ = recover() // f.err says that it broke; COMMAND goes on
		e.mu.Lock()
		delete(e.flying, wanted)
		e.mu.Unlock()
		close(f.done)
	}()
	token, err := e.source(e.ctx, Ask{Scopes: wanted.scopes, MinLifetime: max(wanted.life, leastLifetime), Silent: true})
	e.mu.Lock()
	defer e.mu.Unlock()
	if last := e.last[wanted.resource]; err != nil && statusOf(err) == http.StatusServiceUnavailable && last.lives(leastLifetime) {
		token, err = last, nil // sources renew early
	}
	if err == nil && !token.lives(leastLifetime) {
		token, err = Token{}, failure.New("token-expired", "The token that Entra gave ends within a minute.")
	}
	if f.token, f.err = token, err; err == nil {
		e.last[wanted.resource] = token
	}
}

// lives holds for a token that has so much life left, or that does not tell.
func (t Token) lives(least time.Duration) bool {
	return t.access.open() != "" && (t.ExpiresOn.IsZero() || time.Until(t.ExpiresOn) >= least)
}

// statusOf is what the Azure SDKs take for "try again" or for "this will not do".
func statusOf(err error) int {
	if k := kindOf(failure.From(err).ID); k.exit == 6 || k.exit == 7 {
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
