// Access tokens, and how they are handed to a script.

package main

import (
	"strings"
	"time"

	"connect-entra/claims"
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
func (t Token) mask(sys *system) {
	for _, m := range logMasks {
		if strings.EqualFold(sys.getenv(m.variable), "true") {
			sys.say("", "%s", m.command+t.access.open())
			return
		}
	}
	sys.warn("-MaskInCI masked nothing: neither GitHub Actions nor Azure Pipelines runs this.")
}
