//go:build !js

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/sandbox"
	"connect-entra/vault"
)

func TestGraphAddress(t *testing.T) {
	global, _ := findEnvironment(clouds, "Global")
	const graph = "https://graph.microsoft.com"
	for typed, want := range map[string]string{
		"/me":                          graph + "/v1.0/me",
		"me":                           graph + "/v1.0/me",
		"/v1.0/me":                     graph + "/v1.0/me",
		"/Beta/me":                     graph + "/Beta/me",
		"beta":                         graph + "/beta",
		"//evil.example/me":            graph + "/v1.0/evil.example/me",
		"graph.microsoft.us/me":        graph + "/v1.0/graph.microsoft.us/me",
		graph + "/v1.0/me":             graph + "/v1.0/me",
		"HTTPS://Graph.Microsoft.com/": graph + "/",
		"/users?$filter=displayName eq 'Zoë'&$top=1": graph + "/v1.0/users?$filter=displayName%20eq%20'Zo%C3%AB'&$top=1",
		"/users?$filter=id eq 'https://x.example'":   graph + "/v1.0/users?$filter=id%20eq%20'https://x.example'",
		"/users/a#EXT#@b":                  graph + "/v1.0/users/a%23EXT%23@b",
		"/search?q=100%&r=%2F":             graph + "/v1.0/search?q=100%25&r=%2F",
		"/me/drive/root:/a b.txt:/content": graph + "/v1.0/me/drive/root:/a%20b.txt:/content",
	} {
		if got, err := graphAddress(global, typed); err != nil || got != want {
			t.Errorf("%s: %s, %v, not %s", typed, got, err, want)
		}
	}
}

// hostileAddresses would take the token elsewhere, or the request apart.
var hostileAddresses = []string{
	"http://graph.microsoft.com/v1.0/me", "https://graph.microsoft.com.evil.example/me", "https://graph.microsoft.com@evil.example/me",
	"https://evil.example/graph.microsoft.com", "https://user:pass@graph.microsoft.com/me", "https://graph.microsoft.com:8443/me",
	"https://graph.microsoft.com:/me", "https://graph.microsoft.us/v1.0/me", "https://graph.sandbox.invalid/v1.0/me", "ftp://graph.microsoft.com/me",
	"https://graph.microsoft.com\\@evil.example/me", "https://graph.microsoft.com%2eevil.example/me", "https://graph.microsoft.com%00.evil.example/",
	"https://graph.microsoft.com\x00/me", "/me\r\nHost: evil.example", "/me\n", "/me\x7f", "https://graph。microsoft。com/me", "https://grаph.microsoft.com/me",
	"https://[::1]/me", "https://127.0.0.1/me", "https:///me", "https://", "file:///etc/passwd", "https://graph.microsoft.com#@evil.example/me",
	"/users?=id", "/users?$top=1&=id", "C:/Program Files/Git/me", "", "/", "\u0085", "/\u009b",
}

func TestHostileAddressesSendNothing(t *testing.T) {
	for _, address := range hostileAddresses {
		s := newScene(t)
		stdout, stderr, status := s.request("-Uri", address)
		if status != 2 || stdout != "" || len(s.entra.requests("")) > 0 {
			t.Errorf("%q: exit %d\n%s%s\nsent %q", address, status, stdout, stderr, s.entra.requests(""))
		}
	}
}

// newScene is a world with an application to connect as, and Graph as graph has it; nil
// for the practice cloud's own.
func newScene(t *testing.T) *requestScene {
	s := &scene{t: t, env: map[string]string{"S": testSecret, vault.KeyFileVariable: testKeyFile(t)}, dir: filepath.Join(t.TempDir(), "own"), entra: newFakeEntra(testApp())}
	s.cloud("Global")
	return &requestScene{scene: s}
}

type requestScene struct {
	*scene
	graph  func(*http.Request) (*http.Response, error)
	screen bool // stdout is a terminal
	stdout io.Writer
}

