//go:build !js

package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"connect-entra/failure"
	"connect-entra/transport"
)

// server answers requests in process and keeps them.
type server struct {
	handle   func(r *http.Request, form url.Values) (status int, body string)
	requests []string // METHOD URL form
	times    []time.Time
	header   http.Header // of every answer
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	var body string
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	form, _ := url.ParseQuery(body)
	s.requests = append(s.requests, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+form.Get("grant_type")))
	s.times = append(s.times, time.Now())
	status, answer := s.handle(r, form)
	if status < 0 {
		return nil, errors.New("connection lost")
	}
	header := s.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// unsigned makes a token that nobody signed.
func unsigned(claims map[string]any) string {
	data, _ := json.Marshal(claims)
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(data) + ".c2ln"
}

func formRequest(address string, form url.Values) *http.Request {
	r, _ := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func get(address string) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, address, nil)
	return r
}

// idOf is the failure's id, or what else err is.
func idOf(err error) string {
	var f *failure.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &f):
		return f.ID
	}
	return err.Error()
}

const testTenant = "11111111-2222-4333-8444-555555555555"

var errRefused = syscall.ECONNREFUSED

func entraClient(rt http.RoundTripper) *transport.Client {
	con, world := &console{stderr: io.Discard}, &world{network: network{internet: rt}}
	return newClient(con, world, transport.Target{Kind: transport.Entra, Base: "https://login.microsoftonline.com", Issuer: "login.microsoftonline.com",
		Timeout: 60 * time.Second, Tenant: testTenant, Known: true})
}

// asked makes the client of a user-defined cloud, whose endpoints discovery says.
func asked(rt http.RoundTripper) *transport.Client {
	w := entraClient(rt)
	w.Base, w.Known = "https://login.private.example", false
	return w
}
