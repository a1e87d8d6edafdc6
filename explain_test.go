//go:build !js

package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestRetypedLinesBindTheSame takes the lines that explain prints, for bash and for
// PowerShell, and binds them again.
func TestRetypedLinesBindTheSame(t *testing.T) {
	for _, c := range recordedCases(t) {
		v, p, err := bindLine(c.Line)
		if err != nil || c.Kind == "typed" {
			continue
		}
		e := explanation{verb: v, params: p}
		known := strings.NewReplacer("APPID", "8886ad7b-1795-4542-9808-c85859d97f23", "$cert", "app.pem").Replace(e.inBash())
		bash := shellWords(known, nil)
		if again, err := bind(v.parameters(), bash[1:]); !sameBinding(p, again) {
			t.Errorf("%s\nin bash %s\ngives %s %v", c.Line, e.inBash(), explanation{verb: v, params: again}.JSON(), err)
		}
		if _, again, err := bindLine(e.inPowerShell()); !sameBinding(p, again) {
			t.Errorf("%s\nin PowerShell %s\ngives %s %v", c.Line, e.inPowerShell(), explanation{verb: v, params: again}.JSON(), err)
		}
	}
}

// sameBinding compares sets and values; what is not known may differ.
func sameBinding(a, b Params) bool {
	if a.Set != b.Set || !slices.Equal(slices.Sorted(maps.Keys(a.Values)), slices.Sorted(maps.Keys(b.Values))) {
		return false
	}
	for name, value := range a.Values {
		text, again := showBound(value.Value), showBound(b.Values[name].Value)
		switch value.Value.(type) {
		case Secret, credential:
			continue
		case []string: // a comma in an item cuts it before it is sent anyway
			text, again = strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(again, " ", "")
		}
		if !isUnknown(text) && text != again {
			return false
		}
	}
	return true
}

// TestExplainShowsNoSecret holds that a Secret is a place: an expression in a line may
// hold the secret itself.
func TestExplainShowsNoSecret(t *testing.T) {
	app := " -Certificate a.pem -ClientId " + someApp + " -TenantId a.b"
	for _, line := range []string{
		`-AccessToken (ConvertTo-SecureString canary -AsPlainText -Force)`,
		`(ConvertTo-SecureString canary -AsPlainText -Force)`,
		`-AccessToken $x.Get("canary")`,
		`-AccessToken:$(echo canary)`,
		`-AccessToken "canary$x"`,
		`-AccessToken canary`,
		`eyJcanary.e30.c2ln`,
		`a,eyJcanary.e30.c2ln`,
		`-AccessToken $x eyJcanary.e30.c2ln`,
		`-AccessToken {canary}`,
		`-AccessToken 'canary'.Trim()`,
		`-ClientSecretCredential ([pscredential]::new("id", (ConvertTo-SecureString canary -AsPlainText)))`,
		`-ClientSecretCredential canary`,
		`-CertificatePassword (ConvertTo-SecureString canary -AsPlainText -Force)` + app,
	} {
		for _, form := range [][]string{{"explain"}, {"explain", "-Json"}} {
			if out := shown(append(form, "Connect-Entra "+line)); strings.Contains(out, "canary") {
				t.Errorf("%s is explained as %s", line, out)
			}
		}
	}
	if out := shown([]string{"explain", "Connect-Entra -AccessToken $tok"}); !strings.Contains(out, "Connect-Entra -AccessToken $tok\n") {
		t.Errorf("a variable's name is lost: %s", out)
	}
}

// TestExplainShowsWhatIsNotKnown holds that no placeholder is shown for a variable or an
// expression.
func TestExplainShowsWhatIsNotKnown(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`-TenantId $t`, "login.microsoftonline.com/$t\n"},
		{`-TenantId (Get-It "x y")`, `login.microsoftonline.com/(Get-It "x`},
		{`-TenantId (Get-It "x y")`, `bash        connect-entra -TenantId "$value"` + "\n"},
		{`-TenantId $env:TENANT`, `bash        connect-entra -TenantId "$TENANT"` + "\n"},
		{`-TenantId $it.Id`, `bash        connect-entra -TenantId "$value"` + "\n"},
		{`-ClientId $app -TenantId a.b`, "client                   $app\n"},
		{`-Scopes $s`, "scopes                   $s\n"},
		{`-Environment $e`, "cloud                    $e, taken for Global here\n"},
	} {
		out := shown([]string{"explain", "Connect-Entra " + c.line})
		if !strings.Contains(out, c.want) || strings.Contains(out, placeholders["TenantId"]) {
			t.Errorf("%s is explained as\n%s", c.line, out)
		}
	}
}

// shown is all that a command prints.
func shown(args []string) string {
	var out strings.Builder
	run(context.Background(), &console{stdout: &out, stderr: &out}, &world{getenv: func(string) string { return "" }}, args)
	return out.String()
}

// TestLineMayEndAsOneDoes holds that a line is a line without a space too, if it ends so.
func TestLineMayEndAsOneDoes(t *testing.T) {
	if out := shown([]string{"explain", "-Json", "Connect-Entra\r\n"}); !strings.Contains(out, `"bound":{}`) {
		t.Errorf("explained as %s", out)
	}
}
