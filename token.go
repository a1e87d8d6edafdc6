// Access tokens and what they say of themselves. Nothing here checks a signature: only
// the API that a token is for can, so what is read from one is for showing.

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"connect-entra/failure"
)

// Token is an access token and what there is to know of it.
type Token struct {
	access    sealed    // the bearer token; only the verbs that hand it on unseal it
	ExpiresOn time.Time // zero when unknown: an opaque token does not tell
	Scopes    []string  // as granted; nil when the answer did not say
	Claims    Claims    // of the access token, for showing
	Account   string    // who, as the ID token names them; "" for an app
	TenantID  string    // the tenant that signed in, as the ID token names it
}

// Claims are the claims of a token that are shown. All of it is foreign text.
type Claims struct {
	Audience  string
	Issuer    string
	AppID     string
	AppName   string
	TenantID  string
	ObjectID  string
	Account   string // upn, else preferred_username, else unique_name
	Name      string
	Scopes    []string // delegated: scp
	Roles     []string // app-only: roles
	AppOnly   bool     // idtyp is app, or there are roles and no scp
	IssuedAt  time.Time
	NotBefore time.Time
	ExpiresOn time.Time
	all       map[string]any // every claim, as decoded
}

// expiryBuffer is how much life the reference wants in a token: with five minutes or
// less it counts as expired (TokenExpirationBufferInMinutes).
const expiryBuffer = 5 * time.Minute

// decodeClaims reads the payload of a JWT. ok is false when it is none; an opaque
// token is not an error.
func decodeClaims(token string) (c Claims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, false
	}
	_, badHeader := decodePart(parts[0])
	all, badClaims := decodePart(parts[1])
	if badHeader != nil || badClaims != nil {
		return Claims{}, false
	}
	c.all = all
	c.Audience = c.text("aud")
	c.Issuer = c.text("iss")
	c.AppID = firstOf(c.text("appid"), c.text("azp"))
	c.AppName = c.text("app_displayname")
	c.TenantID = c.text("tid")
	c.ObjectID = c.text("oid")
	c.Account = firstOf(c.text("upn"), c.text("preferred_username"), c.text("unique_name"))
	c.Name = c.text("name")
	c.Scopes = strings.Fields(c.text("scp"))
	c.Roles = c.texts("roles")
	c.AppOnly = c.text("idtyp") == "app" || c.text("idtyp") == "" && len(c.Scopes) == 0 && len(c.Roles) > 0
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

func (c Claims) text(name string) string {
	s, _ := c.all[name].(string)
	return s
}

func (c Claims) texts(name string) []string {
	list, _ := c.all[name].([]any)
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
	n, ok := c.all[name].(json.Number)
	if !ok {
		return time.Time{}
	}
	seconds, err := strconv.ParseFloat(string(n), 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

//go:noinline
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// checkProvided judges a token that the user brought, before anything is done with it,
// in the reference's words. A token that is no JWT is opaque: accepted, and said.
func checkProvided(token string) (Token, error) {
	if token == "" {
		return Token{}, failure.New("bad-token", "Must specify 'AccessToken'.")
	}
	claims, decoded := decodeClaims(token)
	looksDecodable := strings.Count(token, ".") == 2 || strings.HasPrefix(token, "eyJ")
	if strings.ContainsAny(token, " \t\r\n") || len(token) < 100 || !decoded && looksDecodable {
		return Token{}, failure.New("bad-token", "The provided access token is invalid. Set a valid access token to `-AccessToken` parameter and try again.").
			Try("paste the whole token, all three parts of it and nothing else")
	}
	if decoded && !claims.ExpiresOn.IsZero() && time.Until(claims.ExpiresOn) <= expiryBuffer {
		return Token{}, failure.New("token-expired", "The provided access token has expired. Set a valid access token to `-AccessToken` parameter and try again.").
			Try("get a new token: this one ends at %s, and five minutes are needed", showTime(claims.ExpiresOn))
	}
	return Token{access: seal(token), ExpiresOn: claims.ExpiresOn, Claims: claims}, nil
}

// provideToken is the flow for a token that the user brought: nothing is sent, and
// nothing can be renewed.
func provideToken(sys *system, plan Plan) (source, error) {
	var token Token
	return func(ctx context.Context, ask Ask) (Token, error) {
		if ask.Claims != "" || len(ask.Scopes) > 0 {
			return Token{}, failure.New("sign-in-needed", "A token that was given cannot be exchanged for another one.").
				Try("connect in another way, for example with -UseDeviceCode")
		}
		if token.access.open() == "" {
			text, err := plan.Secret.read(ctx, sys, "the access token", "AccessToken: ")
			if err != nil {
				return Token{}, err
			}
			if token, err = checkProvided(text); err != nil {
				return Token{}, err
			}
		}
		if life := time.Until(token.ExpiresOn); !token.ExpiresOn.IsZero() && life <= max(0, ask.MinLifetime) {
			return Token{}, failure.New("token-expired", "The access token that was given ended at %s and cannot be renewed.", showTime(token.ExpiresOn)).
				Try("get a new token and connect again")
		}
		return token, nil
	}, nil
}

// showTime prints a moment for a person: local time, to the second, with its zone.
func showTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// JSON is the token and what a script wants to know of it.
func (t Token) JSON(c AuthContext) string {
	var until any // null when the token does not tell
	if !t.ExpiresOn.IsZero() {
		until = t.ExpiresOn.UTC().Format(time.RFC3339Nano)
	}
	return formatJSON(struct {
		AccessToken string
		ExpiresOn   any
		TenantID    string `json:"TenantId"`
		ClientID    string `json:"ClientId"`
		Scopes      []string
	}{t.access.open(), until, c.TenantID, c.ClientID, c.Scopes}, "  ")
}

// logMasks are the services that take a secret out of their logs when a line names it,
// by the variable that tells that they run this. Sources: docs.github.com, "Workflow
// commands"; learn.microsoft.com, "Logging commands".
var logMasks = []struct{ variable, command string }{
	{"GITHUB_ACTIONS", "::add-mask::"},
	{"TF_BUILD", "##vso[task.setsecret]"},
}

// mask has the service that runs this take the token out of its logs. The command goes
// to stderr, which both read, as stdout is the token's. Elsewhere nothing is written: it
// would be the token in a log that nobody masks.
func (t Token) mask(sys *system) {
	for _, m := range logMasks {
		if strings.EqualFold(sys.getenv(m.variable), "true") {
			sys.say("", "%s", m.command+t.access.open())
			return
		}
	}
	sys.warn("-MaskInCI masked nothing: neither GitHub Actions nor Azure Pipelines runs this.")
}
