// How a connection comes about: anew as the plan says, silently from what is saved, from
// the process around, or once more where a claims challenge asks for it.

package main

import (
	"context"
	"errors"

	"connect-entra/browser"
	"connect-entra/failure"
)

// openToSave connects as the plan says: for this process, or for all of this user's,
// silently if it can. Whether a connection can be saved is known before anything is sent;
// a command can do without, unless it was asked for.
func openToSave(ctx context.Context, con *console, world *world, plan Plan, command bool) (Connection, error) {
	if plan.ContextScope != "CurrentUser" || plan.Environment.practice() || world.openSaved == nil {
		return open(ctx, con, world, plan)
	}
	saved, err := world.openSaved(con, world, true)
	if err != nil && command && !plan.ScopeTyped {
		con.warn("The connection cannot be kept: %s", failure.Clean(err.Error()))
		plan.ContextScope = "Process"
		return open(ctx, con, world, plan)
	}
	if err != nil {
		return Connection{}, err
	}
	c, found, err := saved.resume(ctx, plan)
	if found || err != nil {
		return c, err
	}
	cache := &msalCache{} // empty: what MSAL then holds is of the one account that signed in
	if c, err = openWith(ctx, con, world, plan, "", cache); err != nil {
		return c, err
	}
	if c, err = saved.save(c, cache); err != nil && command {
		con.warn("%s", failure.Clean(err.Error()))
		c.ContextScope, err = "Process", nil // COMMAND has it all the same
	}
	return c, err
}

// openCurrent gives the connection that this process was started with, inside a COMMAND,
// else the saved connection that is current.
func openCurrent(con *console, world *world, p Params) (Connection, error) {
	if c, ok, err := inherited(con, world); ok || err != nil {
		return c, err
	}
	var plan Plan
	if p.Has("ClientTimeout") {
		if err := plan.chooseTimeout(p); err != nil {
			return Connection{}, err
		}
	}
	saved, err := readSaved(con, world)
	if err != nil {
		return Connection{}, err
	}
	if saved == nil {
		return Connection{}, notConnected()
	}
	return saved.open(plan.Timeout)
}

// open carries a plan out. Where no browser opens, a person at a terminal goes on with
// a device code.
func open(ctx context.Context, con *console, world *world, plan Plan) (Connection, error) {
	return openWith(ctx, con, world, plan, "", nil)
}

// openWith is the same for a sign-in that must satisfy claims, or is to be saved: cache is
// then what MSAL has to remember of it.
func openWith(ctx context.Context, con *console, world *world, plan Plan, claims string, cache *msalCache) (Connection, error) {
	if plan.Environment.practice() {
		practising, stop, err := practice(world, plan.Flow == byBrowser || plan.Flow == byDeviceCode)
		if err != nil {
			return Connection{}, err
		}
		context.AfterFunc(ctx, stop) // the run's end: a claims challenge needs the pages again
		world = practising
	}
	source, token, err := signIn(ctx, con, world, plan, claims, cache)
	var none *browser.Unavailable
	if errors.As(err, &none) {
		if !con.terminal.stderr {
			return Connection{}, failure.New("sign-in-needed", "No browser can be opened here: %s.", none.Reason).Because(err).
				Try("connect-entra -UseDeviceCode")
		}
		con.note("No browser can be opened here: %s. Going on with a device code.", none.Reason)
		plan = plan.byDeviceCode()
		source, token, err = signIn(ctx, con, world, plan, claims, cache)
	}
	if err != nil {
		return Connection{}, err
	}
	if plan.Environment.practice() {
		con.say("", "This was practice: no tenant was contacted.")
	}
	return Connection{AuthContext: newContext(plan.context(), token), Plan: plan, Token: token, source: source, world: world}, nil
}

