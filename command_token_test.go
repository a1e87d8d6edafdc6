//go:build !js

package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/sandbox"
)

// anyToken is what a person may bring: a JWT for Graph of Global that is good for an hour.
func anyToken() string {
	return tokenFor(claims.GraphAppID)
}

func tokenFor(audience string) string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return part(`{"alg":"none"}`) + "." + part(fmt.Sprintf(`{"aud":%q,"upn":"canary-person","exp":%d}`, audience, time.Now().Add(time.Hour).Unix())) + "." + part("signature")
}

// TestCommandAndGivenToken has a token that was given, which nothing can renew: a command
// gets it until its last minute, and then hears why not.
func TestCommandAndGivenToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan, err := planOf(t, "-AccessToken env:T")
		if err != nil {
			t.Fatal(err)
		}
		s := &scene{env: map[string]string{"T": tokenFor(claims.GraphAppID)}}
		con, world := s.system(io.Discard, io.Discard)
		from, err := startFlow(con, world, plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := from(t.Context(), Ask{}); err != nil {
			t.Fatal(err)
		}
		session := (&command{}).session(con, world, Connection{Plan: plan, source: from})
		for _, c := range []struct {
			wait time.Duration
			good bool
		}{{0, true}, {58 * time.Minute, true}, {61 * time.Second, false}, {time.Hour, false}} {
			time.Sleep(c.wait)
			token, err := session.Token(t.Context(), nil, time.Minute)
			if c.good && (err != nil || token.Access() != s.env["T"]) {
				t.Errorf("after %s: %v", c.wait, err)
			}
			if f := (*failure.Error)(nil); !c.good && (!errors.As(err, &f) || f.ID != "token-expired" || !strings.HasSuffix(f.Message, "cannot be renewed.")) {
				t.Errorf("after %s: %v", c.wait, err)
			}
		}
	})
}

// TestCommandRenewsOnceForMany has a thousand callers of a command at a time cost one
// request to Entra, by the flow of a client secret.
func TestCommandRenewsOnceForMany(t *testing.T) {
	s := &scene{env: map[string]string{"S": testSecret}, entra: newFakeEntra(testApp())}
	s.cloud("Global")
	s.entra.fails(fault{match: "POST", delay: 200 * time.Millisecond})
	plan, err := planOf(t, "-TenantId "+sandbox.Tenant+" -ClientSecretCredential "+testClient+":env:S")
	if err != nil {
		t.Fatal(err)
	}
	con, world := s.system(io.Discard, io.Discard)
	from, err := startFlow(con, world, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	session := (&command{}).session(con, world, Connection{Plan: plan, source: from})
	var wait sync.WaitGroup
	for range 1000 {
		wait.Go(func() {
			if token, err := session.Token(t.Context(), nil, time.Minute); err != nil || token.Access() == "" {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if sent := s.entra.requests("POST"); len(sent) != 1 {
		t.Errorf("%d requests to Entra", len(sent))
	}
}
