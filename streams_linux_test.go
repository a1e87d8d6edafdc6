package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"connect-entra/failure"
	"connect-entra/sandbox"
	"connect-entra/vault"
)

// startable is the program as a process of its own, with this environment and no other.
func startable(t testing.TB, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(slices.Clone(env), asProgram+"=1", "HOME="+t.TempDir())
	return cmd
}

// shellStatus is $? of a process that has ended.
func shellStatus(cmd *exec.Cmd) int {
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signaled() {
		return 128 + int(s.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// printPracticeToken prints a token of the practice cloud.
var printPracticeToken = []string{"token", "-Environment", "Sandbox", "-Identity"}

// printing are lines that have a result for stdout.
var printing = [][]string{
	{"version"}, {"help"}, {"help", "connect"}, {"environments"}, {"environments", "-Json"}, {"completion", "bash"}, {"explain", "-Identity"},
	{"-Environment", "Sandbox", "-Identity"}, printPracticeToken, {"request", "/organization", "-Environment", "Sandbox", "-Identity"},
}

// TestStdoutOfNobody: whoever read stdout has gone. The program ends as any other does,
// by SIGPIPE, without a word.
func TestStdoutOfNobody(t *testing.T) {
	for _, args := range printing {
		cmd := startable(t, nil, args...)
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		read.Close()
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = write, &said
		cmd.Run()
		write.Close()
		if status := shellStatus(cmd); status != 128+int(syscall.SIGPIPE) || strings.Contains(said.String(), "Connect-Entra:") {
			t.Errorf("%q: status %d\n%s", args, status, &said)
		}
	}
}

// TestStdoutThatIsFull: what could not be written is no success.
func TestStdoutThatIsFull(t *testing.T) {
	for _, args := range printing {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		cmd := startable(t, nil, args...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &said
		cmd.Run()
		full.Close()
		if status := shellStatus(cmd); status != 8 || !strings.Contains(said.String(), "[storage]") {
			t.Errorf("%q: status %d\n%s", args, status, &said)
		}
	}
}

// TestClosedStreams: a stream that was closed before the start is /dev/null to the
// program, and one that is full loses what is said; the status is the same, and what goes
// to the other stream.
func TestClosedStreams(t *testing.T) {
	for _, args := range append(printing, []string{"-Nonsense"}, []string{"token"}) {
		plain, plainOut, plainSaid := redirected(t, "", args)
		for _, redirection := range []string{">&-", "2>&-", "2>/dev/full", "<&-", ">&- 2>&- <&-"} {
			status, out, said := redirected(t, redirection, args)
			if status != plain {
				t.Errorf("%q %s: status %d, not %d\n%s", args, redirection, status, plain, said)
			}
			same := !slices.Contains(args, "Sandbox") // times and tokens are others each time
			if same && !strings.Contains(redirection, ">&-") && out != plainOut {
				t.Errorf("%q %s: stdout %q, not %q", args, redirection, out, plainOut)
			}
			if same && redirection == ">&-" && said != plainSaid {
				t.Errorf("%q %s: stderr %q, not %q", args, redirection, said, plainSaid)
			}
		}
	}
}

// redirected has sh start the program.
func redirected(t *testing.T, redirection string, args []string) (status int, stdout, stderr string) {
	program := startable(t, nil, args...)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", `exec "$0" "$@" ` + redirection}, program.Args...)...)
	var out, said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = program.Env, &out, &said
	cmd.Run()
	return shellStatus(cmd), out.String(), said.String()
}

// endless is a stdin that never ends.
type endless string

func (e endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat(string(e), len(p)/len(e)+1)), nil
}

// TestStdinOfEveryKind has no terminal anywhere.
func TestStdinOfEveryKind(t *testing.T) {
	app := []string{"-ClientId", testClient, "-TenantId", sandbox.Tenant}
	for name, c := range map[string]struct {
		stdin  io.Reader
		args   []string
		status int
		says   string
	}{
		"none, where a secret is asked for":   {nil, []string{"-ClientSecretCredential", testClient, "-TenantId", sandbox.Tenant}, 4, "try: name where it is, after the ID: -ClientSecretCredential ID:env:NAME"},
		"none, where parameters are missing":  {nil, []string{"-ClientSecretCredential", ""}, 4, "-ClientSecretCredential APPID:"},
		"empty":                               {nil, []string{"-AccessToken", "-"}, 2, "The access token from stdin is empty. [bad-value]"},
		"empty, for a certificate":            {nil, append(app, "-Certificate", "-"), 2, "[bad-certificate]"},
		"endless lines":                       {endless("y\n"), []string{"-AccessToken", "-"}, 2, "[bad-token]"},
		"one endless line":                    {endless("y"), []string{"-AccessToken", "-"}, 2, "The access token is longer than 65536 bytes. [bad-value]"},
		"zeros without end":                   {endless("\x00"), []string{"-AccessToken", "-"}, 2, "is longer than"},
		"zeros without end for a certificate": {endless("\x00"), append(app, "-Certificate", "-"), 2, "stdin is larger than"},
		"binary":                              {strings.NewReader("\x00\xff\xfe\n"), []string{"-AccessToken", "-"}, 2, "[bad-value]"},
		"endless, of no use":                  {endless("y"), printPracticeToken, 0, "practice"},
	} {
		cmd := startable(t, nil, c.args...)
		var out, said bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = c.stdin, &out, &said
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.Run()
		if status := shellStatus(cmd); status != c.status || !strings.Contains(said.String(), c.says) || status != 0 && out.Len() > 0 {
			t.Errorf("%s: status %d\n%s%s", name, status, &out, &said)
		}
	}
}

// TestStdinThatStaysOpen: nobody waits for the end of a stdin that is not read.
func TestStdinThatStaysOpen(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	for _, args := range append(printing, []string{"-Nonsense"}) {
		cmd := startable(t, nil, args...)
		cmd.Stdin = read
		if err := cmd.Run(); (err == nil) != (args[0] != "-Nonsense") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

var endings = map[syscall.Signal]string{syscall.SIGINT: "[interrupted]", syscall.SIGTERM: "[terminated]", syscall.SIGHUP: "[hangup]"}

// TestSignalsEndEveryWait: one line, the signal's status, nothing on stdout, whatever is
// waited for.
func TestSignalsEndEveryWait(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newTestInternet(t, testApp())
	w.at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	for name, wait := range map[string]struct {
		args  []string
		waits func(t *testing.T, stdin *os.File, said *bufio.Reader) // returns when it does
	}{
		"a device code":    {[]string{"-UseDeviceCode", "-ContextScope", "Process", "-TenantId", sandbox.Tenant}, hasSpoken},
		"a silent stdin":   {[]string{"-AccessToken", "-"}, takesStdin},
		"a body on stdin":  {[]string{"request", "POST", "/me", "-", "-Environment", "Sandbox", "-Identity"}, takesStdin},
		"a certificate":    {[]string{"-Certificate", "-", "-ClientId", testClient, "-TenantId", sandbox.Tenant}, takesStdin},
		"a secret's pipe":  {[]string{"-AccessToken", "@" + pipe}, opens(pipe)},
		"a certificate's":  {[]string{"-Certificate", pipe, "-ClientId", testClient, "-TenantId", sandbox.Tenant}, opens(pipe)},
		"a request's body": {[]string{"request", "POST", "/me", "@" + pipe, "-Environment", "Sandbox", "-Identity"}, opens(pipe)},
	} {
		for sent, id := range endings {
			cmd := startable(t, w.env, wait.args...)
			stdin, keyboard, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			cmd.Stdin, cmd.Stdout = stdin, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := bufio.NewReader(stderr)
			wait.waits(t, keyboard, said)
			cmd.Process.Signal(sent)
			rest, _ := io.ReadAll(said)
			cmd.Wait()
			stdin.Close()
			keyboard.Close()
			if status := shellStatus(cmd); status != 128+int(sent) || !strings.HasSuffix(string(rest), " "+id+"\n") || strings.Count(string(rest), "Connect-Entra:") != 1 || out.Len() > 0 {
				t.Errorf("%s, %s: status %d\n%s%s", name, sent, status, &out, rest)
			}
		}
	}
}

func hasSpoken(_ *testing.T, _ *os.File, said *bufio.Reader) { said.ReadString('\n') }

// takesStdin gives a byte, and returns when it was taken.
func takesStdin(t *testing.T, keyboard *os.File, _ *bufio.Reader) {
	keyboard.WriteString("x")
	until(t, "stdin is read", func() bool {
		n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCINQ)
		return err == nil && n == 0
	})
}

// opens returns when a pipe was opened, into which nobody will write.
func opens(pipe string) func(*testing.T, *os.File, *bufio.Reader) {
	return func(t *testing.T, _ *os.File, _ *bufio.Reader) {
		until(t, "the pipe is opened", func() bool {
			writer, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
			if err == nil {
				t.Cleanup(func() { writer.Close() })
			}
			return err == nil
		})
	}
}

// TestPipeThatNobodyOpens: opening one waits for whoever writes, and a signal ends that.
func TestPipeThatNobodyOpens(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(failure.New("interrupted", "Interrupted."))
	con, world := &console{stderr: io.Discard}, &world{getenv: func(string) string { return "" }}
	if _, err := (Secret{"@" + pipe}).read(ctx, con, world, "the client secret", ""); idOf(err) != "interrupted" {
		t.Errorf("a secret: %v", err)
	}
	if _, err := loadCertificate(ctx, con, world, CertificateRef{Path: pipe}, false); idOf(err) != "interrupted" {
		t.Errorf("a certificate: %v", err)
	}
}

// TestSecondSignalEndsAtOnce, even a run that does not heed the first one.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	const stubborn = "CONNECT_ENTRA_TEST_STUBBORN"
	if os.Getenv(stubborn) != "" {
		ctx := untilSignal(context.Background(), make(chan os.Signal, 1))
		os.Stdout.WriteString("ready\n")
		<-ctx.Done()
		os.Stdout.WriteString(failure.From(context.Cause(ctx)).ID + "\n")
		select {}
	}
	for sent, id := range endings {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), stubborn+"=1")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(stdout)
		said.ReadString('\n')
		cmd.Process.Signal(sent)
		if line, _ := said.ReadString('\n'); "["+strings.TrimSpace(line)+"]" != id {
			t.Errorf("%s: %q", sent, line)
		}
		cmd.Process.Signal(sent)
		cmd.Wait()
		if status := shellStatus(cmd); status != 128+int(sent) {
			t.Errorf("%s: status %d", sent, status)
		}
	}
}

// TestSignalsAtStart end the program in its first moments, which leaves nothing that a
// later one would stumble over.
func TestSignalsAtStart(t *testing.T) {
	w := newTestInternet(t, testApp())
	w.at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	state := t.TempDir()
	env := append(w.env, "S="+testSecret, "XDG_STATE_HOME="+state, vault.KeyFileVariable+"="+testKeyFile(t))
	signIn := []string{"-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient + ":env:S", "-ContextScope", "CurrentUser", "-NoWelcome"}
	sent := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL}
	ended := map[int]int{}
	for i := range rounds(40, 1000) {
		cmd := startable(t, env, signIn...)
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(50 * time.Millisecond)) // any moment: that is what is tested
		signal := sent[i%len(sent)]
		cmd.Process.Signal(signal)
		if i%3 == 0 {
			cmd.Process.Signal(signal)
		}
		cmd.Wait()
		status := shellStatus(cmd)
		ended[status]++
		if status != 0 && status != 128+int(signal.(syscall.Signal)) || strings.Contains(said.String(), "goroutine") {
			t.Fatalf("%s: status %d\n%s", signal, status, &said)
		}
	}
	t.Logf("times by status: %v", ended)
	for _, args := range [][]string{signIn, {"token"}, {"disconnect", "-All"}} {
		cmd := startable(t, env, args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q afterwards: %v\n%s", args, err, out)
		}
	}
	for _, rest := range []string{"*.tmp", "*.bad-*", "*.sealed"} {
		if files, _ := filepath.Glob(filepath.Join(state, "connect-entra", rest)); len(files) > 0 {
			t.Errorf("left: %q", files)
		}
	}
}

// TestQuitLeavesNoSecret: Ctrl-\ and an abort write no core file, whatever the
// environment asks for, and show nothing of what is held.
func TestQuitLeavesNoSecret(t *testing.T) {
	w := newTestInternet(t, testApp())
	w.at(clouds[1].AzureADEndpoint, clouds[1].GraphEndpoint)
	w.fails(fault{match: "/token", delay: time.Hour})
	for _, sent := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGABRT} {
		cmd := startable(t, append(w.env, "S="+canary, "GOTRACEBACK=crash"), "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient+":env:S", "-ContextScope", "Process")
		cmd.Dir = t.TempDir()
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		before := len(w.requests("/token"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, "the secret was sent", func() bool { return len(w.requests("/token")) > before })
		cmd.Process.Signal(sent)
		cmd.Wait()
		if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.CoreDump() {
			t.Errorf("%s: a core was written", sent)
		}
		if left, _ := os.ReadDir(cmd.Dir); len(left) > 0 {
			t.Errorf("%s left %v", sent, left)
		}
		if found := leaked(said.String(), []string{canary, testSecret}); found != "" {
			t.Errorf("%s shows %q of a secret", sent, found)
		}
	}
}
