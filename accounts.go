//go:build !js

// Kept connections among each other: how they are named, and which one fits what was
// typed.

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"connect-entra/failure"
)

// list gives all kept connections, those too that cannot be read now: they can be
// disconnected.
func (k *keep) list() ([]named, error) { return k.ofKind("") }

// ofKind reads all kept connections, or those of one kind, and names them.
func (k *keep) ofKind(kind string) ([]named, error) {
	ids, err := k.vault.List()
	if err != nil {
		return nil, err
	}
	current, err := k.current()
	if err != nil {
		return nil, err
	}
	var all []named
	for _, id := range ids {
		if id == currentID || !strings.HasPrefix(id, kind) {
			continue
		}
		n := named{ID: id}
		c, _, err := k.load(id)
		switch {
		case err == nil:
			n = c.named(id)
		case failure.From(err).ID == "not-connected":
			continue // gone, or set aside
		default:
			n.unreadable = err
		}
		n.Current = id == current
		all = append(all, n)
	}
	nameAll(all)
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name }) // a generic sort of this is 19 kB
	return all, nil
}

func (k *kept) named(id string) named {
	n := named{ID: id, AuthContext: k.Context, plan: k.Plan, granted: k.Granted}
	for _, t := range k.Tokens {
		if t.ExpiresOn.After(n.Until) {
			n.Until = t.ExpiresOn
		}
	}
	return n
}

// nameAll names each account@tenant/cloud, app@tenant/cloud for an application. Where
// two would have the same name, both get their client too, or else their flow as well.
func nameAll(all []named) {
	more := []func(named) string{
		func(n named) string { return "" },
		func(n named) string { return "+" + n.ClientID },
		func(n named) string { return "+" + n.ClientID + "+" + n.TokenCredentialType },
	}
	count := map[string]int{}
	for _, add := range more {
		for i, n := range all {
			if n.Name != "" && count[n.Name] == 1 {
				continue
			}
			all[i].Name = fmt.Sprintf("%s%s@%s/%s", cmp.Or(n.Account, "app"), add(n), n.TenantID, n.Environment)
			if n.unreadable != nil {
				all[i].Name = "unreadable-" + n.ID
			}
		}
		clear(count)
		for _, n := range all {
			count[n.Name]++
		}
	}
}

