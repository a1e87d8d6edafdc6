//go:build !js

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLoopbackServer holds what it takes for a request, and that nothing keeps it from
// the next one.
func TestLoopbackServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newLoopback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("a bug")
		}
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, r.Method+" "+r.Host+" "+r.URL.Path+" "+string(body))
	}), listener)
	defer server.close()
	for range 50 { // idle ones do not count
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	for _, c := range []struct{ request, want string }{
		{"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET x /a "},
		{"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcdef", "POST x /a abc"},
		{"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "POST x /a abc"},
		{"GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n", "GET y /a "},
		{"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		{"GET /a HTTP/1.1\r\n\r\n", ""},
		{"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", ""},
		{"GET /a HTTP/1.1\r\nHost: x\r\nhost:\ty\r\n\r\n", ""},
		{"GET /a HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", maxHeader) + "\r\n\r\n", ""},
		{"\x16\x03\x01 not HTTP\r\n\r\n", ""},
		{"\r\n\r\n", ""},
	} {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		io.WriteString(conn, c.request)
		data, _ := io.ReadAll(conn)
		conn.Close()
		_, body, _ := strings.Cut(string(data), "\r\n\r\n")
		if ok := strings.HasPrefix(string(data), "HTTP/1.1 200 OK\r\n"); ok != (c.want != "") || body != c.want {
			t.Errorf("%.60q was answered %q", c.request, data)
		}
	}
}

// TestLoopbackClosesWhatJustCame closes the server when a connection has been taken and
// not been read from.
func TestLoopbackClosesWhatJustCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		server := newLoopback(http.NotFoundHandler())
		ctx, cancel := context.WithCancel(t.Context())
		server.admit(ours, cancel)
		server.close()
		go func() {
			defer server.forget(ours)
			server.answer(ctx, ours)
		}()
		started := time.Now()
		if n, err := theirs.Read(make([]byte, 1)); err == nil || time.Since(started) > 0 {
			t.Errorf("it ended after %s: %d bytes, %v", time.Since(started), n, err)
		}
	})
}

func FuzzReadRequest(f *testing.F) {
	f.Add("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
	f.Add("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		r, err := readRequest(strings.NewReader(in))
		if err != nil {
			return
		}
		if data, _ := io.ReadAll(r.Body); len(data) > maxHeader+maxForm {
			t.Errorf("a body of %d bytes", len(data))
		}
	})
}
