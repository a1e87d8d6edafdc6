// Connect-entra signs in to Microsoft Entra ID from a terminal, typed as PowerShell's
// Connect-Entra is, in any national cloud, by any of six parameter sets:
//
//	connect-entra -Scopes User.Read.All,Group.ReadWrite.All       in a browser
//	connect-entra -UseDeviceCode                                  with a code on another device
//	connect-entra -ClientId ID -TenantId T -Certificate app.pem   an app, by certificate
//	connect-entra -TenantId T -ClientSecretCredential ID          an app, by secret (asked for)
//	connect-entra -Identity                                       the managed identity of this host
//	connect-entra -AccessToken -                                  a token from stdin
//	connect-entra -EnvironmentVariable                            from AZURE_TENANT_ID and the like
//
// What a script may read goes to stdout, everything for a person to stderr. Add
// -Environment Sandbox to any of them to practise without a tenant or a network, or
// -- COMMAND to have a program use the connection:
//
//	$ connect-entra -Environment Sandbox -Identity
//	Welcome to Microsoft Graph!
//
// The way data flows, one direction, each step in the file of its name:
//
//	argv → Params → Plan → source → Token → AuthContext → welcome, token, request, COMMAND
//
// This file and open.go, where a connection comes about, are the only ones that call
// across.
package main

import (
	"context"
	"errors"
	"io"
	"time"

	"connect-entra/failure"
)

// system is everything outside the program. main.go builds it from the operating
// system, main_js.go from the browser, tests from what a test needs.
type system struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       struct{ stdin, stdout, stderr bool } // which of the three is one
	getenv         func(string) string
	readSecret     func(prompt string) (string, error) // asks on the terminal, without echo
	dir            string                              // the program's own folder; "" where there can be none
	cloudFolder    string                              // ~/.mg, for the user's own clouds; "" where there can be none
	prefer         preferences                         // the common parameters of this run
	outside

	untilSignal func(context.Context) context.Context // ends at the first signal; nil: there is none to heed

	// openSaved opens the saved connections; nil if there are none. To write, it fails if one
	// could not be saved. A page has no such function.
	openSaved func(sys *system, toWrite bool) (savedConnections, error)
}

// flowName says how a Plan signs in.
type flowName string

const (
	byBrowser     flowName = "InteractiveBrowser" // the reference's TokenCredentialType
	byDeviceCode  flowName = "DeviceCode"
	byCertificate flowName = "ClientCertificate"
	bySecret      flowName = "ClientSecret"
	byFederation  flowName = "ClientAssertion"
	byIdentity    flowName = "ManagedIdentity"
	byToken       flowName = "UserProvidedAccessToken"
)

// Ask is what a caller wants of a source.
type Ask struct {
	Scopes      []string      // nil: those of the Plan
	Claims      string        // a claims challenge, decoded JSON
	MinLifetime time.Duration // the token must live at least this long
	Silent      bool          // no person is there to be asked
}

// source signs in at its first call; afterwards it always has a good token: from
// memory, by renewal, or by signing in again where that needs nobody.
type source func(context.Context, Ask) (Token, error)

// Connection is a plan that was carried out.
type Connection struct {
	AuthContext
	Plan   Plan
	Token  Token
	source source
	saved  string  // who holds the key to it; "" if it ends with this process
	id     string  // of its file among those that are saved
	silent bool    // nobody was asked: it was saved before
	there  *system // what it was opened in, which in practice is another outside; nil: the process's own
}

// verbs in the order of help. A function, as help shows the table it stands in.
func verbs() []verb {
	return []verb{
		{"connect", []string{"Connect-Entra", "Connect-MgGraph", "Connect-Graph"}, "sign in (the default)", connectParameters, aCommand, false, connect},
		{"disconnect", []string{"Disconnect-Entra", "Disconnect-MgGraph", "Disconnect-Graph"}, "end the connection", disconnectParameters, nothing, false, disconnect},
		{"context", []string{"Get-EntraContext", "Get-MgContext"}, "show who is connected", contextParameters, nothing, false, showContext},
		{"context use", nil, "make another kept connection the current one", useParameters, nothing, false, useConnection},
		{"environments", []string{"Get-EntraEnvironment", "Get-MgEnvironment"}, "list the national clouds", environmentsParameters, nothing, true, showEnvironments},
		{"environments add", []string{"Add-EntraEnvironment", "Add-MgEnvironment"}, "define a cloud of your own", cloudParameters, nothing, false, addEnvironment},
		{"environments set", []string{"Set-EntraEnvironment", "Set-MgEnvironment"}, "change one", cloudParameters, nothing, false, setEnvironment},
		{"environments remove", []string{"Remove-EntraEnvironment", "Remove-MgEnvironment"}, "remove one", namedCloud, nothing, false, removeEnvironment},
		{"token", nil, "print an access token, for a script", tokenParameters, nothing, false, printToken},
		{"request", []string{"Invoke-MgGraphRequest", "Invoke-GraphRequest"}, "[METHOD] PATH|URL: ask Microsoft Graph", requestParameters, nothing, false, sendRequest},
		{"explain", nil, "say how a line binds and what it would do", nil, aLine, false, explainLine},
		{"sandbox", nil, "make what practising needs: ids, a secret, a certificate", sandboxParameters, nothing, false, makePracticeKit},
		{"completion", nil, "completion for bash, zsh, fish or PowerShell", completionParameters, aLine, false, showCompletion},
		{"help", nil, "help [PARAMETER | VERB | AADSTS…]", helpParameters, nothing, true, showHelp},
		{"version", nil, "print the version", nil, nothing, true, showVersion},
	}
}

