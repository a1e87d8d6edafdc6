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
// This file and connection_open.go, where a connection comes about, are the only ones that call
// across.
package main

import (
	"context"
)

// run is the only way in for a line: args are those after the program's name. It gives the
// exit status, and prints whatever went wrong.
func run(ctx context.Context, con *console, world *world, args []string) int {
	v, args := askedHelp(chooseVerb(args))
	params, err := v.carryOut(ctx, con, world, args)
	status := con.report(err)
	if params.Command != nil && v.after != aLine {
		status = besideCommand(err, status)
	}
	return status
}

// connect is the whole story: from what was typed to a connection, and the COMMAND that
// it is for. Without a way to connect, COMMAND has the current one.
func connect(ctx context.Context, con *console, world *world, p Params) error {
	command, err := newCommand(con, p)
	if err != nil {
		return err
	}
	var c Connection
	if command != nil && !p.connects() {
		c, err = openCurrent(con, world, p)
	} else {
		c, err = newConnection(ctx, con, world, p, command != nil)
	}
	if err != nil || command == nil {
		return err
	}
	return command.run(ctx, con, world, c)
}

// newConnection connects as typed, for a COMMAND or not, and tells of it.
func newConnection(ctx context.Context, con *console, world *world, p Params, command bool) (Connection, error) {
	plan, err := typedPlan(con, world, p)
	if err != nil {
		return Connection{}, err
	}
	c, err := openToSave(ctx, con, world, plan, command)
	if err != nil {
		return Connection{}, err
	}
	out := con
	if command {
		out = con.besideCommand()
	}
	switch {
	case p.On("Json"):
		err = out.print(c.JSON())
	case !p.On("NoWelcome"):
		err = out.print(welcomeText(c.AuthContext))
	}
	if err != nil {
		return Connection{}, err
	}
	c.tell(con, command)
	return c, nil
}
