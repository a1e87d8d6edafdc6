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
// This file is the only one that calls across.
package main

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"
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
	keeps          keeping                             // what is kept of connections; nil in a page
	cloudFile      cloudFile                           // of the user's own clouds; nil where there can be none
	prefer         preferences                         // the common parameters of this run
	outside
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
	kept   string  // where the key to it is; "" if it ends with this process
	silent bool    // nobody was asked: it was kept before
	there  *system // what it was opened in, which in practice is another outside; nil: the process's own
}

// verb is what the first word may be.
type verb struct {
	name       string
	cmdlets    []string // names that it answers to as well, as first word or as the binary's name
	summary    string   // one line of help
	parameters []parameter
	run        func(context.Context, *system, Params) error
}

// verbs in the order of help. A function, as help shows the table it stands in.
func verbs() []verb {
	return []verb{
		{"connect", []string{"Connect-Entra", "Connect-MgGraph", "Connect-Graph"}, "sign in (the default)", parameters, connect},
		{"disconnect", []string{"Disconnect-Entra", "Disconnect-MgGraph", "Disconnect-Graph"}, "end the connection", disconnectParameters, disconnect},
		{"context", []string{"Get-EntraContext", "Get-MgContext"}, "show who is connected", contextParameters, showContext},
		{"context use", nil, "make another kept connection the current one", useParameters, useConnection},
		{"environments", []string{"Get-EntraEnvironment", "Get-MgEnvironment"}, "list the national clouds", environmentsParameters, showEnvironments},
		{"environments add", []string{"Add-EntraEnvironment", "Add-MgEnvironment"}, "define a cloud of your own", cloudParameters, addEnvironment},
		{"environments set", []string{"Set-EntraEnvironment", "Set-MgEnvironment"}, "change one", cloudParameters, setEnvironment},
		{"environments remove", []string{"Remove-EntraEnvironment", "Remove-MgEnvironment"}, "remove one", append(cloudParameters[:1:1], commonParameters...), removeEnvironment},
		{"token", nil, "print an access token, for a script", tokenParameters, printToken},
		{"request", []string{"Invoke-MgGraphRequest", "Invoke-GraphRequest"}, "[METHOD] PATH|URL: ask Microsoft Graph", requestParameters, sendRequest},
		{"explain", nil, "say how a line binds and what it would do", nil, explainLine},
		{"sandbox", nil, "make what practising needs: ids, a secret, a certificate", sandboxParameters, makePracticeKit},
		{"completion", nil, "completion for bash, zsh, fish or PowerShell", completionParameters, showCompletion},
		{"help", nil, "help [PARAMETER | VERB | AADSTS…]", helpParameters, showHelp},
		{"version", nil, "print the version", nil, showVersion},
	}
}

