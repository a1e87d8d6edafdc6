//go:build !js

// Trying: how often a request is sent, and when again.

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"connect-entra/exchange"
)

// send tries until there is an answer to hand on, at most maxTries times and within
// the target's timeout.
func (w *wire) send(c *call) (*http.Response, error) {
	ctx, limit := newLimit(c.request.Context(), w.timeout)
	for try := 1; ; try++ {
		answer, err := w.attempt(ctx, c, try)
		wait, again := w.again(c, try, answer, err)
		if again && wait < limit.left() && pause(ctx, wait) == nil {
			answer.discard()
			continue
		}
		if err == nil && answer.body == nil {
			parent := c.request.Context()
			limit.guard(answer.Response, func(err error) error { return w.unreachable(parent, ctx, err) })
			return answer.Response, nil // streamed: the limit is now on silence
		}
		limit.stop()
		switch parent := c.request.Context(); {
		case err != nil:
			return nil, w.unreachable(parent, ctx, err)
		case parent.Err() != nil:
			return nil, parent.Err()
		}
		return w.judge(c, answer, again)
	}
}

// answer is a response whose body was read, or is left to be streamed.
type answer struct {
	*http.Response
	body []byte // nil: to be streamed
}

func (a *answer) discard() {
	if a != nil && a.body == nil {
		a.Response.Body.Close()
	}
}

// attempt is one try: what goes out, what came back.
func (w *wire) attempt(ctx context.Context, c *call, try int) (*answer, error) {
	r := c.request.Clone(ctx)
	switch {
	case c.body != nil:
		r.Body = io.NopCloser(bytes.NewReader(c.body))
		r.ContentLength = int64(len(c.body))
	case r.GetBody != nil && try > 1:
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	r.GetBody = nil // with it net/http repeats what got lost by itself
	r.Header.Set("User-Agent", w.userAgent)
	r.Header.Set("client-request-id", w.correlation)
	started := time.Now()
	resp, err := w.next.RoundTrip(r)
	var a *answer
	if err == nil {
		a = &answer{Response: resp}
		if !policies[w.kind].stream || resp.StatusCode/100 != 2 {
			a.body, err = readAnswer(resp.Body)
		}
	}
	tried := exchange.Try{Request: r, Form: c.form, Via: via(w.next, r), Number: try, Took: time.Since(started)}
	if a != nil {
		tried.Response, tried.Body = a.Response, a.body
	}
	if err != nil {
		tried.Reason = networkReason(err)
	}
	w.recorder.Record(tried)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// readAnswer reads a body that is not to be streamed. It never gives nil and no error.
func readAnswer(body io.ReadCloser) ([]byte, error) {
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxAnswer {
		return nil, errTooLong
	}
	return data, nil
}

var errTooLong = errors.New("longer than 1 MiB")

// again says whether another try may help, and when.
func (w *wire) again(c *call, try int, a *answer, err error) (wait time.Duration, yes bool) {
	backoff := policies[w.kind].pause << (try - 1)
	backoff = backoff/2 + rand.N(backoff)
	switch {
	case try == maxTries:
		return 0, false
	case err != nil:
		return backoff, !isFinal(err) && !isUnknownName(err) && (c.repeatable() || notSent(err))
	case !slices.Contains(retryStatuses, a.StatusCode) && !slices.Contains(policies[w.kind].again, a.StatusCode):
		return 0, false
	}
	told := retryAfter(a.Header, time.Now())
	if !c.repeatable() && (c.once() || c.cannotReplay() || told == 0) {
		return 0, false
	}
	if told > 0 { // never before the time that was told, and not all clients at once
		return told + rand.N(250*time.Millisecond), true
	}
	return backoff, true
}

// pause waits unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