// find gives the connection of that name, or the only one whose name begins with it.
func (k *keep) find(name string) (named, error) {
	all, err := k.list()
	if err != nil {
		return named{}, err
	}
	var found []named
	for _, n := range all {
		if strings.EqualFold(n.Name, name) {
			return n, nil
		}
		if len(name) <= len(n.Name) && strings.EqualFold(n.Name[:len(name)], name) {
			found = append(found, n)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(all) == 0 {
		return named{}, notConnected()
	}
	return named{}, failure.New("unknown-connection", "No single kept connection has the name %q.", failure.Clean(name)).Try("one of %s", connectionNames(all))
}

func connectionNames(all []named) string {
	var list []string
	for _, n := range all {
		list = append(list, n.Name)
	}
	return strings.Join(list, ", ")
}

// resume connects silently, if exactly one kept account fits what was typed and was
// granted the scopes that were typed. An application presents its credential each time:
// a wrong secret must not succeed because an earlier one was right.
func (k *keep) resume(ctx context.Context, plan Plan) (c Connection, found bool, err error) {
	if plan.Set != userSet || plan.Force {
		return c, false, nil
	}
	all, err := k.ofKind(connectionKind(plan))
	if err != nil {
		return c, false, err
	}
	for _, n := range all {
		if n.unreadable != nil { // it may be the one
			return c, false, n.unreadable
		}
	}
	fitting := slices.DeleteFunc(all, func(n named) bool { return !n.fits(plan) })
	if len(fitting) > 1 {
		if fitting, err = k.choose(ctx, fitting); err != nil {
			return c, false, err
		}
	}
	if len(fitting) == 0 || !fitting[0].wasGranted(plan) {
		return c, false, nil
	}
	id := fitting[0].ID
	if c, err = k.openID(id, plan.Timeout); err != nil {
		return c, false, err
	}
	if plan.ScopesTyped {
		c.Plan.Scopes, c.Plan.ScopesTyped = plan.Scopes, true
	}
	c.source = k.lasting(id, c.Plan)
	if c.Token, err = c.source(ctx, Ask{}); err != nil {
		if f := failure.From(err); f.ID != "sign-in-needed" && f.ID != "not-connected" {
			return c, false, err
		}
		k.sys.note("%s no longer signs in by itself: signing in anew.", fitting[0].Name)
		return c, false, nil
	}
	c.AuthContext, c.silent = newContext(c.AuthContext, c.Token), true
	if err := k.again(id, c); err != nil {
		return c, false, err
	}
	return c, true, nil
}

// again keeps what a silent connect changed, and makes the connection current.
func (k *keep) again(id string, c Connection) error {
	err := k.locked(id, func() error {
		entry, _, err := k.peek(id)
		if err != nil {
			return err
		}
		if tokenKey(entry.Plan.Scopes) == tokenKey(c.Plan.Scopes) && entry.Context.String() == c.AuthContext.String() {
			return nil
		}
		entry.Context, entry.Plan = c.AuthContext, c.Plan
		return k.write(id, entry)
	})
	if err != nil {
		return err
	}
	return k.setCurrent(id)
}

// fits says whether a kept connection of the same cloud, client and set is of the tenant
// that was typed. Where none was typed, one that was made with a typed tenant does not
// fit: the account may be a guest there.
func (n named) fits(plan Plan) bool {
	shared := func(tenant string) bool { return slices.Contains(sharedTenants, strings.ToLower(tenant)) }
	switch {
	case strings.EqualFold(plan.Tenant, n.plan.Tenant), strings.EqualFold(plan.Tenant, n.TenantID):
		return true
	case plan.TenantTyped:
		return false
	}
	return shared(plan.Tenant) && shared(n.plan.Tenant)
}

func (n named) wasGranted(plan Plan) bool {
	if !plan.ScopesTyped || tokenKey(plan.Scopes) == tokenKey(n.plan.Scopes) {
		return true
	}
	for _, scope := range plan.Scopes {
		if !slices.Contains(n.granted, plan.shortScope(scope)) {
			return false
		}
	}
	return true
}

// choose asks which of several accounts is meant; none means a new sign-in.
func (k *keep) choose(ctx context.Context, fitting []named) ([]named, error) {
	if !k.sys.terminal.stdin || !k.sys.terminal.stderr {
		return nil, failure.New("sign-in-needed", "Several kept accounts fit, and there is no terminal to ask on: %s.", connectionNames(fitting)).
			Try("connect-entra context use NAME, add -TenantId, or sign in anew: -Force")
	}
	for i, n := range fitting {
		k.sys.say("", "  %d  %s", i+1, n.Name)
	}
	fmt.Fprintf(k.sys.stderr, "Which one? 1 to %d, or Enter to sign in anew: ", len(fitting))
	answer, err := readLine(ctx, k.sys, "the number")
	if err != nil {
		return nil, err
	}
	for i, n := range fitting {
		if strings.TrimSpace(answer) == fmt.Sprint(i+1) {
			return []named{n}, nil
		}
	}
	if strings.TrimSpace(answer) != "" {
		return nil, failure.New("declined", "There is no number %q in the list.", failure.Clean(strings.TrimSpace(answer)))
	}
	return nil, nil
}

// use makes the connection of that name the current one.
func (k *keep) use(name string) (named, error) {
	n, err := k.find(name)
	if err == nil {
		err = n.unreadable
	}
	if err == nil {
		err = k.setCurrent(n.ID)
	}
	return n, err
}
