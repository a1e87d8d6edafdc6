//go:build !js

// -Conceal: what a COMMAND writes, with the tokens masked that it was handed.

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"slices"
	"sync"
)

// concealed stands for a token.
const concealed = "***"

// concealer knows the tokens that COMMAND was handed.
type concealer struct {
	mu     sync.Mutex
	tokens [][]byte
}

// watch is the same source, whose tokens are known from before they are handed out.
func (c *concealer) watch(from source) source {
	return func(ctx context.Context, ask Ask) (Token, error) {
		token, err := from(ctx, ask)
		c.mu.Lock()
		defer c.mu.Unlock()
		if text := []byte(token.access.open()); len(text) > 0 && !slices.ContainsFunc(c.tokens, func(t []byte) bool { return bytes.Equal(t, text) }) {
			c.tokens = append(c.tokens, text)
		}
		return token, err
	}
}

// pipe gives a file to write to instead of to. end waits until all that was written
// before has come through; a process that still has the file finds it closed.
func (c *concealer) pipe(to *os.File) (file *os.File, end func(), err error) {
	from, file, err := os.Pipe()
	if err != nil {
		return nil, nil, fail("storage", "There can be no pipe for -Conceal: %v.", err).because(err)
	}
	last := []byte(rand.Text()) // nobody else can write it
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer from.Close() // whoever writes on is told so
		c.copy(to, from, last)
	}()
	return file, func() {
		file.Write(last) // fails if the other end has closed, which ends it as well
		file.Close()
		<-done
	}, nil
}

// copy masks what comes until the text last does. It holds back no more than what may be
// the beginning of a token.
func (c *concealer) copy(to io.Writer, from io.Reader, last []byte) {
	var held []byte
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		out, rest, ended := c.mask(append(held, part[:n]...), last)
		if err != nil {
			out = append(out, rest...)
		}
		if _, failed := to.Write(out); failed != nil || err != nil || ended {
			return
		}
		held = rest
	}
}

// mask gives what may be shown of text, and the end of it that may be the beginning of a
// token. With the text last, all before it is shown.
func (c *concealer) mask(text, last []byte) (out, rest []byte, ended bool) {
	text, _, ended = bytes.Cut(text, last)
	c.mu.Lock()
	defer c.mu.Unlock()
	text = c.replace(text)
	if ended {
		return text, nil, true
	}
	hold := begun(text, last)
	for _, token := range c.tokens {
		hold = max(hold, begun(text, token))
	}
	return text[:len(text)-hold], text[len(text)-hold:], false
}

// replace masks whole tokens in a copy of text.
func (c *concealer) replace(text []byte) (out []byte) {
	for {
		at, length := len(text), 0
		for _, token := range c.tokens {
			if i := bytes.Index(text, token); i >= 0 && i < at {
				at, length = i, len(token)
			}
		}
		if length == 0 {
			return append(out, text...)
		}
		out = append(append(out, text[:at]...), concealed...)
		text = text[at+length:]
	}
}

// begun is how much of token stands at the end of text.
func begun(text, token []byte) int {
	for n := min(len(token)-1, len(text)); n > 0; n-- {
		if bytes.HasSuffix(text, token[:n]) {
			return n
		}
	}
	return 0
}
