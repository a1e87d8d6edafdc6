//go:build !js

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/failure"
	"connect-entra/sandbox"
)

// faultyFlow is a way to sign in, as it is typed, and the request of it that goes wrong.
type faultyFlow struct {
	name  string
	typed string
	match string // part of "METHOD URL"
	live  bool   // in real time: its listener is a real one, so a fake clock would stand still
}

// faultyFlows are all that send something.
var faultyFlows = []faultyFlow{
	{"secret", "connect-entra -TenantId $TENANT -ClientSecretCredential $APP:env:CANARY", "/token", false},
	{"certificate", "connect-entra -TenantId $TENANT -ClientId $APP -Certificate $PEM", "/token", false},
	{"federation", "connect-entra -EnvironmentVariable", "/token", false},
	{"browser", "connect-entra -ClientTimeout 2 -ContextScope Process", "/token", true},
	{"device code", "connect-entra -UseDeviceCode -ContextScope Process", "/devicecode", false},
	{"device poll", "connect-entra -UseDeviceCode -ContextScope Process", "/token", false},
	{"identity", "connect-entra -Identity", "/token", false},
}

// canary is in each secret of these tests, and in what servers say without being asked.
const canary = "c4n4ry~8f14e45fceea167a5a36dedd4bea2543/+"

const issued = `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"` + canary + `","refresh_token":"` + canary + `"`

func refusalBody(code string, aadsts int) string {
	return fmt.Sprintf(`{"error":%q,"error_description":"AADSTS%d: %s %s %s %s","error_codes":[%d],"trace_id":"t","correlation_id":"c"}`,
		code, aadsts, canary, url.QueryEscape(canary), hex.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte("x"+canary)), aadsts)
}

