// Package exchange tells what happened between this program and a server, and is the only
// place that decides what of it may be seen.
//
// A Recorder is told of every try of a request and writes what -Verbose and -Debug ask
// for. Its Redactor learns the secrets that pass. Wherever one comes up again, even where a
// server echoes it, only its length and eight digits of its SHA-256 are shown, so that two
// can be compared. The package knows neither how a request is sent nor who prints.
package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Recorder tells of the tries of one client's requests. The zero Recorder writes nothing
// and still learns the secrets.
type Recorder struct {
	// Verbose writes a line for each try, Debug all that may be seen of it; nil: not asked
	// for. They may be called from several goroutines at once.
	Verbose, Debug func(format string, args ...any)
	Redactor
}

// Try is one try of a request, and what came of it.
type Try struct {
	Request  *http.Request  // as it was sent; its body is not read
	Form     url.Values     // the request's body, if that is a form
	Via      []string       // what of the environment stands in between, a line each
	Response *http.Response // nil: none came
	Body     []byte         // of the response; nil: it is streamed, or broke off
	Reason   string         // why no response came or its body broke off, in words; "": neither
	Number   int            // from 1
	Took     time.Duration  // until the response was read, or its head if Body is streamed
}

// Record tells of a try, and takes note of the secrets in it first.
func (r *Recorder) Record(t Try) {
	r.learn(t)
	if r.Verbose != nil {
		r.Verbose("%s", r.line(t))
	}
	if r.Debug == nil {
		return
	}
	for _, text := range t.Via {
		r.Debug("%s", text)
	}
	r.Debug("> %s %s", t.Request.Method, r.address(t.Request.URL))
	r.fields("> ", headerFields(t.Request.Header), shownHeaders)
	r.fields(">   ", formFields(t.Form), shownFields)
	if t.Response == nil {
		r.Debug("< no answer: %s", t.Reason)
		return
	}
	r.Debug("< %d %s", t.Response.StatusCode, http.StatusText(t.Response.StatusCode))
	r.fields("< ", headerFields(t.Response.Header), shownHeaders)
	r.body(t)
}

// line is a try in one line: method, where, status, size, time, which try.
func (r *Recorder) line(t Try) string {
	where := t.Request.Method + " " + r.Show(t.Request.URL.Host+t.Request.URL.EscapedPath())
	result := "no answer (" + t.Reason + ")"
	switch {
	case t.Response != nil && t.Body == nil:
		result = fmt.Sprintf("%d, streaming", t.Response.StatusCode)
	case t.Response != nil:
		result = fmt.Sprintf("%d, %d bytes", t.Response.StatusCode, len(t.Body))
	}
	return fmt.Sprintf("%s: %s in %d ms, try %d", where, result, t.Took.Milliseconds(), t.Number)
}

// body shows an answer's JSON, key by key. What is no JSON is not shown: a token answer
// that was cut off is none either.
func (r *Recorder) body(t Try) {
	var value any
	d := json.NewDecoder(bytes.NewReader(t.Body))
	d.UseNumber()
	switch {
	case t.Body == nil:
		r.Debug("<   (the answer is streamed)")
	case len(t.Body) == 0:
		r.Debug("<   (empty)")
	case d.Decode(&value) == nil && !d.More():
		fields := map[string]string{}
		flatten(fields, "", value)
		r.fields("<   ", fields, shownFields)
	default:
		r.Debug("<   %s of no JSON%s", hidden8(string(t.Body)), r.title(t.Body))
	}
}

// title is what an HTML page, of a proxy most likely, calls itself.
func (r *Recorder) title(page []byte) string {
	_, rest, ok := strings.Cut(string(page), "<title>")
	title, _, end := strings.Cut(rest, "</title>")
	if !ok || !end || len(title) > 200 {
		return ""
	}
	return ", a page with the title " + r.Show(strings.TrimSpace(title))
}

// fields writes names and values: those of shown as they are, any other redacted.
func (r *Recorder) fields(prefix string, fields map[string]string, shown []string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := hidden8(fields[name])
		if isShown(name, shown) {
			value = r.Show(fields[name])
		}
		r.Debug("%s%s: %s", prefix, r.Show(name), value)
	}
}

// address is a URL with its query's values redacted.
func (r *Recorder) address(u *url.URL) string {
	text := u.Scheme + "://" + r.Show(u.Host+u.EscapedPath())
	separator := "?"
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := hidden8(strings.Join(query[name], ", "))
		if isShown(name, shownFields) {
			value = r.Show(strings.Join(query[name], ", "))
		}
		text += separator + r.Show(name) + "=" + value
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
