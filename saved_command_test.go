//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connect-entra/claims"
	"connect-entra/sandbox"
)

// script is a line that has the script as COMMAND; in it, again is the program.
func (d *desk) script(text string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), "script")
	self, err := os.Executable()
	if err == nil {
		err = os.WriteFile(path, []byte(`again() { `+testLines+`="$*" '`+self+"'; }\n"+text), 0o600)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return "-- sh " + path
}

// ran gives what a process wrote, which must end with status.
func (d *desk) ran(cmd *exec.Cmd, status int) (stdout, stderr string) {
	d.t.Helper()
	cmd.Run()
	stdout, stderr = fmt.Sprint(cmd.Stdout), fmt.Sprint(cmd.Stderr)
	if got := cmd.ProcessState.ExitCode(); got != status {
		d.t.Fatalf("status %d, not %d\n%s%s", got, status, prefixed("1> ", stdout), prefixed("2> ", stderr))
	}
	return stdout, stderr
}

// keptWays are a person and an application whose connections are kept, with what a
// command is told: whose it is, and of the application's secret.
var keptWays = map[string]struct{ line, told, grant string }{
	"person":      {"-NoWelcome -Scopes User.Read.All", wilma + testSecret, "refresh_token"},
	"application": {"-NoWelcome " + asApp, "Test app, no secret", "client_credentials"},
}

// TestCommandOnKeptConnection signs in once; a later process has a command with it, whose
// token is renewed before it starts and while it runs.
func TestCommandOnKeptConnection(t *testing.T) {
	needsTool(t, "curl")
	for name, way := range keptWays {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			start := d.processes()
			d.ran(start(way.line), 0)
			d.sent()
			stdout, stderr := d.ran(start(d.script(`echo "$CONNECT_ENTRA_ACCOUNT${SECRET-, no secret}"; again token; again context | grep ^ContextScope; again request /users; exit 42`)), 42)
			lines := splitLines(stdout)
			if len(lines) != 4 || lines[0] != way.told || lines[1]+"\n" != d.first("token") || lines[2] != "ContextScope           : CurrentUser" || !strings.Contains(lines[3], wilma) || stderr != "" {
				t.Errorf("%q\n%s", lines, stderr)
			}
			if sent := d.sent(); len(sent) != 1 || !strings.HasSuffix(sent[0], "/v1.0/users") {
				t.Errorf("sent: %q", sent)
			}
			d.expire()
			renewed, _ := d.ran(start(d.script("again token")), 0)
			if n := d.grants(way.grant); n != 1 || renewed == lines[1]+"\n" || renewed != d.first("token") {
				t.Errorf("%d renewals, %q", n, renewed)
			}

			first, second := d.renewing(start, curl+"; ")
			if n := d.grants(way.grant); n != 2 || first == second || !strings.Contains(second, "access_token") {
				t.Errorf("%d renewals: %s\n%s", n, first, second)
			}

			d.ran(start(d.script("again token -MinLifetime 86400")), 4) // as long as none is
			if n := d.grants(way.grant); n != 3 {
				t.Errorf("-MinLifetime inside a command: %d renewals", n)
			}

			d.entra.fails(fault{match: "/token", status: 400, body: `{"error":"invalid_grant","error_description":"AADSTS50173: It was revoked.","error_codes":[50173]}`})
			first, second = d.renewing(start, `curl -s -w '|%{http_code}' -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=`+claims.GraphAppID+`" | tr '\n' ' '; echo; `)
			if !strings.Contains(first, "|200") || !strings.Contains(second, "|401") || !strings.Contains(second, "AADSTS50173: It was revoked.") || strings.Contains(second, "access_token") {
				t.Errorf("revoked: %s\n%s", first, second)
			}
		})
	}
}

// first is what a line typed here prints.
func (d *desk) first(line string) string {
	d.t.Helper()
	stdout, _ := d.must(0, line)
	return stdout
}

// renewing has a command ask twice, with an hour in between.
func (d *desk) renewing(start func(...string) *exec.Cmd, ask string) (first, second string) {
	d.t.Helper()
	goOn, asked := filepath.Join(d.t.TempDir(), "go"), filepath.Join(d.t.TempDir(), "asked")
	cmd := start(d.script(ask + `: >` + asked + `; while [ ! -e ` + goOn + ` ]; do sleep 0.02; done; ` + ask))
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	until(d.t, "the command asks", func() bool { _, err := os.Stat(asked); return err == nil })
	d.expire()
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		d.t.Fatalf("%v\n%s", err, cmd.Stderr)
	}
	lines := splitLines(fmt.Sprint(cmd.Stdout))
	if len(lines) != 2 {
		d.t.Fatalf("%q", lines)
	}
	return lines[0], lines[1]
}

