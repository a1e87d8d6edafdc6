package sandbox

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// The practice cloud satisfies MSAL for Go, driven directly: what MSAL accepts here it
// accepts from Entra, and what is refused here is refused for Entra's reason.

const (
	testAuthority = Login + "/" + Tenant
	testScope     = Graph + "/User.Read"
)

func clientOf(f *recorded) *http.Client { return &http.Client{Transport: f} }

// secondsContext ends by itself: MSAL without a deadline makes its own.
func secondsContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newConfidential(t *testing.T, f *recorded, tenant, clientID string, credential confidential.Credential) confidential.Client {
	t.Helper()
	client, err := confidential.New(Login+"/"+tenant, clientID, credential,
		confidential.WithHTTPClient(clientOf(f)), confidential.WithInstanceDiscovery(false), confidential.WithClientCapabilities([]string{"CP1"}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func newPublic(t *testing.T, f *recorded, tenant, clientID string) public.Client {
	t.Helper()
	client, err := public.New(clientID, public.WithAuthority(Login+"/"+tenant),
		public.WithHTTPClient(clientOf(f)), public.WithInstanceDiscovery(false), public.WithClientCapabilities([]string{"CP1"}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func secretCredential(t *testing.T, secret string) confidential.Credential {
	t.Helper()
	credential, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

// wantClaims checks a token's signature and some of its claims, given as name=value.
func wantClaims(t *testing.T, f *recorded, token string, want ...string) map[string]any {
	t.Helper()
	said, err := f.verify(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range want {
		name, value, _ := strings.Cut(pair, "=")
		if got := fmt.Sprint(said.All[name]); got != value {
			t.Errorf("claim %s is %q, want %q", name, got, value)
		}
	}
	return said.All
}

// wantRefusal checks that MSAL's error holds a refusal in Entra's shape.
func wantRefusal(t *testing.T, err error, code int) {
	t.Helper()
	var call msalerrors.CallErr
	if !errors.As(err, &call) {
		t.Fatalf("want AADSTS%d, got %v", code, err)
	}
	text := err.Error()
	var body struct {
		Error         string
		Description   string `json:"error_description"`
		Codes         []int  `json:"error_codes"`
		Timestamp     string
		TraceID       string `json:"trace_id"`
		CorrelationID string `json:"correlation_id"`
	}
	if err := json.NewDecoder(strings.NewReader(text[strings.IndexByte(text, '{'):])).Decode(&body); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if len(body.Codes) != 1 || body.Codes[0] != code {
		t.Fatalf("want AADSTS%d, got %+v", code, body)
	}
	if body.CorrelationID != call.Req.Header.Get("client-request-id") && call.Req.Header.Get("client-request-id") != "" {
		t.Errorf("correlation id %s was not the request's", body.CorrelationID)
	}
	ending := fmt.Sprintf(" Trace ID: %s Correlation ID: %s Timestamp: %s", body.TraceID, body.CorrelationID, body.Timestamp)
	if body.Error == "" || !strings.HasPrefix(body.Description, fmt.Sprintf("AADSTS%d: ", code)) || !strings.HasSuffix(body.Description, ending) {
		t.Errorf("not Entra's shape: %+v", body)
	}
}

func TestSecret(t *testing.T) {
	f := newCloud(testApp())
	result, err := newConfidential(t, f, Tenant, testClient, secretCredential(t, testSecret)).
		AcquireTokenByCredential(secondsContext(t), []string{Graph + "/.default"})
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, f, result.AccessToken, "aud="+Graph, "appid="+testClient, "app_displayname=Test app", "tid="+Tenant,
		"idtyp=app", "appidacr=1", "roles=[Organization.Read.All User.Read.All]", "scp=<nil>", "ver=1.0", "xms_cc=[CP1]")
	want := []string{"GET " + testAuthority + "/v2.0/.well-known/openid-configuration?", "POST " + testAuthority + "/oauth2/v2.0/token"}
	if got := f.requests(""); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("sent %v", got)
	}
}

func TestAppRefusals(t *testing.T) {
	expired := testApp()
	expired.ClientID = "00000000-0000-4000-8000-0000000000c2"
	expired.SecretExpires = time.Now().Add(-time.Hour)
	disabled := testApp()
	disabled.ClientID = "00000000-0000-4000-8000-0000000000c3"
	disabled.Disabled = true
	f := newCloud(testApp(), expired, disabled)
	for _, row := range []struct {
		name, tenant, clientID, secret, scope string
		code                                  int
	}{
		{"wrong secret", Tenant, testClient, "wrong", ".default", 7000215},
		{"expired secret", Tenant, expired.ClientID, testSecret, ".default", 7000222},
		{"disabled", Tenant, disabled.ClientID, testSecret, ".default", 7000112},
		{"unknown app", Tenant, "00000000-0000-4000-8000-00000000ffff", testSecret, ".default", 700016},
		{"public app", Tenant, publicApp, testSecret, ".default", 700025},
		{"unknown tenant", "00000000-0000-4000-8000-00000000ffff", testClient, testSecret, ".default", 90002},
		{"unknown domain", "meadow.invalid", testClient, testSecret, ".default", 90002},
		{"no tenant", "nonsense", testClient, testSecret, ".default", 900023},
		{"common", "common", testClient, testSecret, ".default", 50059},
		{"consumers", "consumers", testClient, testSecret, ".default", 9002346},
		{"a permission", Tenant, testClient, testSecret, "User.Read", 1002012},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := newConfidential(t, f, row.tenant, row.clientID, secretCredential(t, row.secret)).
				AcquireTokenByCredential(secondsContext(t), []string{Graph + "/" + row.scope})
			wantRefusal(t, err, row.code)
		})
	}
	_, err := newConfidential(t, f, Tenant, testClient, secretCredential(t, testSecret)).
		AcquireTokenByCredential(secondsContext(t), []string{"https://graph.microsoft.com/.default"})
	wantRefusal(t, err, 500011)
}

func TestCertificate(t *testing.T) {
	f := newCloud(testApp())
	certificate, key := testCertificate()
	credential, err := confidential.NewCredFromCert([]*x509.Certificate{certificate}, key)
	if err != nil {
		t.Fatal(err)
	}
	result, err := newConfidential(t, f, Domain, testClient, credential).
		AcquireTokenByCredential(secondsContext(t), []string{Graph + "/.default"})
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, f, result.AccessToken, "appid="+testClient, "appidacr=2", "idtyp=app")

	other := newTestCertificate(key, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	credential, err = confidential.NewCredFromCert([]*x509.Certificate{other}, key)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newConfidential(t, f, Tenant, testClient, credential).
		AcquireTokenByCredential(secondsContext(t), []string{Graph + "/.default"})
	wantRefusal(t, err, 700027)
}

func TestBrowser(t *testing.T) {
	f := newCloud()
	for _, row := range []struct{ tenant, user string }{
		{"common", "wilma@woodland.invalid"},
		{"organizations", "oskar@woodland.invalid"},
		{Tenant, "june_riverside.invalid#EXT#@woodland.invalid"},
		{Domain, "wilma@woodland.invalid"},
	} {
		client := newPublic(t, f, row.tenant, publicApp)
		ctx := secondsContext(t)
		result, err := client.AcquireTokenInteractive(ctx, []string{testScope, "Mail.Read"}, public.WithOpenURL(inBrowser(t, f, row.user, true)))
		if err != nil {
			t.Fatalf("%s in %s: %v", row.user, row.tenant, err)
		}
		wantClaims(t, f, result.AccessToken, "upn="+row.user, "scp=User.Read Mail.Read openid profile", "idtyp=user", "appidacr=0",
			"appid="+publicApp, "iss="+Login+"/"+Tenant+"/")
		wantClaims(t, f, result.IDToken.RawToken, "aud="+publicApp, "iss="+Login+"/"+Tenant+"/v2.0", "tid="+Tenant)
		user, _ := findUser(row.user)
		if result.Account.HomeAccountID != user.id+"."+Tenant {
			t.Errorf("home account %s", result.Account.HomeAccountID)
		}
		// A claims challenge makes MSAL use the refresh token.
		again, err := client.AcquireTokenSilent(ctx, []string{testScope}, public.WithSilentAccount(result.Account), public.WithClaims(`{"access_token":{"nbf":{"essential":true}}}`))
		if err != nil {
			t.Fatal(err)
		}
		wantClaims(t, f, again.AccessToken, "scp=User.Read openid profile")
		if f.lastForm().Get("grant_type") != "refresh_token" {
			t.Error("not refreshed")
		}
		_, err = client.AcquireTokenSilent(ctx, []string{"Group.Read.All"}, public.WithSilentAccount(result.Account))
		wantRefusal(t, err, 65001)
	}
}

// inBrowser is a browser that opens and goes its way.
func inBrowser(t *testing.T, f *recorded, user string, consent bool) func(string) error {
	return func(page string) error {
		go func() {
			if err := f.person(user, consent).Browse(page); err != nil {
				t.Error(err)
			}
		}()
		return nil
	}
}

func TestBrowserRefusals(t *testing.T) {
	f := newCloud()
	for _, row := range []struct {
		tenant, user string
		consent      bool
		code         int
	}{
		{"common", "wilma@woodland.invalid", false, 65004},
		{Tenant, "nadia@woodland.invalid", true, 90094},
		{Tenant, "tomas@woodland.invalid", true, 50057},
		{"common", "june_riverside.invalid#EXT#@woodland.invalid", true, 50020},
	} {
		_, err := newPublic(t, f, row.tenant, publicApp).
			AcquireTokenInteractive(secondsContext(t), []string{testScope}, public.WithOpenURL(inBrowser(t, f, row.user, row.consent)))
		if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("AADSTS%d: ", row.code)) {
			t.Errorf("%s: want %d, got %v", row.user, row.code, err)
		}
	}
}

func TestDeviceCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newCloud()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		client := newPublic(t, f, "organizations", publicApp)
		started := time.Now()
		code, err := client.AcquireTokenByDeviceCode(ctx, []string{testScope})
		if err != nil {
			t.Fatal(err)
		}
		want := "To sign in, use a web browser to open the page " + Login + "/devicelogin and enter the code " + code.Result.UserCode + " to authenticate."
		if code.Result.Message != want || code.Result.Interval != 5 || code.Result.ExpiresOn.Sub(started) != 15*time.Minute {
			t.Errorf("%+v", code.Result)
		}
		if err := f.person("oskar@woodland.invalid", true).EnterCode("NOSUCHONE"); err == nil || !strings.Contains(err.Error(), "That code didn't work") {
			t.Errorf("a wrong code: %v", err)
		}
		go func() {
			time.Sleep(time.Minute)
			typed := strings.ToLower(code.Result.UserCode[:4] + " " + code.Result.UserCode[4:])
			if err := f.person("oskar@woodland.invalid", true).EnterCode(typed); err != nil {
				t.Error(err)
			}
		}()
		result, err := code.AuthenticationResult(ctx)
		if err != nil {
			t.Fatal(err)
		}
		wantClaims(t, f, result.AccessToken, "upn=oskar@woodland.invalid", "scp=User.Read openid profile")
		if waited := time.Since(started); waited < time.Minute || waited > time.Minute+6*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestDeviceCodeEnds(t *testing.T) {
	for _, row := range []struct {
		name    string
		user    string
		consent bool
		code    int
	}{
		{"declined", "oskar@woodland.invalid", false, 70018},
		{"not allowed to consent", "nadia@woodland.invalid", true, 70018},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newCloud()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				code, err := newPublic(t, f, "organizations", publicApp).AcquireTokenByDeviceCode(ctx, []string{testScope})
				if err != nil {
					t.Fatal(err)
				}
				if err := f.person(row.user, row.consent).EnterCode(code.Result.UserCode); err != nil {
					t.Fatal(err)
				}
				_, err = code.AuthenticationResult(ctx)
				wantRefusal(t, err, row.code)
			})
		})
	}
}

