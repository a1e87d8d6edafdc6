//go:build !js

// The redirect URI of a sign-in in the browser: a listener on loopback that takes the one
// request with the right state, and turns away any other.

package main

import (
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"connect-entra/failure"
	"connect-entra/loopback"
	"connect-entra/transport"
)

// callback is the listener at a redirect URI, and the one answer that came to it.
type callback struct {
	redirectURI string
	arrived     chan url.Values // the form that had the right state, once

	state     string
	taken     atomic.Bool
	finished  chan struct{} // closed when the outcome is known
	success   bool
	delivered chan struct{} // closed when the browser has its page
	server    *loopback.Server
}

// listenForCode listens on both loopback families at one port. Entra registers
// http://localhost, and which family that is differs by browser: whoever had the other
// one would get the code (RFC 8252 §7.3 and §8.3).
func listenForCode(state string) (*callback, error) {
	listeners, port, err := loopback.Listen()
	if err != nil {
		return nil, noPort(err)
	}
	c := &callback{
		redirectURI: fmt.Sprintf("http://localhost:%d", port),
		arrived:     make(chan url.Values, 1),
		state:       state,
		finished:    make(chan struct{}),
		delivered:   make(chan struct{}),
	}
	c.server = loopback.Serve(c, listeners...)
	return c, nil
}

// noPort is the failure where no port can be had.
func noPort(err error) error {
	return failure.New("network", "No port on this machine can be listened on for the browser's answer: %s.", transport.Reason(err)).Because(err).
		Try("connect-entra -UseDeviceCode")
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
	if err := r.ParseForm(); err != nil || !hasOne(r.PostForm, "state") || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("state")), []byte(c.state)) != 1 {
		c.turnAway(w, http.StatusBadRequest)
		return
	}
	if !hasOne(r.PostForm, "code") && !hasOne(r.PostForm, "error") {
		c.turnAway(w, http.StatusBadRequest)
		return
	}
	if c.taken.Swap(true) {
		c.turnAway(w, http.StatusConflict)
		return
	}
	defer close(c.delivered)
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

// hasOne says whether a form has exactly one value of that name, and not an empty one.
func hasOne(form url.Values, name string) bool {
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
	case <-c.delivered:
	case <-time.After(time.Second):
		return
	}
	c.server.Finish(500 * time.Millisecond)
}

func (c *callback) close() { c.server.Close() }
