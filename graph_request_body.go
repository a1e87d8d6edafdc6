//go:build !js

// What a request to Graph sends: where it is, how much of it is held in memory, and
// whether it can be sent again.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"

	"connect-entra/failure"
)

// maxHeld is how much of a body is held in memory, in bytes; a longer one is read as it
// is sent.
const maxHeld = 1 << 20

// payload is a body to send. One from stdin or a pipe that is longer than maxHeld can be
// sent only once.
type payload struct {
	data   []byte
	path   string    // of a long file, read anew for each try
	size   int64     // of that file
	stream io.Reader // what follows data
	stdin  bool      // still to be read
}

// readPayload finds a body at its place: @FILE, file:PATH, - for stdin, or it is the text
// itself.
func readPayload(text string) (*payload, error) {
	path, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		path, isFile = strings.CutPrefix(text, "file:")
	}
	switch {
	case text == "-":
		return &payload{stdin: true}, nil
	case !isFile:
		return &payload{data: []byte(text)}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, failure.New("bad-value", "The body cannot be read: %v.", err).Because(err).Try("check the path, and who may read the file")
	}
	b := &payload{}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > maxHeld {
		file.Close()
		b.path, b.size = path, info.Size()
		return b, nil
	}
	if err = b.hold(file); b.stream == nil {
		file.Close()
	}
	return b, err
}

// hold reads the beginning of a body, or all of it.
func (b *payload) hold(from io.Reader) (err error) {
	if b.data, err = io.ReadAll(io.LimitReader(from, maxHeld+1)); err != nil {
		return failure.New("bad-value", "The body cannot be read: %v.", err).Because(err)
	}
	if len(b.data) > maxHeld {
		b.stream = from
	}
	return nil
}

// readStdin reads the body from stdin; a signal ends that too.
func (b *payload) readStdin(ctx context.Context, con *console) error {
	if con.terminal.stdin {
		con.note("Type the body, and end it with Ctrl-D (Windows: Ctrl-Z and Enter).")
	}
	b.stdin = false
	return await(ctx, func() error { return b.hold(con.stdin) })
}

// check finds what a shell made of JSON that was typed, before Graph does.
func (b *payload) check(kind string) error {
	if b.stdin || b.path != "" || b.stream != nil || !isJSON(kind) || json.Valid(b.data) {
		return nil
	}
	return failure.New("bad-value", "The body is no JSON: perhaps the shell took its quotes.").
		Try("put it into a file, and type @body.json or, in PowerShell, file:body.json; for another format add -ContentType")
}

func isJSON(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	kind = strings.TrimSpace(kind)
	return kind == "application/json" || strings.HasSuffix(kind, "+json")
}

// attach gives r the body.
func (b *payload) attach(r *http.Request) (err error) {
	switch {
	case b.path != "":
		r.GetBody = func() (io.ReadCloser, error) { return os.Open(b.path) }
		r.ContentLength = b.size
	case b.stream != nil:
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(bytes.NewReader(b.data), b.stream)), -1
		return nil
	default:
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.data)), nil }
		r.ContentLength = int64(len(b.data))
	}
	if r.Body, err = r.GetBody(); err != nil {
		return failure.New("bad-value", "The body cannot be read: %v.", err).Because(err)
	}
	return nil
}
