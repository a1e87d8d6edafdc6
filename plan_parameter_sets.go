// What each parameter set means: how it signs in, with which values, and what it cannot
// do without. The checks and their order are the reference's.

package main

import (
	"cmp"
	"slices"
	"strings"

	"connect-entra/failure"
)

func planUser(plan *Plan, p Params, _ func(string) string) error {
	plan.Flow, plan.Tenant = byBrowser, "common"
	if p.On("UseDeviceCode") {
		*plan = plan.byDeviceCode()
	}
	if tenant := p.Text("TenantId"); tenant != "" {
		plan.Tenant = tenant
	}
	plan.ClientID = cmp.Or(p.Text("ClientId"), defaultClientID)
	return nil
}

// planCertificate checks in the reference's order: ClientId, certificate, thumbprint,
// TenantId.
func planCertificate(plan *Plan, p Params, _ func(string) string) error {
	plan.Flow = byCertificate
	plan.ClientID, plan.Tenant = p.Text("ClientId"), p.Text("TenantId")
	plan.Certificate = CertificateRef{
		Subject:    p.Text("CertificateSubjectName"),
		Thumbprint: p.Text("CertificateThumbprint"),
		Path:       p.Text("Certificate"),
		Password:   p.secret("CertificatePassword"),
		HasPass:    p.Has("CertificatePassword"),
	}
	c := plan.Certificate
	switch {
	case plan.ClientID == "":
		return failure.New("bad-value", "Must specify 'ClientId'.").Try("add -ClientId GUID")
	case c.Subject == "" && c.Thumbprint == "" && c.Path == "":
		return failure.New("bad-value", "Must specify 'CertificateThumbprint or CertificateSubjectName or Certificate'.").
			Try("add -Certificate FILE")
	case c.Subject == "" && c.Thumbprint != "" && !slices.Contains([]int{40, 64}, len(tidyThumbprint(c.Thumbprint))): // 64: the store knows better advice
		return failure.New("bad-value", "'CertificateThumbprint' must have a length of 40. Ensure you have the right certificate thumbprint then try again.").
			Try("give the SHA-1 thumbprint: 40 hexadecimal digits")
	}
	return plan.needTenant()
}

// tidyThumbprint forgives what dialogs and people add to a thumbprint: spaces, colons
// and the invisible marks that Windows' certificate dialog copies.
func tidyThumbprint(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == ':' || r == '\u200e' || r == '\u200f' || r == '\ufeff' {
			return -1
		}
		return r
	}, text)
}

func planSecret(plan *Plan, p Params, _ func(string) string) error {
	credential := p.credential("ClientSecretCredential")
	plan.Flow, plan.ClientID, plan.Secret, plan.prompt = bySecret, credential.ID, credential.Secret, credential.prompt()
	plan.Tenant = p.Text("TenantId")
	return plan.needTenant()
}

func planIdentity(plan *Plan, p Params, _ func(string) string) error {
	plan.Flow, plan.ClientID = byIdentity, p.Text("ClientId")
	return nil
}

func planToken(plan *Plan, p Params, _ func(string) string) error {
	plan.Flow, plan.Secret = byToken, p.secret("AccessToken")
	return nil
}

// The variables of -EnvironmentVariable, as the Azure SDKs read them.
const (
	envTenant       = "AZURE_TENANT_ID"
	envClient       = "AZURE_CLIENT_ID"
	envSecret       = "AZURE_CLIENT_SECRET"
	envCertificate  = "AZURE_CLIENT_CERTIFICATE_PATH"
	envPassword     = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
	envChain        = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"
	envFederated    = "AZURE_FEDERATED_TOKEN_FILE"
	envAuthority    = "AZURE_AUTHORITY_HOST"
	envUser         = "AZURE_USERNAME"
	envUserPassword = "AZURE_PASSWORD"
)

func planEnvironmentVariable(plan *Plan, p Params, getenv func(string) string) error {
	for _, name := range []string{envTenant, envClient, envSecret, envCertificate, envPassword, envChain, envFederated, envAuthority} {
		if err := checkText(name, getenv(name)); err != nil {
			return err
		}
	}
	plan.Tenant, plan.ClientID = getenv(envTenant), getenv(envClient)
	hasCredential := true
	switch {
	case getenv(envSecret) != "":
		plan.Flow, plan.Secret = bySecret, Secret{"env:" + envSecret}
	case getenv(envCertificate) != "":
		plan.Flow = byCertificate
		plan.Certificate = CertificateRef{Path: getenv(envCertificate), HasPass: getenv(envPassword) != "", Password: Secret{"env:" + envPassword}}
		plan.SendChain = getenv(envChain) == "1" || strings.EqualFold(getenv(envChain), "true")
	case getenv(envFederated) != "":
		plan.Flow, plan.Secret = byFederation, Secret{"file:" + getenv(envFederated)}
	case getenv(envUser) != "" && getenv(envUserPassword) != "":
		return failure.New("environment-incomplete", "Username and password authentication is not supported: it cannot pass multifactor authentication and Microsoft is retiring it.").
			Try("unset %s and %s, and set %s, %s or %s", envUser, envUserPassword, envSecret, envCertificate, envFederated)
	default:
		hasCredential = false
	}
	var missing, set []string
	for _, name := range []string{envTenant, envClient} {
		if getenv(name) == "" {
			missing = append(missing, name)
		} else {
			set = append(set, name)
		}
	}
	if !hasCredential {
		missing = append(missing, envSecret+" or "+envCertificate+" or "+envFederated)
	}
	if len(missing) == 0 {
		return plan.needTenant()
	}
	have := "none of them is set"
	if len(set) > 0 {
		have = "set: " + strings.Join(set, ", ")
	}
	return failure.New("environment-incomplete", "EnvironmentCredential authentication unavailable. Environment variables are not fully configured. See the troubleshooting guide for more information. https://aka.ms/azsdk/net/identity/environmentcredential/troubleshoot").
		Try("set %s (%s)", strings.Join(missing, " and "), have)
}

// needTenant refuses an app sign-in without a tenant of its own.
func (plan *Plan) needTenant() error {
	if plan.Tenant == "" {
		return failure.New("bad-value", "Must specify 'TenantId'.").Try("add -TenantId with the tenant's GUID or domain")
	}
	if slices.Contains(sharedTenants, strings.ToLower(plan.Tenant)) {
		return failure.New("bad-value", "An application signs in to its own tenant: '%s' is for people.", plan.Tenant).
			Try("name the tenant's GUID or domain in -TenantId")
	}
	return nil
}

// sharedTenants stand for the tenants of people, not for one tenant.
var sharedTenants = []string{"common", "organizations", "consumers"}
