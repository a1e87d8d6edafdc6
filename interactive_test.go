//go:build !js

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"connect-entra/browser"
	"connect-entra/failure"
	"connect-entra/transport"
)

// visitor is a person with a browser: what it does with the address of a sign-in, and
// what that redirects to.
type visitor func(redirectURI string, q url.Values)

// signInWith runs a sign-in in the browser whose id_token has claims beside good ones.
func signInWith(ctx context.Context, visit visitor, claims map[string]any) (redeemed []string, err error) {
	var q url.Values
	con, world := &console{stderr: io.Discard}, &world{network: network{openURL: func(_ context.Context, address string) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		q = u.Query()
		visit(q.Get("redirect_uri"), q)
		return nil
	}}}
	signIn, err := newBrowserSignIn(entraClient(nil))
	if err != nil {
		return nil, err
	}
	defer signIn.close()
	code, err := signIn.authorize(ctx, con, world, "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?"+url.Values{"redirect_uri": {signIn.redirectURI}, "scope": {"User.Read"}}.Encode())
	if err != nil {
		return nil, err
	}
	token := map[string]any{"nonce": q.Get("nonce"), "aud": "app", "tid": testTenant, "iss": "https://login.microsoftonline.com/" + testTenant + "/v2.0"}
	for name, value := range claims {
		token[name] = value
	}
	err = signIn.checkIDToken(unsigned(token), "app", testTenant)
	signIn.tell(err == nil)
	return []string{code, signIn.redirectURI, signIn.verifier}, err
}

// answerForm is what Entra's page posts.
func answerForm(q url.Values) url.Values {
	return url.Values{"code": {"the code"}, "state": {q.Get("state")}, "session_state": {"x"}}
}

func TestSignInInBrowser(t *testing.T) {
	page := make(chan string, 1)
	redeemed, err := signInWith(t.Context(), func(redirectURI string, q url.Values) {
		for name, want := range map[string]string{"response_mode": "form_post", "code_challenge_method": "S256", "scope": "User.Read openid offline_access profile"} {
			if q.Get(name) != want {
				t.Errorf("%s is %q", name, q.Get(name))
			}
		}
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			if len(q.Get(name)) != 43 { // 256 bits
				t.Errorf("%s is %q", name, q.Get(name))
			}
		}
		go func() {
			resp, err := http.PostForm(redirectURI, answerForm(q))
			if err != nil {
				page <- err.Error()
				return
			}
			data, _ := io.ReadAll(resp.Body)
			page <- string(data)
		}()
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(redeemed) != 3 || redeemed[0] != "the code" || !strings.HasPrefix(redeemed[1], "http://localhost:") || len(redeemed[2]) != 43 {
		t.Errorf("redeemed %q", redeemed)
	}
	if got := <-page; got != signedInPage {
		t.Errorf("the browser got %q", got)
	}
}

func TestIDTokenMustBeOfThisSignIn(t *testing.T) {
	other := "99999999-2222-4333-8444-555555555555"
	for name, claims := range map[string]map[string]any{
		"another nonce":          {"nonce": "x"},
		"no nonce":               {"nonce": ""},
		"another issuer":         {"iss": "https://evil.example/" + testTenant + "/v2.0"},
		"another version":        {"iss": "https://login.microsoftonline.com/" + testTenant + "/"},
		"issuer of other tenant": {"iss": "https://login.microsoftonline.com/" + other + "/v2.0"},
		"another tenant":         {"tid": other, "iss": "https://login.microsoftonline.com/" + other + "/v2.0"},
		"no tenant":              {"tid": "", "iss": "https://login.microsoftonline.com//v2.0"},
		"another audience":       {"aud": "someone"},
	} {
		page := make(chan string, 1)
		_, err := signInWith(t.Context(), func(redirectURI string, q url.Values) {
			go func() {
				resp, err := http.PostForm(redirectURI, answerForm(q))
				if err == nil {
					data, _ := io.ReadAll(resp.Body)
					page <- string(data)
				}
			}()
		}, claims)
		if idOf(err) != "hostile-answer" {
			t.Errorf("%s: %v", name, err)
		}
		if got := <-page; got != notSignedInPage {
			t.Errorf("%s: the browser got %q", name, got)
		}
	}
}

// TestIssuerIsTheClouds: in China tokens name another host than the one that signs people
// in; of a user-defined cloud discovery says it.
func TestIssuerIsTheClouds(t *testing.T) {
	china, ok := findEnvironment(clouds, "China")
	if !ok {
		t.Fatal("no China")
	}
	builtIn := newClient(&console{}, &world{}, Plan{Environment: china}.entra())
	private := asked(&server{handle: func(*http.Request, url.Values) (int, string) {
		return 200, `{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://login.private.example/t","issuer":"https://sts.private.example/{tenantid}/v2.0"}`
	}})
	if private.IssuerTemplate() != "" {
		t.Errorf("an issuer before anybody was asked: %q", private.IssuerTemplate())
	}
	if _, err := private.Do(get("https://login.private.example/t/v2.0/.well-known/openid-configuration")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		w    *transport.Client
		host string
		good bool
	}{
		{builtIn, "login.partner.microsoftonline.cn", true}, {builtIn, "login.chinacloudapi.cn", false}, {builtIn, "login.microsoftonline.com", false},
		{private, "sts.private.example", true}, {private, "login.private.example", false}, {asked(nil), "login.private.example", false},
	} {
		raw := unsigned(map[string]any{"nonce": "n", "aud": "app", "tid": testTenant, "iss": "https://" + test.host + "/" + testTenant + "/v2.0"})
		err := idToken{Issuer: test.w.IssuerTemplate(), Audience: "app", Nonce: "n"}.check(raw)
		if (err == nil) != test.good || err != nil && idOf(err) != "hostile-answer" {
			t.Errorf("%s by %s: %v", test.w.Base, test.host, err)
		}
	}
}

func TestErrorInBrowser(t *testing.T) {
	for _, test := range []struct {
		form url.Values
		want string
	}{
		{url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004: User declined to consent to access the app."}}, "declined"},
		{url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}}, "declined"},
		{url.Values{"error": {"access_denied"}, "error_description": {"AADSTS53003: Access has been blocked by policy."}}, "refused"},
		{url.Values{"error": {"server_error"}, "error_description": {"AADSTS90033: try later"}}, "network"},
		{url.Values{"error": {"invalid_request"}, "code": {"x"}}, "refused"},
		{url.Values{"code": {"x"}, "iss": {"https://evil.example/v2.0"}}, "hostile-answer"},
		{url.Values{"code": {"x"}, "iss": {"//evil.example/v2.0"}}, "hostile-answer"},
		{url.Values{"code": {"x"}, "iss": {"https://login.microsoftonline.com/x/v2.0"}}, "ok"},
	} {
		redeemed, err := signInWith(t.Context(), func(redirectURI string, q url.Values) {
			form := test.form
			form.Set("state", q.Get("state"))
			go func() {
				if resp, err := http.PostForm(redirectURI, form); err == nil {
					resp.Body.Close()
				}
			}()
		}, nil)
		if idOf(err) != test.want || (len(redeemed) > 0) != (test.want == "ok") {
			t.Errorf("%v: %v, redeemed %q", test.form, err, redeemed)
		}
	}
}

