// The verbs, as a table; which one a line means, by its first words or by the name that the
// program is called by; and how it is carried out.

package main

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// verb is what the first word may be.
type verb struct {
	name    string
	cmdlets []string                      // names that it answers to as well, as first word or as the binary's name
	summary string                        // one line of help
	table   func() []powershell.Parameter // nil: it has no binding
	after   afterDashes
	traits  trait
	run     func(context.Context, *console, *world, Params) error
}

// afterDashes says what may follow -- on a verb's line.
type afterDashes int

const (
	nothing afterDashes = iota
	aCommand
	aLine // that is looked at, and not run
)

// trait is what is peculiar to a verb.
type trait int

const (
	brief        trait = 1 << iota // it waits for nobody and leaves nothing, so a signal may just end it
	givesHelp                      // -? and --help on any line lead to it, and its own values may have a dash: help -Scopes
	givesVersion                   // --version leads to it
)

func (v verb) is(t trait) bool { return v.traits&t != 0 }

// isDefault says whether a line without a verb means this one.
func (v verb) isDefault() bool { return v.name == defaultVerb().name }

// takesLine says whether it looks at a line and binds nothing of it to itself.
func (v verb) takesLine() bool { return v.table == nil && v.after == aLine }

// parameters are the rows of the verb's table.
func (v verb) parameters() []powershell.Parameter {
	if v.table == nil {
		return nil
	}
	return v.table()
}

// bind reads what was typed after the verb. A verb without parameters has no binding: what
// it may look at is the whole line.
func (v verb) bind(args []string) (p Params, err error) {
	switch {
	case v.table != nil:
		p, err = bind(v.table(), args)
	case v.takesLine():
		p.Command = args
	}
	if err == nil && p.Command != nil && v.after == nothing {
		err = failure.New("usage", "%s takes no command.", v.name).Try("connect-entra … -- %s", failure.Clean(strings.Join(p.Command, " ")))
	}
	return p, err
}

// guarded gives what do gives, or the bug that it met. What a panic holds may be anything,
// a secret too; the type and place of a bug are not.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = failure.New("bug", "%T at %s", r, panicPlace(string(debug.Stack())))
		}
	}()
	return do()
}

// defaultVerb is the one that a line without a verb means.
func defaultVerb() verb { return verbs()[0] }

// verbThat gives the verb with a trait that one alone has.
func verbThat(has trait) verb {
	all := verbs()
	return all[slices.IndexFunc(all, func(v verb) bool { return v.is(has) })]
}

// chooseVerb takes the verb off the front; without one it is the default, and the first
// word its first positional parameter.
func chooseVerb(args []string) (verb, []string) {
	if len(args) > 0 {
		for n := min(2, len(args)); n > 0; n-- { // context use, then context
			if v, ok := findVerb(strings.Join(args[:n], " ")); ok {
				return v, args[n:]
			}
		}
	}
	return defaultVerb(), args
}

// askedHelp turns to help where a line asks for it.
func askedHelp(v verb, args []string) (verb, []string) {
	own := args
	if i := slices.Index(args, "--"); i >= 0 {
		own = args[:i]
	}
	asks := func(words ...string) bool { return len(own) > 0 && slices.Contains(words, own[0]) }
	switch {
	case v.is(givesHelp) && len(args) > 0: // help -Scopes
		return v, append([]string{strings.TrimLeft(args[0], powershell.Dashes)}, args[1:]...)
	case asks("--version"):
		return verbThat(givesVersion), nil
	case !v.takesLine() && (asks("-h", "/?") || slices.Contains(own, "-?") || slices.Contains(own, "--help")):
		switch {
		case !v.isDefault():
			return verbThat(givesHelp), []string{v.name}
		case len(own) > 1:
			return verbThat(givesHelp), own[1:]
		}
		return verbThat(givesHelp), nil
	}
	return v, args
}

