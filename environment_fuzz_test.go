//go:build !js

package main

import (
	"bytes"
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connect-entra/browser"
	"connect-entra/failure"
	"connect-entra/transport"
	"connect-entra/vault"
)

// environmentRead is a variable that steers a run.
type environmentRead struct {
	line   string // what is typed
	with   string // other variables: NAME=value, blanks between
	name   string
	before string // what stands before the hostile part of its value
}

const (
	appVariables     = envTenant + "=" + testTenant + " " + envClient + "=8886ad7b-1795-4542-9808-c85859d97f23 "
	secretVariables  = appVariables + envSecret + "=" + canary + " "
	serviceVariables = "IDENTITY_ENDPOINT=http://127.0.0.1:1/ "
)

var environmentReads = []environmentRead{
	{"-EnvironmentVariable", secretVariables, envTenant, ""},
	{"-EnvironmentVariable", secretVariables, envClient, ""},
	{"-EnvironmentVariable", secretVariables, envSecret, canary},
	{"-EnvironmentVariable", appVariables, envCertificate, ""},
	{"-EnvironmentVariable", appVariables + envCertificate + "=PEM", envPassword, canary},
	{"-EnvironmentVariable", appVariables + envCertificate + "=PEM", envChain, ""},
	{"-EnvironmentVariable", appVariables, envFederated, ""},
	{"-EnvironmentVariable", secretVariables, envAuthority, ""},
	{"-EnvironmentVariable", appVariables + envUser + "=u", envUserPassword, canary},
	{"-EnvironmentVariable", secretVariables, "HTTPS_PROXY", ""},
	{"-EnvironmentVariable", secretVariables, "HTTPS_PROXY", "http://someone:" + canary + "@"},
	{"-EnvironmentVariable", secretVariables, "https_proxy", "socks5://someone:" + canary + "@"},
	{"-EnvironmentVariable", secretVariables, "NO_PROXY", ""},
	{"-EnvironmentVariable", secretVariables, "MSAL_FORCE_REGION", ""},
	{"-EnvironmentVariable", secretVariables, "SSL_CERT_FILE", ""},
	{"-EnvironmentVariable -ContextScope CurrentUser", secretVariables, vault.KeyFileVariable, "/nowhere/"},
	{"-Identity", "IDENTITY_HEADER=" + canary, "IDENTITY_ENDPOINT", ""},
	{"-Identity", "IMDS_ENDPOINT=x", "IDENTITY_ENDPOINT", "http://127.0.0.1:1/"},
	{"-Identity", serviceVariables, "IDENTITY_HEADER", canary},
	{"-Identity", serviceVariables + "IDENTITY_HEADER=" + canary, "IDENTITY_SERVER_THUMBPRINT", ""},
	{"-Identity", serviceVariables, "IMDS_ENDPOINT", ""},
	{"-Identity", "MSI_SECRET=" + canary, "MSI_ENDPOINT", ""},
	{"-Identity", "MSI_ENDPOINT=http://localhost:1/", "MSI_SECRET", canary},
	{"-AccessToken env:TOKEN", "", "TOKEN", canary},
	{"context", serviceVariables, connectionVariable, ""},
	{"context", serviceVariables, connectionVariable, `{"Environment":"Global","Account":"`},
	{"token", serviceVariables + connectionVariable + `={"Environment":"Global"}`, "IDENTITY_HEADER", canary},
	{"token", "IDENTITY_HEADER=" + canary + " " + connectionVariable + `={"Environment":"Global"}`, "IDENTITY_ENDPOINT", ""},
	{"environments -All", "", "HOME", "/"},
	{"context -List", "", "XDG_STATE_HOME", "/"},
	{"-EnvironmentVariable", secretVariables, "BROWSER", ""},
}

