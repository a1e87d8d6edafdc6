//go:build !js

// -Verbose and -Debug: the exchange with a server as a person reads it. Every value
// passes the one redactor: a secret is never shown but as its length and eight digits
// of its SHA-256, by which two may be compared.

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
)

// tracer writes what was asked for: a nil function is a level that was not.
type tracer struct {
	verbose, debug func(format string, args ...any)
	redactor
}

// newTracer takes the levels that -Verbose and -Debug ask for; -Debug shows both.
func newTracer(sys *system) tracer {
	verbose, debug := sys.verbose, sys.debug
	if !sys.prefer.debug {
		debug = nil
	}
	if !sys.prefer.verbose && !sys.prefer.debug {
		verbose = nil
	}
	return tracer{verbose: verbose, debug: debug}
}

// exchange tells of one try, and takes note of the secrets in it.
func (t *tracer) exchange(next http.RoundTripper, r *http.Request, form url.Values, a *answer, err error, try int, took time.Duration) {
	t.learn(r, form, a)
	if t.verbose != nil {
		t.verbose("%s", t.line(r, a, err, try, took))
	}
	if t.debug == nil {
		return
	}
	t.route(next, r)
	t.debug("> %s %s", r.Method, t.address(r.URL))
	t.fields("> ", headerFields(r.Header), shownHeaders)
	t.fields(">   ", formFields(form), shownFields)
	if a == nil {
		t.debug("< no answer: %s", networkReason(err))
		return
	}
	t.debug("< %d %s", a.StatusCode, http.StatusText(a.StatusCode))
	t.fields("< ", headerFields(a.Header), shownHeaders)
	t.body(a)
}

// route tells what of the environment stands between here and the server.
func (t *tracer) route(next http.RoundTripper, r *http.Request) {
	transport, ok := next.(*http.Transport)
	if !ok || transport.Proxy == nil {
		return
	}
	if proxy, err := transport.Proxy(r); err == nil && proxy != nil {
		t.debug("through the proxy %s", failure.Clean(proxy.Scheme+"://"+proxy.Host))
	}
	for _, name := range certificateVariables {
		if value := os.Getenv(name); value != "" && !ownsTrust(runtime.GOOS) {
			t.debug("trusting the authorities of %s: %s", name, failure.Clean(value))
		}
	}
}

// line is the exchange in one line: method, where, status, time, size, which try.
func (t *tracer) line(r *http.Request, a *answer, err error, try int, took time.Duration) string {
	where := r.Method + " " + t.show(r.URL.Host+r.URL.EscapedPath())
	result := "no answer"
	switch {
	case a != nil && a.body == nil:
		result = fmt.Sprintf("%d, streaming", a.StatusCode)
	case a != nil:
		result = fmt.Sprintf("%d, %d bytes", a.StatusCode, len(a.body))
	case err != nil:
		result += " (" + networkReason(err) + ")"
	}
	return fmt.Sprintf("%s: %s in %d ms, try %d", where, result, took.Milliseconds(), try)
}

// body shows an answer's JSON, key by key. What is no JSON is not shown: a token answer
// that was cut off is none either.
func (t *tracer) body(a *answer) {
	var value any
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	switch {
	case a.body == nil:
		t.debug("<   (the answer is streamed)")
	case len(a.body) == 0:
		t.debug("<   (empty)")
	case d.Decode(&value) == nil && !d.More():
		fields := map[string]string{}
		flatten(fields, "", value)
		t.fields("<   ", fields, shownFields)
	default:
		t.debug("<   %s of no JSON%s", hidden8(string(a.body)), t.title(a.body))
	}
}

// title is what an HTML page, of a proxy most likely, calls itself.
func (t *tracer) title(page []byte) string {
	_, rest, ok := strings.Cut(string(page), "<title>")
	title, _, end := strings.Cut(rest, "</title>")
	if !ok || !end || len(title) > 200 {
		return ""
	}
	return ", a page with the title " + t.show(strings.TrimSpace(title))
}

// fields writes names and values: those of shown as they are, any other redacted.
func (t *tracer) fields(prefix string, fields map[string]string, shown []string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := hidden8(fields[name])
		if isShown(name, shown) {
			value = t.show(fields[name])
		}
		t.debug("%s%s: %s", prefix, t.show(name), value)
	}
}

// address is a URL with its query's values redacted.
func (t *tracer) address(u *url.URL) string {
	text := u.Scheme + "://" + t.show(u.Host+u.EscapedPath())
	separator := "?"
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := hidden8(strings.Join(query[name], ", "))
		if isShown(name, shownFields) {
			value = t.show(strings.Join(query[name], ", "))
		}
		text += separator + t.show(name) + "=" + value
		separator = "&"
	}
	return text
}

func headerFields(h http.Header) map[string]string {
	fields := map[string]string{}
	for name, values := range h {
		fields[name] = strings.Join(values, ", ")
		if u, err := url.Parse(h.Get(name)); name == "Location" && err == nil {
			fields[name] = u.Scheme + "://" + u.Host + u.EscapedPath()
		}
	}
	return fields
}

func formFields(form url.Values) map[string]string {
	fields := map[string]string{}
	for name, values := range form {
		fields[name] = strings.Join(values, ", ")
	}
	return fields
}

// flatten gives every leaf of a JSON value the path to it: error.code.
func flatten(into map[string]string, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			flatten(into, strings.TrimPrefix(path+"."+key, "."), inner)
		}
	case []any:
		var items []string
		for _, inner := range v {
			items = append(items, fmt.Sprint(inner))
		}
		into[path] = strings.Join(items, ", ")
	default:
		into[path] = fmt.Sprint(v)
	}
}
