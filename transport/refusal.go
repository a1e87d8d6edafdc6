// What a refusal says: from a response that is no success to an error with the
// server's own words.

package transport

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
)

// refusalKinds says which failure an OAuth error is (RFC 6749 §4.1.2.1 and §5.2,
// RFC 8628 §3.5); any other is refused.
var refusalKinds = map[string]string{
	"access_denied":           "declined",
	"authorization_declined":  "declined", // Entra's word for access_denied in the device flow
	"code_expired":            "timeout",
	"expired_token":           "timeout",
	"server_error":            "network",
	"temporarily_unavailable": "network",
}

// aadstsKinds is the same by Entra's own number, which wins: access_denied is also what
// a policy says.
var aadstsKinds = map[string]string{
	"65004": "declined",
	"70018": "declined",
	"70020": "timeout",
}

// refuse makes a failure of a response that is no success.
func (client *Client) refuse(c *call, resp *response, tooLate bool) error {
	s := client.readRefusal(resp)
	kind := refusalKind(s)
	if client.Kind == ManagedIdentity && kind == "hostile-answer" && resp.StatusCode/100 != 3 {
		kind = "no-managed-identity" // no words that any service of Azure's has
	} else if client.Kind == ManagedIdentity && s.Status == http.StatusBadRequest && s.Code == "invalid_request" {
		kind = "no-managed-identity" // IMDS's words for an identity that is not assigned to the host
	}
	text, cure := refusalText(kind, s), ""
	switch {
	case kind == "no-managed-identity" && s.Code == "":
		text = fmt.Sprintf("%s answered %d, and not as a managed-identity service of Azure does.", s.Host, s.Status)
		cure = "connect another way; on another cloud's host there is no managed identity"
	case kind == "hostile-answer" && resp.StatusCode/100 == 3:
		text = fmt.Sprintf("%s answered with a redirect, which is never followed here.", s.Host)
	case kind == "hostile-answer":
		text = fmt.Sprintf("%s answered %d with %s where JSON is due: perhaps a proxy answered in its place.", s.Host, s.Status, client.MediaType(resp.Header))
	case s.RetryAfter > 0:
		text = fmt.Sprintf("%s answered %d and asks to wait %s.", s.Host, s.Status, s.RetryAfter)
		if tooLate {
			text = strings.TrimSuffix(text, ".") + ", longer than -ClientTimeout leaves."
		}
		cure = fmt.Sprintf("try again in %s", s.RetryAfter)
	case kind == "network":
		cure = "try again in a minute"
	case slices.Contains(clockCodes, s.AADSTS):
		cure = clockCure(s.Host, resp.Header)
	}
	f := failure.New(kind, "%s", text)
	f.Server, f.Cure = s, cure
	return f
}

// clockCodes are what Entra says to an assertion that is not good yet, or no longer.
var clockCodes = []string{"50013", "700024"}

// clockCure compares this host's clock with the server's; "" where no difference shows.
func clockCure(host string, h http.Header) string {
	theirs, err := http.ParseTime(h.Get("Date"))
	ahead := time.Since(theirs).Round(time.Second)
	switch {
	case err != nil || ahead.Abs() <= time.Minute:
		return ""
	case ahead < 0:
		return fmt.Sprintf("set this host's clock: it is %s behind that of %s", ahead.Abs(), host)
	}
	return fmt.Sprintf("set this host's clock: it is %s ahead of that of %s", ahead, host)
}

// refusalKind is the id of the failure that a refusal is.
func refusalKind(s *failure.Server) string {
	if kind := aadstsKinds[s.AADSTS]; kind != "" {
		return kind
	}
	switch kind := refusalKinds[s.Code]; {
	case kind == "declined" && s.AADSTS != "":
		return "refused" // a policy's access_denied
	case kind != "":
		return kind
	}
	switch {
	case s.Status == http.StatusTooManyRequests:
		return "throttled"
	case s.Status >= 500 || s.Status == http.StatusRequestTimeout:
		return "network"
	case s.Code == "" || s.Status/100 == 3:
		return "hostile-answer"
	}
	return "refused"
}

func refusalText(kind string, s *failure.Server) string {
	what := failure.Clean(s.Code)
	if s.AADSTS != "" {
		what = strings.TrimSpace(what + " (AADSTS" + s.AADSTS + ")")
	}
	switch {
	case kind == "declined":
		return "The sign-in was declined."
	case kind == "timeout":
		return "The code was not used in time."
	case kind == "no-managed-identity":
		return "This host has no such managed identity."
	case what == "":
		return fmt.Sprintf("%s answered %d.", s.Host, s.Status)
	}
	return fmt.Sprintf("%s refused: %s.", s.Host, what)
}

