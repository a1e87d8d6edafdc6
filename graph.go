// The rules of Microsoft Graph that every build follows: how a refusal is read, and
// what helps. It knows nothing of how the request was sent.

package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"connect-entra/failure"
)

// graphRefusal reads an answer of Graph into the failure that a person reads. body may
// be anything: a proxy's page, or nothing.
// Source: learn.microsoft.com/graph/errors.
func graphRefusal(host string, status int, retryAfter string, body []byte) *failure.Error {
	var answer struct {
		Error struct {
			Code, Message string
			InnerError    struct {
				Date            string
				RequestID       string `json:"request-id"`
				ClientRequestID string `json:"client-request-id"`
			}
		}
	}
	_ = json.Unmarshal(body, &answer) // what is no JSON has no fields, and the status says enough
	said := answer.Error
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
