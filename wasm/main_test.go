package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// testSite has the real page around a program that is none: building it is for CI.
func testSite(t *testing.T) site {
	t.Helper()
	s, err := newSite([]byte("\x00asm"), []byte("// glue"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServe(t *testing.T) {
	server := httptest.NewServer(testSite(t))
	defer server.Close()
	for _, c := range []struct {
		method, path, host string
		status             int
		mime               string
	}{
		{"GET", "/", "", 200, "text/html; charset=utf-8"},
		{"GET", "/index.html", "", 200, "text/html; charset=utf-8"},
		{"HEAD", "/page.css", "", 200, "text/css; charset=utf-8"},
		{"GET", "/page.js", "localhost", 200, "text/javascript; charset=utf-8"},
		{"GET", "/icon.svg", "[::1]:80", 200, "image/svg+xml"},
		{"GET", "/connect-entra.wasm", "127.0.0.1:8080", 200, "application/wasm"},
		{"GET", "/main.go", "", 404, ""},
		{"GET", "/../main.go", "", 404, ""},
		{"GET", "/page/index.html", "", 404, ""},
		{"POST", "/", "", 405, ""},
		{"GET", "/", "evil.example", 421, ""},
		{"GET", "/", "evil.example:8080", 421, ""},
		{"GET", "/", "localhost:80;x", 421, ""},
		{"GET", "/", "localhost.evil.example", 421, ""},
	} {
		request, _ := http.NewRequest(c.method, server.URL, nil)
		request.URL.Path = c.path
		request.Host = c.host
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.status || c.mime != "" && response.Header.Get("Content-Type") != c.mime {
			t.Errorf("%s %s at %q: %d %s", c.method, c.path, c.host, response.StatusCode, response.Header.Get("Content-Type"))
		}
		if c.status == 200 && (response.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(response.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")) {
			t.Errorf("%s has headers %v", c.path, response.Header)
		}
	}
}

func TestPolicy(t *testing.T) {
	server := httptest.NewServer(testSite(t))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	want := []string{
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"style-src 'self'",
		"img-src 'self'",
		"connect-src " + server.URL + "/connect-entra.wasm " + strings.Join(graphEndpoints(t), " "),
		"base-uri 'none'",
		"form-action 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
		"frame-ancestors 'none'",
	}
	if got := strings.Split(response.Header.Get("Content-Security-Policy"), "; "); !slices.Equal(got, want) {
		t.Errorf("the policy is\n%s\nand should be\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// graphEndpoints reads the root package's table of clouds: Global first, the others in
// its order, without the practice cloud, which is nowhere.
func graphEndpoints(t *testing.T) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../environments.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var endpoints []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "GraphEndpoint" {
				if literal, ok := pair.Value.(*ast.BasicLit); ok {
					endpoint, _ := strconv.Unquote(literal.Value)
					endpoints = append(endpoints, endpoint)
				}
			}
		}
		return true
	})
	endpoints = slices.DeleteFunc(endpoints, func(e string) bool { return strings.HasSuffix(e, ".invalid") })
	html, err := page.ReadFile("page/index.html")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := policyOf(html)
	if err != nil {
		t.Fatal(err)
	}
	// The order within the policy is the page's own; only the set must agree.
	_, sources, _ := strings.Cut(policy, "connect-src 'self' ")
	sources, _, _ = strings.Cut(sources, ";")
	listed := strings.Fields(sources)
	if !slices.Equal(slices.Sorted(slices.Values(listed)), slices.Sorted(slices.Values(endpoints))) {
		t.Errorf("the policy allows %v, the clouds' Graphs are %v", listed, endpoints)
	}
	return listed
}

func TestGzipAndETag(t *testing.T) {
	s := testSite(t)
	get := func(headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://localhost/page.css", nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	plain, zipped := get(), get("Accept-Encoding", "gzip, br")
	css, _ := page.ReadFile("page/page.css")
	if !bytes.Equal(plain.Body.Bytes(), css) || zipped.Header().Get("Content-Encoding") != "gzip" || !bytes.Equal(unzip(t, zipped.Body.Bytes()), css) {
		t.Error("page.css did not come as it is")
	}
	if plain.Header().Get("ETag") == zipped.Header().Get("ETag") {
		t.Error("the two encodings share an ETag")
	}
	if again := get("If-None-Match", plain.Header().Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
		t.Errorf("an unchanged file came again: %d", again.Code)
	}
}

func unzip(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWrite(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "site")
	s := testSite(t)
	for range 2 { // the second time over the first
		if err := s.write(folder); err != nil {
			t.Fatal(err)
		}
	}
	html, err := os.ReadFile(filepath.Join(folder, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	hosting, err := os.ReadFile(filepath.Join(folder, "HOSTING.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.files {
		data, err := os.ReadFile(filepath.Join(folder, f.name))
		if err != nil {
			t.Fatal(err)
		}
		small, err := os.ReadFile(filepath.Join(folder, f.name+".gz"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(unzip(t, small), data) {
			t.Errorf("%s.gz is another file", f.name)
		}
		if !bytes.Contains(hosting, []byte(f.integrity)) || types[filepath.Ext(f.name)] == "" {
			t.Errorf("HOSTING.txt does not tell %s", f.name)
		}
		if f.name != "index.html" && f.name != "icon.svg" && !bytes.Contains(html, []byte(`"`+f.name+`" integrity="`+f.integrity)) &&
			!bytes.Contains(html, []byte(`"`+f.name+`" data-integrity="`+f.integrity)) {
			t.Errorf("index.html does not hold the hash of %s", f.name)
		}
	}
	if rules, err := os.ReadFile(filepath.Join(folder, "_headers")); err != nil || !bytes.Contains(rules, []byte("frame-ancestors 'none'")) {
		t.Errorf("_headers: %v\n%s", err, rules)
	}
}

func TestPageIsSelfContained(t *testing.T) {
	for _, f := range testSite(t).files {
		text := string(f.data)
		if f.name == "index.html" {
			text = policyTag.ReplaceAllString(text, "")
			if strings.Contains(text, " style=") || strings.Contains(text, " on") && strings.Contains(text, `="javascript`) || strings.Count(text, "<script") != strings.Count(text, "></script>") {
				t.Error("index.html has a script or a style of its own, which its policy refuses")
			}
		}
		text = strings.ReplaceAll(text, "http://www.w3.org/2000/svg", "") // a name, not an address
		for _, scheme := range []string{"http://", "https://", "//cdn", "url("} {
			for line := range strings.Lines(text) {
				if strings.Contains(line, scheme) && !strings.Contains(line, "`https://${") && !strings.Contains(line, `"https://"`) && !strings.Contains(line, "sandbox.invalid") {
					t.Errorf("%s: %s", f.name, line)
				}
			}
		}
	}
}

func TestListen(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":8080", "example.com:80", "192.0.2.1:80", "localhost"} {
		if l, err := listen(address); err == nil {
			l.Close()
			t.Errorf("it listens at %s", address)
		}
	}
	taken, err := listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if l, err := listen(taken.Addr().String()); err == nil {
		l.Close()
		t.Error("an address that was typed was not kept to")
	}
	if !answers(taken.Addr().String()) {
		t.Error("a port that is taken counts as free")
	}
	first, err := listen(defaultAddress)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := listen(defaultAddress)
	if err != nil {
		t.Fatal("no next free port: ", err)
	}
	defer second.Close()
	if first.Addr().String() == second.Addr().String() {
		t.Error("both listen at ", first.Addr())
	}
}

func TestServeEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, testSite(t)) }()
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on after the signal")
	}
}
