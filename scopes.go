// The scopes as Entra is asked for them, from the scopes as typed.

package main

import (
	"net/url"
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/guid"
)

// oidcScopes are what MSAL asks for by itself; asked twice, it fails on them.
var oidcScopes = []string{"openid", "profile", "email", "offline_access"}

// chooseScopes makes the scopes as Entra is asked for them: short names are Graph's,
// so outside Global they get that cloud's Graph in front.
func (plan *Plan) chooseScopes(typed []string, known []Environment) error {
	graph := plan.Environment.GraphEndpoint
	switch plan.Flow {
	case byToken:
		return nil
	case byIdentity:
		plan.Scopes = []string{graph}
		return nil
	case bySecret, byCertificate, byFederation:
		plan.Scopes = []string{graph + "/.default"}
		return nil
	}
	for _, scope := range typed {
		if err := plan.addScope(strings.TrimSpace(scope), known); err != nil {
			return err
		}
	}
	if len(plan.Scopes) == 0 {
		return plan.addScope("User.Read", known)
	}
	return nil
}

func (plan *Plan) addScope(scope string, known []Environment) error {
	if scope == "" {
		return nil
	}
	if slices.Contains(oidcScopes, strings.ToLower(scope)) {
		plan.notes = append(plan.notes, "The scope "+scope+" is asked for anyway and was left out.")
		return nil
	}
	for _, r := range scope { // RFC 6749 §3.3: scope-token
		if r <= 0x20 || r >= 0x7f || r == '"' || r == '\\' {
			return failure.New("bad-value", "-Scopes holds %q, which is no scope.", failure.Clean(scope)).
				Try("separate scopes by commas: -Scopes User.Read.All,Group.ReadWrite.All")
		}
	}
	if resource, _, ok := cutScope(scope); ok {
		if e, isGraph := environmentOf(known, resource); isGraph && e.GraphEndpoint != plan.Environment.GraphEndpoint {
			return failure.New("bad-value", "-Scopes names Microsoft Graph of %s, but the environment is %s: %s.", e.Name, plan.Environment.Name, scope).
				Try("use the short name, or -Environment %s", e.Name)
		}
	} else if plan.Environment.Name != "Global" {
		scope = plan.Environment.GraphEndpoint + "/" + scope
	}
	if !slices.ContainsFunc(plan.Scopes, func(s string) bool { return strings.EqualFold(s, scope) }) {
		plan.Scopes = append(plan.Scopes, scope)
	}
	return nil
}

// cutScope cuts a scope in full form, https://host/Name or api://id/Name, into its
// resource and name.
func cutScope(scope string) (resource, name string, ok bool) {
	if !strings.Contains(scope, "://") {
		return "", scope, false
	}
	i := strings.LastIndexByte(scope, '/')
	return scope[:i], scope[i+1:], true
}

// forScopes is the plan for a token with other scopes, of a person's connection.
func (plan Plan) forScopes(typed []string, known []Environment) (Plan, error) {
	if len(typed) == 0 {
		return plan, nil
	}
	if plan.Flow != byBrowser && plan.Flow != byDeviceCode {
		return plan, failure.New("usage", "-Scopes is for a person's connection: an application's token holds all that it was granted.").
			Try("leave -Scopes out; for another API add -Resource")
	}
	plan.Scopes = nil
	return plan, plan.chooseScopes(typed, known)
}

// forResource makes the plan one for another API's token.
func (plan *Plan) forResource(resource string, known []Environment) error {
	if resource == "" {
		return nil
	}
	if plan.Flow == byToken {
		return failure.New("usage", "A token that was given cannot be exchanged for another one.").Try("connect in another way, or leave out -Resource")
	}
	for _, r := range resource {
		if r <= 0x20 || r >= 0x7f || r == '"' || r == '\\' {
			return failure.New("bad-value", "-Resource is no API's address: %q.", failure.Clean(resource)).Try("-Resource https://vault.azure.net")
		}
	}
	if u, err := url.Parse(resource); !guid.Is(resource) && (err != nil || u.Scheme == "" || u.Host == "") {
		return failure.New("bad-value", "-Resource is neither a URL nor a GUID: %q.", failure.Clean(resource)).Try("-Resource https://vault.azure.net")
	}
	resource = strings.TrimSuffix(resource, "/.default")
	if e, isGraph := environmentOf(known, resource); isGraph && e.GraphEndpoint != plan.Environment.GraphEndpoint {
		return failure.New("bad-value", "-Resource is Microsoft Graph of %s, but the environment is %s.", e.Name, plan.Environment.Name).
			Try("connect to that cloud: -Environment %s", e.Name)
	}
	plan.Scopes = []string{resource + "/.default"}
	return nil
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

// shortScope is how a scope is compared: without regard to case, and Graph's without
// the cloud's Graph in front.
func (p Plan) shortScope(scope string) string {
	return strings.ToLower(strings.TrimPrefix(scope, p.Environment.GraphEndpoint+"/"))
}