// strayRequests are what may reach a port of this machine beside the genuine answer; some
// even have its state, in a place or a way that is not Entra's.
func strayRequests(redirectURI string, genuine url.Values) []*http.Request {
	forms := []url.Values{
		{}, {"state": {"wrong"}, "code": {"evil"}}, {"code": {"evil"}}, {"error": {"access_denied"}}, {"error": {"access_denied"}, "state": {"wrong"}},
		{"state": {""}, "code": {"evil"}}, {"state": {"a", "b"}, "code": {"evil"}}, {"error_description": {"<script>alert(1)</script>\x1b]0;owned\a"}, "error": {"\x1b[2J"}, "state": {"<b>"}},
	}
	var list []*http.Request
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "TRACE"} {
		for _, path := range []string{"/", "/favicon.ico", "/?code=evil&state=wrong", "/?error=access_denied", "/%2e%2e/x"} {
			r, _ := http.NewRequest(method, redirectURI+path, nil)
			list = append(list, r)
		}
	}
	for _, form := range forms {
		list = append(list, formRequest(redirectURI+"/", form), formRequest(redirectURI+"/elsewhere", form))
		r := formRequest(redirectURI, form)
		r.Host = "evil.example"
		list = append(list, r)
	}
	elsewhere := formRequest(redirectURI, genuine)
	elsewhere.Host = "evil.example"
	put := formRequest(redirectURI, genuine)
	put.Method = http.MethodPut
	inQuery := formRequest(redirectURI+"/?"+genuine.Encode(), nil)
	got, _ := http.NewRequest("GET", redirectURI+"/?"+genuine.Encode(), nil)
	noForm := formRequest(redirectURI, genuine)
	noForm.Header.Set("Content-Type", "text/plain") // what a page may send to any address
	noCode := formRequest(redirectURI, url.Values{"state": genuine["state"]})
	list = append(list, elsewhere, put, inQuery, got, noForm, noCode, formRequest(redirectURI+"/elsewhere", genuine))
	big := formRequest(redirectURI, url.Values{"state": {strings.Repeat("x", 100<<10)}})
	long, _ := http.NewRequest("GET", redirectURI, nil)
	long.Header.Set("X-Long", strings.Repeat("x", 8<<10))
	return append(list, big, long)
}

