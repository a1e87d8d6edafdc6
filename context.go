// AuthContext: what a connection is, for showing, and how it is shown. It holds no
// secret and knows neither Params nor Plan.

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"connect-entra/failure"
)

// AuthContext has the reference's fields in the reference's order (Get-MgContext).
// What does not apply is empty. Foreign text in it has been through failure.Clean.
type AuthContext struct {
	ClientID               string `json:"ClientId"`
	TenantID               string `json:"TenantId"`
	Scopes                 []string
	AuthType               string // Delegated, AppOnly, ManagedIdentity, EnvironmentVariable or UserProvidedAccessToken
	TokenCredentialType    string // InteractiveBrowser, DeviceCode, ClientCertificate, ClientSecret, …
	CertificateThumbprint  string
	CertificateSubjectName string
	SendCertificateChain   string // True, or empty
	Account                string
	AppName                string
	ContextScope           string
	Certificate            string
	PSHostVersion          string // always empty: no PowerShell is there
	ManagedIdentityID      string `json:"ManagedIdentityId"`
	ClientSecret           string // always empty: a context holds no secret
	Environment            string
}

// newContext fills in what the token says: like the reference it takes application,
// tenant, scopes and account from the token where that can be read, else from c.
func newContext(c AuthContext, token Token) AuthContext {
	claims := token.Claims
	c.ClientID = failure.Clean(cmp.Or(claims.AppID, c.ClientID))
	c.TenantID = failure.Clean(cmp.Or(claims.TenantID, token.TenantID, c.TenantID))
	c.Account = failure.Clean(cmp.Or(claims.Account, token.Account))
	c.AppName = failure.Clean(claims.AppName)
	switch {
	case len(claims.Scopes) > 0:
		c.Scopes = claims.Scopes
	case len(claims.Roles) > 0:
		c.Scopes = claims.Roles
	case len(token.Scopes) > 0:
		c.Scopes = token.Scopes
	}
	scopes := make([]string, len(c.Scopes))
	for i, scope := range c.Scopes {
		scopes[i] = failure.Clean(scope)
	}
	c.Scopes = scopes
	return c
}

// isPlain says whether it can be shown as it is.
func (c AuthContext) isPlain() bool {
	texts := slices.Clone(c.Scopes)
	for _, field := range c.fields() {
		texts = append(texts, field[1])
	}
	return !slices.ContainsFunc(texts, func(text string) bool { return failure.Escape(text, maxMessage) != text })
}

// fields are names and values as PowerShell lists them.
func (c AuthContext) fields() [][2]string {
	return [][2]string{
		{"ClientId", c.ClientID},
		{"TenantId", c.TenantID},
		{"Scopes", showList(c.Scopes)},
		{"AuthType", c.AuthType},
		{"TokenCredentialType", c.TokenCredentialType},
		{"CertificateThumbprint", c.CertificateThumbprint},
		{"CertificateSubjectName", c.CertificateSubjectName},
		{"SendCertificateChain", c.SendCertificateChain},
		{"Account", c.Account},
		{"AppName", c.AppName},
		{"ContextScope", c.ContextScope},
		{"Certificate", c.Certificate},
		{"PSHostVersion", c.PSHostVersion},
		{"ManagedIdentityId", c.ManagedIdentityID},
		{"ClientSecret", c.ClientSecret},
		{"Environment", c.Environment},
	}
}

// String is PowerShell's list view: names padded to the longest, " : ", the value.
func (c AuthContext) String() string {
	var b strings.Builder
	for _, field := range c.fields() {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-22s : %s", field[0], field[1]), " "))
	}
	return b.String()
}

// JSON is the context for a script.
func (c AuthContext) JSON() string { return formatJSON(c, "  ") }

// showList is how PowerShell shows an array in a list: four items at most.
func showList(items []string) string {
	if len(items) == 0 {
		return "{}"
	}
	more := ""
	if len(items) > 4 {
		items, more = items[:4], "…"
	}
	return "{" + strings.Join(items, ", ") + more + "}"
}

func notConnected() error {
	return failure.New("not-connected", "Authentication needed. Please call Connect-MgGraph.").
		Try("sign in with connect-entra; or say how, for one command alone: connect-entra token -Identity")
}
