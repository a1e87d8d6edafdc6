//go:build !js

// The device flow's polling as RFC 8628 §3.5 wants it. MSAL polls by a rhythm of its own
// and gives up at the first broken connection, so its polls are held back here until
// they are due, and one that got lost is answered with "not yet".

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

type pace struct {
	mu       sync.Mutex
	interval time.Duration
	blips    int // lost polls in a row
	due      time.Time
}

const (
	slowerBy    = 5 * time.Second
	maxInterval = time.Minute      // between polls that get lost
	maxPoll     = 30 * time.Second // for one poll: the person may be done while it hangs
)

// start begins a new code's polling.
func (p *pace) start(interval time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interval, p.blips, p.due = interval, 0, time.Now().Add(interval)
}

func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	due := p.due
	p.mu.Unlock()
	return pause(ctx, time.Until(due))
}

// next sets when to ask again after an answer.
func (p *pace) next(slower bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slower {
		p.interval += slowerBy
	}
	p.blips, p.due = 0, time.Now().Add(p.interval)
}

// lost sets when to ask again after no answer, or one that asks to wait.
func (p *pace) lost(told time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blips++
	wait := p.interval << min(p.blips, 10)
	p.due = time.Now().Add(max(min(wait, maxInterval), p.interval, told))
}

// poll sends a device poll when it is due. It is one try: the next poll is the next one.
func (w *wire) poll(c *call) (*http.Response, error) {
	parent := c.request.Context()
	if err := w.pace.wait(parent); err != nil {
		return nil, err
	}
	ctx, limit := newLimit(parent, min(w.timeout, maxPoll))
	defer limit.stop()
	a, err := w.attempt(ctx, c, 1)
	switch {
	case err != nil && (parent.Err() != nil || isFinal(err)):
		return nil, w.unreachable(parent, ctx, err)
	case err != nil:
		w.pace.lost(0)
		return c.answer(http.StatusBadRequest, []byte(`{"error":"authorization_pending"}`)), nil
	case slices.Contains(retryStatuses, a.StatusCode):
		w.pace.lost(retryAfter(a.Header, time.Now()))
		return c.answer(http.StatusBadRequest, []byte(`{"error":"authorization_pending"}`)), nil
	}
	if yes, slower := pending(a); yes {
		w.pace.next(slower)
		return c.answer(http.StatusBadRequest, a.body), nil
	}
	return w.judge(c, a, false)
}

// verificationHosts are where Entra sends people to enter a device code, beside the
// authority's own host.
var verificationHosts = []string{"microsoft.com", "www.microsoft.com", "login.microsoft.com", "aka.ms"}

// checkDeviceCode checks a device code answer (RFC 8628 §3.2): a phisher's page must not
// reach the person, and MSAL wants numbers that are numbers.
func (w *wire) checkDeviceCode(fields map[string]json.RawMessage) error {
	var typed struct {
		ExpiresIn int    `json:"expires_in"`
		Interval  int    `json:"interval"`
		Message   string `json:"message"`
	}
	typed.Interval = 5 // where the server names none
	all, err := json.Marshal(fields)
	if err != nil || json.Unmarshal(all, &typed) != nil {
		return errors.New("a value in it has the wrong type")
	}
	for _, key := range []string{"user_code", "device_code", "verification_uri"} {
		if text := textOf(fields[key]); text == "" || len(text) > maxToken {
			return fmt.Errorf("it has no good %s", key)
		}
	}
	if code := textOf(fields["user_code"]); len(code) > 32 || strings.ContainsFunc(code, func(r rune) bool { return !inHostName(r) }) {
		return errors.New("it has no good user_code")
	}
	if typed.ExpiresIn < 1 || typed.ExpiresIn > 86400 || typed.Interval < 0 || typed.Interval > 3600 {
		return errors.New("its times make no sense")
	}
	page := textOf(fields["verification_uri"])
	u, err := url.Parse(page)
	if err != nil || u.String() != page || !w.hasPage(u) && !(u.Scheme == "https" && u.User == nil && slices.Contains(verificationHosts, u.Host)) {
		return errors.New("it sends people to a page that is not Microsoft's to enter the code")
	}
	w.pace.start(time.Duration(max(typed.Interval, 1)) * time.Second)
	return nil
}
