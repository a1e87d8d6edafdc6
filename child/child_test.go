//go:build unix

package child

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"connect-entra/failure"
)

// asProgram makes the test binary a program that runs a Session: see TestMain.
const asProgram = "CHILD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		os.Exit(program(os.Args[1:]))
	}
	heedSignals()
	os.Exit(m.Run())
}

// heedSignals has no program under test inherit that nohup, or whoever else started the
// tests, ignores a signal: a test that sends it would wait for ever.
func heedSignals() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

// program runs what follows -- in args, before which -outside, -mask and -alone (nobody is told anything) may stand. Its
// tokens are in T, and the one that COMMAND is handed in HANDED. Its own failures end it
// with 125 and are told by their ID.
func program(args []string) int {
	s := Session{
		Env:       os.Environ(),
		Resources: []Resource{{Names: []string{"https://graph.microsoft.com", graphAppID}}},
		Handed:    []Token{NewToken(os.Getenv("HANDED"), time.Time{})},
		Token: func(context.Context, []string, time.Duration) (Token, error) {
			return NewToken(os.Getenv("T"), time.Now().Add(time.Hour)), nil
		},
		Starts: func() {},
		Warn:   func(format string, args ...any) { fmt.Fprintf(os.Stderr, "warning: "+format+"\n", args...) },
	}
	for ; args[0] != "--"; args = args[1:] {
		if args[0] == "-alone" {
			s.Starts, s.Warn = nil, nil
		}
		s.Outside = s.Outside || args[0] == "-outside"
		s.Mask = s.Mask || args[0] == "-mask"
	}
	s.Args = args[1:]
	var status int
	var err error
	if s.Path, err = Find(s.Args[0]); err == nil {
		status, err = s.Run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, failure.From(err).ID)
		return 125
	}
	return status
}

// command has the program run a script of sh.
func command(t *testing.T, script string, options ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, append(options, "--", "sh", "-c", script)...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "T=canary-token", "HANDED=canary-handed", "HOME="+t.TempDir())
	// A group whose parent stands outside of it, as a shell gives every job: in an orphaned
	// one, which the tests may run in, the system drops SIGTSTP (POSIX: orphaned process group).
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// curl asks the endpoint as a script would.
const curl = `curl -s -m 10 -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=` + graphAppID + `"`

func needsTool(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip("this host has no " + program)
	}
}

// TestStatuses has the statuses of a command, and of one that a signal ends.
func TestStatuses(t *testing.T) {
	for _, status := range []int{0, 1, 2, 7, 124, 125, 126, 127, 128, 130, 143, 255} {
		cmd := command(t, fmt.Sprint("exit ", status))
		if cmd.Run(); cmd.ProcessState.ExitCode() != status {
			t.Errorf("exit %d became %s", status, cmd.ProcessState)
		}
	}
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGKILL, syscall.SIGPIPE, syscall.SIGTERM} {
		cmd := command(t, fmt.Sprintf("kill -%d $$", s))
		if cmd.Run(); cmd.ProcessState.ExitCode() != 128+int(s) {
			t.Errorf("%s became %s", s, cmd.ProcessState)
		}
	}
}

