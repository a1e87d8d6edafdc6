package claims

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// unsigned is a token that says claims, with a signature that is none.
func unsigned(claims map[string]any) string {
	data, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return token(string(data))
}

// token is the same of claims as they are written, which may be no JSON.
func token(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode([]byte(claims)) + "." + strings.Repeat("A", 86)
}

// practiceCloud is the one cloud of these tests.
func practiceCloud(audience string) string {
	if strings.TrimSuffix(audience, "/") == "https://graph.microsoft.us" {
		return "USGov"
	}
	return ""
}

func TestReadDelegated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Read(unsigned(map[string]any{
			"aud": "https://graph.microsoft.us/", "iat": 946684800, "nbf": 946684800, "exp": 946688400,
			"appid": "14d82eec-204b-4c2f-b7e8-296a70dab67e", "appidacr": "0", "tid": "5a17b0c5-0000-4000-8000-000000000001",
			"upn": "ada@example.com", "name": "Ada Example", "scp": "User.Read Tape.Read.All",
			"amr": []string{"pwd", "mfa"}, "zz_own": map[string]any{"a": 1}, "cnf": map[string]any{"kid": "k"},
		}), practiceCloud)
		equal(t, "cloud", r.Cloud, "USGov")
		equal(t, "audience", r.Audience, "Microsoft Graph in the cloud USGov")
		equal(t, "who", r.Who, "Ada Example (ada@example.com)")
		equal(t, "app", r.App, "Microsoft Graph Command Line Tools (14d82eec-204b-4c2f-b7e8-296a70dab67e)")
		equal(t, "tenant", r.Tenant, "5a17b0c5-0000-4000-8000-000000000001")
		if r.AppOnly || !r.Graph || r.Opaque || !strings.HasPrefix(r.Access, "Delegated:") {
			t.Errorf("%+v", r)
		}
		if r.IssuedAt != 946684800 || r.NotBefore != 946684800 || r.ExpiresOn != 946688400 {
			t.Error(r.IssuedAt, r.NotBefore, r.ExpiresOn)
		}
		equal(t, "scopes", show(r.Permissions), strings.Join([]string{
			"User.Read==Sign the person in and read their own profile.",
			"Tape.Read.All==Read tape, throughout the organization. (Read from its name.)",
		}, "\n"))
		claims := show(r.Claims)
		for _, line := range []string{
			"exp=946688400 (" + ShowTime(time.Unix(946688400, 0)) + ")=until when it is good",
			"amr=pwd (a password), mfa (more than one factor)=how the person signed in",
			"appidacr=0 (not at all: a public client, such as a command line tool)=how the application proved itself",
			`zz_own={"a":1}=`,
		} {
			if !strings.Contains(claims, line) {
				t.Errorf("no %q in\n%s", line, claims)
			}
		}
		if !strings.HasPrefix(claims, "aud=") || !strings.HasSuffix(claims, `zz_own={"a":1}=`) {
			t.Errorf("claims are not in the order of the table:\n%s", claims)
		}
		if len(r.Notes) != 2 || !strings.Contains(r.Notes[0], "signature was not checked") || !strings.Contains(r.Notes[1], "bound to a key") {
			t.Errorf("%q", r.Notes)
		}
	})
}

func TestReadAppOnly(t *testing.T) {
	r := Read(unsigned(map[string]any{
		"aud": GraphAppID, "appid": "5a17b0c5-0000-4000-8000-0000000000a1", "app_displayname": "practice-host",
		"idtyp": "app", "roles": []string{"Mail.Send"}, "name": "not shown",
	}), practiceCloud)
	equal(t, "cloud", r.Cloud, "")
	equal(t, "audience", r.Audience, "Microsoft Graph, in a cloud that the token does not name")
	equal(t, "who", r.Who, "Nobody: the application acts for itself.")
	equal(t, "app", r.App, "practice-host (5a17b0c5-0000-4000-8000-0000000000a1)")
	if !r.AppOnly || !r.Graph || !strings.HasPrefix(r.Access, "App-only:") {
		t.Errorf("%+v", r)
	}
}

func TestReadNamesOtherAudiences(t *testing.T) {
	for _, c := range []struct {
		claims map[string]any
		want   string
	}{
		{map[string]any{"aud": "https://management.azure.com/", "scp": "x"}, "Azure Resource Manager (https://management.azure.com/). Microsoft Graph will refuse it."},
		{map[string]any{"aud": "https://contoso.sharepoint.com", "scp": "x"}, "SharePoint (https://contoso.sharepoint.com). Microsoft Graph will refuse it."},
		{map[string]any{"aud": "api://own", "scp": "x"}, "api://own, an API other than Microsoft Graph, which will refuse it."},
		{map[string]any{"aud": "https://graph.microsoft.com.example.com", "scp": "x"}, "https://graph.microsoft.com.example.com, an API other than Microsoft Graph, which will refuse it."},
		{map[string]any{"aud": "own-app", "nonce": "n"}, "own-app. This looks like an ID token, which tells an application who signed in. It opens no API."},
		{map[string]any{"scp": "x"}, "It does not say. Microsoft Graph will refuse it."},
		{map[string]any{"aud": []string{"a", "b"}, "scp": "x"}, "It does not say. Microsoft Graph will refuse it."},
	} {
		r := Read(unsigned(c.claims), practiceCloud)
		equal(t, "audience", r.Audience, c.want)
		if r.Graph || r.Cloud != "" {
			t.Errorf("%v is taken for Graph's", c.claims)
		}
	}
}

func TestReadOpaque(t *testing.T) {
	for _, token := range []string{"", "EwBwA8l6BAAU", "a.b.c", "..", strings.Repeat(".", 1000), "eyJhbGciOiJub25lIn0.bnVsbA.AAAA"} {
		if r := Read(token, practiceCloud); !r.Opaque || len(r.Notes) != 1 || r.Claims != nil {
			t.Errorf("%q: %+v", token, r)
		}
	}
}

func TestClaimTablesHaveNoTwins(t *testing.T) {
	seen := map[string]bool{}
	once := func(key string) {
		if seen[key] {
			t.Errorf("%s stands twice", key)
		}
		seen[key] = true
	}
	for _, row := range claimMeanings {
		once(row.name)
	}
	for _, row := range valueMeanings {
		once(row.claim + "=" + row.value)
		if !seen[row.claim] {
			t.Errorf("%s has values with a meaning, and none itself", row.claim)
		}
	}
	for _, row := range knownNames {
		once("id " + row.id)
		if row.id != strings.ToLower(row.id) {
			t.Errorf("%s is never found: it is not in lower case", row.id)
		}
	}
}

func show(facts []Fact) string {
	var lines []string
	for _, f := range facts {
		lines = append(lines, f.Name+"="+f.Value+"="+f.Meaning)
	}
	return strings.Join(lines, "\n")
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n%s\nand should be\n%s", what, got, want)
	}
}
