//go:build !js

// What Graph answers to a request, on its way to a file, a pipe or a terminal: streamed,
// page after page, and with word on how far it is.

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"connect-entra/failure"
)

// deliver hands one answer on: as it is to a file or a pipe, readable to a terminal.
func (g *graphClient) deliver(resp *http.Response, w io.Writer) error {
	far := &progress{con: g.con, quiet: g.onScreen()}
	defer far.end()
	from := &countingReader{body: resp.Body, read: func(n int64) {
		far.tell("%s", showSize(n, resp.ContentLength))
	}}
	if !g.onScreen() {
		n, err := io.Copy(notWriting{w}, from)
		if err == nil && n == 0 {
			g.tellEmpty(resp)
		}
		return err
	}
	kind := resp.Header.Get("Content-Type")
	if !isJSON(kind) && !strings.HasPrefix(kind, "text/") {
		n, err := io.Copy(io.Discard, from)
		switch {
		case err != nil:
		case n == 0:
			g.tellEmpty(resp)
		default:
			g.con.warn("The answer, %d bytes of %s, is not shown on a terminal: add -OutputFilePath FILE.", n, g.client.MediaType(resp.Header))
		}
		return err
	}
	return showOnScreen(notWriting{w}, from)
}

// onScreen says whether the answer goes to a terminal.
func (g *graphClient) onScreen() bool { return g.output == "" && g.con.terminal.stdout }

// tellEmpty says what an answer without a body means.
func (g *graphClient) tellEmpty(resp *http.Response) {
	if to := resp.Header.Get("Location"); to != "" {
		g.con.note("%d %s: %s", resp.StatusCode, http.StatusText(resp.StatusCode), failure.Clean(to))
		return
	}
	g.con.note("%d %s: done, and there is nothing to show.", resp.StatusCode, http.StatusText(resp.StatusCode))
}

// maxPretty is how long an answer may be to be laid out, in bytes.
const maxPretty = 16 << 20

// showOnScreen lays JSON out, and lets nothing reach the terminal that is not text.
func showOnScreen(w io.Writer, from io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(from, maxPretty))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		b.Reset()
		b.Write(data)
	}
	if _, err := w.Write(failure.Visible(bytes.TrimRight(b.Bytes(), "\r\n"))); err != nil {
		return err
	}
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		if n > 0 {
			if _, err := w.Write(failure.Visible(part[:n])); err != nil {
				return err
			}
		}
		if err == io.EOF {
			_, err = w.Write([]byte("\n"))
			return err
		}
		if err != nil {
			return err
		}
	}
}

// collect follows a collection from page to page and writes its items as one JSON array,
// an item a line. No more than an item is held at a time.
func (g *graphClient) collect(ctx context.Context, address string, w io.Writer) error {
	out := &itemWriter{w: bufio.NewWriterSize(notWriting{w}, 64<<10), pretty: g.onScreen()}
	far := &progress{con: g.con, quiet: g.onScreen()}
	defer far.end()
	for pages := 1; ; pages++ {
		resp, err := g.do(ctx, address)
		if err != nil {
			return err
		}
		next, err := readPage(resp.Body, func(item json.RawMessage) error {
			far.tell("%d items, %d pages", out.items+1, pages)
			return out.item(item)
		})
		resp.Body.Close()
		if err == nil && next == address {
			err = failure.New("hostile-answer", "%s names a page as the one after itself.", g.client.Host())
		}
		if err == nil && next == "" {
			return out.end()
		}
		if flushed := out.w.Flush(); err == nil {
			err = flushed
		}
		if err != nil {
			return err
		}
		address = next
	}
}

// readPage reads one page of a collection (OData JSON Format 4.01 §15, §4.6.6) as it
// comes, and gives where the next one is.
func readPage(from io.Reader, item func(json.RawMessage) error) (next string, err error) {
	d := json.NewDecoder(from)
	isCollection := false
	var value json.RawMessage
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", badPage(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", badPage(err)
		}
		if key == "value" {
			if t, err := d.Token(); err != nil || t != json.Delim('[') {
				return "", noCollection(err)
			}
			for isCollection = true; d.More(); {
				if err := d.Decode(&value); err != nil {
					return "", badPage(err)
				}
				if err := item(value); err != nil {
					return "", err
				}
			}
			if _, err := d.Token(); err != nil {
				return "", badPage(err)
			}
			continue
		}
		if err := d.Decode(&value); err != nil {
			return "", badPage(err)
		}
		if key == "@odata.nextLink" {
			if json.Unmarshal(value, &next) != nil {
				next = ""
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return "", badPage(err)
	}
	if !isCollection {
		return "", noCollection(nil)
	}
	return next, nil
}

// badPage keeps a failure of the connection; anything else is no page.
func badPage(err error) error {
	var f *failure.Error
	if errors.As(err, &f) || errors.Is(err, context.Canceled) {
		return err
	}
	return failure.New("hostile-answer", "The answer is no page of JSON.").Because(err)
}

func noCollection(err error) error {
	if err != nil {
		return badPage(err)
	}
	return failure.New("refused", "The answer is no collection, so there are no pages to follow.").Try("leave out -All")
}

// itemWriter writes a JSON array. Until end it is not closed, so that half of one never
// passes for the whole.
type itemWriter struct {
	w      *bufio.Writer
	pretty bool
	items  int
	line   bytes.Buffer
}

func (o *itemWriter) item(item json.RawMessage) error {
	o.line.Reset()
	lead := ",\n"
	if o.items == 0 {
		lead = "[\n"
	}
	o.items++
	o.line.WriteString(lead)
	if !o.pretty {
		if err := json.Compact(&o.line, item); err != nil {
			return badPage(err)
		}
		_, err := o.w.Write(o.line.Bytes())
		return err
	}
	o.line.WriteString("  ")
	if err := json.Indent(&o.line, item, "  ", "  "); err != nil {
		return badPage(err)
	}
	_, err := o.w.Write(failure.Visible(o.line.Bytes()))
	return err
}

func (o *itemWriter) end() error {
	closing := "\n]\n"
	if o.items == 0 {
		closing = "[]\n"
	}
	o.w.WriteString(closing) // the error stays until Flush
	return o.w.Flush()
}

// countingReader tells how much of a body was read.
type countingReader struct {
	body io.Reader
	read func(soFar int64)
	n    int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.body.Read(p)
	c.n += int64(n)
	if n > 0 {
		c.read(c.n)
	}
	return n, err
}

// notWriting makes a failure of a full disk or a closed pipe.
type notWriting struct{ io.Writer }

func (w notWriting) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = failure.New("storage", "The answer could not be written: %v.", err).Because(err).
			Try("check where it goes: a full disk, a closed pipe")
	}
	return n, err
}

// writeWhole makes the user's file path of what write gives it, or replaces it: under
// its name there is never half of it. Unlike the program's own it is of the mode that
// the user's files have.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays one
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // /dev/null, or a pipe
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return notWritten(path, err)
		}
		return errors.Join(write(file), notWritten(path, file.Close()))
	}
	part := path + "." + rand.Text()[:8] + ".part"
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return notWritten(path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(part)
		}
	}()
	err = write(file)
	if err == nil {
		err = notWritten(path, file.Sync())
	}
	if closed := file.Close(); err == nil {
		err = notWritten(path, closed)
	}
	if err == nil {
		err = notWritten(path, os.Rename(part, path))
	}
	return err
}

func notWritten(path string, err error) error {
	if err == nil {
		return nil
	}
	return failure.New("storage", "%s could not be written: %v.", failure.Clean(path), err).Because(err).Try("check the folder, and how much room there is")
}
