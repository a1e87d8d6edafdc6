// The connections themselves: how they are made, and what went wrong with one, in words.

package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"connect-entra/failure"
)

// NewInternet connects to Entra and Graph, through the proxies of the environment. One serves
// the whole process: connections are kept for its other requests.
func NewInternet() *Internet { return newInternet(newTransport()) }

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  environmentProxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
		OnProxyConnectResponse: checkProxyAnswer,
	}
}

// NewDirect connects to the managed-identity service of this host: near, without a
// proxy, and to no public address, whatever a name resolves to.
func NewDirect() http.RoundTripper {
	dialer := &net.Dialer{
		Timeout: time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			if to, err := netip.ParseAddrPort(address); err != nil || !IsNear(to.Addr()) {
				return failure.New("hostile-answer", "The managed-identity endpoint is at the public address %s.", address)
			}
			return nil
		},
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
	}
}

// IsNear holds for addresses that do not leave the host or its network: loopback,
// link-local, private (RFC 1918, RFC 4193).
func IsNear(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsPrivate()
}

// environmentProxy is http.ProxyFromEnvironment, but for an address that cannot be read:
// Go then looks for a proxy of another name, or goes past it without a word; here it is a
// failure.
func environmentProxy(r *http.Request) (*url.URL, error) {
	if !isProxy(cmp.Or(os.Getenv("HTTPS_PROXY"), os.Getenv("https_proxy"))) {
		return nil, failure.New("bad-value", "HTTPS_PROXY is not the address of a proxy.").
			Try("set it to http://HOST:PORT, with user and password escaped as in any URL")
	}
	return http.ProxyFromEnvironment(r)
}

// isProxy holds for a proxy's address, with or without a scheme, and for none.
func isProxy(address string) bool {
	if address == "" {
		return true
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	return err == nil && u.Hostname() != "" && !strings.ContainsFunc(u.Hostname(), func(r rune) bool { return !inHostName(r) && !strings.ContainsRune("._:%", r) }) && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)
}

// inHostName holds for what a label of a host's name, or a device code, may have.
func inHostName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-'
}

func checkProxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return failure.New("network", "The proxy %s wants to know who you are.", failure.Clean(proxy.Host)).
			Try("put user and password into HTTPS_PROXY: http://USER:PASSWORD@%s", failure.Clean(proxy.Host))
	}
	return failure.New("network", "The proxy %s does not connect: it answered %d.", failure.Clean(proxy.Host), resp.StatusCode).
		Try("ask who runs the proxy, or set NO_PROXY")
}

// isFinal holds for errors that another try meets again.
func isFinal(err error) bool {
	var f *failure.Error
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &f) || errors.As(err, &certificate) || errors.Is(err, errTooLong)
}

// isUnknownName holds for a typing error, or a host that is offline.
func isUnknownName(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// notSent holds for errors that came before any of the request left.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// unreachable makes a failure of a request that got no answer. parent is the caller's
// context, ctx the one with the deadline in it.
func (client *Client) unreachable(parent, ctx context.Context, err error) error {
	var f *failure.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(parent.Err(), context.Canceled):
		return parent.Err()
	case errors.Is(context.Cause(ctx), errSlow), parent.Err() != nil:
		return failure.New("timeout", "%s did not answer within the %s of -ClientTimeout.", client.Host(), client.Timeout).Because(context.DeadlineExceeded).
			Try("allow more: -ClientTimeout %d", int(2*max(client.Timeout, time.Second)/time.Second))
	case errors.Is(err, errTooLong):
		return failure.New("hostile-answer", "The answer of %s is longer than 1 MiB.", client.Host()).Because(err)
	}
	return failure.New("network", "%s cannot be reached: %s.", client.Host(), Reason(err)).Because(err)
}

// via tells what of the environment stands between here and the server.
func via(next http.RoundTripper, r *http.Request) (lines []string) {
	internet, ok := next.(*Internet)
	if !ok || internet.Transport.Proxy == nil {
		return nil
	}
	if proxy, err := internet.Transport.Proxy(r); err == nil && proxy != nil {
		lines = append(lines, "through the proxy "+failure.Clean(proxy.Scheme+"://"+proxy.Host))
	}
	for _, name := range certificateVariables {
		if value := os.Getenv(name); value != "" && !ownsTrust(runtime.GOOS) {
			lines = append(lines, "trusting the authorities of "+name+": "+failure.Clean(value))
		}
	}
	return lines
}

// certificateVariables name authorities to trust. Go takes them of Unix only; elsewhere
// the system's own store decides.
var certificateVariables = []string{"SSL_CERT_FILE", "SSL_CERT_DIR"}

func ownsTrust(system string) bool { return system == "windows" || system == "darwin" }

// trustMore says how a host is told to trust another authority.
func trustMore(system string) string {
	switch {
	case system == "windows":
		return "Windows' store of trusted root authorities can hold another"
	case ownsTrust(system):
		return "the keychain can hold another"
	}
	return certificateVariables[0] + " names others"
}

// Reason says in words why a connection failed, without a full stop. The errors' own texts
// may quote what a stranger sent, so only those of the system are used.
func Reason(err error) string {
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		name        x509.HostnameError
		invalid     x509.CertificateInvalidError
		alert       tls.AlertError
		record      tls.RecordHeaderError
		dns         *net.DNSError
		op          *net.OpError
		errno       syscall.Errno
		late        net.Error
	)
	where := ""
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		where = "the proxy: "
		if at := (*net.OpError)(nil); errors.As(op.Err, &at) && at.Addr != nil {
			where = "the proxy at " + at.Addr.String() + ": "
		}
	}
	switch {
	case errors.As(err, &authority):
		return "its certificate is not from an authority that this host trusts (" + trustMore(runtime.GOOS) + ")"
	case errors.As(err, &name):
		return "its certificate is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not yet valid; check this host's clock"
	case errors.As(err, &certificate):
		return "its certificate cannot be verified"
	case errors.As(err, &alert), errors.As(err, &record), errors.As(err, &op) && op.Op == "remote error": // a TLS alert
		return "it does not speak TLS 1.2 or later"
	case errors.As(err, &dns) && dns.IsNotFound:
		return where + "the name is not known to DNS"
	case errors.As(err, &dns):
		return where + "DNS does not answer"
	}
	switch {
	case errors.As(err, &errno):
		return where + errno.Error()
	case errors.As(err, &late) && late.Timeout():
		return where + "no connection in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return where + "the connection was closed before the answer was complete"
	}
	return where + "the exchange was broken off"
}
