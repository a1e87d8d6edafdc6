package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestParseJSON(t *testing.T) {
	for _, text := range []string{
		`null`, ` true `, `false`, `0`, `-0.5e+10`, `1E400`, `12345678901234567890`, `""`, `"a\"\\\/\b\f\n\r\tz"`, `"é😀é"`,
		`"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ude00\ud83d"`, `[]`, `[ ]`, `[1,[2,{"a":[]}],null]`, `{}`, `{"a":{"b":"c"} , "":0}`,
		"\"\xff\"", `"` + strings.Repeat("x", 1000) + `"`,
	} {
		got, err := parseJSON(text)
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var want any
		if wantErr := decoder.Decode(&want); err != nil || wantErr != nil || !reflect.DeepEqual(plainNumbers(got), plainNumbers(want)) {
			t.Errorf("%s is %#v, %v, and encoding/json reads %#v, %v", text, got, err, want, wantErr)
		}
	}
}

// plainNumbers makes both kinds of numbers comparable.
func plainNumbers(value any) any {
	switch v := value.(type) {
	case jsonNumber:
		return json.Number(v)
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = plainNumbers(v[name])
		}
	}
	return value
}

func TestParseJSONRefuses(t *testing.T) {
	for _, text := range []string{
		``, ` `, `nul`, `True`, `01`, `+1`, `1.`, `.5`, `1e`, `-`, `0x1`, `NaN`, `"`, `"a`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\`, "\"\n\"", `'a'`,
		`[`, `[1`, `[1,`, `[1,]`, `[,]`, `]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{a:1}`, `{1:1}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`,
		`1 2`, `{}x`, strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 20_000), strings.Repeat("[", 100) + strings.Repeat("]", 100),
	} {
		if value, err := parseJSON(text); err == nil {
			t.Errorf("%.60s is read as %#v", text, value)
		}
	}
}

func TestFormatJSON(t *testing.T) {
	value := record{
		{"Name", "a\"b\\c\nd\re\tf\x01\x7f\u2028é😀\xff<"}, {"Empty", []string{}}, {"None", []string(nil)}, {"List", []string{"x", "y"}}, {"Null", nil},
		{"Map", map[string]any{"b": true, "a": jsonNumber("1e400"), "c": []any{1, int64(2)}}}, {"Record", record{}}, {"Records", []record{{{"z", 1}}, {}}},
	}
	for _, indent := range []string{"", "  "} {
		got := formatJSON(value, indent)
		if !json.Valid([]byte(got)) {
			t.Errorf("this is no JSON:\n%s", got)
		}
		if read, err := parseJSON(got); err != nil || read.(map[string]any)["Name"] != "a\"b\\c\nd\re\tf\x01\x7f\u2028é😀\uFFFD<" {
			t.Errorf("%v\n%s", err, got)
		}
	}
	want := "{\n  \"a\": [\n    \"x\",\n    \"y\"\n  ],\n  \"b\": [],\n  \"c\": {\n    \"d\": 1\n  }\n}"
	if got := formatJSON(record{{"a", []string{"x", "y"}}, {"b", []any{}}, {"c", record{{"d", 1}}}}, "  "); got != want {
		t.Errorf("it is\n%s\nand should be\n%s", got, want)
	}
	if got := formatJSON(record{{"a", []string{"x"}}, {"b", nil}}, ""); got != `{"a":["x"],"b":null}` {
		t.Error(got)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2.5e3,"\u00e9\ud83d\ude00",null,true]}`, `[[]]`, `"\`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := parseJSON(text)
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q is read as %#v", text, value)
		}
		if again, err := parseJSON(formatJSON(value, " ")); err != nil || !reflect.DeepEqual(again, value) {
			t.Fatalf("%q is written and read as %#v, %v", text, again, err)
		}
	})
}
