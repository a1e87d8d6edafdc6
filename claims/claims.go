// Package claims reads tokens for showing: what a JWT says of itself, and what its claims
// and permissions mean in plain words.
//
// Decode takes a token apart, and is the only reader of JWTs; IDToken does the same for the
// id_token of a sign-in, more strictly, as it is relied on; Read tells a person what a token
// is for, whose it is and what it may do. Nothing here checks a signature: only the API that a
// token is for can. All that a token says is foreign text; a Reading has been made
// printable, Claims have not.
package claims

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Claims are what a JWT says. All of it is foreign text. What it does not say is empty;
// the three times are zero then, or where they make no sense.
// Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
type Claims struct {
	Audience  string    // aud
	Issuer    string    // iss
	AppID     string    // appid, else azp
	AppName   string    // app_displayname
	TenantID  string    // tid
	ObjectID  string    // oid
	Account   string    // upn, else preferred_username, else unique_name
	Name      string    // name
	Scopes    []string  // delegated: scp
	Roles     []string  // app-only: roles
	AppOnly   bool      // idtyp is app, or there are roles and no scp
	IssuedAt  time.Time // iat
	NotBefore time.Time // nbf
	ExpiresOn time.Time // exp

	Header map[string]any // the JOSE header, as All
	All    map[string]any // every claim as encoding/json decodes it, numbers as json.Number; nil where nothing was decoded
}

// Decode reads header and payload of a JWT (RFC 7519); its signature may be missing or
// blotted out. ok is false when it is none: an opaque token is not an error.
func Decode(token string) (c Claims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, false
	}
	var badHeader, badClaims error
	c.Header, badHeader = decodePart(parts[0])
	c.All, badClaims = decodePart(parts[1])
	if badHeader != nil || badClaims != nil {
		return Claims{}, false
	}
	c.Audience = c.Text("aud")
	c.Issuer = c.Text("iss")
	c.AppID = cmp.Or(c.Text("appid"), c.Text("azp"))
	c.AppName = c.Text("app_displayname")
	c.TenantID = c.Text("tid")
	c.ObjectID = c.Text("oid")
	c.Account = cmp.Or(c.Text("upn"), c.Text("preferred_username"), c.Text("unique_name"))
	c.Name = c.Text("name")
	c.Scopes = strings.Fields(c.Text("scp"))
	c.Roles = c.texts("roles")
	c.AppOnly = c.Text("idtyp") == "app" || c.Text("idtyp") == "" && len(c.Scopes) == 0 && len(c.Roles) > 0
	c.IssuedAt, c.NotBefore, c.ExpiresOn = c.time("iat"), c.time("nbf"), c.time("exp")
	return c, true
}

// decodePart decodes one part of a JWT: base64url without padding (RFC 7515 §2).
func decodePart(part string) (map[string]any, error) {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return nil, err
	}
	if !json.Valid(data) {
		return nil, errors.New("not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	value, err := decodeOnce(decoder)
	object, ok := value.(map[string]any)
	if err == nil && !ok {
		err = errors.New("no JSON object")
	}
	return object, err
}

// decodeOnce decodes valid JSON and refuses an object that gives one name twice.
// encoding/json alone takes the last of them: the API could see another token than the
// one that is shown here.
func decodeOnce(d *json.Decoder) (any, error) {
	t, err := d.Token()
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := decodeOnce(d)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			name, _ := d.Token()
			key := name.(string)
			if _, twice := object[key]; twice {
				return nil, errors.New("a name stands twice")
			}
			if object[key], err = decodeOnce(d); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	}
	return t, err
}

// Text is the claim of that name, "" where it is absent or no text.
func (c Claims) Text(name string) string {
	s, _ := c.All[name].(string)
	return s
}

func (c Claims) texts(name string) []string {
	list, _ := c.All[name].([]any)
	var texts []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// time reads a NumericDate, in seconds (RFC 7519 §2); zero when absent or absurd.
func (c Claims) time(name string) time.Time {
	n, ok := c.All[name].(json.Number)
	if !ok {
		return time.Time{}
	}
	seconds, err := strconv.ParseFloat(string(n), 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// idTokenClaims are the claims that MSAL reads of an id_token, and of which type.
var idTokenClaims = []struct {
	name   string
	number bool // a whole one; the others are texts
}{
	{"alternative_id", false},
	{"aud", false},
	{"email", false},
	{"exp", true},
	{"family_name", false},
	{"given_name", false},
	{"iat", true},
	{"iss", false},
	{"middle_name", false},
	{"name", false},
	{"nbf", true},
	{"nonce", false},
	{"oid", false},
	{"preferred_username", false},
	{"sub", false},
	{"tid", false},
	{"upn", false},
}

// IDToken decodes an id_token, and fails where MSAL would not read what is read here: a
// claim of another type, or in another spelling, as MSAL takes a name in any case.
// It came from the token endpoint itself over TLS, which stands for its signature
// (OpenID Connect Core §3.1.3.7, 6).
func IDToken(raw string) (Claims, error) {
	c, ok := Decode(raw)
	for name, value := range c.All {
		for _, known := range idTokenClaims {
			if value == nil || !strings.EqualFold(name, known.name) {
				continue
			}
			_, good := value.(string)
			if known.number {
				n, _ := value.(json.Number)
				_, err := n.Int64()
				good = err == nil
			}
			ok = ok && good && name == known.name
		}
	}
	if !ok {
		return Claims{}, errors.New("its id_token cannot be read")
	}
	return c, nil
}

// ShowTime prints a moment for a person: local time, to the second, with its zone.
func ShowTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