func TestStrayRequestsChangeNothing(t *testing.T) {
	count := 10000
	if testing.Short() {
		count = 500
	}
	state := make(chan string, 1)
	redeemed, err := signInWith(t.Context(), func(redirectURI string, q url.Values) {
		state <- q.Get("state")
		go func() {
			address := strings.TrimPrefix(redirectURI, "http://")
			for range 50 { // that say nothing, or half of something
				if conn, err := net.Dial("tcp", address); err == nil {
					defer conn.Close()
				}
				if conn, err := net.Dial("tcp", address); err == nil {
					defer conn.Close()
					fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nstate=", address)
				}
			}
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, MaxConnsPerHost: 8}}
			for sent := 0; sent < count; {
				for _, r := range strayRequests(redirectURI, answerForm(q)) {
					sent++
					resp, err := client.Do(r)
					if err != nil {
						continue // cut off while it sent too much
					}
					body, _ := io.ReadAll(resp.Body)
					resp.Body.Close()
					if resp.StatusCode/100 != 4 || strings.Contains(string(body), q.Get("state")) || strings.ContainsAny(string(body), "<\x1b") {
						t.Errorf("%s %s %v: %d %q", r.Method, r.URL, r.Header, resp.StatusCode, body)
					}
				}
			}
			if resp, err := http.PostForm(redirectURI, answerForm(q)); err != nil || resp.StatusCode != 200 {
				t.Errorf("the genuine answer: %v %v", resp, err)
			}
		}()
	}, nil)
	if err != nil || len(redeemed) != 3 || redeemed[0] != "the code" {
		t.Errorf("%v, redeemed %q", err, redeemed)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.HeapInuse > 50<<20 {
		t.Errorf("%d bytes of heap in use", memory.HeapInuse)
	}
	<-state
}

func TestSecondAnswerIsTurnedAway(t *testing.T) {
	done := make(chan int, 2)
	redeemed, err := signInWith(t.Context(), func(redirectURI string, q url.Values) {
		c := make(chan struct{})
		for range 2 {
			go func() {
				<-c
				resp, err := http.PostForm(redirectURI, answerForm(q))
				if err != nil {
					done <- 0 // it came after the listener had closed
					return
				}
				done <- resp.StatusCode
			}()
		}
		close(c)
	}, nil)
	a, b := <-done, <-done
	if err != nil || len(redeemed) != 3 || a == 200 && b == 200 || a != 200 && b != 200 {
		t.Errorf("%v, redeemed %q, answered %d and %d", err, redeemed, a, b)
	}
}

func TestPagesAreLockedDown(t *testing.T) {
	for _, page := range []string{signedInPage, notSignedInPage} {
		c := &callback{redirectURI: "http://localhost:1"}
		w := httptest.NewRecorder()
		c.write(w, 200, page)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Connection": "close",
			"Content-Security-Policy": "default-src 'none'; style-src " + pageStyle(page) + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		if strings.Contains(page, "<script") || strings.Contains(page, "http") {
			t.Errorf("a page with a script or an address: %s", page)
		}
	}
}

func TestBothLoopbackFamilies(t *testing.T) {
	probe6, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 loopback here")
	}
	probe6.Close()
	c, err := listenForCode("state")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	_, port, _ := strings.Cut(strings.TrimPrefix(c.redirectURI, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		conn, err := net.Dial("tcp", host+":"+port)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		conn.Close()
		if l, err := net.Listen("tcp", host+":"+port); err == nil {
			l.Close()
			t.Errorf("another program could take %s", host)
		}
	}
}

