package main

import (
	"bytes"
	"testing"
)

func TestGraphRefusalIsRead(t *testing.T) {
	for _, c := range []struct {
		status           int
		retryAfter, body string
		exit             int
		want             string
	}{
		{401, "", `{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired.","innerError":{"date":"2026-01-01T00:00:00","request-id":"r1","client-request-id":"c1"}}}`, 5,
			"Connect-Entra: graph.microsoft.com refused: InvalidAuthenticationToken. [refused]\n" +
				"  server said: \"Access token has expired.\"\n" +
				"  trace: r1  correlation: c1  2026-01-01T00:00:00\n" +
				"  try: get a new token for this API: this one has ended, was revoked, or is for another one\n"},
		{403, "", `{"error":{"code":"Authorization_RequestDenied"}}`, 5,
			"Connect-Entra: graph.microsoft.com refused: Authorization_RequestDenied. [refused]\n" +
				"  try: connect with a permission that allows it (-Scopes), or have an administrator consent\n"},
		{429, "30", ``, 6,
			"Connect-Entra: graph.microsoft.com answered 429. [throttled]\n  try: try again in 30s\n"},
		{429, "-1", `[]`, 6,
			"Connect-Entra: graph.microsoft.com answered 429. [throttled]\n  try: wait, then try again\n"},
		{503, "", `<html>`, 6,
			"Connect-Entra: graph.microsoft.com answered 503. [network]\n  try: try again in a minute\n"},
		{400, "", `{"error":"text"}`, 5,
			"Connect-Entra: graph.microsoft.com answered 400. [hostile-answer]\n" +
				"  try: check -Environment, and which proxy stands between this host and Entra\n"},
	} {
		var stderr bytes.Buffer
		exit := (&console{stderr: &stderr}).report(graphRefusal("graph.microsoft.com", c.status, c.retryAfter, []byte(c.body)))
		if exit != c.exit || stderr.String() != c.want {
			t.Errorf("%d %s: exit %d\n%swant %d\n%s", c.status, c.body, exit, stderr.String(), c.exit, c.want)
		}
	}
}