func TestIdentity(t *testing.T) {
	for _, row := range []struct {
		name     string
		env      map[string]string
		id       managedidentity.ID
		appid    string
		endpoint string
	}{
		{"IMDS", nil, managedidentity.SystemAssigned(), SystemIdentity, "GET http://169.254.169.254/metadata/identity/oauth2/token?"},
		{"IMDS user-assigned", nil, managedidentity.UserAssignedClientID(UserIdentity), UserIdentity, "GET http://169.254.169.254/"},
		{"App Service", map[string]string{"IDENTITY_ENDPOINT": "http://127.0.0.1:41000/msi/token", "IDENTITY_HEADER": "h"}, managedidentity.SystemAssigned(), SystemIdentity, "GET http://127.0.0.1:41000/msi/token?"},
		{"App Service user-assigned", map[string]string{"IDENTITY_ENDPOINT": "http://127.0.0.1:41000/msi/token", "IDENTITY_HEADER": "h"}, managedidentity.UserAssignedClientID(UserIdentity), UserIdentity, "GET http://127.0.0.1:41000/"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET"} {
				t.Setenv(name, row.env[name])
			}
			f := newCloud()
			client, err := managedidentity.New(row.id, managedidentity.WithHTTPClient(clientOf(f)), managedidentity.WithRetryPolicyDisabled())
			if err != nil {
				t.Fatal(err)
			}
			result, err := client.AcquireToken(secondsContext(t), Graph, managedidentity.WithClaims("{}"))
			if err != nil {
				t.Fatal(err)
			}
			wantClaims(t, f, result.AccessToken, "appid="+row.appid, "idtyp=app", "aud="+Graph)
			if got := f.requests(row.endpoint); len(got) != 1 {
				t.Errorf("sent %v", f.requests(""))
			}
			unknown, err := managedidentity.New(managedidentity.UserAssignedClientID(testClient), managedidentity.WithHTTPClient(clientOf(f)), managedidentity.WithRetryPolicyDisabled())
			if err != nil {
				t.Fatal(err)
			}
			if _, err = unknown.AcquireToken(secondsContext(t), Graph, managedidentity.WithClaims("{}")); err == nil || !strings.Contains(err.Error(), "Identity not found") {
				t.Errorf("an unknown identity: %v", err)
			}
		})
	}
}
