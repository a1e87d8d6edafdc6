package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// authority is a certificate with its key.
type authority struct {
	*x509.Certificate
	key crypto.Signer
}

var serials int64

// issue makes a certificate that a signs, and signs itself where a is nil. It is a CA's
// unless it has a name to serve.
func (a *authority) issue(t testing.TB, name string, change func(*x509.Certificate)) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return a.issueFor(t, key, name, change)
}

func (a *authority) issueFor(t testing.TB, key crypto.Signer, name string, change func(*x509.Certificate)) *authority {
	t.Helper()
	serials++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serials), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true, IsCA: true, MaxPathLen: -1,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if strings.ContainsAny(name, ".") {
		template.IsCA, template.MaxPathLen, template.DNSNames = false, 0, []string{name}
	}
	if change != nil {
		change(template)
	}
	parent := a
	if a == nil {
		parent = &authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, key.Public(), parent.key)
	if err != nil {
		t.Fatal(name, ": ", err)
	}
	return parsed(t, der, key)
}

func parsed(t testing.TB, der []byte, key crypto.Signer) *authority {
	t.Helper()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate, key}
}

// chain is what a server presents, and what is to become of it.
type chain struct {
	Name  string
	Host  string
	Certs [][]byte
	Key   []byte // PKCS #8, of the first
	Want  string // part of the error; "" for none
}