// TestCommandKeepsItsConnection connects and disconnects inside a command, which leaves
// the connection around it as it was, and what else is kept not.
func TestCommandKeepsItsConnection(t *testing.T) {
	d := newDesk(t)
	start := d.processes()
	d.ran(start(keptWays["person"].line), 0)
	const stays = "The connection of the command around stays: leave the command to disconnect it.\n"
	for _, line := range []string{"disconnect", "disconnect " + wilma, "disconnect -All"} {
		d.ran(start(keptWays["application"].line, "context use "+wilma), 0)
		before := d.first("token")
		stdout, stderr := d.ran(start(d.script("again "+line+" >/dev/null; again token")), 0)
		if stdout != before || !strings.HasSuffix(stderr, stays) || d.first("token") != before {
			t.Errorf("%s: %q %q", line, stdout, stderr)
		}
		if all := strings.Contains(line, "All"); strings.Contains(d.first("context -List"), "app@") == all {
			t.Errorf("%s leaves\n%s", line, d.first("context -List"))
		}
	}
	before := d.first("token")
	stdout, _ := d.ran(start(d.script("again "+keptWays["application"].line+"; again token; again disconnect >/dev/null; again token")), 0)
	if stdout != before+before {
		t.Errorf("connected inside: %q, not twice %q", stdout, before)
	}
	if list := d.first("context -List"); strings.Contains(list, "app@") || !strings.Contains(list, wilma) {
		t.Errorf("kept:\n%s", list)
	}
}

// TestCommandHasWhatWasConnected is for another API than Graph, also for a command inside
// the command; and other scopes are only had outside.
func TestCommandHasWhatWasConnected(t *testing.T) {
	lesser := testApp()
	lesser.ClientID, lesser.Roles = "00000000-0000-4000-8000-0000000000c2", []string{"Organization.Read.All"}
	d := newDesk(t, lesser)
	start := d.processes()
	d.ran(start("-NoWelcome -Scopes User.Read"), 0)
	inside := func(status int, line string) string {
		t.Helper()
		stdout, stderr := d.ran(start(d.script("again "+line)), status)
		return stdout + stderr
	}
	if got := inside(0, "token -Scopes user.read"); got != d.first("token") {
		t.Errorf("a scope that was granted: %q", got)
	}
	for line, want := range map[string]string{
		"token -Scopes Mail.Send":       "Only the process around this command can ask for more scopes. [sign-in-needed]",
		"request /me -Scopes Mail.Send": "Only the process around this command can ask for more scopes. [sign-in-needed]",
	} {
		if got := inside(4, line); !strings.Contains(got, want) {
			t.Errorf("%s: %s", line, got)
		}
	}
	challenge := http.Header{"Www-Authenticate": {`Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`}}
	d.entra.fails(fault{match: "/me/challenged", status: 401, header: challenge, body: `{"error":{"code":"InvalidAuthenticationToken"}}`})
	if got := inside(4, "request /me/challenged"); !strings.Contains(got, "[sign-in-needed]") {
		t.Errorf("a claims challenge: %s", got)
	}
	if got := inside(2, "token -Resource https://vault.azure.net"); !strings.Contains(got, "others must be named with -AllowResource. [usage]") {
		t.Errorf("another API: %s", got)
	}
	d.ran(start(strings.ReplaceAll(keptWays["application"].line, testClient, lesser.ClientID)), 0)
	for _, line := range []string{d.script("again request /users"), "request /users"} {
		if _, stderr := d.ran(start(line), 5); !strings.Contains(stderr, "grant the application User.Read.All") {
			t.Errorf("%s, as an application: %s", line, stderr)
		}
	}
	d.must(0, "context use "+wilma)
	if got := inside(5, "request /users"); !strings.Contains(got, "try: connect-entra -Scopes User.Read.All") {
		t.Errorf("refused by Graph: %s", got)
	}
}

