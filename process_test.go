//go:build !js

package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connect-entra/claims"
	"connect-entra/sandbox"
)

// asProgram makes the test binary the program itself: see TestMain.
const asProgram = "CONNECT_ENTRA_TEST_AS_PROGRAM"

// process runs the program as a process of its own, with this environment and no other.
func process(t *testing.T, stdin string, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(env, asProgram+"=1", "HOME="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// testInternet is the internet as a process reaches it through HTTPS_PROXY: a proxy that ends
// the TLS of every host and hands the requests to the fake Entra.
type testInternet struct {
	*fakeEntra
	env []string // what makes a process reach it

	mu    sync.Mutex
	hosts []string // that were asked for, in order
	root  *x509.Certificate
	key   *ecdsa.PrivateKey
}

func newTestInternet(t testing.TB, apps ...sandbox.App) *testInternet {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("left out: Go takes no SSL_CERT_FILE here, it trusts what the system's store does")
	}
	w := &testInternet{fakeEntra: newFakeEntra(apps...)}
	w.makeRoot(t)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.root.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go w.serve(conn)
		}
	}()
	w.env = []string{"HTTPS_PROXY=http://someone:canary-proxy@" + listener.Addr().String(), "SSL_CERT_FILE=" + roots}
	return w
}

func (w *testInternet) makeRoot(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	w.root, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	w.key = key
}

// certificate vouches for any host.
func (w *testInternet) certificate(host string) (*tls.Certificate, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: w.root.NotBefore, NotAfter: w.root.NotAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, w.root, &w.key.PublicKey, w.key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: w.key}, err
}

func (w *testInternet) serve(conn net.Conn) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect {
		io.WriteString(conn, "HTTP/1.1 405 Only CONNECT\r\n\r\n")
		return
	}
	host, _, _ := net.SplitHostPort(r.Host)
	w.mu.Lock()
	w.hosts = append(w.hosts, host)
	w.mu.Unlock()
	io.WriteString(conn, "HTTP/1.1 200 Connected\r\n\r\n")
	inner := tls.Server(conn, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return w.certificate(host) }})
	requests := bufio.NewReader(inner)
	for {
		request, err := http.ReadRequest(requests)
		if err != nil {
			return
		}
		request.URL.Scheme, request.URL.Host, request.RequestURI = "https", request.Host, ""
		response, err := w.RoundTrip(request)
		if err != nil {
			response = &http.Response{StatusCode: http.StatusBadGateway, ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}
		}
		if response.Write(inner) != nil {
			return
		}
	}
}

// TestProcessReachesEveryCloud signs an app in with each cloud's real host names, by
// secret and by certificate: each with one request, to the login host alone.
func TestProcessReachesEveryCloud(t *testing.T) {
	certificate := writeTestCertificate(t)
	for _, e := range clouds {
		if e.practice() {
			continue
		}
		w := newTestInternet(t, testApp())
		w.at(e.AzureADEndpoint, e.GraphEndpoint)
		env := append(w.env, "S="+testSecret)
		for _, args := range [][]string{
			{"-ClientSecretCredential", testClient + ":env:S", "-TenantId", sandbox.Tenant},
			{"-ClientId", testClient, "-Certificate", certificate, "-TenantId", sandbox.Tenant},
		} {
			stdout, stderr, status := process(t, "", env, append(args, "-Environment", e.Name)...)
			if status != 0 || !strings.Contains(stdout, "Connected via apponly access using "+testClient) {
				t.Errorf("%s %s: status %d\n%s%s", e.Name, args, status, stdout, stderr)
			}
		}
		if sent := w.requests(""); len(sent) != 2 || slices.ContainsFunc(w.hosts, func(host string) bool { return host != e.loginHost() }) {
			t.Errorf("%s: hosts %q, requests %q", e.Name, w.hosts, sent)
		}
	}
}

// writeTestCertificate gives the path of the test app's certificate with its key.
func writeTestCertificate(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.pem")
	if err := os.WriteFile(path, pemOf(testCertificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProcessStatuses holds exit statuses and streams of the process itself.
func TestProcessStatuses(t *testing.T) {
	w := newTestInternet(t, testApp())
	w.at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	wrong := append(w.env, "S=canary-secret")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"version"}, 0, ""},
		{[]string{"-Nonsense"}, 2, "[named-parameter-not-found]"},
		{[]string{"token"}, 4, "[not-connected]"},
		{[]string{"-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient + ":env:S"}, 5, "AADSTS7000215"},
		{[]string{"-TenantId", "00000000-0000-4000-8000-00000000ffff", "-ClientSecretCredential", testClient + ":env:S"}, 5, "AADSTS90002"},
		{[]string{"-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient + ":env:S", "-Environment", "USGov"}, 6, "[network]"},
	} {
		stdout, stderr, status := process(t, "", wrong, c.args...)
		if status != c.status || !strings.Contains(stderr, c.says) || status != 0 && stdout != "" {
			t.Errorf("%q: status %d, not %d\n%s%s", c.args, status, c.status, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, "canary") {
			t.Errorf("%q shows a secret:\n%s%s", c.args, stdout, stderr)
		}
	}
}

// TestProcessTellsItsRoute: -Debug says what stands between here and the server, and which
// authorities are trusted, without the proxy's password.
func TestProcessTellsItsRoute(t *testing.T) {
	w := newTestInternet(t, testApp())
	w.at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	_, stderr, status := process(t, testSecret+"\n", w.env, "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient+":-", "-ContextScope", "Process", "-Debug")
	_, proxy, _ := strings.Cut(w.env[0], "@")
	_, roots, _ := strings.Cut(w.env[1], "=")
	if status != 0 || !strings.Contains(stderr, "through the proxy http://"+proxy+"\n") || !strings.Contains(stderr, "trusting the authorities of SSL_CERT_FILE: "+roots+"\n") || strings.Contains(stderr, "canary") {
		t.Errorf("status %d\n%s", status, stderr)
	}
}

// TestProcessPrintsTokenAlone has a token alone on stdout, for a pipe.
func TestProcessPrintsTokenAlone(t *testing.T) {
	w := newTestInternet(t, testApp())
	w.at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	stdout, stderr, status := process(t, testSecret+"\n", w.env, "token", "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient+":-")
	if _, ok := claims.Decode(strings.TrimSuffix(stdout, "\n")); !ok || status != 0 || strings.Count(stdout, "\n") != 1 {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	if stderr != "" {
		t.Errorf("stderr: %s", stderr)
	}
}

// TestProcessAsManagedIdentity asks an App Service on loopback, and off Azure says within
// about a second why it cannot.
func TestProcessAsManagedIdentity(t *testing.T) {
	cloud := newFakeEntra().at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	service := httptest.NewServer(&httputil.ReverseProxy{Transport: cloud, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: r.In.Host}) }})
	t.Cleanup(service.Close)
	env := []string{"IDENTITY_ENDPOINT=" + service.URL + "/msi/token", "IDENTITY_HEADER=canary", "HTTP_PROXY=http://127.0.0.1:1"}
	stdout, stderr, status := process(t, "", env, "-Identity")
	if status != 0 || !strings.Contains(stdout, "Connected via managedidentity access using "+sandbox.SystemIdentity) {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	env[0] = "IDENTITY_ENDPOINT=http://identity.example/msi/token"
	if stdout, stderr, status := process(t, "", env, "-Identity"); status != 2 || strings.Contains(stderr, "canary") {
		t.Errorf("a public endpoint: status %d\n%s%s", status, stdout, stderr)
	}
}
