package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/failure"
)

func TestSecretsAreReadFromTheirPlaces(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file("@odd", "secret of a file with an odd name")
	t.Chdir(dir)
	t.Setenv("S", "unused") // what is read comes by getenv, never from the process
	env := map[string]string{"S": "from env", "EMPTY": ""}
	for _, c := range []struct {
		name, source, stdin, want, id string
		terminal                      bool
	}{
		{"stdin", "-", "first\nsecond\n", "first", "", false},
		{"stdin without an end of line", "-", "only", "only", "", false},
		{"stdin from Windows", "-", "first\r\nsecond", "first", "", false},
		{"empty stdin", "-", "", "", "bad-value", false},
		{"endless stdin", "-", strings.Repeat("x", maxSecret+1), "", "bad-value", false},
		{"file", "@" + file("a", "secret\n"), "", "secret", "", false},
		{"file by the other spelling", "file:" + file("b", "secret"), "", "secret", "", false},
		{"file whose name begins with @", "file:@odd", "", "secret of a file with an odd name", "", false},
		{"only one end of line is taken off", "@" + file("c", "secret\n\n"), "", "", "bad-value", false},
		{"file with a byte order mark", "@" + file("d", "\uFEFFsecret"), "", "", "bad-value", false},
		{"file in UTF-16", "@" + file("e", "\xff\xfes\x00"), "", "", "bad-value", false},
		{"file that is too long", "@" + file("f", strings.Repeat("x", maxSecret+1)), "", "", "bad-value", false},
		{"a folder", "@" + dir, "", "", "bad-value", false},
		{"no file", "@" + filepath.Join(dir, "none"), "", "", "bad-value", false},
		{"environment", "env:S", "", "from env", "", false},
		{"empty environment variable", "env:EMPTY", "", "", "bad-value", false},
		{"prompt", "", "", "typed", "", true},
		{"prompt for stdin", "-", "", "typed", "", true},
		{"prompt without a terminal", "", "", "", "sign-in-needed", false},
	} {
		con := &console{stdin: strings.NewReader(c.stdin), stderr: io.Discard, readSecret: func(string) (string, error) { return "typed", nil }}
		world := &world{getenv: func(name string) string { return env[name] }}
		con.terminal.stdin = c.terminal
		got, err := Secret{c.source}.read(t.Context(), con, world, "the client secret", "")
		id := ""
		if err != nil {
			id = failure.From(err).ID
		}
		if got != c.want || id != c.id {
			t.Errorf("%s: %q %q (%v), not %q %q", c.name, got, id, err, c.want, c.id)
		}
	}
}

// TestStdinIsLeftToTheNext reads two secrets and leaves what follows.
func TestStdinIsLeftToTheNext(t *testing.T) {
	con, world := &console{stdin: strings.NewReader("one\ntwo\nthe rest"), stderr: io.Discard}, &world{}
	for _, want := range []string{"one", "two"} {
		if got, err := (Secret{"-"}).read(t.Context(), con, world, "the client secret", ""); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if rest, _ := io.ReadAll(con.stdin); string(rest) != "the rest" {
		t.Errorf("left %q", rest)
	}
}

// TestSilentStdin says after half a minute what is waited for, and ends with ctx.
func TestSilentStdin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent, end := io.Pipe()
		defer end.Close()
		var said strings.Builder
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, failure.New("interrupted", "Interrupted."))
		defer cancel()
		_, err := Secret{"-"}.read(ctx, &console{stdin: silent, stderr: &said}, &world{}, "the client secret", "")
		if failure.From(err).ID != "interrupted" || said.String() != "Waiting for the client secret on stdin.\n" {
			t.Errorf("%v, said %q", err, said.String())
		}
	})
}

func TestSecretsPrintTheirPlaceOnly(t *testing.T) {
	for source, want := range map[string]string{"": "a prompt", "-": "stdin", "env:S": "env:S", "@file": "@file"} {
		if got := (Secret{source}).String(); got != want {
			t.Errorf("%q prints %q", source, got)
		}
	}
}