// TestStopInsideSource has -WarningAction end the run because a renewed token cannot be
// kept. The token is a good one: a command gets it and goes on, and the run's end says why
// it is none; what would print the token does not.
func TestStopInsideSource(t *testing.T) {
	needsTool(t, "curl")
	const warning = "WARNING: The token was renewed but could not be kept: "
	const stopped = "Connect-Entra: The running command stopped because the preference variable \"WarningPreference\" or common parameter is set to Stop: The token was renewed but could not be kept: "
	for _, action := range []string{"Stop", "Inquire"} { // where nobody can be asked, they are one
		d := newDesk(t)
		start := d.processes()
		d.ran(start(keptWays["application"].line), 0)
		d.expire()
		d.keepsNothing()
		stdout, stderr := d.ran(start("-WarningAction "+action+" "+d.script(curl+"; echo goes on; exit 7")), 125)
		if lines := splitLines(stdout); len(lines) != 2 || !strings.Contains(lines[0], `"access_token"`) || lines[1] != "goes on" {
			t.Errorf("%s: the command got %q", action, lines)
		}
		if lines := splitLines(stderr); len(lines) != 2 || !strings.HasPrefix(lines[0], warning) || !strings.HasPrefix(lines[1], stopped) || !strings.HasSuffix(lines[1], " [stopped]") {
			t.Errorf("%s: %q", action, lines)
		}
		d.sent()
		for _, line := range []string{"token", "token -Json", "request /users", d.script("echo started") + " ", "context"} {
			if stdout, stderr := d.ran(start(line), 0); stdout == "" { // but for the preference
				t.Errorf("%s: nothing\n%s", line, stderr)
			}
		}
		d.sent()
		for _, line := range []string{"token", "token -Json", "request /users"} {
			stdout, stderr := d.ran(start(line+" -WarningAction "+action), 3)
			if stdout != "" || !strings.Contains(stderr, stopped) {
				t.Errorf("%s, %s: %q\n%s", line, action, stdout, stderr)
			}
		}
		stdout, stderr = d.ran(start("-TokenVariable GRAPH -WarningAction "+action+" "+d.script("echo started")), 125)
		if stdout != "" || !strings.Contains(stderr, stopped) {
			t.Errorf("a command that has not begun, %s: %q\n%s", action, stdout, stderr)
		}
		for _, sent := range d.sent() {
			if !strings.HasSuffix(sent, "/token") {
				t.Errorf("%s: sent %s", action, sent)
			}
		}
	}
}

// TestStopBeforeSignIn: after a message that ends the run nothing is sent, kept or begun.
func TestStopBeforeSignIn(t *testing.T) {
	d := newDesk(t)
	certificate := writeTestCertificate(t)
	if err := os.Chmod(certificate, 0o644); err != nil {
		t.Fatal(err)
	}
	byCertificate := "-ClientId " + testClient + " -TenantId " + sandbox.Tenant + " -Certificate " + certificate
	stdout, stderr := d.must(3, byCertificate+" -WarningAction Stop")
	if stdout != "" || len(splitLines(stderr)) != 2 || !strings.Contains(stderr, "chmod 600 it. [stopped]") || len(d.sent()) != 0 {
		t.Errorf("%q\n%s", stdout, stderr)
	}
	d.ran(d.processes()(keptWays["person"].line), 0)
	d.sent()
	if err := os.Chmod(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"disconnect -WarningAction Stop", "token -WarningAction Stop", "-TenantId organizations -WarningAction Stop"} {
		stdout, stderr := d.must(3, line)
		if stdout != "" || !strings.Contains(stderr, "others could open it") || len(d.sent()) != 0 {
			t.Errorf("%s: %q\n%s", line, stdout, stderr)
		}
		if err := os.Chmod(d.dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d.token() // is still there
	start := d.processes()
	d.env["XDG_STATE_HOME"], d.env["HOME"] = "", ""
	d.sent()
	stdout, stderr = d.ran(start("-Force -WarningAction Stop -- echo started"), 125)
	if stdout != "" || !strings.Contains(stderr, "There is no home folder to keep a connection in. [stopped]") || len(d.sent()) != 0 {
		t.Errorf("%q\n%s", stdout, stderr)
	}
}

// TestHaltInsideSource has the person at the terminal say Halt to the same question, or
// Yes.
func TestHaltInsideSource(t *testing.T) {
	for answer, want := range map[string]int{"h\n": 3, "y\n": 0, "a\n": 0, "": 3} {
		d := newDesk(t)
		d.must(0, asApp)
		d.expire()
		d.keepsNothing()
		d.stdin, d.terminal = answer, true
		stdout, stderr := d.must(want, "token -WarningAction Inquire")
		if (stdout == "") != (want != 0) || !strings.Contains(stderr, "[H] Halt Command") {
			t.Errorf("%q: %q\n%s", answer, stdout, stderr)
		}
	}
}

// keepsNothing puts something in the way of what is written for each kept connection.
func (d *desk) keepsNothing() {
	d.t.Helper()
	all, err := d.saved().list()
	for _, n := range all {
		err = os.MkdirAll(filepath.Join(d.dir, n.ID+".sealed"+".tmp", "in the way"), 0o700)
	}
	if err != nil || len(all) == 0 {
		d.t.Fatal(len(all), err)
	}
}
