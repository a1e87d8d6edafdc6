//go:build !js

// -- COMMAND: a program that has the connection as long as it runs. What it is told by its
// environment, and what a connection becomes for it; how it is started and waited for is
// the system's (child_*.go), how it gets tokens the endpoint's.

package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"connect-entra/claims"
	"connect-entra/failure"
)

// command is the COMMAND of one run.
type command struct {
	path          string // of the program
	args          []string
	tokenVariable string
	resources     []resource // beside what was connected
	outside       bool       // processes that are not its own are served too
	conceal       bool       // its tokens are masked in its output
}

// newCommand reads what p says of COMMAND, before anything is sent; nil without one.
func newCommand(sys *system, p Params) (*command, error) {
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
	if p.Has("TokenVariable") && (!isVariable(c.tokenVariable) || isWithheld(c.tokenVariable) || isGiven(c.tokenVariable)) {
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
	if c.path, err = exec.LookPath(c.args[0]); err != nil {
		return nil, notStarted(c.args[0], err)
	}
	return c, nil
}

// isVariable holds for names that every shell takes (POSIX, "Name").
func isVariable(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == "" && (name[0] < '0' || name[0] > '9')
}

// allowed is a resource that -AllowResource names.
func allowed(name string) (resource, error) {
	name = strings.TrimSuffix(name, "/.default")
	if e, isGraph := environmentOf(clouds, name); isGraph {
		return resource{}, failure.New("bad-value", "-AllowResource names Microsoft Graph of %s: that of the connection is allowed anyway.", e.Name).
			Try("leave it out, or connect with -Environment %s", e.Name)
	}
	if scheme, rest, ok := strings.Cut(name, "://"); (!ok || rest == "" || scheme != "https" && scheme != "api") && !isGUID(name) || strings.ContainsFunc(name, func(r rune) bool { return r <= 0x20 || r >= 0x7f }) {
		return resource{}, failure.New("bad-value", "-AllowResource holds %q, which is no API's address.", failure.Clean(name)).
			Try("-AllowResource https://management.azure.com/,api://…")
	}
	return resource{names: []string{spelling(name)}, scopes: []string{name + "/.default"}}, nil
}

// notStarted words why COMMAND cannot run, with the status that shells give for it.
func notStarted(name string, err error) error {
	why := err
	if wrapped := (*exec.Error)(nil); errors.As(err, &wrapped) {
		why = wrapped.Err
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		why = path.Err
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrDot) {
		return failure.New("command-not-found", "%q cannot be run: %v.", failure.Clean(name), why).Because(err)
	}
	return failure.New("command-not-executable", "%q cannot be run: %v.", failure.Clean(name), why).Because(err)
}

// run starts COMMAND with the connection and waits for it; its end is an ended.
func (c *command) run(ctx context.Context, sys *system, connection Connection) error {
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	if c.conceal {
		shown := &concealer{}
		defer shown.end(sys)
		connection.source = shown.watch(connection.source)
		for i := range files[1:] {
			if err := shown.pipe(&files[i+1]); err != nil {
				return err
			}
		}
	}
	gate := newGate(c.outside)
	e := &endpoint{
		resources: append([]resource{connection.resource()}, c.resources...),
		clientID:  connection.ClientID,
		source:    connection.source,
		admit:     gate.admit,
	}
	if connection.Plan.Flow == byIdentity {
		for i := range e.resources { // a managed identity is asked for a resource, not for scopes
			e.resources[i].scopes = plainNames(e.resources[i].scopes)
		}
	}
	environment := connection.environment(sys.environ())
	if c.tokenVariable != "" {
		token, err := connection.source(ctx, Ask{})
		if err != nil {
			return err
		}
		environment = append(without(environment, c.tokenVariable), c.tokenVariable+"="+token.access.open())
		sys.note("%s holds a token that is not renewed%s.", c.tokenVariable, endsAt(token))
	}
	if err := serveTokens(context.WithoutCancel(ctx), e); err != nil {
		return err
	}
	defer e.close()
	environment = append(environment, "IDENTITY_ENDPOINT="+e.url(), "IDENTITY_HEADER="+e.secret)
	ready := func() error {
		sys.releaseSignals()
		return ctx.Err()
	}
	child := &exec.Cmd{Path: c.path, Args: c.args, Env: environment, Stdin: files[0], Stdout: files[1], Stderr: files[2]}
	status, err := supervise(child, ready, gate.open)
	switch {
	case ctx.Err() != nil && child.Process == nil:
		return ctx.Err()
	case err != nil && child.Process == nil:
		return notStarted(c.args[0], err)
	case err != nil:
		return failure.New("bug", "The command cannot be waited for: %v.", err).Because(err)
	}
	return ended{status}
}

func endsAt(token Token) string {
	if token.ExpiresOn.IsZero() {
		return ""
	}
	return " and ends at " + claims.ShowTime(token.ExpiresOn)
}

// resource is the API that was connected: Graph in its usual spellings, or the audience of
// a token that is for another one.
func (c Connection) resource() resource {
	if other := c.otherAPI(); other != "" {
		return resource{names: []string{spelling(other)}}
	}
	return resource{names: []string{c.Plan.Environment.GraphEndpoint, claims.GraphAppID}}
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

// given are the variables that COMMAND gets, and so not those of an outer one.
var given = []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_TOKEN_CREDENTIALS", "NO_PROXY", connectionVariable, accountVariable}

func isWithheld(name string) bool {
	return slices.ContainsFunc(withheld, func(w string) bool {
		return sameVariable(w, name) || strings.HasSuffix(w, "_") && strings.HasPrefix(strings.ToUpper(name), w)
	})
}

func isGiven(name string) bool {
	return slices.ContainsFunc(given, func(g string) bool { return strings.EqualFold(g, name) })
}

// sameVariable compares names of variables as the system does.
func sameVariable(a, b string) bool {
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}

// environment is COMMAND's, without the endpoint: environ less what is withheld, and what
// tells of the connection.
func (c Connection) environment(environ []string) []string {
	var kept []string
	proxies := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case strings.EqualFold(name, "NO_PROXY"):
			proxies[name] = value
		case isWithheld(name), isGiven(name), c.Plan.reads(name):
		case sameVariable(name, envClient) && !strings.EqualFold(value, c.ClientID):
			// The SDKs would ask the endpoint for that identity, and be refused.
		default:
			kept = append(kept, pair)
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} { // some programs read the one, some the other
		value := cmp.Or(proxies[name], proxies["NO_PROXY"], proxies["no_proxy"])
		kept = append(kept, name+"="+bypass(value))
		if runtime.GOOS == "windows" {
			break // where both are one
		}
	}
	return append(kept,
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
