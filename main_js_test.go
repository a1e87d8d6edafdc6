package main

import (
	"strings"
	"syscall/js"
	"testing"
)

func values(in ...any) []js.Value {
	var out []js.Value
	for _, v := range in {
		out = append(out, js.ValueOf(v))
	}
	return out
}

func TestRunInPage(t *testing.T) {
	token := practiceToken(`{"aud":"https://graph.microsoft.us","appid":"` + defaultClientID + `","scp":"User.Read"}`)
	out := js.ValueOf(runInPage(values([]any{"connect", "-AccessToken", "-", "-Environment", "USGov"}, token)))
	stdout := out.Get("stdout").String()
	if out.Get("status").Int() != 0 || !strings.Contains(stdout, "Connected via userprovidedaccesstoken access using "+defaultClientID) {
		t.Errorf("status %d\n%s%s", out.Get("status").Int(), stdout, out.Get("stderr").String())
	}
	out = js.ValueOf(runInPage(values([]any{"connect", "-AccessToken", "-"}, "garbage")))
	if stderr := out.Get("stderr").String(); out.Get("status").Int() != 2 || !strings.Contains(stderr, "[bad-token]") {
		t.Errorf("status %d\n%s", out.Get("status").Int(), stderr)
	}
	out = js.ValueOf(runInPage(values([]any{"connect", "-Identity"}, "")))
	if stderr := out.Get("stderr").String(); out.Get("status").Int() != 2 || !strings.Contains(stderr, "This build cannot sign in by ManagedIdentity.") {
		t.Errorf("status %d\n%s", out.Get("status").Int(), stderr)
	}
}

func TestConnectInPage(t *testing.T) {
	for _, c := range []struct {
		name, token, chosen             string
		cloud, typed, id, account, said string
		status                          int
	}{
		{"its own cloud", practiceToken(`{"aud":"https://graph.microsoft.us","appid":"` + defaultClientID + `","upn":"ada@example.com","scp":"User.Read"}`), "",
			"USGov", "connect-entra -AccessToken - -Environment USGov", "", "ada@example.com", "Connected via userprovidedaccesstoken access using " + defaultClientID, 0},
		{"a chosen cloud that is not its own", practiceToken(`{"aud":"https://graph.microsoft.us"}`), "China",
			"USGov", "connect-entra -AccessToken - -Environment USGov", "", "", "Connected as", 0},
		{"a chosen one", practiceToken(`{"aud":"https://vault.azure.net"}`), "China",
			"China", "connect-entra -AccessToken - -Environment China", "", "", "WARNING: The token is not for Microsoft Graph", 0},
		{"none", practiceToken(`{"aud":"https://vault.azure.net"}`), "", "", "connect-entra -AccessToken -", "", "", "Welcome", 0},
		{"expired", practiceToken(`{"aud":"https://graph.microsoft.com","exp":946688400}`), "",
			"Global", "connect-entra -AccessToken - -Environment Global", "token-expired", "", "[token-expired]\n  try: ", 4},
		{"garbage", "garbage", "", "", "connect-entra -AccessToken -", "bad-token", "", "[bad-token]", 2},
		{"a cloud that is none", strings.Repeat("x", 400), "Mars", "Mars", "connect-entra -AccessToken - -Environment Mars", "unknown-environment", "", "[unknown-environment]", 2},
	} {
		out := js.ValueOf(connectInPage(values(c.token, c.chosen)))
		said := out.Get("stdout").String() + out.Get("stderr").String()
		if out.Get("cloud").String() != c.cloud || out.Get("typed").String() != c.typed || out.Get("id").String() != c.id || out.Get("status").Int() != c.status || !strings.Contains(said, c.said) {
			t.Errorf("%s: %s", c.name, js.Global().Get("JSON").Call("stringify", out))
		}
		// Told once, as the terminal tells it.
		var args []any
		for _, arg := range strings.Fields(c.typed)[1:] {
			args = append(args, arg)
		}
		for _, same := range []string{"status", "stdout", "stderr"} {
			if terminal := js.ValueOf(runInPage(values(args, c.token))); !out.Get(same).Equal(terminal.Get(same)) {
				t.Errorf("%s: %s is %v, in a terminal %v", c.name, same, out.Get(same), terminal.Get(same))
			}
		}
		shown := ""
		if c.status == 0 {
			shown = js.ValueOf(runInPage(values(append(args, "-Json"), c.token))).Get("stdout").String()
		}
		if got := out.Get("context").String(); got != shown || !strings.Contains(got, c.account) {
			t.Errorf("%s: the context is %q, in a terminal %q", c.name, got, shown)
		}
	}
}

func TestReadingInPage(t *testing.T) {
	reading := func(text string) js.Value { return js.ValueOf(connectInPage(values(text, ""))).Get("reading") }
	out := reading(practiceToken(`{"aud":"https://graph.microsoft.com","scp":"User.Read","exp":946688400}`))
	permission := out.Get("permissions").Index(0)
	if out.Get("cloud").String() != "Global" || out.Get("expiresOn").Int() != 946688400 || permission.Get("name").String() != "User.Read" {
		t.Error(js.Global().Get("JSON").Call("stringify", out))
	}
	if out := reading("xxxx"); !out.Get("opaque").Bool() || out.Get("claims").Length() != 0 {
		t.Error(js.Global().Get("JSON").Call("stringify", out))
	}
}

func TestLineInPage(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"Connect-Entra -App 00000000-0000-0000-0000-000000000001 -Scopes a,b", `"set":"UserParameterSet"`},
		{"Connect-Entra -App 00000000-0000-0000-0000-000000000001 -Scopes a,b", `"meaning":"by the prefix -App"`},
		{"Connect-Entra -App 00000000-0000-0000-0000-000000000001 -Scopes a,b", `"bash":"connect-entra -Scopes a,b -ClientId 00000000-0000-0000-0000-000000000001"`},
		{"Connect-Entra -UseDeviceCode", `"value":"https://login.microsoftonline.com/organizations"`},
		{"Connect-Entra -UseDeviceCode", `"share":true`},
		{"Connect-Entra -Cert x", `"problem":"Connect-Entra: Parameter cannot be processed because the parameter name 'Cert' is ambiguous.`},
		{"Connect-Entra -ClientTimeout -1", `"refusal":"Connect-Entra: `},
		{"Connect-Entra -AccessToken hunter2", `"share":false`},
		{"Get-EntraContext -Json", `"verb":"context"`},
		{"Connect-Entra", `"set":"UserParameterSet"`},
	} {
		got := js.Global().Get("JSON").Call("stringify", js.ValueOf(lineInPage(values(c.line)))).String()
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: no %s in\n%s", c.line, c.want, got)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s: the secret is in\n%s", c.line, got)
		}
	}
}

func TestGraphInPage(t *testing.T) {
	for _, c := range []struct {
		status int
		want   string
	}{
		{0, "Connect-Entra: graph.microsoft.com did not answer. [network]"},
		{503, "Connect-Entra: graph.microsoft.com answered 503. [network]"},
	} {
		if got := graphInPage(values("graph.microsoft.com", c.status, "", "")).(string); !strings.HasPrefix(got, c.want) {
			t.Errorf("%d: %s", c.status, got)
		}
	}
}
