package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"connect-entra/failure"
)

func secretSignIn(ctx context.Context, w *Client) (confidential.AuthResult, error) {
	credential, _ := confidential.NewCredFromSecret("the-secret-is-long")
	client, err := confidential.New(w.Base+"/"+w.Tenant, "app", credential,
		confidential.WithHTTPClient(w), confidential.WithInstanceDiscovery(false))
	if err != nil {
		return confidential.AuthResult{}, err
	}
	return client.AcquireTokenByCredential(ctx, []string{"https://graph.microsoft.com/.default"})
}

const goodToken = `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"good"}`

func TestSecretTakesOneRequest(t *testing.T) {
	s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, goodToken }}
	result, err := secretSignIn(t.Context(), toEntra(s))
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
	_, err := secretSignIn(t.Context(), toEntra(s))
	var f *failure.Error
	if !errors.As(err, &f) {
		t.Fatalf("no failure: %v", err)
	}
	if f.ID != "refused" || f.Server.AADSTS != "7000215" || f.Server.Code != "invalid_client" || f.Server.TraceID != "t" || f.Server.CorrelationID != "c" {
		t.Errorf("%+v %+v", f, f.Server)
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
		w := toEntra(s)
		w.Tenant = "mytoken.onmicrosoft.com"
		client, err := public.New("app", public.WithAuthority(w.Base+"/"+w.Tenant), public.WithHTTPClient(w), public.WithInstanceDiscovery(false))
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

// questions are the kinds of requests that a client sees, each with a client for it.
func questions(rt http.RoundTripper) map[string]func() (*http.Response, error) {
	const token = "https://login.microsoftonline.com/t/oauth2/v2.0/token"
	return map[string]func() (*http.Response, error){
		"token": func() (*http.Response, error) {
			return toEntra(rt).Do(formRequest(token, url.Values{"grant_type": {"client_credentials"}, "client_secret": {"the-secret-is-long"}}))
		},
		"code": func() (*http.Response, error) {
			return toEntra(rt).Do(formRequest(token, url.Values{"grant_type": {"authorization_code"}, "code": {"the-code-is-long"}}))
		},
		"refresh": func() (*http.Response, error) {
			return toEntra(rt).Do(formRequest(token, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"the-token-is-long"}}))
		},
		"device code": func() (*http.Response, error) {
			return toEntra(rt).Do(formRequest(token, url.Values{"client_id": {"app"}}))
		},
		"device poll": func() (*http.Response, error) {
			return toEntra(rt).Do(formRequest(token, url.Values{"grant_type": {"device_code"}, "device_code": {"the-device-code"}}))
		},
		"discovery": func() (*http.Response, error) {
			return asked(rt).Do(get("https://login.private.example/t/v2.0/.well-known/openid-configuration"))
		},
		"identity": func() (*http.Response, error) {
			return toIdentity(rt, false).Do(get("http://127.0.0.1:40342/token?resource=r"))
		},
		"arc": func() (*http.Response, error) {
			return toIdentity(rt, true).Do(get("http://127.0.0.1:40342/token?resource=r"))
		},
	}
}

func TestRedirectsAreNeverFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"https://evil.example/x", "https://login.microsoftonline.com:444/x", "http://login.microsoftonline.com/x", "/elsewhere"} {
			s := &server{header: http.Header{"Location": {to}}, handle: func(*http.Request, url.Values) (int, string) { return status, "" }}
			for name, ask := range questions(s) {
				s.requests = nil
				if _, err := ask(); idOf(err) != "hostile-answer" || len(s.requests) != 1 {
					t.Errorf("%s, %d to %s: %v after %d requests", name, status, to, err, len(s.requests))
				}
			}
		}
	}
}

