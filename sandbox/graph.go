// A small Microsoft Graph: who am I, the organization, the users, with Graph's paging and
// errors. Tokens are checked for real: signature, audience, time and permission.

package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"connect-entra/claims"
	"connect-entra/guid"
)

// graphAnswers is what a request needs to be answered: any one of the permissions, which
// are in scp of a person's token and in roles of an application's.
// Source: learn.microsoft.com/graph/permissions-reference.
var graphAnswers = []struct {
	pattern     string
	permissions []string
	answer      graphAnswer
}{
	{"/me", []string{"User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, (*Cloud).graphMe},
	{"/organization", []string{"User.Read", "Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, (*Cloud).graphOrganization},
	{"/users", []string{"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, (*Cloud).graphUsers},
	{"/users/{user}", []string{"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, (*Cloud).graphUser},
}

type graphAnswer func(s *Cloud, r *http.Request, caller claims.Claims) (any, *graphFault)

// graphFault is a refusal of Graph.
type graphFault struct {
	status        int
	code, message string
}

// answerGraph answers who holds one of the permissions.
func (s *Cloud) answerGraph(permissions []string, with graphAnswer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		caller, fault := s.authorizeGraph(r, permissions)
		var answer any
		if fault == nil {
			answer, fault = with(s, r, caller)
		}
		if fault != nil {
			s.refuseGraph(w, r, fault)
			return
		}
		sendGraph(w, r, http.StatusOK, answer)
	}
}

// serveNoResource answers what no row of graphAnswers does.
func (s *Cloud) serveNoResource(w http.ResponseWriter, r *http.Request) {
	_, fault := s.authorizeGraph(r, nil)
	if fault == nil {
		segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
		fault = &graphFault{http.StatusNotFound, "ResourceNotFound", fmt.Sprintf("Resource not found for the segment '%s'.", segments[min(1, len(segments)-1)])}
	}
	s.refuseGraph(w, r, fault)
}

// authorizeGraph checks the bearer token; with no permissions named, any will do.
func (s *Cloud) authorizeGraph(r *http.Request, permissions []string) (caller claims.Claims, fault *graphFault) {
	invalid := func(message string) *graphFault {
		return &graphFault{http.StatusUnauthorized, "InvalidAuthenticationToken", message}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return caller, invalid("Access token is empty.")
	}
	caller, err := s.verify(token)
	now := time.Now()
	switch {
	case err != nil:
		return caller, invalid("Access token validation failure. Invalid signature or format.")
	case !s.isGraph(caller.Audience):
		return caller, invalid("Access token validation failure. Invalid audience.")
	case !now.Before(caller.ExpiresOn) || now.Before(caller.NotBefore):
		return caller, invalid("Lifetime validation failed, the token is expired.")
	}
	if permissions == nil {
		return caller, nil
	}
	held := slices.Concat(caller.Scopes, caller.Roles)
	if !slices.ContainsFunc(held, func(p string) bool { return slices.Contains(permissions, p) }) {
		return caller, &graphFault{http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."}
	}
	return caller, nil
}

func (s *Cloud) graphMe(r *http.Request, caller claims.Claims) (any, *graphFault) {
	if caller.Text("idtyp") == "app" {
		return nil, &graphFault{http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow."}
	}
	user, _ := findUser(caller.ObjectID)
	return s.one(r, "users/$entity", s.graphObject(user)), nil
}

func (s *Cloud) graphOrganization(r *http.Request, _ claims.Claims) (any, *graphFault) {
	return s.collection(r, "organization", []graphObject{{
		"id":              Tenant,
		"displayName":     tenantName,
		"tenantType":      "AAD",
		"createdDateTime": "2020-01-01T00:00:00Z",
		"verifiedDomains": []graphObject{{"name": Domain, "isDefault": true, "isInitial": true, "type": "Managed", "capabilities": ""}},
	}})
}

func (s *Cloud) graphUsers(r *http.Request, _ claims.Claims) (any, *graphFault) {
	var users []graphObject
	for _, u := range people {
		users = append(users, s.graphObject(u))
	}
	return s.collection(r, "users", users)
}

func (s *Cloud) graphUser(r *http.Request, _ claims.Claims) (any, *graphFault) {
	user, ok := findUser(r.PathValue("user"))
	if !ok {
		return nil, &graphFault{http.StatusNotFound, "Request_ResourceNotFound",
			fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", r.PathValue("user"))}
	}
	return s.one(r, "users/$entity", s.graphObject(user)), nil
}

// graphObject is an object as Graph sends it.
type graphObject map[string]any

func (s *Cloud) graphObject(u person) graphObject {
	return graphObject{
		"businessPhones":    []string{},
		"displayName":       u.name(),
		"givenName":         u.given,
		"id":                u.id,
		"jobTitle":          u.job,
		"mail":              u.mail,
		"mobilePhone":       nil,
		"officeLocation":    nil,
		"preferredLanguage": nil,
		"surname":           u.family,
		"userPrincipalName": u.upn,
	}
}

// one is a single object, of which $select picks properties.
func (s *Cloud) one(r *http.Request, what string, object graphObject) graphObject {
	selected := graphObject{"@odata.context": s.context(r, what)}
	names := r.URL.Query().Get("$select")
	for name, value := range object {
		if names == "" || slices.ContainsFunc(strings.Split(names, ","), func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), name) }) {
			selected[name] = value
		}
	}
	return selected
}

func (s *Cloud) context(r *http.Request, what string) string {
	return s.graph + "/" + version(r) + "/$metadata#" + what
}

func version(r *http.Request) string {
	return strings.Split(r.URL.Path, "/")[1]
}

// collection is a page of objects: $top of them, and where the next page is.
func (s *Cloud) collection(r *http.Request, what string, objects []graphObject) (any, *graphFault) {
	query := r.URL.Query()
	top, skip := 100, 0
	if query.Has("$top") {
		var err error
		if top, err = strconv.Atoi(query.Get("$top")); err != nil || top < 1 || top > 999 {
			return nil, &graphFault{http.StatusBadRequest, "Request_UnsupportedQuery",
				fmt.Sprintf("Invalid page size specified: '%s'. Must be between 1 and 999 inclusive.", query.Get("$top"))}
		}
	}
	if query.Has("$skiptoken") {
		var err error
		if skip, err = strconv.Atoi(query.Get("$skiptoken")); err != nil || skip < 0 || skip > len(objects) {
			return nil, &graphFault{http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired or is not valid."}
		}
	}
	end := min(skip+top, len(objects))
	page := graphObject{"@odata.context": s.context(r, what)}
	value := []graphObject{}
	for _, object := range objects[skip:end] {
		selected := s.one(r, what, object)
		delete(selected, "@odata.context")
		value = append(value, selected)
	}
	page["value"] = value
	if end < len(objects) {
		next := url.Values{}
		for name := range query {
			next.Set(name, query.Get(name))
		}
		next.Set("$skiptoken", strconv.Itoa(end))
		page["@odata.nextLink"] = s.graph + r.URL.Path + "?" + next.Encode()
	}
	return page, nil
}

func (s *Cloud) refuseGraph(w http.ResponseWriter, r *http.Request, f *graphFault) {
	id := r.Header.Get("client-request-id")
	if id == "" {
		id = guid.New()
	}
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="", authorization_uri="%s/common/oauth2/authorize", client_id="%s"`, s.login, graphApp))
	}
	sendGraph(w, r, f.status, graphObject{"error": graphObject{
		"code":    f.code,
		"message": f.message,
		"innerError": graphObject{
			"date":              time.Now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        guid.New(),
			"client-request-id": id,
		},
	}})
}

func sendGraph(w http.ResponseWriter, r *http.Request, status int, answer any) {
	header := w.Header()
	header.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	header.Set("request-id", guid.New())
	if id := r.Header.Get("client-request-id"); id != "" {
		header.Set("client-request-id", id)
	}
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(answer) // to memory or a socket: there is nobody to tell
}
