// What is said of a new connection: the welcome message, byte for byte the reference's,
// on stdout, and on stderr what it leaves out.

package main

import (
	"cmp"
	"strings"

	"connect-entra/claims"
	"connect-entra/failure"
)

// welcomeText greets like the reference: the kind of access in lower case, and the
// application that the token names.
func welcomeText(c AuthContext) string {
	app := c.ClientID
	if app == "" {
		app = "(unknown application)"
	}
	return `Welcome to Microsoft Graph!

Connected via ` + strings.ToLower(c.AuthType) + ` access using ` + app + `
Readme: https://aka.ms/graph/sdk/powershell
SDK Docs: https://aka.ms/graph/sdk/powershell/docs
API Docs: https://aka.ms/graph/docs

NOTE: You can use the -NoWelcome parameter to suppress this message.
`
}

// tell says on stderr what the welcome does not: who, where, until when, and what is
// saved.
func (c Connection) tell(con *console, command bool) {
	who := cmp.Or(c.Account, c.AppName, c.ClientID, "an application that the token does not name")
	until := "for as long as the token is good: it does not say"
	if !c.Token.ExpiresOn.IsZero() {
		until = "until " + claims.ShowTime(c.Token.ExpiresOn)
	}
	con.note("Connected as %s in %s (%s), %s.", who, cmp.Or(c.TenantID, "a tenant that the token does not name"), c.Environment, until)
	if c.Plan.Flow == byToken {
		c.tellProvided(con)
	}
	switch {
	case c.silent:
		con.note("Nobody was asked: the connection was kept. To sign in anew: -Force")
	case c.saved != "":
		con.note("It is kept for this user's other processes, sealed; the key is in %s. To end it: connect-entra disconnect", c.saved)
	case command:
		con.note("The connection ends with the command.")
	default:
		con.note("The connection ends with this process. To use it, give the same parameters to connect-entra token or request, or end them with -- COMMAND")
		if c.Plan.ScopeTyped && c.Plan.ContextScope == "CurrentUser" && c.Plan.Environment.practice() {
			con.note("Connections to the practice cloud are never kept.")
		}
	}
}

// tellProvided says what is not known of a token that the user brought.
func (c Connection) tellProvided(con *console) {
	token := c.Token.Claims
	if token.All == nil {
		con.note("The token is opaque: nothing in it can be read, so it was taken as it is.")
		return
	}
	con.note("The token was read, not verified: only the API that it is for can check its signature.")
	graph := c.Plan.Environment.GraphEndpoint
	switch other, isGraph := environmentOf(clouds, token.Audience); {
	case isGraph && other.GraphEndpoint != graph:
		con.warn("The token is for Microsoft Graph of %s, and the environment is %s: connect with -Environment %s.", other.Name, c.Environment, other.Name)
	case !isGraph && token.Audience != claims.GraphAppID:
		con.warn("The token is not for Microsoft Graph but for %s.", failure.Clean(cmp.Or(token.Audience, "an audience that it does not name")))
	}
}
