//go:build unix

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"connect-entra/claims"
)

// commandEnvironment is what the processes of these tests get: a token in T, and
// themselves in SELF.
func commandEnvironment(t testing.TB) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"T=" + anyToken(), "SELF=" + self, "PATH=" + os.Getenv("PATH")}
}

// commanded runs a shell script as a COMMAND that has a given token.
func commanded(t *testing.T, script string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	args = append(append([]string{"-AccessToken", "env:T", "-NoWelcome"}, args...), "--", "sh", "-c", script)
	return process(t, "", commandEnvironment(t), args...)
}

// again calls the program in a script.
const again = "env " + asProgram + `=1 "$SELF" `

// curl asks the endpoint as a script would.
const curl = `curl -s -m 10 -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=` + claims.GraphAppID + `"`

func needsTool(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip("this host has no " + program)
	}
}

// TestCommandStatuses has every status of a command, and of one that a signal ends.
func TestCommandStatuses(t *testing.T) {
	t.Parallel()
	for status := range 256 {
		if _, stderr, got := commanded(t, fmt.Sprint("exit ", status)); got != status {
			t.Errorf("exit %d became %d\n%s", status, got, stderr)
		}
	}
	for _, s := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL, syscall.SIGABRT, syscall.SIGFPE,
		syscall.SIGKILL, syscall.SIGUSR1, syscall.SIGSEGV, syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGTERM,
	} {
		if _, stderr, got := commanded(t, fmt.Sprintf("ulimit -c 0; kill -%d $$", s)); got != 128+int(s) {
			t.Errorf("%s became %d\n%s", s, got, stderr)
		}
	}
}

// TestCommandCannotStart has the statuses of shells for it, and 125 for what is ours.
func TestCommandCannotStart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	given := []string{"-AccessToken", "env:T"}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{append(given, "--", "no-such-command"), 127, "[command-not-found]"},
		{append(given, "--", dir+"/none"), 127, "[command-not-found]"},
		{append(given, "--", ""), 127, "[command-not-found]"},
		{append(given, "--", write("interpreter", "#!/none\n", 0o755)), 127, "[command-not-found]"},
		{append(given, "--", dir), 126, "[command-not-executable]"},
		{append(given, "--", write("plain", "", 0o644)), 126, "[command-not-executable]"},
		{append(given, "--", write("format", "\x00\x01", 0o755)), 126, "[command-not-executable]"},
		{append(given, "--"), 125, "[usage]"},
		{[]string{"--", "true"}, 125, "[not-connected]"},
		{[]string{"-Nonsense", "--", "true"}, 125, "[named-parameter-not-found]"},
		{[]string{"-AccessToken", "env:NONE", "--", "true"}, 125, "[bad-value]"},
		{[]string{"token", "-AccessToken", "env:T", "--", "true"}, 125, "[usage]"},
		{append(given, "-TokenVariable", "IDENTITY_HEADER", "--", "true"), 125, "[bad-value]"},
		{append(given, "-TokenVariable", "A=B", "--", "true"), 125, "[bad-value]"},
		{append(given, "-AllowResource", "management", "--", "true"), 125, "[bad-value]"},
		{append(given, "-AllowResource", "https://graph.microsoft.us", "--", "true"), 125, "[bad-value]"},
		{append(given, "-AllowOutside"), 2, "[usage]"},
		{append(given, "-Conceal"), 2, "[usage]"},
	} {
		stdout, stderr, status := process(t, "", commandEnvironment(t), c.args...)
		if status != c.status || !strings.Contains(stderr, c.says) || stdout != "" {
			t.Errorf("%q: status %d\n%s%s", c.args, status, stdout, stderr)
		}
	}
}

// TestCommandEnvironment has exactly what a command is told, and what is kept from it.
func TestCommandEnvironment(t *testing.T) {
	environment := append(commandEnvironment(t), "KEPT=a b", "AZURE_TENANT_ID=kept", "no_proxy=intranet", "CONNECT_ENTRA_ACCOUNT=old")
	for _, name := range []string{
		"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD", "AZURE_USERNAME",
		"AZURE_FEDERATED_TOKEN_FILE", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT",
		"AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_TOKEN_CREDENTIALS", "AZURE_CLIENT_ID",
	} {
		environment = append(environment, name+"=canary-"+name)
	}
	stdout, stderr, status := process(t, "", environment, "-AccessToken", "env:T", "-NoWelcome", "-TokenVariable", "GRAPH", "--", "env")
	if status != 0 {
		t.Fatal(status, stderr)
	}
	got := map[string]string{}
	for _, line := range splitLines(stdout) {
		name, value, _ := strings.Cut(line, "=")
		got[name] = value
	}
	want := map[string]string{
		"KEPT": "a b", "AZURE_TENANT_ID": "kept", "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
		"NO_PROXY": "intranet,127.0.0.1,localhost,::1", "no_proxy": "intranet,127.0.0.1,localhost,::1",
		"CONNECT_ENTRA_ACCOUNT": "canary-person", "GRAPH": strings.TrimPrefix(environment[0], "T="),
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, not %q", name, got[name], value)
		}
		delete(got, name)
	}
	for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", connectionVariable} {
		if got[name] == "" || strings.Contains(got[name], "canary-I") {
			t.Errorf("%s is %q", name, got[name])
		}
		delete(got, name)
	}
	for name, value := range got {
		if !slices.Contains([]string{"SELF", "PATH", "HOME"}, name) {
			t.Errorf("the command also got %s=%s", name, value)
		}
	}
	if !strings.Contains(stderr, "GRAPH holds a token that is not renewed") {
		t.Errorf("stderr: %s", stderr)
	}
}

