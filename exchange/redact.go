// The redactor. What may be shown is listed; all else is hidden, and a value that was
// hidden once is found again wherever a server echoes it.

package exchange

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"connect-entra/failure"
)

// shownFields are the fields of forms, queries and answers whose values may be seen,
// sorted. Not message: a device code's holds the code.
var shownFields = []string{
	"api-version", "authorization_endpoint", "claims", "client_assertion_type", "client_id",
	"correlation_id", "correlationid", "error", "error.code", "error.innererror.client-request-id",
	"error.innererror.date", "error.innererror.request-id", "error.message", "error_codes", "error_description",
	"error_uri", "expires_in", "expires_on", "ext_expires_in", "foci", "grant_type", "interval", "issuer", "not_before",
	"redirect_uri", "refresh_in", "resource", "scope", "statuscode", "suberror", "timestamp", "token_endpoint",
	"token_type", "trace_id", "verification_uri",
}

// shownHeaders is the same for headers.
var shownHeaders = []string{
	"accept", "accept-encoding", "cache-control", "client-request-id", "connection", "content-encoding",
	"content-length", "content-type", "date", "expires", "location", "metadata", "pragma", "request-id", "retry-after",
	"return-client-request-id", "server", "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via",
	"www-authenticate", "x-client-cpu", "x-client-os", "x-client-sku", "x-client-ver", "x-content-type-options",
	"x-ms-client-request-id", "x-ms-ests-server", "x-ms-request-id",
}

// isShown says whether a field's value may be seen; Graph's own query options may ($filter).
func isShown(name string, shown []string) bool {
	return slices.Contains(shown, strings.ToLower(name)) || strings.HasPrefix(name, "$")
}

// hidden8 stands for a value that is not shown.
func hidden8(value string) string {
	sum := sha256.Sum256([]byte(value))
	return fmt.Sprintf("(%d characters, SHA-256 %x…)", utf8.RuneCountInString(value), sum[:4])
}

// window is the shortest part of a secret that is hidden in other text.
const window = 12

// Redactor knows the secrets that passed. Its zero value knows none; several goroutines
// may use it at once.
type Redactor struct {
	mu      sync.Mutex
	secrets []string
	known   map[string]bool // windows of all their spellings, made when first needed
	short   []string        // spellings of those shorter than a window
}

// Show makes foreign text fit to be shown: Scrub, and failure.Clean.
func (r *Redactor) Show(text string) string { return failure.Clean(r.Scrub(text)) }

// learn takes the secrets of one try: every value that may not be shown.
func (r *Redactor) learn(t Try) {
	for _, source := range []url.Values{t.Form, t.Request.URL.Query()} {
		for name, values := range source {
			if !isShown(name, shownFields) {
				r.Learn(values...)
			}
		}
	}
	for _, name := range []string{"Authorization", "X-Identity-Header", "Secret", "Cookie"} {
		_, credential, _ := strings.Cut(t.Request.Header.Get(name), " ")
		r.Learn(t.Request.Header.Get(name), credential)
	}
	var answered map[string]json.RawMessage
	if json.Unmarshal(t.Body, &answered) != nil {
		return
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token", "device_code"} {
		var token string
		if json.Unmarshal(answered[name], &token) == nil {
			r.Learn(token)
		}
	}
}

// Learn takes note of secrets; one of fewer than four bytes would hide half of any text and
// is left out.
func (r *Redactor) Learn(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) >= 4 && !slices.Contains(r.secrets, secret) {
			r.secrets = append(r.secrets, secret)
			r.known = nil
		}
	}
}

// Scrub hides in text every part of a known secret, however it is spelled. Text beyond
// what anyone is shown, 16 kB, is cut off first.
func (r *Redactor) Scrub(text string) string {
	const most = 16 << 10
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.prepare()
	}
	for _, spelling := range r.short {
		text = strings.ReplaceAll(text, spelling, "(hidden)")
	}
	var b strings.Builder
	start := 0 // of what is still to be written
	for i := 0; i+window <= len(text); {
		if !r.known[text[i:i+window]] {
			i++
			continue
		}
		end := i + window
		for end < len(text) && r.known[text[end-window+1:end+1]] {
			end++
		}
		b.WriteString(text[start:i])
		b.WriteString("(hidden)")
		start, i = end, end
	}
	b.WriteString(text[start:])
	return b.String()
}

func (r *Redactor) prepare() {
	r.known, r.short = map[string]bool{}, nil
	for _, secret := range r.secrets {
		for _, spelling := range spellings(secret) {
			if len(secret) < window && len(spelling) >= 4 {
				r.short = append(r.short, spelling)
			}
			for i := 0; i+window <= len(spelling); i++ {
				r.known[spelling[i:i+window]] = true
			}
		}
	}
}

// spellings are the ways in which a text may come back.
func spellings(s string) []string {
	quoted, _ := json.Marshal(s) // a string always marshals
	escaped := url.QueryEscape(s)
	reversed := []byte(s)
	slices.Reverse(reversed)
	list := []string{
		s, escaped, url.PathEscape(s), lowerEscapes(escaped), strings.Trim(string(quoted), `"`), string(reversed),
		hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))),
	}
	for skip := range min(3, len(s)) { // base64 of a text that holds it, at each of three places
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			list = append(list, encoding.EncodeToString([]byte(s[skip:])))
		}
	}
	return list
}

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}
