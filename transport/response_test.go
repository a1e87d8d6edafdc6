package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"connect-entra/failure"
)

const tokenSecret = "canary-8f14e45fceea167a"

// tokenAnswers are answers of the token endpoint, good ones first.
var tokenAnswers = []struct {
	name, body string
	good       bool
}{
	{"as Entra's", goodToken, true},
	{"numbers as text", `{"token_type":"Bearer","expires_in":"3599","ext_expires_in":"3599","access_token":"` + tokenSecret + `"}`, true},
	{"bearer in small letters", `{"token_type":"bearer","expires_in":3599,"access_token":"` + tokenSecret + `"}`, true},
	{"more than is known", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","new":{"a":[1]}}`, true},
	{"space around", " \n" + goodToken + "\n ", true},

	{"empty", ``, false},
	{"null", `null`, false},
	{"an array", `["` + tokenSecret + `"]`, false},
	{"text", `"` + tokenSecret + `"`, false},
	{"an empty object", `{}`, false},
	{"cut off", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret, false},
	{"something after it", goodToken + `{"access_token":"` + tokenSecret + `"}`, false},
	{"a bracket after it", goodToken + `}`, false},
	{"a page", `<html><title>Sign in</title>` + tokenSecret + `</html>`, false},
	{"the same key twice", `{"token_type":"Bearer","expires_in":3599,"access_token":"a","access_token":"` + tokenSecret + `"}`, false},
	{"a key in capitals beside it", `{"token_type":"Bearer","expires_in":3599,"access_token":"a","ACCESS_TOKEN":"` + tokenSecret + `"}`, false},
	{"a key in capitals alone", `{"token_type":"Bearer","expires_in":3599,"ACCESS_TOKEN":"` + tokenSecret + `"}`, false},
	{"a key with a Kelvin sign", `{"to` + "\u212a" + `en_type":"Bearer","token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `"}`, false},
	{"no token", `{"token_type":"Bearer","expires_in":3599,"refresh_token":"` + tokenSecret + `"}`, false},
	{"a token of a wrong type", `{"token_type":"Bearer","expires_in":3599,"access_token":["` + tokenSecret + `"]}`, false},
	{"a token with a line break", `{"token_type":"Bearer","expires_in":3599,"access_token":"a\r\nX: ` + tokenSecret + `"}`, false},
	{"a token with a space", `{"token_type":"Bearer","expires_in":3599,"access_token":"a ` + tokenSecret + `"}`, false},
	{"a long token", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + strings.Repeat("a", maxToken+1) + `"}`, false},
	{"another kind of token", `{"token_type":"mac","expires_in":3599,"access_token":"` + tokenSecret + `"}`, false},
	{"no kind of token", `{"expires_in":3599,"access_token":"` + tokenSecret + `"}`, false},
	{"no time", `{"token_type":"Bearer","access_token":"` + tokenSecret + `"}`, false},
	{"no time at all", `{"token_type":"Bearer","expires_in":0,"access_token":"` + tokenSecret + `"}`, false},
	{"a time past", `{"token_type":"Bearer","expires_in":-1,"access_token":"` + tokenSecret + `"}`, false},
	{"a time with a fraction", `{"token_type":"Bearer","expires_in":3599.5,"access_token":"` + tokenSecret + `"}`, false},
	{"a time beyond all", `{"token_type":"Bearer","expires_in":1e30,"access_token":"` + tokenSecret + `"}`, false},
	{"a time of ages", `{"token_type":"Bearer","expires_in":99999999999,"access_token":"` + tokenSecret + `"}`, false},
	{"a time in words", `{"token_type":"Bearer","expires_in":"soon","access_token":"` + tokenSecret + `"}`, false},
	{"no time but null", `{"token_type":"Bearer","expires_in":null,"access_token":"` + tokenSecret + `"}`, false},
	{"a wrong later time", `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":"x","access_token":"` + tokenSecret + `"}`, false},
	{"a wrong time to renew", `{"token_type":"Bearer","expires_in":3599,"refresh_in":{},"access_token":"` + tokenSecret + `"}`, false},
	{"an end that is none", `{"token_type":"Bearer","expires_in":3599,"expires_on":"` + tokenSecret + `","access_token":"a"}`, false},
	{"an end of null", `{"token_type":"Bearer","expires_in":3599,"expires_on":null,"access_token":"` + tokenSecret + `"}`, false},
	{"an end in a list", `{"token_type":"Bearer","expires_in":3599,"expires_on":[1],"access_token":"` + tokenSecret + `"}`, false},
	{"an id_token that is none", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","id_token":"x"}`, false},
	{"an id_token that is empty", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","id_token":""}`, false},
	{"an id_token in escapes", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","id_token":"\u0065` + unsigned(map[string]any{"sub": "s"})[1:] + `"}`, false},
	{"a client_info in escapes", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","client_info":"\u0065yJ1aWQiOiJ1In0"}`, false},
	{"an id_token of numbers", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","id_token":7}`, false},
	{"an id_token with a wrong type", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","id_token":"` + unsigned(map[string]any{"exp": "x"}) + `"}`, false},
	{"a client_info that is none", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","client_info":"!"}`, false},
	{"codes that are none", `{"token_type":"Bearer","expires_in":3599,"access_token":"` + tokenSecret + `","error_codes":["x"]}`, false},
	{"deep", `{"access_token":` + strings.Repeat("[", 20000) + `}`, false},
	{"an error", `{"error":"invalid_grant","error_description":"AADSTS70000: no"}`, false},
}

func TestResponseKeysAreSorted(t *testing.T) {
	if !slices.IsSorted(responseKeys) {
		t.Error("responseKeys is not sorted")
	}
}

func TestTokenAnswers(t *testing.T) {
	for _, test := range tokenAnswers {
		s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, test.body }}
		result, err := secretSignIn(t.Context(), toEntra(s))
		if (err == nil) != test.good || (result.AccessToken != "") != test.good {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err != nil && (idOf(err) != "hostile-answer" && test.name != "an error" || strings.Contains(err.Error(), tokenSecret) || len(s.requests) != 1) {
			t.Errorf("%s: %v after %d requests", test.name, err, len(s.requests))
		}
	}
}

// FuzzTokenAnswer looks for a response that transport lets through and MSAL cannot read:
// it would quote it.
func FuzzTokenAnswer(f *testing.F) {
	for _, test := range tokenAnswers {
		f.Add(test.body)
	}
	f.Add(`{"token_type":"Bearer","expires_in":3599,"access_token":"a","id_token":"` + unsigned(map[string]any{"exp": 1.5, "sub": "s"}) + `"}`)
	f.Add(`{"token_type":"Bearer","expires_in":"\"3599\"","access_token":"a","client_info":"` + base64.RawURLEncoding.EncodeToString([]byte(`{"uid":1}`)) + `"}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, body }}
		w := toEntra(s)
		client, err := public.New("app", public.WithAuthority(w.Base+"/"+w.Tenant), public.WithHTTPClient(w), public.WithInstanceDiscovery(false))
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.AcquireTokenByAuthCode(t.Context(), "code", "http://localhost:1", []string{"User.Read"}, public.WithChallenge("verifier"))
		var unread msalerrors.InvalidJsonErr
		if errors.As(err, &unread) {
			t.Errorf("MSAL could not read %q: %v", body, err)
		}
	})
}

func TestIdentityAnswers(t *testing.T) {
	for body, good := range map[string]bool{
		`{"access_token":"a","expires_on":"` + fmt.Sprint(time.Now().AddDate(4, 0, 0).Unix()) + `","resource":"r","token_type":"Bearer","client_id":"c"}`: false, // years from now
		`{"access_token":"a","expires_in":"86400","expires_on":"` + fmt.Sprint(4) + `","resource":"r","token_type":"Bearer"}`:                             true,
		`{"access_token":"a","expires_on":"11/25/2026 10:00:00","resource":"r"}`:                                                                          true,
		`{"access_token":"a","expires_on":1e300,"resource":"r"}`:                                                                                          false,
		`{"access_token":"a","expires_on":"2026-11-25T10:00:00.5Z","resource":"r"}`:                                                                       true,
		`{"access_token":"a","expires_on":"tomorrow","resource":"r"}`:                                                                                     false,
		`{"access_token":"a","expires_on":"","resource":"r"}`:                                                                                             false,
		`{"access_token":"a","expires_on":null,"resource":"r"}`:                                                                                           false,
		`{"access_token":"a","expires_on":true,"resource":"r"}`:                                                                                           false,
		`{"access_token":"a","resource":"r"}`:                                                                                                             false,
		`{"access_token":"a","expires_on":"5","token_type":"pop"}`:                                                                                        false,
	} {
		s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, body }}
		if _, err := toIdentity(s, false).Do(get("http://127.0.0.1:40342/token")); (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// discoveryAnswers are OpenID documents of a user-defined cloud.
var discoveryAnswers = []struct {
	body string
	good bool
}{
	{`{"authorization_endpoint":"https://login.private.example/t/oauth2/v2.0/authorize","token_endpoint":"https://login.private.example/t/oauth2/v2.0/token","issuer":"https://login.private.example/{tenantid}/v2.0"}`, true},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://login.private.example/t","issuer":"https://sts.private.example/{tenantid}/"}`, true},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://evil.example/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"https://evil.example/a","token_endpoint":"https://login.private.example/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"http://login.private.example/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://login.private.example:444/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://u@login.private.example/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"https://login.private.example@evil.example/a","token_endpoint":"https://login.private.example/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"javascript:alert(1)","token_endpoint":"https://login.private.example/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"http://localhost:1/a","token_endpoint":"https://login.private.example/t","issuer":"https://login.private.example/"}`, false},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://login.private.example/t","issuer":"http://sts.windows.net/x"}`, false},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://login.private.example/t"}`, false},
	{`{"authorization_endpoint":"https://login.private.example/a","token_endpoint":"https://login.private.example/t","Token_Endpoint":"https://evil.example/t","issuer":"https://login.private.example/"}`, false},
	{`{}`, false},
	{`[]`, false},
	{`<html>`, false},
}

func TestDiscoveryPointsNowhereElse(t *testing.T) {
	for _, test := range discoveryAnswers {
		s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, test.body }}
		w := asked(s)
		_, err := w.Do(get("https://login.private.example/t/v2.0/.well-known/openid-configuration"))
		if (err == nil) != test.good || err != nil && idOf(err) != "hostile-answer" {
			t.Errorf("%s: %v", test.body, err)
		}
		if test.good && !strings.Contains(test.body, `"`+w.IssuerTemplate()+`"`) {
			t.Errorf("%s: issuer %q", test.body, w.IssuerTemplate())
		}
	}
}

// FuzzDiscovery looks for a document that sends anything elsewhere.
func FuzzDiscovery(f *testing.F) {
	for _, test := range discoveryAnswers {
		f.Add(test.body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := &server{handle: func(r *http.Request, _ url.Values) (int, string) {
			if r.URL.Host != "login.private.example" || r.URL.Scheme != "https" {
				t.Errorf("asked %s after %q", r.URL, body)
			}
			if r.Method == http.MethodGet {
				return 200, body
			}
			return 400, `{"error":"invalid_grant"}`
		}}
		w := asked(s)
		secretSignIn(t.Context(), w)
	})
}

func TestDeviceCodeAnswers(t *testing.T) {
	good := `{"user_code":"X","device_code":"d","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":5,"message":"m"}`
	for _, test := range []struct {
		from, to string // what of the good answer is another
		good     bool
	}{
		{"", "", true},
		{`,"interval":5`, ``, true},
		{`"interval":5`, `"interval":0`, true},
		{`,"message":"m"`, ``, true},
		{"https://microsoft.com/devicelogin", "https://login.microsoft.com/device", true},
		{"https://microsoft.com/devicelogin", "https://login.microsoftonline.com/common/oauth2/deviceauth", true},
		{"https://microsoft.com/devicelogin", "https://aka.ms/devicelogin", true},
		{"https://microsoft.com/devicelogin", "http://microsoft.com/devicelogin", false},
		{"https://microsoft.com/devicelogin", "https://microsoft.com.evil.example/devicelogin", false},
		{"https://microsoft.com/devicelogin", "https://microsoft.com@evil.example/", false},
		{"https://microsoft.com/devicelogin", "https://user@microsoft.com/", false},
		{"https://microsoft.com/devicelogin", "http://localhost:1/device", false},
		{"https://microsoft.com/devicelogin", "javascript:alert(1)", false},
		{"https://microsoft.com/devicelogin", "https://microsoft.com/devicelogin, or rather https://evil.example", false},
		{"https://microsoft.com/devicelogin", "https://microsoft.com/\u202edevicelogin", false},
		{`"user_code":"X"`, `"user_code":"X at https://evil.example"`, false},
		{`"user_code":"X"`, `"user_code":"X\u001b[2J"`, false},
		{`"user_code":"X"`, `"user_code":"ABCD-1234"`, true},
		{`"user_code":"X",`, ``, false},
		{`"device_code":"d",`, ``, false},
		{`"expires_in":900,`, ``, false},
		{`"expires_in":900`, `"expires_in":"900"`, false},
		{`"expires_in":900`, `"expires_in":0`, false},
		{`"expires_in":900`, `"expires_in":-900`, false},
		{`"interval":5`, `"interval":-5`, false},
		{`"interval":5`, `"interval":999999999`, false},
		{`"interval":5`, `"interval":1e99`, false},
		{`"message":"m"`, `"message":5`, false},
		{`"user_code":"X"`, `"user_code":"X","User_Code":"Y"`, false},
	} {
		body := strings.Replace(good, test.from, test.to, 1)
		s := &server{handle: func(*http.Request, url.Values) (int, string) { return 200, body }}
		_, err := questions(s)["device code"]()
		if (err == nil) != test.good || err != nil && idOf(err) != "hostile-answer" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestRefusals says which failure a refusal is.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		question    string
		status      int
		contentType string
		body        string
		want        string
	}{
		{"token", 400, "", `{"error":"invalid_grant","error_description":"AADSTS50076: MFA","error_codes":[50076],"suberror":"basic_action","claims":"{}"}`, "refused"},
		{"token", 401, "", `{"error":"invalid_client","error_description":"AADSTS7000222: expired"}`, "refused"},
		{"token", 400, "", `{"error":"access_denied"}`, "declined"},
		{"token", 400, "", `{"error":"access_denied","error_description":"AADSTS65004: declined","error_codes":[65004]}`, "declined"},
		{"token", 400, "", `{"error":"access_denied","error_description":"AADSTS53003: policy","error_codes":[53003]}`, "refused"},
		{"token", 400, "", `{"error":"invalid_grant","error_description":"AADSTS65004: declined","error_codes":[65004]}`, "declined"},
		{"token", 400, "", `{"error":["odd"],"error_codes":"odd","trace_id":7}`, "hostile-answer"},
		{"token", 400, "", `{}`, "hostile-answer"},
		{"token", 403, "text/html", `<html><title>Blocked</title></html>`, "hostile-answer"},
		{"token", 502, "text/html", `<html>`, "network"},
		{"token", 204, "", ``, "hostile-answer"},
		{"token", 206, "", goodToken, "hostile-answer"},
		{"token", 200, "", `{"error":"invalid_client"}`, "refused"},
		{"device poll", 400, "", `{"error":"authorization_declined","error_codes":[70018]}`, "declined"},
		{"device poll", 400, "", `{"error":"expired_token","error_description":"AADSTS70020: expired"}`, "timeout"},
		{"device poll", 400, "", `{"error":"code_expired"}`, "timeout"},
		{"device poll", 400, "", `{"error":"bad_verification_code"}`, "refused"},
		{"device poll", 403, "text/html", `<html>`, "hostile-answer"},
		{"device code", 400, "", `{"error":"unauthorized_client","error_description":"AADSTS700016: unknown"}`, "refused"},
		{"identity", 400, "", `{"error":"invalid_request","error_description":"Identity not found"}`, "no-managed-identity"},
		{"identity", 400, "", `{"error":"invalid_resource","error_description":"AADSTS500011: unknown"}`, "refused"},
		{"identity", 403, "text/plain", `Metadata-Flavor is missing`, "no-managed-identity"},
		{"identity", 400, "", `{"statusCode":400,"message":"No User Assigned Managed Identity found","correlationId":"c"}`, "refused"},
		{"arc", 200, "", goodToken, "hostile-answer"},
		{"arc", 401, "", ``, "hostile-answer"},
	} {
		s := &server{handle: func(*http.Request, url.Values) (int, string) { return test.status, test.body }}
		if test.contentType != "" {
			s.header = http.Header{"Content-Type": {test.contentType}}
		}
		if test.status >= 500 {
			s.header = http.Header{"Retry-After": {"9999"}}
		}
		_, err := questions(s)[test.question]()
		if idOf(err) != test.want {
			t.Errorf("%s, %d %s: %s %v", test.question, test.status, test.body, idOf(err), err)
		}
	}
}

func TestWrongClockIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for skew, want := range map[time.Duration]string{
			8 * time.Minute:   "set this host's clock: it is 8m0s behind that of login.microsoftonline.com",
			-24 * time.Hour:   "set this host's clock: it is 24h0m0s ahead of that of login.microsoftonline.com",
			20 * time.Second:  "",
			-20 * time.Second: "",
		} {
			s := &server{
				header: http.Header{"Date": {time.Now().Add(skew).UTC().Format(http.TimeFormat)}},
				handle: func(*http.Request, url.Values) (int, string) {
					return 401, `{"error":"invalid_client","error_description":"AADSTS700024: Client assertion is not within its valid time range."}`
				},
			}
			if _, err := questions(s)["token"](); failure.From(err).Cure != want {
				t.Errorf("%v: %q", skew, failure.From(err).Cure)
			}
		}
	})
}

func TestGraphRefusal(t *testing.T) {
	s := &server{
		header: http.Header{"Www-Authenticate": {`Bearer realm="", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(`{"access_token":{}}`)) + `"`}},
		handle: func(*http.Request, url.Values) (int, string) {
			return 401, `{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation","innerError":{"date":"2026-11-22T22:01:02","request-id":"r","client-request-id":"c"}}}`
		},
	}
	_, err := toGraph(s).Do(get("https://graph.microsoft.com/v1.0/me"))
	f := failure.From(err)
	want := failure.Server{Host: "graph.microsoft.com", Status: 401, Code: "InvalidAuthenticationToken", Description: "Continuous access evaluation",
		Claims: `{"access_token":{}}`, TraceID: "r", CorrelationID: "c", Timestamp: "2026-11-22T22:01:02"}
	if f.Server == nil || *f.Server != want || f.ID != "refused" {
		t.Errorf("%v %+v", f, f.Server)
	}
}
