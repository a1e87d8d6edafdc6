package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"connect-entra/failure"
)

// local reaches a server of the test's through the real transport.
func local(t *testing.T, base string, change func(*http.Transport)) *Client {
	t.Helper()
	transport := newTransport()
	transport.Proxy = nil
	if change != nil {
		change(transport)
	}
	t.Cleanup(transport.CloseIdleConnections)
	w := toEntra(newInternet(transport))
	w.Base, w.Timeout = base, time.Minute
	return w
}

func askToken(w *Client) error {
	_, err := w.Do(formRequest(w.Base+"/t/oauth2/v2.0/token", url.Values{"grant_type": {"authorization_code"}, "code": {tokenSecret}}))
	return err
}

func quietTLS(handler http.Handler, change func(*tls.Config)) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{}
	if change != nil {
		change(s.TLS)
	}
	s.StartTLS()
	return s
}

// TestConnectionsThatCannotBeTrusted sends nothing to a server that TLS does not vouch for.
func TestConnectionsThatCannotBeTrusted(t *testing.T) {
	asked := false
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = true
		io.WriteString(w, goodToken)
	})
	self := quietTLS(handler, nil)
	defer self.Close()
	old := quietTLS(handler, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
	defer old.Close()
	plain := httptest.NewServer(handler)
	defer plain.Close()
	plain.Config.ErrorLog = log.New(io.Discard, "", 0)
	trust := func(s *httptest.Server) func(*http.Transport) {
		return func(transport *http.Transport) {
			transport.TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		}
	}
	for name, test := range map[string]struct {
		w    *Client
		want string
	}{
		"self-signed":    {local(t, self.URL, nil), "not from an authority"},
		"another name":   {local(t, strings.Replace(self.URL, "127.0.0.1", "localhost", 1), trust(self)), "for another host"},
		"TLS 1.1":        {local(t, old.URL, trust(old)), "does not speak TLS 1.2"},
		"no TLS":         {local(t, strings.Replace(plain.URL, "http:", "https:", 1), nil), "does not speak TLS 1.2"},
		"nobody listens": {local(t, "https://127.0.0.1:1", nil), "refused"},
	} {
		if err := askToken(test.w); idOf(err) != "network" || !strings.Contains(err.Error(), test.want) || asked {
			t.Errorf("%s: %v, asked %v", name, err, asked)
		}
	}
	if err := askToken(local(t, self.URL, trust(self))); err != nil || !asked {
		t.Errorf("trusted: %v", err)
	}
}

// TestConnectionsThatBreak ends each within its time, naming the host.
func TestConnectionsThatBreak(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":          "",
		"half a line":      "HTTP/1.1 20",
		"half a header":    "HTTP/1.1 200 OK\r\nContent-Type: app",
		"half a body":      "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + goodToken,
		"half a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{",
		"no HTTP":          "SSH-2.0-OpenSSH_9.6\r\n" + tokenSecret + "\r\n",
		"two lengths":      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n1234567",
		"long headers":     "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n",
		"no gzip as gzip":  "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
		"a wrong encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity2\r\nContent-Length: 3\r\n\r\nabc",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				conn.Read(make([]byte, 4096))
				io.WriteString(conn, answer)
				conn.Close()
			}
		}()
		w := local(t, "https://"+l.Addr().String(), func(transport *http.Transport) {
			transport.DialTLSContext = transport.DialContext // the breaking alone, without TLS around it
		})
		if err := askToken(w); idOf(err) != "network" || strings.Contains(err.Error(), tokenSecret) {
			t.Errorf("%s: %v", name, err)
		}
		l.Close()
	}
}

func TestGzipBombIsCutOff(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(gzipped(64 << 20))
	}))
	defer s.Close()
	w := local(t, strings.Replace(s.URL, "http:", "https:", 1), func(transport *http.Transport) { transport.DialTLSContext = transport.DialContext })
	if err := askToken(w); idOf(err) != "hostile-answer" {
		t.Errorf("%v", err)
	}
}

