package sandbox

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"connect-entra/sandbox/sandboxtest"
)

// After listen the pages are on loopback, and only they.
func TestListens(t *testing.T) {
	f := newCloud()
	stop, err := f.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	pages := f.Pages()
	if !regexp.MustCompile(`^http://localhost:[0-9]+$`).MatchString(pages) {
		t.Fatalf("the pages are at %s", pages)
	}
	client := newPublic(t, f, "common", publicApp)
	var opened string
	result, err := client.AcquireTokenInteractive(secondsContext(t), []string{testScope}, public.WithOpenURL(func(page string) error {
		opened = page
		return inBrowser(t, f, "wilma@woodland.invalid", true)(page)
	}))
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, f, result.AccessToken, "upn=wilma@woodland.invalid")
	if !strings.HasPrefix(opened, pages+"/common/oauth2/v2.0/authorize?") {
		t.Errorf("opened %s", opened)
	}
	code, err := client.AcquireTokenByDeviceCode(secondsContext(t), []string{testScope})
	if err != nil || code.Result.VerificationURL != pages+"/devicelogin" {
		t.Errorf("%+v, %v", code.Result, err)
	}
	for _, row := range []struct {
		host, path string
		status     int
	}{
		{"", "/devicelogin", 200},
		{"", "/style.css", 200},
		{"", "/common/oauth2/v2.0/logout", 200},
		{"127.0.0.1:1", "/devicelogin", 200},
		{"evil.invalid", "/devicelogin", 421},
		{"login.sandbox.invalid", "/devicelogin", 421},
		{"", "/common/v2.0/.well-known/openid-configuration", 404},
		{"", "/", 404},
	} {
		r, err := http.NewRequest(http.MethodGet, pages+row.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = row.host
		r.Header.Set("X-IDENTITY-HEADER", "h")
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != row.status {
			t.Errorf("%s %s: %d, want %d", row.host, row.path, response.StatusCode, row.status)
		}
	}
}

// Whatever a request brings comes out as text.
func TestPagesEscape(t *testing.T) {
	f := newCloud()
	hostile := `"><script>alert(1)</script>{{title}}`
	to := Login + "/common/oauth2/v2.0/authorize?" + authorizeFields().but("state", hostile, "response_mode", "form_post").values().Encode()
	for _, form := range []url.Values{
		nil,
		{"user": {"wilma@woodland.invalid"}},
		{"user": {"wilma@woodland.invalid"}, "decision": {"accept"}},
		{"user": {hostile}},
		{"user": {"tomas@woodland.invalid"}},
	} {
		method := http.MethodPost
		if form == nil {
			method = http.MethodGet
		}
		response, err := sandboxtest.Visit(f.Cloud, method, to, form)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "<script>alert") || regexp.MustCompile(`\{\{[^t]|\}\}\}`).Match(data) {
			t.Errorf("%v gives\n%s", form, data)
		}
		for header, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
			if got := response.Header.Get(header); !strings.HasPrefix(got, want) {
				t.Errorf("%s is %q", header, got)
			}
		}
	}
}

// Every place of every page is filled by somebody: none is left over.
func TestPagesAreFilled(t *testing.T) {
	f := newCloud()
	step := signInStep{authorization: authorization{app: App{Name: "App"}, scopes: askedScopes{permissions: []string{"User.Read"}}}, device: true}
	user, _ := findUser("wilma@woodland.invalid")
	answer := &recorder{header: http.Header{}}
	f.showRefusal(answer, &http.Request{URL: &url.URL{}}, aadsts(50057), &step)
	for name, page := range map[string]string{
		"pick":    string(pickPage(step)),
		"consent": string(consentPage(step, user)),
		"post":    string(postPage("http://localhost:1", url.Values{"code": {"c"}})),
		"device":  string(fill("device.html", "problem", fill("problem.html", "text", "t"))),
		"refusal": answer.body.String(),
	} {
		if strings.Contains(page, "{{") {
			t.Errorf("%s is not filled:\n%s", name, page)
		}
	}
}
