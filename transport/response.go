// Which responses are good enough for MSAL to see. MSAL quotes an answer that it cannot read, tokens and all, in its error,
// so it gets none of these.

package transport

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
)

// responseKeys are the keys that MSAL reads of any response. Go's JSON takes them in any
// case and the last of several, so another spelling of one is a forgery at worst.
var responseKeys = []string{
	"access_token", "authorization_endpoint", "claims", "client_id", "client_info", "correlation_id", "device_code",
	"error", "error_codes", "error_description", "expires_in", "expires_on", "ext_expires_in", "foci", "id_token",
	"interval", "issuer", "message", "refresh_in", "refresh_token", "scope", "suberror", "token_endpoint",
	"token_type", "user_code", "verification_uri",
}

const (
	maxToken    = 64 << 10
	maxLifetime = 366 * 24 * time.Hour
)

// checkResponse refuses a 2xx that is not what the call's purpose needs.
func (client *Client) checkResponse(c *call, resp *response) error {
	fields, err := readObject(resp.body)
	if err == nil && isText(fields["error"]) && c.purpose != forArcKey {
		return client.refuse(c, resp, false) // an error under a good status
	}
	if err == nil {
		switch c.purpose {
		case forToken, forDevicePoll:
			err = client.checkToken(fields)
		case forDeviceCode:
			err = client.checkDeviceCode(fields)
		case forDiscovery:
			err = client.checkDiscovery(fields)
		default:
			err = errors.New("no answer was due")
		}
	} else if kind := client.MediaType(resp.Header); kind != "application/json" {
		return failure.New("hostile-answer", "%s answered with %s where JSON is due: perhaps a proxy or a sign-in page of the network answered in its place.", client.Host(), kind).Because(err)
	}
	if err != nil {
		return failure.New("hostile-answer", "The answer of %s was refused: %v.", client.Host(), err).Because(err)
	}
	return nil
}

// MediaType is the media type that h names, fit to be shown, or words for none.
func (client *Client) MediaType(h http.Header) string {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind == "" {
		return "something of no known type"
	}
	return client.recorder.Show(kind)
}

// readObject reads a JSON object in which every key stands once and is spelled as
// responseKeys spell it.
func readObject(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, errors.New("it is no JSON object")
		}
		if _, twice := fields[key]; twice {
			return nil, errors.New("a key stands in it twice")
		}
		if i := slices.IndexFunc(responseKeys, func(k string) bool { return strings.EqualFold(k, key) }); i >= 0 && responseKeys[i] != key {
			return nil, fmt.Errorf("it spells %s in another way", responseKeys[i])
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errors.New("it is no JSON object")
		}
		fields[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("it is no JSON object")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows its JSON object")
	}
	return fields, nil
}

func isText(value json.RawMessage) bool {
	return textOf(value) != ""
}

