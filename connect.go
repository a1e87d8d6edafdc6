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
// This file and connection.go, where a connection comes about, are the only ones that call
// across.
package main

import (
	"context"
	"io"
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
