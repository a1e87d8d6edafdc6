//go:build !js

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// server answers requests in process and keeps them.
type server struct {
	handle   func(r *http.Request, form url.Values) (status int, body string)
	requests []string // METHOD URL form
	times    []time.Time
	header   http.Header // of every answer
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	var body string
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	form, _ := url.ParseQuery(body)
	s.requests = append(s.requests, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+form.Get("grant_type")))
	s.times = append(s.times, time.Now())
	status, answer := s.handle(r, form)
	if status < 0 {
		return nil, errors.New("connection lost")
	}
	header := s.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

const testTenant = "11111111-2222-4333-8444-555555555555"

func entraWire(rt http.RoundTripper) *wire {
	sys := &system{stderr: io.Discard, outside: outside{internet: rt}}
	return sys.wire(target{kind: toEntra, base: "https://login.microsoftonline.com", issuer: "login.microsoftonline.com",
		timeout: 60 * time.Second, tenant: testTenant, known: true})
}

func secretSignIn(ctx context.Context, w *wire) (confidential.AuthResult, error) {
	credential, _ := confidential.NewCredFromSecret("the-secret-is-long")
	client, err := confidential.New(w.base+"/"+w.tenant, "app", credential,
		confidential.WithHTTPClient(w), confidential.WithInstanceDiscovery(false))
	if err != nil {
		return confidential.AuthResult{}, err
	}
	return client.AcquireTokenByCredential(ctx, []string{"https://graph.microsoft.com/.default"})
}

const goodToken = `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"good"}`

func TestSecretTakesOneRequest(t *testing.T) {
	s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, goodToken }}
	result, err := secretSignIn(t.Context(), entraWire(s))
	if err != nil || result.AccessToken != "good" {
		t.Fatal(result.AccessToken, err)
	}
	want := "POST https://login.microsoftonline.com/" + testTenant + "/oauth2/v2.0/token client_credentials"
	if strings.Join(s.requests, "\n") != want {
		t.Errorf("sent\n%s\nwant\n%s", strings.Join(s.requests, "\n"), want)
	}
}

func TestRefusalPassesThroughMSAL(t *testing.T) {
	s := &server{handle: func(*http.Request, url.Values) (int, string) {
		return 401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":[7000215],"trace_id":"t","correlation_id":"c","timestamp":"2026-11-22 22:01:02Z"}`
	}}
	_, err := secretSignIn(t.Context(), entraWire(s))
	var f *failure
	if !errors.As(err, &f) {
		t.Fatalf("no failure: %v", err)
	}
	if f.id != "refused" || f.server.AADSTS != "7000215" || f.server.Code != "invalid_client" || f.server.TraceID != "t" || f.server.CorrelationID != "c" {
		t.Errorf("%+v %+v", f, f.server)
	}
}

func TestDevicePollsKeepTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := []string{"pending", "lost", "busy", "slow", "pending", "good"}
		s := &server{}
		s.handle = func(r *http.Request, form url.Values) (int, string) {
			if form.Get("grant_type") == "" {
				return 200, `{"user_code":"X","device_code":"device","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":5,"message":"m"}`
			}
			step := steps[0]
			steps = steps[1:]
			switch step {
			case "pending":
				return 400, `{"error":"authorization_pending"}`
			case "slow":
				return 400, `{"error":"slow_down"}`
			case "lost":
				return -1, ""
			case "busy":
				return 503, "busy"
			}
			return 200, `{"token_type":"Bearer","expires_in":3599,"access_token":"good","scope":"User.Read","id_token":"` + unsigned(map[string]any{"sub": "s"}) + `"}`
		}
		w := entraWire(s)
		w.tenant = "mytoken.onmicrosoft.com"
		client, err := public.New("app", public.WithAuthority(w.base+"/"+w.tenant), public.WithHTTPClient(w), public.WithInstanceDiscovery(false))
		if err != nil {
			t.Fatal(err)
		}
		code, err := client.AcquireTokenByDeviceCode(t.Context(), []string{"User.Read"})
		if err != nil {
			t.Fatal(err)
		}
		result, err := code.AuthenticationResult(t.Context())
		if err != nil || result.AccessToken != "good" {
			t.Fatal(err)
		}
		if want := "POST https://login.microsoftonline.com/mytoken.onmicrosoft.com/oauth2/v2.0/devicecode"; s.requests[0] != want {
			t.Errorf("device code was asked for by %s", s.requests[0])
		}
		var gaps []int
		for i := 1; i < len(s.times); i++ {
			gaps = append(gaps, int(s.times[i].Sub(s.times[i-1])/time.Second))
		}
		// 5 s, then twice that and four times after what got lost, 5 s more after slow_down.
		for i, want := range []int{5, 5, 10, 20, 10, 10} {
			if gaps[i] < want || gaps[i] > want+5 {
				t.Errorf("gaps between polls: %v", gaps)
				break
			}
		}
	})
}

// unsigned makes a token that nobody signed.
func unsigned(claims map[string]any) string {
	data, _ := json.Marshal(claims)
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(data) + ".c2ln"
}