// chains are what the servers present. bundle and folder are the roots that are trusted.
func chains(t testing.TB) (list []chain, bundle, folder []*authority) {
	const host = "login.example.com"
	put := func(name, host, want string, presented ...*authority) {
		key, err := x509.MarshalPKCS8PrivateKey(presented[0].key)
		if err != nil {
			t.Fatal(err)
		}
		c := chain{Name: name, Host: host, Key: key, Want: want}
		for _, p := range presented {
			c.Certs = append(c.Certs, p.Raw)
		}
		list = append(list, c)
	}
	var none *authority
	trusted := func(name string, change func(*x509.Certificate)) *authority {
		root := none.issue(t, name, change)
		bundle = append(bundle, root)
		return root
	}
	now := time.Now()
	expired := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-2*time.Hour), now.Add(-time.Hour) }
	early := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(time.Hour), now.Add(2*time.Hour) }
	forClients := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	serves := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = names }
	}
	address := func(a string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.ParseIP(a)} }
	}
	critical := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
	}

	root := trusted("Root", nil)
	between := root.issue(t, "Between", nil)
	leaf := root.issue(t, host, nil)

	put("good", host, "", leaf)
	put("good, with an intermediate", host, "", between.issue(t, host, nil), between)
	put("good, root presented too", host, "", leaf, root)
	put("good, in no order and with a stranger", host, "", between.issue(t, host, nil), none.issue(t, "Stranger", nil), root, between)
	put("good, twice the same", host, "", leaf, leaf)
	put("good, in capitals", "LOGIN.Example.COM", "", leaf)
	put("good, with a dot behind", host+".", "", leaf)
	put("good, with an underscore", "my_login.example.com", "", root.issue(t, "my_login.example.com", nil))
	put("good, wildcard", host, "", root.issue(t, "*.example.com", nil))
	put("good, for any usage", host, "", root.issue(t, host, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }))
	put("good, IP address", "192.0.2.1", "", root.issue(t, "address.", address("192.0.2.1")))
	put("good, IPv6 address", "[2001:db8::1]", "", root.issue(t, "address.", address("2001:db8::1")))
	self := trusted(host, nil)
	put("good, trusted itself", host, "", self)
	twins := []*authority{trusted("Twin", nil), trusted("Twin", nil)}
	put("good, of the first of two roots of a name", host, "", twins[0].issue(t, host, nil))
	put("good, of the second of two roots of a name", host, "", twins[1].issue(t, host, nil))
	young := none.issue(t, "Young", nil)
	put("good, young root vouched for by an old one", host, "", young.issue(t, host, nil), root.issueFor(t, young.key, "Young", nil))
	grown := trusted("Grown", nil)
	put("good, trusted root vouched for by a stranger", host, "", grown.issue(t, host, nil), none.issue(t, "Stranger", nil).issueFor(t, grown.key, "Grown", nil))
	late := trusted("Late", expired)
	put("good, expired root vouched for by another", host, "", late.issue(t, host, nil), root.issueFor(t, late.key, "Late", nil))

	alone := none.issue(t, "Alone", nil)
	folder = append(folder, alone)
	put("good, root in the folder", host, "", alone.issue(t, host, nil))
	triplet := none.issue(t, "Twin", nil)
	folder = append(folder, triplet)
	put("good, root in the folder with the name of two in the bundle", host, "", triplet.issue(t, host, nil))
	below := alone.issue(t, "Below", nil)
	put("good, intermediate of a root in the folder", host, "", below.issue(t, host, nil), below)

	stranger := none.issue(t, "Stranger", nil)
	const unknown = "unknown authority"
	put("another CA", host, unknown, stranger.issue(t, host, nil))
	put("another CA, presented", host, unknown, stranger.issue(t, host, nil), stranger)
	put("self-signed", host, unknown, none.issue(t, host, nil))
	likeness := none.issue(t, "Root", nil)
	put("a root's likeness", host, unknown, likeness.issue(t, host, nil))
	put("a root's likeness, presented", host, unknown, likeness.issue(t, host, nil), likeness)
	put("a root's likeness with its key identifier", host, unknown, none.issue(t, "Root", func(c *x509.Certificate) { c.SubjectKeyId = root.SubjectKeyId }).issue(t, host, nil))
	put("an intermediate's likeness", host, unknown, none.issue(t, "Between", nil).issue(t, host, nil), between)
	put("a folder root's likeness", host, unknown, none.issue(t, "Alone", nil).issue(t, host, nil))
	renamed := *stranger.Certificate
	renamed.PublicKey = nil
	put("signed by a root under another name", host, unknown, (&authority{&renamed, root.key}).issue(t, host, nil))
	put("an empty issuer", host, unknown, none.issue(t, "", func(c *x509.Certificate) { c.Subject = pkix.Name{} }).issue(t, host, nil))
	spoilt := slices.Clone(leaf.Raw)
	spoilt[len(spoilt)-1] ^= 1
	put("a spoilt signature", host, unknown, parsed(t, spoilt, leaf.key))
	put("expired", host, "expired", root.issue(t, host, expired))
	put("not yet valid", host, "not yet valid", root.issue(t, host, early))
	past := root.issue(t, "Past", expired)
	put("expired intermediate", host, "expired", past.issue(t, host, nil), past)
	put("expired root", host, "expired", late.issue(t, host, nil))
	put("root not yet valid", host, "not yet valid", trusted("Early", early).issue(t, host, nil))
	put("wrong host", "other.example.com", "valid for "+host, leaf)
	put("wildcard a level up", "a.b.example.com", "not a.b.example.com", root.issue(t, "*.example.com", nil))
	put("wildcard a level down", "example.com", "not example.com", root.issue(t, "*.example.com", nil))
	put("wildcard within a label", host, "not "+host, root.issue(t, "lo*.example.com", nil))
	put("wildcard alone", "localhost", "not localhost", root.issue(t, "*.", serves("*")))
	put("common name alone", host, "legacy Common Name", root.issue(t, host, serves()))
	put("no names at all", host, "not valid for any names", root.issue(t, "nothing.", func(c *x509.Certificate) { c.DNSNames, c.EmailAddresses = nil, []string{"a@example.com"} }))
	put("two dots behind", host+"..", "not "+host+"..", leaf)
	put("another IP address", "192.0.2.2", "not 192.0.2.2", root.issue(t, "address.", address("192.0.2.1")))
	put("IP address as a name", "192.0.2.1", "any IP SANs", root.issue(t, "address.", serves("192.0.2.1")))
	put("IP address, another CA", "192.0.2.1", unknown, stranger.issue(t, "address.", address("192.0.2.1")))
	put("name for an IP address", host, "not valid for any names", root.issue(t, "address.", address("192.0.2.1")))
	put("for clients", host, "incompatible key usage", root.issue(t, host, forClients))
	clients := root.issue(t, "Clients", forClients)
	put("intermediate for clients", host, "incompatible key usage", clients.issue(t, host, nil), clients)
	put("root for clients", host, "incompatible key usage", trusted("Root for clients", forClients).issue(t, host, nil))
	elsewhere := root.issue(t, "Elsewhere", func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.org"}, true
	})
	put("name not permitted", host, "not authorized to sign for this name", elsewhere.issue(t, host, nil), elsewhere)
	not := trusted("Root of others", func(c *x509.Certificate) {
		c.ExcludedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.com"}, true
	})
	put("name that the root excludes", host, "not authorized to sign for this name", not.issue(t, host, nil))
	put("intermediate missing", host, unknown, between.issue(t, host, nil))
	put("another intermediate", host, unknown, between.issue(t, host, nil), clients)
	poor := root.issue(t, "poor.example.com", nil)
	put("intermediate that is no CA", host, unknown, poor.issue(t, host, nil), poor)
	vague := root.issue(t, "Vague", func(c *x509.Certificate) { c.BasicConstraintsValid, c.IsCA = false, false })
	put("intermediate that does not say", host, unknown, vague.issue(t, host, nil), vague)
	mute := root.issue(t, "Mute", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	put("intermediate that may not sign", host, unknown, mute.issue(t, host, nil), mute)
	short := trusted("Short", func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true })
	long := short.issue(t, "Long", nil)
	put("path too long", host, "too many intermediates", long.issue(t, host, nil), long)
	put("unknown critical extension", host, "unhandled critical extension", root.issue(t, host, critical))
	odd := root.issue(t, "Odd", critical)
	put("unknown critical extension of the intermediate", host, "unhandled critical extension", odd.issue(t, host, nil), odd)
	put("root with a header in the bundle, which Go leaves out", host, unknown, trusted("Headed", nil).issue(t, host, nil))
	barred := trusted("No CA", func(c *x509.Certificate) { c.IsCA, c.MaxPathLen = false, 0 })
	put("root that is no CA", host, unknown, barred.issue(t, host, nil))

	t.Setenv("GODEBUG", "rsa1024min=0") // for making these alone
	weak, err := rsa.GenerateKey(rand.Reader, 768)
	if err != nil {
		t.Fatal(err)
	}
	small := none.issueFor(t, weak, "Small", nil)
	bundle = append(bundle, small)
	put("root with a short key", host, unknown, small.issue(t, host, nil))
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	old := none.issueFor(t, strong, "Old", nil)
	bundle = append(bundle, old)
	put("good, RSA", host, "", old.issue(t, host, nil))
	put("SHA-1", host, unknown, old.issue(t, host, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }))
	aged := old.issue(t, "Aged", func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA })
	put("intermediate by SHA-1", host, unknown, aged.issue(t, host, nil), aged)
	return list, bundle, folder
}

