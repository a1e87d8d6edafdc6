// Connect-entra signs in to Microsoft Entra ID from a terminal.

package main

import (
	"context"
	"io"
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
	outside
}

// flowName says how a Plan signs in.
type flowName string

const (
	byBrowser     flowName = "browser"
	byDeviceCode  flowName = "device code"
	byCertificate flowName = "certificate"
	bySecret      flowName = "client secret"
	byFederation  flowName = "federated token"
	byIdentity    flowName = "managed identity"
	byToken       flowName = "access token"
)

// Ask is what a caller wants of a source.
type Ask struct {
	Scopes      []string      // nil: those of the Plan
	Claims      string        // a claims challenge, decoded JSON
	MinLifetime time.Duration // the token must live at least this long
}

// source signs in at its first call; afterwards it always has a good token: from
// memory, by renewal, or by signing in again where that needs nobody.
type source func(context.Context, Ask) (Token, error)

// Token is an access token and what there is to know of it.
type Token struct {
	access    string // the bearer token itself; never printed but by the token verb
	ExpiresOn time.Time
}

func main() {}