// request types a request as an application.
func (s *requestScene) request(args ...string) (stdout, stderr string, status int) {
	return s.enter(append(append([]string{"request"}, args...), "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient+":env:S")...)
}

func (s *requestScene) enter(args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	con, world := s.system(&out, &atScreen{s.scene, &errs})
	if s.stdout != nil {
		con.stdout = s.stdout
	}
	con.terminal.stdout = s.screen
	if s.graph != nil {
		world.internet = roundTripper(func(r *http.Request) (*http.Response, error) {
			if "https://"+r.URL.Host == s.entra.login {
				return s.entra.RoundTrip(r)
			}
			return s.graph(r)
		})
	}
	status = run(context.Background(), con, world, args)
	return out.String(), errs.String(), status
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answers makes an answer of Graph's.
func answers(r *http.Request, status int, header map[string]string, body io.Reader) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(body), ContentLength: -1, Request: r}
	for name, value := range header {
		resp.Header.Set(name, value)
	}
	return resp
}

func TestBodies(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), maxHeld/8) // 2 MiB
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	small, large := write("small.json", []byte(`{"file":1}`)), write("large.bin", big)
	for _, c := range []struct {
		name, stdin string
		args        []string
		body, kind  string
		length      int64
		tries       int // how often it is sent where Graph throttles the first try
	}{
		{"an argument", "", []string{"POST", "/users", `{"a":1,"b":"x, y"}`}, `{"a":1,"b":"x, y"}`, "application/json", 18, 2},
		{"a file", "", []string{"-Method", "PATCH", "-Uri", "/users/x", "-Body", "@" + small}, `{"file":1}`, "application/json", 10, 2},
		{"a file, in PowerShell", "", []string{"patch", "/users/x", "file:" + small}, `{"file":1}`, "application/json", 10, 2},
		{"stdin", `{"in":1}`, []string{"POST", "/users", "-"}, `{"in":1}`, "application/json", 8, 2},
		{"text", "", []string{"PUT", "/x", "plain", "-ContentType", "text/plain"}, "plain", "text/plain", 5, 2},
		{"a type in the headers", "", []string{"PUT", "/x", "plain", "-Headers", "Content-Type: text/csv, If-Match: *"}, "plain", "text/csv", 5, 2},
		{"a long file", "", []string{"PUT", "/me/drive/root:/f:/content", "-InputFilePath", large}, string(big), "application/octet-stream", int64(len(big)), 2},
		{"a long stdin", string(big), []string{"PUT", "/x", "-", "-ContentType", "application/zip"}, string(big), "application/zip", -1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.stdin = c.stdin
				tries, started := 0, time.Now()
				s.graph = func(r *http.Request) (*http.Response, error) {
					tries++
					data, _ := io.ReadAll(r.Body)
					r.Body.Close() // as a RoundTripper must
					if string(data) != c.body || r.ContentLength != c.length || r.Header.Get("Content-Type") != c.kind {
						t.Errorf("try %d sent %.40q… (%d bytes) as %s with the length %d", tries, data, len(data), r.Header.Get("Content-Type"), r.ContentLength)
					}
					if tries == 1 {
						return answers(r, 429, map[string]string{"Retry-After": "7"}, strings.NewReader(`{"error":{"code":"TooManyRequests","message":"Slow down."}}`)), nil
					}
					return answers(r, 204, nil, strings.NewReader("")), nil
				}
				stdout, stderr, status := s.request(c.args...)
				if want := map[int]int{1: 6, 2: 0}[c.tries]; tries != c.tries || status != want || stdout != "" {
					t.Errorf("%d tries, exit %d: %s%s", tries, status, stdout, stderr)
				}
				if took := time.Since(started); c.tries == 2 && (took < 7*time.Second || took > 8*time.Second) {
					t.Errorf("asked to wait 7 s, it waited %s", took)
				}
			})
		})
	}
}

