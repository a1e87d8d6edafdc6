// How long a call may take: one span for all tries and waits up to the response, and
// where that is streamed the same span for each silence in it.

package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// deadline ends a context when its time is over.
type deadline struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
	span   time.Duration
	end    time.Time
}

// errSlow ends a context whose deadline has passed.
var errSlow = errors.New("the time for this request is over")

func newDeadline(parent context.Context, span time.Duration) (context.Context, *deadline) {
	ctx, cancel := context.WithCancelCause(parent)
	d := &deadline{cancel: cancel, span: span, end: time.Now().Add(span)}
	d.timer = time.AfterFunc(span, func() { cancel(errSlow) })
	if end, ok := parent.Deadline(); ok && end.Before(d.end) {
		d.end = end
	}
	return ctx, d
}

func (d *deadline) left() time.Duration { return time.Until(d.end) }

func (d *deadline) stop() {
	d.timer.Stop()
	d.cancel(nil)
}

// guard lets a body take as long as it needs while it is not silent; why it broke off is
// said by failed.
func (d *deadline) guard(resp *http.Response, failed func(error) error) {
	resp.Body = &guardedBody{resp.Body, d, failed}
	d.timer.Reset(d.span)
}

type guardedBody struct {
	io.ReadCloser
	deadline *deadline
	failed   func(error) error
}

func (b *guardedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.deadline.timer.Reset(b.deadline.span)
	}
	if err != nil && err != io.EOF {
		err = b.failed(err)
	}
	return n, err
}

func (b *guardedBody) Close() error {
	err := b.ReadCloser.Close()
	b.deadline.stop()
	return err
}
