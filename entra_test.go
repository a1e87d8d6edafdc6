//go:build !js

// The one fake Entra of all tests: the practice cloud, which checks what Entra checks,
// with a record of what was sent and with faults put in.

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"connect-entra/sandbox"
	"connect-entra/sandbox/sandboxtest"
)

// fakeEntra is a RoundTripper for all of Entra, Graph and managed identity.
type fakeEntra struct {
	*sandbox.Cloud
	login  string       // base URL
	moving sync.RWMutex // its hosts: a test may move it between requests of another process
	mu     sync.Mutex
	faults []*fault
	sent   []sentRequest
}

// sentRequest is one request as it was sent.
type sentRequest struct {
	Method, URL string
	Form        url.Values
	Header      http.Header
}

// fault is what goes wrong with the requests that it matches. The first that matches and
// is not used up applies.
type fault struct {
	match    string        // part of "METHOD URL"; "" matches all
	after    int           // so many matching requests pass first
	times    int           // then so many fail; 0 is all
	err      error         // no answer at all
	delay    time.Duration // before the answer, or until the request's context ends
	status   int           // an answer instead of the sandbox's; 0 leaves that
	header   http.Header   // added to the answer
	body     string        // of the answer with status
	redirect string        // Location; status 307 unless another is given
	seen     int
}

// newFakeEntra has the applications given, beside the default one.
func newFakeEntra(apps ...sandbox.App) *fakeEntra {
	return &fakeEntra{login: sandbox.Login, Cloud: sandbox.New(sandbox.Registry{Apps: apps, Key: testKey()})}
}

// at moves it to another cloud's hosts, given as base URLs.
func (f *fakeEntra) at(login, graph string) *fakeEntra {
	f.moving.Lock()
	defer f.moving.Unlock()
	f.At(login, graph)
	f.login = login
	return f
}

// unrecorded is the cloud without record and faults, as a person's browser reaches it.
type unrecorded struct{ *fakeEntra }

func (f unrecorded) RoundTrip(r *http.Request) (*http.Response, error) {
	f.moving.RLock()
	defer f.moving.RUnlock()
	return f.Cloud.RoundTrip(r)
}

func (f unrecorded) Serves(r *http.Request) bool {
	f.moving.RLock()
	defer f.moving.RUnlock()
	return f.Cloud.Serves(r)
}

// person is somebody at the cloud's pages.
func (f *fakeEntra) person(user string, consents bool) sandboxtest.Person {
	return sandboxtest.Person{Cloud: unrecorded{f}, User: user, Consents: consents}
}

// fails adds a fault.
func (f *fakeEntra) fails(with fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &with)
}

// requests is what was sent so far, as lines "METHOD URL" of those that contain match.
func (f *fakeEntra) requests(match string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lines []string
	for _, r := range f.sent {
		if line := r.Method + " " + r.URL; strings.Contains(line, match) {
			lines = append(lines, line)
		}
	}
	return lines
}

// last is the last request whose "METHOD URL" contains match.
func (f *fakeEntra) last(match string) sentRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.sent) - 1; i >= 0; i-- {
		if strings.Contains(f.sent[i].Method+" "+f.sent[i].URL, match) {
			return f.sent[i]
		}
	}
	return sentRequest{}
}

// RoundTrip sends nothing once the request's context has ended, as http.Transport.
func (f *fakeEntra) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	with, r, err := f.record(r)
	if err != nil {
		return nil, err
	}
	if with == nil {
		return unrecorded{f}.RoundTrip(r)
	}
	if with.delay > 0 {
		if err := sleep(r.Context(), with.delay); err != nil {
			return nil, err
		}
	}
	if with.err != nil {
		return nil, with.err
	}
	var response *http.Response
	if with.status == 0 && with.redirect == "" {
		if response, err = (unrecorded{f}).RoundTrip(r); err != nil {
			return nil, err
		}
	} else {
		header := http.Header{"Content-Type": {"application/json"}}
		if with.redirect != "" {
			header.Set("Location", with.redirect)
		}
		status := cmp.Or(with.status, http.StatusTemporaryRedirect)
		response = &http.Response{
			Status: fmt.Sprint(status, " ", http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: header, Body: io.NopCloser(strings.NewReader(with.body)), ContentLength: int64(len(with.body)), Request: r,
		}
	}
	for name, values := range with.header {
		response.Header[http.CanonicalHeaderKey(name)] = values
	}
	return response, nil
}

// record keeps what was sent and finds its fault; the request that it gives back can
// still be read.
func (f *fakeEntra) record(r *http.Request) (*fault, *http.Request, error) {
	entry := sentRequest{Method: r.Method, URL: r.URL.String(), Header: r.Header.Clone()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, r, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		entry.Form, _ = url.ParseQuery(string(body))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, entry)
	for _, with := range f.faults {
		if !strings.Contains(entry.Method+" "+entry.URL, with.match) {
			continue
		}
		with.seen++
		if with.seen > with.after && (with.times == 0 || with.seen <= with.after+with.times) {
			return with, r, nil
		}
	}
	return nil, r, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// testKey is one RSA key for all tests: making one takes longer than most of them.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return private
})

// What the application of the tests has.
const (
	testClient = "00000000-0000-4000-8000-0000000000c1"
	testSecret = "secret of the tests"
)

// testApp is registered with testSecret, and with testCertificate.
func testApp() sandbox.App {
	digest := sha256.Sum256([]byte(testSecret))
	certificate, _ := testCertificate()
	return sandbox.App{
		ClientID:      testClient,
		Name:          "Test app",
		SecretHash:    hex.EncodeToString(digest[:]),
		SecretExpires: time.Now().AddDate(1, 0, 0),
		Certificate:   certificate.Raw,
		Roles:         sandbox.ApplicationRoles,
	}
}

// testCertificate is good at any time, synctest's included, which starts in 2000.
var testCertificate = sync.OnceValues(func() (*x509.Certificate, *rsa.PrivateKey) {
	key := testKey()
	return newTestCertificate(key, "Test", time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)), key
})

func newTestCertificate(key *rsa.PrivateKey, name string, from, until time.Time) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(from.Unix()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    from,
		NotAfter:     until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}

// thumbprintOf is how Windows and Entra's admin center name a certificate.
func thumbprintOf(certificate *x509.Certificate) string {
	return fmt.Sprintf("%X", sha1.Sum(certificate.Raw))
}

// pemOf is a file with certificate and key.
func pemOf(certificate *x509.Certificate, key *rsa.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
}

func TestFakeEntraFaults(t *testing.T) {
	f := newFakeEntra()
	away := errors.New("away")
	f.fails(fault{match: "openid", times: 1, err: away})
	f.fails(fault{match: "openid", after: 0, times: 2, status: 503, header: http.Header{"Retry-After": {"7"}}, body: "{}"})
	f.fails(fault{match: "openid", after: 1, redirect: "https://elsewhere.invalid/"})
	page := sandbox.Login + "/common/v2.0/.well-known/openid-configuration"
	var got []string
	for range 5 {
		response, err := (&http.Client{Transport: f, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(page)
		if err != nil {
			if !errors.Is(err, away) {
				t.Fatal(err)
			}
			got = append(got, "away")
			continue
		}
		got = append(got, fmt.Sprint(response.StatusCode, response.Header["Retry-After"], response.Header["Location"]))
	}
	if want := "[away 503 [7] [] 503 [7] [] 200 [] [] 307 [] [https://elsewhere.invalid/]]"; fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	if n := len(f.requests("GET " + sandbox.Login)); n != 5 {
		t.Errorf("%d requests recorded", n)
	}
}
