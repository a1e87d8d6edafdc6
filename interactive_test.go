//go:build !js

package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// browserSystem has a browser that does what visit says with the address.
func browserSystem(visit func(ctx context.Context, address string) error) *system {
	return &system{stderr: io.Discard, outside: outside{openURL: visit}}
}

func TestSignInInBrowser(t *testing.T) {
	w := entraWire(nil)
	var page string
	sys := browserSystem(func(_ context.Context, address string) error {
		u, _ := url.Parse(address)
		q := u.Query()
		for name, want := range map[string]string{"response_mode": "form_post", "code_challenge_method": "S256", "scope": "User.Read openid offline_access profile"} {
			if q.Get(name) != want {
				t.Errorf("%s is %q", name, q.Get(name))
			}
		}
		go func() {
			resp, err := http.PostForm(q.Get("redirect_uri"), url.Values{"code": {"the code"}, "state": {q.Get("state")}, "nonce": {q.Get("nonce")}})
			if err == nil {
				data, _ := io.ReadAll(resp.Body)
				page = string(data)
			}
		}()
		return nil
	})
	nonce := ""
	sys.openURL = wrapOpen(sys.openURL, &nonce)
	err := authorize(t.Context(), sys, browserSignIn{
		wire:     w,
		clientID: "app",
		tenant:   "common",
		address: func(_ context.Context, redirectURI string) (string, error) {
			return "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?" + url.Values{"redirect_uri": {redirectURI}, "scope": {"User.Read"}}.Encode(), nil
		},
		redeem: func(_ context.Context, code, redirectURI, verifier string) (string, error) {
			if code != "the code" || len(verifier) != 43 || !strings.HasPrefix(redirectURI, "http://localhost:") {
				t.Errorf("redeemed %q %q %q", code, redirectURI, verifier)
			}
			return unsigned(map[string]any{"nonce": nonce, "aud": "app", "tid": testTenant, "iss": "https://login.microsoftonline.com/" + testTenant + "/v2.0"}), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if page != signedInPage {
		t.Errorf("the browser got %q", page)
	}
}

func wrapOpen(open func(context.Context, string) error, nonce *string) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		u, _ := url.Parse(address)
		*nonce = u.Query().Get("nonce")
		return open(ctx, address)
	}
}
