package loopback

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestFamiliesThatAreNot: one family is enough where the other does not exist,
// and a port that somebody has on the other one is not taken.
func TestFamiliesThatAreNot(t *testing.T) {
	absent := &net.OpError{Op: "listen", Err: errors.New("cannot assign requested address")}
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, taken := net.Listen("tcp", first.Addr().String())
	for name, test := range map[string]struct {
		four, six func(n int) error // of the n-th attempt, from 1
		want      []string          // networks that are listened on; nil: none
	}{
		"both":      {nil, nil, []string{"tcp4", "tcp6"}},
		"IPv4 only": {nil, func(int) error { return absent }, []string{"tcp4"}},
		"IPv6 only": {func(int) error { return absent }, nil, []string{"tcp6"}},
		"squatted thrice": {nil, func(n int) error {
			if n < 4 {
				return taken
			}
			return nil
		}, []string{"tcp4", "tcp6"}},
		"squatted always": {nil, func(int) error { return taken }, nil},
		"none":            {func(int) error { return absent }, func(int) error { return absent }, nil},
	} {
		fours, sixes, open := 0, 0, map[*fakeListener]bool{}
		listeners, _, err := listen(func(network, address string) (net.Listener, error) {
			n, fails := &fours, test.four
			if network == "tcp6" {
				n, fails = &sixes, test.six
			}
			*n++
			if fails != nil && fails(*n) != nil {
				return nil, fails(*n)
			}
			l := &fakeListener{network: network, open: open}
			open[l] = true
			return l, nil
		})
		var got []string
		for _, l := range listeners {
			got = append(got, l.(*fakeListener).network)
		}
		if !slices.Equal(got, test.want) || len(open) != len(got) {
			t.Errorf("%s: listens on %q, %d are open", name, got, len(open))
		}
		if (err == nil) != (test.want != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type fakeListener struct {
	net.Listener
	network string
	open    map[*fakeListener]bool
}

func (l *fakeListener) Addr() net.Addr { return &net.TCPAddr{Port: 4711} }

func (l *fakeListener) Close() error {
	delete(l.open, l)
	return nil
}

// TestServer holds what it takes for a request, and that nothing keeps it from
// the next one.
func TestServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("a bug")
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %d %.9s", r.Method, r.Host, r.URL.Path, len(body), body)
	}), listener)
	defer server.Close()
	for range 50 { // idle ones do not count
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	for _, c := range []struct {
		request string
		status  string // "" where the connection just ends
		want    string // what the handler says
	}{
		{"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "GET x /a 0 "},
		{"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcdef", "200 OK", "POST x /a 3 abc"},
		{"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "200 OK", "POST x /a 3 abc"},
		{"GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "GET y /a 0 "},
		{"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "GET x /a 0 "},
		{"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n", "", ""},
		{"GET /a HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header", ""},
		{"GET /a HTTP/1.0\r\n\r\n", "400 Bad Request", ""},
		{"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400 Bad Request", ""},
		{"GET /a HTTP/1.1\r\nHost: x\r\nhost:\ty\r\n\r\n", "400 Bad Request", ""},
		{"GET /a HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", maxHeader) + "\r\n\r\n", "431 Request Header Fields Too Large", ""},
		{"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n" + strings.Repeat("a", maxForm+1), "200 OK", "POST x /a 65536 aaaaaaaaa"},
		{"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "OPTIONS x * 0 "},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 Bad Request", ""},
		{"\x16\x03\x01 not HTTP\r\n\r\n", "400 Bad Request", ""},
		{"\r\n\r\n", "400 Bad Request", ""},
	} {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		io.WriteString(conn, c.request)
		data, _ := io.ReadAll(conn)
		conn.Close()
		head, body, _ := strings.Cut(string(data), "\r\n\r\n")
		line, _, _ := strings.Cut(head, "\r\n")
		_, status, _ := strings.Cut(line, " ")
		if status != c.status || status == "200 OK" && body != c.want {
			t.Errorf("%.60q was answered %.300q", c.request, data)
		}
	}
}

// pipe is a listener whose one connection comes at once, or only as it is closed.
type pipe struct {
	conn   chan net.Conn
	closed chan struct{}
	close  func()
}

func newPipe(late bool) (l *pipe, client net.Conn) {
	server, client := net.Pipe()
	l = &pipe{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() {
		if late {
			l.conn <- server
		}
		close(l.closed)
	})
	if !late {
		l.conn <- server
	}
	return l, client
}

func (l *pipe) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conn:
		return conn, nil
	case <-l.closed:
	}
	select {
	case conn := <-l.conn:
		return conn, nil
	default:
		return nil, net.ErrClosed
	}
}

func (l *pipe) Close() error { l.close(); return nil }

func (l *pipe) Addr() net.Addr { return &net.TCPAddr{} }

// TestClosesWhatJustCame closes the server when a connection has been taken and
// not been read from.
func TestClosesWhatJustCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, client := newPipe(true)
		server := Serve(http.NotFoundHandler(), listener)
		synctest.Wait()
		server.Close()
		started := time.Now()
		if n, err := client.Read(make([]byte, 1)); err == nil || time.Since(started) > 0 {
			t.Errorf("it ended after %s: %d bytes, %v", time.Since(started), n, err)
		}
	})
}

// TestTimes has a client that never ends its request, and a handler that takes
// longer than a client may.
func TestTimes(t *testing.T) {
	for _, c := range []struct {
		request, want string
		after         time.Duration
	}{
		{"GET /a HTTP/1.1\r\nHost: x\r\n", "", readTimeout},
		{"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na", "HTTP/1.1 400 Bad Request", readTimeout},
		{"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", "HTTP/1.1 200 OK", time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			listener, client := newPipe(false)
			server := Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.ReadAll(r.Body); err != nil {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				select {
				case <-time.After(time.Minute):
				case <-r.Context().Done():
					t.Error("the request ended before its answer")
				}
			}), listener)
			defer server.Close()
			started := time.Now()
			io.WriteString(client, c.request)
			data, _ := io.ReadAll(client)
			status, _, _ := strings.Cut(string(data), "\r\n")
			if took := time.Since(started); status != c.want || took != c.after {
				t.Errorf("%q was answered %q after %s", c.request, status, took)
			}
		})
	}
}

// TestEndsRequests closes the server while a handler works.
func TestEndsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, client := newPipe(false)
		ended := make(chan struct{})
		server := Serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(ended)
		}), listener)
		io.WriteString(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		io.WriteString(client, "G") // of another request: from here net/http does not notice an end
		synctest.Wait()
		server.Close()
		<-ended
	})
}

func FuzzLoopback(f *testing.F) {
	f.Add("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
	f.Add("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		listener, client := newPipe(false)
		requests := 0
		server := Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if requests++; requests > 1 || r.Host == "" {
				t.Errorf("request %d to %q", requests, r.Host)
			}
			if data, _ := io.ReadAll(r.Body); len(data) > maxForm {
				t.Errorf("a body of %d bytes", len(data))
			}
		}), listener)
		go io.Copy(io.Discard, client)
		io.WriteString(client, in)
		client.Close()
		server.Finish(time.Second)
	})
}
