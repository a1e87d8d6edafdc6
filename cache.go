//go:build !js

// What is kept of a connection besides who it is: its tokens, and MSAL's cache with the
// refresh token. And the source that lives on it: from what is kept while that is good,
// by one renewal for all processes when it is not.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/vault"
)

// msalCache is MSAL's cache of one connection. It never fails a call: MSAL would throw
// the token away with it. What went wrong stays in trouble.
type msalCache struct {
	mu      sync.Mutex
	data    []byte // as MSAL marshals it; nil: empty
	trouble error
}

func (c *msalCache) Replace(_ context.Context, into cache.Unmarshaler, _ cache.ReplaceHints) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.data) > 0 {
		if c.trouble = into.Unmarshal(c.data); c.trouble == nil {
			return nil
		}
		c.data = nil
	}
	into.Unmarshal([]byte("{}")) // forgets what another caller left in MSAL's memory
	return nil
}

func (c *msalCache) Export(_ context.Context, from cache.Marshaler, _ cache.ExportHints) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, err := from.Marshal()
	if err == nil {
		data, err = withoutAccessTokens(data)
	}
	if c.trouble = err; err == nil {
		c.data = data
	}
	return nil
}

// withoutAccessTokens takes the access tokens out of MSAL's cache: they are kept beside
// it. MSAL never purges one, and takes the first that fits, an expired one too.
func withoutAccessTokens(data []byte) ([]byte, error) {
	var sections map[string]json.RawMessage // all of them: what a later MSAL adds must survive
	if err := json.Unmarshal(data, &sections); err != nil {
		return nil, err
	}
	delete(sections, "AccessToken")
	return json.Marshal(sections)
}

// accounts are the home account IDs in the cache: who the refresh tokens belong to.
func (c *msalCache) accounts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var contract struct {
		Account map[string]struct {
			Home string `json:"home_account_id"`
		}
	}
	json.Unmarshal(c.data, &contract) // what MSAL wrote itself
	var homes []string
	for _, account := range contract.Account {
		homes = append(homes, account.Home)
	}
	slices.Sort(homes)
	return slices.Compact(homes)
}

// keptToken is a Token as it is written, which Token itself never is.
type keptToken struct {
	Access    string
	At        time.Time // when it came, by the clock of that time
	ExpiresOn time.Time
	Scopes    []string `json:",omitempty"`
	Account   string   `json:",omitempty"`
	TenantID  string   `json:",omitempty"`
}

func newKeptToken(t Token) keptToken {
	return keptToken{t.access.open(), time.Now().UTC(), t.ExpiresOn, t.Scopes, t.Account, t.TenantID}
}

func (k keptToken) token() Token {
	said, _ := claims.Decode(k.Access)
	return Token{access: hide(k.Access), ExpiresOn: k.ExpiresOn, Scopes: k.Scopes, Claims: said, Account: k.Account, TenantID: k.TenantID}
}

// tokenKey is what a token was asked for.
func tokenKey(scopes []string) string { return strings.ToLower(strings.Join(scopes, " ")) }

// token finds a kept one that answers ask: one that was asked for by the same scopes, or
// one that was granted them among others.
func (k *kept) token(ask Ask) (Token, bool) {
	if ask.Claims != "" {
		return Token{}, false
	}
	best, found := k.Tokens[tokenKey(ask.Scopes)]
	if !found || !best.lives(ask.MinLifetime) {
		best = keptToken{}
		for _, t := range k.Tokens {
			if t.ExpiresOn.After(best.ExpiresOn) && k.Plan.covers(t.Scopes, ask.Scopes) {
				best = t
			}
		}
	}
	if !best.lives(ask.MinLifetime) {
		return Token{}, false
	}
	return best.token(), true
}

// lives holds for a token that has enough life left. One from the future came while the
// clock was wrong, so its end is not known.
func (k keptToken) lives(minimum time.Duration) bool {
	return time.Until(k.ExpiresOn) > max(minimum, expiryBuffer) && time.Until(k.At) < expiryBuffer
}

// covers says whether all of asked was granted.
func (p Plan) covers(granted, asked []string) bool {
	for _, scope := range asked {
		if !slices.ContainsFunc(granted, func(g string) bool { return p.shortScope(g) == p.shortScope(scope) }) {
			return false
		}
	}
	return len(asked) > 0
}

