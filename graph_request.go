//go:build !js

// One request to Microsoft Graph with a connection's token: what goes out, how often, and
// what is made of a refusal. graph_response.go has what comes back.

package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/transport"
)

// graphRequest is a request as it was typed.
type graphRequest struct {
	method, uri string
	headers     []header
	body        *payload // nil: none
	output      string   // a file; "" for stdout
	all         bool
}

// graphMethods are Invoke-MgGraphRequest's.
var graphMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// sendRequest is the verb: it sends what was typed and hands the answer on.
func sendRequest(ctx context.Context, con *console, world *world, p Params) error {
	r, err := parseRequest(ctx, p)
	if err != nil {
		return err
	}
	c, ask, err := openToUse(ctx, con, world, p, func(plan Plan) error {
		_, err := graphAddress(plan.Environment, r.uri)
		return err
	})
	if err != nil {
		return err
	}
	address, err := graphAddress(c.Plan.Environment, r.uri)
	if err != nil {
		return err
	}
	g := &graphClient{
		graphRequest: r,
		con:          con,
		world:        world,
		connection:   c,
		ask:          ask,
		client:       newClient(con, c.world, transport.Target{Kind: transport.Graph, Base: c.Plan.Environment.GraphEndpoint, Timeout: c.Plan.Timeout}),
	}
	return g.run(ctx, address)
}

// parseRequest reads what was typed, and refuses what needs no sign-in to be refused.
func parseRequest(ctx context.Context, p Params) (r graphRequest, err error) {
	method, body := p.Text("Method"), p.Text("Body")
	r = graphRequest{uri: p.Text("Uri"), output: p.Text("OutputFilePath"), all: p.On("All")}
	isMethod := slices.Contains(graphMethods, strings.ToUpper(method))
	if !isMethod && p.Values["Method"].How == "position" && !strings.HasPrefix(r.uri, "/") {
		method, r.uri, body = "", method, cmp.Or(r.uri, body) // request PATH [BODY]
	} else if method != "" && !isMethod {
		return r, failure.New("bad-value", "-Method is none of %s: %q.", strings.Join(graphMethods, ", "), failure.Clean(method))
	}
	r.method = strings.ToUpper(cmp.Or(method, "GET"))
	hasBody := body != "" || p.Has("InputFilePath")
	switch {
	case r.uri == "":
		return r, failure.New("usage", "Which part of Graph is asked for?").Try("connect-entra request /me")
	case body != "" && p.Has("InputFilePath"):
		return r, failure.New("usage", "-Body and -InputFilePath cannot be used together.").Try("leave one of them out")
	case hasBody && r.method == "GET":
		return r, failure.New("usage", "A GET sends no body.").Try("name the method: connect-entra request POST …")
	case r.all && r.method != "GET":
		return r, failure.New("usage", "-All is for GET: it reads the pages of a collection.").Try("leave out -All or -Method")
	}
	if r.headers, err = readHeaders(p.Text("Headers")); err != nil || !hasBody {
		return r, err
	}
	kind := "application/json"
	if p.Has("InputFilePath") {
		body = "@" + p.Text("InputFilePath")
		if !strings.EqualFold(filepath.Ext(body), ".json") {
			kind = "application/octet-stream"
		}
	}
	kind = cmp.Or(p.Text("ContentType"), kind)
	for _, h := range r.headers {
		if strings.EqualFold(h.name, "Content-Type") {
			kind = h.value
		}
	}
	if strings.ContainsFunc(kind, failure.IsControl) {
		return r, failure.New("bad-value", "-ContentType holds a control character.")
	}
	r.headers = append(r.headers, header{"Content-Type", kind})
	var sent *payload
	if err = await(ctx, func() (err error) { sent, err = readPayload(body); return err }); err != nil {
		return r, err
	}
	r.body = sent
	return r, sent.check(kind)
}

// graphClient sends requests with the token of a connection.
type graphClient struct {
	graphRequest
	con        *console
	world      *world
	connection Connection
	ask        Ask
	client     *transport.Client
}

// run sends the request and hands the answer on.
func (g *graphClient) run(ctx context.Context, address string) error {
	if g.body != nil && g.body.stdin {
		if err := g.body.readStdin(ctx, g.con); err != nil {
			return err
		}
		if err := g.body.check(g.headers[len(g.headers)-1].value); err != nil {
			return err
		}
	}
	write := func(w io.Writer) error {
		if g.all {
			return g.collect(ctx, address, w)
		}
		resp, err := g.do(ctx, address)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return g.deliver(resp, w)
	}
	if g.output != "" {
		return writeWhole(g.output, write)
	}
	return write(g.con.stdout)
}