// TestClaimsChallenge has Graph ask for more of the sign-in at the first request.
func TestClaimsChallenge(t *testing.T) {
	const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	app := []string{"request", "POST", "/users", "{}", "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient + ":env:S"}
	person := []string{"request", "POST", "/users", "{}", "-TenantId", sandbox.Tenant}
	for _, c := range []struct {
		name     string
		args     []string
		terminal bool
		always   bool // Graph is never content
		status   int
		tries    int
	}{
		{"an application gets a new token", app, false, false, 0, 2},
		{"a person signs in again", person, true, false, 0, 2},
		{"nobody is there", person, false, false, 4, 1},
		{"it asks again", app, false, true, 5, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.terminal, s.person, s.consent = c.terminal, "wilma@woodland.invalid", true
				var tokens []string
				s.graph = func(r *http.Request) (*http.Response, error) {
					tokens = append(tokens, r.Header.Get("Authorization"))
					if len(tokens) > 1 && !c.always {
						return answers(r, 201, nil, strings.NewReader(`{"id":"1"}`)), nil
					}
					challenge := `Bearer realm="", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
					return answers(r, 401, map[string]string{"WWW-Authenticate": challenge}, strings.NewReader(`{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation."}}`)), nil
				}
				stdout, stderr, status := s.enter(c.args...)
				if status != c.status || len(tokens) != c.tries || (status == 0) != (stdout == `{"id":"1"}`) {
					t.Fatalf("exit %d after %d requests: %s%s", status, len(tokens), stdout, stderr)
				}
				if c.tries == 1 {
					return
				}
				if tokens[0] == tokens[1] {
					t.Error("the second request had the token of the first")
				}
				form := s.entra.last("/token").Form
				if got := form.Get("claims"); !strings.Contains(got, `"c1"`) {
					t.Errorf("Entra was asked for the claims %q", got)
				}
			})
		})
	}
}

// TestChallengedSavedConnection asks the person again where the saved sign-in does not do,
// and saves what came of it.
func TestChallengedSavedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.person, s.consent, s.terminal = "wilma@woodland.invalid", true, true
		if _, stderr, status := s.enter("connect", "-TenantId", sandbox.Tenant); status != 0 {
			t.Fatal(stderr)
		}
		var tokens []string
		s.graph = func(r *http.Request) (*http.Response, error) {
			token := r.Header.Get("Authorization")
			if !slices.Contains(tokens, token) {
				tokens = append(tokens, token)
			}
			if len(tokens) > 1 {
				return answers(r, 200, nil, strings.NewReader(`{}`)), nil
			}
			challenge := `Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`
			return answers(r, 401, map[string]string{"WWW-Authenticate": challenge}, strings.NewReader(`{"error":{"code":"InvalidAuthenticationToken"}}`)), nil
		}
		s.entra.fails(fault{match: "/token", times: 2, status: 400, body: `{"error":"interaction_required","error_description":"AADSTS50076: More is needed.","error_codes":[50076]}`})
		s.terminal = false
		if _, stderr, status := s.enter("request", "/me"); status != 4 || len(tokens) != 1 {
			t.Errorf("nobody there: exit %d, %d tokens: %s", status, len(tokens), stderr)
		}
		s.terminal, s.person = true, "oskar@woodland.invalid"
		if _, stderr, status := s.enter("request", "/me"); status != 4 || len(tokens) != 1 || !strings.Contains(stderr, "The connection is wilma@woodland.invalid's, and oskar@woodland.invalid signed in.") {
			t.Errorf("as somebody else: exit %d, %d tokens: %s", status, len(tokens), stderr)
		}
		s.entra.fails(fault{match: "/token", times: 1, status: 400, body: `{"error":"interaction_required","error_description":"AADSTS50076: More is needed.","error_codes":[50076]}`})
		s.person = "wilma@woodland.invalid"
		if _, stderr, status := s.enter("request", "/me"); status != 0 || len(tokens) != 2 || !strings.Contains(stderr, "Sign in at this address") {
			t.Errorf("at a terminal: exit %d, %d tokens: %s", status, len(tokens), stderr)
		}
		if _, stderr, status := s.enter("request", "/me"); status != 0 || len(tokens) != 2 || stderr != "" {
			t.Errorf("after it: exit %d, %d tokens: %s", status, len(tokens), stderr)
		}
	})
}