func TestRequestsGoNowhereElse(t *testing.T) {
	s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, goodToken }}
	form := url.Values{"grant_type": {"client_credentials"}, "client_secret": {"x"}}
	for _, address := range []string{
		"http://login.microsoftonline.com/t/oauth2/v2.0/token", "https://login.microsoftonline.com:444/t", "https://login.microsoftonline.com.evil.example/t",
		"https://user@login.microsoftonline.com/t", "https://evil.example/t", "https://login.microsoftonline.com@evil.example/t", "https://169.254.169.254/t",
	} {
		if _, err := toEntra(s).Do(formRequest(address, form)); idOf(err) != "hostile-answer" {
			t.Errorf("%s: %v", address, err)
		}
	}
	r := formRequest("https://login.microsoftonline.com/t", form)
	r.Host = "evil.example"
	if _, err := toEntra(s).Do(r); idOf(err) != "hostile-answer" {
		t.Errorf("with another Host: %v", err)
	}
	if _, err := toGraph(s).Do(get("https://graph.microsoft.us/v1.0/me")); idOf(err) != "hostile-answer" {
		t.Errorf("another cloud's Graph: %v", err)
	}
	if _, err := toEntra(s).Do(get("https://login.microsoftonline.com/common/discovery/instance?api-version=1.1")); idOf(err) != "bug" {
		t.Errorf("instance discovery: %v", err)
	}
	if len(s.requests) != 0 {
		t.Errorf("sent: %v", s.requests)
	}
}

// TestTries counts what is sent where a server does not answer well, and how long it takes.
func TestTries(t *testing.T) {
	for _, test := range []struct {
		name     string
		statuses []int // one an answer, the last for all that follow; -1 breaks the connection
		header   http.Header
		question string
		want     string // the failure's id
		requests int
		atLeast  time.Duration
		atMost   time.Duration
	}{
		{"recovers", []int{503, 200}, nil, "token", "ok", 2, 500 * time.Millisecond, 2 * time.Second},
		{"recovers at last", []int{-1, 500, 200}, nil, "token", "ok", 3, 1500 * time.Millisecond, 5 * time.Second},
		{"stays broken", []int{-1}, nil, "token", "network", 3, 1500 * time.Millisecond, 5 * time.Second},
		{"stays busy", []int{503}, nil, "token", "network", 3, 1500 * time.Millisecond, 5 * time.Second},
		{"throttles", []int{429}, nil, "token", "throttled", 3, 1500 * time.Millisecond, 5 * time.Second},
		{"says when", []int{429, 200}, http.Header{"Retry-After": {"7"}}, "token", "ok", 2, 7 * time.Second, 8 * time.Second},
		{"says when by date", []int{503, 200}, http.Header{"Retry-After": {"Sun, 22 Nov 2026 10:00:09 GMT"}, "Date": {"Sun, 22 Nov 2026 10:00:00 GMT"}}, "token", "ok", 2, 9 * time.Second, 10 * time.Second},
		{"says too long", []int{429}, http.Header{"Retry-After": {"120"}}, "token", "throttled", 1, 0, 0},
		{"says much too long", []int{503}, http.Header{"Retry-After": {"99999999999999999999"}}, "token", "network", 1, 0, 0},
		{"says nonsense", []int{429, 200}, http.Header{"Retry-After": {"soon"}}, "token", "ok", 2, 500 * time.Millisecond, 2 * time.Second},
		{"says a past date", []int{429, 200}, http.Header{"Retry-After": {"Sun, 06 Nov 1994 08:49:37 GMT"}}, "token", "ok", 2, 500 * time.Millisecond, 2 * time.Second},
		{"refuses", []int{400}, nil, "token", "refused", 1, 0, 0},
		{"not implemented", []int{501}, nil, "token", "network", 1, 0, 0},
		{"code, broken", []int{-1}, nil, "code", "network", 1, 0, 0},
		{"code, busy", []int{503}, http.Header{"Retry-After": {"1"}}, "code", "network", 1, 0, 0},
		{"code, throttled", []int{429}, nil, "code", "throttled", 1, 0, 0},
		{"refresh, broken", []int{-1, 200}, nil, "refresh", "ok", 2, 500 * time.Millisecond, 2 * time.Second},
		{"identity, updating", []int{410, 404, 200}, nil, "identity", "ok", 3, 300 * time.Millisecond, 1500 * time.Millisecond},
		{"identity, another cloud", []int{404}, http.Header{"Content-Type": {"text/html"}}, "identity", "no-managed-identity", 3, 300 * time.Millisecond, 1500 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := test.statuses
				s := &server{header: test.header, handle: func(*http.Request, url.Values) (int, string) {
					status := left[0]
					if len(left) > 1 {
						left = left[1:]
					}
					if status == 400 {
						return status, `{"error":"invalid_client"}`
					}
					return status, goodToken
				}}
				started := time.Now()
				_, err := questions(s)[test.question]()
				took := time.Since(started)
				if idOf(err) != test.want || len(s.requests) != test.requests || took < test.atLeast || took > test.atMost {
					t.Errorf("%v after %d requests in %v", err, len(s.requests), took)
				}
			})
		})
	}
}

