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

// bundled is the system's bundle, as readBundle gives it. Like Go, a process reads it once.
var bundled = sync.OnceValue(func() [][]byte {
	return readBundle(bundleFiles(runtime.GOOS), os.Getenv("SSL_CERT_FILE"))
})

// usualRules holds where Go reads files and nothing asks it to verify otherwise than usual.
func usualRules() bool {
	return bundleFiles(runtime.GOOS) != nil && !strings.Contains(os.Getenv("GODEBUG"), "x509") && !fips140.Enabled()
}

// readBundle finds the certificates in the file that Go would read, in base64, named being
// the value of SSL_CERT_FILE.
func readBundle(files []string, named string) [][]byte {
	if named != "" {
		files = []string{named}
	}
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			return splitBundle(data)
		}
	}
	return nil
}

// splitBundle takes a bundle of the usual form apart: whole certificates, text around them,
// and no other dashes, so that pem.Decode finds the same ones in a multiple of the time. Of
// any other form it finds nothing, and all roots are Go's to find.
func splitBundle(data []byte) (certificates [][]byte) {
	dashes, begin, end := []byte("-----"), []byte("-----BEGIN CERTIFICATE-----\n"), []byte("-----END CERTIFICATE-----")
	for {
		i := bytes.Index(data, dashes)
		if i < 0 {
			return certificates
		}
		body, begun := bytes.CutPrefix(data[i:], begin)
		j := bytes.Index(body, dashes)
		if !begun || i > 0 && data[i-1] != '\n' || j < 1 || body[j-1] != '\n' {
			return nil
		}
		rest, ended := bytes.CutPrefix(body[j:], end)
		if !ended || len(rest) > 0 && rest[0] != '\n' {
			return nil
		}
		certificates = append(certificates, body[:j])
		data = rest
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

// RoundTrip is http.RoundTripper's.
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

// issuersIn are the certificates of bundle that begin with the end of the name of an issuer
// of presented: all that may have signed one, perhaps some more. A root's own name stands
// in its first 300 bytes; one that has it elsewhere is Go's to find.
func issuersIn(bundle [][]byte, presented []*x509.Certificate) *x509.CertPool {
	const fast = 32 // bytes of a name: package bytes finds few faster than many
	pool := x509.NewCertPool()
	var buffer [512]byte
	for _, encoded := range bundle {
		n, _ := base64.StdEncoding.Decode(buffer[:], encoded[:min(len(encoded), 448)]) // the cut is an error, behind what there is
		if !slices.ContainsFunc(presented, func(c *x509.Certificate) bool {
			return bytes.Contains(buffer[:n], c.RawIssuer[max(0, len(c.RawIssuer)-fast):])
		}) {
			continue
		}
		der, err := base64.StdEncoding.AppendDecode(nil, encoded)
		if err != nil {
			continue
		}
		if root, err := x509.ParseCertificate(der); err == nil {
			pool.AddCert(root)
		}
	}
	return pool
}