func TestDownloads(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "photo.jpg")
	content := strings.Repeat("\xff\xd8 picture ", 100_000)
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.graph = func(r *http.Request) (*http.Response, error) {
			switch r.URL.Host {
			case "graph.microsoft.com":
				return answers(r, 302, map[string]string{"Location": "https://store.example/key"}, strings.NewReader("")), nil
			case "store.example":
				if r.Header.Get("Authorization") != "" {
					t.Error("the token was sent to the store")
				}
				return answers(r, 200, map[string]string{"Content-Type": "image/jpeg"}, strings.NewReader(content)), nil
			}
			return nil, errors.New("no such host")
		}
		stdout, stderr, status := s.request("/me/photo/$value", "-OutputFilePath", path)
		if data, err := os.ReadFile(path); status != 0 || stdout != "" || string(data) != content {
			t.Fatalf("exit %d, %d bytes, %v: %s%s", status, len(data), err, stdout, stderr)
		}
		// Broken off, refused, or with a page missing: what was there stays, and nothing else.
		for name, graph := range map[string]func(r *http.Request) (*http.Response, error){
			"broken off": func(r *http.Request) (*http.Response, error) {
				return answers(r, 200, nil, io.MultiReader(strings.NewReader("half"), failingReader{})), nil
			},
			"refused": func(r *http.Request) (*http.Response, error) {
				return answers(r, 404, nil, strings.NewReader(`{"error":{"code":"ResourceNotFound"}}`)), nil
			},
			"not reached": func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		} {
			s := newScene(t)
			s.graph = graph
			_, stderr, status := s.request("/me/photo/$value", "-OutputFilePath", path)
			if data, err := os.ReadFile(path); status == 0 || err != nil || string(data) != content {
				t.Errorf("%s: exit %d, %d bytes: %s", name, status, len(data), stderr)
			}
		}
	})
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left in the folder: %v", entries)
	}
}

