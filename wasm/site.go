// The site: its files with their types and hashes, as an http.Handler and as a folder.

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

//go:embed page
var page embed.FS

const (
	wasmName = "connect-entra.wasm"
	glueName = "wasm_exec.js"
)

// types are those that browsers insist on: a script or a wasm of another one is refused.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".wasm": "application/wasm",
}

// headers go with every file. The policy comes beside them: it names the origin.
var headers = [][2]string{
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	{"Cache-Control", "no-cache"},
}

// site is all that is served.
type site struct {
	policy string // Content-Security-Policy, as index.html has it
	files  []file // index.html first, then by name
}

type file struct {
	name      string
	data      []byte
	gzip      []byte
	integrity string // sha384-…, as HTML has it
}

// newSite puts the page, the program and its glue together. index.html gets the hashes
// of all that it loads.
func newSite(wasm, glue []byte) (site, error) {
	s := site{files: []file{{name: "index.html"}}}
	entries, err := page.ReadDir("page")
	if err != nil {
		return site{}, err
	}
	var html []byte
	for _, entry := range entries {
		data, err := page.ReadFile("page/" + entry.Name())
		if err != nil {
			return site{}, err
		}
		if entry.Name() == "index.html" {
			html = data
		} else {
			s.files = append(s.files, newFile(entry.Name(), data))
		}
	}
	s.files = append(s.files, newFile(glueName, glue), newFile(wasmName, wasm))
	if s.policy, err = policyOf(html); err != nil {
		return site{}, err
	}
	s.files[0] = newFile("index.html", s.addIntegrity(html))
	return s, nil
}

func newFile(name string, data []byte) file {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	w.Write(data)                                         // a Buffer takes everything
	w.Close()
	sum := sha512.Sum384(data)
	return file{name, data, b.Bytes(), "sha384-" + base64.StdEncoding.EncodeToString(sum[:])}
}

var policyTag = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]+)">`)

// policyOf finds the page's own policy, so that it is written down once.
func policyOf(html []byte) (string, error) {
	found := policyTag.FindSubmatch(html)
	if found == nil {
		return "", errors.New("index.html has no Content-Security-Policy")
	}
	return string(found[1]), nil
}

var loading = regexp.MustCompile(`(?:src|href)="([a-z_-]+\.(?:js|css|wasm))"`)

func (s site) addIntegrity(html []byte) []byte {
	return loading.ReplaceAllFunc(html, func(attribute []byte) []byte {
		f, ok := s.find(string(loading.FindSubmatch(attribute)[1]))
		switch {
		case !ok:
			return attribute
		case f.name == wasmName: // browsers check no preload of this kind: engine.js has it checked
			return fmt.Appendf(nil, `%s data-integrity="%s"`, attribute, f.integrity)
		}
		return fmt.Appendf(nil, `%s integrity="%s"`, attribute, f.integrity)
	})
}

func (s site) find(name string) (file, bool) {
	for _, f := range s.files {
		if f.name == name {
			return f, true
		}
	}
	return file{}, false
}

// ServeHTTP serves the site to this machine. A name that is not this machine's may be
// somebody else's page in disguise (DNS rebinding).
func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin, ok := loopbackOrigin(r.Host)
	if !ok {
		http.Error(w, "this page is served to this machine only", http.StatusMisdirectedRequest)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	f, ok := s.find(name)
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	for _, header := range headers {
		h.Set(header[0], header[1])
	}
	h.Set("Content-Security-Policy", s.policyFor(origin))
	h.Set("Content-Type", types[path.Ext(f.name)])
	h.Set("Vary", "Accept-Encoding")
	data, tag := f.data, strconv.Quote(f.integrity)
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		data, tag = f.gzip, strconv.Quote(f.integrity+"-gzip")
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method == http.MethodGet {
		w.Write(data)
	}
}

// policyFor is the page's policy, where the origin is known: of it, the page may fetch
// the program and nothing else. frame-ancestors works in a header only.
func (s site) policyFor(origin string) string {
	return strings.Replace(s.policy, "connect-src 'self'", "connect-src "+origin+"/"+wasmName, 1) + "; frame-ancestors 'none'"
}

func loopbackOrigin(hostport string) (string, bool) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = hostport, ""
	}
	if _, err := strconv.ParseUint(port, 10, 16); port != "" && err != nil || !isLoopback(host) {
		return "", false
	}
	return "http://" + hostport, true
}

// write writes the site into a folder.
func (s site) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	extra := []file{{name: "HOSTING.txt", data: s.hosting()}, {name: "_headers", data: s.headersFile()}}
	for _, f := range append(extra, s.files...) {
		if err := os.WriteFile(filepath.Join(folder, f.name), f.data, 0o644); err != nil {
			return err
		}
		if f.gzip == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, f.name+".gz"), f.gzip, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// hosting says to whoever puts the files on a host what it should send.
func (s site) hosting() []byte {
	var b bytes.Buffer
	b.WriteString("These files are the whole page. Put them on any static host, under any path, over HTTPS.\n" +
		"They load nothing from elsewhere.\n\n" +
		"Send each with this type, and FILE.gz with Content-Encoding: gzip to whoever takes it.\n" +
		"A wasm of another type is not run. index.html holds the hashes of all that it loads.\n\n")
	for _, f := range s.files {
		fmt.Fprintf(&b, "%-19s %-26s %8d bytes, %7d as gzip\n%19s %s\n", f.name, types[path.Ext(f.name)], len(f.data), len(f.gzip), "", f.integrity)
	}
	b.WriteString("\nSend with each of them (the file _headers says so to hosts that read it):\n\n")
	for _, header := range s.hostHeaders() {
		fmt.Fprintf(&b, "%s: %s\n", header[0], header[1])
	}
	return b.Bytes()
}

// hostHeaders are the headers for another host, whose origin is not known here.
func (s site) hostHeaders() [][2]string {
	return append([][2]string{{"Content-Security-Policy", s.policy + "; frame-ancestors 'none'"}}, headers...)
}

// headersFile is in the format of Netlify and Cloudflare Pages.
func (s site) headersFile() []byte {
	var b bytes.Buffer
	b.WriteString("/*\n")
	for _, header := range s.hostHeaders() {
		fmt.Fprintf(&b, "  %s: %s\n", header[0], header[1])
	}
	fmt.Fprintf(&b, "/%s\n  Content-Type: %s\n", wasmName, types[".wasm"])
	return b.Bytes()
}