// TestProxyPasswordIsNeverShown tries each way for a proxy to fail.
func TestProxyPasswordIsNeverShown(t *testing.T) {
	for _, test := range []struct {
		status int
		want   string
	}{{407, "network"}, {403, "network"}, {502, "network"}} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(test.status) }))
		proxy, _ := url.Parse(strings.Replace(s.URL, "http://", "http://user:"+tokenSecret+"@", 1))
		w := local(t, "https://login.microsoftonline.com", func(transport *http.Transport) { transport.Proxy = http.ProxyURL(proxy) })
		err := askToken(w)
		if idOf(err) != test.want || strings.Contains(err.Error()+failure.From(err).Cure, tokenSecret) || !strings.Contains(err.Error(), proxy.Host) {
			t.Errorf("%d: %v", test.status, err)
		}
		s.Close()
	}
	gone, _ := url.Parse("http://user:" + tokenSecret + "@127.0.0.1:1")
	err := askToken(local(t, "https://login.microsoftonline.com", func(transport *http.Transport) { transport.Proxy = http.ProxyURL(gone) }))
	if idOf(err) != "network" || strings.Contains(err.Error(), tokenSecret) || !strings.Contains(err.Error(), "the proxy at 127.0.0.1:1: ") {
		t.Errorf("no proxy there: %v", err)
	}
}

// TestProxyThatCannotBeRead is no reason to go past it.
func TestProxyThatCannotBeRead(t *testing.T) {
	for address, good := range map[string]bool{
		"": true, "http://proxy:3128": true, "proxy:3128": true, "proxy": true, "http://u:p%40@proxy:3128": true, "socks5://127.0.0.1:1080": true, "https://proxy": true, "127.0.0.1:3128": true,
		"http://u:" + tokenSecret + "@proxy:1:2": false, "http://": false, "ftp://proxy": false, "http://u:p%zz@proxy": false, "://": false, " http://proxy": false,
		"http://ｐroxy:3128": false, "proxy\u202e": false, "http://\xff\xfe.com": false, "http://a b": false, "]": false, "my_proxy:1": true, "http://[fe80::1%25eth0]:3128": true,
	} {
		t.Setenv("https_proxy", "") // on Windows the same variable
		t.Setenv("HTTPS_PROXY", address)
		_, err := environmentProxy(get("https://login.microsoftonline.com/"))
		if good != (err == nil) || err != nil && (idOf(err) != "bad-value" || strings.Contains(err.Error()+failure.From(err).Cure, tokenSecret)) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestDirectReachesNoPublicAddress holds whatever a name resolves to.
func TestDirectReachesNoPublicAddress(t *testing.T) {
	transport := NewDirect().(*http.Transport)
	if transport.Proxy != nil {
		t.Error("managed identity is asked for through a proxy")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var f *failure.Error
	if _, err := transport.DialContext(ctx, "tcp", "192.0.2.1:80"); !errors.As(err, &f) || f.ID != "hostile-answer" { // documentation only (RFC 5737)
		t.Errorf("%v", err)
	}
}

// gzipped is size zero bytes, packed.
func gzipped(size int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, size))
	z.Close()
	return b.Bytes()
}

// TestHowToTrustMore: Go looks at SSL_CERT_FILE on Unix only.
func TestHowToTrustMore(t *testing.T) {
	for system, takes := range map[string]bool{"linux": true, "freebsd": true, "windows": false, "darwin": false} {
		if how := trustMore(system); strings.Contains(how, "SSL_CERT_FILE") != takes || how == "" {
			t.Errorf("%s: %s", system, how)
		}
	}
}

func TestNearAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "169.254.169.254": true, "fe80::1": true, "10.0.0.1": true, "172.16.0.1": true, "192.168.1.1": true, "fd00::1": true,
		"8.8.8.8": false, "172.32.0.1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false, "2001:4860:4860::8888": false, "::ffff:127.0.0.1": true, "::ffff:8.8.8.8": false, "100.64.0.1": false,
	} {
		if IsNear(netip.MustParseAddr(address)) != want {
			t.Errorf("%s: not %v", address, want)
		}
	}
}