// TestDownloadsInOddPlaces must neither replace a device nor a link.
func TestDownloadsInOddPlaces(t *testing.T) {
	dir := t.TempDir()
	link, behind := filepath.Join(dir, "link"), filepath.Join(dir, "behind")
	if err := os.WriteFile(behind, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Symlink(behind, link)
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Skip("left out: no symbolic links here")
	}
	for path, want := range map[string]int{link: 0, dir: 8, os.DevNull: 0} {
		if _, stderr, status := newScene(t).request("/users?$select=surname&$top=1", "-OutputFilePath", path); status != want {
			t.Errorf("%s: exit %d: %s", path, status, stderr)
		}
	}
	if data, _ := os.ReadFile(behind); !strings.Contains(string(data), "Birch") {
		t.Errorf("behind the link: %s", data)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestOutputFileThatCannotBe(t *testing.T) {
	s := newScene(t)
	_, stderr, status := s.request("/users", "-OutputFilePath", filepath.Join(t.TempDir(), "missing", "x"))
	if status != 8 || len(s.entra.requests("graph")) > 0 {
		t.Errorf("exit %d, sent %q: %s", status, s.entra.requests("graph"), stderr)
	}
}

// TestAllInConstantMemory reads 100 000 items and looks at the heap on the way.
func TestAllInConstantMemory(t *testing.T) {
	const items, perPage, bound = 100_000, 500, 4 << 20
	var before, now runtime.MemStats
	var most uint64
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := newScene(t)
	s.graph = func(r *http.Request) (*http.Response, error) {
		from := 0
		fmt.Sscan(r.URL.Query().Get("$skiptoken"), &from)
		page, w := io.Pipe()
		go func() {
			fmt.Fprintf(w, `{"@odata.context":"x","value":[`)
			for i := from; i < from+perPage; i++ {
				if i > from {
					io.WriteString(w, ",")
				}
				if i == from+perPage-1 { // the page is almost read
					runtime.GC()
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapAlloc)
				}
				fmt.Fprintf(w, "{\n \"id\":\"%08d\",\"displayName\":\"%s\"}", i, strings.Repeat("x", 300))
			}
			if from+perPage == items {
				io.WriteString(w, "]}")
			} else {
				fmt.Fprintf(w, `],"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=%d"}`, from+perPage)
			}
			w.Close()
		}()
		return answers(r, 200, nil, page), nil
	}
	lines := &lineCounter{}
	s.stdout = lines
	_, stderr, status := s.request("/users", "-All")
	if status != 0 || lines.n != items+2 {
		t.Fatalf("exit %d, %d lines: %s", status, lines.n, stderr)
	}
	t.Logf("%d items, %d bytes, %d kB of heap at most", items, lines.bytes, (most-before.HeapAlloc)/1000)
	if most > before.HeapAlloc+bound {
		t.Errorf("the heap grew by %d bytes", most-before.HeapAlloc)
	}
}

type lineCounter struct{ n, bytes int }

func (l *lineCounter) Write(p []byte) (int, error) {
	l.n += bytes.Count(p, []byte("\n"))
	l.bytes += len(p)
	return len(p), nil
}

// TestPagesThatGoWrong never closes the array, so that a script does not take it for whole.
func TestPagesThatGoWrong(t *testing.T) {
	first := func(next string) string { return `{"value":[{"id":1}],"@odata.nextLink":"` + next + `"}` }
	for _, c := range []struct {
		name, first, second string
		status              int
	}{
		{"a page of another host", first("https://evil.example/v1.0/users?2"), "", 5},
		{"a page without TLS", first("http://graph.microsoft.com/v1.0/users?2"), "", 5},
		{"no address", first("::"), "", 5},
		{"the same page again", first("https://graph.microsoft.com/v1.0/users"), "", 5},
		{"a second page cut off", first("https://graph.microsoft.com/v1.0/users?2"), `{"value":[{"id":2},`, 5},
		{"a second page that is none", first("https://graph.microsoft.com/v1.0/users?2"), `{"id":2}`, 5},
		{"HTML", "<html>", "", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.graph = func(r *http.Request) (*http.Response, error) {
					if r.URL.Host != "graph.microsoft.com" || r.URL.Scheme != "https" {
						t.Errorf("sent to %s", r.URL)
					}
					if r.URL.RawQuery == "" {
						return answers(r, 200, nil, strings.NewReader(c.first)), nil
					}
					return answers(r, 200, nil, strings.NewReader(c.second)), nil
				}
				stdout, stderr, status := s.request("/users", "-All")
				if status != c.status || strings.HasSuffix(stdout, "]\n") {
					t.Errorf("exit %d: %s%s", status, stdout, stderr)
				}
			})
		})
	}
}

func TestAnswersOnATerminal(t *testing.T) {
	for _, c := range []struct{ name, kind, body, stdout, stderr string }{
		{"JSON is laid out", "application/json", `{"a":[1,{"b":"c"}],"d":{}}`, "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n  \"d\": {}\n}\n", ""},
		{"nothing that a terminal obeys", "application/json", "{\"a\":\"\u009b2J\u202e\"}", "{\n  \"a\": \"\\u009b2J\\u202e\"\n}\n", ""},
		{"text", "text/csv", "a\tb\r\n\x1b]0;x\x07", "a\tb\\u000d\n\\u001b]0;x\\u0007\n", ""},
		{"a picture", "image/jpeg", "\xff\xd8", "", "WARNING: The answer, 2 bytes of image/jpeg, is not shown on a terminal: add -OutputFilePath FILE.\n"},
	} {
		s := newScene(t)
		s.screen = true
		s.graph = func(r *http.Request) (*http.Response, error) {
			return answers(r, 200, map[string]string{"Content-Type": c.kind}, strings.NewReader(c.body)), nil
		}
		if stdout, stderr, status := s.request("/x"); status != 0 || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("%s: exit %d\n%s%s", c.name, status, stdout, stderr)
		}
	}
	s := newScene(t)
	s.screen = true
	s.graph = func(r *http.Request) (*http.Response, error) {
		return answers(r, 200, nil, strings.NewReader("{\"value\":[\"\u009b2J\"]}")), nil
	}
	if stdout, _, _ := s.request("/x", "-All"); stdout != "[\n  \"\\u009b2J\"\n]\n" {
		t.Errorf("a page with a control character: %q", stdout)
	}
	s.graph = nil
	if stdout, _, _ := s.request("/users?$select=surname&$top=4", "-All"); !strings.HasPrefix(stdout, "[\n  {\n    \"surname\": \"Birch\"\n  },\n  {") || !strings.HasSuffix(stdout, "  }\n]\n") {
		t.Errorf("all pages: %s", stdout)
	}
}