var errReset = &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// faults are what may go wrong, with the failure's id that must come of it: "" is none.
// A word of except is FLOW=ID.
var faults = []struct {
	name   string
	with   fault
	want   string
	except string
}{
	{"no connection", fault{err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}, "network", "device_poll=timeout"},
	{"no connection at first", fault{times: 1, err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}, "", ""},
	{"no name", fault{err: &net.DNSError{IsNotFound: true, Name: "x"}}, "network", "device_poll=timeout"},
	{"reset", fault{err: errReset}, "network", "device_poll=timeout"},
	{"reset once", fault{times: 1, err: errReset}, "", "browser=network"},
	{"reset with words of a stranger", fault{err: errors.New("malformed HTTP response \"" + canary + "\x1b[2J\"")}, "network", "device_poll=timeout"},
	{"no answer", fault{delay: time.Hour}, "timeout", ""},
	{"late answer", fault{delay: 300 * time.Millisecond}, "", "federation=refused"}, // by the practice cloud, which trusts no other issuer

	{"301", fault{status: 301, header: http.Header{"Location": {"https://evil.example/"}}}, "hostile-answer", ""},
	{"302", fault{status: 302, header: http.Header{"Location": {"https://evil.example/"}}}, "hostile-answer", ""},
	{"303", fault{status: 303, header: http.Header{"Location": {"http://evil.example/"}}}, "hostile-answer", ""},
	{"307", fault{redirect: "https://evil.example/"}, "hostile-answer", ""},
	{"308", fault{status: 308, header: http.Header{"Location": {"/elsewhere?" + canary}}}, "hostile-answer", ""},
	{"304", fault{status: 304}, "hostile-answer", ""},

	{"429", fault{status: 429}, "throttled", "device_poll=timeout"},
	{"429 once", fault{times: 1, status: 429}, "", "browser=throttled"},
	{"429, wait a bit", fault{times: 1, status: 429, header: http.Header{"Retry-After": {"30"}}}, "", "browser=throttled"},
	{"429, wait for ages", fault{status: 429, header: http.Header{"Retry-After": {"99999"}}}, "throttled", "device_poll=timeout"},
	{"429, wait a negative time", fault{times: 2, status: 429, header: http.Header{"Retry-After": {"-7"}}}, "", "browser=throttled"},
	{"429, wait for nonsense", fault{times: 2, status: 429, header: http.Header{"Retry-After": {canary}}}, "", "browser=throttled"},
	{"429, wait till long ago", fault{times: 2, status: 429, header: http.Header{"Retry-After": {"Sun, 06 Nov 1994 08:49:37 GMT"}}}, "", "browser=throttled"},
	{"429, wait till far ahead", fault{status: 429, header: http.Header{"Retry-After": {"Fri, 31 Dec 9999 23:59:59 GMT"}}}, "throttled", "device_poll=timeout"},
	{"500", fault{status: 500, body: canary}, "network", "device_poll=timeout"},
	{"502 with a page", fault{status: 502, header: http.Header{"Content-Type": {"text/html"}}, body: "<html><title>Bad \x1b[31m" + canary + "</title>"}, "network", "device_poll=timeout"},
	{"503 twice", fault{times: 2, status: 503}, "", "browser=network"},
	{"503, wait a bit", fault{times: 1, status: 503, header: http.Header{"Retry-After": {"5"}}}, "", "browser=network"},
	{"504", fault{status: 504}, "network", "device_poll=timeout"},
	{"408 once", fault{times: 1, status: 408}, "", "browser=network"},

	{"refused", fault{status: 400, body: refusalBody("invalid_grant", 50076)}, "refused", ""},
	{"wrong secret", fault{status: 401, body: refusalBody("invalid_client", 7000215)}, "refused", ""},
	{"clock too far off", fault{status: 401, body: refusalBody("invalid_client", 700024)}, "refused", ""},
	{"a claims challenge", fault{status: 400, body: `{"error":"interaction_required","error_description":"AADSTS50076: x","claims":"{\"access_token\":{}}","suberror":"basic_action"}`}, "refused", ""},
	{"declined", fault{status: 400, body: refusalBody("access_denied", 65004)}, "declined", ""},
	{"declined in the device flow", fault{status: 400, body: `{"error":"authorization_declined"}`}, "declined", ""},
	{"a policy says no", fault{status: 400, body: refusalBody("access_denied", 53003)}, "refused", ""},
	{"expired code", fault{status: 400, body: refusalBody("expired_token", 70020)}, "timeout", ""},
	{"an error under 200", fault{status: 200, body: refusalBody("invalid_client", 7000215)}, "refused", ""},
	{"a page under 200", fault{status: 200, header: http.Header{"Content-Type": {"text/html; " + canary}}, body: "<html><title>Sign in to the network</title>" + canary}, "hostile-answer", ""},
	{"a page under 403", fault{status: 403, header: http.Header{"Content-Type": {"text/html"}}, body: "<html>" + canary}, "hostile-answer", "identity=no-managed-identity"},
	{"a refusal of the wrong types", fault{status: 400, body: `{"error":{"code":7},"error_codes":"x","trace_id":[],"error_description":{}}`}, "hostile-answer", "identity=no-managed-identity"},
	{"a refusal with control characters", fault{status: 400, body: `{"error":"x\u001b]0;owned\u0007","error_description":"\u001b[2J\u202eevil\u200b\r\n\u009b31m"}`}, "refused", ""},

	{"empty", fault{status: 200}, "hostile-answer", ""},
	{"204", fault{status: 204}, "hostile-answer", "identity=no-managed-identity"},
	{"null", fault{status: 200, body: "null"}, "hostile-answer", ""},
	{"an array", fault{status: 200, body: `["` + canary + `"]`}, "hostile-answer", ""},
	{"cut off", fault{status: 200, body: issued}, "hostile-answer", ""},
	{"followed by more", fault{status: 200, body: issued + `}}`}, "hostile-answer", ""},
	{"a key twice", fault{status: 200, body: issued + `,"access_token":"x"}`}, "hostile-answer", ""},
	{"a key in capitals", fault{status: 200, body: issued + `,"Access_Token":"x"}`}, "hostile-answer", ""},
	{"a fraction for a time", fault{status: 200, body: strings.Replace(issued, "3599", "3599.5", 1) + `}`}, "hostile-answer", ""},
	{"no time", fault{status: 200, body: `{"token_type":"Bearer","access_token":"` + canary + `"}`}, "hostile-answer", ""},
	{"no bearer token", fault{status: 200, body: strings.Replace(issued, "Bearer", "pop", 1) + `}`}, "hostile-answer", ""},
	{"a broken id_token", fault{status: 200, body: issued + `,"id_token":"` + canary + `"}`}, "hostile-answer", ""},
	{"a token with a line break", fault{status: 200, body: `{"token_type":"Bearer","expires_in":3599,"access_token":"` + canary + `\r\nX: y"}`}, "hostile-answer", ""},
	{"more than 1 MiB", fault{status: 200, body: issued + `,"x":"` + strings.Repeat("x", 1<<20) + `"}`}, "hostile-answer", ""},
	{"deeper than sense", fault{status: 200, body: strings.Repeat(`{"a":`, 20000)}, "hostile-answer", ""},
}

