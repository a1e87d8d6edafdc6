// The verb token: an access token for a script.

package main

import (
	"context"
	"strings"
	"time"

	"connect-entra/failure"
)

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
	}{t.access.reveal(), until, c.TenantID, c.ClientID, c.Scopes}, "  ")
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
			con.say("", "%s", m.command+t.access.reveal())
			return
		}
	}
	con.warn("-MaskInCI masked nothing: neither GitHub Actions nor Azure Pipelines runs this.")
}

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
	return con.print(token.access.reveal() + "\n")
}