const chainFolder = "CONNECT_ENTRA_TEST_CHAINS"

// TestGoodAndBadChains has servers present chains, and compares what becomes of each with
// what becomes of it without us. Go finds the system's roots once in a process, so each set
// of roots has one of its own.
func TestGoodAndBadChains(t *testing.T) {
	if folder := os.Getenv(chainFolder); folder != "" {
		compareChains(t, folder)
		return
	}
	if bundleFiles(runtime.GOOS) == nil {
		t.Skip("left out: here the system verifies, not Go")
	}
	list, bundle, folder := chains(t)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	write("chains.json", data)
	var usual, untidy bytes.Buffer
	untidy.WriteString("-----BEGIN CERTIFICATE-----\nnothing\n")
	for i, root := range bundle {
		block := pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}
		fmt.Fprintf(&usual, "\n# %s: %q\n", root.Subject, root.SerialNumber)
		if root.Subject.CommonName == "Headed" {
			block.Headers = map[string]string{"Left": "out"}
		}
		pem.Encode(&usual, &block)
		usual.WriteString("-----BEGIN CERTIFICATE-----\nAAAA\n:\n-----END CERTIFICATE-----\n")
		switch i % 4 { // what Go leaves out, and what it reads all the same
		case 1:
			untidy.WriteString("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		case 2:
			untidy.WriteString("-----BEGIN CERTIFICATE-----\n-----END X509 CRL-----\n -----BEGIN CERTIFICATE-----\r\n\r\n")
		case 3:
			block.Headers = map[string]string{"Left": "out"}
		}
		pem.Encode(&untidy, &block)
	}
	for i, root := range folder {
		write(fmt.Sprintf("folder/%d.pem", i), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}))
	}
	file, roots := write("usual.pem", usual.Bytes()), filepath.Join(dir, "folder")
	for name, env := range map[string][]string{
		wanted:            {"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + t.TempDir() + ":" + roots},
		"untidy bundle":   {"SSL_CERT_FILE=" + write("untidy.pem", untidy.Bytes()), "SSL_CERT_DIR=" + roots},
		"folder alone":    {"SSL_CERT_FILE=" + filepath.Join(dir, "none.pem"), "SSL_CERT_DIR=" + roots},
		"bundle alone":    {"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + t.TempDir()},
		"neither":         {"SSL_CERT_FILE=" + t.TempDir(), "SSL_CERT_DIR=" + filepath.Join(dir, "none")},
		"the system's":    nil,
		"Go told to":      {"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + roots, "GODEBUG=x509usefallbackroots=1"},
		"FIPS 140":        {"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + roots, "GODEBUG=fips140=on"},
		"without TLS 1.3": {"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + roots, "CONNECT_ENTRA_TEST_TLS12=1"},
	} {
		t.Run(name, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestGoodAndBadChains$", "-test.v")
			cmd.Env = append(env, chainFolder+"="+dir, "CONNECT_ENTRA_TEST_STORE="+name)
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), fmt.Sprintf("compared %d chains", len(list))) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// wanted is the set of roots that chain.Want is meant for.
const wanted = "bundle and folder"

// compareChains is what each process does: every chain, reached directly and once through a
// proxy too, with our transport and with Go's.
func compareChains(t *testing.T, folder string) {
	data, err := os.ReadFile(filepath.Join(folder, "chains.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []chain
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	store := os.Getenv("CONNECT_ENTRA_TEST_STORE")
	for _, c := range list {
		server := c.serve(t)
		routes := []bool{false}
		if store == wanted {
			routes = append(routes, true)
		}
		for _, proxied := range routes {
			plain, ours := c.transport(t, server, proxied), newInternet(c.transport(t, server, proxied))
			goState, goErr := reach(plain, c.Host)
			state, err := reach(ours, c.Host)
			if outcome(err) != outcome(goErr) || (state == nil) != (goState == nil) {
				t.Errorf("%s, through a proxy %v: %v\nand Go alone: %v", c.Name, proxied, outcome(err), outcome(goErr))
			}
			if (c.Want == "") != (err == nil) && store == wanted || err != nil && store == wanted && !strings.Contains(err.Error(), c.Want) {
				t.Errorf("%s, through a proxy %v: %v, not %q", c.Name, proxied, err, c.Want)
			}
			if state != nil && (state.VerifiedChains == nil) != (usualRules() && isServerName(c.Host)) {
				t.Errorf("%s: it was not verified in the way that it should", c.Name)
			}
		}
	}
	t.Logf("compared %d chains", len(list))
}

// outcome is all that a caller sees of an error, but for the second that it happened in.
func outcome(err error) string {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return fmt.Sprintf("%T of %d: %s", certificate.Err, len(certificate.UnverifiedCertificates), theTime.ReplaceAllString(err.Error(), ""))
	}
	return fmt.Sprint(err)
}

var theTime = regexp.MustCompile(`current time \S+`)

// reach asks a host for a page, without a second try.
func reach(through http.RoundTripper, host string) (*tls.ConnectionState, error) {
	r, err := http.NewRequest(http.MethodPost, "https://"+host+"/", nil)
	if err != nil {
		return nil, err
	}
	resp, err := through.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	return resp.TLS, nil
}

// serve presents the chain on loopback, and is a proxy to itself beside that.
func (c chain) serve(t *testing.T) (address string) {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(c.Key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: c.Certs, PrivateKey: key}}, NextProtos: []string{"h2", "http/1.1"}}
	if os.Getenv("CONNECT_ENTRA_TEST_TLS12") != "" {
		config.MaxVersion = tls.VersionTLS12
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), TLSConfig: config, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go server.ServeTLS(unproxied{listener}, "", "")
	return listener.Addr().String()
}

// unproxied answers a CONNECT before it hands a connection on.
type unproxied struct{ net.Listener }

func (l unproxied) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &unproxiedConn{Conn: conn, r: bufio.NewReader(conn)}, nil
}

type unproxiedConn struct {
	net.Conn
	r     *bufio.Reader
	begun bool
}

func (c *unproxiedConn) Read(p []byte) (int, error) {
	if begin, _ := c.r.Peek(1); !c.begun && len(begin) > 0 && begin[0] == 'C' { // TLS begins otherwise
		if _, err := http.ReadRequest(c.r); err != nil {
			return 0, err
		}
		io.WriteString(c.Conn, "HTTP/1.1 200 Connected\r\n\r\n")
	}
	c.begun = true
	return c.r.Read(p)
}

// transport is the program's, but that every name leads to one server.
func (c chain) transport(t *testing.T, address string, proxied bool) *http.Transport {
	transport := newTransport()
	transport.DisableKeepAlives = true
	transport.Proxy = nil
	if proxied {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example.com"})
	}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return transport
}

// TestFewRootsAreForPlainNames: what is not has all the roots, and Go's own verification.
func TestFewRootsAreForPlainNames(t *testing.T) {
	if !usualRules() {
		t.Skip("left out: here the system verifies, or Go is told how to")
	}
	proxy := func(address string) func(*http.Transport) {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return func(transport *http.Transport) { transport.Proxy = http.ProxyURL(u) }
	}
	for _, c := range []struct {
		url    string
		change func(*http.Transport)
		suits  bool
	}{
		{"https://login.microsoftonline.com/", nil, true},
		{"https://LOGIN.microsoftonline.com:8443/", nil, true},
		{"https://localhost:1/", nil, true},
		{"https://1.2.3/", nil, true},
		{"https://login.microsoftonline.com/", proxy("http://proxy:3128"), true},
		{"https://login.microsoftonline.com/", proxy("socks5://proxy"), true},
		{"https://login.microsoftonline.com/", proxy("https://proxy"), false},
		{"https://login.microsoftonline.com/", func(t *http.Transport) { t.Proxy = func(*http.Request) (*url.URL, error) { return nil, io.EOF } }, false},
		{"https://login.microsoftonline.com/", func(t *http.Transport) { t.TLSClientConfig.RootCAs = x509.NewCertPool() }, false},
		{"http://login.microsoftonline.com/", nil, false},
		{"https://login.microsoftonline.com./", nil, false},
		{"https://127.0.0.1/", nil, false},
		{"https://[::1]/", nil, false},
		{"https://[fe80::1%25eth0]/", nil, false},
		{"https://ｌogin.microsoftonline.com/", nil, false},
		{"https://bücher.example/", nil, false},
		{"https://%20/", nil, false},
		{"https:///", nil, false},
	} {
		transport := newTransport()
		transport.Proxy = nil
		if c.change != nil {
			c.change(transport)
		}
		u, err := url.Parse(c.url)
		if err != nil {
			continue // nobody gets that far
		}
		if suits := newInternet(transport).suits(&http.Request{URL: u}); suits != c.suits {
			t.Errorf("%s: %v", c.url, suits)
		}
	}
	t.Setenv("GODEBUG", "http2debug=1,x509usepolicies=0")
	if newInternet(newTransport()).suits(get("https://login.microsoftonline.com/")) {
		t.Error("GODEBUG asks for other rules")
	}
}

// TestNothingIsNothingVerified: neither of these is ever met, and neither may pass.
func TestNothingIsNothingVerified(t *testing.T) {
	root := (*authority)(nil).issue(t, "Root", nil)
	leaf := root.issue(t, "login.example.com", nil)
	bundle := [][]byte{inBase64(root.Raw)}
	if err := verifyServer([]*x509.Certificate{leaf.Certificate}, "login.example.com", time.Now(), bundle); err != nil {
		t.Error(err)
	}
	if verifyServer(nil, "login.example.com", time.Now(), bundle) == nil {
		t.Error("no certificate")
	}
	if verifyServer([]*x509.Certificate{leaf.Certificate}, "", time.Now(), bundle) == nil {
		t.Error("no name")
	}
}

// inBase64 is a certificate as a bundle has it.
func inBase64(der []byte) []byte {
	lines := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return lines[len("-----BEGIN CERTIFICATE-----\n") : len(lines)-len("-----END CERTIFICATE-----\n")]
}

// TestOnlyIssuersAreParsed is what all this is for.
func TestOnlyIssuersAreParsed(t *testing.T) {
	_, roots, _ := chains(t)
	var bundle [][]byte
	for _, root := range roots {
		bundle = append(bundle, inBase64(root.Raw))
	}
	for _, root := range roots {
		named := 0
		for _, other := range roots {
			if bytes.Equal(other.RawSubject, root.RawSubject) {
				named++
			}
		}
		between := root.issue(t, "Between", nil)
		leaf := between.issue(t, "login.example.com", nil)
		if found := issuersIn(append(bundle, []byte("rubbish"), []byte("rub:bish"), inBase64(between.RawIssuer), nil), []*x509.Certificate{leaf.Certificate, between.Certificate}); len(found.Subjects()) != named { //lint:ignore SA1019 it is no system's pool
			t.Errorf("%s: %d roots of %d, not %d", root.Subject, len(found.Subjects()), len(roots), named)
		}
	}
}

// TestBundleFilesAreGos compares the table with Go's own.
func TestBundleFilesAreGos(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("left out, as there is no go command here: ", err)
	}
	for file, systems := range map[string][]string{"root_linux.go": {"linux"}, "root_bsd.go": {"dragonfly", "freebsd", "netbsd", "openbsd"}} {
		source, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(out)), "src", "crypto", "x509", file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		ast.Inspect(source, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == "certFiles" {
				for _, element := range spec.Values[0].(*ast.CompositeLit).Elts {
					path, _ := strconv.Unquote(element.(*ast.BasicLit).Value)
					files = append(files, path)
				}
			}
			return true
		})
		for _, system := range systems {
			if len(files) == 0 || !slices.Equal(bundleFiles(system), files) {
				t.Errorf("%s: %q, and Go has %q", system, bundleFiles(system), files)
			}
		}
	}
}

