// Where secrets come from: a Secret only ever says where one is to be read, which happens
// at the last moment. It does not know who asks.

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"connect-entra/failure"
)

// Secret says where a secret is to be read: "-" (one line of stdin, or a prompt without
// echo where stdin is a terminal), "@FILE" or "file:PATH", "env:NAME", or "" for a
// prompt. It never holds the secret, so it may be printed, compared and saved.
type Secret struct{ source string }

// maxSecret bounds what is read of a secret, in bytes.
const maxSecret = 64 << 10

// isSecretSource says whether text names a source to read a secret from.
func isSecretSource(text string) bool {
	if text == "-" {
		return true
	}
	for _, prefix := range []string{"@", "file:", "env:"} {
		if strings.HasPrefix(text, prefix) && len(text) > len(prefix) {
			return true
		}
	}
	return false
}

// String tells where from, never what.
func (s Secret) String() string {
	switch s.source {
	case "":
		return "a prompt"
	case "-":
		return "stdin"
	}
	return failure.Clean(s.source)
}

// asks says whether reading it needs somebody to be there.
func (s Secret) asks() bool { return s.source == "" || s.source == "-" }

// absolute names a file in full, for another process to find.
func (s Secret) absolute() Secret {
	for _, prefix := range []string{"@", "file:"} {
		if name, ok := strings.CutPrefix(s.source, prefix); ok {
			if full, err := filepath.Abs(name); err == nil {
				return Secret{prefix + full}
			}
		}
	}
	return s
}

func (s Secret) MarshalText() ([]byte, error) { return []byte(s.source), nil }

func (s *Secret) UnmarshalText(text []byte) error {
	s.source = string(text)
	return nil
}

// read fetches the secret. prompt is what a person is asked, what the secret's name in
// an error: "the client secret". Exactly one line ending is taken off the end.
func (s Secret) read(ctx context.Context, con *console, world *world, what, prompt string) (string, error) {
	text, err := s.fetch(ctx, con, world, what, prompt)
	if err != nil {
		return "", err
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	switch {
	case text == "":
		return "", failure.New("bad-value", "%s from %s is empty.", failure.Capital(what), s).Try("put it into %s and try again", s)
	case strings.HasPrefix(text, "\uFEFF") || !utf8.ValidString(text):
		return "", failure.New("bad-value", "%s from %s is not plain UTF-8 text without a byte order mark.", failure.Capital(what), s).
			Try("save it as UTF-8 without BOM; in Windows PowerShell: Set-Content -Encoding ascii")
	case strings.ContainsFunc(text, failure.IsControl):
		return "", failure.New("bad-value", "%s from %s holds a control character or more than one line.", failure.Capital(what), s).
			Try("keep the secret alone in its place, on one line")
	}
	return text, nil
}

func (s Secret) fetch(ctx context.Context, con *console, world *world, what, prompt string) (string, error) {
	source := s.source
	switch {
	case source == "" || source == "-" && con.terminal.stdin:
		if !con.terminal.stdin {
			return "", failure.New("sign-in-needed", "%s is needed and there is no terminal to ask on.", failure.Capital(what)).
				Try("name where it is, after the ID: -ClientSecretCredential ID:env:NAME, ID:@FILE or ID:-")
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx) // interrupted before the prompt listens
		}
		return con.readSecret(prompt)
	case source == "-":
		return readLine(ctx, con, what)
	case strings.HasPrefix(source, "env:"):
		name := strings.TrimPrefix(source, "env:")
		text := world.getenv(name)
		if text == "" {
			return "", failure.New("bad-value", "%s was to come from the environment variable %s, which is not set or empty.", failure.Capital(what), failure.Clean(name)).
				Try("export %s, or name another place: -, @FILE", failure.Clean(name))
		}
		return text, nil
	}
	name, ok := strings.CutPrefix(source, "file:")
	if !ok {
		name = strings.TrimPrefix(source, "@")
	}
	var text string
	if err := await(ctx, func() (err error) { text, err = readSecretFile(name, what); return err }); err != nil {
		return "", err
	}
	return text, nil
}

func readSecretFile(name, what string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", failure.New("bad-value", "%s cannot be read: %s.", failure.Capital(what), failure.Clean(err.Error())).Because(err).
			Try("check its path, and who may read the file")
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() && info.Mode()&os.ModeNamedPipe == 0 {
		return "", failure.New("bad-value", "%s cannot be read: %s is not a file.", failure.Capital(what), failure.Clean(name))
	}
	return readAll(file, what)
}

// await leaves a read that hangs, at a pipe into which nobody writes, when ctx ends. Only
// where it gives no error may what was read be looked at.
func await(ctx context.Context, read func() error) error {
	done := make(chan error, 1)
	go func() { done <- read() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// readLine takes one line from stdin; whoever waits long is told for what.
func readLine(ctx context.Context, con *console, what string) (string, error) {
	done := nextLine(con.stdin, what)
	hint := time.NewTimer(30 * time.Second)
	defer hint.Stop()
	for {
		select {
		case a := <-done:
			return a.text, a.err
		case <-hint.C:
			con.note("Waiting for %s on stdin.", what)
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// typedLine is a line with its ending, or why there is none.
type typedLine struct {
	text string
	err  error
}

// nextLine reads a line byte by byte, so that what follows is left to whoever reads
// next.
func nextLine(r io.Reader, what string) <-chan typedLine {
	done := make(chan typedLine, 1)
	go func() {
		var line []byte
		one := make([]byte, 1)
		for len(line) <= maxSecret {
			n, err := r.Read(one)
			if n == 1 {
				line = append(line, one[0])
				if one[0] == '\n' {
					break
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				done <- typedLine{err: failure.New("bad-value", "%s cannot be read from stdin: %v.", failure.Capital(what), err).Because(err)}
				return
			}
		}
		if len(line) > maxSecret {
			done <- typedLine{err: tooLong(what)}
			return
		}
		done <- typedLine{text: string(line)}
	}()
	return done
}

func readAll(r io.Reader, what string) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if err != nil {
		return "", failure.New("bad-value", "%s cannot be read: %v.", failure.Capital(what), err).Because(err)
	}
	if len(data) > maxSecret {
		return "", tooLong(what)
	}
	return string(data), nil
}

func tooLong(what string) error {
	return failure.New("bad-value", "%s is longer than %d bytes.", failure.Capital(what), maxSecret)
}

// hidden is text that no format verb and no encoder prints, wherever in a struct it
// stands: fmt shows the address of a pointer, not what it points to.
type hidden struct{ text *string }

func hide(text string) hidden { return hidden{&text} }

// reveal gives the text to whoever hands it on.
func (h hidden) reveal() string {
	if h.text == nil {
		return ""
	}
	return *h.text
}