// TestCommandStreams has stdin but for the secret's line, stdout and stderr, and no other
// file; and the limits of who started it.
func TestCommandStreams(t *testing.T) {
	token := anyToken()
	stdout, stderr, status := process(t, token+"\nfirst\nsecond\n", commandEnvironment(t), "-AccessToken", "-", "--", "sh", "-c", "cat; echo told >&2")
	if status != 0 || stdout != "first\nsecond\n" || !strings.Contains(stderr, "Welcome") || !strings.HasSuffix(stderr, "told\n") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	const look = "ulimit -n; ulimit -c; ls /proc/self/fd 2>&1"
	want, err := exec.Command("sh", "-c", look).CombinedOutput()
	if stdout, _, _ := commanded(t, look); stdout != string(want) {
		t.Errorf("limits and open files %q, not %q (%v)", stdout, want, err)
	}
}

// TestCommandFindsConnection has the verbs inside a command, and a command inside it.
func TestCommandFindsConnection(t *testing.T) {
	token := anyToken()
	for _, c := range []struct{ script, stdout string }{
		{again + "token", "TOKEN\n"},
		{again + "context | grep ^Account", "Account                : canary-person\n"},
		{again + "disconnect; " + again + "token", "TOKEN\n"},
		{again + `-- sh -c '` + again + `token'`, "TOKEN\n"},
		{again + `-- sh -c '` + again + `-- ` + again + `token'; echo $?`, "TOKEN\n0\n"},
		{again + `-- sh -c 'exit 41'; echo $?`, "41\n"},
	} {
		environment := append(commandEnvironment(t)[1:], "T="+token)
		stdout, stderr, status := process(t, "", environment, "-AccessToken", "env:T", "-NoWelcome", "--", "sh", "-c", c.script)
		if status != 0 || stdout != strings.ReplaceAll(c.stdout, "TOKEN", token) {
			t.Errorf("%s: status %d\n%s%s", c.script, status, stdout, stderr)
		}
	}
}

// TestCommandHasOtherAPI is given a token for another API than Graph, and for Graph of the
// practice cloud; request sends it where it belongs.
func TestCommandHasOtherAPI(t *testing.T) {
	vault := tokenFor("https://vault.example")
	environment := append(commandEnvironment(t)[1:], "T="+vault)
	for _, inside := range []string{again + "token", again + "-- " + again + "token", again + "token -Scopes User.Read || " + again + "token"} {
		stdout, stderr, status := process(t, "", environment, "-AccessToken", "env:T", "-NoWelcome", "--", "sh", "-c", inside)
		if status != 0 || stdout != vault+"\n" {
			t.Errorf("%s: status %d\n%s%s", inside, status, stdout, stderr)
		}
	}
	stdout, stderr, status := process(t, "", environment, "-AccessToken", "env:T", "-NoWelcome", "--", "sh", "-c", again+"request /me")
	if status != 2 || !strings.Contains(stderr, "The token is for https://vault.example, and was not sent to https://graph.microsoft.com. [bad-token]") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	const inside = again + "request /organization; " + again + "-- " + again + "request '/users?$top=1'; " + again + "request /me; echo $?"
	stdout, stderr, _ = process(t, "", environment, "-Environment", "Sandbox", "-Identity", "-NoWelcome", "--", "sh", "-c", inside)
	if lines := splitLines(stdout); !strings.Contains(stdout, "metadata#organization") || !strings.Contains(stdout, "metadata#users") || lines[len(lines)-1] != "5" {
		t.Errorf("in practice:\n%s%s", stdout, stderr)
	}
}

