// The practice cloud's managed identities: a host that is a virtual machine (IMDS) or an
// App Service, whichever is asked for.
// Sources: learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
// and learn.microsoft.com/azure/app-service/overview-managed-identity.

package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"connect-entra/guid"
)

// identities by client id; "" is the host's own.
var identities = map[string]App{
	"":             {ClientID: SystemIdentity, Name: "practice-host", Roles: ApplicationRoles},
	SystemIdentity: {ClientID: SystemIdentity, Name: "practice-host", Roles: ApplicationRoles},
	UserIdentity:   {ClientID: UserIdentity, Name: "practice-identity", Roles: ApplicationRoles},
}

func (s *Cloud) serveIMDS(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case r.URL.Path != "/metadata/identity/oauth2/token":
		http.NotFound(w, r)
	case r.Header.Get("Metadata") != "true" || r.Header.Get("X-Forwarded-For") != "":
		// What keeps a page or a proxy from being talked into asking.
		sendJSON(w, r, http.StatusBadRequest, oauthError("invalid_request", "Required metadata header not specified"))
	case query.Get("api-version") < "2018-02-01":
		sendJSON(w, r, http.StatusBadRequest, oauthError("bad_request_102", "Required query variable 'api-version' is missing or too old"))
	case query.Get("resource") == "":
		sendJSON(w, r, http.StatusBadRequest, oauthError("invalid_request", "Required query variable 'resource' is missing"))
	default:
		s.identity(w, r, query, func(status int, description string) any { return oauthError("invalid_request", description) })
	}
}

func (s *Cloud) serveAppService(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	fault := func(status int, message string) any {
		return map[string]any{"statusCode": status, "message": message, "correlationId": guid.New()}
	}
	if r.Method != http.MethodGet || query.Get("api-version") != "2019-08-01" || query.Get("resource") == "" {
		sendJSON(w, r, http.StatusBadRequest, fault(http.StatusBadRequest, "A resource and the api-version 2019-08-01 are wanted."))
		return
	}
	s.identity(w, r, query, fault)
}

// identity answers with a token for the identity that query names; fault words a refusal
// as this kind of host does.
func (s *Cloud) identity(w http.ResponseWriter, r *http.Request, query url.Values, fault func(status int, message string) any) {
	app, ok := identities[strings.ToLower(query.Get("client_id"))]
	if !ok || query.Has("object_id") || query.Has("msi_res_id") || query.Has("mi_res_id") {
		sendJSON(w, r, http.StatusBadRequest, fault(http.StatusBadRequest, "Identity not found"))
		return
	}
	if resource := query.Get("resource"); !s.isGraph(resource) {
		refusal := aadsts(500011, resource, tenantName).stamp(r)
		sendJSON(w, r, http.StatusBadRequest, oauthError(refusal.name, refusal.description()))
		return
	}
	machine := "/subscriptions/00000000-0000-4000-8000-000000000005/resourcegroups/practice/providers/Microsoft.Compute/virtualMachines/" + app.Name
	token, err := s.appToken(app, provedCertificate, identityTokenLife, claimSet{"xms_mirid": machine})
	if err != nil {
		sendJSON(w, r, http.StatusInternalServerError, fault(http.StatusInternalServerError, broken(err).text))
		return
	}
	now := time.Now()
	sendJSON(w, r, http.StatusOK, map[string]string{ // numbers in quotes, as these hosts send them
		"access_token":   token,
		"client_id":      app.ClientID,
		"expires_in":     strconv.Itoa(int(identityTokenLife.Seconds()) - 1),
		"ext_expires_in": strconv.Itoa(int(identityTokenLife.Seconds()) - 1),
		"expires_on":     strconv.FormatInt(now.Add(identityTokenLife).Unix(), 10),
		"not_before":     strconv.FormatInt(now.Unix(), 10),
		"resource":       query.Get("resource"),
		"token_type":     "Bearer",
	})
}

func oauthError(name, description string) map[string]string {
	return map[string]string{"error": name, "error_description": description}
}
