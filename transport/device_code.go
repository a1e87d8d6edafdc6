// The device flow's polling as RFC 8628 §3.5 wants it. MSAL polls by a rhythm of its own
// and gives up at the first broken connection, so its polls are held back here until
// they are due, and one that got lost is answered with "not yet".

package transport

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

// polling is when the next poll for a device code is due.
type polling struct {
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
func (p *polling) start(interval time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interval, p.blips, p.due = interval, 0, time.Now().Add(interval)
}

func (p *polling) wait(ctx context.Context) error {
	p.mu.Lock()
	due := p.due
	p.mu.Unlock()
	return pause(ctx, time.Until(due))
}

// next sets when to ask again after a response.
func (p *polling) next(slower bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slower {
		p.interval += slowerBy
	}
	p.blips, p.due = 0, time.Now().Add(p.interval)
}

// lost sets when to ask again after no response, or one that asks to wait.
func (p *polling) lost(atLeast time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blips++
	wait := p.interval << min(p.blips, 10)
	p.due = time.Now().Add(max(min(wait, maxInterval), p.interval, atLeast))
}

// poll sends a device poll when it is due. It is one try: the next poll is the next one.
func (client *Client) poll(c *call) (*http.Response, error) {
	parent := c.request.Context()
	if err := client.polling.wait(parent); err != nil {
		return nil, err
	}
	ctx, deadline := newDeadline(parent, min(client.Timeout, maxPoll))
	defer deadline.stop()
	resp, err := client.attempt(ctx, c, 1)
	switch {
	case err != nil && (parent.Err() != nil || isFinal(err)):
		return nil, client.unreachable(parent, ctx, err)
	case err != nil:
		client.polling.lost(0)
		return c.respond(http.StatusBadRequest, []byte(`{"error":"authorization_pending"}`)), nil
	case slices.Contains(retryStatuses, resp.StatusCode):
		client.polling.lost(retryAfter(resp.Header, time.Now()))
		return c.respond(http.StatusBadRequest, []byte(`{"error":"authorization_pending"}`)), nil
	}
	if yes, slower := pending(resp); yes {
		client.polling.next(slower)
		return c.respond(http.StatusBadRequest, resp.body), nil
	}
	return client.judge(c, resp, false)
}

// verificationHosts are where Entra sends people to enter a device code, beside the
// authority's own host.
var verificationHosts = []string{"microsoft.com", "www.microsoft.com", "login.microsoft.com", "aka.ms"}

// checkDeviceCode checks a device code response (RFC 8628 §3.2): a phisher's page must not
// reach the person, and MSAL wants numbers that are numbers.
func (client *Client) checkDeviceCode(fields map[string]json.RawMessage) error {
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
	if err != nil || u.String() != page || !client.HasPage(u) && !(u.Scheme == "https" && u.User == nil && slices.Contains(verificationHosts, u.Host)) {
		return errors.New("it sends people to a page that is not Microsoft's to enter the code")
	}
	client.polling.start(time.Duration(max(typed.Interval, 1)) * time.Second)
	return nil
}