// TestInterruptedDownload has a signal come in the middle.
func TestInterruptedDownload(t *testing.T) {
	dir := t.TempDir()
	ctx, interrupt := context.WithCancelCause(context.Background())
	s := newScene(t)
	con, world := s.system(io.Discard, io.Discard)
	world.internet = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "graph.microsoft.com" {
			return s.entra.RoundTrip(r)
		}
		body, w := io.Pipe()
		go func() {
			w.Write([]byte("half"))
			interrupt(failure.New("interrupted", "Interrupted."))
			<-r.Context().Done()
			w.CloseWithError(r.Context().Err())
		}()
		return answers(r, 200, nil, body), nil
	})
	status := run(ctx, con, world, []string{"request", "/x", "-OutputFilePath", filepath.Join(dir, "x"), "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient + ":env:S"})
	if entries, _ := os.ReadDir(dir); status != 130 || len(entries) > 0 {
		t.Errorf("exit %d, and %v is left", status, entries)
	}
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			terminal bool
			args     []string
			want     string
		}{
			{true, nil, "\r0 of 0 kB, 50 %{*}\r{*}\r"},
			{true, []string{"-ProgressAction", "SilentlyContinue"}, ""},
			{false, nil, ""},
		} {
			s := newScene(t)
			s.terminal = c.terminal
			s.graph = func(r *http.Request) (*http.Response, error) {
				resp := answers(r, 200, nil, io.MultiReader(strings.NewReader("1"), slowReader{}, strings.NewReader("2")))
				resp.ContentLength = 4
				return resp, nil
			}
			_, stderr, status := s.request(append([]string{"/x"}, c.args...)...)
			if want := strings.Split(c.want, "{*}"); status != 0 || !strings.HasPrefix(stderr, want[0]) || !strings.HasSuffix(stderr, want[len(want)-1]) || c.want == "" && stderr != "" {
				t.Errorf("terminal %v: %q", c.terminal, stderr)
			}
		}
	})
}

// TestPagesTellHowFar follows pages that take their time, and that Graph throttles: what
// comes of it on stderr, and when it is asked again.
func TestPagesTellHowFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		var asked []time.Duration
		started := time.Now()
		s.graph = func(r *http.Request) (*http.Response, error) {
			asked = append(asked, time.Since(started).Truncate(time.Second))
			switch len(asked) {
			case 1:
				return answers(r, 200, nil, strings.NewReader(`{"value":[1,2],"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=2"}`)), nil
			case 2:
				return answers(r, 429, map[string]string{"Retry-After": "9"}, strings.NewReader(`{}`)), nil
			case 3:
				return answers(r, 503, map[string]string{"Retry-After": "30"}, strings.NewReader("busy")), nil
			}
			return answers(r, 200, nil, strings.NewReader(`{"value":[3,4]}`)), nil
		}
		stdout, stderr, status := s.request("/users", "-All")
		if status != 0 || stdout != "[\n1,\n2,\n3,\n4\n]\n" || stderr != "3 items, 2 pages\n" || fmt.Sprint(asked) != "[0s 0s 9s 39s]" {
			t.Errorf("exit %d, asked at %v\n%s%s", status, asked, stdout, stderr)
		}
	})
}

// TestTokenStaysOffTheScreen asks for a pipe, or for -Show.
func TestTokenStaysOffTheScreen(t *testing.T) {
	s := newScene(t)
	s.screen = true
	app := []string{"token", "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient + ":env:S"}
	if stdout, stderr, status := s.enter(app...); status != 2 || stdout != "" || !strings.Contains(stderr, "pipe it into the program that needs it, or add -Show") || len(s.entra.requests("")) > 0 {
		t.Errorf("exit %d\n%s%s", status, stdout, stderr)
	}
	if stdout, stderr, status := s.enter(append(app, "-Show")...); status != 0 || !strings.HasPrefix(stdout, "eyJ") || stderr != "" {
		t.Errorf("-Show: exit %d\n%s%s", status, stdout, stderr)
	}
}

// slowReader takes a second for a byte.
type slowReader struct{}

func (slowReader) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	p[0] = 'x'
	return 1, io.EOF
}