// add keeps a token, and drops those that have ended.
func (k *kept) add(scopes []string, t Token) {
	if k.Tokens == nil {
		k.Tokens = map[string]keptToken{}
	}
	for key, old := range k.Tokens {
		if time.Until(old.ExpiresOn) <= expiryBuffer {
			delete(k.Tokens, key)
		}
	}
	k.Tokens[tokenKey(scopes)] = newKeptToken(t)
	for _, scope := range slices.Concat(t.Scopes, t.Claims.Scopes) {
		if scope = k.Plan.shortScope(scope); !slices.Contains(k.Granted, scope) {
			k.Granted = append(k.Granted, scope)
		}
	}
}

// shortScope is how a scope is compared: without regard to case, and Graph's without
// the cloud's Graph in front.
func (p Plan) shortScope(scope string) string {
	return strings.ToLower(strings.TrimPrefix(scope, p.Environment.GraphEndpoint+"/"))
}

// lasting is the source of a kept connection. The file is read each time: another
// process may have renewed the token, or ended the connection. Nobody is asked anything.
func (k *keep) lasting(id string, plan Plan) source {
	var mu sync.Mutex
	var renew source
	plan.Silent = true
	k.cache = &msalCache{}
	return func(ctx context.Context, ask Ask) (Token, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(ask.Scopes) == 0 {
			ask.Scopes = plan.Scopes
		}
		c, _, err := k.load(id)
		if err != nil {
			return Token{}, err
		}
		if token, ok := c.token(ask); ok {
			return token, nil
		}
		unlock, err := k.vault.LockFor(ctx, id+".renew", plan.Timeout)
		if errors.Is(err, vault.ErrHeld) || ctx.Err() != nil {
			return Token{}, err
		}
		if err == nil {
			defer unlock() // else nothing can be written here: then each renews for itself
		}
		c, version, err := k.load(id)
		if err != nil {
			return Token{}, err
		}
		if token, ok := c.token(ask); ok {
			return token, nil // somebody renewed it while this process waited
		}
		if renew == nil {
			if renew, err = k.renewal(plan); err != nil {
				return Token{}, err
			}
		}
		k.cache.data = c.MSAL
		token, err := renew(ctx, ask)
		if err != nil {
			return Token{}, cannotRenew(plan, err)
		}
		k.update(id, version, c, ask, token)
		return token, nil
	}
}

// renewal is the flow of a kept plan, if it can do without a person: what is typed is
// not there any more, and the terminal belongs to whoever wants the token.
func (k *keep) renewal(plan Plan) (source, error) {
	if plan.asks() {
		return nil, failure.New("sign-in-needed", "The kept token has expired, and its renewal needs a secret that was typed.").
			Try("%s; a secret in a file or a variable renews by itself", plan.command())
	}
	if plan.Environment.Type == userDefined {
		k.sys.note("%s", ownCloudNote(plan.Environment))
		if err := k.sys.stopped(); err != nil {
			return nil, err
		}
	}
	sys := k.withCache()
	sys.terminal.stdin = false
	return k.start(sys, plan)
}

// cannotRenew says of a kept connection what its flow says of a sign-in: that Entra
// refuses is final; that a file or certificate has gone needs the person again.
func cannotRenew(plan Plan, err error) error {
	var f *failure.Error
	if !errors.As(err, &f) || kindOf(f.ID).exit != 2 {
		return err
	}
	return failure.New("sign-in-needed", "The kept token has expired and cannot be renewed: %s", f.Message).Because(err).Try("%s", plan.command())
}

// update keeps a renewed token. It is delivered whatever becomes of that; and if the
// file is not what was read, a disconnect or a newer sign-in came between and stands.
func (k *keep) update(id string, seen vault.Version, c *kept, ask Ask, token Token) {
	err := k.locked(id, func() error {
		if same, err := k.vault.Unchanged(id, seen); !same || err != nil {
			return err
		}
		c.add(ask.Scopes, token)
		c.MSAL = k.cache.data
		return k.write(id, c)
	})
	if err = errors.Join(err, k.cache.trouble); err != nil {
		k.sys.warn("The token was renewed but could not be kept: %s", oneLine(err))
	}
}

func oneLine(err error) string { return failure.Clean(strings.ReplaceAll(err.Error(), "\n", " ")) }