// slowServer answers after a time, or when the request is given up.
type slowServer struct{ after time.Duration }

func (s slowServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := pause(r.Context(), s.after); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: &slowBody{r.Context(), s.after}, Request: r}, nil
}

// slowBody has a byte now and then, without end.
type slowBody struct {
	ctx   context.Context
	every time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	if err := pause(b.ctx, b.every); err != nil {
		return 0, err
	}
	return copy(p, "."), nil
}

func (*slowBody) Close() error { return nil }

func TestNothingTakesLongerThanItMay(t *testing.T) {
	for _, every := range []time.Duration{time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			for name, ask := range questions(slowServer{every}) {
				started := time.Now()
				_, err := ask()
				want := "timeout"
				if name == "device poll" {
					want = "ok" // not yet: MSAL asks again until the code expires
				}
				if took := time.Since(started); idOf(err) != want || took > 61*time.Second {
					t.Errorf("%s: %v in %v", name, err, took)
				}
			}
		})
	}
}

func TestContextEndsACall(t *testing.T) {
	for name, request := range map[string]*http.Request{
		"token":       formRequest("https://login.microsoftonline.com/t/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}}),
		"device poll": formRequest("https://login.microsoftonline.com/t/oauth2/v2.0/token", url.Values{"grant_type": {"device_code"}}),
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			_, err := toEntra(slowServer{time.Hour}).Do(request.WithContext(ctx))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAnswersHaveALimit(t *testing.T) {
	endless := roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(endlessDots{}), Request: r}, nil
	})
	for name, ask := range questions(endless) {
		if _, err := ask(); idOf(err) != "hostile-answer" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type endlessDots struct{}

func (endlessDots) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '.'
	}
	return len(p), nil
}

func TestRequestsSayWhoAsks(t *testing.T) {
	var ids []string
	s := &server{handle: func(r *http.Request, _ url.Values) (int, string) {
		if got := r.Header.Get("User-Agent"); !strings.HasPrefix(got, "connect-entra") {
			t.Errorf("User-Agent is %q", got)
		}
		ids = append(ids, r.Header.Get("client-request-id"))
		return 400, ""
	}}
	w := toEntra(s)
	_, err := secretSignIn(t.Context(), w)
	if f := failure.From(err); f.Server.CorrelationID != w.Correlation {
		t.Errorf("the failure has the correlation id %q", f.Server.CorrelationID)
	}
	s.handle = func(*http.Request, url.Values) (int, string) { return 200, "{}" }
	_, err = secretSignIn(t.Context(), w)
	if f := failure.From(err); f.ID != "hostile-answer" || f.Correlation != w.Correlation {
		t.Errorf("%v has the correlation id %q", f, f.Correlation)
	}
	for _, id := range ids {
		if id != w.Correlation || !regexp.MustCompile("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$").MatchString(id) {
			t.Errorf("client-request-id %q, not %q", id, w.Correlation)
		}
	}
}

