package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connect-entra/sandbox/sandboxtest"
)

// recorded is a practice cloud that keeps what is sent to it, but for what a person's
// browser sends.
type recorded struct {
	*Cloud
	mu    sync.Mutex
	sent  []string   // METHOD URL
	asked url.Values // the last form
}

// newCloud has the applications given, beside the default one.
func newCloud(apps ...App) *recorded {
	return &recorded{Cloud: New(Registry{Apps: apps, Key: testKey()})}
}

func (c *recorded) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.sent = append(c.sent, r.Method+" "+r.URL.String())
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			c.mu.Unlock()
			return nil, err
		}
		c.asked, _ = url.ParseQuery(string(body))
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	c.mu.Unlock()
	return c.Cloud.RoundTrip(r)
}

// requests are those sent so far that contain match.
func (c *recorded) requests(match string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.sent), func(line string) bool { return !strings.Contains(line, match) })
}

func (c *recorded) lastForm() url.Values {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// person is somebody at the cloud's pages.
func (c *recorded) person(user string, consents bool) sandboxtest.Person {
	return sandboxtest.Person{Cloud: c.Cloud, User: user, Consents: consents}
}

// testKey is one RSA key for all tests: making one takes longer than most of them.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// What the application of the tests has.
const (
	testClient = "00000000-0000-4000-8000-0000000000c1"
	testSecret = "secret of the tests"
)

// testApp is registered with testSecret, and with testCertificate.
func testApp() App {
	digest := sha256.Sum256([]byte(testSecret))
	certificate, _ := testCertificate()
	return App{
		ClientID:      testClient,
		Name:          "Test app",
		SecretHash:    hex.EncodeToString(digest[:]),
		SecretExpires: time.Now().AddDate(1, 0, 0),
		Certificate:   certificate.Raw,
		Roles:         ApplicationRoles,
	}
}

// testCertificate is good at any time, synctest's included, which starts in 2000.
var testCertificate = sync.OnceValues(func() (*x509.Certificate, *rsa.PrivateKey) {
	return newTestCertificate(testKey(), time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)), testKey()
})

func newTestCertificate(key *rsa.PrivateKey, from, until time.Time) *x509.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(from.Unix()), Subject: pkix.Name{CommonName: "Test"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}

func TestAtAnotherCloud(t *testing.T) {
	c := New(Registry{})
	c.At("https://login.microsoftonline.com", "https://graph.microsoft.com")
	for address, want := range map[string]bool{
		"https://login.microsoftonline.com/common": true, "https://graph.microsoft.com/v1.0/me": true,
		Login + "/common": false, Graph + "/v1.0/me": false, "http://169.254.169.254/metadata": true, "http://127.0.0.1:1/": false,
	} {
		r, _ := http.NewRequest(http.MethodGet, address, nil)
		if c.Serves(r) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
}

// TestPathsAreTakenAsTheyCame: neither Entra nor Graph redirects a path that is not clean.
func TestPathsAreTakenAsTheyCame(t *testing.T) {
	f := newCloud()
	user := userTokenFor(t, f, "User.Read")
	for _, path := range []string{"", "/", "/v1.0/../v1.0/me", "/v1.0/./me", "/v1.0//me", "//v1.0/me", "/v1.0/me/", "/..", "/common/../devicelogin", "//devicelogin", "/./devicelogin"} {
		for _, host := range []string{Graph, Login} {
			r, err := http.NewRequest(http.MethodGet, host+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+user)
			response, err := f.RoundTrip(r)
			if err != nil || response.StatusCode != http.StatusNotFound {
				t.Errorf("%s%s: %v %v", host, path, response, err)
			}
		}
	}
}
