package certificate

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestSubjectsAreWrittenAsDotNETWritesThem goes through every answer recorded of .NET.
func TestSubjectsAreWrittenAsDotNETWritesThem(t *testing.T) {
	lines := bytes.Split(bytes.TrimSpace(readTestFile(t, "testdata/subjects.jsonl")), []byte("\n"))
	compared := 0
	for i, line := range lines {
		var answer struct {
			Written string
			DER     []byte
			Subject string
			Found   map[string]bool
			Refused string
		}
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Refused != "" {
			continue // .NET could not make this name, so there is none to write
		}
		if got := distinguishedName(answer.DER); got != answer.Subject {
			t.Errorf("line %d, %s: %q, and .NET writes %q", i+1, answer.Written, got, answer.Subject)
		}
		for spelling, found := range answer.Found {
			compared++
			if got := sameName(spelling, answer.Subject); got != found {
				t.Errorf("line %d: %q finds %q: %v, and .NET says %v", i+1, spelling, answer.Subject, got, found)
			}
		}
	}
	if len(lines) < 60 || compared < 500 {
		t.Errorf("only %d names and %d spellings were compared", len(lines), compared)
	}
}

func TestNamesThatAreNone(t *testing.T) {
	for _, der := range [][]byte{nil, {0x30}, {0x02, 0x01, 0x00}, {0x30, 0x00, 0x00}} {
		if got := distinguishedName(der); got != "" {
			t.Errorf("%x is %q", der, got)
		}
	}
	if sameName("CN=\u017f\u0131", "CN=SI") || sameName("CN=\u212a", "CN=k") {
		t.Error("letters that upper case alone makes ASCII are taken for ASCII")
	}
}
