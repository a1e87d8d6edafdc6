//go:build !js

// Serving HTTP on loopback: the redirect URI of a sign-in and the practice cloud's pages.
// One request a connection, answered from memory. net/http's server would do, but brings
// HTTP/2 and 350 kB, a twenty-fifth of the whole binary.

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	maxHeader   = 16 << 10         // bytes of a request's head
	maxForm     = 64 << 10         // bytes of its body
	readTimeout = 10 * time.Second // for all of a request
	lingering   = 500 * time.Millisecond
)

// loopback is a server on some listeners.
type loopback struct {
	handler http.Handler

	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	open      map[net.Conn]context.CancelFunc
	answering sync.WaitGroup
}

func newLoopback(handler http.Handler, listeners ...net.Listener) *loopback {
	s := &loopback{handler: handler, listeners: listeners, open: map[net.Conn]context.CancelFunc{}}
	for _, l := range listeners {
		go s.serve(l)
	}
	return s
}

func (s *loopback) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		if !s.admit(conn, cancel) {
			conn.Close()
			cancel()
			return
		}
		go func() {
			defer s.forget(conn)
			s.answer(ctx, conn)
		}()
	}
}

func (s *loopback) admit(conn net.Conn, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.open[conn] = cancel
	s.answering.Add(1)
	return true
}

func (s *loopback) forget(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[conn]()
	delete(s.open, conn)
	conn.Close()
	s.answering.Done()
}

// answer reads one request and writes what the handler says.
func (s *loopback) answer(ctx context.Context, conn net.Conn) {
	conn.SetReadDeadline(time.Now().Add(readTimeout))
	r, err := readRequest(conn)
	if err != nil {
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		return
	}
	r.RemoteAddr = conn.RemoteAddr().String()
	response := s.handle(r.WithContext(context.WithValue(ctx, http.LocalAddrContextKey, conn.LocalAddr()))).response(r)
	response.Close = true
	conn.SetWriteDeadline(time.Now().Add(readTimeout))
	if response.Write(conn) != nil {
		return
	}
	// What the peer still sends must not reset the answer under way to it.
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.CloseWrite()
		conn.SetReadDeadline(time.Now().Add(lingering))
		io.CopyN(io.Discard, conn, maxForm)
	}
}

// handle has the handler answer. Its panic costs one request, as in net/http, and not the
// process with the status that means wrong usage.
func (s *loopback) handle(r *http.Request) (answer *recordedAnswer) {
	answer = &recordedAnswer{header: http.Header{}}
	defer func() {
		if recover() != nil {
			answer = &recordedAnswer{header: http.Header{}, status: http.StatusInternalServerError}
		}
	}()
	s.handler.ServeHTTP(answer, r)
	return answer
}

var errBadRequest = errors.New("bad request")

// readRequest reads a request's head, which must name one host once (RFC 9112 §3.2), and
// leaves its body to be read.
func readRequest(conn io.Reader) (*http.Request, error) {
	in := bufio.NewReader(io.LimitReader(conn, maxHeader+maxForm))
	var head bytes.Buffer
	hosts := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil || head.Len()+len(line) > maxHeader {
			return nil, errBadRequest
		}
		head.Write(line)
		name, _, _ := strings.Cut(string(line), ":")
		if strings.EqualFold(name, "Host") {
			hosts++
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	if hosts != 1 {
		return nil, errBadRequest
	}
	return http.ReadRequest(bufio.NewReader(io.MultiReader(&head, in)))
}

// close ends at once.
func (s *loopback) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, l := range s.listeners {
		l.Close()
	}
	for conn, cancel := range s.open {
		cancel()
		conn.Close() // for good: a deadline would be put off by whoever is about to read
	}
}

// finish takes no more connections and gives the open ones a moment for their answers.
func (s *loopback) finish(moment time.Duration) {
	s.mu.Lock()
	s.closed = true
	for _, l := range s.listeners {
		l.Close()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.answering.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(moment):
		s.close()
	}
}
