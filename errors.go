// Every way a run can fail, in one table: its id (stable, for scripts), its exit
// status and its cure. Functions return a *failure.Error; only run prints one and only
// main exits. Texts are the reference's where it has one.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"connect-entra/failure"
)

// kind is one way of failing.
type kind struct {
	id   string // kebab-case, stable: scripts may compare it
	exit int    // process exit status; see exitStatuses
	cure string // what to type or do next; a failure may carry a better one
}

type exitStatus struct {
	status  int
	meaning string
}

// exitStatuses says what each exit status means; README prints the same table.
var exitStatuses = []exitStatus{
	{0, "done"},
	{1, "a bug in connect-entra"},
	{2, "usage: nothing was sent"},
	{3, "the person declined"},
	{4, "sign-in is needed and not possible here, nothing is connected, or the token has expired"},
	{5, "Entra or Graph refused"},
	{6, "network, or throttled: trying again may help"},
	{7, "timed out"},
	{8, "local storage"},
	{125, "with a command: connect-entra's own failure, before the command ran"},
	{126, "with a command: it cannot be run"},
	{127, "with a command: it was not found"},
	{129, "ended by SIGHUP"},
	{130, "ended by Ctrl-C"},
	{143, "ended by SIGTERM"},
}

// kinds is sorted by exit status, then id.
var kinds = []kind{
	{"bug", 1, "please report this with the command that you typed, without its secrets"},

	{"ambiguous-parameter", 2, "type more of the name"},
	{"ambiguous-parameter-set", 2, "connect-entra help syntax"},
	{"bad-certificate", 2, ""},
	{"bad-token", 2, ""},
	{"bad-value", 2, ""},
	{"cannot-convert-argument", 2, ""},
	{"cannot-convert-argument-no-message", 2, ""},
	{"certificate-expired", 2, ""},
	{"certificate-not-found", 2, ""},
	{"environment-incomplete", 2, ""},
	{"expected-expression", 2, ""},
	{"literal-secret", 2, ""},
	{"missing-argument", 2, ""},
	{"missing-end-curly-brace", 2, ""},
	{"missing-end-parenthesis-in-expression", 2, ""},
	{"missing-end-parenthesis-in-subexpression", 2, ""},
	{"missing-expression", 2, ""},
	{"missing-mandatory-parameter", 2, "add it"},
	{"named-parameter-not-found", 2, "connect-entra help"},
	{"parameter-already-bound", 2, ""},
	{"parameter-argument-transformation-error", 2, ""},
	{"parameter-argument-validation-error", 2, ""},
	{"parameter-argument-validation-error-empty-string-not-allowed", 2, ""},
	{"parameter-argument-validation-error-null-not-allowed", 2, ""},
	{"parameter-binding-failed", 2, ""},
	{"parameter-requires-argument", 2, ""},
	{"positional-parameter-not-found", 2, "name the parameter that it belongs to"},
	{"redirection-not-supported", 2, ""},
	{"terminator-expected-at-end-of-string", 2, "close the quote"},
	{"unexpected-token", 2, ""},
	{"unknown-connection", 2, ""},
	{"unknown-environment", 2, ""},
	{"unknown-topic", 2, ""},
	{"usage", 2, "connect-entra help"},
	{"wrong-password", 2, ""},

	{"declined", 3, ""},
	{"stopped", 3, ""},

	{"no-managed-identity", 4, ""},
	{"not-connected", 4, "connect-entra"},
	{"sign-in-needed", 4, ""},
	{"token-expired", 4, ""},

	{"hostile-answer", 5, "check -Environment, and which proxy stands between this host and Entra"},
	{"refused", 5, ""},

	{"network", 6, "check the network and HTTPS_PROXY, then try again"},
	{"throttled", 6, "wait, then try again"},

	{"timeout", 7, ""},

	{"storage", 8, ""},

	{"command-not-executable", 126, ""},

	{"command-not-found", 127, "check its name and PATH"},

	{"hangup", 129, ""},
	{"interrupted", 130, ""},
	{"terminated", 143, ""},
}

func kindOf(id string) kind {
	for _, k := range kinds {
		if k.id == id {
			return k
		}
	}
	return kinds[0]
}

// maxMessage is how much of a message is shown, in characters: what was typed may stand
// in it.
const maxMessage = 4000

// report prints err to stderr as PowerShell prints an error, with the id at the end
// of the first line, what the server said, and the cure; it gives the exit status. An
// error that has one of its own, exitStatus() int, has been told already.
func (con *console) report(err error) int {
	if err == nil {
		return 0
	}
	if own := interface{ exitStatus() int }(nil); errors.As(err, &own) {
		return own.exitStatus()
	}
	f := failure.From(err)
	k := kindOf(f.ID)
	var b strings.Builder
	fmt.Fprintf(&b, "Connect-Entra: %s [%s]\n", failure.Escape(f.Message, maxMessage), k.id)
	if s := f.Server; s != nil {
		if s.Description != "" {
			fmt.Fprintf(&b, "  server said: %q\n", failure.Clean(s.Description))
		}
		var ids []string
		for _, id := range [][2]string{{"trace: ", s.TraceID}, {"correlation: ", s.CorrelationID}, {"", s.Timestamp}} {
			if id[1] != "" {
				ids = append(ids, id[0]+failure.Clean(id[1]))
			}
		}
		if ids != nil {
			fmt.Fprintf(&b, "  %s\n", strings.Join(ids, "  "))
		}
	}
	if f.Server == nil && f.Correlation != "" {
		fmt.Fprintf(&b, "  correlation: %s\n", f.Correlation)
	}
	if cure := advice(f); cure != "" {
		fmt.Fprintf(&b, "  try: %s\n", failure.Escape(cure, maxMessage))
	}
	con.stderr.Write([]byte(b.String()))
	return k.exit
}

// advice is the best cure known: this case's own, the AADSTS code's, the kind's.
func advice(f *failure.Error) string {
	cure := f.Cure
	if f.Server != nil && cure == "" {
		a, _ := findAADSTS(f.Server.AADSTS)
		cure = a.cure
	}
	return cmp.Or(cure, kindOf(f.ID).cure)
}

// ended is the end of a COMMAND that ran, with the status that is then ours too.
type ended struct{ status int }

func (e ended) Error() string { return "the command has ended" }

func (e ended) exitStatus() int { return e.status }

// besideCommand keeps a failure of ours apart from COMMAND's own: 125, as env and docker
// run have it; 126 and 127 say by themselves that COMMAND did not start.
func besideCommand(err error, status int) int {
	if status > 0 && status < 125 && !errors.As(err, new(ended)) {
		return 125
	}
	return status
}

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
