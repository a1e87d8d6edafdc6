//go:build !js

// Saved connections among each other: how they are named, and which one fits what was
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

// list gives all saved connections, those too that cannot be read now: they can be
// disconnected.
func (s *connectionStore) list() ([]savedConnection, error) {
	all, _, err := s.ofKind("")
	return all, err
}

// ofKind reads all saved connections, or those of one kind, and names them; the records of
// those that could be read are by ID.
func (s *connectionStore) ofKind(kind string) (all []savedConnection, records map[string]*connectionRecord, err error) {
	ids, err := s.vault.List()
	if err != nil {
		return nil, nil, err
	}
	current, err := s.current()
	if err != nil {
		return nil, nil, err
	}
	records = map[string]*connectionRecord{}
	for _, id := range ids {
		if id == currentID || !strings.HasPrefix(id, kind) {
			continue
		}
		c := savedConnection{ID: id}
		r, err := s.load(id)
		switch {
		case err == nil:
			c, records[id] = r.listed(), r
		case failure.From(err).ID == "not-connected":
			continue // gone, or set aside
		default:
			c.unreadable = err
		}
		c.Current = id == current
		all = append(all, c)
	}
	nameAll(all)
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name }) // a generic sort of this is 19 kB
	return all, records, nil
}

// listed is a connection as lists show it, but for its name.
func (r *connectionRecord) listed() savedConnection {
	c := savedConnection{ID: r.id, AuthContext: r.Context}
	for _, t := range r.Tokens {
		if t.ExpiresOn.After(c.Until) {
			c.Until = t.ExpiresOn
		}
	}
	return c
}

// nameAll names each account@tenant/cloud, app@tenant/cloud for an application. Where
// two would have the same name, both get their client too, or else their flow as well.
func nameAll(all []savedConnection) {
	more := []func(savedConnection) string{
		func(c savedConnection) string { return "" },
		func(c savedConnection) string { return "+" + c.ClientID },
		func(c savedConnection) string { return "+" + c.ClientID + "+" + c.TokenCredentialType },
	}
	count := map[string]int{}
	for _, add := range more {
		for i, c := range all {
			if c.Name != "" && count[c.Name] == 1 {
				continue
			}
			all[i].Name = fmt.Sprintf("%s%s@%s/%s", cmp.Or(c.Account, "app"), add(c), c.TenantID, c.Environment)
			if c.unreadable != nil {
				all[i].Name = "unreadable-" + c.ID
			}
		}
		clear(count)
		for _, c := range all {
			count[c.Name]++
		}
	}
}

// find gives the connection of that name, or the only one whose name begins with it.
func (s *connectionStore) find(name string) (savedConnection, error) {
	all, err := s.list()
	if err != nil {
		return savedConnection{}, err
	}
	var found []savedConnection
	for _, c := range all {
		if strings.EqualFold(c.Name, name) {
			return c, nil
		}
		if len(name) <= len(c.Name) && strings.EqualFold(c.Name[:len(name)], name) {
			found = append(found, c)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(all) == 0 {
		return savedConnection{}, notConnected()
	}
	return savedConnection{}, failure.New("unknown-connection", "No single kept connection has the name %q.", failure.Clean(name)).Try("one of %s", connectionNames(all))
}

func connectionNames(all []savedConnection) string {
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// fitting gives the one saved connection of the plan's kind that fits it, with its name;
// nil if there is none. Where several do, the person chooses.
func (s *connectionStore) fitting(ctx context.Context, plan Plan) (*connectionRecord, string, error) {
	all, records, err := s.ofKind(connectionKind(plan))
	if err != nil {
		return nil, "", err
	}
	for _, c := range all {
		if c.unreadable != nil { // it may be the one
			return nil, "", c.unreadable
		}
	}
	all = slices.DeleteFunc(all, func(c savedConnection) bool { return !records[c.ID].fits(plan) })
	if len(all) > 1 {
		if all, err = s.choose(ctx, all); err != nil {
			return nil, "", err
		}
	}
	if len(all) == 0 {
		return nil, "", nil
	}
	return records[all[0].ID], all[0].Name, nil
}

// fits says whether a saved connection of the same cloud, client and set is of the tenant
// that was typed. Where none was typed, one that was made with a typed tenant does not
// fit: the account may be a guest there.
func (r *connectionRecord) fits(plan Plan) bool {
	shared := func(tenant string) bool { return slices.Contains(sharedTenants, strings.ToLower(tenant)) }
	switch {
	case strings.EqualFold(plan.Tenant, r.Plan.Tenant), strings.EqualFold(plan.Tenant, r.Context.TenantID):
		return true
	case plan.TenantTyped:
		return false
	}
	return shared(plan.Tenant) && shared(r.Plan.Tenant)
}

func (r *connectionRecord) wasGranted(plan Plan) bool {
	if !plan.ScopesTyped || tokenKey(plan.Scopes) == tokenKey(r.Plan.Scopes) {
		return true
	}
	for _, scope := range plan.Scopes {
		if !slices.Contains(r.Granted, plan.shortScope(scope)) {
			return false
		}
	}
	return true
}

// choose asks which of several accounts is meant; none means a new sign-in.
func (s *connectionStore) choose(ctx context.Context, fitting []savedConnection) ([]savedConnection, error) {
	if !s.con.terminal.stdin || !s.con.terminal.stderr {
		return nil, failure.New("sign-in-needed", "Several kept accounts fit, and there is no terminal to ask on: %s.", connectionNames(fitting)).
			Try("connect-entra context use NAME, add -TenantId, or sign in anew: -Force")
	}
	for i, c := range fitting {
		s.con.say("", "  %d  %s", i+1, c.Name)
	}
	fmt.Fprintf(s.con.stderr, "Which one? 1 to %d, or Enter to sign in anew: ", len(fitting))
	answer, err := readLine(ctx, s.con, "the number")
	if err != nil {
		return nil, err
	}
	for i, c := range fitting {
		if strings.TrimSpace(answer) == fmt.Sprint(i+1) {
			return []savedConnection{c}, nil
		}
	}
	if strings.TrimSpace(answer) != "" {
		return nil, failure.New("declined", "There is no number %q in the list.", failure.Clean(strings.TrimSpace(answer)))
	}
	return nil, nil
}