// calledAs puts the verb in front that the program's name means, as where a link is
// called Disconnect-Entra. A typed verb wins.
func calledAs(program string, args []string) []string {
	program = program[strings.LastIndexAny(program, `/\`)+1:]
	v, ok := findVerb(strings.TrimSuffix(strings.ToLower(program), ".exe"))
	if !ok || v.isDefault() {
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
func (con *console) noteVerb(v verb, args []string) {
	if !v.isDefault() || len(args) == 0 || !powershell.IsValue(args[0]) {
		return
	}
	var names []string
	for _, known := range verbs() {
		names = append(names, known.name)
	}
	if near := powershell.Nearest(args[0], names); near != "" {
		con.note("%q was taken for a value by position. Did you mean connect-entra %s?", failure.Clean(args[0]), near)
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

// release is set where release.sh links: the same source must give the same binary in
// every folder, so nothing is taken from version control.
var release string

// ownVersion is what was released, or what Go recorded in the binary, and by which Go.
func ownVersion() (version, goVersion string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return cmp.Or(release, "(devel)"), ""
	}
	return cmp.Or(release, info.Main.Version, "(devel)"), info.GoVersion
}

func showVersion(_ context.Context, con *console, world *world, _ Params) error {
	version, goVersion := ownVersion()
	return con.print("connect-entra " + version + " " + goVersion + "\n")
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

// verbs in the order of help. A function, as help shows the table it stands in.
func verbs() []verb {
	return []verb{
		{"connect", []string{"Connect-Entra", "Connect-MgGraph", "Connect-Graph"}, "sign in (the default)", connectParameters, aCommand, 0, connect},
		{"disconnect", []string{"Disconnect-Entra", "Disconnect-MgGraph", "Disconnect-Graph"}, "end the connection", disconnectParameters, nothing, 0, disconnect},
		{"context", []string{"Get-EntraContext", "Get-MgContext"}, "show who is connected", contextParameters, nothing, 0, showContext},
		{"context use", nil, "make another kept connection the current one", useParameters, nothing, 0, useConnection},
		{"environments", []string{"Get-EntraEnvironment", "Get-MgEnvironment"}, "list the national clouds", environmentsParameters, nothing, brief, showEnvironments},
		{"environments add", []string{"Add-EntraEnvironment", "Add-MgEnvironment"}, "define a cloud of your own", cloudParameters, nothing, 0, addEnvironment},
		{"environments set", []string{"Set-EntraEnvironment", "Set-MgEnvironment"}, "change one", cloudParameters, nothing, 0, setEnvironment},
		{"environments remove", []string{"Remove-EntraEnvironment", "Remove-MgEnvironment"}, "remove one", namedCloud, nothing, 0, removeEnvironment},
		{"token", nil, "print an access token, for a script", tokenParameters, nothing, 0, printToken},
		{"request", []string{"Invoke-MgGraphRequest", "Invoke-GraphRequest"}, "[METHOD] PATH|URL: ask Microsoft Graph", requestParameters, nothing, 0, sendRequest},
		{"explain", nil, "say how a line binds and what it would do", nil, aLine, 0, explainLine},
		{"sandbox", nil, "make what practising needs: ids, a secret, a certificate", sandboxParameters, nothing, 0, makePracticeKit},
		{"completion", nil, "completion for bash, zsh, fish or PowerShell", completionParameters, aLine, 0, showCompletion},
		{"help", nil, "help [PARAMETER | VERB | AADSTS…]", helpParameters, nothing, brief | givesHelp, showHelp},
		{"version", nil, "print the version", nil, nothing, brief | givesVersion, showVersion},
	}
}

// carryOut binds what was typed after a verb and does it. What went wrong is not told yet.
func (v verb) carryOut(ctx context.Context, con *console, world *world, args []string) (params Params, err error) {
	if !v.is(brief) && world.untilSignal != nil {
		ctx = world.untilSignal(ctx)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	err = guarded(func() (err error) {
		params, err = v.bind(args)
		con = con.of(preferencesOf(ctx, end, params))
		if params, err = con.supply(ctx, v, params, err); err != nil {
			return err
		}
		if err = params.checkTexts(v.parameters()); err != nil {
			return err
		}
		con.noteNoEffect(v, params)
		con.noteVerb(v, args)
		if err = con.stopped(); err != nil {
			return err
		}
		return v.run(ctx, con, world, params)
	})
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		err = cause
	}
	if stopped := con.stopped(); stopped != nil {
		err = stopped
	}
	return params, err
}

// noteNoEffect tells of parameters that are accepted and do nothing here.
func (con *console) noteNoEffect(v verb, p Params) {
	var names []string
	for _, row := range v.parameters() {
		if slices.Contains(noEffect, row.Name) && p.Has(row.Name) {
			names = append(names, "-"+row.Name)
		}
	}
	if len(names) > 0 {
		con.note("No effect outside PowerShell: %s", strings.Join(names, ", "))
	}
}

func showEnvironments(_ context.Context, con *console, world *world, p Params) error {
	known, err := allClouds(con, world)
	if err != nil {
		return err
	}
	list := listEnvironments(known, p.On("All"), p.Text("Name"))
	if p.On("Json") {
		return con.print(environmentsJSON(list))
	}
	if len(list) == 0 {
		return nil // as in the reference
	}
	return con.print(formatEnvironments(list))
}
