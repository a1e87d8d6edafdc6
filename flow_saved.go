//go:build !js

// The source of a saved connection: from what is saved while that is good, by one renewal
// for all processes when it is not.

package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"connect-entra/failure"
	"connect-entra/vault"
)

// fromSaved is the source of the connection that r was read of, as plan has it. The file is
// looked at each time: another process may have renewed the token, or ended the connection.
// Nobody is asked anything.
func fromSaved(con *console, world *world, saved *connectionStore, r *connectionRecord, plan Plan) source {
	plan.Silent = true
	var mu sync.Mutex
	var renew source
	cache := &msalCache{}
	find := func(ask Ask) (token Token, found bool, err error) {
		now, err := saved.reload(r, saved.load)
		if err != nil {
			return Token{}, false, err
		}
		r = now
		token, found = r.token(ask)
		return token, found, nil
	}
	return func(ctx context.Context, ask Ask) (Token, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(ask.Scopes) == 0 {
			ask.Scopes = plan.Scopes
		}
		if token, found, err := find(ask); found || err != nil {
			return token, err
		}
		unlock, err := saved.lockRenewal(ctx, r, plan.Timeout)
		if err != nil && (errors.Is(err, vault.ErrHeld) || ctx.Err() != nil) {
			return Token{}, err
		}
		if err == nil {
			defer unlock() // else nothing can be written here: then each renews for itself
		}
		if token, found, err := find(ask); found || err != nil {
			return token, err // somebody renewed it while this process waited
		}
		if renew == nil {
			if renew, err = renewal(con, world, plan, cache); err != nil {
				return Token{}, err
			}
		}
		cache.data = r.MSAL
		token, err := renew(ctx, ask)
		if err != nil {
			return Token{}, cannotRenew(plan, err)
		}
		if err := errors.Join(saved.update(r, ask.Scopes, token, cache), cache.trouble); err != nil {
			con.warn("The token was renewed but could not be kept: %s", oneLine(err)) // it is delivered all the same
		}
		return token, nil
	}
}

// renewal is the flow of a saved plan, if it can do without a person: what is typed is
// not there any more, and the terminal belongs to whoever wants the token.
func renewal(con *console, world *world, plan Plan, cache *msalCache) (source, error) {
	if plan.asks() {
		return nil, failure.New("sign-in-needed", "The kept token has expired, and its renewal needs a secret that was typed.").
			Try("%s; a secret in a file or a variable renews by itself", plan.command())
	}
	if plan.Environment.Type == userDefined {
		con.note("%s", ownCloudNote(plan.Environment))
		if err := con.stopped(); err != nil {
			return nil, err
		}
	}
	return startFlow(con, world, plan, cache)
}

// cannotRenew says of a saved connection what its flow says of a sign-in: that Entra
// refuses is final; that a file or certificate has gone needs the person again.
func cannotRenew(plan Plan, err error) error {
	var f *failure.Error
	if !errors.As(err, &f) || kindOf(f.ID).exit != 2 {
		return err
	}
	return failure.New("sign-in-needed", "The kept token has expired and cannot be renewed: %s", f.Message).Because(err).Try("%s", plan.command())
}

func oneLine(err error) string { return failure.Clean(strings.ReplaceAll(err.Error(), "\n", " ")) }
