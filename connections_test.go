//go:build !js

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connect-entra/claims"
	"connect-entra/sandbox"
	"connect-entra/vault"
)

// desk is one user's host: each typed line is a process of its own to the program.
type desk struct{ *scene }

// newDesk has wilma before it, who consents, and its key in a file.
func newDesk(t testing.TB, apps ...sandbox.App) *desk {
	d := &desk{&scene{
		t:       t,
		env:     map[string]string{vault.KeyFileVariable: testKeyFile(t), "SECRET": testSecret},
		dir:     filepath.Join(t.TempDir(), "state", "connect-entra"),
		mg:      filepath.Join(t.TempDir(), ".mg"),
		entra:   newFakeEntra(append(apps, testApp())...),
		person:  wilma,
		consent: true,
	}}
	d.cloud("Global")
	return d
}

func testKeyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789abcdef"), 3), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	wilma = "wilma@" + sandbox.Domain
	oskar = "oskar@" + sandbox.Domain
	asApp = "-ClientSecretCredential " + testClient + ":env:SECRET -TenantId " + sandbox.Tenant + " -ContextScope CurrentUser"
)

func (d *desk) typed(line string) (stdout, stderr string, status int) {
	d.t.Helper()
	return d.run(d.t, "connect-entra "+line)
}

// must types a line that has to end with status, and gives both streams.
func (d *desk) must(status int, line string) (stdout, stderr string) {
	d.t.Helper()
	stdout, stderr, got := d.typed(line)
	if got != status {
		d.t.Fatalf("$ connect-entra %s\nstatus %d, want %d\n%s%s", line, got, status, prefixed("1> ", stdout), prefixed("2> ", stderr))
	}
	return stdout, stderr
}

// token is whom the current connection's token is for.
func (d *desk) token() claims.Claims {
	d.t.Helper()
	out, _ := d.must(0, "token")
	said, ok := claims.Decode(strings.TrimSpace(out))
	if !ok {
		d.t.Fatalf("no token: %q", out)
	}
	return said
}

// grants counts the requests for tokens by their grant_type.
func (d *desk) grants(grant string) int {
	d.entra.mu.Lock()
	defer d.entra.mu.Unlock()
	n := 0
	for _, r := range d.entra.sent {
		if r.Form.Get("grant_type") == grant {
			n++
		}
	}
	return n
}

// saved opens what the desk has saved, without typing anything.
func (d *desk) saved() *connectionStore {
	d.t.Helper()
	con, world := d.system(io.Discard, io.Discard)
	k, err := d.openSaved(con, world, false)
	if err != nil || k == nil {
		d.t.Fatalf("nothing is saved: %v", err)
	}
	return k.(*connectionStore)
}

