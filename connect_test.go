//go:build !js

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/browser"
	"connect-entra/sandbox"
	"connect-entra/vault"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		main()
	}
	time.Local = time.UTC
	if server := os.Getenv(testServer); server != "" {
		os.Exit(typedElsewhere(server))
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

// TestTranscripts types what testdata/transcripts holds and compares all that comes
// out. A transcript is plain text:
//
//	# a comment
//	env NAME=VALUE           the environment of what follows
//	stdin TEXT               the next command's stdin
//	terminal                 the next command has a terminal on stdin and stderr
//	cloud NAME               the national cloud that answers; Global unless it is named
//	person NAME accepts      who is at the browser, and what they do; or: declines
//	$ connect-entra …        what is typed, in sh: words, quotes, $NAME, | between commands
//	1> TEXT                  a line of stdout, exactly
//	2> TEXT                  a line of stderr
//	sent METHOD URL          a request, in order, without its query
//	exit N                   the status; 0 when it is left out
//
// In expected lines {*} stands for anything within the line. The clock is synctest's:
// it stands at midnight on 2000-01-01 UTC and moves only while everyone waits.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts: ", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Chdir(t.TempDir())
			synctest.Test(t, func(t *testing.T) { playTranscript(t, string(data)) })
		})
	}
}

// scene is the world that a transcript plays in.
type scene struct {
	t        testing.TB
	env      map[string]string
	dir      string
	mg       string // ~/.mg
	entra    *fakeEntra
	stdin    string
	terminal bool
	person   string // who signs in where a person is asked; "" for nobody
	consent  bool
}

// typed is one command and what it should do.
type typed struct {
	line   string
	want   []string // 1>, 2>, sent and exit lines, in the order of the transcript
	status string
}

func playTranscript(t *testing.T, text string) {
	app := testApp()
	s := &scene{t: t, env: map[string]string{"APP": app.ClientID, "TENANT": sandbox.Tenant, vault.KeyFileVariable: testKeyFile(t)},
		dir: filepath.Join(t.TempDir(), "own"), mg: filepath.Join(t.TempDir(), ".mg"), entra: newFakeEntra(app)}
	s.cloud("Global")
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); {
		line := lines[i]
		i++
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "", "#":
		case "env":
			name, value, _ := strings.Cut(rest, "=")
			s.env[name] = value
		case "stdin":
			s.stdin += rest + "\n"
		case "terminal":
			s.terminal = true
		case "cloud":
			s.cloud(rest)
		case "person":
			name, does, _ := strings.Cut(rest, " ")
			s.person, s.consent = name, does == "accepts"
		case "$":
			var want []string
			for ; i < len(lines) && lines[i] != "" && !strings.HasPrefix(lines[i], "#") && !strings.HasPrefix(lines[i], "$ "); i++ {
				want = append(want, lines[i])
			}
			s.play(t, rest, want)
		default:
			t.Fatalf("line %d: %q is not in the language of transcripts", i, line)
		}
	}
}

func (s *scene) cloud(name string) {
	e, _ := findEnvironment(clouds, name)
	s.entra.at(e.AzureADEndpoint, e.GraphEndpoint)
}

// sent gives what was sent and forgets it: "METHOD URL" without queries.
func (s *scene) sent() []string {
	lines := s.entra.requests("")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "?")
	}
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	s.entra.sent = nil
	return lines
}

// play types one line and compares.
func (s *scene) play(t *testing.T, line string, want []string) {
	t.Helper()
	var stdout, stderr string
	var status int
	for _, command := range strings.Split(line, " | ") {
		stdout, stderr, status = s.run(t, command)
		s.stdin, s.terminal = stdout, false
	}
	s.stdin = ""
	got := map[string][]string{"1>": splitLines(stdout), "2>": splitLines(stderr), "sent": s.sent(), "exit": {fmt.Sprint(status)}}
	wanted := map[string][]string{"exit": {"0"}}
	for _, w := range want {
		word, rest, _ := strings.Cut(w, " ")
		if word == "exit" {
			wanted[word] = nil
		}
		wanted[word] = append(wanted[word], rest)
	}
	for _, stream := range []string{"1>", "2>", "sent", "exit"} {
		if stream == "sent" && wanted[stream] == nil {
			continue // a transcript may leave out what was sent
		}
		if !sameLines(wanted[stream], got[stream]) {
			t.Errorf("$ %s\nwant %s\n%s\n\ngot status %d\n%s\n%s\nsent:\n%s", line, stream, strings.Join(wanted[stream], "\n"),
				status, prefixed("1> ", stdout), prefixed("2> ", stderr), strings.Join(got["sent"], "\n"))
		}
	}
}

