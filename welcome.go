// The welcome message, byte for byte the reference's.

package main

import "strings"

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
