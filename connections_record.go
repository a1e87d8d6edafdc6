//go:build !js

// What is saved of one connection: who it is, its plan, its tokens, and MSAL's cache with
// the refresh token. And how it comes back: the current one, one of that name, or silently
// the one that fits what was typed.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"connect-entra/claims"
	"connect-entra/failure"
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
	return savedToken{t.access.reveal(), time.Now().UTC(), t.ExpiresOn, t.Scopes, t.Account, t.TenantID}
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

// connection is what r was read of, as plan has it; its source then finds or renews the
// token.
func (s *connectionStore) connection(r *connectionRecord, plan Plan) Connection {
	return Connection{AuthContext: r.Context, Plan: plan, saved: s.vault.Holder(), id: r.id, world: s.world, source: fromSaved(s.con, s.world, s, r, plan)}
}

// open gives the current connection; within timeout if one is given.
func (s *connectionStore) open(timeout time.Duration) (Connection, error) {
	id, err := s.current()
	if err != nil {
		return Connection{}, err
	}
	if id == "" {
		return Connection{}, notConnected()
	}
	r, err := s.load(id)
	if err != nil {
		return Connection{}, err
	}
	plan := r.Plan
	plan.Timeout = cmp.Or(timeout, plan.Timeout)
	return s.connection(r, plan), nil
}

// resume connects silently, if exactly one saved account fits what was typed and was
// granted the scopes that were typed. An application presents its credential each time:
// a wrong secret must not succeed because an earlier one was right.
func (s *connectionStore) resume(ctx context.Context, typed Plan) (c Connection, found bool, err error) {
	if typed.Set != userSet || typed.Force {
		return c, false, nil
	}
	r, name, err := s.fitting(ctx, typed)
	if err != nil || r == nil || !r.wasGranted(typed) {
		return c, false, err
	}
	plan := r.Plan
	plan.Timeout = cmp.Or(typed.Timeout, plan.Timeout)
	if typed.ScopesTyped {
		plan.Scopes, plan.ScopesTyped = typed.Scopes, true
	}
	c = s.connection(r, plan)
	if c.Token, err = c.source(ctx, Ask{}); err != nil {
		if f := failure.From(err); f.ID != "sign-in-needed" && f.ID != "not-connected" {
			return c, false, err
		}
		s.con.note("%s no longer signs in by itself: signing in anew.", name)
		return c, false, nil
	}
	c.AuthContext, c.silent = newContext(c.AuthContext, c.Token), true
	if err := s.resumed(r, c); err != nil {
		return c, false, err
	}
	return c, true, nil
}

// resumed writes what a silent connect changed, and makes the connection current.
func (s *connectionStore) resumed(r *connectionRecord, c Connection) error {
	err := s.locked(r.id, func() error {
		r, err := s.reload(r, s.peek)
		if err != nil {
			return err
		}
		if tokenKey(r.Plan.Scopes) == tokenKey(c.Plan.Scopes) && r.Context.String() == c.AuthContext.String() {
			return nil
		}
		r.Context, r.Plan = c.AuthContext, c.Plan
		return s.write(r)
	})
	if err != nil {
		return err
	}
	return s.setCurrent(r.id)
}

// save saves a connection that was just made, with what MSAL has to remember of it, and
// makes it the current one. Only then is anything different from before: a sign-in that
// failed leaves everything as it was.
func (s *connectionStore) save(c Connection, cache *msalCache) (Connection, error) {
	account := c.Account
	homes := cache.accounts()
	if len(homes) > 1 {
		return c, failure.New("bug", "one sign-in gave %d accounts", len(homes))
	}
	if len(homes) == 1 {
		account = homes[0] // a name may be given to somebody else, this is not
	}
	r := &connectionRecord{id: connectionID(c.Plan, c.TenantID, account), Context: c.AuthContext, Plan: c.Plan.absolute(), MSAL: cache.data}
	err := s.put(r, c.Plan.Scopes, c.Token, c.Plan.Force)
	if err = errors.Join(err, cache.trouble); err == nil {
		err = s.setCurrent(r.id)
	}
	if err != nil {
		return c, failure.New("storage", "The sign-in succeeded, but the connection could not be kept: %s", oneLine(err)).Because(err).
			Try("%s", cmp.Or(failure.From(err).Cure, "use the token in this process alone: -ContextScope Process"))
	}
	c.saved, c.id, c.source = s.vault.Holder(), r.id, fromSaved(s.con, s.world, s, r, r.Plan)
	return c, nil
}

// use makes the connection of that name the current one.
func (s *connectionStore) use(name string) (savedConnection, error) {
	c, err := s.find(name)
	if err == nil {
		err = c.unreadable
	}
	if err == nil {
		err = s.setCurrent(c.ID)
	}
	return c, err
}

// end removes the current connection, the one of that name, or all of them and the key, and
// sees to it that they are gone. What cannot be read can be removed all the same; but not
// the one with the ID spared. It gives what it ended.
func (s *connectionStore) end(name string, all bool, spared string) ([]savedConnection, error) {
	if all {
		ended, err := s.removeAll(spared)
		nameAll(ended)
		return ended, err
	}
	id, err := s.current()
	if name != "" && err == nil {
		var c savedConnection
		c, err = s.find(name)
		id = c.ID
	}
	if err != nil || id == spared || id == "" {
		return nil, err
	}
	c := savedConnection{ID: id}
	if r, err := s.peek(id); err == nil {
		c = r.listed()
	}
	if err := s.remove(id); err != nil {
		return nil, err
	}
	return []savedConnection{c}, s.unselect(id)
}
