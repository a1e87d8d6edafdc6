// What a connection is: a plan that was carried out, the tokens it gives, and what there is
// to do with those that are saved.

package main

import (
	"context"
	"sync"
	"time"

	"connect-entra/claims"
)

// Connection is a plan that was carried out.
type Connection struct {
	AuthContext
	Plan   Plan
	Token  Token
	source source
	saved  string // who holds the key to it; "" if it ends with this process
	id     string // of its file among those that are saved
	silent bool   // nobody was asked: it was saved before
	world  *world // what it was made in: the practice cloud's, or the process's own
}

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

// msalCache is what MSAL remembers of one connection: MSAL's cache, without access tokens.
// It never fails a call: MSAL would throw the token away with it. What went wrong stays in
// trouble.
type msalCache struct {
	mu      sync.Mutex
	data    []byte // as MSAL marshals it; nil: empty
	trouble error
}

// savedConnections are those of this user.
type savedConnections interface {
	resume(context.Context, Plan) (c Connection, found bool, err error) // silently, if one fits
	save(Connection, *msalCache) (Connection, error)                    // and makes it the current one
	open(timeout time.Duration) (Connection, error)                     // the current one; 0: the timeout of its plan
	list() ([]savedConnection, error)
	use(name string) (savedConnection, error)
	end(name string, all bool, spared string) ([]savedConnection, error)
}

// savedConnection is one in a list.
type savedConnection struct {
	ID      string // of its file
	Name    string
	Current bool
	Until   time.Time // the end of the last of its tokens
	AuthContext
	unreadable error // why nothing more is known
}
