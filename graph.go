// The rules of Microsoft Graph that every build follows: how a refusal is read, and
// what helps. It knows nothing of how the request was sent.

package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// graphError is the body of a Graph answer that is no success.
// Source: learn.microsoft.com/graph/errors.
type graphError struct {
	Error struct {
		Code       string
		Message    string
		InnerError struct {
			Date            string
			RequestID       string `json:"request-id"`
			ClientRequestID string `json:"client-request-id"`
		}
	}
}

// graphRefusal reads an answer of Graph into the failure that a person reads. body may
// be anything: a proxy's page, or nothing.
func graphRefusal(host string, status int, retryAfter string, body []byte) *failure {
	var e graphError
	_ = json.Unmarshal(body, &e) // what is no such JSON leaves e empty, and the status says enough
	s := &serverError{
		Host: host, Status: status, Code: e.Error.Code, Description: e.Error.Message,
		TraceID: e.Error.InnerError.RequestID, CorrelationID: e.Error.InnerError.ClientRequestID, Timestamp: e.Error.InnerError.Date,
	}
	if seconds, err := strconv.Atoi(strings.TrimSpace(retryAfter)); err == nil && seconds >= 0 && seconds < 1<<30 {
		s.RetryAfter = time.Duration(seconds) * time.Second
	}
	id, cure := "refused", ""
	switch {
	case status == 401:
		cure = "get a new token for this API: this one has ended, was revoked, or is for another one"
	case status == 403:
		cure = "connect with a permission that allows it (-Scopes), or have an administrator consent"
	case status == 404:
		cure = "check the address: the object, or the cloud (-Environment)"
	case status == 429:
		id = "throttled"
		if s.RetryAfter > 0 {
			cure = "try again in " + s.RetryAfter.String()
		}
	case status >= 500:
		id, cure = "network", "try again in a minute"
	case s.Code == "":
		id = "hostile-answer"
	}
	f := fail(id, "%s answered %d.", host, status)
	if s.Code != "" {
		f = fail(id, "%s refused: %s.", host, clean(s.Code))
	}
	f.server, f.cure = s, cure
	return f
}

// graphSilence is the failure where no answer came at all.
func graphSilence(host string) *failure {
	return fail("network", "%s did not answer.", host)
}
