// What a COMMAND writes, with the tokens masked that it was handed.

package child

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"connect-entra/failure"
)

// mask stands for a token.
const mask = "***"

// masker knows the tokens that COMMAND was handed.
type masker struct {
	mu     sync.Mutex
	tokens [][]byte
	pipes  []masked
}

// masked is a pipe that COMMAND writes to. Others may have it for longer, so its end is
// told by a text that nobody else can know.
type masked struct {
	in   *os.File
	last []byte
	done chan error
}

// watch is the same source, whose tokens are known from before they are handed out.
func (m *masker) watch(from source) source {
	return func(ctx context.Context, scopes []string, life time.Duration) (Token, error) {
		token, err := from(ctx, scopes, life)
		m.know(token)
		return token, err
	}
}

// know has a token masked from here on.
func (m *masker) know(t Token) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if text := []byte(t.Access()); len(text) > 0 && !slices.ContainsFunc(m.tokens, func(known []byte) bool { return bytes.Equal(known, text) }) {
		m.tokens = append(m.tokens, text)
	}
}

// pipe puts itself between a file and who will write to it.
func (m *masker) pipe(file **os.File) error {
	from, in, err := os.Pipe()
	if err != nil {
		return failure.New("storage", "There can be no pipe for -Conceal: %v.", err).Because(err)
	}
	p := masked{in: in, last: []byte(rand.Text()), done: make(chan error, 1)}
	m.pipes = append(m.pipes, p)
	to := *file
	*file = in
	go func() {
		defer from.Close() // whoever writes on is told so
		p.done <- m.copy(to, from, p.last)
	}()
	return nil
}

// end waits until all that was written before has come through. warn may be nil.
func (m *masker) end(warn func(string, ...any)) {
	for _, p := range m.pipes {
		p.in.Write(p.last) // fails if the other end has closed, which ends it as well
		p.in.Close()
		if err := <-p.done; err != nil && warn != nil {
			warn("What the command wrote did not all arrive: %v", err)
		}
	}
}

// copy masks what comes until the text last does. It holds back no more than what may be
// the beginning of a token.
func (m *masker) copy(to io.Writer, from io.Reader, last []byte) error {
	var held []byte
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		out, rest, ended := m.show(append(held, part[:n]...), last)
		if err != nil {
			out = append(out, rest...)
		}
		if _, failed := to.Write(out); failed != nil || err != nil || ended {
			return failed
		}
		held = rest
	}
}

// show gives what may be shown of text, and the end of it that may be the beginning of a
// token. With the text last, all before it is shown.
func (m *masker) show(text, last []byte) (out, rest []byte, ended bool) {
	text, _, ended = bytes.Cut(text, last)
	m.mu.Lock()
	defer m.mu.Unlock()
	text = m.replace(text)
	if ended {
		return text, nil, true
	}
	hold := begun(text, last)
	for _, token := range m.tokens {
		hold = max(hold, begun(text, token))
	}
	return text[:len(text)-hold], text[len(text)-hold:], false
}

// replace masks whole tokens in a copy of text.
func (m *masker) replace(text []byte) (out []byte) {
	for {
		at, length := len(text), 0
		for _, token := range m.tokens {
			if i := bytes.Index(text, token); i >= 0 && i < at {
				at, length = i, len(token)
			}
		}
		if length == 0 {
			return append(out, text...)
		}
		out = append(append(out, text[:at]...), mask...)
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
