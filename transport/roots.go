// Which authorities vouch for a server: the system's, as crypto/x509 finds them. Go parses
// all of them, from a bundle and then from every file of a folder, before it verifies the
// first certificate, which is more than half of a short run. Here those of the bundle are
// parsed that a server's certificates name as issuer. It is still x509 that verifies, and
// what these few do not vouch for it verifies once more with all of the system's: a
// certificate is refused when Go refuses it, and in Go's words.

package transport

import (
	"bytes"
	"crypto/fips140"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// bundleFiles are the bundles that Go looks for on a system where it reads files; the first
// that can be read counts (crypto/x509/root_linux.go, root_bsd.go). Elsewhere, where there
// are none, the system verifies.
func bundleFiles(system string) []string {
	switch system {
	case "linux":
		return []string{
			"/etc/ssl/certs/ca-certificates.crt",
			"/etc/pki/tls/certs/ca-bundle.crt",
			"/etc/ssl/ca-bundle.pem",
			"/etc/pki/tls/cacert.pem",
			"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
			"/etc/ssl/cert.pem",
		}
	case "dragonfly", "freebsd", "netbsd", "openbsd":
		return []string{
			"/usr/local/etc/ssl/cert.pem",
			"/etc/ssl/cert.pem",
			"/usr/local/share/certs/ca-root-nss.crt",
			"/etc/openssl/certs/ca-certificates.crt",
		}
	}
	return nil
}

// bundled are the certificates of the system's bundle, not parsed. Like Go, a process
// reads them once.
var bundled = sync.OnceValue(func() [][]byte {
	return readBundle(bundleFiles(runtime.GOOS), os.Getenv("SSL_CERT_FILE"))
})

// usualRules holds where Go reads files and nothing asks it to verify otherwise than usual.
func usualRules() bool {
	return bundleFiles(runtime.GOOS) != nil && !strings.Contains(os.Getenv("GODEBUG"), "x509") && !fips140.Enabled()
}

// readBundle finds the certificates in the file that Go would read, named being the value
// of SSL_CERT_FILE.
func readBundle(files []string, named string) [][]byte {
	if named != "" {
		files = []string{named}
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		certificates, ok := splitBundle(data)
		if !ok {
			certificates = decodeBundle(data)
		}
		return certificates
	}
	return nil
}

// decodeBundle finds what x509.CertPool.AppendCertsFromPEM parses.
func decodeBundle(data []byte) (certificates [][]byte) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" && len(block.Headers) == 0 {
			certificates = append(certificates, block.Bytes)
		}
	}
	return certificates
}

// splitBundle finds the same, three times as fast, in a bundle of the usual form: whole
// certificates, and no other dashes. ok is false where there is anything else.
func splitBundle(data []byte) (certificates [][]byte, ok bool) {
	dashes, begin, end := []byte("-----"), []byte("-----BEGIN CERTIFICATE-----\n"), []byte("-----END CERTIFICATE-----\n")
	for {
		i := bytes.Index(data, dashes)
		if i < 0 {
			return certificates, true
		}
		body, ok := bytes.CutPrefix(data[i:], begin)
		j := bytes.Index(body, dashes)
		if !ok || i > 0 && data[i-1] != '\n' || j < 1 || body[j-1] != '\n' {
			return nil, false
		}
		der, err := base64.StdEncoding.AppendDecode(nil, body[:j])
		if err != nil {
			return nil, false
		}
		certificates = append(certificates, der)
		if data, ok = bytes.CutPrefix(body[j:], end); !ok {
			return nil, false
		}
	}
}

// Internet is an http.RoundTripper that does as its Transport does, with fewer roots to
// parse.
type Internet struct {
	Transport *http.Transport // may be altered until the first request
	few       func() *http.Transport
}

func newInternet(all *http.Transport) *Internet {
	return &Internet{all, sync.OnceValue(func() *http.Transport {
		go bundled() // while the connection is made
		few := all.Clone()
		few.TLSClientConfig.InsecureSkipVerify = true // crypto/tls does not verify, VerifyConnection does
		few.TLSClientConfig.VerifyConnection = func(cs tls.ConnectionState) error {
			if err := verifyServer(cs.PeerCertificates, cs.ServerName, time.Now(), bundled()); err != nil {
				return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
			}
			return nil
		}
		return few
	})}
}

func (i *Internet) RoundTrip(r *http.Request) (*http.Response, error) {
	if i.suits(r) {
		return i.few().RoundTrip(r)
	}
	return i.Transport.RoundTrip(r)
}

// suits holds for requests whose connection has one TLS server, and one whose name is in
// its ConnectionState as it was asked for: not an address, nor with a dot behind it. A
// proxy that speaks TLS would be another.
func (i *Internet) suits(r *http.Request) bool {
	name := r.URL.Hostname()
	if !usualRules() || r.URL.Scheme != "https" || !isServerName(name) || i.Transport.TLSClientConfig.RootCAs != nil {
		return false
	}
	if i.Transport.Proxy == nil {
		return true
	}
	proxy, err := i.Transport.Proxy(r)
	return err == nil && (proxy == nil || proxy.Scheme != "https")
}

// isServerName holds for what TLS sends of a host as it is (RFC 6066 §3).
func isServerName(host string) bool {
	other := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r))
	}
	return host != "" && !strings.ContainsFunc(host, other) && !strings.HasSuffix(host, ".") && net.ParseIP(host) == nil
}

// verifyServer verifies as crypto/tls does (Conn.verifyServerCertificate). Roots that no
// presented certificate names as issuer take no part in that, and more roots never make a
// good chain bad, so a chain that is good by these few is good by all.
func verifyServer(presented []*x509.Certificate, name string, now time.Time, bundle [][]byte) error {
	if len(presented) == 0 || name == "" {
		return errors.New("no certificate or no name to verify")
	}
	options := x509.VerifyOptions{
		Roots:         issuersIn(bundle, presented),
		CurrentTime:   now,
		DNSName:       name,
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, certificate := range presented[1:] {
		options.Intermediates.AddCert(certificate)
	}
	if _, err := presented[0].Verify(options); err == nil {
		return nil
	}
	options.Roots = nil // the system's
	_, err := presented[0].Verify(options)
	return err
}

// fastSearch is how many bytes the bytes package finds fast.
const fastSearch = 32

// issuersIn are the certificates of bundle that contain the end of the name of an issuer of
// presented: all that may have signed one, perhaps some more.
func issuersIn(bundle [][]byte, presented []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range bundle {
		if !slices.ContainsFunc(presented, func(c *x509.Certificate) bool {
			return bytes.Contains(der, c.RawIssuer[max(0, len(c.RawIssuer)-fastSearch):])
		}) {
			continue
		}
		if root, err := x509.ParseCertificate(der); err == nil {
			pool.AddCert(root)
		}
	}
	return pool
}
