package guid_test

import (
	"strings"
	"testing"

	"connect-entra/guid"
)

func TestNew(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := guid.New()
		if !guid.Is(id) || id != strings.ToLower(id) || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) || seen[id] {
			t.Fatalf("%q is no new GUID of version 4", id)
		}
		seen[id] = true
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"14d82eec-204b-4c2f-b7e8-296a70dab67e":   true,
		"14D82EEC-204B-4C2F-B7E8-296A70DAB67E":   true,
		"00000000-0000-0000-0000-000000000000":   true,
		"":                                       false,
		"14d82eec204b4c2fb7e8296a70dab67e":       false,
		"14d82ee-c204b-4c2f-b7e8-296a70dab67e":   false,
		"14d82eec-204b-4c2f-b7e8-296a70dab67":    false,
		"14d82eec-204b-4c2f-b7e8-296a70dab67e0":  false,
		"14d82eec-204b-4c2f-b7e8-296a70dab67g":   false,
		"{14d82eec-204b-4c2f-b7e8-296a70dab67e}": false,
		"14d82eec-204b-4c2f-b7e8-296a70dab67é":   false,
		"-4d82eec-204b-4c2f-b7e8-296a70dab67e":   false,
	} {
		if guid.Is(text) != want {
			t.Errorf("Is(%q) is not %t", text, want)
		}
	}
}