func TestCtrlCEndsTheWaitAtOnce(t *testing.T) {
	for name, visit := range map[string]visitor{
		"nobody came":  func(string, url.Values) {},
		"half a form":  func(redirectURI string, _ url.Values) { halfPost(redirectURI) },
		"slow browser": func(string, url.Values) { time.Sleep(3 * time.Second) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		started := time.Now()
		_, err := signInWith(ctx, visit, nil)
		if took := time.Since(started); !errors.Is(err, context.Canceled) || took > 2500*time.Millisecond { // not the slow browser's three seconds
			t.Errorf("%s: %v after %v", name, err, took)
		}
	}
}

func halfPost(redirectURI string) {
	address := strings.TrimPrefix(redirectURI, "http://")
	if conn, err := net.Dial("tcp", address); err == nil {
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n", address)
	}
}

func TestNoBrowserIsToldAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	con, world := &console{stderr: &stderr}, &world{network: network{openURL: func(context.Context, string) error { return &browser.Unavailable{Reason: "there is no display"} }}}
	signIn, err := newBrowserSignIn(entraClient(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer signIn.close()
	_, err = signIn.authorize(t.Context(), con, world, "https://login.microsoftonline.com/authorize")
	var none *browser.Unavailable
	if !errors.As(err, &none) || none.Reason != "there is no display" || !strings.Contains(stderr.String(), "https://login.microsoftonline.com/authorize?") {
		t.Errorf("%v, printed %q", err, stderr.String())
	}
}

func TestSignInPageMustBeTheClouds(t *testing.T) {
	for address, practice := range map[string]bool{
		"https://evil.example/authorize":                     false,
		"http://login.microsoftonline.com/authorize":         false,
		"https://login.microsoftonline.com@evil.example/":    false,
		"https://user@login.microsoftonline.com/":            false,
		"https://login.microsoftonline.com.evil.example/":    false,
		"https://login.microsoftonline.com:444/":             false,
		"javascript:alert(1)":                                false,
		"file:///etc/passwd":                                 false,
		"--flag":                                             false,
		"":                                                   false,
		"http://localhost:1/authorize":                       false,
		"http://localhost.evil.example:1/authorize":          true,
		"https://login.microsoftonline.com/a#fragment":       false,
		"http://127.0.0.1.evil.example/":                     true,
		"http://[::ffff:8.8.8.8]:80/":                        true,
		"https://login.microsoftonline.com/$(touch x)`;'\"%": false,
	} {
		w := entraClient(nil)
		w.Practice = practice
		if got, err := (&browserSignIn{callback: &callback{}, client: w}).complete(address); idOf(err) != "hostile-answer" {
			t.Errorf("%s: %s %v", address, got, err)
		}
	}
	w := entraClient(nil)
	w.Practice = true
	if _, err := (&browserSignIn{callback: &callback{}, client: w}).complete("http://127.0.0.1:8080/tenant/oauth2/v2.0/authorize?client_id=a"); err != nil {
		t.Error(err)
	}
}

// FuzzCallback looks for a request that ends a sign-in without its state.
func FuzzCallback(f *testing.F) {
	f.Add("POST", "/", "localhost:1", "application/x-www-form-urlencoded", "state=guess&code=x")
	f.Add("POST", "/", "localhost:1", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"state\"\r\n\r\nguess\r\n--x--\r\n")
	f.Add("GET", "/?state=guess&code=x", "localhost:1", "", "")
	f.Add("POST", "/?state=the-state-of-this-sign-in&code=x", "localhost:1", "application/x-www-form-urlencoded", "code=x")
	f.Add("POST", "/", "evil", "application/x-www-form-urlencoded", "error=access_denied")
	f.Fuzz(func(t *testing.T, method, target, host, contentType, body string) {
		const state = "the-state-of-this-sign-in"
		u, err := url.ParseRequestURI(target)
		if form, _ := url.ParseQuery(body); err != nil || form.Get("state") == state || strings.Contains(body, state) {
			return
		}
		c := &callback{redirectURI: "http://localhost:1", state: state, arrived: make(chan url.Values, 1), finished: make(chan struct{}), delivered: make(chan struct{})}
		close(c.finished)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, &http.Request{Method: method, URL: u, Host: host, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body))})
		if len(c.arrived) != 0 || w.Code/100 != 4 || w.Body.String() != http.StatusText(w.Code)+"\n" {
			t.Errorf("%s %s: %d %q", method, target, w.Code, w.Body)
		}
	})
}

// TestNoPort says what else one can do where no port can be had.
func TestNoPort(t *testing.T) {
	if err := noPort(errors.New("odd")); idOf(err) != "network" || !strings.Contains(advice(failure.From(err)), "-UseDeviceCode") {
		t.Error(err)
	}
}

// TestSilentSourceAsksNobody has a person's refresh token refused where nobody is to be asked,
// as while a command runs: that is said, and no browser opens.
func TestSilentSourceAsksNobody(t *testing.T) {
	s := &scene{env: map[string]string{}, entra: newFakeEntra(), person: "wilma@woodland.invalid", consent: true}
	s.cloud("Global")
	plan, err := planOf(t, "-Scopes User.Read")
	if err != nil {
		t.Fatal(err)
	}
	con, world := s.system(io.Discard, io.Discard)
	from, token, err := signIn(t.Context(), con, world, plan, "", nil)
	if err != nil || token.access.reveal() == "" {
		t.Fatal(err)
	}
	s.person = ""
	s.entra.fails(fault{match: "POST", status: 400, body: `{"error":"invalid_grant","error_description":"AADSTS50173: ended"}`})
	_, err = from(t.Context(), Ask{Claims: `{"access_token":{"nbf":{"essential":true}}}`, Silent: true})
	if f := (*failure.Error)(nil); !errors.As(err, &f) || f.ID != "sign-in-needed" {
		t.Errorf("got %v", err)
	}
	if n := len(slices.DeleteFunc(s.entra.requests(""), func(line string) bool { return !strings.Contains(line, "authorize") })); n > 1 {
		t.Errorf("%d authorizations", n)
	}
}
