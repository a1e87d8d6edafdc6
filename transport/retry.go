// Trying: how often a request is sent, and when again.

package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"time"

	"connect-entra/exchange"
)

// send tries until there is a response to hand on, at most maxTries times and within
// the target's timeout.
func (client *Client) send(c *call) (*http.Response, error) {
	ctx, deadline := newDeadline(c.request.Context(), client.Timeout)
	for try := 1; ; try++ {
		resp, err := client.attempt(ctx, c, try)
		wait, again := client.again(c, try, resp, err)
		if again && wait < deadline.left() && pause(ctx, wait) == nil {
			resp.discard()
			continue
		}
		parent := c.request.Context()
		if err == nil && resp.body == nil {
			deadline.guard(resp.Response, func(err error) error { return client.unreachable(parent, ctx, err) })
			return resp.Response, nil // streamed: the deadline is now for silence
		}
		deadline.stop()
		switch {
		case err != nil:
			return nil, client.unreachable(parent, ctx, err)
		case parent.Err() != nil:
			return nil, parent.Err()
		}
		return client.judge(c, resp, again)
	}
}

// response is one whose body was read, or is left to be streamed.
type response struct {
	*http.Response
	body []byte // nil: to be streamed
}

func (resp *response) discard() {
	if resp != nil && resp.body == nil {
		resp.Body.Close()
	}
}

// attempt is one try: what goes out, what came back.
func (client *Client) attempt(ctx context.Context, c *call, try int) (*response, error) {
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
	r.Header.Set("User-Agent", client.options.UserAgent)
	r.Header.Set("client-request-id", client.Correlation)
	started := time.Now()
	got, err := client.next.RoundTrip(r)
	tried := exchange.Try{Request: r, Form: c.form, Via: via(client.next, r), Number: try}
	if err == nil {
		tried.Response = got
		if !policies[client.Kind].stream || got.StatusCode/100 != 2 {
			tried.Body, err = readBody(got.Body)
		}
	}
	if err != nil {
		tried.Reason = Reason(err)
	}
	tried.Took = time.Since(started)
	client.recorder.Record(tried)
	if err != nil {
		return nil, err
	}
	return &response{got, tried.Body}, nil
}

// readBody reads a body that is not to be streamed. It never gives nil and no error.
func readBody(body io.ReadCloser) ([]byte, error) {
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBody {
		return nil, errTooLong
	}
	return data, nil
}

var errTooLong = errors.New("longer than 1 MiB")

// again says whether another try may help, and when.
func (client *Client) again(c *call, try int, resp *response, err error) (wait time.Duration, yes bool) {
	backoff := policies[client.Kind].pause << (try - 1)
	backoff = backoff/2 + rand.N(backoff)
	switch {
	case try == maxTries:
		return 0, false
	case err != nil:
		return backoff, !isFinal(err) && !isUnknownName(err) && (c.repeatable() || notSent(err))
	case !slices.Contains(retryStatuses, resp.StatusCode) && !slices.Contains(policies[client.Kind].again, resp.StatusCode):
		return 0, false
	}
	after := retryAfter(resp.Header, time.Now())
	if !c.repeatable() && (c.once() || c.cannotReplay() || after == 0) {
		return 0, false
	}
	if after > 0 { // never before the time that was told, and not all clients at once
		return after + rand.N(250*time.Millisecond), true
	}
	return backoff, true
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
