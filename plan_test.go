package main

import (
	"slices"
	"strings"
	"testing"

	"connect-entra/failure"
	"connect-entra/guid"
)

// planOf binds and plans what was typed, with an environment of NAME=VALUE.
func planOf(t *testing.T, args string, env ...string) (Plan, error) {
	t.Helper()
	return planOfArgs(strings.Fields(args), func(name string) string {
		for _, e := range env {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value
			}
		}
		return ""
	})
}

func planOfArgs(args []string, getenv func(string) string) (Plan, error) {
	p, err := bind(parameters, args)
	if err == nil {
		err = p.checkTexts(parameters)
	}
	if err != nil {
		return Plan{}, err
	}
	return newPlan(p, clouds, getenv)
}

const (
	someApp    = "8886ad7b-1795-4542-9808-c85859d97f23"
	someTenant = "d5aec55f-2d12-4442-8d2f-ccca95d4390e"
)

func TestDefaults(t *testing.T) {
	app := "-ClientId " + someApp + " -TenantId " + someTenant + " -Certificate app.pem"
	env := []string{"AZURE_TENANT_ID=" + someTenant, "AZURE_CLIENT_ID=" + someApp, "AZURE_CLIENT_SECRET=practice"}
	for _, c := range []struct {
		typed, authority, client, scopes, context string
		flow                                      flowName
	}{
		{"", "https://login.microsoftonline.com/common", defaultClientID, "User.Read", "CurrentUser", byBrowser},
		{"-UseDeviceCode", "https://login.microsoftonline.com/organizations", defaultClientID, "User.Read", "CurrentUser", byDeviceCode},
		{"-UseDeviceCode -TenantId common", "https://login.microsoftonline.com/common", defaultClientID, "User.Read", "CurrentUser", byDeviceCode},
		{"-Environment USGov", "https://login.microsoftonline.us/common", defaultClientID, "https://graph.microsoft.us/User.Read", "CurrentUser", byBrowser},
		{"-Environment usgovdod -Scopes Mail.Read,mail.read,openid,https://management.azure.com/.default", "https://login.microsoftonline.us/common", defaultClientID,
			"https://dod-graph.microsoft.us/Mail.Read https://management.azure.com/.default", "CurrentUser", byBrowser},
		{app, "https://login.microsoftonline.com/" + someTenant, someApp, "https://graph.microsoft.com/.default", "Process", byCertificate},
		{app + " -ContextScope CurrentUser", "https://login.microsoftonline.com/" + someTenant, someApp, "https://graph.microsoft.com/.default", "CurrentUser", byCertificate},
		{"-Environment China -TenantId contoso.cn -ClientSecretCredential " + someApp + ":env:S", "https://login.chinacloudapi.cn/contoso.cn", someApp, "https://microsoftgraph.chinacloudapi.cn/.default", "Process", bySecret},
		{"-Identity", "https://login.microsoftonline.com/", "", "https://graph.microsoft.com", "Process", byIdentity},
		{"-Identity -ClientId " + someApp + " -Environment USGov", "https://login.microsoftonline.us/", someApp, "https://graph.microsoft.us", "Process", byIdentity},
		{"-AccessToken env:T", "https://login.microsoftonline.com/", "", "", "Process", byToken},
		{"-EnvironmentVariable", "https://login.microsoftonline.com/" + someTenant, someApp, "https://graph.microsoft.com/.default", "Process", bySecret},
	} {
		plan, err := planOf(t, c.typed, env...)
		if err != nil {
			t.Errorf("%s: %v", c.typed, err)
			continue
		}
		if plan.authority() != c.authority || plan.ClientID != c.client || strings.Join(plan.Scopes, " ") != c.scopes || plan.ContextScope != c.context || plan.Flow != c.flow {
			t.Errorf("%s\ngot  %s %s %q %s %s\nwant %s %s %q %s %s", c.typed, plan.authority(), plan.ClientID, plan.Scopes, plan.ContextScope, plan.Flow,
				c.authority, c.client, c.scopes, c.context, c.flow)
		}
	}
}