// textOf is the string that value is, "" where it is none.
func textOf(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

// wholeNumber is the number that value is; some hosts write it as a string.
func wholeNumber(value json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(strings.Trim(string(value), `"`), 10, 64)
	return n, err == nil
}

// checkToken checks a token response (RFC 6749 §5.1) for all that MSAL reads of it.
// A managed-identity host may leave more out, and has expires_on.
func (client *Client) checkToken(fields map[string]json.RawMessage) error {
	entra := client.Kind == Entra
	var typed struct {
		AccessToken   string `json:"access_token"`
		RefreshToken  string `json:"refresh_token"`
		TokenType     string `json:"token_type"`
		FamilyID      string `json:"foci"`
		IDToken       string `json:"id_token"`
		ClientInfo    string `json:"client_info"`
		Scope         string `json:"scope"`
		SubError      string `json:"suberror"`
		Description   string `json:"error_description"`
		Codes         []int  `json:"error_codes"`
		CorrelationID string `json:"correlation_id"`
		Claims        string `json:"claims"`
	}
	all, err := json.Marshal(fields)
	if err != nil || json.Unmarshal(all, &typed) != nil {
		return errors.New("a value in it has the wrong type")
	}
	for _, token := range []string{typed.AccessToken, typed.RefreshToken, typed.IDToken} {
		if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return errors.New("a token in it is too long or no token")
		}
	}
	switch {
	case typed.AccessToken == "":
		return errors.New("it has no access token")
	case !strings.EqualFold(typed.TokenType, "Bearer") && (entra || typed.TokenType != ""):
		return errors.New("its token is no bearer token")
	}
	if err := checkLifetimes(fields, entra); err != nil {
		return err
	}
	for _, key := range []string{"id_token", "client_info"} { // MSAL takes what stands between the quotes for the value
		if strings.Contains(string(fields[key]), `\`) {
			return fmt.Errorf("its %s is written in escapes", key)
		}
	}
	if value, ok := fields["id_token"]; ok && string(value) != "null" {
		if _, err := claims.IDToken(typed.IDToken); err != nil {
			return err
		}
	}
	return checkClientInfo(typed.ClientInfo)
}

// checkLifetimes bounds what MSAL adds to the time without looking.
func checkLifetimes(fields map[string]json.RawMessage, entra bool) error {
	for _, key := range []string{"expires_in", "ext_expires_in", "refresh_in"} {
		if value, ok := fields[key]; ok {
			if n, ok := wholeNumber(value); !ok || n < 0 || n > int64(maxLifetime/time.Second) || n == 0 && key == "expires_in" && entra {
				return fmt.Errorf("%s in it makes no sense", key)
			}
		}
	}
	until, hasUntil := fields["expires_on"]
	if hasUntil && !isEndTime(until) {
		return errors.New("expires_on in it makes no sense")
	}
	if _, ok := fields["expires_in"]; !ok && (entra || !hasUntil) {
		return errors.New("it does not say how long its token is good")
	}
	return nil
}

// isEndTime holds for the ways in which managed-identity hosts write expires_on: seconds
// since 1970, as a number or a text, or one of the dates that MSAL knows.
func isEndTime(value json.RawMessage) bool {
	var end time.Time
	if n, ok := wholeNumber(value); ok {
		end = time.Unix(n, 0)
	} else if f := 0.0; json.Unmarshal(value, &f) == nil && string(value) != "null" && math.Abs(f) < 1e11 {
		end = time.Unix(int64(f), 0)
	} else {
		var err error
		for _, layout := range []string{"01/02/2006 15:04:05", "2006-01-02 15:04:05", time.RFC3339Nano} {
			if end, err = time.Parse(layout, textOf(value)); err == nil {
				break
			}
		}
		if err != nil {
			return false
		}
	}
	return end.Unix() >= 0 && end.Before(time.Now().Add(maxLifetime))
}

func checkClientInfo(text string) error {
	if text == "" {
		return nil
	}
	var info struct{ UID, UTID string }
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &info) != nil {
		return errors.New("its client_info cannot be read")
	}
	return nil
}

// checkDiscovery lets an OpenID document name only endpoints of the cloud's own login
// host, and keeps its issuer.
func (client *Client) checkDiscovery(fields map[string]json.RawMessage) error {
	for _, key := range []string{"authorization_endpoint", "token_endpoint", "issuer"} {
		u, err := url.Parse(textOf(fields[key]))
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
			return fmt.Errorf("its %s is no address", key)
		case key == "issuer" && u.Scheme == "https" && u.RawQuery == "":
		case key == "authorization_endpoint" && client.HasPage(u):
		case u.Scheme+"://"+u.Host != client.Base:
			return fmt.Errorf("its %s is not on %s", key, client.Base)
		}
	}
	client.mu.Lock()
	client.discovered = textOf(fields["issuer"])
	client.mu.Unlock()
	return nil
}

// discovery is the OpenID document of a cloud in the table: its endpoints follow from
// host and tenant, so nobody can point them elsewhere.
func (client *Client) discovery() []byte {
	at := client.Base + "/" + client.Tenant
	document, err := json.Marshal(map[string]string{
		"authorization_endpoint": at + "/oauth2/v2.0/authorize",
		"token_endpoint":         at + "/oauth2/v2.0/token",
		"issuer":                 at + "/v2.0", // MSAL wants the authority's host here; tokens are held to IssuerTemplate
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	return document
}