// run is the only way in for a line: args are those after the program's name. It gives the
// exit status, and prints whatever went wrong.
func run(ctx context.Context, sys *system, args []string) int {
	v, args := askedHelp(chooseVerb(args))
	params, err := v.carryOut(ctx, sys, args)
	status := sys.report(err)
	if params.Command != nil && v.after != aLine {
		status = besideCommand(err, status)
	}
	return status
}

// carryOut binds what was typed after a verb and does it. What went wrong is not told yet.
func (v verb) carryOut(ctx context.Context, sys *system, args []string) (params Params, err error) {
	if !v.brief && sys.untilSignal != nil {
		ctx = sys.untilSignal(ctx)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	err = guarded(func() (err error) {
		params, err = v.bind(args)
		sys.prefer = preferencesOf(ctx, end, params)
		if params, err = sys.supply(ctx, v, params, err); err != nil {
			return err
		}
		if err = params.checkTexts(v.parameters()); err != nil {
			return err
		}
		sys.noteIdle(v, params)
		sys.noteVerb(v, args)
		if err = sys.stopped(); err != nil {
			return err
		}
		return v.run(ctx, sys, params)
	})
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		err = cause
	}
	if stopped := sys.stopped(); stopped != nil {
		err = stopped
	}
	return params, err
}

// connect is the whole story: from what was typed to a connection, and the COMMAND that
// it is for. Without a way to connect, COMMAND has the current one.
func connect(ctx context.Context, sys *system, p Params) error {
	command, err := newCommand(sys, p)
	if err != nil {
		return err
	}
	var c Connection
	if command != nil && !p.connects() {
		c, err = openCurrent(sys, p)
	} else {
		c, err = newConnection(ctx, sys, p, command != nil)
	}
	if err != nil || command == nil {
		return err
	}
	return command.run(ctx, sys, c)
}

// newConnection connects as typed, for a COMMAND or not, and tells of it.
func newConnection(ctx context.Context, sys *system, p Params, command bool) (Connection, error) {
	plan, err := sys.plan(p)
	if err != nil {
		return Connection{}, err
	}
	c, err := openToSave(ctx, sys, plan, command)
	if err != nil {
		return Connection{}, err
	}
	told := *sys
	if command {
		told.stdout = sys.stderr // stdout is COMMAND's
	}
	switch {
	case p.On("Json"):
		err = told.print(c.JSON())
	case !p.On("NoWelcome"):
		err = told.print(welcomeText(c.AuthContext))
	}
	if err != nil {
		return Connection{}, err
	}
	c.tell(sys, command)
	return c, nil
}

// plan decides what p means, with the user's own clouds where it may mean one, and says
// what the person should know of it beforehand.
func (sys *system) plan(p Params) (Plan, error) {
	known, err := sys.clouds(p)
	if err != nil {
		return Plan{}, err
	}
	plan, err := newPlan(p, known, sys.getenv)
	if err != nil {
		return plan, err
	}
	for _, text := range plan.notes {
		sys.note("%s", text)
	}
	for _, text := range plan.warnings {
		sys.warn("%s", text)
	}
	return plan, sys.stopped()
}

// printToken prints the access token alone. With connect parameters it connects for
// this process and leaves nothing.
func printToken(ctx context.Context, sys *system, p Params) error {
	if sys.terminal.stdout && !p.On("Show") {
		return failure.New("usage", "A token on the screen is a token in its history.").
			Try("pipe it into the program that needs it, or add -Show")
	}
	life := p.Number("MinLifetime")
	if !(life >= 0 && life <= 86400) {
		return failure.New("bad-value", "-MinLifetime must be from 0 to 86400 seconds.").Try("-MinLifetime 1800")
	}
	c, ask, err := openToUse(ctx, sys, p, func(Plan) error { return nil })
	if err != nil {
		return err
	}
	ask.MinLifetime = time.Duration(life * float64(time.Second))
	token, err := c.source(ctx, ask)
	if err != nil {
		return err
	}
	if left := time.Until(token.ExpiresOn); !token.ExpiresOn.IsZero() && left < ask.MinLifetime {
		return failure.New("token-expired", "The token lives for %s, which is less than -MinLifetime asks for.", left.Round(time.Second)).
			Try("ask for less: Entra decides how long its tokens live")
	}
	if p.On("MaskInCI") {
		token.mask(sys)
	}
	if p.On("Json") {
		return sys.print(token.JSON(newContext(c.Plan.context(), token)))
	}
	return sys.print(token.access.open() + "\n")
}

// showContext shows the connection in the reference's fields, or which ones are saved.
func showContext(ctx context.Context, sys *system, p Params) error {
	if p.On("List") {
		return listConnections(sys, p)
	}
	c, err := openTyped(ctx, sys, p)
	if err != nil {
		return err
	}
	if p.On("Json") {
		return sys.print(c.JSON())
	}
	return sys.print(c.String())
}

func showEnvironments(_ context.Context, sys *system, p Params) error {
	known, err := sys.allClouds()
	if err != nil {
		return err
	}
	list := listEnvironments(known, p.On("All"), p.Text("Name"))
	if p.On("Json") {
		return sys.print(environmentsJSON(list))
	}
	if len(list) == 0 {
		return nil // as in the reference
	}
	return sys.print(formatEnvironments(list))
}
