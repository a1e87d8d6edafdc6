//go:build !js

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connect-entra/failure"
)

func TestEchoesAreHidden(t *testing.T) {
	const secret = `s3cr3t~of"the/tests+\ 8f14e45f`
	var r redactor
	r.keep(secret)
	reversed := []byte(secret)
	slices.Reverse(reversed)
	for _, echo := range []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.ReplaceAll(url.QueryEscape(secret), "%2F", "%2f"), fmt.Sprintf("%q", secret), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("a:" + secret)),
		base64.StdEncoding.EncodeToString([]byte("ab:" + secret)), base64.StdEncoding.EncodeToString([]byte("abc:" + secret)), string(reversed), secret[3:], secret[:len(secret)-3],
	} {
		got := r.scrub("before " + echo + " after")
		if found := leaked(got, []string{secret}); found != "" || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "(hidden)") {
			t.Errorf("%q became %q", echo, got)
		}
	}
	for _, text := range []string{"", "nothing of it", secret[:window-1], "AADSTS7000215: Invalid client secret provided."} {
		if got := r.scrub(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	r.keep("hunter2")
	if got := r.scrub("the password hunter2, in base64 aHVudGVyMg"); got != "the password (hidden), in base64 (hidden)" {
		t.Errorf("a short secret: %q", got)
	}
}

func TestLearnsWhatMayNotBeShown(t *testing.T) {
	r := formRequest("https://login.microsoftonline.com/t/oauth2/v2.0/token?sig=of-the-query-1", nil)
	r.Header.Set("Authorization", "Bearer of-the-header-2")
	r.Header.Set("X-IDENTITY-HEADER", "of-the-identity-3")
	form := url.Values{"client_secret": {"of-the-form-4"}, "client_id": {"an-application-id"}, "anything_new": {"of-a-new-field-5"}}
	var red redactor
	red.learn(r, form, &answer{Response: &http.Response{}, body: []byte(`{"access_token":"of-the-answer-6","refresh_token":"of-the-answer-7","id_token":"of-the-answer-8","device_code":"of-the-answer-9"}`)})
	for i, text := range []string{"of-the-query-1", "of-the-header-2", "of-the-identity-3", "of-the-form-4", "of-a-new-field-5", "of-the-answer-6", "of-the-answer-7", "of-the-answer-8", "of-the-answer-9"} {
		if got := red.scrub(text); got != "(hidden)" {
			t.Errorf("%d: %q", i+1, got)
		}
	}
	if got := red.scrub("an-application-id"); got != "an-application-id" {
		t.Errorf("%q", got)
	}
}

func TestShownListsAreSorted(t *testing.T) {
	if !slices.IsSorted(shownFields) || !slices.IsSorted(shownHeaders) || !slices.IsSorted(answerKeys) {
		t.Error("a list is not sorted")
	}
	for _, secret := range []string{"client_secret", "client_assertion", "code", "code_verifier", "refresh_token", "device_code", "access_token", "id_token", "assertion", "password", "user_code", "message"} {
		if isShown(secret, shownFields) {
			t.Errorf("%s is shown", secret)
		}
	}
	for _, secret := range []string{"Authorization", "X-IDENTITY-HEADER", "Secret", "Cookie", "Set-Cookie", "Proxy-Authorization"} {
		if isShown(secret, shownHeaders) {
			t.Errorf("%s is shown", secret)
		}
	}
}

// FuzzScrub looks for an echo that gets through.
func FuzzScrub(f *testing.F) {
	f.Add("the secret of the tests", "before ", " after")
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaa", "a", "aa")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < window || len(secret) > 4096 {
			return
		}
		var r redactor
		r.keep(secret)
		got := r.scrub(before + secret + after)
		if strings.Contains(got, secret) && !strings.Contains("(hidden)", secret) {
			t.Errorf("%q in %q", secret, got)
		}
	})
}

// TestForeignTextIsMadeVisible has a token, its certificate's subject and a server's
// refusal say what a terminal would obey, wherever it is shown.
func TestForeignTextIsMadeVisible(t *testing.T) {
	for _, hostile := range []string{"\x1b]0;owned\a\x1b[2J", "\u202egnp.exe", "a\u200bb", "a\r\nConnect-Entra: all is well", "\u009b31m", "\x7f", "\u2028", "\U000e0041"} {
		claims := map[string]any{"exp": 4102444800}
		for _, name := range []string{"aud", "appid", "tid", "upn", "unique_name", "preferred_username", "name", "app_displayname", "scp", "iss", "idtyp", "oid"} {
			claims[name] = hostile
		}
		claims["roles"] = []string{hostile, "a"}
		env := map[string]string{"T": unsigned(claims) + strings.Repeat("A", 80)}
		key := testKey().private
		expired := filepath.Join(t.TempDir(), "x.pem")
		if err := os.WriteFile(expired, pemOf(newTestCertificate(key, hostile, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)), key), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"-AccessToken", "env:T"}, {"-AccessToken", "env:T", "-Debug"}, {"context", "-AccessToken", "env:T"}, {"request", "/me", "-AccessToken", "env:T"},
			{"-ClientId", testClient, "-TenantId", testTenant, "-ContextScope", "Process", "-Certificate", expired},
			{"-ClientSecretCredential", testClient + ":env:T", "-TenantId", testTenant, "-ContextScope", "Process", "-Debug"},
		} {
			var out bytes.Buffer
			refusal := &server{header: http.Header{"Content-Type": {"application/json; " + hostile}, "Retry-After": {hostile}, "Date": {hostile}, "Server": {hostile}}, handle: func(*http.Request, url.Values) (int, string) {
				text, _ := json.Marshal(hostile)
				return 400, fmt.Sprintf(`{"error":%[1]s,"error_description":%[1]s,"suberror":%[1]s,"trace_id":%[1]s,"correlation_id":%[1]s,"timestamp":%[1]s,"error_codes":[1],%[1]s:1}`, text)
			}}
			sys, _ := cutOff(t, env)
			sys.internet, sys.stdout, sys.stderr = refusal, &out, &out
			run(t.Context(), sys, args)
			said := out.String()
			if len(said) == 0 || strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), failure.IsControl) || strings.ContainsAny(said, "\u202e\u200b\u2028\U000e0041") || strings.Contains(said, "\nConnect-Entra: all") {
				t.Errorf("%q: %q", args, said)
			}
		}
	}
}
