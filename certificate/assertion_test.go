package certificate

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/failure"
)

// stubborn signs as a provider does that refuses some ways of signing.
type stubborn struct {
	*rsa.PrivateKey
	refusePSS, refusePKCS1 error
}

func (s stubborn) Sign(r io.Reader, digest []byte, how crypto.SignerOpts) ([]byte, error) {
	if _, pss := how.(*rsa.PSSOptions); pss && s.refusePSS != nil {
		return nil, s.refusePSS
	} else if !pss && s.refusePKCS1 != nil {
		return nil, s.refusePKCS1
	}
	return s.PrivateKey.Sign(r, digest, how)
}

type assertionParts struct {
	header struct {
		Alg, Typ, X5t string
		X5tS256       string `json:"x5t#S256"`
		X5c           [][]byte
	}
	claims struct {
		Aud, Iss, Sub, Jti string
		Nbf, Iat, Exp      int64
	}
}

// readAssertion takes an assertion apart and checks its signature with pair's certificate.
func readAssertion(t *testing.T, token string, pair Pair) (a assertionParts) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q has %d parts", token, len(parts))
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(json.Unmarshal(raw[0], &a.header), json.Unmarshal(raw[1], &a.claims)); err != nil {
		t.Fatal(err)
	}
	public := pair.Chain[0].PublicKey.(*rsa.PublicKey)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	var err error
	switch a.header.Alg {
	case "PS256":
		err = rsa.VerifyPSS(public, crypto.SHA256, digest[:], raw[2], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "RS256":
		err = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], raw[2])
	default:
		err = errors.New("algorithm " + a.header.Alg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func testPair(t *testing.T, key func(*rsa.PrivateKey) crypto.Signer) Pair {
	private := exportedKey(t)
	return Pair{
		Chain: []*x509.Certificate{
			makeCertificate(t, private, "leaf", time.Now(), time.Now().AddDate(1, 0, 0)),
			makeCertificate(t, private, "above", time.Now(), time.Now().AddDate(1, 0, 0)),
		},
		Key: key(private),
	}
}

const tokenEndpoint = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"

func TestAssertion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pair := testPair(t, func(k *rsa.PrivateKey) crypto.Signer { return k })
		leaf := sha256.Sum256(pair.Chain[0].Raw)
		seen := map[string]bool{}
		for range 20 {
			token, err := pair.Assertion(tokenEndpoint, "app", false)
			if err != nil {
				t.Fatal(err)
			}
			a := readAssertion(t, token, pair)
			if a.header.Alg != "PS256" || a.header.Typ != "JWT" || a.header.X5tS256 != base64.RawURLEncoding.EncodeToString(leaf[:]) || a.header.X5t != "" || a.header.X5c != nil {
				t.Fatalf("%+v", a.header)
			}
			c := a.claims
			if c.Aud != tokenEndpoint || c.Iss != "app" || c.Sub != "app" || c.Nbf != time.Now().Unix() || c.Iat != c.Nbf || c.Exp-c.Nbf != 600 {
				t.Fatalf("%+v", c)
			}
			if len(c.Jti) < 20 || seen[c.Jti] {
				t.Fatalf("jti %q is short or comes again", c.Jti)
			}
			seen[c.Jti] = true
		}
		token, _ := pair.Assertion(tokenEndpoint, "app", true)
		if x5c := readAssertion(t, token, pair).header.X5c; len(x5c) != 2 || string(x5c[0]) != string(pair.Chain[0].Raw) || string(x5c[1]) != string(pair.Chain[1].Raw) {
			t.Error("x5c is not the chain, the leaf first")
		}
	})
}

func TestAssertionWhereTheKeyCannotDoPSS(t *testing.T) {
	pair := testPair(t, func(k *rsa.PrivateKey) crypto.Signer { return stubborn{k, errors.New("NTE_NOT_SUPPORTED"), nil} })
	token, err := pair.Assertion(tokenEndpoint, "app", true)
	if err != nil {
		t.Fatal(err)
	}
	a := readAssertion(t, token, pair)
	leaf := sha1.Sum(pair.Chain[0].Raw)
	if a.header.Alg != "RS256" || a.header.X5t != base64.RawURLEncoding.EncodeToString(leaf[:]) || a.header.X5tS256 != "" || len(a.header.X5c) != 2 || a.claims.Aud != tokenEndpoint {
		t.Errorf("%+v", a)
	}
}

func TestAssertionThatCannotBeSigned(t *testing.T) {
	pair := testPair(t, func(k *rsa.PrivateKey) crypto.Signer {
		return stubborn{k, errors.New("no PSS"), errors.New("the card was taken out")}
	})
	_, err := pair.Assertion(tokenEndpoint, "app", false)
	if got := refusalLine(t, err); got != "bad-certificate: The key of CN=leaf refused to sign: the card was taken out. | check that this user may use the key, and that its card or token is there" {
		t.Error(got)
	}
	// A person who declines a PIN is not asked for it a second time.
	pair = testPair(t, func(k *rsa.PrivateKey) crypto.Signer {
		return stubborn{k, failure.New("declined", "No PIN was entered."), nil}
	})
	_, err = pair.Assertion(tokenEndpoint, "app", false)
	if got := refusalLine(t, err); !strings.HasPrefix(got, "declined: No PIN") {
		t.Error(got)
	}
}