// expire lets an hour pass for all that is saved.
func (d *desk) expire() {
	d.t.Helper()
	saved := d.saved()
	all, err := saved.list()
	for _, n := range all {
		err = saved.locked(n.ID, func() error {
			c, err := saved.peek(n.ID)
			if err != nil {
				return err
			}
			for key, t := range c.Tokens {
				t.ExpiresOn = time.Now().Add(time.Minute)
				c.Tokens[key] = t
			}
			return saved.write(c)
		})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func TestSignInOnce(t *testing.T) {
	d := newDesk(t)
	_, stderr := d.must(0, "-NoWelcome")
	if !strings.Contains(stderr, "It is kept for this user's other processes, sealed; the key is in the key file ") {
		t.Errorf("it should say where it is saved:\n%s", stderr)
	}
	for range 3 {
		if c := d.token(); c.Account != wilma {
			t.Errorf("the token is %s's", c.Account)
		}
	}
	if _, stderr := d.must(0, ""); !strings.Contains(stderr, "Nobody was asked") || !strings.Contains(stderr, "Connected as "+wilma+" in "+sandbox.Tenant+" (Global), until ") {
		t.Errorf("silent connect:\n%s", stderr)
	}
	out, _ := d.must(0, "context")
	if !strings.Contains(out, "Account                : "+wilma+"\n") || !strings.Contains(out, "ContextScope           : CurrentUser\n") {
		t.Errorf("context:\n%s", out)
	}
	if n := d.grants("authorization_code"); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
	d.must(0, "-Force")
	d.must(0, "-Scopes User.Read,Mail.Read")
	if n := d.grants("authorization_code"); n != 3 {
		t.Errorf("%d sign-ins: -Force and a new scope each make one", n)
	}
	d.must(0, "-Scopes mail.read")
	if n := d.grants("authorization_code"); n != 3 {
		t.Errorf("%d sign-ins: the scope had been granted", n)
	}
	if n := d.grants("refresh_token"); n != 0 {
		t.Errorf("%d renewals, and every token was good", n)
	}
}

func TestRenewal(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	d.expire()
	d.token()
	d.token()
	if n := d.grants("refresh_token"); n != 1 {
		t.Errorf("%d renewals", n)
	}
	saved := d.saved()
	if all, _ := saved.list(); len(all) != 1 {
		t.Errorf("%d connections", len(all))
	} else if c, err := saved.load(all[0].ID); err != nil || len(c.Tokens) != 1 || bytes.Contains(c.MSAL, []byte("AccessToken")) {
		t.Errorf("expired tokens are saved: %d, %v", len(c.Tokens), err)
	}
	d.expire()
	d.entra.fails(fault{match: "/token", times: 2, status: 400, body: `{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity."}`})
	if _, stderr := d.must(4, "token"); !strings.Contains(stderr, "[sign-in-needed]") || !strings.Contains(stderr, "try: connect-entra\n") || !strings.Contains(stderr, "AADSTS700082") {
		t.Errorf("%s", stderr)
	}
	d.person = oskar // somebody else may sign in then
	if _, stderr := d.must(0, ""); !strings.Contains(stderr, "no longer signs in by itself") || d.grants("authorization_code") != 2 || d.token().Account != oskar {
		t.Errorf("%s", stderr)
	}
}

// TestNoTokenIsNoSuccess has a run end just as a token is to be renewed: what comes then is
// an error, never an empty token, and the next one can be renewed.
func TestNoTokenIsNoSuccess(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	d.expire()
	c, err := d.saved().open(0)
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if token, err := c.source(ended, Ask{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that has ended gets a token of %d characters: %v", len(token.access.reveal()), err)
	}
	if token, err := d.saved().open(0); err != nil {
		t.Error(err)
	} else if got, err := token.source(t.Context(), Ask{}); err != nil || got.Claims.Account != wilma {
		t.Errorf("and then: %v", err)
	}
}

// TestSourcesRenewAtTheSameTime has two connections of one process renew side by side: what
// MSAL remembers of one must not get into the other (the race detector sees to it).
func TestSourcesRenewAtTheSameTime(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	d.person = oskar
	d.must(0, "-Force")
	d.expire()
	d.entra.fails(fault{match: "/token", delay: 50 * time.Millisecond}) // while the other asks too
	saved := d.saved()
	all, records, err := saved.ofKind("")
	if err != nil || len(all) != 2 {
		t.Fatal(len(all), err)
	}
	var both sync.WaitGroup
	for _, c := range all {
		from := saved.connection(records[c.ID], records[c.ID].Plan).source
		both.Go(func() {
			if token, err := from(t.Context(), Ask{}); err != nil || token.Claims.Account != c.Account {
				t.Errorf("%s has a token of %s: %v", c.Account, token.Claims.Account, err)
			}
		})
	}
	both.Wait()
	for _, c := range all {
		r, err := saved.load(c.ID)
		if err != nil || !bytes.Contains(r.MSAL, []byte(c.Account)) || len(r.Tokens) != 1 {
			t.Errorf("of %s %d tokens and this are saved: %v\n%s", c.Account, len(r.Tokens), err, r.MSAL)
		}
	}
	if n := d.grants("refresh_token"); n != 2 {
		t.Errorf("%d renewals", n)
	}
}

func TestApplicationsPresentTheirCredential(t *testing.T) {
	d := newDesk(t)
	d.must(0, asApp)
	d.must(0, asApp)
	if n := d.grants("client_credentials"); n != 2 {
		t.Errorf("%d requests for two connects", n)
	}
	if d.token(); d.grants("client_credentials") != 2 {
		t.Error("token asked Entra")
	}
	d.env["SECRET"] = "wrong"
	d.must(5, asApp)
	d.env["SECRET"] = testSecret
	d.expire()
	if d.token(); d.grants("client_credentials") != 4 {
		t.Errorf("%d requests after a renewal", d.grants("client_credentials"))
	}
	delete(d.env, "SECRET")
	quote := hostShell().quote
	d.token()
	d.expire()
	if _, stderr := d.must(4, "token"); !strings.Contains(stderr, "try: connect-entra -ClientSecretCredential "+quote(testClient+":env:SECRET")+" -TenantId "+quote(sandbox.Tenant)+" -ContextScope CurrentUser\n") {
		t.Errorf("%s", stderr)
	}
	d.stdin = testSecret + "\n"
	d.must(0, "-ClientSecretCredential "+testClient+":- -TenantId "+sandbox.Tenant+" -ContextScope CurrentUser")
	d.expire()
	if _, stderr := d.must(4, "token"); !strings.Contains(stderr, "needs a secret that was typed") {
		t.Errorf("%s", stderr)
	}
}

// TestSecretFileIsFoundFromElsewhere connects with a relative name and goes elsewhere.
func TestSecretFileIsFoundFromElsewhere(t *testing.T) {
	d := newDesk(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("secret.txt", []byte(testSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.must(0, strings.Replace(asApp, "env:SECRET", "@secret.txt", 1))
	d.expire()
	t.Chdir(t.TempDir())
	d.token()
}

func TestProcessScopeLeavesNothing(t *testing.T) {
	d := newDesk(t)
	d.must(0, strings.TrimSuffix(asApp, " -ContextScope CurrentUser"))
	d.must(0, "token -ContextScope CurrentUser")
	d.must(0, "-ContextScope Process")
	if _, err := os.Stat(d.dir); !os.IsNotExist(err) {
		t.Errorf("something was saved: %v", err)
	}
	d.must(4, "token")
}

// TestNeverTheWrongOne mixes people, clients and clouds, and asks who is who.
func TestNeverTheWrongOne(t *testing.T) {
	public := sandbox.App{ClientID: "00000000-0000-4000-8000-0000000000c9", Name: "Another", Public: true}
	d := newDesk(t, public)
	people, cloudNames, clients := []string{wilma, oskar}, []string{"Global", "USGov"}, []string{defaultClientID, public.ClientID}
	for round := range 104 {
		e, _ := findEnvironment(clouds, cloudNames[round%2])
		client, person := clients[round/2%2], people[round/4%2]
		d.person = person
		d.cloud(e.Name)
		if round < 8 {
			d.must(0, fmt.Sprintf("-Environment %s -ClientId %s -Force", e.Name, client))
		} else {
			d.must(0, "context use "+d.named(e.Name, client, person))
		}
		if c := d.token(); c.Account != person || c.AppID != client || c.TenantID != sandbox.Tenant || c.Audience != e.GraphEndpoint {
			t.Errorf("asked %s %s %s, got %s %s %s", e.GraphEndpoint, client, person, c.Audience, c.AppID, c.Account)
		}
		if round%16 == 15 {
			d.expire()
		}
	}
	if n := d.grants("authorization_code"); n != 8 {
		t.Errorf("%d sign-ins for eight identities", n)
	}
}

// named is what that connection is called.
func (d *desk) named(cloud, client, person string) string {
	d.t.Helper()
	all, err := d.saved().list()
	for _, n := range all {
		if n.Environment == cloud && n.ClientID == client && n.Account == person {
			return n.Name
		}
	}
	d.t.Fatalf("%s by %s in %s is not saved: %v", person, client, cloud, err)
	return ""
}

// TestWhichTenantsFit: the saved one was made with tenant, and is of sandbox.Tenant.
func TestWhichTenantsFit(t *testing.T) {
	for _, c := range []struct {
		tenant string // of the saved plan
		line   string
		fits   bool
	}{
		{"common", "", true},
		{"common", "-UseDeviceCode", true},
		{"organizations", "", true},
		{"common", "-TenantId " + strings.ToUpper(sandbox.Tenant), true},
		{"common", "-TenantId common", true},
		{"organizations", "-TenantId common", false},
		{"common", "-TenantId " + sandbox.Domain, false},
		{sandbox.Domain, "-TenantId " + sandbox.Domain, true},
		{sandbox.Domain, "", false},
		{sandbox.Tenant, "", false},
		{sandbox.Tenant, "-TenantId contoso.com", false},
	} {
		p, err := bind(parameters, strings.Fields(c.line))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := newPlan(p, clouds, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		r := &connectionRecord{Context: AuthContext{TenantID: sandbox.Tenant}, Plan: Plan{Tenant: c.tenant}}
		if r.fits(plan) != c.fits {
			t.Errorf("made with %s, then typed %q: %v", c.tenant, c.line, !c.fits)
		}
	}
}

// TestSeveralAccountsFit signs in twice by the same line, as two people would.
func TestSeveralAccountsFit(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	d.person = oskar
	d.must(0, "-Force")
	_, stderr := d.must(4, "")
	if !strings.Contains(stderr, "Several kept accounts fit") || !strings.Contains(stderr, wilma+"@"+sandbox.Tenant+"/Global") || !strings.Contains(stderr, oskar+"@") {
		t.Errorf("%s", stderr)
	}
	d.terminal, d.stdin = true, "2\n"
	if _, stderr := d.must(0, ""); !strings.Contains(stderr, "Which one? 1 to 2") || d.token().Account != wilma {
		t.Errorf("%s", stderr)
	}
	d.terminal, d.stdin = true, "\n"
	before := d.grants("authorization_code")
	d.must(0, "")
	if d.grants("authorization_code") != before+1 {
		t.Error("Enter signs in anew")
	}
}

func TestUseAndDisconnect(t *testing.T) {
	d := newDesk(t)
	if _, stderr := d.must(0, "disconnect"); stderr != "No application to sign out from.\n" {
		t.Errorf("%q", stderr)
	}
	d.must(0, "")
	d.person = oskar
	d.must(0, "-Force")
	d.must(0, asApp)
	out, _ := d.must(0, "context -List")
	for _, want := range []string{"* app@" + sandbox.Tenant + "/Global ", "  " + wilma + "@" + sandbox.Tenant + "/Global ", "  " + oskar + "@"} {
		if !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
	d.must(0, "context use wilma@")
	if c := d.token(); c.Account != wilma {
		t.Errorf("current is %s", c.Account)
	}
	d.must(2, "context use nobody")
	out, stderr := d.must(0, "disconnect")
	if !strings.Contains(out, "Account                : "+wilma+"\n") || !strings.Contains(stderr, "stay valid until") {
		t.Errorf("%s%s", out, stderr)
	}
	d.must(4, "token")
	d.must(0, "context use oskar")
	d.must(0, "disconnect app@")
	d.token()
	d.must(0, "disconnect -All")
	d.must(4, "token")
	names, _ := filepath.Glob(d.dir + "/*")
	for _, name := range names {
		if !strings.HasSuffix(name, ".lock") {
			t.Errorf("%s is left", name)
		}
	}
}

// TestDisconnectLeavesWhatCameBetween: while one process disconnects, another may have
// made another connection current, or the same one anew.
func TestDisconnectLeavesWhatCameBetween(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	saved := d.saved()
	mine, err := saved.current()
	if err != nil {
		t.Fatal(err)
	}
	if err := saved.unselect("another"); err != nil {
		t.Error(err)
	}
	if err := saved.unselect(mine); err != nil {
		t.Error(err)
	}
	d.token()
	if err := saved.remove(mine); err != nil {
		t.Fatal(err)
	}
	if err := saved.unselect(mine); err != nil {
		t.Error(err)
	}
	if now, err := saved.current(); now != "" || err != nil {
		t.Errorf("%q, %v", now, err)
	}
}

// TestNamesAreUnique gives three connections of one application the same short name.
func TestNamesAreUnique(t *testing.T) {
	c := AuthContext{TenantID: "t", Environment: "Global", ClientID: "c", TokenCredentialType: "ClientSecret"}
	certificate, other := c, c
	certificate.TokenCredentialType, other.ClientID = "ClientCertificate", "d"
	all := []savedConnection{{AuthContext: c}, {AuthContext: certificate}, {AuthContext: other}, {AuthContext: AuthContext{Account: "a@b", TenantID: "t", Environment: "Global"}}}
	nameAll(all)
	var got []string
	for _, n := range all {
		got = append(got, n.Name)
	}
	if want := "[app+c+ClientSecret@t/Global app+c+ClientCertificate@t/Global app+d@t/Global a@b@t/Global]"; fmt.Sprint(got) != want {
		t.Errorf("%s", got)
	}
}

// TestFailedConnectChangesNothing: the reference forgets the connection it had.
func TestFailedConnectChangesNothing(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	d.env["SECRET"] = "wrong"
	before := snapshot(t, d.dir)
	d.must(5, asApp)
	d.person, d.consent = oskar, false
	d.must(3, "-Force")
	if d.token().Account != wilma || snapshot(t, d.dir) != before {
		t.Error("a failed connect changed what was saved")
	}
}

// TestDamage does to the file of the current connection what disks and people do.
func TestDamage(t *testing.T) {
	for what, harm := range map[string]func(path string, data []byte) error{
		"empty": func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"cut":   func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)/2], 0o600) },
		"random": func(path string, _ []byte) error {
			return os.WriteFile(path, bytes.Repeat([]byte{7, 0xaa}, 1000), 0o600)
		},
		"huge":    func(path string, _ []byte) error { return os.Truncate(path, 100<<20) },
		"foreign": func(path string, _ []byte) error { return os.WriteFile(path, []byte(`{"AccessToken":{}}`), 0o600) },
		"folder": func(path string, _ []byte) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, "in it"), nil, 0o600))
		},
		"exchanged": func(path string, _ []byte) error { return os.Rename(filepath.Dir(path)+"/current.sealed", path) },
	} {
		t.Run(what, func(t *testing.T) {
			d := newDesk(t)
			d.must(0, "")
			current := filepath.Join(d.dir, currentID+".sealed")
			pointer, _ := os.ReadFile(current)
			files, _ := filepath.Glob(d.dir + "/*-*.sealed")
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := harm(files[0], data); err != nil {
				t.Fatal(err)
			}
			os.WriteFile(current, pointer, 0o600)
			if _, stderr := d.must(4, "token"); !strings.Contains(stderr, "could not be read: ") || !strings.Contains(stderr, "set aside as ") {
				t.Errorf("%s", stderr)
			}
			if _, stderr := d.must(4, "token"); strings.Contains(stderr, "set aside") {
				t.Errorf("said twice:\n%s", stderr)
			}
			d.must(0, "")
			d.token()
		})
	}
}