// TestCommandConceals has a command print its tokens: as it got them, in two writes, by
// its own process and by a connect-entra inside it; and what it leaves behind, a process
// that has stdout for longer, is not waited for.
func TestCommandConceals(t *testing.T) {
	token := anyToken()
	environment := append(commandEnvironment(t)[1:], "T="+token)
	const script = `echo "$GRAPH"; half=${GRAPH%???????????}; printf %s "$half"; echo told >&2; printf %s "${GRAPH#$half}"; printf 'a\0b\377'; ` +
		again + `token; ` + again + `-- sh -c '` + again + `token >&2'; `
	const mask = "***"
	for shown, args := range map[string][]string{token: nil, mask: {"-Conceal"}} {
		args = append(args, "-AccessToken", "env:T", "-NoWelcome", "-TokenVariable", "GRAPH", "-InformationAction", "Ignore", "--", "sh", "-c")
		stays := ""
		if shown == mask {
			stays = "sleep 60 & "
		}
		stdout, stderr, status := process(t, "", environment, append(args, script+stays+"exit 3")...)
		if want := shown + "\n" + shown + "a\x00b\xff" + shown + "\n"; stdout != want || stderr != "told\n"+shown+"\n" || status != 3 {
			t.Errorf("%s: status %d\n%q\n%q", args, status, stdout, stderr)
		}
	}
	const long = `head -c 3000000 /dev/zero | tr '\0' '\376'; cat` // past every pipe's length, then what stdin has
	stdout, _, _ := process(t, "end", environment, "-AccessToken", "env:T", "-NoWelcome", "-Conceal", "--", "sh", "-c", long)
	if strings.Trim(stdout, "\376") != "end" || len(stdout) != 3000003 {
		t.Errorf("%d bytes came", len(stdout))
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this host has no /dev/full")
	}
	defer full.Close()
	self, _ := os.Executable()
	cmd := exec.Command(self, "-AccessToken", "env:T", "-NoWelcome", "-Conceal", "--", "sh", "-c", "trap '' PIPE; echo lost; exit 4")
	var errs strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = append(environment, asProgram+"=1"), full, &errs
	if cmd.Run(); cmd.ProcessState.ExitCode() != 4 || !strings.Contains(errs.String(), "WARNING: What the command wrote did not all arrive: ") {
		t.Errorf("%s\n%s", cmd.ProcessState, &errs)
	}
}

// TestCommandHasTheEndpointAlone closes the endpoint with the command.
func TestCommandHasTheEndpointAlone(t *testing.T) {
	stdout, _, _ := commanded(t, `echo "$IDENTITY_ENDPOINT"`)
	address, _, _ := strings.Cut(strings.TrimPrefix(stdout, "http://"), "/")
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Errorf("%s still listens", address)
	}
}

// running is a process under test that goes on while the test looks at it.
type running struct {
	*exec.Cmd
	lines *bufio.Scanner
}

// start runs a script as a COMMAND, and reads its first line.
func start(t *testing.T, script string, args ...string) (r running, first string) {
	t.Helper()
	environment := commandEnvironment(t)
	self, _ := strings.CutPrefix(environment[1], "SELF=")
	args = append(append([]string{"-AccessToken", "env:T", "-NoWelcome"}, args...), "--", "sh", "-c", script)
	r.Cmd = exec.Command(self, args...)
	r.Env = append(environment, asProgram+"=1", "HOME="+t.TempDir())
	// A group whose parent stands outside of it, as a shell gives every job: in an orphaned
	// one, which the tests may run in, the system drops SIGTSTP (POSIX: orphaned process group).
	r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := r.StdoutPipe()
	if err == nil {
		err = r.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Process.Kill() })
	r.lines = bufio.NewScanner(out)
	return r, r.next()
}

func (r running) next() string {
	r.lines.Scan()
	return r.lines.Text()
}

// TestCommandGetsSignals sends each to the parent: the command gets it once.
func TestCommandGetsSignals(t *testing.T) {
	for _, s := range []string{"HUP", "INT", "QUIT", "TERM", "USR1", "USR2"} {
		r, _ := start(t, `n=0; trap 'n=$((n+1)); echo got $n' `+s+`; echo ready; while [ $n -lt 2 ]; do sleep 0.05; done; exit 7`)
		number := map[string]syscall.Signal{"HUP": 1, "INT": 2, "QUIT": 3, "TERM": 15, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2}[s]
		for want := 1; want <= 2; want++ {
			r.Process.Signal(number)
			if got := r.next(); got != fmt.Sprint("got ", want) {
				t.Errorf("%s: %q", s, got)
			}
		}
		if r.Wait(); r.ProcessState.ExitCode() != 7 {
			t.Errorf("%s: %s", s, r.ProcessState)
		}
	}
	r, _ := start(t, "echo ready; exec sleep 60")
	r.Process.Signal(syscall.SIGTERM)
	if r.Wait(); r.ProcessState.ExitCode() != 143 {
		t.Errorf("a command that SIGTERM ends: %s", r.ProcessState)
	}
}

func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("within twenty seconds it does not come to it that %s", what)
}

// TestIgnoredSignalsStayIgnored starts the program as nohup does.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	environment := append(commandEnvironment(t), asProgram+"=1", "HOME="+t.TempDir())
	cmd := exec.Command("sh", "-c", `trap '' HUP; exec "$SELF" -AccessToken env:T -NoWelcome -- sh -c 'kill -HUP $$; kill -HUP $PPID; sleep 0.1; echo lives'`)
	cmd.Env = environment
	if out, err := cmd.Output(); err != nil || string(out) != "lives\n" {
		t.Errorf("%q %v", out, err)
	}
}
