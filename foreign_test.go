//go:build !js

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connect-entra/failure"
)

// TestForeignTextIsMadeVisible has a token, its certificate's subject and a server's
// refusal say what a terminal would obey, wherever it is shown.
func TestForeignTextIsMadeVisible(t *testing.T) {
	for _, hostile := range []string{"\x1b]0;owned\a\x1b[2J", "\u202egnp.exe", "a\u200bb", "a\r\nConnect-Entra: all is well", "\u009b31m", "\x7f", "\u2028", "\U000e0041"} {
		claims := map[string]any{"exp": int64(4102444800)}
		for _, name := range []string{"aud", "appid", "tid", "upn", "unique_name", "preferred_username", "name", "app_displayname", "scp", "iss", "idtyp", "oid"} {
			claims[name] = hostile
		}
		claims["roles"] = []string{hostile, "a"}
		env := map[string]string{"T": unsigned(claims) + strings.Repeat("A", 80)}
		key := testKey()
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
			con, world, _ := cutOff(t, env)
			world.internet, con.stdout, con.stderr = refusal, &out, &out
			run(t.Context(), con, world, args)
			said := out.String()
			if len(said) == 0 || strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), failure.IsControl) || strings.ContainsAny(said, "\u202e\u200b\u2028\U000e0041") || strings.Contains(said, "\nConnect-Entra: all") {
				t.Errorf("%q: %q", args, said)
			}
		}
	}
}