// FuzzEnvironment gives one variable a hostile value. Nothing panics; nothing is dialled
// where it is refused, and only Entra, this host's network or the proxy that it names
// where it is not; no secret is printed, and nothing that a terminal obeys.
func FuzzEnvironment(f *testing.F) {
	values := append(hostileNames, "", "1", "x", `"}`, `\u001b[2J"}`, `x","Scopes":["\u202e"]}`, "http://127.0.0.1:1/x", "http://169.254.169.254", "https://10.0.0.1", "/dev/null", "evil.example:80")
	for which := range environmentReads {
		for i := which % 6; i < len(values); i += 6 {
			f.Add(uint8(which), values[i])
		}
	}
	http.ProxyFromEnvironment(get("https://x")) // which looks once a process, and not at a hostile value
	base := map[string]string{"HOME": f.TempDir(), vault.KeyFileVariable: testKeyFile(f), "PEM": writeTestCertificate(f)}
	f.Fuzz(func(t *testing.T, which uint8, hostile string) {
		read := environmentReads[int(which)%len(environmentReads)]
		value := read.before + hostile
		if strings.Contains(value, "\x00") || read.name == vault.KeyFileVariable && strings.Contains(value, "..") {
			return // no environment holds the one, and the other may be a file of this host
		}
		steer(t, base, read, value)
		hostileRun(t, read, value)
	})
}

func steer(t *testing.T, base map[string]string, read environmentRead, value string) {
	for _, r := range environmentReads {
		t.Setenv(r.name, base[r.name])
	}
	for pair := range strings.FieldsSeq(read.with) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, strings.ReplaceAll(value, "PEM", base["PEM"]))
	}
	t.Setenv(read.name, value)
}

// hostileRun is a run that may dial, but gets no connection.
func hostileRun(t *testing.T, read environmentRead, value string) {
	var out bytes.Buffer
	var dialled []string
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, failure.New("network", "cut off") // which is not tried again
	}
	con, world := newConsole(), newWorld(make(chan os.Signal, 1))
	con.stdin, con.stdout, con.stderr = strings.NewReader(""), &out, &out
	world.openURL = func(context.Context, string) error { return &browser.Unavailable{Reason: "this is a test"} }
	internet := world.internet.(*transport.Internet).Transport
	internet.DialContext, world.direct.(*http.Transport).DialContext, world.dial = dial, dial, dial
	internet.Proxy = proxyOfNow(internet.Proxy)
	if world.dir == "" || read.name == "XDG_STATE_HOME" || read.name == "HOME" {
		world.dir = filepath.Join(t.TempDir(), "own") // not anywhere on this host
	}
	status := run(t.Context(), con, world, append(strings.Fields(read.line), "-Debug"))
	said := out.String()
	switch {
	case status == 1:
		t.Errorf("a bug")
	case status == 2 && len(dialled) > 0:
		t.Errorf("refused, after %q were dialled", dialled)
	case status == 2 && !strings.Contains(strings.ToLower(said), strings.ToLower(read.name)) && !strings.Contains(read.line, "env:"+read.name):
		t.Errorf("it does not say what was refused")
	case strings.ContainsFunc(value, failure.IsControl) && status != 2 && mustBeText(read.name):
		t.Errorf("a control character was accepted")
	}
	if found := leaked(said, []string{canary}); found != "" {
		t.Errorf("%q of a secret was printed", found)
	}
	if strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), failure.IsControl) || strings.ContainsAny(said, "\u202e\u200b\u2028\ufeff") {
		t.Errorf("a control character was printed")
	}
	for _, address := range dialled {
		if !mayBeDialled(address, read, value) {
			t.Errorf("%s was dialled", address)
		}
	}
	if t.Failed() {
		t.Logf("%s with %s=%q: status %d, dialled %q\n%s", read.line, read.name, value, status, dialled, said)
	}
}

// proxyOfNow is what checked is without what net/http remembers.
func proxyOfNow(checked func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		address := cmp.Or(os.Getenv("HTTPS_PROXY"), os.Getenv("https_proxy"))
		if _, err := checked(r); err != nil || address == "" {
			return nil, err
		}
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		return url.Parse(address)
	}
}

// mustBeText holds for the variables whose values go into a request or an address.
func mustBeText(name string) bool {
	return strings.HasPrefix(name, "AZURE_") || slices.Contains([]string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "TOKEN"}, name)
}

func mayBeDialled(address string, read environmentRead, value string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if a, err := netip.ParseAddr(host); err == nil && transport.IsNear(a) || host == "localhost" {
		return true
	}
	for _, e := range clouds {
		if e.loginHost() == host {
			return true
		}
	}
	return strings.EqualFold(read.name, "HTTPS_PROXY") && strings.Contains(strings.ToLower(value), strings.ToLower(host))
}
