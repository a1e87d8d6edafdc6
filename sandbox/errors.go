// How the practice cloud refuses: Entra's codes and words in one table, and the shape in
// which the token endpoint sends them.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes.

package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"connect-entra/guid"
)

// refusals is sorted by number. Each %s is what the refusal is about.
var refusals = []struct {
	code int
	name string // OAuth's error
	text string
}{
	{50011, "invalid_request", "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'."},
	{50013, "invalid_client", "Assertion failed signature validation. [Reason - %s]"},
	{50020, "access_denied", "User account '%s' from identity provider '%s' does not exist in tenant '%s' and cannot access the application '%s' in that tenant. The account needs to be added as an external user in the tenant first, or the tenant be named."},
	{50027, "invalid_client", "JWT token is invalid or malformed."},
	{50034, "access_denied", "The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory."},
	{50049, "invalid_instance", "Unknown or invalid instance."},
	{50057, "access_denied", "The user account is disabled."},
	{50058, "login_required", "A silent sign-in request was sent but no user is signed in."},
	{50059, "invalid_request", "No tenant-identifying information found in either the request or implied by any provided credentials."},
	{54005, "invalid_grant", "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."},
	{65001, "invalid_grant", "The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource."},
	{65004, "access_denied", "User declined to consent to access the app."},
	{70000, "invalid_grant", "The provided value for the input parameter '%s' is not valid."},
	{70003, "unsupported_grant_type", "The app requested an unsupported grant type '%s'."},
	{70005, "unsupported_response_type", "The app returned an unsupported response type '%s'."},
	{70007, "invalid_request", "'%s' is not a supported value of 'response_mode' when requesting a token."},
	{70008, "invalid_grant", "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."},
	{70011, "invalid_scope", "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid."},
	{70016, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."},
	{70018, "authorization_declined", "OAuth 2.0 device flow error. The user declined the sign-in, or the code is not one of this directory."},
	{70020, "expired_token", "The provided value for the input parameter 'device_code' is not valid. This device code has expired."},
	{90002, "invalid_tenant", "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."},
	{90033, "temporarily_unavailable", "A transient error has occurred. [Reason - %s]"},
	{90094, "access_denied", "An administrator of %s has set a policy that prevents you from granting %s the permissions it is requesting. Contact an administrator who can grant permissions on your behalf."},
	{500011, "invalid_resource", "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."},
	{500112, "invalid_grant", "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code."},
	{501481, "invalid_grant", "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
	{501491, "invalid_request", "Invalid size of Code_Challenge parameter."},
	{700016, "unauthorized_client", "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."},
	{700021, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter."},
	{700023, "invalid_client", "Client assertion audience claim does not match Realm issuer."},
	{700024, "invalid_client", "Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s."},
	{700025, "invalid_client", "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."},
	{700027, "invalid_client", "The certificate with identifier used to sign the client assertion is not registered on application, or its signature is invalid. [Reason - %s, Thumbprint of key used by client: '%s']"},
	{700211, "invalid_client", "No matching federated identity record found for presented assertion issuer '%s'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion."},
	{700212, "invalid_client", "No matching federated identity record found for presented assertion audience '%s'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion."},
	{700213, "invalid_client", "No matching federated identity record found for presented assertion subject '%s'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion."},
	{900023, "invalid_request", "Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain."},
	{900144, "invalid_request", "The request body must contain the following parameter: '%s'."},
	{900971, "invalid_request", "No reply address provided."},
	{1002012, "invalid_scope", "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."},
	{7000112, "unauthorized_client", "Application '%s'(%s) is disabled."},
	{7000215, "invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'."},
	{7000216, "invalid_request", "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."},
	{7000218, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	{7000222, "invalid_client", "The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app, or consider using certificate credentials for added security."},
	{9002313, "invalid_request", "Invalid request. Request is malformed or invalid."},
	{9002325, "invalid_request", "Proof Key for Code Exchange is required for cross-origin authorization code redemption."},
	{9002346, "invalid_request", "Application '%s' is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request."},
}

// refused is one refusal that happened.
type refused struct {
	code   int
	name   string
	text   string
	correl string // what the client called its request, or made up here
	trace  string
	at     time.Time
	sub    string // suberror
	status int    // HTTP
}

// aadsts refuses with an AADSTS code and what the refusal is about.
func aadsts(code int, about ...any) *refused {
	for _, row := range refusals {
		if row.code == code {
			refusal := &refused{code: code, name: row.name, text: fmt.Sprintf(row.text, about...), status: http.StatusBadRequest}
			if row.name == "invalid_client" {
				refusal.status = http.StatusUnauthorized // RFC 6749 §5.2
			}
			return refusal
		}
	}
	panic(fmt.Sprintf("no refusal %d", code))
}

// stamp gives the refusal its ids, as an answer to r.
func (n *refused) stamp(r *http.Request) *refused {
	n.correl = r.Header.Get("client-request-id")
	if n.correl == "" {
		n.correl = r.URL.Query().Get("client-request-id") // a browser cannot send the header
	}
	if len(n.correl) != 36 {
		n.correl = guid.New()
	}
	n.trace = guid.New()
	n.at = time.Now().UTC()
	return n
}

// description is error_description: Entra has the ids in it too, as people paste it.
func (n *refused) description() string {
	return fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", n.code, n.text, n.trace, n.correl, n.timestamp())
}

func (n *refused) timestamp() string { return n.at.Format("2006-01-02 15:04:05Z") }

// send answers r as Entra's endpoints for programs refuse.
func (n *refused) send(w http.ResponseWriter, r *http.Request) {
	n.stamp(r)
	response := map[string]any{
		"error":             n.name,
		"error_description": n.description(),
		"error_codes":       []int{n.code},
		"timestamp":         n.timestamp(),
		"trace_id":          n.trace,
		"correlation_id":    n.correl,
		"error_uri":         fmt.Sprintf("https://%s/error?code=%d", r.Host, n.code),
	}
	if n.sub != "" {
		response["suberror"] = n.sub
	}
	sendJSON(w, r, n.status, response)
}

// sendJSON answers with the headers that Entra gives to each answer.
func sendJSON(w http.ResponseWriter, r *http.Request, status int, response any) {
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store, no-cache")
	header.Set("Pragma", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("x-ms-request-id", guid.New())
	if id := r.Header.Get("client-request-id"); id != "" && strings.EqualFold(r.Header.Get("return-client-request-id"), "true") {
		header.Set("client-request-id", id)
	}
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(response) // to memory or a socket: there is nobody to tell
}

// broken is a failure of this cloud itself, such as a signing key that cannot be read.
func broken(err error) *refused {
	refusal := aadsts(90033, err)
	refusal.status = http.StatusServiceUnavailable
	return refusal
}
