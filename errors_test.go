//go:build !js

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestWhatServersSayHasItsStatus: these ids come of responses, and a script may wait for
// their exit statuses.
func TestWhatServersSayHasItsStatus(t *testing.T) {
	for id, want := range map[string]int{"declined": 3, "no-managed-identity": 4, "hostile-answer": 5, "refused": 5, "network": 6, "throttled": 6, "timeout": 7} {
		if got := kindOf(id); got.id != id || got.exit != want {
			t.Errorf("%s ends with %d", id, got.exit)
		}
	}
}

// TestCorrelationIsPrinted where no server named one.
func TestCorrelationIsPrinted(t *testing.T) {
	w := entraClient(&server{handle: func(*http.Request, url.Values) (int, string) { return 200, "{}" }})
	_, err := w.Do(formRequest(w.Base+"/t/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}}))
	var said strings.Builder
	(&console{stderr: &said}).report(err)
	if !strings.Contains(said.String(), "[hostile-answer]\n  correlation: "+w.Correlation+"\n") {
		t.Errorf("printed %s", &said)
	}
}