// Declined makes a *failure.Error of an error that the server sent through a browser, as the
// form of its response (RFC 6749 §4.1.2.1).
func (client *Client) Declined(form url.Values) error {
	s := &failure.Server{Host: client.Host(), Status: http.StatusBadRequest, CorrelationID: client.Correlation}
	s.Code, s.Description, s.Suberror = form.Get("error"), client.recorder.Scrub(form.Get("error_description")), form.Get("error_subcode")
	s.AADSTS = aadstsOf(s.Description)
	takeIDs(s)
	kind := refusalKind(s)
	f := failure.New(kind, "%s", refusalText(kind, s))
	f.Server = s
	return f
}

// readRefusal takes what can be read of a refusal, in any of the three shapes: OAuth's,
// Graph's and App Service's.
func (client *Client) readRefusal(resp *response) *failure.Server {
	s := &failure.Server{Host: client.Host(), Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header, time.Now())}
	var fields map[string]json.RawMessage
	if json.Unmarshal(resp.body, &fields) == nil {
		readFields(s, fields, client.recorder.Scrub)
	}
	if s.CorrelationID == "" {
		s.CorrelationID = client.Correlation
	}
	if s.Claims == "" {
		s.Claims = challengedClaims(resp.Header)
	}
	return s
}

// takeIDs moves the ids that Entra writes behind a description, "Trace ID: … Correlation
// ID: … Timestamp: …", into their own fields: in a browser they come no other way.
func takeIDs(s *failure.Server) {
	description, rest, ok := strings.Cut(s.Description, " Trace ID: ")
	trace, rest, ok2 := strings.Cut(rest, " Correlation ID: ")
	correlation, timestamp, ok3 := strings.Cut(rest, " Timestamp: ")
	if ok && ok2 && ok3 {
		s.Description = description
		s.TraceID, s.CorrelationID, s.Timestamp = cmp.Or(s.TraceID, trace), correlation, cmp.Or(s.Timestamp, timestamp)
	}
}

// aadstsOf is Entra's number at the start of a description; a browser is told no other way.
func aadstsOf(description string) string {
	rest, ok := strings.CutPrefix(description, "AADSTS")
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	if !ok || len(digits) < 4 || len(digits) > 9 {
		return ""
	}
	return digits
}

// readFields fills s from a refusal's fields; scrub takes echoed secrets out.
func readFields(s *failure.Server, fields map[string]json.RawMessage, scrub func(string) string) {
	text := func(key string) string { return scrub(textOf(fields[key])) }
	s.Code, s.Description = text("error"), text("error_description")
	s.Suberror, s.Claims = text("suberror"), textOf(fields["claims"])
	s.TraceID, s.CorrelationID, s.Timestamp = text("trace_id"), text("correlation_id"), text("timestamp")
	takeIDs(s)
	var codes []int
	if json.Unmarshal(fields["error_codes"], &codes) == nil && len(codes) > 0 && codes[0] > 0 {
		s.AADSTS = fmt.Sprint(codes[0])
	} else {
		s.AADSTS = aadstsOf(s.Description)
	}
	var graph struct {
		Code, Message string
		InnerError    struct {
			Date            string
			RequestID       string `json:"request-id"`
			ClientRequestID string `json:"client-request-id"`
		}
	}
	if s.Code == "" && json.Unmarshal(fields["error"], &graph) == nil {
		s.Code, s.Description = scrub(graph.Code), scrub(graph.Message)
		s.TraceID, s.CorrelationID, s.Timestamp = scrub(graph.InnerError.RequestID), scrub(graph.InnerError.ClientRequestID), scrub(graph.InnerError.Date)
	}
	if s.Code == "" && s.Description == "" && isText(fields["message"]) { // App Service
		s.Code, s.Description, s.CorrelationID = "error", text("message"), text("correlationId")
	}
}

// challengedClaims are the claims that WWW-Authenticate asks for, in base64: Graph's way
// of saying that a token is not enough any more.
func challengedClaims(h http.Header) string {
	for _, value := range h.Values("WWW-Authenticate") {
		_, rest, _ := strings.Cut(value, `claims="`)
		text, _, _ := strings.Cut(rest, `"`)
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if data, err := encoding.DecodeString(text); err == nil && json.Valid(data) {
				return string(data)
			}
		}
	}
	return ""
}

// pending says whether a device poll was answered with "not yet", and with "slower".
func pending(resp *response) (yes, slower bool) {
	var fields map[string]json.RawMessage
	if resp.StatusCode != http.StatusBadRequest || json.Unmarshal(resp.body, &fields) != nil {
		return false, false
	}
	code := textOf(fields["error"])
	return slices.Contains([]string{"authorization_pending", "slow_down"}, code), code == "slow_down"
}