// TestFirstBundleCounts: one that is there but holds nothing counts, too.
func TestFirstBundleCounts(t *testing.T) {
	dir := t.TempDir()
	root := (*authority)(nil).issue(t, "Root", nil)
	empty, full := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "full.pem")
	if err := errors.Join(os.WriteFile(empty, nil, 0o600), os.WriteFile(full, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}), 0o600)); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none.pem")
	for _, c := range []struct {
		files []string
		named string
		found int
	}{
		{[]string{none, dir, full, empty}, "", 1},
		{[]string{empty, full}, "", 0},
		{[]string{full}, empty, 0},
		{[]string{full}, none, 0},
		{[]string{empty}, full, 1},
		{nil, "", 0},
	} {
		if found := readBundle(c.files, c.named); len(found) != c.found {
			t.Errorf("%q, named %q: %d", c.files, c.named, len(found))
		}
	}
}

// FuzzBundle: every certificate that is found is one that x509 takes from the same bundle.
func FuzzBundle(f *testing.F) {
	root := (*authority)(nil).issue(f, "Root", nil)
	good := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}))
	for _, seed := range []string{
		"", good, good + good, "# a root\n" + good + "\nmore\n" + good, " " + good, good[:len(good)-1], good[:len(good)-1] + "x\n", good[:len(good)-9], good + "-----", "-" + good, "---" + good,
		strings.ReplaceAll(good, "\n", "\r\n"), strings.ReplaceAll(good, "\n", "\n\n"), strings.Replace(good, "\n", "\nA: b\n\n", 1), strings.Replace(good, "\n", "\n \t", 1),
		strings.ReplaceAll(good, "CERTIFICATE", "TRUSTED CERTIFICATE"), strings.Replace(good, "CERTIFICATE", "KEY", 1), strings.Replace(good, "=", "", 1), strings.Replace(good, "M", "%", 1),
		"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + good, "-----BEGIN CERTIFICATE-----\n" + good, good + "-----END CERTIFICATE-----\n" + good, "-----BEGIN CERTIFICATE-----\n:\n-----END CERTIFICATE-----\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, bundle string) {
		gos := x509.NewCertPool()
		gos.AppendCertsFromPEM([]byte(bundle))
		all := gos.Clone()
		for _, encoded := range splitBundle([]byte(bundle)) {
			der, _ := base64.StdEncoding.AppendDecode(nil, encoded)
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				continue
			}
			all.AddCert(certificate)
			if found := issuersIn([][]byte{encoded}, []*x509.Certificate{{RawIssuer: certificate.RawSubject}}); len(found.Subjects()) == 0 && bytes.Index(der, certificate.RawSubject) < 300 { //lint:ignore SA1019 it is no system's pool
				t.Errorf("%q: a certificate is not found by its name", bundle)
			}
		}
		if !gos.Equal(all) {
			t.Errorf("%q: x509 does not find all of these", bundle)
		}
	})
}

// TestUsualBundles: what is found in bundles as they are handed out, and in which of the
// other kinds nothing.
func TestUsualBundles(t *testing.T) {
	good := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: (*authority)(nil).issue(t, "Root", nil).Raw}))
	for bundle, found := range map[string]int{
		"":                                   0,
		"nothing\n":                          0,
		good:                                 1,
		good[:len(good)-1]:                   1,
		good + good:                          2,
		"# a root: A\n" + good + "\n" + good: 2,
		"Root\n====\n" + good:                1, // curl's
		" " + good:                           0,
		good + "-----":                       0,
		"-" + good:                           0,
		good + "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n": 0,
		"-----BEGIN CERTIFICATE-----\n" + good:                            0,
		strings.ReplaceAll(good, "\n", "\r\n"):                            0,
		strings.ReplaceAll(good, "CERTIFICATE", "TRUSTED CERTIFICATE"):    0,
		good + strings.ReplaceAll(good, "CERTIFICATE", "PRIVATE KEY"):     0,
	} {
		if n := len(splitBundle([]byte(bundle))); n != found {
			t.Errorf("%q: %d", bundle, n)
		}
	}
}
