//go:build !js

// Signing in through the browser (RFC 8252): the address that it is sent to, and what is
// made of what comes back. MSAL does the same in one call, but with a listener that any
// stray request ends, and without a look at the id_token.

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/guid"
	"connect-entra/transport"
)

// maxAddress is what every browser, launcher and proxy on the way takes.
const maxAddress = 8 << 10

// browserWait is how long a person may take.
const browserWait = 15 * time.Minute

// browserSignIn is one sign-in in the browser: where its answer comes to, and what only it
// knows. authorize gives the code, which MSAL redeems; then checkIDToken and tell.
type browserSignIn struct {
	*callback
	client          *transport.Client // to the cloud's login host
	nonce, verifier string
}

// newBrowserSignIn listens for the answer of a sign-in that is about to begin. close ends
// the listening.
func newBrowserSignIn(client *transport.Client) (*browserSignIn, error) {
	callback, err := listenForCode(randomText())
	if err != nil {
		return nil, err
	}
	return &browserSignIn{callback: callback, client: client, nonce: randomText(), verifier: randomText()}, nil
}

// authorize sends a person to address, which is MSAL's AuthCodeURL; what that leaves out is
// added here. It gives the code that came back, or *browser.Unavailable where no browser
// can be opened, so that another way can be taken.
func (s *browserSignIn) authorize(ctx context.Context, con *console, world *world, address string) (code string, err error) {
	if address, err = s.complete(address); err != nil {
		return "", err
	}
	fmt.Fprintf(con.stderr, "Sign in at this address, in a browser on this machine:\n%s\nIf the page shows an error that only you can see, press Ctrl-C here.\n", address)
	waiting, stop := context.WithTimeout(ctx, browserWait)
	defer stop()
	opened := make(chan error, 1)
	go func() { opened <- world.openURL(waiting, address) }()
	for {
		select {
		case err := <-opened:
			if err != nil {
				return "", err
			}
		case form := <-s.arrived:
			if err := s.refused(form); err != nil {
				s.tell(false)
				return "", err
			}
			return form.Get("code"), nil
		case <-waiting.Done():
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			return "", failure.New("timeout", "Nobody signed in within %d minutes.", int(browserWait/time.Minute)).Because(context.DeadlineExceeded).
				Try("run the command again; for a sign-in on another device add -UseDeviceCode")
		}
	}
}

// refused is why what came to the redirect URI, with the right state, is no code to redeem.
func (s *browserSignIn) refused(form url.Values) error {
	if iss := form.Get("iss"); strings.Contains(iss, "//") && authorityOf(iss) != authorityOf(s.client.IssuerTemplate()) { // RFC 9207 §2.4
		return failure.New("hostile-answer", "The answer in the browser came from another issuer.")
	}
	if form.Get("error") != "" {
		return s.client.Declined(form)
	}
	return nil
}

// checkIDToken holds the id_token that the code was redeemed for against this sign-in.
// tenant is as typed: a GUID must be the id_token's own.
func (s *browserSignIn) checkIDToken(raw, clientID, tenant string) error {
	return idToken{Issuer: s.client.IssuerTemplate(), Audience: clientID, TenantID: tenant, Nonce: s.nonce}.check(raw)
}

// idToken is what an id_token must say (OpenID Connect Core §3.1.3.7).
type idToken struct {
	Issuer   string // with {tenantid} where the tenant's ID belongs
	Audience string
	TenantID string // as it was typed
	Nonce    string
}

func (want idToken) check(raw string) error {
	token, err := claims.IDToken(raw)
	wrong := ""
	switch {
	case err != nil:
		wrong = err.Error()
	case subtle.ConstantTimeCompare([]byte(token.Text("nonce")), []byte(want.Nonce)) != 1:
		wrong = "its nonce is not that of this sign-in"
	case token.Audience != want.Audience:
		wrong = "it is for another application"
	case strings.Contains(want.Issuer, "{tenantid}") && !guid.Is(token.TenantID):
		wrong = "it names no tenant"
	case guid.Is(want.TenantID) && !strings.EqualFold(token.TenantID, want.TenantID):
		wrong = "it is of another tenant than -TenantId names"
	case want.Issuer == "" || token.Issuer != strings.ReplaceAll(want.Issuer, "{tenantid}", token.TenantID):
		wrong = "it is of another issuer"
	}
	if wrong != "" {
		return failure.New("hostile-answer", "The id_token of this sign-in was refused: %s.", wrong)
	}
	return nil
}

// randomText has 256 bits, as 43 characters that need no escaping (RFC 7636 §4.1).
func randomText() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// complete adds to MSAL's authorize URL what AuthCodeURL leaves out, and checks that a
// browser may be sent there.
func (s *browserSignIn) complete(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "" || !s.client.HasPage(u) {
		return "", failure.New("hostile-answer", "The sign-in page is not on %s, so it was not opened.", s.client.Base)
	}
	q := u.Query()
	challenge := sha256.Sum256([]byte(s.verifier))
	q.Set("prompt", "select_account")
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	q.Set("state", s.state)
	q.Set("nonce", s.nonce)
	q.Set("response_mode", "form_post") // the code is in no address, history or log
	q.Set("scope", strings.TrimSpace(q.Get("scope")+" openid offline_access profile"))
	q.Set("client-request-id", s.client.Correlation)
	u.RawQuery = q.Encode()
	if address = u.String(); len(address) > maxAddress {
		return "", failure.New("bad-value", "With so many scopes the sign-in page's address is longer than servers and browsers take.").
			Try("ask for fewer scopes, or add -UseDeviceCode")
	}
	return address, nil
}

func authorityOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
