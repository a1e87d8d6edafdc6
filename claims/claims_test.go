package claims

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestDecodeRefuses what two readers could take for two things.
func TestDecodeRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, claims := range []string{
		``, `null`, `[]`, `"a"`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":1}}`, `{"a":[{"b":1},{"c":1,"c":1}]}`,
		`{}{}`, `{} x`, `{"a":1,}`, `{"a":01}`, `{"a":NaN}`, `{a:1}`, `{"a"}`, `{"a":`, `{"a":` + deep(20_000) + `}`,
	} {
		if c, ok := Decode(token(claims)); ok {
			t.Errorf("%.60s is read as %v", claims, c.All)
		}
		encode := base64.RawURLEncoding.EncodeToString
		if _, ok := Decode(encode([]byte(claims)) + "." + encode([]byte(`{"a":1}`)) + "."); ok {
			t.Errorf("%.60s is taken for a header", claims)
		}
	}
	c, ok := Decode(token(`{"n":12345678901234567890,"d":-0.10,"a":[{"b":1},{"b":1}],"u":"\ud83d\ude00` + "\xff" + `","z":null}`))
	if got := fmt.Sprint(c.All); !ok || got != "map[a:[map[b:1] map[b:1]] d:-0.10 n:12345678901234567890 u:😀\uFFFD z:<nil>]" {
		t.Errorf("%v, %s", ok, got)
	}
}

func TestIDToken(t *testing.T) {
	good := `{"aud":"app","iss":"i","tid":"t","nonce":"n","sub":"s","exp":1,"iat":2,"nbf":3,"name":null,"email":"e","own":[1],"NONCES":"x"}`
	c, err := IDToken(token(good))
	if got := fmt.Sprint(c.Audience, c.Issuer, c.TenantID, c.Text("nonce"), c.Text("own"), c.ExpiresOn.Unix()); err != nil || got != "appitn1" {
		t.Errorf("%s, %v", got, err)
	}
	for _, change := range []string{
		`"upn":1`, `"aud":["app"]`, `"aud":{}`, `"nonce":true`, `"exp":"1"`, `"exp":1.5`, `"nbf":1e3`, `"iat":99999999999999999999`,
		`"TID":"other"`, `"Nonce":"n"`, `"EXP":1`, `"own":1,"own":1`,
	} {
		if _, err := IDToken(token(`{` + change + `}`)); err == nil {
			t.Errorf("%s was taken", change)
		}
	}
	for _, text := range []string{"", "a.b.c", token(`[]`), token(`null`)} {
		if _, err := IDToken(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(token(`{"aud":"x","exp":1}`))
	f.Add("a.b.c")
	f.Add(token(`{"exp":1e300,"scp":3,"roles":[1,"a"],"n":[[{"x":{}}]]}`))
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := Decode(text)
		if ok != (c.All != nil) || ok && strings.Count(text, ".") != 2 {
			t.Errorf("%q was read", text)
		}
		if _, err := IDToken(text); err == nil && !ok {
			t.Errorf("%q is an id_token and no JWT", text)
		}
		if r := Read(text, practiceCloud); r.Opaque && strings.TrimSpace(text) == text && ok {
			t.Errorf("%q is opaque", text)
		}
	})
}