// run is the only way in: args are those after the program's name. It gives the exit
// status, and prints whatever went wrong.
func run(ctx context.Context, sys *system, args []string) (status int) {
	ctx, done := context.WithCancel(ctx)
	defer done()
	v, args := askedHelp(chooseVerb(args))
	params, err := Params{Command: args}, error(nil)
	defer func() {
		switch r := recover().(type) {
		case nil:
		case halt:
			status = sys.report(r.reason)
		default:
			// The value may hold anything, a secret too; the type and place of a bug do not.
			status = sys.report(fail("bug", "%T at %s", r, panicPlace(string(debug.Stack()))))
		}
		if v.parameters != nil && params.Command != nil && v.name != "completion" {
			status = besideCommand(err, status)
		}
	}()
	if v.parameters != nil {
		params, err = bind(v.parameters, args)
	}
	if err == nil && v.parameters != nil && params.Command != nil && v.name != "connect" && v.name != "completion" { // there the line follows
		err = fail("usage", "%s takes no command.", v.name).try("connect-entra … -- %s", clean(strings.Join(params.Command, " ")))
	}
	sys.prefer = preferencesOf(ctx, params)
	if params, err = sys.supply(ctx, v, params, err); err == nil {
		sys.noteIdle(v, params)
		sys.noteVerb(v, args)
		err = v.run(ctx, sys, params)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil && errors.Is(err, context.Canceled) {
		err = cause
	}
	return sys.report(err)
}

// ended is the end of a COMMAND that ran, with the status that is then ours too.
type ended struct{ status int }

func (e ended) Error() string { return "the command has ended" }

// besideCommand keeps a failure of ours apart from COMMAND's own: 125, as env and docker
// run have it; 126 and 127 say by themselves that COMMAND did not start.
func besideCommand(err error, status int) int {
	if status > 0 && status < 125 && !errors.As(err, new(ended)) {
		return 125
	}
	return status
}

// chooseVerb takes the verb off the front; without one it is connect, and the first
// word its first positional parameter.
func chooseVerb(args []string) (verb, []string) {
	if len(args) > 0 {
		for n := min(2, len(args)); n > 0; n-- { // context use, then context
			if v, ok := findVerb(strings.Join(args[:n], " ")); ok {
				return v, args[n:]
			}
		}
	}
	return verbs()[0], args
}

// askedHelp turns to help where a line asks for it.
func askedHelp(v verb, args []string) (verb, []string) {
	own := args
	if i := slices.Index(args, "--"); i >= 0 {
		own = args[:i]
	}
	asks := func(words ...string) bool { return len(own) > 0 && slices.Contains(words, own[0]) }
	switch {
	case v.name == "help" && len(args) > 0: // help -Scopes
		return v, append([]string{strings.TrimLeft(args[0], dashes)}, args[1:]...)
	case asks("--version"):
		v, _ := findVerb("version")
		return v, nil
	case v.name != "explain" && (asks("-h", "/?") || slices.Contains(own, "-?") || slices.Contains(own, "--help")):
		help, _ := findVerb("help")
		if v.name == verbs()[0].name && len(own) > 1 {
			return help, own[1:]
		}
		if v.name == verbs()[0].name {
			return help, nil
		}
		return help, []string{v.name}
	}
	return v, args
}

// calledAs puts the verb in front that the program's name means, as where a link is
// called Disconnect-Entra. A typed verb wins.
func calledAs(program string, args []string) []string {
	program = program[strings.LastIndexAny(program, `/\`)+1:]
	v, ok := findVerb(strings.TrimSuffix(strings.ToLower(program), ".exe"))
	if !ok || v.name == verbs()[0].name {
		return args
	}
	if len(args) > 0 {
		if _, typed := findVerb(args[0]); typed {
			return args
		}
	}
	return append(strings.Fields(v.name), args...)
}

// noteVerb tells a person whose first word was taken for a value that it is near a verb.
func (sys *system) noteVerb(v verb, args []string) {
	if v.name != verbs()[0].name || len(args) == 0 || !isValue(args[0]) {
		return
	}
	var names []string
	for _, known := range verbs() {
		names = append(names, known.name)
	}
	if near := nearest(args[0], names); near != "" {
		sys.note("%q was taken for a value by position. Did you mean connect-entra %s?", clean(args[0]), near)
	}
}

// findVerb finds a verb by its name or a cmdlet's.
func findVerb(name string) (verb, bool) {
	for _, v := range verbs() {
		if strings.EqualFold(name, v.name) || slices.ContainsFunc(v.cmdlets, func(cmdlet string) bool { return strings.EqualFold(name, cmdlet) }) {
			return v, true
		}
	}
	return verb{}, false
}

// connect is the whole story: from what was typed to a connection, how it is told, and
// the COMMAND that it is for. Without a way to connect, COMMAND has the current one.
func connect(ctx context.Context, sys *system, p Params) error {
	command, err := newCommand(sys, p)
	if err != nil {
		return err
	}
	if command != nil && !p.connects() {
		c, err := openCurrent(sys, p)
		if err != nil {
			return err
		}
		return command.run(ctx, sys, c)
	}
	plan, err := sys.plan(p)
	if err != nil {
		return err
	}
	c, err := openToKeep(ctx, sys, plan, command != nil)
	if err != nil {
		return err
	}
	told := *sys
	if command != nil {
		told.stdout = sys.stderr // stdout is COMMAND's
	}
	switch {
	case p.on("Json"):
		err = told.print(c.JSON())
	case !p.on("NoWelcome"):
		err = told.print(welcomeText(c.AuthContext))
	}
	if err != nil {
		return err
	}
	c.tell(sys, command != nil)
	if command == nil {
		return nil
	}
	return command.run(ctx, sys, c)
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
	return plan, nil
}

// openToKeep connects as the plan says: for this process, or for all of this user's,
// silently if it can. Whether a connection can be kept is known before anything is sent;
// a command can do without, unless it was asked for.
func openToKeep(ctx context.Context, sys *system, plan Plan, command bool) (Connection, error) {
	if plan.ContextScope != "CurrentUser" || plan.Environment.practice() || sys.keeps == nil {
		return open(ctx, sys, plan)
	}
	k, err := sys.keeps(sys, startFlow, true)
	if err != nil && command && !plan.ScopeTyped {
		sys.warn("The connection cannot be kept: %s", clean(err.Error()))
		plan.ContextScope = "Process"
		return open(ctx, sys, plan)
	}
	if err != nil {
		return Connection{}, err
	}
	c, found, err := k.resume(ctx, plan)
	if found || err != nil {
		return c, err
	}
	if c, err = open(ctx, k.inside(), plan); err != nil {
		return c, err
	}
	if c, err = k.save(c); err != nil && command {
		sys.warn("%s", clean(err.Error()))
		c.ContextScope, err = "Process", nil // COMMAND has it all the same
	}
	return c, err
}

// openCurrent gives the connection that this process was started with, inside a COMMAND,
// else the kept connection that is current.
func openCurrent(sys *system, p Params) (Connection, error) {
	if c, ok, err := inherited(sys); ok || err != nil {
		return c, err
	}
	var plan Plan
	if p.has("ClientTimeout") {
		if err := plan.chooseTimeout(p); err != nil {
			return Connection{}, err
		}
	}
	k, err := sys.keeper()
	if err != nil {
		return Connection{}, err
	}
	if k == nil {
		return Connection{}, notConnected()
	}
	return k.open(plan.Timeout)
}

// open carries a plan out. Where no browser opens, a person at a terminal goes on with
// a device code.
func open(ctx context.Context, sys *system, plan Plan) (Connection, error) {
	return openWith(ctx, sys, plan, "")
}

// openWith is the same for a sign-in that must satisfy claims.
func openWith(ctx context.Context, sys *system, plan Plan, claims string) (Connection, error) {
	if plan.Environment.practice() {
		practising, stop, err := practice(sys, plan.Flow == byBrowser || plan.Flow == byDeviceCode)
		if err != nil {
			return Connection{}, err
		}
		context.AfterFunc(ctx, stop) // the run's end: a claims challenge needs the pages again
		sys = practising
	}
	source, token, err := signIn(ctx, sys, plan, claims)
	var none *noBrowser
	if errors.As(err, &none) {
		if !sys.terminal.stderr {
			return Connection{}, fail("sign-in-needed", "No browser can be opened here: %s.", none.reason).because(err).
				try("connect-entra -UseDeviceCode")
		}
		sys.note("No browser can be opened here: %s. Going on with a device code.", none.reason)
		plan = plan.byDeviceCode()
		source, token, err = signIn(ctx, sys, plan, claims)
	}
	if err != nil {
		return Connection{}, err
	}
	if plan.Environment.practice() {
		sys.say("", "This was practice: no tenant was contacted.")
	}
	return Connection{AuthContext: newContext(plan.context(), token), Plan: plan, Token: token, source: source, there: sys}, nil
}

// startFlow begins the flow of a plan; nothing is sent yet.
func startFlow(sys *system, plan Plan) (source, error) {
	flow, ok := flows[plan.Flow]
	if !ok {
		return nil, fail("usage", "This build cannot sign in by %s.", plan.Flow).
			try("in a terminal, use the connect-entra binary; in the page, give a token")
	}
	return flow(sys, plan)
}

func signIn(ctx context.Context, sys *system, plan Plan, claims string) (source, Token, error) {
	source, err := startFlow(sys, plan)
	if err != nil {
		return nil, Token{}, err
	}
	token, err := source(ctx, Ask{Claims: claims})
	return source, token, err
}

// tell says on stderr what the welcome does not: who, where, until when, and what is
// kept.
func (c Connection) tell(sys *system, command bool) {
	who := firstOf(c.Account, c.AppName, c.ClientID, "an application that the token does not name")
	until := "for as long as the token is good: it does not say"
	if !c.Token.ExpiresOn.IsZero() {
		until = "until " + showTime(c.Token.ExpiresOn)
	}
	sys.note("Connected as %s in %s (%s), %s.", who, firstOf(c.TenantID, "a tenant that the token does not name"), c.Environment, until)
	if c.Plan.Flow == byToken {
		c.tellProvided(sys)
	}
	switch {
	case c.silent:
		sys.note("Nobody was asked: the connection was kept. To sign in anew: -Force")
	case c.kept != "":
		sys.note("It is kept for this user's other processes, sealed; the key is in %s. To end it: connect-entra disconnect", c.kept)
	case command:
		sys.note("The connection ends with the command.")
	default:
		sys.note("The connection ends with this process. To use it, have the token printed: connect-entra token …")
	}
}

// tellProvided says what is not known of a token that the user brought.
func (c Connection) tellProvided(sys *system) {
	claims := c.Token.Claims
	if claims.all == nil {
		sys.note("The token is opaque: nothing in it can be read, so it was taken as it is.")
		return
	}
	sys.note("The token was read, not verified: only the API that it is for can check its signature.")
	graph := c.Plan.Environment.GraphEndpoint
	switch other, isGraph := environmentOf(clouds, claims.Audience); {
	case isGraph && other.GraphEndpoint != graph:
		sys.warn("The token is for Microsoft Graph of %s, and the environment is %s: connect with -Environment %s.", other.Name, c.Environment, other.Name)
	case !isGraph && claims.Audience != graphAppID:
		sys.warn("The token is not for Microsoft Graph but for %s.", clean(firstOf(claims.Audience, "an audience that it does not name")))
	}
}

// graphAppID is Microsoft Graph's own application, which tokens may name as audience.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// satisfy has the connection's tokens hold what a claims challenge asks for. Where a kept
// one cannot renew them so, the person signs in again, and that is kept in its place.
func (c Connection) satisfy(ctx context.Context, sys *system, ask Ask) (Connection, error) {
	_, err := c.source(ctx, ask)
	if f := (*failure)(nil); c.kept == "" || !sys.terminal.stderr || !errors.As(err, &f) || f.id != "sign-in-needed" {
		return c, err
	}
	k, err := sys.keeps(sys, startFlow, true)
	if err != nil {
		return c, err
	}
	plan := c.Plan
	plan.Silent = false
	again, err := openWith(ctx, k.inside(), plan, ask.Claims)
	if err != nil {
		return c, err
	}
	if again.Account != c.Account || again.TenantID != c.TenantID {
		return c, fail("sign-in-needed", "The connection is %s's, and %s signed in.", c.Account, again.Account).
			try("sign in as %s; or connect anew, as somebody else: -Force", c.Account)
	}
	return k.save(again)
}

// printToken prints the access token alone. With connect parameters it connects for
// this process and leaves nothing.
func printToken(ctx context.Context, sys *system, p Params) error {
	if sys.terminal.stdout && !p.on("Show") {
		return fail("usage", "A token on the screen is a token in its history.").
			try("pipe it into the program that needs it, or add -Show")
	}
	life := p.number("MinLifetime")
	if !(life >= 0 && life <= 86400) {
		return fail("bad-value", "-MinLifetime must be from 0 to 86400 seconds.").try("-MinLifetime 1800")
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
		return fail("token-expired", "The token lives for %s, which is less than -MinLifetime asks for.", left.Round(time.Second)).
			try("ask for less: Entra decides how long its tokens live")
	}
	if p.on("MaskInCI") {
		token.mask(sys)
	}
	if p.on("Json") {
		return sys.print(token.JSON(newContext(c.Plan.context(), token)))
	}
	return sys.print(token.access.open() + "\n")
}

// openToUse opens what token and request use, and says what to ask of it: -Scopes alone
// asks the current connection. check sees the plan before anything is sent.
func openToUse(ctx context.Context, sys *system, p Params, check func(Plan) error) (c Connection, ask Ask, err error) {
	scopes := p.list("Scopes")
	if others := p.without("Scopes"); !others.connects() {
		p = others
	}
	if p.connects() {
		plan, err := sys.plan(p)
		if err == nil {
			err = check(plan)
		}
		if err != nil {
			return Connection{}, Ask{}, err
		}
		plan.ContextScope = "Process"
		c, err = open(ctx, sys, plan)
		return c, Ask{}, err
	}
	if c, err = openCurrent(sys, p); err != nil {
		return c, Ask{}, err
	}
	if err := check(c.Plan); err != nil {
		return c, Ask{}, err
	}
	other, err := c.Plan.forScopes(scopes, clouds)
	if err == nil {
		err = other.forResource(p.text("Resource"), clouds)
	}
	if len(scopes) > 0 || p.has("Resource") {
		ask.Scopes = other.Scopes
	}
	return c, ask, err
}

// showContext shows the connection in the reference's fields, or which ones are kept.
func showContext(ctx context.Context, sys *system, p Params) error {
	if p.on("List") {
		return listConnections(sys, p)
	}
	c, err := openTyped(ctx, sys, p)
	if err != nil {
		return err
	}
	if p.on("Json") {
		return sys.print(c.JSON())
	}
	return sys.print(c.String())
}

// openTyped connects for this process as the parameters say; without any it takes the
// current connection.
func openTyped(ctx context.Context, sys *system, p Params) (Connection, error) {
	if !p.connects() {
		return openCurrent(sys, p)
	}
	plan, err := sys.plan(p)
	if err != nil {
		return Connection{}, err
	}
	plan.ContextScope = "Process"
	return open(ctx, sys, plan)
}

func notConnected() error {
	return fail("not-connected", "Authentication needed. Please call Connect-MgGraph.").
		try("say how to connect, for this command alone: connect-entra token -Identity")
}

func showEnvironments(_ context.Context, sys *system, p Params) error {
	known, err := sys.allClouds()
	if err != nil {
		return err
	}
	list := listEnvironments(known, p.on("All"), p.text("Name"))
	if p.on("Json") {
		return sys.print(environmentsJSON(list))
	}
	if len(list) == 0 {
		return nil // as in the reference
	}
	return sys.print(formatEnvironments(list))
}

// release is set where release.sh links: the same source must give the same binary in
// every folder, so nothing is taken from version control.
var release string

// ownVersion is what was released, or what Go recorded in the binary, and by which Go.
func ownVersion() (version, goVersion string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return firstOf(release, "(devel)"), ""
	}
	return firstOf(release, info.Main.Version, "(devel)"), info.GoVersion
}

func showVersion(_ context.Context, sys *system, _ Params) error {
	version, goVersion := ownVersion()
	return sys.print("connect-entra " + version + " " + goVersion + "\n")
}

// panicPlace finds the line of ours that panicked in a stack, without its arguments.
func panicPlace(stack string) string {
	_, after, _ := strings.Cut(stack, "panic(")
	for line := range strings.Lines(after) {
		if place, _, ok := strings.Cut(strings.TrimSpace(line), " +0x"); ok && !strings.Contains(place, "/runtime/") {
			return place[strings.LastIndexByte(place, '/')+1:]
		}
	}
	return "an unknown place"
}
