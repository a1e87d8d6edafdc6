package sandbox

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/sandbox/sandboxtest"
)

// What MSAL never does wrong, and the practice cloud must still refuse.

const (
	testVerifier = "a verifier of the tests, of at least 43 letters" // RFC 7636 wants no blanks, Entra does not look
	testRedirect = "http://localhost:41000"
	testToken    = testAuthority + "/oauth2/v2.0/token"
)

type fields map[string]string

// but gives the same fields with some changed; an empty value leaves one out.
func (f fields) but(pairs ...string) fields {
	changed := maps.Clone(f)
	for i := 0; i < len(pairs); i += 2 {
		changed[pairs[i]] = pairs[i+1]
	}
	return changed
}

func (f fields) values() url.Values {
	values := url.Values{}
	for name, value := range f {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

func authorizeFields() fields {
	digest := sha256.Sum256([]byte(testVerifier))
	return fields{
		"client_id":             publicApp,
		"response_type":         "code",
		"redirect_uri":          testRedirect,
		"scope":                 "User.Read openid offline_access",
		"state":                 "a state & <more>",
		"nonce":                 "n-1",
		"code_challenge":        base64.RawURLEncoding.EncodeToString(digest[:]),
		"code_challenge_method": "S256",
	}
}

func codeFields(code string) fields {
	return fields{
		"client_id":     publicApp,
		"grant_type":    "authorization_code",
		"code":          code,
		"redirect_uri":  testRedirect,
		"code_verifier": testVerifier,
		"scope":         "User.Read openid offline_access",
	}
}

// authorizeAs asks for a code as Wilma, who accepts; it gives the answer that goes to the
// application, or the text of the page when none does.
func authorizeAs(t *testing.T, f *recorded, tenant string, with fields) (answer url.Values, page string) {
	t.Helper()
	to := Login + "/" + tenant + "/oauth2/v2.0/authorize?" + with.values().Encode()
	response, err := sandboxtest.Visit(f.Cloud, http.MethodPost, to, url.Values{"user": {"wilma@woodland.invalid"}, "decision": {"accept"}})
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusFound {
		return nil, string(data)
	}
	location, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	if location.Scheme+"://"+location.Host+location.Path != with["redirect_uri"]+"/" {
		t.Errorf("the answer goes to %s", location)
	}
	return location.Query(), ""
}

// post sends a form to an endpoint and reads the answer.
func post(t *testing.T, f *recorded, to string, form url.Values) map[string]any {
	t.Helper()
	response, err := clientOf(f).PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	return decodeAnswer(t, response)
}

func decodeAnswer(t *testing.T, response *http.Response) (answer map[string]any) {
	t.Helper()
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// answerCode is the AADSTS code of an answer, 0 for none.
func answerCode(answer map[string]any) int {
	codes, ok := answer["error_codes"].([]any)
	if !ok {
		return 0
	}
	return int(codes[0].(float64))
}

func TestAuthorizeChecks(t *testing.T) {
	f := newCloud(testApp())
	good := authorizeFields()
	for _, row := range []struct {
		name, tenant string
		with         fields
		page         bool // shown to the person: the application may not hear of it
		code         int
	}{
		{"unknown tenant", "meadow.invalid", good, true, 90002},
		{"consumers", "consumers", good, true, 9002346},
		{"unknown app", "common", good.but("client_id", "00000000-0000-4000-8000-00000000ffff"), true, 700016},
		{"no app", "common", good.but("client_id", ""), true, 900144},
		{"no redirect", "common", good.but("redirect_uri", ""), true, 900971},
		{"app without redirects", "common", good.but("client_id", testClient), true, 900971},
		{"https", "common", good.but("redirect_uri", "https://localhost:41000"), true, 50011},
		{"another host", "common", good.but("redirect_uri", "http://localhost.evil.invalid:41000"), true, 50011},
		{"user info", "common", good.but("redirect_uri", "http://localhost@evil.invalid"), true, 50011},
		{"127.0.0.1", "common", good.but("redirect_uri", "http://127.0.0.1:41000"), true, 50011},
		{"a path", "common", good.but("redirect_uri", "http://localhost:41000/path"), true, 50011},
		{"fragment", "common", good.but("response_mode", "fragment"), true, 70007},
		{"token", "common", good.but("response_type", "token"), false, 70005},
		{"no scope", "common", good.but("scope", ""), false, 900144},
		{"bad scope", "common", good.but("scope", "User Read;All"), false, 70011},
		{"another Graph", "common", good.but("scope", "https://graph.microsoft.com/User.Read"), false, 500011},
		{"no PKCE", "common", good.but("code_challenge", ""), false, 9002325},
		{"plain PKCE", "common", good.but("code_challenge_method", "plain"), false, 9002313},
		{"short PKCE", "common", good.but("code_challenge", "short"), false, 501491},
		{"silent", "common", good.but("prompt", "none"), false, 50058},
		{"good", "common", good, false, 0},
		{"port 80", "common", good.but("redirect_uri", "http://localhost"), false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer, page := authorizeAs(t, f, row.tenant, row.with)
			want := fmt.Sprintf("AADSTS%d: ", row.code)
			switch {
			case row.page:
				if !strings.Contains(page, want) {
					t.Errorf("want %s on the page, got %v %s", want, answer, page)
				}
			case answer.Get("state") != "a state & <more>":
				t.Errorf("state %q", answer.Get("state"))
			case row.code == 0 && answer.Get("code") == "", row.code != 0 && !strings.HasPrefix(answer.Get("error_description"), want):
				t.Errorf("want %d, got %v", row.code, answer)
			}
		})
	}
}

func TestCodeChecks(t *testing.T) {
	for _, row := range []struct {
		name, tenant string
		wait         time.Duration
		change       []string
		code         int
	}{
		{"good", "common", 0, nil, 0},
		{"in time", "common", 9 * time.Minute, nil, 0},
		{"late", "common", 11 * time.Minute, nil, 70008},
		{"another verifier", "common", 0, []string{"code_verifier", strings.Repeat("v", 43)}, 501481},
		{"no verifier", "common", 0, []string{"code_verifier", ""}, 501481},
		{"another redirect", "common", 0, []string{"redirect_uri", "http://localhost:41001"}, 500112},
		{"another tenant", Tenant, 0, nil, 70000},
		{"another app", "common", 0, []string{"client_id", testClient, "client_secret", testSecret}, 70000},
		{"no code", "common", 0, []string{"code", ""}, 900144},
		{"another code", "common", 0, []string{"code", "none"}, 70000},
		{"no grant", "common", 0, []string{"grant_type", ""}, 900144},
		{"password", "common", 0, []string{"grant_type", "password"}, 70003},
		{"secret of a public app", "common", 0, []string{"client_secret", testSecret}, 700025},
		{"confidential app without proof", "common", 0, []string{"client_id", testClient}, 7000218},
		{"bad claims", "common", 0, []string{"claims", "{"}, 9002313},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newCloud(testApp())
				answer, _ := authorizeAs(t, f, "common", authorizeFields())
				time.Sleep(row.wait)
				form := codeFields(answer.Get("code")).but(row.change...).values()
				got := post(t, f, Login+"/"+row.tenant+"/oauth2/v2.0/token", form)
				if answerCode(got) != row.code {
					t.Fatalf("want %d, got %v", row.code, got)
				}
				if row.code != 0 {
					return
				}
				if got["scope"] != "User.Read openid" || got["token_type"] != "Bearer" || got["client_info"] != nil {
					t.Errorf("got %v", got)
				}
				wantClaims(t, f, got["id_token"].(string), "nonce=n-1")
				if again := post(t, f, Login+"/common/oauth2/v2.0/token", form); answerCode(again) != 54005 {
					t.Errorf("a second time: %v", again)
				}
			})
		})
	}
}

func TestRefreshChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newCloud(testApp())
		answer, _ := authorizeAs(t, f, "common", authorizeFields())
		got := post(t, f, Login+"/common/oauth2/v2.0/token", codeFields(answer.Get("code")).values())
		form := fields{"client_id": publicApp, "grant_type": "refresh_token", "refresh_token": got["refresh_token"].(string)}
		for _, row := range []struct {
			change []string
			code   int
		}{
			{nil, 0},
			{[]string{"scope", Graph + "/User.Read"}, 0},
			{[]string{"scope", "Mail.Read"}, 65001},
			{[]string{"refresh_token", "none"}, 70000},
			{[]string{"refresh_token", ""}, 900144},
			{[]string{"client_id", testClient, "client_secret", testSecret}, 70000},
		} {
			if got := post(t, f, testToken, form.but(row.change...).values()); answerCode(got) != row.code {
				t.Errorf("%v: want %d, got %v", row.change, row.code, got)
			}
		}
		time.Sleep(91 * 24 * time.Hour)
		if got := post(t, f, testToken, form.values()); answerCode(got) != 70008 {
			t.Errorf("after 91 days: %v", got)
		}
	})
}

func TestDevicePolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newCloud(testApp())
		start := fields{"client_id": publicApp, "scope": "User.Read openid"}
		endpoint := Login + "/organizations/oauth2/v2.0/"
		for _, row := range []struct {
			change []string
			code   int
		}{
			{[]string{"client_id", testClient}, 7000218},
			{[]string{"client_id", "none"}, 700016},
			{[]string{"scope", ""}, 900144},
		} {
			if got := post(t, f, endpoint+"devicecode", start.but(row.change...).values()); answerCode(got) != row.code {
				t.Errorf("%v: want %d, got %v", row.change, row.code, got)
			}
		}
		device := post(t, f, endpoint+"devicecode", start.values())
		form := fields{
			"client_id":   publicApp,
			"grant_type":  "urn:ietf:params:oauth:grant-type:device_code",
			"device_code": device["device_code"].(string),
		}
		poll := func(wait time.Duration, want string, change ...string) map[string]any {
			t.Helper()
			time.Sleep(wait)
			got := post(t, f, endpoint+"token", form.but(change...).values())
			if name, _ := got["error"].(string); name != want {
				t.Errorf("want %q, got %v", want, got)
			}
			return got
		}
		poll(0, "authorization_pending")
		poll(time.Second, "slow_down")
		poll(5*time.Second, "authorization_pending")
		poll(0, "bad_verification_code", "device_code", "none")
		if err := f.person("wilma@woodland.invalid", true).EnterCode(device["user_code"].(string)); err != nil {
			t.Fatal(err)
		}
		if err := f.person("wilma@woodland.invalid", false).EnterCode(device["user_code"].(string)); err == nil {
			t.Error("a code was answered twice")
		}
		got := poll(5*time.Second, "")
		if got["scope"] != "User.Read openid" || got["refresh_token"] != nil {
			t.Errorf("got %v", got)
		}
		poll(5*time.Second, "bad_verification_code")

		device = post(t, f, endpoint+"devicecode", start.values())
		time.Sleep(15*time.Minute + time.Second)
		poll(0, "expired_token", "device_code", device["device_code"].(string))
	})
}

