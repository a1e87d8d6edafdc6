package exchange

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestEchoesAreHidden(t *testing.T) {
	const secret = `s3cr3t~of"the/tests+\ 8f14e45f`
	var r Redactor
	r.Learn(secret)
	reversed := []byte(secret)
	slices.Reverse(reversed)
	echoes := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.ReplaceAll(url.QueryEscape(secret), "%2F", "%2f"), fmt.Sprintf("%q", secret), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("a:" + secret)),
		base64.StdEncoding.EncodeToString([]byte("ab:" + secret)), base64.StdEncoding.EncodeToString([]byte("abc:" + secret)), string(reversed), secret[3:], secret[:len(secret)-3],
	}
	for _, echo := range echoes {
		got := r.Scrub("before " + echo + " after")
		if found := part(got, echoes); found != "" || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "(hidden)") {
			t.Errorf("%q became %q", echo, got)
		}
	}
	for _, text := range []string{"", "nothing of it", secret[:window-1], "AADSTS7000215: Invalid client secret provided."} {
		if got := r.Scrub(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	r.Learn("hunter2")
	if got := r.Scrub("the password hunter2, in base64 aHVudGVyMg"); got != "the password (hidden), in base64 (hidden)" {
		t.Errorf("a short secret: %q", got)
	}
}

// part finds as many characters in a row as are hidden of one of echoes in text.
func part(text string, echoes []string) string {
	for _, echo := range echoes {
		for i := 0; i+window <= len(echo); i++ {
			if strings.Contains(text, echo[i:i+window]) {
				return echo[i : i+window]
			}
		}
	}
	return ""
}

func TestLearnsWhatMayNotBeShown(t *testing.T) {
	r, _ := http.NewRequest(http.MethodPost, "https://login.microsoftonline.com/t/oauth2/v2.0/token?sig=of-the-query-1", nil)
	r.Header.Set("Authorization", "Bearer of-the-header-2")
	r.Header.Set("X-IDENTITY-HEADER", "of-the-identity-3")
	form := url.Values{"client_secret": {"of-the-form-4"}, "client_id": {"an-application-id"}, "anything_new": {"of-a-new-field-5"}}
	var red Redactor
	red.learn(Try{Request: r, Form: form, Response: &http.Response{}, Body: []byte(`{"access_token":"of-the-answer-6","refresh_token":"of-the-answer-7","id_token":"of-the-answer-8","device_code":"of-the-answer-9"}`)})
	for i, text := range []string{"of-the-query-1", "of-the-header-2", "of-the-identity-3", "of-the-form-4", "of-a-new-field-5", "of-the-answer-6", "of-the-answer-7", "of-the-answer-8", "of-the-answer-9"} {
		if got := red.Scrub(text); got != "(hidden)" {
			t.Errorf("%d: %q", i+1, got)
		}
	}
	if got := red.Scrub("an-application-id"); got != "an-application-id" {
		t.Errorf("%q", got)
	}
}

func TestShownListsAreSorted(t *testing.T) {
	if !slices.IsSorted(shownFields) || !slices.IsSorted(shownHeaders) {
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
		var r Redactor
		r.Learn(secret)
		got := r.Scrub(before + secret + after)
		if strings.Contains(got, secret) && !strings.Contains("(hidden)", secret) {
			t.Errorf("%q in %q", secret, got)
		}
	})
}
