//go:build !js

// -- COMMAND: a program that has the connection as long as it runs, as child runs it. What
// it is told by its environment, and what a connection becomes for it. And inside of one:
// the connection that it was started with, found by one variable that holds no secret, with
// its tokens from the outer process.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"connect-entra/child"
	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/guid"
	"connect-entra/transport"
)

// command is the COMMAND of one run.
type command struct {
	path          string // of the program
	args          []string
	tokenVariable string
	resources     []child.Resource // beside what was connected
	outside       bool             // processes that are not its own are served too
	conceal       bool             // its tokens are masked in its output
}

// newCommand reads what p says of COMMAND, before anything is sent; nil without one.
func newCommand(con *console, p Params) (*command, error) {
	if p.Command == nil {
		for _, name := range []string{"TokenVariable", "AllowResource", "AllowOutside", "Conceal"} {
			if p.Has(name) {
				return nil, failure.New("usage", "-%s is for a command, and there is none.", name).Try("add it at the end: -- COMMAND")
			}
		}
		return nil, nil
	}
	if len(p.Command) == 0 {
		return nil, failure.New("usage", "After -- the command is missing.").Try("connect-entra … -- COMMAND")
	}
	c := &command{args: p.Command, tokenVariable: p.Text("TokenVariable"), outside: p.On("AllowOutside"), conceal: p.On("Conceal")}
	if p.Has("TokenVariable") && (!isVariable(c.tokenVariable) || isWithheld(c.tokenVariable) || isProvided(c.tokenVariable)) {
		return nil, failure.New("bad-value", "-TokenVariable cannot be %q.", failure.Clean(c.tokenVariable)).
			Try("choose a name of letters, digits and _ that has no other meaning: GRAPH_TOKEN")
	}
	for _, name := range p.list("AllowResource") {
		r, err := allowed(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		c.resources = append(c.resources, r)
	}
	var err error
	c.path, err = child.Find(c.args[0])
	return c, err
}

// isVariable holds for names that every shell takes (POSIX, "Name").
func isVariable(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == "" && (name[0] < '0' || name[0] > '9')
}

// allowed is a resource that -AllowResource names.
func allowed(name string) (child.Resource, error) {
	name = strings.TrimSuffix(name, "/.default")
	if e, isGraph := environmentOf(clouds, name); isGraph {
		return child.Resource{}, failure.New("bad-value", "-AllowResource names Microsoft Graph of %s: that of the connection is allowed anyway.", e.Name).
			Try("leave it out, or connect with -Environment %s", e.Name)
	}
	if scheme, rest, ok := strings.Cut(name, "://"); (!ok || rest == "" || scheme != "https" && scheme != "api") && !guid.Is(name) || strings.ContainsFunc(name, func(r rune) bool { return r <= 0x20 || r >= 0x7f }) {
		return child.Resource{}, failure.New("bad-value", "-AllowResource holds %q, which is no API's address.", failure.Clean(name)).
			Try("-AllowResource https://management.azure.com/,api://…")
	}
	return child.Resource{Names: []string{name}, Scopes: []string{name + "/.default"}}, nil
}

// run starts COMMAND with the connection and waits for it; its end is an ended.
func (c *command) run(ctx context.Context, con *console, world *world, connection Connection) error {
	session := c.session(con, world, connection)
	if c.tokenVariable != "" {
		token, err := connection.source(ctx, Ask{})
		if err != nil {
			return err
		}
		session.Env = append(without(session.Env, c.tokenVariable), c.tokenVariable+"="+token.access.reveal())
		session.Handed = []child.Token{token.forChild()}
		con.note("%s holds a token that is not renewed%s.", c.tokenVariable, endsAt(token))
	}
	status, err := session.Run(ctx)
	if err != nil {
		return err
	}
	return ended{status}
}

// session is COMMAND with what it has of the connection.
func (c *command) session(con *console, world *world, connection Connection) child.Session {
	resources := append([]child.Resource{connection.resource()}, c.resources...)
	if connection.Plan.Flow == byIdentity {
		for i := range resources { // a managed identity is asked for a resource, not for scopes
			resources[i].Scopes = plainNames(resources[i].Scopes)
		}
	}
	return child.Session{
		Path: c.path, Args: c.args, Env: connection.environment(world.environ()),
		Resources: resources, ClientID: connection.ClientID,
		Outside: c.outside, Mask: c.conceal,
		Token: func(ctx context.Context, scopes []string, life time.Duration) (child.Token, error) {
			token, err := connection.source(ctx, Ask{Scopes: scopes, MinLifetime: life, Silent: true})
			return token.forChild(), err
		},
		Starts: world.releaseSignals, Warn: con.warn,
	}
}

func (t Token) forChild() child.Token { return child.NewToken(t.access.reveal(), t.ExpiresOn) }

func endsAt(token Token) string {
	if token.ExpiresOn.IsZero() {
		return ""
	}
	return " and ends at " + claims.ShowTime(token.ExpiresOn)
}

// resource is the API that was connected: Graph in its usual spellings, or the audience of
// a token that is for another one.
func (c Connection) resource() child.Resource {
	if other := c.otherAPI(); other != "" {
		return child.Resource{Names: []string{other}}
	}
	return child.Resource{Names: []string{c.Plan.Environment.GraphEndpoint, claims.GraphAppID}}
}

// otherAPI is what the connection is for if not Graph: as its scopes name it, else as the
// token does that was given.
func (c Connection) otherAPI() string {
	if c.Plan.Flow == byIdentity {
		return "" // always Graph, and its scopes are none
	}
	names := []string{c.Token.Claims.Audience}
	for _, scope := range c.Plan.Scopes {
		name, isAll := strings.CutSuffix(scope, "/.default")
		if !isAll {
			name, _, _ = cutScope(scope)
		}
		names = append(names, name)
	}
	slices.Reverse(names)
	for _, name := range names {
		_, isGraph := environmentOf(clouds, name)
		if name != "" && name != claims.GraphAppID && !isGraph && !c.Plan.Environment.hasGraph(name) {
			return name
		}
	}
	return ""
}

func plainNames(scopes []string) []string {
	var names []string
	for _, scope := range scopes {
		names = append(names, strings.TrimSuffix(scope, "/.default"))
	}
	return names
}

// withheld are variables that COMMAND does not get, a name that ends with _ with all that
// begin so: credentials, which the SDKs would take before the endpoint (the order of
// DefaultAzureCredential), and what would have them take it for another kind of host.
var withheld = []string{
	envSecret, "AZURE_CLIENT_CERTIFICATE_", envUserPassword, envUser, envFederated,
	"MSI_", "IMDS_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST",
}

// provided are the variables that COMMAND gets, and so not those of an outer one.
var provided = []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_TOKEN_CREDENTIALS", "NO_PROXY", connectionVariable, accountVariable}

func isWithheld(name string) bool {
	return slices.ContainsFunc(withheld, func(w string) bool {
		return sameVariable(w, name) || strings.HasSuffix(w, "_") && strings.HasPrefix(strings.ToUpper(name), w)
	})
}

func isProvided(name string) bool {
	return slices.ContainsFunc(provided, func(g string) bool { return strings.EqualFold(g, name) })
}

// sameVariable compares names of variables as the system does.
func sameVariable(a, b string) bool {
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}

// environment is COMMAND's, without the endpoint: environ less what is withheld, and what
// tells of the connection.
func (c Connection) environment(environ []string) []string {
	var environment []string
	proxies := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case strings.EqualFold(name, "NO_PROXY"):
			proxies[name] = value
		case isWithheld(name), isProvided(name), c.Plan.reads(name):
		case sameVariable(name, envClient) && !strings.EqualFold(value, c.ClientID):
			// The SDKs would ask the endpoint for that identity, and be refused.
		default:
			environment = append(environment, pair)
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} { // some programs read the one, some the other
		value := cmp.Or(proxies[name], proxies["NO_PROXY"], proxies["no_proxy"])
		environment = append(environment, name+"="+bypass(value))
		if runtime.GOOS == "windows" {
			break // where both are one
		}
	}
	return append(environment,
		"AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential",
		connectionVariable+"="+c.inheritance(),
		accountVariable+"="+cmp.Or(c.Account, c.AppName, c.ClientID))
}

