package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
)

// practiceToken is an unsigned JWT with those claims: enough for what is only shown.
func practiceToken(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + encode([]byte(claims)) + "." + strings.Repeat("A", 86)
}

func TestProvidedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Unix()
		lives := func(seconds int64) string {
			return practiceToken(fmt.Sprintf(`{"aud":"https://graph.microsoft.com","exp":%d}`, now+seconds))
		}
		for _, c := range []struct{ name, token, id string }{
			{"an hour left", lives(3600), ""},
			{"just over five minutes", lives(301), ""},
			{"five minutes", lives(300), "token-expired"},
			{"expired", lives(-1), "token-expired"},
			{"no expiry", practiceToken(`{"aud":"x","padding":"` + strings.Repeat("x", 80) + `"}`), ""},
			{"opaque", strings.Repeat("opaque", 20), ""},
			{"empty", "", "bad-token"},
			{"short", "opaque", "bad-token"},
			{"white space", strings.Repeat("opaque ", 20), "bad-token"},
			{"three parts that are none", strings.Repeat("a", 50) + "." + strings.Repeat("b", 50) + "." + strings.Repeat("c", 50), "bad-token"},
			{"a part missing", strings.TrimSuffix(lives(3600), "."+strings.Repeat("A", 86)) + strings.Repeat("A", 86), "bad-token"},
			{"a payload that is no object", practiceToken(strings.Repeat(" ", 100) + `[]`), "bad-token"},
		} {
			_, err := checkProvided(c.token)
			got := ""
			if err != nil {
				got = failure.From(err).ID
			}
			if got != c.id {
				t.Errorf("%s: %q (%v), not %q", c.name, got, err, c.id)
			}
		}
	})
}

func TestFormatJSON(t *testing.T) {
	value := AuthContext{ClientID: "<a&b>\u2028\xff", Scopes: []string{"x", "y"}}
	want := `{"ClientId":"<a&b>\u2028\ufffd","TenantId":"","Scopes":["x","y"],"AuthType":"","TokenCredentialType":"","CertificateThumbprint":"",` +
		`"CertificateSubjectName":"","SendCertificateChain":"","Account":"","AppName":"","ContextScope":"","Certificate":"","PSHostVersion":"",` +
		`"ManagedIdentityId":"","ClientSecret":"","Environment":""}` + "\n"
	if got := formatJSON(value, ""); got != want {
		t.Errorf("it is\n%s\nand should be\n%s", got, want)
	}
	if got := formatJSON([]Environment{}, "  ") + connectionsJSON(nil) + connectionsJSON([]savedConnection{{}}); !strings.HasPrefix(got, "[]\n[]\n[\n  {\n    \"Name\": \"\",\n") || !strings.Contains(got, `"Scopes": [],`) {
		t.Error(got)
	}
}

// TestDefaultClientHasAName: claims knows applications by their own IDs, the plan's among
// them.
func TestDefaultClientHasAName(t *testing.T) {
	r := claims.Read(practiceToken(`{"appid":"`+defaultClientID+`"}`), func(string) string { return "" })
	if want := "Microsoft Graph Command Line Tools (" + defaultClientID + ")"; r.App != want {
		t.Errorf("it is called %q, not %q", r.App, want)
	}
}

func TestTokensStayUnseen(t *testing.T) {
	token := Token{access: hide("canary")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, token); strings.Contains(text, "canary") || strings.Contains(text, fmt.Sprintf("%x", "canary")) {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