// TestFaults lets everything go wrong in every flow, quietly and with -Debug: the exit
// status must be right, the time bounded, and no secret may be in what is printed.
func TestFaults(t *testing.T) {
	for _, name := range identityVariables {
		t.Setenv(name, "")
	}
	folder := t.TempDir()
	assertion := filepath.Join(folder, "assertion")
	if err := os.WriteFile(assertion, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	pem := writeTestCertificate(t)
	for _, flow := range faultyFlows {
		for _, f := range faults {
			for _, loud := range []string{"", " -Debug"} {
				if loud != "" && flow.live && testing.Short() {
					continue
				}
				t.Run(flow.name+"/"+f.name+loud, func(t *testing.T) {
					want := f.want
					for word := range strings.FieldsSeq(f.except) {
						if name, id, _ := strings.Cut(word, "="); name == strings.ReplaceAll(flow.name, " ", "_") {
							want = id
						}
					}
					with := f.with
					with.match = flow.match
					play := func(t *testing.T) {
						s := newFaultyScene(flow, with, map[string]string{"PEM": pem, "AZURE_FEDERATED_TOKEN_FILE": assertion})
						s.check(t, flow, with, flow.typed+" -NoWelcome"+loud, want)
					}
					if flow.live {
						play(t)
					} else {
						synctest.Test(t, func(t *testing.T) {
							play(t)
							time.Sleep(time.Minute) // until the person has gone
						})
					}
				})
			}
		}
	}
}

func newFaultyScene(flow faultyFlow, with fault, env map[string]string) *scene {
	app := testApp()
	secret := sha256.Sum256([]byte(canary))
	app.SecretHash = hex.EncodeToString(secret[:])
	s := &scene{env: env, entra: newFakeEntra(app), person: "wilma@woodland.invalid", consent: true}
	s.cloud("Global")
	for name, value := range map[string]string{
		"APP": app.ClientID, "TENANT": sandbox.Tenant, "CANARY": canary, "AZURE_TENANT_ID": sandbox.Tenant, "AZURE_CLIENT_ID": app.ClientID,
	} {
		s.env[name] = value
	}
	if with.delay < time.Minute || flow.name != "device poll" {
		s.entra.fails(with)
	} else {
		s.person = "" // nobody enters the code
		with.times = 3
		s.entra.fails(with)
	}
	if flow.name == "federation" {
		s.entra.fails(fault{match: "/token", status: 200, body: issued + `}`})
	}
	return s
}

// check runs what is typed and compares everything that must hold whatever goes wrong.
func (s *scene) check(t *testing.T, flow faultyFlow, with fault, typed, want string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	con, world := s.system(&stdout, &atScreen{s, &stderr})
	world.dial = func(context.Context, string, string) (net.Conn, error) {
		here, _ := net.Pipe()
		return here, nil
	}
	started := time.Now()
	status := run(t.Context(), con, world, shellWords(typed, s.env)[1:])
	took := time.Since(started)

	wantStatus, limit := 0, defaultTimeout+time.Second
	if want != "" {
		wantStatus = kindOf(want).exit
	}
	if strings.HasPrefix(flow.name, "device") {
		limit += 15 * time.Minute // as long as the code lives
	}
	if flow.live {
		limit = 4 * time.Second
	}
	all := stdout.String() + stderr.String()
	if status != wantStatus || want != "" && !strings.Contains(all, " ["+want+"]\n") {
		t.Errorf("status %d, want %d [%s]", status, wantStatus, want)
	}
	if took > limit {
		t.Errorf("it took %v", took)
	}
	secrets := s.secretsSent()
	if strings.Contains(with.body, `"access_token":"`+canary) {
		secrets = append(secrets, canary)
	}
	if found := leaked(all, secrets); found != "" {
		t.Errorf("%q of a secret was printed", found)
	}
	if strings.ContainsFunc(strings.ReplaceAll(all, "\n", ""), failure.IsControl) || strings.ContainsAny(all, "\u200b\u202e") {
		t.Error("a control character was printed")
	}
	for _, line := range s.entra.requests("") {
		if strings.Contains(line, "evil") || strings.Contains(line, "elsewhere") {
			t.Errorf("a redirect was followed: %s", line)
		}
	}
	var op *net.OpError
	notSent := errors.As(with.err, &op) && op.Op == "dial"
	if codes := len(s.entra.requests("/token")); flow.name == "browser" && codes > 1 && !notSent {
		t.Errorf("the authorization code was sent %d times", codes)
	}
	if t.Failed() {
		t.Logf("$ %s\n%s\n%s", typed, all, strings.Join(s.entra.requests(""), "\n"))
	}
}

// secretsSent are the canary and all that was sent and is no one's to see.
func (s *scene) secretsSent() []string {
	var secrets []string
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	for _, r := range s.entra.sent {
		for _, name := range []string{"client_secret", "client_assertion", "code", "code_verifier", "device_code", "refresh_token"} {
			secrets = append(secrets, r.Form[name]...)
		}
		for _, name := range []string{"Authorization", "X-Identity-Header", "Secret"} {
			secrets = append(secrets, r.Header.Values(name)...)
		}
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
}

// leaked finds 12 characters in a row of a secret in text, in any of eight spellings.
func leaked(text string, secrets []string) string {
	windows := map[string]bool{}
	for i := 0; i+12 <= len(text); i++ {
		windows[text[i:i+12]] = true
	}
	for _, secret := range secrets {
		first := []byte(secret[:min(16, len(secret))])
		slices.Reverse(first)
		for _, spelling := range []string{
			secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
			hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))), fmt.Sprintf("%q", secret), string(first),
		} {
			for i := 0; i+12 <= len(spelling); i++ {
				if windows[spelling[i:i+12]] {
					return spelling[i : i+12]
				}
			}
		}
	}
	return ""
}

