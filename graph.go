// The rules of Microsoft Graph: where a typed address leads, which headers go with it and
// which permission it likely needs; how a refusal is read, and what helps. It knows nothing
// of how a request is sent.

package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"connect-entra/failure"
)

// graphRefusal reads an answer of Graph into the failure that a person reads. body may
// be anything: a proxy's page, or nothing.
// Source: learn.microsoft.com/graph/errors.
func graphRefusal(host string, status int, retryAfter string, body []byte) *failure.Error {
	var response struct {
		Error struct {
			Code, Message string
			InnerError    struct {
				Date            string
				RequestID       string `json:"request-id"`
				ClientRequestID string `json:"client-request-id"`
			}
		}
	}
	_ = json.Unmarshal(body, &response) // what is no JSON has no fields, and the status says enough
	said := response.Error
	s := &failure.Server{
		Host: host, Status: status, Code: said.Code, Description: said.Message,
		TraceID: said.InnerError.RequestID, CorrelationID: said.InnerError.ClientRequestID, Timestamp: said.InnerError.Date,
	}
	if seconds, err := strconv.Atoi(strings.TrimSpace(retryAfter)); err == nil && seconds >= 0 && seconds < 1<<30 {
		s.RetryAfter = time.Duration(seconds) * time.Second
	}
	id := "refused"
	switch {
	case status == 401, status == 403, status == 404: // even without a word of Graph's
	case status == 429:
		id = "throttled"
	case status >= 500:
		id = "network"
	case s.Code == "":
		id = "hostile-answer"
	}
	f := failure.New(id, "%s answered %d.", host, status)
	if s.Code != "" {
		f = failure.New(id, "%s refused: %s.", host, failure.Clean(s.Code))
	}
	f.Server, f.Cure = s, graphCure(status)
	if status == 429 && s.RetryAfter > 0 {
		f.Try("try again in %s", s.RetryAfter)
	}
	return f
}

// graphCure is what helps against a refusal with that status; "" where nothing is known.
func graphCure(status int) string {
	switch {
	case status == 401:
		return "get a new token for this API: this one has ended, was revoked, or is for another one"
	case status == 403:
		return "connect with a permission that allows it (-Scopes), or have an administrator consent"
	case status == 404:
		return "check the address: the object, or the cloud (-Environment)"
	case status >= 500:
		return "try again in a minute"
	}
	return ""
}

// graphSilence is the failure where no answer came at all.
func graphSilence(host string) *failure.Error {
	return failure.New("network", "%s did not answer.", host)
}

// graphAddress makes the URL that typed means: a path below v1.0, one that names its
// version, or a whole URL, which must be on the cloud's own Graph host.
func graphAddress(e Environment, typed string) (string, error) {
	if strings.ContainsFunc(typed, failure.IsControl) || strings.ContainsRune(typed, '\ufffd') {
		return "", failure.New("bad-value", "The address holds a control character.").Try("type it again, on one line")
	}
	if len(typed) > 2 && typed[1] == ':' && (typed[2] == '/' || typed[2] == '\\') {
		return "", failure.New("bad-value", "%s is a path of this machine: Git Bash makes one of /me.", failure.Clean(typed)).Try("write it without the slash: me")
	}
	address := encodeAddress(typed)
	if !strings.Contains(address[:len(address)-len(afterQuery(address))], "://") {
		path := strings.TrimLeft(address, "/")
		if path == "" {
			return "", failure.New("usage", "Which part of Graph is asked for?").Try("connect-entra request /me")
		}
		if version, _, _ := strings.Cut(path, "/"); !strings.EqualFold(version, "v1.0") && !strings.EqualFold(version, "beta") {
			path = "v1.0/" + path
		}
		address = e.GraphEndpoint + "/" + path
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", failure.New("bad-value", "%q is no address.", failure.Clean(typed)).Because(err).Try("give a path such as /me, in single quotes if it has a $")
	}
	if u.Scheme != "https" || u.User != nil || !strings.EqualFold(u.Host, e.graphHost()) {
		f := failure.New("bad-value", "The token is not sent to %s: in %s only %s gets it.", failure.Clean(u.Scheme+"://"+u.Host), e.Name, e.GraphEndpoint)
		if other, ok := environmentOf(clouds, u.Scheme+"://"+u.Host); ok && u.User == nil {
			return "", f.Try("connect to that cloud: -Environment %s", other.Name)
		}
		return "", f.Try("give the path alone: /me")
	}
	u.Host = e.graphHost()
	if query := "&" + u.RawQuery; strings.Contains(query, "&=") {
		return "", failure.New("bad-value", "An option in the address has no name: the shell took $select for a variable.").
			Try("put the address in single quotes: '/users?$select=id'")
	}
	return u.String(), nil
}

// afterQuery is an address from its question mark on: a filter may hold a URL.
func afterQuery(address string) string {
	if i := strings.IndexByte(address, '?'); i >= 0 {
		return address[i:]
	}
	return ""
}

