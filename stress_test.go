//go:build !js

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connect-entra/sandbox"
	"connect-entra/vault"
)

var long = flag.Bool("long", false, "run the stress tests in full: ten rounds, 1000 kills, 1000 accounts")

// processes serves the desk's Entra to real processes.
func (d *desk) processes() (start func(lines ...string) *exec.Cmd) {
	server := httptest.NewServer(http.HandlerFunc(d.serve))
	d.t.Cleanup(server.Close)
	for _, name := range []string{"XDG_STATE_HOME", "LocalAppData"} {
		d.env[name] = filepath.Dir(d.dir)
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		d.env[name] = filepath.Dir(d.mg)
	}
	return func(lines ...string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = os.Environ()
		for name, value := range d.env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		cmd.Env = append(cmd.Env, testServer+"="+server.URL, testLines+"="+strings.Join(lines, "\n"))
		cmd.Stdout, cmd.Stderr = new(bytes.Buffer), new(bytes.Buffer)
		return cmd
	}
}

// serve is Entra for other processes; at /open it is the person who gets a page to sign
// in at.
func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/open" {
		address, _ := io.ReadAll(r.Body)
		go d.entra.person(d.person, d.consent).Browse(string(address))
		return
	}
	r.URL.Scheme, r.URL.Host, r.RequestURI = "https", r.Host, ""
	answer, err := d.entra.RoundTrip(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

// all runs n processes at once, and fails for each that does not end with 0.
func (d *desk) all(n int, cmd func(i int) *exec.Cmd) []*exec.Cmd {
	d.t.Helper()
	var wait sync.WaitGroup
	cmds := make([]*exec.Cmd, n)
	for i := range cmds {
		cmds[i] = cmd(i)
		wait.Go(func() {
			if err := cmds[i].Run(); err != nil {
				d.t.Errorf("process %d: %v\n%s", i, err, cmds[i].Stderr)
			}
		})
	}
	wait.Wait()
	return cmds
}

func rounds(short, all int) int {
	if *long {
		return all
	}
	return short
}

// TestManyProcessesManyAccounts: 50 processes sign in 20 times each to 50 accounts.
func TestManyProcessesManyAccounts(t *testing.T) {
	const processes, signIns, accounts = 50, 20, 50
	for range rounds(1, 10) {
		var apps []sandbox.App
		for i := range accounts {
			app := testApp()
			app.ClientID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
			apps = append(apps, app)
		}
		d := newDesk(t, apps...)
		start := d.processes()
		began := time.Now()
		d.all(processes, func(i int) *exec.Cmd {
			var lines []string
			for j := range signIns {
				lines = append(lines, strings.Replace(asApp, testClient, apps[(i+j*7)%accounts].ClientID, 1)+" -NoWelcome")
			}
			return start(lines...)
		})
		t.Logf("%d sign-ins by %d processes in %v", processes*signIns, processes, time.Since(began).Round(time.Millisecond))
		saved := d.saved()
		all, err := saved.list()
		if err != nil || len(all) != accounts {
			t.Fatalf("%d of %d accounts are saved: %v", len(all), accounts, err)
		}
		for _, n := range all {
			c, err := saved.load(n.ID)
			if err != nil {
				t.Fatal(err)
			}
			token, ok := c.token(Ask{Scopes: c.Plan.Scopes})
			if !ok || token.Claims.AppID != n.ClientID || c.Plan.ClientID != n.ClientID {
				t.Errorf("%s has a token of %s", n.Name, token.Claims.AppID)
			}
		}
		if n := d.grants("client_credentials"); n != processes*signIns {
			t.Errorf("%d requests", n)
		}
	}
}

// TestManyProcessesOneAccount: 80 processes sign in once each to the same account, each
// for another scope. No token may be lost.
func TestManyProcessesOneAccount(t *testing.T) {
	for range rounds(1, 10) {
		d := newDesk(t)
		start := d.processes()
		d.all(80, func(i int) *exec.Cmd {
			return start(fmt.Sprintf("-Scopes Scope%d.Read -NoWelcome", i))
		})
		saved := d.saved()
		all, err := saved.list()
		if err != nil || len(all) != 1 {
			t.Fatalf("%d connections of one account: %v", len(all), err)
		}
		c, err := saved.load(all[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 80 {
			scope := fmt.Sprintf("Scope%d.Read", i)
			if token, ok := c.token(Ask{Scopes: []string{scope}}); !ok || !slices.Contains(token.Claims.Scopes, scope) || !slices.Contains(c.Granted, strings.ToLower(scope)) {
				t.Errorf("the token for %s is lost", scope)
			}
		}
	}
}

// TestOneRenewalForMany: 50 processes find an expired token at the same time.
func TestOneRenewalForMany(t *testing.T) {
	for _, line := range []string{"", asApp} {
		for range rounds(1, 10) {
			d := newDesk(t)
			start := d.processes()
			d.must(0, line)
			d.expire()
			d.sent()
			d.entra.fails(fault{match: "/token", delay: 300 * time.Millisecond})
			cmds := d.all(50, func(int) *exec.Cmd { return start("token") })
			if n := d.grants("refresh_token") + d.grants("client_credentials"); n != 1 {
				t.Errorf("%d renewals for 50 processes", n)
			}
			for _, cmd := range cmds {
				if out := fmt.Sprint(cmd.Stdout); out != fmt.Sprint(cmds[0].Stdout) || len(out) < 100 {
					t.Errorf("not the renewed token: %q", out)
				}
			}
		}
	}
}

// TestKilledWhileWriting kills processes that sign in again and again, at random
// moments: the file must be whole, and the rest of a write at most one file.
func TestKilledWhileWriting(t *testing.T) {
	const hosts = 4 // side by side, as most of the time is waiting
	for host := range hosts {
		t.Run(fmt.Sprint(host), func(t *testing.T) {
			t.Parallel()
			killAgainAndAgain(t, rounds(200, 1000)/hosts)
		})
	}
}

func killAgainAndAgain(t *testing.T, kills int) {
	d := newDesk(t)
	start := d.processes()
	d.must(0, asApp)
	lines := slices.Repeat([]string{asApp}, 500)
	temporary := 0
	for i := range kills {
		cmd := start(lines...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(90)) * time.Millisecond)
		cmd.Process.Kill()
		if err := cmd.Wait(); !isKilled(err) {
			t.Fatalf("kill %d: it ended by itself: %v\n%s", i, err, cmd.Stderr)
		}
		files, _ := filepath.Glob(d.dir + "/*.tmp")
		temporary += len(files)
		if len(files) > 1 {
			t.Fatalf("kill %d left %q", i, files)
		}
		if out, stderr := d.must(0, "token"); len(out) < 100 || stderr != "" {
			t.Fatalf("kill %d: %q\n%s", i, out, stderr)
		}
	}
	t.Logf("%d kills; half-written files met: %d", kills, temporary)
	d.must(0, asApp)
	for _, rest := range []string{"/*.tmp", "/*.bad-*"} {
		if files, _ := filepath.Glob(d.dir + rest); len(files) > 0 {
			t.Errorf("%q are left", files)
		}
	}
}

func isKilled(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && (exit.ExitCode() == -1 || runtime.GOOS == "windows")
}

// TestDisconnectDuringRenewal: a renewal that is on its way must not bring back what
// was disconnected meanwhile.
func TestDisconnectDuringRenewal(t *testing.T) {
	d := newDesk(t)
	start := d.processes()
	d.must(0, "")
	d.expire()
	d.entra.fails(fault{match: "/token", delay: 500 * time.Millisecond})
	renewing := start("token")
	if err := renewing.Start(); err != nil {
		t.Fatal(err)
	}
	for d.grants("refresh_token") == 0 {
		time.Sleep(time.Millisecond)
	}
	d.must(0, "disconnect")
	renewing.Wait()
	if files, _ := filepath.Glob(d.dir + "/*.sealed"); len(files) > 0 {
		t.Errorf("%q came back", files)
	}
}

// TestThousandAccounts compares the time of token with one saved account and with many.
func TestThousandAccounts(t *testing.T) {
	if !*long {
		t.Skip("with -long, as a thousand sign-ins take a while")
	}
	var apps []sandbox.App
	for i := range 1000 {
		app := testApp()
		app.ClientID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		apps = append(apps, app)
	}
	d := newDesk(t, apps...)
	connect := func(app sandbox.App) { d.must(0, strings.Replace(asApp, testClient, app.ClientID, 1)+" -NoWelcome") }
	median := func() time.Duration {
		var took []time.Duration
		for range 200 {
			began := time.Now()
			d.must(0, "token")
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		return took[100]
	}
	connect(apps[0])
	one := median()
	for i := range 1000 {
		connect(apps[i])
	}
	thousand := median()
	t.Logf("token with 1 account: %v, with 1000: %v", one, thousand)
	if thousand > 2*one {
		t.Errorf("token takes %v with 1000 accounts and %v with one", thousand, one)
	}
}

// BenchmarkTokenAgainstVersion compares, process by process, token from what is saved
// with version, which does nothing.
func BenchmarkTokenAgainstVersion(b *testing.B) {
	program := filepath.Join(b.TempDir(), "connect-entra")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	d := newDesk(b)
	d.must(0, asApp)
	took := map[string][]time.Duration{}
	for b.Loop() {
		for _, verb := range []string{"version", "token"} {
			cmd := exec.Command(program, verb)
			cmd.Env = []string{"XDG_STATE_HOME=" + filepath.Dir(d.dir), vault.KeyFileVariable + "=" + d.env[vault.KeyFileVariable]}
			began := time.Now()
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
			took[verb] = append(took[verb], time.Since(began))
		}
	}
	for _, list := range took {
		slices.Sort(list)
	}
	middle := len(took["token"]) / 2
	b.ReportMetric(float64(took["token"][middle])/float64(took["version"][middle]), "token/version")
	b.ReportMetric(float64(took["token"][middle].Microseconds())/1000, "ms-token")
}