// assertion signs the parts of a client assertion of the tests, as PS256 unless the
// header says otherwise.
func signAssertion(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	_, key := testCertificate()
	part := func(values map[string]any) string {
		data, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	signed := part(header) + "." + part(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if header["alg"] == "RS256" {
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestAssertionChecks(t *testing.T) {
	expired := testApp()
	expired.ClientID = "00000000-0000-4000-8000-0000000000c4"
	expired.Certificate = newTestCertificate(testKey(), time.Now().AddDate(-2, 0, 0), time.Now().AddDate(-1, 0, 0)).Raw
	f := newCloud(testApp(), expired)
	long, short := sha256.Sum256(testApp().Certificate), sha1.Sum(testApp().Certificate)
	old := sha256.Sum256(expired.Certificate)
	std, raw := base64.StdEncoding, base64.RawURLEncoding
	now := time.Now().Unix()
	type parts = map[string]any
	for _, row := range []struct {
		name           string
		header, claims parts
		form           []string
		code           int
	}{
		{"padded base64", parts{"x5t#S256": std.EncodeToString(long[:])}, nil, nil, 0},
		{"plain base64", parts{"x5t#S256": strings.TrimRight(std.EncodeToString(long[:]), "=")}, nil, nil, 0},
		{"base64url", nil, nil, nil, 0},
		{"RS256 with x5t", parts{"alg": "RS256", "x5t#S256": nil, "x5t": raw.EncodeToString(short[:])}, nil, nil, 0},
		{"audience is the issuer", nil, parts{"aud": testAuthority + "/v2.0"}, nil, 0},
		{"another digest", parts{"x5t#S256": raw.EncodeToString(make([]byte, 32))}, nil, nil, 700027},
		{"the wrong algorithm", parts{"alg": "RS384"}, nil, nil, 50027},
		{"not the key's signature", nil, nil, []string{"client_assertion", "damage"}, 700027},
		{"no JWT", nil, nil, []string{"client_assertion", "x.y"}, 50027},
		{"no type", nil, nil, []string{"client_assertion_type", ""}, 900144},
		{"a secret too", nil, nil, []string{"client_secret", testSecret}, 9002313},
		{"no certificate named", parts{"x5t#S256": nil, "kid": "k"}, nil, nil, 50027},
		{"another audience", nil, parts{"aud": "https://login.microsoftonline.com/x/oauth2/v2.0/token"}, nil, 700023},
		{"another subject", nil, parts{"sub": publicApp}, nil, 700021},
		{"another client id", nil, parts{"iss": publicApp}, nil, 700021},
		{"expired", nil, parts{"nbf": now - 1200, "exp": now - 600}, nil, 700024},
		{"not yet", nil, parts{"nbf": now + 600, "exp": now + 900}, nil, 700024},
		{"too long", nil, parts{"exp": now + 3600}, nil, 700024},
		{"no end", nil, parts{"exp": nil}, nil, 700024},
		{"no jti", nil, parts{"jti": nil}, nil, 50013},
		{"used before", nil, parts{"jti": "base64url"}, nil, 50013},
		{"expired certificate", parts{"x5t#S256": raw.EncodeToString(old[:])}, parts{"iss": expired.ClientID, "sub": expired.ClientID}, []string{"client_id", expired.ClientID}, 700027},
		{"nothing", nil, nil, []string{"client_assertion", ""}, 7000216},
	} {
		t.Run(row.name, func(t *testing.T) {
			header := parts{"alg": "PS256", "typ": "JWT", "x5t#S256": raw.EncodeToString(long[:])}
			claims := parts{"aud": testToken, "iss": testClient, "sub": testClient, "jti": row.name, "nbf": now, "exp": now + 600}
			maps.Copy(header, row.header)
			maps.Copy(claims, row.claims)
			maps.DeleteFunc(header, func(_ string, value any) bool { return value == nil })
			maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
			form := fields{
				"client_id":             testClient,
				"grant_type":            "client_credentials",
				"scope":                 Graph + "/.default",
				"client_assertion_type": assertionType,
				"client_assertion":      signAssertion(t, header, claims),
			}
			if len(row.form) > 0 && row.form[1] == "damage" {
				parted := strings.Split(form["client_assertion"], ".")
				parted[2] = raw.EncodeToString(make([]byte, 256))
				row.form[1] = strings.Join(parted, ".")
			}
			if got := post(t, f, testToken, form.but(row.form...).values()); answerCode(got) != row.code {
				t.Errorf("want %d, got %v", row.code, got)
			}
		})
	}
}

func TestWorkloadChecks(t *testing.T) {
	app := testApp()
	app.Workload = "w"
	trusting, other := newCloud(app), newCloud(testApp())
	now := time.Now()
	good := claimSet{"iss": workloadIssuer, "aud": workloadAudience, "sub": "w", "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	for _, row := range []struct {
		name   string
		f      *recorded
		change claimSet
		code   int
	}{
		{"good", trusting, nil, 0},
		{"another issuer", trusting, claimSet{"iss": "https://elsewhere.invalid"}, 700211},
		{"trusted by nobody", other, nil, 700211},
		{"another audience", trusting, claimSet{"aud": testToken}, 700212},
		{"another workload", trusting, claimSet{"sub": "x"}, 700213},
		{"expired", trusting, claimSet{"exp": now.Add(-time.Hour).Unix()}, 700024},
		{"another key", trusting, claimSet{"damage": true}, 50013},
	} {
		t.Run(row.name, func(t *testing.T) {
			claims := maps.Clone(good)
			maps.Copy(claims, row.change)
			token, err := row.f.sign(claims)
			if err != nil {
				t.Fatal(err)
			}
			if row.change["damage"] != nil {
				token = token[:len(token)-8] + "AAAAAAAA"
			}
			form := fields{
				"client_id":             testClient,
				"grant_type":            "client_credentials",
				"scope":                 Graph + "/.default",
				"client_assertion_type": assertionType,
				"client_assertion":      token,
			}
			if got := post(t, row.f, testToken, form.values()); answerCode(got) != row.code {
				t.Errorf("want %d, got %v", row.code, got)
			}
		})
	}
}

func TestRefusesForeignHosts(t *testing.T) {
	f := newCloud()
	for _, to := range []string{"http://login.sandbox.invalid/common/v2.0/.well-known/openid-configuration", "https://login.microsoftonline.com/", "http://127.0.0.1:1/"} {
		if response, err := clientOf(f).Get(to); err == nil {
			t.Errorf("%s answered %s", to, response.Status)
		}
	}
}

func TestRefusalsAreSorted(t *testing.T) {
	for i := 1; i < len(refusals); i++ {
		if refusals[i-1].code >= refusals[i].code {
			t.Errorf("%d stands before %d", refusals[i-1].code, refusals[i].code)
		}
	}
}

func TestPermissionNames(t *testing.T) {
	for name, good := range map[string]bool{
		"User.Read": true, "a": true, "A-b_c.1.2-3": true, "email": true, "User.Read.All-": true,
		"": false, ".": false, "1User": false, "_a": false, "User..Read": false, ".Read": false, "User.": false, "User Read": false, "Üser": false, "User\n": false, "a.\xff": false, "a/b": false,
	} {
		if isPermissionName(name) != good {
			t.Errorf("%q: %v", name, !good)
		}
	}
}