// TestNotStarted has the failures of programs that cannot run, before and while they are
// started.
func TestNotStarted(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, id := range map[string]string{
		"no-such-command": "command-not-found", dir + "/none": "command-not-found", "": "command-not-found",
		dir: "command-not-executable", write("plain", "", 0o644): "command-not-executable",
	} {
		if path, err := Find(name); path != "" || failure.From(err).ID != id {
			t.Errorf("%q: %q %v", name, path, err)
		}
	}
	for name, id := range map[string]string{
		write("interpreter", "#!/none\n", 0o755): "command-not-found", write("format", "\x00\x01", 0o755): "command-not-executable",
	} {
		path, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Session{Path: path, Args: []string{name}, Starts: func() {}}.Run(t.Context())
		if failure.From(err).ID != id {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestEndedBeforeStart has a run that ends before COMMAND starts, which then does not.
func TestEndedBeforeStart(t *testing.T) {
	path, err := Find("sh")
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(t.TempDir(), "started")
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Session{Path: path, Args: []string{"sh", "-c", `: >"$0"`, mark}, Starts: cancel}.Run(ctx)
	if _, statErr := os.Stat(mark); !errors.Is(err, context.Canceled) || statErr == nil {
		t.Errorf("%v, %v", err, statErr)
	}
}

// TestStreamsAndTokens has stdin, stdout and stderr, and a token by the endpoint.
func TestStreamsAndTokens(t *testing.T) {
	needsTool(t, "curl")
	cmd := command(t, "cat; echo told >&2; "+curl)
	var said strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader("typed\n"), &said
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "typed\n") || !strings.Contains(string(out), `"access_token":"canary-token"`) || said.String() != "told\n" {
		t.Errorf("%v: %s%s", err, out, &said)
	}
}

// TestMasksWhatIsWritten has COMMAND write its tokens to both streams, and leave a process
// behind that has them for longer.
func TestMasksWhatIsWritten(t *testing.T) {
	needsTool(t, "curl")
	cmd := command(t, `echo "$HANDED"; printf canary-; printf 'handed\0\377'; echo "it is $HANDED" >&2; `+curl+`; sleep 60 & exit 3`, "-mask")
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.Run()
	if got := out.String(); cmd.ProcessState.ExitCode() != 3 || !strings.HasPrefix(got, "***\n***\x00\xff{") || !strings.Contains(got, `"access_token":"***"`) || said.String() != "it is ***\n" {
		t.Errorf("%s: %q %q", cmd.ProcessState, got, &said)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this host has no /dev/full")
	}
	defer full.Close()
	cmd = command(t, "trap '' PIPE; echo lost; exit 4", "-mask")
	said.Reset()
	cmd.Stdout, cmd.Stderr = full, &said
	if cmd.Run(); cmd.ProcessState.ExitCode() != 4 || !strings.Contains(said.String(), "warning: What the command wrote did not all arrive: ") {
		t.Errorf("%s: %s", cmd.ProcessState, &said)
	}
	cmd = command(t, "trap '' PIPE; echo lost; exit 4", "-mask", "-alone")
	said.Reset()
	cmd.Stdout, cmd.Stderr = full, &said
	if cmd.Run(); cmd.ProcessState.ExitCode() != 4 || said.Len() > 0 {
		t.Errorf("with nobody to tell: %s: %s", cmd.ProcessState, &said)
	}
}

// TestTokenIsNotShown formats a token in every way.
func TestTokenIsNotShown(t *testing.T) {
	token := NewToken("canary", time.Time{})
	s := Session{Handed: []Token{token}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb+verb+verb, token, &token, s); strings.Contains(text, "canary") || strings.Contains(text, fmt.Sprintf("%x", "canary")) {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

// running is a program under test that goes on while the test looks at it.
type running struct {
	*exec.Cmd
	lines *bufio.Scanner
}

// start runs a script as a COMMAND, and reads its first line.
func start(t *testing.T, script string, options ...string) (r running, first string) {
	t.Helper()
	r.Cmd = command(t, script, options...)
	out, err := r.StdoutPipe()
	if err == nil {
		err = r.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	r.lines = bufio.NewScanner(out)
	return r, r.next()
}

func (r running) next() string {
	r.lines.Scan()
	return r.lines.Text()
}

// TestSignalsComeOnce sends each to the program: the command gets it once.
func TestSignalsComeOnce(t *testing.T) {
	for name, s := range map[string]syscall.Signal{"HUP": 1, "INT": 2, "QUIT": 3, "TERM": 15, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2} {
		r, _ := start(t, `n=0; trap 'n=$((n+1)); echo got $n' `+name+`; echo ready; while [ $n -lt 2 ]; do sleep 0.05; done; exit 7`)
		for want := 1; want <= 2; want++ {
			r.Process.Signal(s)
			if got := r.next(); got != fmt.Sprint("got ", want) {
				t.Errorf("%s: %q", name, got)
			}
		}
		if r.Wait(); r.ProcessState.ExitCode() != 7 {
			t.Errorf("%s: %s", name, r.ProcessState)
		}
	}
}

// TestStopsAndContinues stops a command through its parent, without a terminal.
func TestStopsAndContinues(t *testing.T) {
	needsTool(t, "ps")
	r, pid := start(t, `echo $$; while :; do echo tick; sleep 0.05; done`)
	r.Process.Signal(syscall.SIGTSTP)
	state := func() string { // as ps prints it: T is stopped
		out, _ := exec.Command("ps", "-o", "stat=", "-p", pid).Output()
		return string(out)
	}
	until(t, "the command stops", func() bool { return strings.HasPrefix(state(), "T") })
	r.Process.Signal(syscall.SIGCONT)
	until(t, "the command continues", func() bool { return !strings.HasPrefix(state(), "T") })
	r.Process.Signal(syscall.SIGTERM)
	io.Copy(io.Discard, strings.NewReader(r.next()))
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