// do sends one request. Where Graph wants more of the sign-in than the token has, a
// claims challenge, it is asked for and the request sent once more.
func (g *graphClient) do(ctx context.Context, address string) (*http.Response, error) {
	resp, err := g.send(ctx, address)
	var f *failure.Error
	if errors.As(err, &f) && f.Server != nil && f.Server.Status == http.StatusUnauthorized && f.Server.Claims != "" {
		if err := g.answerChallenge(ctx, f); err != nil {
			return nil, err
		}
		resp, err = g.send(ctx, address)
	}
	if err != nil {
		return nil, g.advise(err, address)
	}
	return resp, nil
}

func (g *graphClient) send(ctx context.Context, address string) (*http.Response, error) {
	token, err := g.connection.source(ctx, g.ask)
	if err != nil {
		return nil, err
	}
	if err := g.checkAudience(token); err != nil {
		return nil, err
	}
	g.connection.Token = token // for advice, should it be refused
	r, err := http.NewRequestWithContext(ctx, g.method, address, nil)
	if err != nil {
		return nil, failure.New("hostile-answer", "The address of the next page is none.").Because(err)
	}
	if g.body != nil {
		if err := g.body.attach(r); err != nil {
			return nil, err
		}
	}
	for _, h := range g.headers {
		r.Header.Set(h.name, h.value)
	}
	r.Header.Set("Authorization", "Bearer "+token.access.reveal())
	return g.client.Do(r)
}

// checkAudience keeps a token that can be read for those that it is for: Graph of this
// cloud.
func (g *graphClient) checkAudience(token Token) error {
	e, aud := g.connection.Plan.Environment, token.Claims.Audience
	if aud == "" || aud == claims.GraphAppID || e.hasGraph(aud) {
		return nil
	}
	f := failure.New("bad-token", "The token is for %s, and was not sent to %s.", failure.Clean(aud), e.GraphEndpoint)
	if other, ok := environmentOf(clouds, aud); ok {
		return f.Try("connect to that cloud: -Environment %s", other.Name)
	}
	return f.Try("connect for Microsoft Graph")
}

// answerChallenge signs in again for exactly the claims that Graph asks for.
func (g *graphClient) answerChallenge(ctx context.Context, f *failure.Error) error {
	needed := func(why string) *failure.Error {
		again := failure.New("sign-in-needed", "Graph wants more of this sign-in, and %s.", why).Try("in a terminal: connect-entra -Force, then the request again")
		again.Server = f.Server
		return again
	}
	flow := g.connection.Plan.Flow
	switch {
	case (flow == byBrowser || flow == byDeviceCode) && g.connection.saved == "" && !g.con.terminal.stderr:
		return needed("nobody is here to sign in")
	case flow == byToken:
		return needed("the token that was given cannot be exchanged").Try("get a new token for Graph")
	case g.body != nil && g.body.stream != nil:
		return needed("the body cannot be sent twice").Try("put the body into a file: -InputFilePath FILE")
	}
	g.con.note("Graph wants more of this sign-in.")
	c, err := g.connection.satisfy(ctx, g.con, g.world, Ask{Scopes: g.ask.Scopes, Claims: f.Server.Claims})
	g.connection = c
	return err
}

// advise gives a refusal the cure that fits this request.
func (g *graphClient) advise(err error, address string) error {
	var f *failure.Error
	if !errors.As(err, &f) || f.Server == nil || f.Cure != "" {
		return err
	}
	f.Cure = graphCure(f.Server.Status)
	if f.Server.Status != http.StatusForbidden {
		return err
	}
	path := strings.TrimPrefix(address, g.connection.Plan.Environment.GraphEndpoint)
	path, _, _ = strings.Cut(path, "?")
	claims, permission := g.connection.Token.Claims, permissionFor(g.method, path)
	switch held := slices.Concat(claims.Scopes, claims.Roles); {
	case permission == "":
	case slices.Contains(held, permission):
		f.Try("the token has %s: the account's own role does not allow it, or this needs another permission", permission)
	case claims.AppOnly:
		f.Try("have an administrator grant the application %s, and consent to it; then connect again", permission)
	default:
		f.Try("connect-entra -Scopes %s", permission)
	}
	return err
}
