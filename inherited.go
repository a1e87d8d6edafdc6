//go:build !js

// Inside a COMMAND: the connection that it was started with, found by one variable that
// holds no secret, with its tokens from the outer process' endpoint.

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	connectionVariable = "CONNECT_ENTRA_CONNECTION" // what is connected, as JSON
	accountVariable    = "CONNECT_ENTRA_ACCOUNT"    // who is connected, for a shell's prompt
)

// inheritance is what a process inside COMMAND is told of the connection.
func (c Connection) inheritance() string {
	data, err := json.Marshal(c.AuthContext)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(data)
}

// inherited is the connection of the COMMAND that this process is part of; ok is false
// outside of one.
func inherited(sys *system) (c Connection, ok bool, err error) {
	told := sys.getenv(connectionVariable)
	if told == "" {
		return c, false, nil
	}
	if json.Unmarshal([]byte(told), &c.AuthContext) == nil {
		c.Plan.Environment, err = sys.findCloud(c.Environment)
	}
	if err != nil || c.Environment == "" {
		return c, false, fail("bad-value", "%s does not tell of a connection.", connectionVariable).try("unset it; connect-entra itself sets it for a command")
	}
	base, err := identityBase("IDENTITY_ENDPOINT", sys.getenv("IDENTITY_ENDPOINT"))
	if err != nil {
		return c, false, err
	}
	c.Plan.Timeout = defaultTimeout
	outer := sys.wire(target{kind: toIdentity, base: base, timeout: c.Plan.Timeout})
	c.source = remember(c.Plan, func(ctx context.Context, ask Ask) (Token, error) {
		if ask.Claims != "" {
			return Token{}, fail("sign-in-needed", "Only the process that connected can answer a claims challenge.").try("connect again")
		}
		name := c.Plan.Environment.GraphEndpoint
		if len(ask.Scopes) > 0 {
			name = strings.TrimSuffix(ask.Scopes[0], "/.default")
		}
		return askOuter(ctx, outer, base, sys.getenv("IDENTITY_HEADER"), name)
	})
	return c, true, nil
}

// askOuter gets a token from the outer process.
func askOuter(ctx context.Context, outer *wire, base, secret, name string) (Token, error) {
	query := url.Values{"api-version": {endpointVersion}, "resource": {name}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+endpointPath+"?"+query.Encode(), nil)
	if err != nil {
		return Token{}, err
	}
	r.Header.Set(endpointHeader, secret)
	resp, err := outer.Do(r)
	if err != nil {
		return Token{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return Token{}, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresOn   string `json:"expires_on"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return Token{}, fail("hostile-answer", "The answer of the outer connect-entra cannot be understood.").because(err)
	}
	seconds, err := strconv.ParseInt(answer.ExpiresOn, 10, 64)
	if err != nil {
		return Token{}, fail("hostile-answer", "The outer connect-entra does not say when its token ends.").because(err)
	}
	claims, _ := decodeClaims(answer.AccessToken)
	return Token{access: seal(answer.AccessToken), ExpiresOn: time.Unix(seconds, 0), Claims: claims}, nil
}
