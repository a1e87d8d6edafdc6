// What a tenant's and an application's identifier may look like. MSAL puts a tenant into
// the URL as it stands, so the grammar here is what keeps a request on its host.

package main

import (
	"slices"
	"strings"

	"connect-entra/failure"
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
	if plan.Tenant != "" && !isGUID(plan.Tenant) && !isDomain(plan.Tenant) && !slices.Contains(sharedTenants, strings.ToLower(plan.Tenant)) {
		return failure.New("bad-value", "%s is neither a GUID nor a domain: %q.", where("-TenantId", envTenant), failure.Clean(plan.Tenant)).
			Try("copy the tenant ID from the Entra admin center's overview page, or use a domain such as contoso.onmicrosoft.com")
	}
	if plan.ClientID != "" && !isGUID(plan.ClientID) {
		return failure.New("bad-value", "%s is not a GUID: %q.", where("-ClientId", envClient), failure.Clean(plan.ClientID)).
			Try("copy the Application (client) ID of the app registration")
	}
	return nil
}

// isGUID holds for 8-4-4-4-12 hexadecimal digits.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if r != '-' {
				return false
			}
		} else if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}

// isDomain holds for a DNS name of two labels or more, in ASCII (RFC 1123 §2.1).
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

// notInLabel holds for what stands in no part of a host's name.
func notInLabel(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
}
