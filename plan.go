// Params → Plan: defaults, authority, scopes, and every refusal that needs neither the
// network nor a file. Pure: what it reads of the environment comes by getenv.

package main

import (
	"math"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
	"connect-entra/guid"
)

// defaultClientID is "Microsoft Graph Command Line Tools", registered in every tenant
// of every cloud but China.
const defaultClientID = "14d82eec-204b-4c2f-b7e8-296a70dab67e"

const defaultTimeout = 300 * time.Second

// Plan is what will be done: everything decided, no secret in it.
type Plan struct {
	Set          string // the parameter set
	Flow         flowName
	Environment  Environment
	Tenant       string // a GUID, a domain, or common, organizations, consumers
	ClientID     string // "" with system-assigned managed identity and a given token
	Scopes       []string
	ContextScope string // Process or CurrentUser
	ScopeTyped   bool   // ContextScope was typed, so it must be saved or refused
	ScopesTyped  bool   // Scopes were typed, so a saved connection must have been granted them
	TenantTyped  bool   // TenantId was typed, so no other tenant's connection fits
	Silent       bool   `json:"-"` // nobody is asked: a saved connection's own renewal
	Timeout      time.Duration

	Secret      Secret // the client secret, the access token, or the file of a federated token
	Certificate CertificateRef
	SendChain   bool // send the whole certificate chain (x5c)
	Force       bool // sign in anew even where a saved token would do

	prompt   string   // what a person who types the secret is asked
	notes    []string // what the person should know, for the console
	warnings []string
}

// CertificateRef says which certificate, without opening anything. Subject wins over
// thumbprint, and both over Path, as in the reference.
type CertificateRef struct {
	Subject    string
	Thumbprint string
	Path       string // a file, or certificate and key "cert.pem,key.pem"
	Password   Secret
	HasPass    bool // a password was named
}

// authority is the base of this plan's endpoints.
func (p Plan) authority() string { return p.Environment.AzureADEndpoint + "/" + p.Tenant }

// byDeviceCode is the same plan for when no browser opens. The default tenant depends
// on the flow: the reference's device code asks organizations.
func (p Plan) byDeviceCode() Plan {
	p.Flow = byDeviceCode
	if p.Tenant == "common" {
		p.Tenant = "organizations"
	}
	return p
}

// newPlan decides what the bound parameters mean, whose texts were checked (checkTexts).
func newPlan(p Params, known []Environment, getenv func(string) string) (Plan, error) {
	plan := Plan{Set: p.Set, Force: p.On("Force"), SendChain: p.On("SendCertificateChain")}
	plan.ScopesTyped, plan.TenantTyped = p.Has("Scopes"), p.Has("TenantId")
	steps := map[string]func(*Plan, Params, func(string) string) error{
		userSet:        planUser,
		certificateSet: planCertificate,
		secretSet:      planSecret,
		identitySet:    planIdentity,
		tokenSet:       planToken,
		environmentSet: planEnvironmentVariable,
	}
	if err := steps[p.Set](&plan, p, getenv); err != nil {
		return plan, err
	}
	if err := plan.chooseEnvironment(p, known, getenv); err != nil {
		return plan, err
	}
	if err := plan.checkNames(); err != nil {
		return plan, err
	}
	if err := plan.chooseScopes(p.list("Scopes"), known); err != nil {
		return plan, err
	}
	if err := plan.forResource(p.Text("Resource"), known); err != nil {
		return plan, err
	}
	if err := plan.chooseTimeout(p); err != nil {
		return plan, err
	}
	plan.chooseContextScope(p)
	return plan, nil
}

func (plan *Plan) chooseEnvironment(p Params, known []Environment, getenv func(string) string) error {
	name := p.Text("Environment")
	if host := getenv(envAuthority); name == "" && plan.Set == environmentSet && host != "" {
		e, ok := environmentOfAuthority(known, host)
		if !ok {
			return failure.New("unknown-environment", "%s names a host that is no known cloud's: %q.", envAuthority, failure.Clean(host)).
				Try("unset it, or name the cloud with -Environment: %s", environmentNames(known))
		}
		plan.Environment = e
		return nil
	}
	if name == "" {
		name = "Global"
	}
	e, ok := findEnvironment(known, name)
	if !ok {
		return unknownEnvironment(name, known)
	}
	plan.Environment = e
	if e.Type == userDefined {
		plan.notes = append(plan.notes, ownCloudNote(e))
	}
	if e.noDefault && plan.Set == userSet && plan.ClientID == defaultClientID {
		plan.warnings = append(plan.warnings, "The default application is not registered in "+e.Name+": pass -ClientId with one of your own.")
	}
	return nil
}