// TestDamageOfWhichIsCurrent: only which one was current is forgotten.
func TestDamageOfWhichIsCurrent(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	if err := os.WriteFile(filepath.Join(d.dir, currentID+".sealed"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr := d.must(4, "token"); !strings.Contains(stderr, "could not be read: ") || !strings.Contains(stderr, "set aside as ") {
		t.Errorf("%s", stderr)
	}
	d.must(0, "context use "+wilma)
	d.token()
}

// TestUnreachableKeyLeavesFilesAlone: without its key file, a connection waits for it.
func TestUnreachableKeyLeavesFilesAlone(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	key := d.env[vault.KeyFileVariable]
	before := snapshot(t, d.dir)
	d.env[vault.KeyFileVariable] = filepath.Join(t.TempDir(), "absent")
	requests := d.grants("authorization_code")
	d.must(8, "token")
	_, stderr := d.must(8, "-Force")
	if !strings.Contains(stderr, "-ContextScope Process") || d.grants("authorization_code") != requests {
		t.Errorf("nothing should be sent:\n%s", stderr)
	}
	if after := snapshot(t, d.dir); after != before {
		t.Errorf("files changed:\n%s\n%s", before, after)
	}
	d.env[vault.KeyFileVariable] = key
	d.token()
}

// TestOneUnreadableFile leaves the others usable, and can be disconnected.
func TestOneUnreadableFile(t *testing.T) {
	d := newDesk(t)
	d.must(0, asApp)
	files, _ := filepath.Glob(d.dir + "/*-*.sealed")
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	line, body, _ := bytes.Cut(data, []byte("\n"))
	first := strings.Replace(string(line[:len(line)-8]), " 1 ", " 2 ", 1) // a checksum follows
	newer := fmt.Sprintf("%s%08x", first, crc32.ChecksumIEEE([]byte(first)))
	d.must(0, "")
	if err := os.WriteFile(files[0], append([]byte(newer+"\n"), body...), 0o600); err != nil {
		t.Fatal(err)
	}
	name := "unreadable-" + strings.TrimSuffix(filepath.Base(files[0]), ".sealed")
	if out, _ := d.must(0, "context -List"); !strings.Contains(out, name) || !strings.Contains(out, "* "+wilma) {
		t.Errorf("%s", out)
	}
	d.token()
	if _, stderr := d.must(8, "context use "+name); !strings.Contains(stderr, "newer connect-entra") {
		t.Errorf("%s", stderr)
	}
	if _, stderr := d.must(8, asApp); !strings.Contains(stderr, "newer connect-entra") {
		t.Errorf("%s", stderr)
	}
	d.must(0, "disconnect "+name)
	d.must(0, asApp)
}

func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	names, _ := filepath.Glob(dir + "/*.sealed*")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, name, hash(string(data)))
	}
	return b.String()
}