// TestNoRegionOfTheEnvironments holds the secret to the cloud's login host: MSAL sends it
// to another one where MSAL_FORCE_REGION is set.
func TestNoRegionOfTheEnvironments(t *testing.T) {
	t.Setenv("MSAL_FORCE_REGION", "westeurope")
	flow := faultyFlows[0]
	s := newFaultyScene(flow, fault{match: "nothing"}, map[string]string{})
	s.check(t, flow, fault{}, flow.typed+" -ContextScope Process -NoWelcome", "")
	want := "POST https://login.microsoftonline.com/" + sandbox.Tenant + "/oauth2/v2.0/token"
	if got := strings.Join(s.entra.requests(""), " "); got != want {
		t.Errorf("sent %s", got)
	}
}

// TestDeviceMessageNamesNoOtherPage: the message that comes with a code is shown, but it
// may send people anywhere; then Entra's usual one stands in for it.
func TestDeviceMessageNamesNoOtherPage(t *testing.T) {
	const page, usual = "https://microsoft.com/devicelogin", "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ABCD1234 to authenticate."
	for message, want := range map[string]string{
		"Öffnen Sie " + page + " und geben Sie ABCD1234 ein.": "Öffnen Sie " + page + " und geben Sie ABCD1234 ein.",
		"At " + page + " enter\x1b[2J ABCD1234":               "At " + page + " enter\\x1b[2J ABCD1234",
		"":                                                    usual,
		"Go to https://evil.example, enter ABCD1234":           usual,
		"Go to " + page + ".evil.example/a and enter ABCD1234": usual,
		page + "@evil.example ABCD1234":                        usual,
		"At " + page + " or //evil.example enter ABCD1234":     usual,
		"Go to " + page + " and enter EVIL":                    usual,
	} {
		body, _ := json.Marshal(map[string]any{"user_code": "ABCD1234", "device_code": "d", "verification_uri": page, "expires_in": 1, "interval": 5, "message": message})
		synctest.Test(t, func(t *testing.T) {
			flow := faultyFlows[slices.IndexFunc(faultyFlows, func(f faultyFlow) bool { return f.name == "device code" })]
			s := newFaultyScene(flow, fault{match: flow.match, status: 200, body: string(body)}, map[string]string{})
			var stdout, stderr bytes.Buffer
			con, world := s.system(&stdout, &stderr)
			status := run(t.Context(), con, world, shellWords(flow.typed, s.env)[1:])
			if said := stderr.String(); status != 7 || !strings.HasPrefix(said, want+"\nOnly for a sign-in that you started") {
				t.Errorf("%q: status %d\n%s", message, status, said)
			}
		})
	}
}
