// Access tokens, and how they are handed to a script.

package main

import (
	"context"
	"strings"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
)

// Token is an access token and what there is to know of it.
type Token struct {
	access    hidden        // the bearer token; only the verbs that hand it on open it
	ExpiresOn time.Time     // zero when unknown: an opaque token does not tell
	Scopes    []string      // as granted; nil when the answer did not say
	Claims    claims.Claims // of the access token, for showing
	Account   string        // who, as the ID token names them; "" for an app
	TenantID  string        // the tenant that signed in, as the ID token names it
}

// expiryBuffer is how much life the reference wants in a token: with five minutes or
// less it counts as expired (TokenExpirationBufferInMinutes).
const expiryBuffer = 5 * time.Minute

// JSON is the token and what a script wants to know of it.
func (t Token) JSON(c AuthContext) string {
	var until any // null when the token does not tell
	if !t.ExpiresOn.IsZero() {
		until = t.ExpiresOn.UTC().Format(time.RFC3339Nano)
	}
	return formatJSON(struct {
		AccessToken string
		ExpiresOn   any
		TenantID    string `json:"TenantId"`
		ClientID    string `json:"ClientId"`
		Scopes      []string
	}{t.access.open(), until, c.TenantID, c.ClientID, c.Scopes}, "  ")
}

// logMasks are the services that take a secret out of their logs when a line names it,
// by the variable that tells that they run this. Sources: docs.github.com, "Workflow
// commands"; learn.microsoft.com, "Logging commands".
var logMasks = []struct{ variable, command string }{
	{"GITHUB_ACTIONS", "::add-mask::"},
	{"TF_BUILD", "##vso[task.setsecret]"},
}

// mask has the service that runs this take the token out of its logs. The command goes
// to stderr, which both read, as stdout is the token's. Elsewhere nothing is written: it
// would be the token in a log that nobody masks.
func (t Token) mask(con *console, world *world) {
	for _, m := range logMasks {
		if strings.EqualFold(world.getenv(m.variable), "true") {
			con.say("", "%s", m.command+t.access.open())
			return
		}
	}
	con.warn("-MaskInCI masked nothing: neither GitHub Actions nor Azure Pipelines runs this.")
}

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

// printToken prints the access token alone. With connect parameters it connects for
// this process and leaves nothing.
func printToken(ctx context.Context, con *console, world *world, p Params) error {
	if con.terminal.stdout && !p.On("Show") {
		return failure.New("usage", "A token on the screen is a token in its history.").
			Try("pipe it into the program that needs it, or add -Show")
	}
	life := p.Number("MinLifetime")
	if !(life >= 0 && life <= 86400) {
		return failure.New("bad-value", "-MinLifetime must be from 0 to 86400 seconds.").Try("-MinLifetime 1800")
	}
	c, ask, err := openToUse(ctx, con, world, p, func(Plan) error { return nil })
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
		token.mask(con, world)
	}
	if p.On("Json") {
		return con.print(token.JSON(newContext(c.Plan.context(), token)))
	}
	return con.print(token.access.open() + "\n")
}
