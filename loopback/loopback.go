// Package loopback serves HTTP to this machine alone: the redirect URI of a sign-in, the
// practice cloud's pages, a command's token endpoint.
//
// Listen opens one port on both loopback families, and Serve answers there with net/http's
// server, narrowed to one small request a connection; Finish and Close end it. The handler
// decides who may ask for what, and should look at the request's Host first.
package loopback

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Listen opens one port, which the system chooses, on 127.0.0.1 and on ::1, or on the one
// family that there is. Which of them localhost is differs by browser, and whoever had the
// port on the other one would get what is meant for the caller (RFC 8252 §7.3 and §8.3).
func Listen() (listeners []net.Listener, port int, err error) { return listen(net.Listen) }

func listen(on func(network, address string) (net.Listener, error)) ([]net.Listener, int, error) {
	var last error
	for range 20 {
		four, err4 := on("tcp4", "127.0.0.1:0")
		if err4 != nil {
			six, err6 := on("tcp6", "[::1]:0")
			if err6 != nil {
				return nil, 0, err4
			}
			return []net.Listener{six}, six.Addr().(*net.TCPAddr).Port, nil
		}
		port := four.Addr().(*net.TCPAddr).Port
		six, err6 := on("tcp6", fmt.Sprintf("[::1]:%d", port))
		switch {
		case err6 == nil:
			return []net.Listener{four, six}, port, nil
		case !isPortTaken(err6):
			return []net.Listener{four}, port, nil // no IPv6 here
		}
		four.Close() // another program has this port on the other family
		last = err6
	}
	return nil, 0, last
}

const (
	maxHeader   = 16 << 10         // bytes of a request's head
	maxForm     = 64 << 10         // bytes of its body
	readTimeout = 10 * time.Second // for all of a request
)

// Server is a server on some listeners. Its methods may be called more than once.
type Server struct {
	server    http.Server
	listeners []net.Listener
	ended     context.CancelFunc // of every request's context
}

// Serve has handler answer what comes to listeners, which are the Server's from now on. It
// closes each connection after one answer; a request without a Host, of more than 16 KiB of
// head or that takes longer than 10 seconds to arrive does not get to handler, which can
// read 64 KiB of its body. A request's context ends when its client leaves or the Server is
// closed. handler's panic costs one connection, and nothing is logged.
func Serve(handler http.Handler, listeners ...net.Listener) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{listeners: listeners, ended: cancel, server: http.Server{
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

// Close ends at once, with every connection.
func (s *Server) Close() {
	s.ended()
	s.server.Close()
	for _, l := range s.listeners { // those whose goroutine has not begun to serve
		l.Close()
	}
}

// Finish takes no more connections and gives the open ones a moment for their answers; then it
// ends them.
func (s *Server) Finish(moment time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	s.server.Shutdown(ctx)
	s.Close()
}
