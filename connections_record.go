//go:build !js

// What is saved of one connection: who it is, its plan, its tokens, and MSAL's cache with
// the refresh token.

package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"connect-entra/claims"
	"connect-entra/vault"
)

// connectionRecord is a connection's file: testdata of vault holds one.
type connectionRecord struct {
	Context AuthContext
	Plan    Plan
	Granted []string              // every scope that was granted, as shortScope writes it
	Tokens  map[string]savedToken // by tokenKey
	MSAL    json.RawMessage       `json:",omitempty"` // MSAL's cache, without access tokens

	id      string        // names the file
	version vault.Version // of the file, as it was read
}

// savedToken is a Token as it is written, which Token itself never is.
type savedToken struct {
	Access    string
	At        time.Time // when it came, by the clock of that time
	ExpiresOn time.Time
	Scopes    []string `json:",omitempty"`
	Account   string   `json:",omitempty"`
	TenantID  string   `json:",omitempty"`
}

func newSavedToken(t Token) savedToken {
	return savedToken{t.access.open(), time.Now().UTC(), t.ExpiresOn, t.Scopes, t.Account, t.TenantID}
}

func (t savedToken) token() Token {
	said, _ := claims.Decode(t.Access)
	return Token{access: hide(t.Access), ExpiresOn: t.ExpiresOn, Scopes: t.Scopes, Claims: said, Account: t.Account, TenantID: t.TenantID}
}

// tokenKey is what a token was asked for.
func tokenKey(scopes []string) string { return strings.ToLower(strings.Join(scopes, " ")) }

// token finds one that answers ask: one that was asked for by the same scopes, or
// one that was granted them among others.
func (r *connectionRecord) token(ask Ask) (Token, bool) {
	if ask.Claims != "" {
		return Token{}, false
	}
	best, found := r.Tokens[tokenKey(ask.Scopes)]
	if !found || !best.lives(ask.MinLifetime) {
		best = savedToken{}
		for _, t := range r.Tokens {
			if t.ExpiresOn.After(best.ExpiresOn) && r.Plan.covers(t.Scopes, ask.Scopes) {
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
func (t savedToken) lives(minimum time.Duration) bool {
	return time.Until(t.ExpiresOn) > max(minimum, expiryBuffer) && time.Until(t.At) < expiryBuffer
}

// add puts a token in, and drops those that have ended.
func (r *connectionRecord) add(scopes []string, t Token) {
	if r.Tokens == nil {
		r.Tokens = map[string]savedToken{}
	}
	for key, old := range r.Tokens {
		if time.Until(old.ExpiresOn) <= expiryBuffer {
			delete(r.Tokens, key)
		}
	}
	r.Tokens[tokenKey(scopes)] = newSavedToken(t)
	for _, scope := range slices.Concat(t.Scopes, t.Claims.Scopes) {
		if scope = r.Plan.shortScope(scope); !slices.Contains(r.Granted, scope) {
			r.Granted = append(r.Granted, scope)
		}
	}
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

// withoutAccessTokens takes the access tokens out of MSAL's cache: they are saved beside
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