func signIn(ctx context.Context, con *console, world *world, plan Plan, claims string, cache *msalCache) (source, Token, error) {
	source, err := startFlow(con, world, plan, cache)
	if err != nil {
		return nil, Token{}, err
	}
	token, err := source(ctx, Ask{Claims: claims})
	return source, token, err
}

// startFlow begins the flow of a plan; nothing is sent yet. cache is what MSAL remembers of
// the connection, and is to; nil where that ends with the process.
func startFlow(con *console, world *world, plan Plan, cache *msalCache) (source, error) {
	flow, ok := flows[plan.Flow]
	if !ok {
		return nil, failure.New("usage", "This build cannot sign in by %s.", plan.Flow).
			Try("in a terminal, use the connect-entra binary; in the page, give a token")
	}
	return flow(con, world, plan, cache)
}

// satisfy has the connection's tokens hold what a claims challenge asks for. Where a saved
// one cannot renew them so, the person signs in again, and that is saved in its place.
func (c Connection) satisfy(ctx context.Context, con *console, world *world, ask Ask) (Connection, error) {
	_, err := c.source(ctx, ask)
	if f := (*failure.Error)(nil); c.saved == "" || !con.terminal.stderr || !errors.As(err, &f) || f.ID != "sign-in-needed" {
		return c, err
	}
	saved, err := world.openSaved(con, world, true)
	if err != nil {
		return c, err
	}
	plan := c.Plan
	plan.Silent = false
	cache := &msalCache{}
	again, err := openWith(ctx, con, world, plan, ask.Claims, cache)
	if err != nil {
		return c, err
	}
	if again.Account != c.Account || again.TenantID != c.TenantID {
		return c, failure.New("sign-in-needed", "The connection is %s's, and %s signed in.", c.Account, again.Account).
			Try("sign in as %s; or connect anew, as somebody else: -Force", c.Account)
	}
	return saved.save(again, cache)
}

// openToUse opens what token and request use, and says what to ask of it: -Scopes alone
// asks the current connection. check sees the plan before anything is sent.
func openToUse(ctx context.Context, con *console, world *world, p Params, check func(Plan) error) (c Connection, ask Ask, err error) {
	scopes := p.list("Scopes")
	if others := p.without("Scopes"); !others.connects() {
		p = others
	}
	if p.connects() {
		plan, err := typedPlan(con, world, p)
		if err == nil {
			err = check(plan)
		}
		if err != nil {
			return Connection{}, Ask{}, err
		}
		plan.ContextScope = "Process"
		c, err = open(ctx, con, world, plan)
		return c, Ask{}, err
	}
	if c, err = openCurrent(con, world, p); err != nil {
		return c, Ask{}, err
	}
	if err := check(c.Plan); err != nil {
		return c, Ask{}, err
	}
	other, err := c.Plan.forScopes(scopes, clouds)
	if err == nil {
		err = other.forResource(p.Text("Resource"), clouds)
	}
	if len(scopes) > 0 || p.Has("Resource") {
		ask.Scopes = other.Scopes
	}
	return c, ask, err
}

// openTyped connects for this process as the parameters say; without any it takes the
// current connection.
func openTyped(ctx context.Context, con *console, world *world, p Params) (Connection, error) {
	if !p.connects() {
		return openCurrent(con, world, p)
	}
	plan, err := typedPlan(con, world, p)
	if err != nil {
		return Connection{}, err
	}
	plan.ContextScope = "Process"
	return open(ctx, con, world, plan)
}

// typedPlan decides what p means, with the user's own clouds where it may mean one, and says
// what the person should know of it beforehand.
func typedPlan(con *console, world *world, p Params) (Plan, error) {
	known, err := knownClouds(con, world, p)
	if err != nil {
		return Plan{}, err
	}
	plan, err := newPlan(p, known, world.getenv)
	if err != nil {
		return plan, err
	}
	for _, text := range plan.notes {
		con.note("%s", text)
	}
	for _, text := range plan.warnings {
		con.warn("%s", text)
	}
	return plan, con.stopped()
}