// TestNothingReadable looks for tokens in all that is on disk.
func TestNothingReadable(t *testing.T) {
	d := newDesk(t)
	d.must(0, "")
	d.token()
	names, _ := filepath.Glob(d.dir + "/*")
	for _, name := range names {
		data, _ := os.ReadFile(name)
		for _, secret := range []string{"eyJ", "wilma", "practice", testSecret, sandbox.Tenant} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
}

// testServer names the variable that makes the test binary the program itself, with the
// server at that address for Entra; testLines holds what it is to run, line by line.
const (
	testServer = "CONNECT_ENTRA_TEST_SERVER"
	testLines  = "CONNECT_ENTRA_TEST_LINES"
)

// typedElsewhere is a process of its own; it gives the first status that is not 0.
func typedElsewhere(server string) int {
	for line := range strings.Lines(os.Getenv(testLines)) {
		con, world := newConsole(), newWorld(make(chan os.Signal, 1))
		world.releaseSignals = func() {}
		world.openURL = func(_ context.Context, address string) error {
			_, err := http.Post(server+"/open", "text/plain", strings.NewReader(address))
			return err
		}
		world.internet = toServer(strings.TrimPrefix(server, "http://"))
		if id, ok := strings.CutPrefix(line, "hold "); ok {
			k, _ := openSaved(con, world, false)
			k.(*connectionStore).vault.Lock(context.Background(), id)
			select {}
		}
		if status := run(context.Background(), con, world, strings.Fields(line)); status != 0 {
			return status
		}
	}
	return 0
}

type toServer string

func (s toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", string(s)
	return http.DefaultTransport.RoundTrip(r)
}

// TestOldFiles reads what each version of the format held; vault's test of that name opens
// the files.
func TestOldFiles(t *testing.T) {
	files, err := filepath.Glob("vault/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("none: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := &connectionRecord{}
		if err := json.Unmarshal(text, c); err != nil || c.Context.Account != "user@contoso.com" || c.Plan.Tenant != "contoso.com" || c.Plan.Secret.source != "env:SECRET" || len(c.Tokens) != 1 || len(c.MSAL) == 0 {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}