func TestAuthorityHost(t *testing.T) {
	for host, want := range map[string]string{
		"https://login.microsoftonline.com":     "Global",
		"https://login.microsoftonline.com/":    "Global",
		"login.microsoftonline.us":              "USGov",
		"https://LOGIN.microsoftonline.us":      "USGov",
		"https://login.chinacloudapi.cn":        "China",
		"https://login.sovcloud-identity.fr/":   "BleuCloud",
		"http://login.microsoftonline.com":      "",
		"https://login.microsoftonline.com.x":   "",
		"https://u@login.microsoftonline.com":   "",
		"https://login.microsoftonline.com:444": "",
		"https://login.microsoftonline.com/T":   "",
	} {
		plan, err := planOf(t, "-EnvironmentVariable", "AZURE_TENANT_ID="+someTenant, "AZURE_CLIENT_ID="+someApp, "AZURE_CLIENT_SECRET=practice", "AZURE_AUTHORITY_HOST="+host)
		if got := plan.Environment.Name; err != nil && want != "" || err == nil && got != want {
			t.Errorf("%s is %q (%v), not %q", host, got, err, want)
		}
	}
}

// TestHostileValues holds what could steer a request elsewhere to exit status 2.
func TestHostileValues(t *testing.T) {
	hostile := []string{"a/b", "../x", "a%2fb", "a@b.c", "a?b.c", "a#b.c", `a\b.c`, "a.b:443", "login.microsoftonline.com.", ".a.b", "a..b", "-a.b", "a_b.c",
		"contoso.com/../evil.com", "evil․com", "ｅvil.com", "gööd.com", strings.Repeat("a", 64) + ".com", "{}", "8886ad7b-1795-4542-9808-c85859d97f2", "\u202e.com"}
	for _, value := range hostile {
		for _, typed := range []string{"-TenantId", "-ClientId"} {
			p, err := bind(parameters, []string{typed, value})
			if err != nil {
				t.Fatal(err)
			}
			_, err = newPlan(p, clouds, func(string) string { return "" })
			if err == nil || kindOf(failure.From(err).ID).exit != 2 || !strings.Contains(err.Error(), typed) {
				t.Errorf("%s %q: %v", typed, value, err)
			}
		}
	}
	for _, value := range []string{"a\rb", "a\nb", "a\x00b", "a\tb", "a\u2028b", "a\x7fb", "a\u0085b"} {
		for _, name := range []string{"TenantId", "ClientId", "Environment", "Scopes", "CertificateSubjectName"} {
			args := []string{"-" + name, value}
			if name == "CertificateSubjectName" {
				args = append(args, "-ClientId", someApp, "-TenantId", someTenant)
			}
			_, err := planOfArgs(args, func(string) string { return "" })
			if err == nil || kindOf(failure.From(err).ID).exit != 2 || !strings.Contains(err.Error(), name) && name != "Environment" {
				t.Errorf("-%s %q: %v", name, value, err)
			}
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{someTenant, "contoso.onmicrosoft.com", "a/b", "x@y.z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !guid.Is(value) && !isDomain(value) {
			return
		}
		for _, r := range value {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", r) {
				t.Errorf("%q is taken for a name", value)
			}
		}
	})
}

func TestScopesAreNoted(t *testing.T) {
	plan, err := planOf(t, "-Scopes openid,offline_access,User.Read,user.read")
	if err != nil || !slices.Equal(plan.Scopes, []string{"User.Read"}) || len(plan.notes) != 2 {
		t.Errorf("%q, %q, %v", plan.Scopes, plan.notes, err)
	}
	if plan, err := planOf(t, "-Environment China"); err != nil || len(plan.warnings) != 1 || !strings.Contains(plan.warnings[0], "-ClientId") {
		t.Errorf("China with the default client: %q, %v", plan.warnings, err)
	}
}

// TestHostOf holds what counts as the base URL of a cloud.
func TestHostOf(t *testing.T) {
	for base, want := range map[string]string{
		"https://graph.microsoft.com":      "graph.microsoft.com",
		"HTTPS://Graph.Microsoft.Com/":     "graph.microsoft.com",
		"https://cloud.example:8443":       "cloud.example:8443",
		"":                                 "",
		"graph.microsoft.com":              "",
		"http://graph.microsoft.com":       "",
		"https://u@graph.microsoft.com":    "",
		"https://graph.microsoft.com/v1.0": "",
		"https://graph.microsoft.com//":    "",
		"https://graph.microsoft.com?x":    "",
		"https://graph.microsoft.com#x":    "",
		"https://graph%2emicrosoft.com":    "",
		"https://graph.microsoft.com\n":    "",
		"https:graph.microsoft.com":        "",
		"https://":                         "",
	} {
		if got := hostOf(base); got != want {
			t.Errorf("%q is %q, not %q", base, got, want)
		}
	}
	if (Environment{}).hasGraph("") {
		t.Error("nowhere has a Graph")
	}
}