func TestGraphRedirectLeavesTheTokenBehind(t *testing.T) {
	for _, status := range []int{301, 303, 304, 307, 308} {
		s := &server{header: http.Header{"Location": {"https://files.example/x"}}, handle: func(*http.Request, url.Values) (int, string) { return status, "" }}
		if _, err := toGraph(s).Do(get("https://graph.microsoft.com/v1.0/me")); idOf(err) != "hostile-answer" || len(s.requests) != 1 {
			t.Errorf("%d: %v after %v", status, err, s.requests)
		}
	}
	for _, test := range []struct {
		name, method string
		hops         int
		to           string
		want         string
		requests     int
	}{
		{"none", "GET", 0, "", "ok", 1},
		{"once", "GET", 1, "https://files.example/x?tempauth=1", "ok", 2},
		{"three times", "GET", 3, "https://files.example/x", "ok", 4},
		{"on and on", "GET", 99, "https://files.example/x", "hostile-answer", 4},
		{"to http", "GET", 1, "http://files.example/x", "hostile-answer", 1},
		{"to a file", "GET", 1, "file:///etc/passwd", "hostile-answer", 1},
		{"with a name", "GET", 1, "https://a:b@files.example/x", "hostile-answer", 1},
		{"of a POST", "POST", 1, "https://files.example/x", "hostile-answer", 1},
	} {
		left := test.hops
		s := &server{header: http.Header{"Location": {test.to}}}
		s.handle = func(r *http.Request, _ url.Values) (int, string) {
			if r.URL.Host != "graph.microsoft.com" && (r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "") {
				t.Errorf("%s: %s got the token", test.name, r.URL.Host)
			}
			if left > 0 {
				left--
				return 302, ""
			}
			return 200, "content"
		}
		r, _ := http.NewRequest(test.method, "https://graph.microsoft.com/v1.0/me/photo/$value", nil)
		r.Header.Set("Authorization", "Bearer the-token-is-long")
		r.Header.Set("Cookie", "a=b")
		resp, err := toGraph(s).Do(r)
		if idOf(err) != test.want || len(s.requests) != test.requests {
			t.Errorf("%s: %v after %v", test.name, err, s.requests)
		}
		if err == nil {
			if data, err := io.ReadAll(resp.Body); string(data) != "content" || err != nil {
				t.Errorf("%s: %q %v", test.name, data, err)
			}
			resp.Body.Close()
		}
	}
}

func TestGraphStreamsUntilItIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resp, err := toGraph(slowServer{50 * time.Second}).Do(get("https://graph.microsoft.com/v1.0/me"))
		if err != nil {
			t.Fatal(err)
		}
		for range 100 { // more than an hour in all, never 60 s without a byte
			if n, err := resp.Body.Read(make([]byte, 10)); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		silent, err := toGraph(slowServer{50 * time.Second}).Do(get("https://graph.microsoft.com/v1.0/me"))
		if err != nil {
			t.Fatal(err)
		}
		silent.Body.(*guardedBody).ReadCloser.(*slowBody).every = time.Hour
		began := time.Now()
		if _, err := silent.Body.Read(make([]byte, 10)); err == nil || time.Since(began) > 61*time.Second {
			t.Errorf("silent from the start: %v after %v", err, time.Since(began))
		}
		silent.Body.Close()
		resp.Body.(*guardedBody).ReadCloser.(*slowBody).every = time.Hour
		started := time.Now()
		if _, err := resp.Body.Read(make([]byte, 10)); err == nil || time.Since(started) > 61*time.Second {
			t.Errorf("%v after %v", err, time.Since(started))
		}
		resp.Body.Close()
	})
}

func TestGraphPostIsNotRepeatedBlindly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			status   int
			header   http.Header
			requests int
		}{{-1, nil, 1}, {500, nil, 1}, {503, nil, 1}, {429, http.Header{"Retry-After": {"2"}}, 3}, {503, http.Header{"Retry-After": {"2"}}, 3}} {
			s := &server{header: test.header, handle: func(*http.Request, url.Values) (int, string) { return test.status, "{}" }}
			toGraph(s).Do(formRequest("https://graph.microsoft.com/v1.0/me/sendMail", url.Values{"a": {"b"}}))
			if len(s.requests) != test.requests {
				t.Errorf("%d %v: %d requests", test.status, test.header, len(s.requests))
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "7", "-1", "1e9", "99999999999999999999", " 5 ", "Sun, 06 Nov 1994 08:49:37 GMT", "5, 6", "٣"} {
		f.Add(seed, "Sun, 06 Nov 1994 08:49:30 GMT")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		if d := retryAfter(h, time.Now()); d < 0 || d > 366*24*time.Hour {
			t.Errorf("%q: %v", value, d)
		}
	})
}
