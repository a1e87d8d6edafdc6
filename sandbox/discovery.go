// What clients find out first: where the practice cloud's endpoints are.

package sandbox

import (
	"net/http"
	"net/url"
)

// serveDiscovery is OpenID Connect's: MSAL reads it before anything else.
func (s *Cloud) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	tenant, refusal := tenantFor(r.PathValue("tenant"), true)
	if refusal != nil {
		refusal.send(w, r)
		return
	}
	// A shared name has a place for the tenant in its issuer, as Entra has.
	issuer := s.login + "/{tenantid}/v2.0"
	if tenant == Tenant {
		issuer = s.login + "/" + Tenant + "/v2.0"
	}
	endpoints := s.login + "/" + tenant + "/oauth2/v2.0"
	pages := s.Pages() + "/" + tenant + "/oauth2/v2.0"
	sendJSON(w, r, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                pages + "/authorize",
		"token_endpoint":                        endpoints + "/token",
		"device_authorization_endpoint":         endpoints + "/devicecode",
		"end_session_endpoint":                  pages + "/logout",
		"jwks_uri":                              s.login + "/" + tenant + "/discovery/v2.0/keys",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query", "form_post"},
		"scopes_supported":                      oidcNames,
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
	})
}

// serveInstanceDiscovery says which host names mean this cloud.
func (s *Cloud) serveInstanceDiscovery(w http.ResponseWriter, r *http.Request) {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	login, _ := url.Parse(s.login)
	if err != nil || asked.Host != login.Host {
		aadsts(50049).send(w, r)
		return
	}
	sendJSON(w, r, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": s.login + "/" + Tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": login.Host,
			"preferred_cache":   login.Host,
			"aliases":           []string{login.Host},
		}},
	})
}