// encodeAddress encodes what people type as it is: spaces in a filter, letters of any
// script, and the # in a guest's name, which never means a fragment here.
func encodeAddress(typed string) string {
	const hex = "0123456789ABCDEFabcdef"
	isHex := func(i int) bool { return i < len(typed) && strings.IndexByte(hex, typed[i]) >= 0 }
	var b strings.Builder
	for i := range len(typed) {
		c := typed[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"#<>\\^`{|}", c) >= 0 || c == '%' && !(isHex(i+1) && isHex(i+2)) {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// header is one line of a request's head.
type header struct{ name, value string }

// ownHeaders are not for the user to set: they decide who asks, and where one request
// ends and the next begins.
var ownHeaders = []string{"Authorization", "Connection", "Content-Length", "Cookie", "Host", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// readHeaders reads "Name: value, Name: value", or JSON for values that hold such a
// thing themselves.
func readHeaders(typed string) ([]header, error) {
	var headers []header
	if strings.HasPrefix(typed, "{") {
		var object map[string]string
		if err := json.Unmarshal([]byte(typed), &object); err != nil {
			return nil, failure.New("bad-value", "-Headers is no JSON object of texts.").Because(err)
		}
		for name, value := range object {
			headers = append(headers, header{name, value})
		}
	} else {
		for _, part := range strings.Split(typed, ",") {
			name, value, ok := strings.Cut(strings.TrimSpace(part), ":")
			switch last := len(headers) - 1; {
			case ok && isToken(name):
				headers = append(headers, header{name, strings.TrimSpace(value)})
			case last >= 0:
				headers[last].value += "," + part
			case strings.TrimSpace(part) != "":
				return nil, failure.New("bad-value", "-Headers begins with no name: %q.", failure.Clean(part)).Try(`-Headers "ConsistencyLevel: eventual"`)
			}
		}
	}
	for _, h := range headers {
		if !isToken(h.name) || strings.ContainsFunc(h.value, failure.IsControl) {
			return nil, failure.New("bad-value", "-Headers holds what is no header: %q.", failure.Clean(h.name))
		}
		if slices.ContainsFunc(ownHeaders, func(own string) bool { return strings.EqualFold(own, h.name) }) {
			return nil, failure.New("bad-value", "The header %s is not for -Headers to set.", h.name)
		}
	}
	return headers, nil
}

// isToken holds for a header's name (RFC 9110 §5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// leastPermissions says by the first word of a path which permission reads there and which writes:
// the least that serves most requests. Source: learn.microsoft.com/graph/permissions-reference.
var leastPermissions = []struct{ word, read, write string }{
	{"administrativeUnits", "AdministrativeUnit.Read.All", "AdministrativeUnit.ReadWrite.All"},
	{"applications", "Application.Read.All", "Application.ReadWrite.All"},
	{"auditLogs", "AuditLog.Read.All", ""},
	{"calendar", "Calendars.Read", "Calendars.ReadWrite"},
	{"chats", "Chat.Read", "Chat.ReadWrite"},
	{"contacts", "Contacts.Read", "Contacts.ReadWrite"},
	{"deviceManagement", "DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All"},
	{"devices", "Device.Read.All", "Device.ReadWrite.All"},
	{"directory", "Directory.Read.All", "Directory.ReadWrite.All"},
	{"directoryObjects", "Directory.Read.All", "Directory.ReadWrite.All"},
	{"directoryRoles", "RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory"},
	{"domains", "Domain.Read.All", "Domain.ReadWrite.All"},
	{"drive", "Files.Read.All", "Files.ReadWrite.All"},
	{"drives", "Files.Read.All", "Files.ReadWrite.All"},
	{"events", "Calendars.Read", "Calendars.ReadWrite"},
	{"groups", "Group.Read.All", "Group.ReadWrite.All"},
	{"identity", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"},
	{"mailFolders", "Mail.Read", "Mail.ReadWrite"},
	{"me", "User.Read", "User.ReadWrite"},
	{"messages", "Mail.Read", "Mail.ReadWrite"},
	{"oauth2PermissionGrants", "DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All"},
	{"organization", "Organization.Read.All", "Organization.ReadWrite.All"},
	{"policies", "Policy.Read.All", ""},
	{"reports", "Reports.Read.All", ""},
	{"roleManagement", "RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory"},
	{"sendMail", "", "Mail.Send"},
	{"servicePrincipals", "Application.Read.All", "Application.ReadWrite.All"},
	{"sites", "Sites.Read.All", "Sites.ReadWrite.All"},
	{"subscribedSkus", "Organization.Read.All", ""},
	{"teams", "Team.ReadBasic.All", "TeamSettings.ReadWrite.All"},
	{"users", "User.Read.All", "User.ReadWrite.All"},
}

// permissionFor is the permission that a request likely needs, "" where that is not
// known. Below a person it is what of the person is asked for that counts.
func permissionFor(method, path string) string {
	words := strings.Split(strings.Trim(path, "/"), "/")[1:] // without the version
	if len(words) > 1 && words[0] == "me" {
		words = words[1:]
	} else if len(words) > 2 && words[0] == "users" {
		words = words[2:]
	}
	for _, row := range leastPermissions {
		if len(words) == 0 || !strings.EqualFold(row.word, words[0]) {
			continue
		}
		if method == "GET" || method == "HEAD" {
			return row.read
		}
		return row.write
	}
	return ""
}