// TestTokensOfOthersStayHere gives tokens that are not for this cloud's Graph.
func TestTokensOfOthersStayHere(t *testing.T) {
	for aud, status := range map[string]int{
		"https://graph.microsoft.com": 0, "https://graph.microsoft.com/": 0, claims.GraphAppID: 0, "": 0,
		"https://graph.microsoft.us": 2, "https://dod-graph.microsoft.us/": 2, "https://vault.azure.net": 2, "https://graph.microsoft.com.evil.example": 2,
	} {
		s := newScene(t)
		s.env["T"] = practiceToken(fmt.Sprintf(`{"aud":%q,"padding":%q}`, aud, strings.Repeat("x", 90)))
		sent := 0
		s.graph = func(r *http.Request) (*http.Response, error) {
			sent++
			return answers(r, 200, nil, strings.NewReader("{}")), nil
		}
		_, stderr, got := s.enter("request", "/me", "-AccessToken", "env:T")
		if got != status || sent != map[int]int{0: 1, 2: 0}[status] {
			t.Errorf("%q: exit %d, %d sent: %s", aud, got, sent, stderr)
		}
	}
}

// TestTokenForResource asks for one token only, and for that API.
func TestTokenForResource(t *testing.T) {
	s := newScene(t)
	s.enter("token", "-Resource", "https://vault.azure.net", "-TenantId", sandbox.Tenant, "-ClientSecretCredential", testClient+":env:S")
	if n := len(s.entra.requests("/token")); n != 1 {
		t.Errorf("%d requests", n)
	}
	if scope := s.entra.last("/token").Form.Get("scope"); !slices.Contains(strings.Fields(scope), "https://vault.azure.net/.default") {
		t.Errorf("asked for %q", scope)
	}
}

func TestHeaders(t *testing.T) {
	for typed, want := range map[string]string{
		"":                             "[]",
		"ConsistencyLevel: eventual":   "[{ConsistencyLevel eventual}]",
		"A:1,B: 2":                     "[{A 1} {B 2}]",
		"Prefer: a=1, b=\"x:y\", C: d": `[{Prefer a=1, b="x:y"} {C d}]`,
		"If-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT": "[{If-Modified-Since Wed, 21 Oct 2015 07:28:00 GMT}]",
		`{"Prefer":"a, B: c"}`:                             "[{Prefer a, B: c}]",
	} {
		if got, err := readHeaders(typed); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"eventual", "host: x", "AUTHORIZATION: x", "A: b\r\nc: d", `{"a b":"c"}`, `{"a":1}`, `{"a":"b\nc"}`, "{"} {
		if got, err := readHeaders(typed); err == nil {
			t.Errorf("%q was read as %v", typed, got)
		}
	}
}

func TestPermissionFor(t *testing.T) {
	for line, want := range map[string]string{
		"GET /v1.0/me": "User.Read", "GET /v1.0/users": "User.Read.All", "PATCH /beta/users/x": "User.ReadWrite.All", "GET /v1.0/users/x/messages": "Mail.Read",
		"POST /v1.0/me/sendMail": "Mail.Send", "GET /v1.0/Groups/x/members": "Group.Read.All", "GET /v1.0/unknown": "", "GET /v1.0": "", "GET /": "",
	} {
		method, path, _ := strings.Cut(line, " ")
		if got := permissionFor(method, path); got != want {
			t.Errorf("%s: %q, not %q", line, got, want)
		}
	}
	if !slices.IsSortedFunc(leastPermissions, func(a, b struct{ word, read, write string }) int { return strings.Compare(a.word, b.word) }) {
		t.Error("the table is not sorted")
	}
}
