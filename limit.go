//go:build !js

// How long a call may take: one span for all tries and waits up to the answer, and
// where an answer is streamed the same span for each silence in it.

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"time"
)

type limit struct {
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	span     time.Duration
	deadline time.Time
}

// errSlow ends a context whose limit has passed.
var errSlow = errors.New("the time for this request is over")

func newLimit(parent context.Context, span time.Duration) (context.Context, *limit) {
	ctx, cancel := context.WithCancelCause(parent)
	l := &limit{cancel: cancel, span: span, deadline: time.Now().Add(span)}
	l.timer = time.AfterFunc(span, func() { cancel(errSlow) })
	if d, ok := parent.Deadline(); ok && d.Before(l.deadline) {
		l.deadline = d
	}
	return ctx, l
}

func (l *limit) left() time.Duration { return time.Until(l.deadline) }

func (l *limit) stop() {
	l.timer.Stop()
	l.cancel(nil)
}

// guard lets a body take as long as it needs while it is not silent; why it broke off is
// said by failed.
func (l *limit) guard(resp *http.Response, failed func(error) error) {
	resp.Body = &guardedBody{resp.Body, l, failed}
	l.timer.Reset(l.span)
}

type guardedBody struct {
	io.ReadCloser
	limit  *limit
	failed func(error) error
}

func (b *guardedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.limit.timer.Reset(b.limit.span)
	}
	if err != nil && err != io.EOF {
		err = b.failed(err)
	}
	return n, err
}

func (b *guardedBody) Close() error {
	err := b.ReadCloser.Close()
	b.limit.stop()
	return err
}

// retryAfter reads Retry-After: seconds or a date (RFC 9110 §10.2.3); 0 where there is
// none, or none that makes sense. A date is compared with the server's own clock.
func retryAfter(h http.Header, now time.Time) time.Duration {
	const longest = 365 * 24 * time.Hour
	value := textproto.TrimString(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second
	} else if errors.Is(err, strconv.ErrRange) {
		return longest
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(0, date.Sub(now)), longest)
}