// chooseTimeout takes what .NET's TimeSpan.FromSeconds would, less what no request
// could be bounded by.
func (plan *Plan) chooseTimeout(p Params) error {
	plan.Timeout = defaultTimeout
	if !p.Has("ClientTimeout") {
		return nil
	}
	seconds := p.Number("ClientTimeout")
	if math.IsNaN(seconds) || seconds <= 0 || seconds > 86400 {
		return failure.New("bad-value", "-ClientTimeout must be more than 0 and at most 86400 seconds.").
			Try("leave it out for the default of 300 seconds")
	}
	plan.Timeout = time.Duration(seconds * float64(time.Second))
	return nil
}

func (plan *Plan) chooseContextScope(p Params) {
	plan.ContextScope = "Process"
	if plan.Set == userSet {
		plan.ContextScope = "CurrentUser"
	}
	if typed := p.Text("ContextScope"); typed != "" {
		plan.ContextScope, plan.ScopeTyped = typed, true
	}
}

// context is what the connection will be, before a token says more.
func (p Plan) context() AuthContext {
	c := AuthContext{
		ClientID:            p.ClientID,
		AuthType:            authTypes[p.Set],
		TokenCredentialType: string(p.Flow),
		ContextScope:        p.ContextScope,
		Environment:         p.Environment.Name,
	}
	if !slices.Contains(sharedTenants, strings.ToLower(p.Tenant)) {
		c.TenantID = p.Tenant
	}
	if p.Set == environmentSet {
		c.TokenCredentialType = "EnvironmentVariable"
	}
	if p.Flow == byCertificate {
		c.CertificateThumbprint = tidyThumbprint(p.Certificate.Thumbprint)
		c.CertificateSubjectName = p.Certificate.Subject
		c.Certificate = p.Certificate.Path
	}
	if p.SendChain {
		c.SendCertificateChain = "True"
	}
	if p.Flow == byIdentity {
		c.ManagedIdentityID = p.ClientID
	}
	return c
}

// authTypes are the reference's words for the kind of access.
var authTypes = map[string]string{
	userSet:        "Delegated",
	certificateSet: "AppOnly",
	secretSet:      "AppOnly",
	identitySet:    "ManagedIdentity",
	tokenSet:       "UserProvidedAccessToken",
	environmentSet: "EnvironmentVariable",
}

// flowName says how a Plan signs in.
type flowName string

const (
	byBrowser     flowName = "InteractiveBrowser" // the reference's TokenCredentialType
	byDeviceCode  flowName = "DeviceCode"
	byCertificate flowName = "ClientCertificate"
	bySecret      flowName = "ClientSecret"
	byFederation  flowName = "ClientAssertion"
	byIdentity    flowName = "ManagedIdentity"
	byToken       flowName = "UserProvidedAccessToken"
)

// checkNames refuses what could steer a request elsewhere: MSAL would put a tenant
// with a slash, a percent sign or an @ into the URL as it stands.
func (plan *Plan) checkNames() error {
	where := func(parameter, variable string) string {
		if plan.Set == environmentSet {
			return variable
		}
		return parameter
	}
	if plan.Tenant != "" && !guid.Is(plan.Tenant) && !isDomain(plan.Tenant) && !slices.Contains(sharedTenants, strings.ToLower(plan.Tenant)) {
		return failure.New("bad-value", "%s is neither a GUID nor a domain: %q.", where("-TenantId", envTenant), failure.Clean(plan.Tenant)).
			Try("copy the tenant ID from the Entra admin center's overview page, or use a domain such as contoso.onmicrosoft.com")
	}
	if plan.ClientID != "" && !guid.Is(plan.ClientID) {
		return failure.New("bad-value", "%s is not a GUID: %q.", where("-ClientId", envClient), failure.Clean(plan.ClientID)).
			Try("copy the Application (client) ID of the app registration")
	}
	return nil
}