// bypass adds loopback to a list of hosts that no proxy is asked for: one would get to
// see the endpoint's secret.
func bypass(list string) string {
	if strings.TrimSpace(list) == "*" {
		return list
	}
	hosts := strings.Split(list, ",")
	for _, host := range []string{"127.0.0.1", "localhost", "::1"} {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return strings.TrimPrefix(strings.Join(hosts, ","), ",")
}

// reads says whether the plan has a secret in the variable.
func (p Plan) reads(name string) bool {
	return slices.ContainsFunc([]Secret{p.Secret, p.Certificate.Password}, func(s Secret) bool {
		variable, ok := strings.CutPrefix(s.source, "env:")
		return ok && sameVariable(variable, name)
	})
}

// without takes a variable out.
func without(environ []string, name string) []string {
	return slices.DeleteFunc(environ, func(pair string) bool {
		has, _, _ := strings.Cut(pair, "=")
		return sameVariable(has, name)
	})
}

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
func inherited(con *console, world *world) (c Connection, ok bool, err error) {
	inherits := world.getenv(connectionVariable)
	if inherits == "" {
		return c, false, nil
	}
	var from inheritance
	if json.Unmarshal([]byte(inherits), &from) == nil {
		c.AuthContext, c.id = from.AuthContext, from.Kept
		c.Plan.Environment, err = findCloud(con, world, c.Environment)
	}
	if err != nil || c.Environment == "" || !c.isPlain() {
		return c, false, failure.New("bad-value", "%s does not tell of a connection.", connectionVariable).Try("unset it; connect-entra itself sets it for a command")
	}
	base, err := identityBase("IDENTITY_ENDPOINT", world.getenv("IDENTITY_ENDPOINT"))
	if err == nil {
		err = checkIdentitySecrets(world)
	}
	if err != nil {
		return c, false, err
	}
	c.world = world
	c.Plan.Timeout, c.Plan.Flow = defaultTimeout, flowName(c.TokenCredentialType)
	c.Plan.Scopes = []string{cmp.Or(from.Resource, c.Plan.Environment.GraphEndpoint) + "/.default"}
	if c.Plan.Environment.practice() {
		if c.world, _, err = practice(world, false); err != nil {
			return c, false, err
		}
	}
	outer := newClient(con, world, transport.Target{Kind: transport.ManagedIdentity, Base: base, Timeout: c.Plan.Timeout})
	c.source = remember(c.Plan, func(ctx context.Context, ask Ask) (Token, error) {
		if ask.Claims != "" {
			return Token{}, onlyOutside("answer a claims challenge")
		}
		name, isAll := strings.CutSuffix(ask.Scopes[0], "/.default")
		isAll = isAll || c.Plan.Flow == byIdentity
		if !isAll { // of Graph, or what follows is not covered
			name = c.Plan.Environment.GraphEndpoint
		}
		token, err := askOuter(ctx, outer, base, world.getenv("IDENTITY_HEADER"), name, ask.MinLifetime)
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
	r, err := child.NewRequest(ctx, base, secret, name, life)
	if err != nil {
		return Token{}, err
	}
	resp, err := outer.Do(r)
	if err != nil {
		return Token{}, refusedOutside(err)
	}
	defer resp.Body.Close()
	token, err := child.ReadToken(resp.Body)
	if err != nil {
		return Token{}, err
	}
	said, _ := claims.Decode(token.Access())
	return Token{access: hide(token.Access()), ExpiresOn: token.ExpiresOn, Claims: said}, nil
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
