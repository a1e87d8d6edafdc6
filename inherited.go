//go:build !js

// Inside a COMMAND: the connection that it was started with, found by one variable that
// holds no secret, with its tokens from the outer process' endpoint.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/transport"
)

const (
	connectionVariable = "CONNECT_ENTRA_CONNECTION" // what is connected, as JSON
	accountVariable    = "CONNECT_ENTRA_ACCOUNT"    // who is connected, for a shell's prompt
)

// inheritance is what a process inside COMMAND is told of the connection.
type inheritance struct {
	AuthContext
	Resource string `json:",omitempty"` // what it is for, if not Graph
	Kept     string `json:",omitempty"` // its ID among those that are kept
}

func (c Connection) inheritance() string {
	data, err := json.Marshal(inheritance{c.AuthContext, c.otherAPI(), c.id})
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
	var from inheritance
	if json.Unmarshal([]byte(told), &from) == nil {
		c.AuthContext, c.id = from.AuthContext, from.Kept
		c.Plan.Environment, err = sys.findCloud(c.Environment)
	}
	if err != nil || c.Environment == "" || !c.isPlain() {
		return c, false, failure.New("bad-value", "%s does not tell of a connection.", connectionVariable).Try("unset it; connect-entra itself sets it for a command")
	}
	base, err := identityBase("IDENTITY_ENDPOINT", sys.getenv("IDENTITY_ENDPOINT"))
	if err == nil {
		err = checkIdentitySecrets(sys)
	}
	if err != nil {
		return c, false, err
	}
	c.Plan.Timeout, c.Plan.Flow = defaultTimeout, flowName(c.TokenCredentialType)
	c.Plan.Scopes = []string{cmp.Or(from.Resource, c.Plan.Environment.GraphEndpoint) + "/.default"}
	if c.Plan.Environment.practice() {
		if c.there, _, err = practice(sys, false); err != nil {
			return c, false, err
		}
	}
	outer := sys.client(transport.Target{Kind: transport.ManagedIdentity, Base: base, Timeout: c.Plan.Timeout})
	c.source = remember(c.Plan, func(ctx context.Context, ask Ask) (Token, error) {
		if ask.Claims != "" {
			return Token{}, onlyOutside("answer a claims challenge")
		}
		name, isAll := strings.CutSuffix(ask.Scopes[0], "/.default")
		isAll = isAll || c.Plan.Flow == byIdentity
		if !isAll { // of Graph, or what follows is not covered
			name = c.Plan.Environment.GraphEndpoint
		}
		token, err := askOuter(ctx, outer, base, sys.getenv("IDENTITY_HEADER"), name, ask.MinLifetime)
		if err == nil && !isAll && !c.Plan.covers(token.Claims.Scopes, ask.Scopes) {
			err = onlyOutside("ask for more scopes")
		}
		return token, err
	})
	return c, true, nil
}

func onlyOutside(what string) error {
	return failure.New("sign-in-needed", "Only the process around this command can %s.", what).Try("leave the command, and connect again")
}

// askOuter gets a token from the outer process.
func askOuter(ctx context.Context, outer *transport.Client, base, secret, name string, life time.Duration) (Token, error) {
	query := url.Values{"api-version": {endpointVersion}, "resource": {name}}
	if life > 0 {
		query.Set(endpointLife, strconv.Itoa(int(life.Seconds())))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+endpointPath+"?"+query.Encode(), nil)
	if err != nil {
		return Token{}, err
	}
	r.Header.Set(endpointHeader, secret)
	resp, err := outer.Do(r)
	if err != nil {
		return Token{}, refusedOutside(err)
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
		return Token{}, failure.New("hostile-answer", "The answer of the outer connect-entra cannot be understood.").Because(err)
	}
	seconds, err := strconv.ParseInt(answer.ExpiresOn, 10, 64)
	if err != nil {
		return Token{}, failure.New("hostile-answer", "The outer connect-entra does not say when its token ends.").Because(err)
	}
	said, _ := claims.Decode(answer.AccessToken)
	return Token{access: hide(answer.AccessToken), ExpiresOn: time.Unix(seconds, 0), Claims: said}, nil
}

// refusedOutside has a refusal of the outer process' endpoint in its words alone.
func refusedOutside(err error) error {
	var f *failure.Error
	if !errors.As(err, &f) || f.Server == nil || f.Server.Description == "" {
		return err
	}
	switch f.Server.Status {
	case http.StatusBadRequest:
		return failure.New("usage", "%s", failure.Clean(f.Server.Description)).Try("start the command with -AllowResource URL").Because(err)
	case http.StatusUnauthorized:
		return failure.New("sign-in-needed", "%s", failure.Clean(f.Server.Description)).Try("leave the command, and connect again").Because(err)
	case http.StatusForbidden:
		return failure.New("refused", "%s", failure.Clean(f.Server.Description)).Because(err)
	}
	return err
}
