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
	"connect-entra/transport"
)

// maxAddress is what every browser, launcher and proxy on the way takes.
const maxAddress = 8 << 10

// browserWait is how long a person may take.
const browserWait = 15 * time.Minute

// browserSignIn is a sign-in in the browser: what MSAL does in it, and what is expected.
type browserSignIn struct {
	client   *transport.Client // to the cloud's login host
	clientID string            // whom the id_token must be for
	tenant   string            // as typed: a GUID must be the id_token's own

	// address is MSAL's AuthCodeURL; what that leaves out is added here.
	address func(ctx context.Context, redirectURI string) (string, error)
	// redeem is MSAL's AcquireTokenByAuthCode; it gives the id_token as it came.
	redeem func(ctx context.Context, code, redirectURI, verifier string) (idToken string, err error)
}

// authorize signs a person in. It returns *browser.Unavailable where none can be opened, so that
// another way can be taken.
func authorize(ctx context.Context, sys *system, a browserSignIn) error {
	secrets := callbackSecrets{state: randomText(), nonce: randomText(), verifier: randomText()}
	callback, err := listenForCode(secrets.state)
	if err != nil {
		return err
	}
	defer callback.close()
	asking, cancel := context.WithTimeout(ctx, a.client.Timeout)
	defer cancel()
	address, err := a.address(asking, callback.redirectURI)
	if err != nil {
		return err
	}
	if address, err = completeAddress(a.client, address, secrets); err != nil {
		return err
	}
	fmt.Fprintf(sys.stderr, "Sign in at this address, in a browser on this machine:\n%s\nIf the page shows an error that only you can see, press Ctrl-C here.\n", address)
	waiting, stop := context.WithTimeout(ctx, browserWait)
	defer stop()
	opened := make(chan error, 1)
	go func() { opened <- sys.openURL(waiting, address) }()
	for {
		select {
		case err := <-opened:
			if err != nil {
				return err
			}
		case form := <-callback.arrived:
			redeeming, cancel := context.WithTimeout(ctx, a.client.Timeout)
			defer cancel()
			err := a.finish(redeeming, callback.redirectURI, form, secrets)
			callback.tell(err == nil)
			return err
		case <-waiting.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return failure.New("timeout", "Nobody signed in within %d minutes.", int(browserWait/time.Minute)).Because(context.DeadlineExceeded).
				Try("run the command again; for a sign-in on another device add -UseDeviceCode")
		}
	}
}

// finish makes a sign-in of what came to the redirect URI with the right state.
func (a browserSignIn) finish(ctx context.Context, redirectURI string, form url.Values, secrets callbackSecrets) error {
	want := a.client.IssuerTemplate()
	if iss := form.Get("iss"); strings.Contains(iss, "://") && authorityOf(iss) != authorityOf(want) { // RFC 9207 §2.4
		return failure.New("hostile-answer", "The answer in the browser came from another issuer.")
	}
	if code := form.Get("error"); code != "" {
		return a.client.Declined(form)
	}
	raw, err := a.redeem(ctx, form.Get("code"), redirectURI, secrets.verifier)
	if err != nil {
		return err
	}
	return idToken{Issuer: want, Audience: a.clientID, TenantID: a.tenant, Nonce: secrets.nonce}.check(raw)
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
	case strings.Contains(want.Issuer, "{tenantid}") && !isGUID(token.TenantID):
		wrong = "it names no tenant"
	case isGUID(want.TenantID) && !strings.EqualFold(token.TenantID, want.TenantID):
		wrong = "it is of another tenant than -TenantId names"
	case want.Issuer == "" || token.Issuer != strings.ReplaceAll(want.Issuer, "{tenantid}", token.TenantID):
		wrong = "it is of another issuer"
	}
	if wrong != "" {
		return failure.New("hostile-answer", "The id_token of this sign-in was refused: %s.", wrong)
	}
	return nil
}

type callbackSecrets struct{ state, nonce, verifier string }

// randomText has 256 bits, as 43 characters that need no escaping (RFC 7636 §4.1).
func randomText() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// completeAddress adds to MSAL's authorize URL what AuthCodeURL leaves out, and checks
// that a browser may be sent there.
func completeAddress(w *transport.Client, address string, secrets callbackSecrets) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "" || !w.HasPage(u) {
		return "", failure.New("hostile-answer", "The sign-in page is not on %s, so it was not opened.", w.Base)
	}
	q := u.Query()
	challenge := sha256.Sum256([]byte(secrets.verifier))
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	q.Set("state", secrets.state)
	q.Set("nonce", secrets.nonce)
	q.Set("response_mode", "form_post") // the code is in no address, history or log
	q.Set("scope", strings.TrimSpace(q.Get("scope")+" openid offline_access profile"))
	q.Set("client-request-id", w.Correlation)
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