// run types one command with the transcript's world around it.
func (s *scene) run(t testing.TB, command string) (stdout, stderr string, status int) {
	t.Helper()
	words := shellWords(command, s.env)
	if len(words) == 0 || words[0] != "connect-entra" {
		t.Fatalf("%q: only connect-entra can be typed", command)
	}
	var out, errs bytes.Buffer
	con, world := s.system(&out, &atScreen{s, &errs})
	status = run(context.Background(), con, world, words[1:])
	return out.String(), errs.String(), status
}

// system is the scene as a run finds it.
func (s *scene) system(stdout, stderr io.Writer) (*console, *world) {
	con := &console{stdin: strings.NewReader(s.stdin), stdout: stdout, stderr: stderr}
	world := &world{
		getenv:      func(name string) string { return s.env[name] },
		dir:         s.dir,
		openSaved:   s.openSaved,
		cloudFolder: s.mg,
		network: network{
			internet: s.entra,
			direct:   s.entra,
			dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
			},
			openURL:   s.openURL,
			userAgent: userAgent,
			environ:   func() []string { return nil },
		},
	}
	con.readSecret = func(prompt string) (string, error) {
		fmt.Fprintln(stderr, prompt)
		line := <-nextLine(con.stdin, "")
		if line.err == nil && line.text == "" {
			return "", io.EOF
		}
		return strings.TrimSuffix(line.text, "\n"), line.err
	}
	con.terminal.stdin, con.terminal.stderr = s.terminal, s.terminal
	return con, world
}

// openSaved also closes the folder after the test, as Windows removes none that is open;
// a process leaves that to its end.
func (s *scene) openSaved(con *console, world *world, toWrite bool) (savedConnections, error) {
	saved, err := openSaved(con, world, toWrite)
	if store, ok := saved.(*connectionStore); ok {
		s.t.Cleanup(func() { store.vault.Close() })
	}
	return saved, err
}

// openURL is the person's browser.
func (s *scene) openURL(_ context.Context, address string) error {
	if s.person == "" {
		return &browser.Unavailable{Reason: "this is a test"}
	}
	go s.entra.person(s.person, s.consent).Browse(address)
	return nil
}

// atScreen is stderr with the person before it, who enters a device code that appears.
type atScreen struct {
	*scene
	io.Writer
}

var shownCode = regexp.MustCompile(`enter the code (\S+) to`)

func (a *atScreen) Write(text []byte) (int, error) {
	if m := shownCode.FindStringSubmatch(string(text)); m != nil && a.person != "" {
		go func() {
			time.Sleep(18 * time.Second) // between two polls
			if err := a.entra.person(a.person, a.consent).EnterCode(m[1]); err != nil {
				fmt.Fprintf(a.Writer, "the person saw: %v\n", err)
			}
		}()
	}
	return a.Writer.Write(text)
}

// shellWords splits a line as sh does, as far as transcripts need it.
func shellWords(line string, env map[string]string) []string {
	var words []string
	var word strings.Builder
	quote, open := rune(0), false
	for i, r := range line {
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote, open = r, true
		case r == quote:
			quote = 0
		case quote == 0 && r == ' ':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			open = true
			if r == '$' && quote != '\'' {
				name := variableName.FindString(line[i+1:])
				word.WriteString("\x00" + name + "\x00")
				continue
			}
			word.WriteRune(r)
		}
	}
	if open {
		words = append(words, word.String())
	}
	for i := range words {
		words[i] = expand(words[i], env)
	}
	return words
}

var variableName = regexp.MustCompile(`^\w+`)

// expand replaces what shellWords marked: NUL, the name, NUL, and the name again as it
// stood in the line.
func expand(word string, env map[string]string) string {
	parts := strings.Split(word, "\x00")
	for i := 1; i+1 < len(parts); i += 2 {
		name := parts[i]
		parts[i] = env[name]
		parts[i+1] = strings.TrimPrefix(parts[i+1], name)
	}
	return strings.Join(parts, "")
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func sameLines(want, got []string) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(want[i], " ")), `\{\*\}`, ".*") + "$"
		if !regexp.MustCompile(pattern).MatchString(strings.TrimRight(got[i], " ")) {
			return false
		}
	}
	return true
}

func prefixed(prefix, text string) string {
	var b strings.Builder
	for _, line := range splitLines(text) {
		b.WriteString(prefix + line + "\n")
	}
	return b.String()
}

var _ http.RoundTripper = (*fakeEntra)(nil)
