//go:build !js

// How a connection is saved and comes back: the current one, one of that name, or silently
// the one that fits what was typed.

package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"connect-entra/failure"
)

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
