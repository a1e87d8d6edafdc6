package powershell

import "testing"

func TestNearest(t *testing.T) {
	known := append(namesOf(connectEntra), "connect", "context", "token", "help")
	for typed, want := range map[string]string{"Scope": "Scopes", "TenantID": "TenantId", "conect": "connect", "tokn": "token", "qqqqqq": "", "ClientSecret": ""} {
		if got := Nearest(typed, known); got != want {
			t.Errorf("nearest %s is %q, not %q", typed, got, want)
		}
	}
}
