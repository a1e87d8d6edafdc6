// The scopes that a request asks for, in the spelling it asks in: MSAL takes a scope that
// comes back spelt otherwise for a declined one.

package sandbox

import (
	"slices"
	"strings"
)

// oidcNames are not Graph's permissions but OpenID Connect's.
var oidcNames = []string{"openid", "profile", "email", "offline_access"}

// graphApp is the client id of Microsoft Graph, in every cloud.
const graphApp = "00000003-0000-0000-c000-000000000000"

// isPermissionName holds for what a permission of Graph may look like: words with dots
// between, of which the first begins with a letter.
func isPermissionName(s string) bool {
	isLetter := func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
	other := func(r rune) bool { return !isLetter(r) && !('0' <= r && r <= '9') && r != '_' && r != '-' }
	for i, word := range strings.Split(s, ".") {
		if word == "" || strings.ContainsFunc(word, other) || i == 0 && !isLetter(rune(word[0])) {
			return false
		}
	}
	return true
}

// knownPermissions say on the consent page what some permissions mean.
var knownPermissions = map[string]string{
	"Directory.Read.All":        "Read directory data",
	"Group.Read.All":            "Read all groups",
	"Group.ReadWrite.All":       "Read and write all groups",
	"Mail.Read":                 "Read your mail",
	"Organization.Read.All":     "Read organization information",
	"User.Read":                 "Sign you in and read your profile",
	"User.Read.All":             "Read all users' full profiles",
	"User.ReadBasic.All":        "Read all users' basic profiles",
	"User.ReadWrite.All":        "Read and write all users' full profiles",
	"openid":                    "Sign you in",
	"profile":                   "View your basic profile",
	"email":                     "View your email address",
	"offline_access":            "Maintain access to data you have given it access to",
	"Application.Read.All":      "Read applications",
	"AuditLog.Read.All":         "Read audit log data",
	"Policy.Read.All":           "Read your organization's policies",
	"Directory.ReadWrite.All":   "Read and write directory data",
	"Calendars.Read":            "Read your calendars",
	"Application.ReadWrite.All": "Read and write applications",
}

// askedScopes are the scopes of one request.
type askedScopes struct {
	asked       []string // all, as asked
	granted     []string // what the answer names: as asked, without offline_access
	permissions []string // what scp of the token names: short
}

func (a askedScopes) has(name string) bool { return slices.Contains(a.asked, name) }

// isGraph says whether resource is this cloud's Graph, by URL or by client id.
func (s *Cloud) isGraph(resource string) bool {
	return strings.EqualFold(strings.TrimSuffix(resource, "/"), s.graph) || resource == graphApp
}

// parseScopes reads the scope parameter of a person's sign-in.
func (s *Cloud) parseScopes(scope string) (askedScopes, *refused) {
	a := askedScopes{asked: strings.Fields(scope)}
	if len(a.asked) == 0 {
		return a, aadsts(900144, "scope")
	}
	for _, asked := range a.asked {
		permission := asked
		if i := strings.LastIndexByte(asked, '/'); i >= 0 {
			resource := asked[:i]
			permission = asked[i+1:]
			if !s.isGraph(resource) {
				return a, aadsts(500011, resource, tenantName)
			}
		}
		if permission == ".default" {
			permission = "User.Read" // what the application registered
		}
		if !isPermissionName(permission) {
			return a, aadsts(70011, asked)
		}
		if asked == "offline_access" {
			continue
		}
		a.granted = append(a.granted, asked)
		if !slices.Contains(a.permissions, permission) {
			a.permissions = append(a.permissions, permission)
		}
	}
	return a, nil
}
