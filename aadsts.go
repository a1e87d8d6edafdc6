// The AADSTS codes that people meet, with what to do about each. Entra's own text comes
// first; this is for what it does not say. Nothing branches on a code.
// Sources: learn.microsoft.com/entra/identity-platform/reference-error-codes and the
// troubleshooting pages it links to.

package main

// entraCode is one code: what it means, and what helps.
type entraCode struct{ code, meaning, cure string }

// aadstsCodes is sorted by number.
var aadstsCodes = []entraCode{
	{"50011", "The redirect URI is not registered for the application.", "add http://localhost under Authentication > Mobile and desktop applications of the app registration"},
	{"50020", "The account belongs to another tenant or provider, and is no guest in this one.", "sign in with an account of the tenant, or name another one with -TenantId"},
	{"50034", "The account does not exist in this tenant.", "check the user name, and name the right tenant with -TenantId"},
	{"50053", "The account is locked after too many attempts, or the address is blocked.", "wait some minutes, then try again; an administrator can reset the password"},
	{"50055", "The password has expired.", "set a new one at https://account.activedirectory.windowsazure.com/changepassword.aspx, then try again"},
	{"50057", "The account is disabled.", "ask an administrator to enable it"},
	{"50059", "Entra cannot tell which tenant is meant.", "name it with -TenantId"},
	{"50076", "Multifactor authentication is required.", "sign in again in a browser, without -UseDeviceCode, and complete it"},
	{"50079", "Multifactor authentication must be set up first.", "sign in once at https://mysignins.microsoft.com/security-info and set it up"},
	{"50105", "The account is not assigned to the application, which demands it.", "have an administrator assign it under Enterprise applications > Users and groups"},
	{"50126", "User name or password is wrong.", "try again; check the keyboard layout and Caps Lock"},
	{"50194", "The application is registered for one tenant only.", "name that tenant: -TenantId"},
	{"53000", "Conditional Access wants a device that complies.", "sign in from a managed device, in a browser and not by device code"},
	{"53003", "Conditional Access blocks this sign-in.", "ask an administrator which policy did; often it is the device code flow, the place or the application"},
	{"65001", "Nobody has consented to these permissions for the application.", "sign in with -Scopes and consent, or have an administrator grant it under Enterprise applications > Permissions"},
	{"65004", "Consent was declined.", "sign in again and accept, or ask for fewer scopes"},
	{"70008", "The authorization code or refresh token has expired.", "sign in again"},
	{"70011", "A scope is not valid.", "check the spelling of -Scopes; names are those of Microsoft Graph's permissions"},
	{"70016", "The device code is still waiting for the person.", "enter the code at the address shown"},
	{"70018", "The device code is wrong or the sign-in with it was declined.", "run the command again and enter the new code"},
	{"70020", "The device code has expired.", "run the command again and enter the new code in time"},
	{"90002", "The tenant does not exist in this cloud.", "check -TenantId, and the cloud with -Environment"},
	{"500011", "The resource does not exist in this tenant.", "check -Scopes and -Environment: another cloud has another Graph"},
	{"530003", "Conditional Access wants a device that is registered or managed.", "sign in from such a device, in a browser"},
	{"530035", "Security defaults block this sign-in.", "use an account and a client that can do multifactor authentication"},
	{"700016", "The application does not exist in this tenant or has no consent there.", "check -ClientId and -TenantId, and the cloud with -Environment"},
	{"700024", "The client assertion is outside its time: usually this host's clock is wrong.", "set the clock (timedatectl, w32tm), then try again"},
	{"700027", "The certificate is not registered for the application, or its signature is wrong.", "upload the certificate under App registrations > Certificates & secrets and compare the thumbprint"},
	{"700211", "No federated credential of the application names this issuer.", "compare the issuer under Certificates & secrets > Federated credentials with iss of the token"},
	{"700212", "No federated credential of the application names this audience.", "the audience is usually api://AzureADTokenExchange"},
	{"700213", "No federated credential of the application names this subject.", "compare the subject under Certificates & secrets > Federated credentials with sub of the token"},
	{"900971", "The application has no redirect URI.", "add http://localhost under Authentication > Mobile and desktop applications of the app registration"},
	{"7000112", "The application is disabled in this tenant.", "have an administrator enable it under Enterprise applications > Properties"},
	{"7000215", "The client secret is wrong.", "give the secret's value, not its ID; make a new one under App registrations > Certificates & secrets"},
	{"7000218", "The application must prove itself: it is not registered as a public client.", "allow public client flows under Authentication of the app registration, or connect with a secret or certificate"},
	{"7000222", "The client secret has expired.", "make a new one under App registrations > Certificates & secrets"},
}

// findAADSTS finds a code by its digits.
func findAADSTS(code string) (entraCode, bool) {
	for _, a := range aadstsCodes {
		if a.code == code {
			return a, true
		}
	}
	return entraCode{}, false
}
