//go:build !js

// Serving HTTP on loopback: the redirect URI of a sign-in, the practice cloud's pages and
// a COMMAND's token endpoint. It is net/http's server, narrowed to one small request a
// connection.

package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

const (
	maxHeader   = 16 << 10         // bytes of a request's head
	maxForm     = 64 << 10         // bytes of its body
	readTimeout = 10 * time.Second // for all of a request
)

// loopback is a server on some listeners.
type loopback struct {
	server    http.Server
	listeners []net.Listener
	ended     context.CancelFunc // of every request's context
}

func newLoopback(handler http.Handler, listeners ...net.Listener) *loopback {
	ctx, cancel := context.WithCancel(context.Background())
	s := &loopback{listeners: listeners, ended: cancel, server: http.Server{
		Handler:                      http.MaxBytesHandler(withHost(handler), maxForm),
		ReadTimeout:                  readTimeout,
		MaxHeaderBytes:               maxHeader - 4096,           // net/http itself adds so much
		DisableGeneralOptionsHandler: true,                       // it would answer under any name
		ErrorLog:                     log.New(io.Discard, "", 0), // what strangers send
		BaseContext:                  func(net.Listener) context.Context { return ctx },
		Protocols:                    new(http.Protocols),
	}}
	s.server.Protocols.SetHTTP1(true)
	s.server.SetKeepAlivesEnabled(false)
	for _, l := range listeners {
		go s.server.Serve(l)
	}
	return s
}

// withHost has a handler answer requests that name a host. HTTP/1.0 need not, and HTTP/2's
// preface, which net/http hands on, does not.
func withHost(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// close ends at once.
func (s *loopback) close() {
	s.ended()
	s.server.Close()
	for _, l := range s.listeners { // those whose goroutine has not begun to serve
		l.Close()
	}
}

// finish takes no more connections and gives the open ones a moment for their answers.
func (s *loopback) finish(moment time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	s.server.Shutdown(ctx)
	s.close()
}
