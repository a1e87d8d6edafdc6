package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldenKey is no secret: what it opens is made up.
const goldenKey = "a key that everybody may know, for files in testdata"

// TestOldFiles opens what each version of the format wrote; see the README beside them.
func TestOldFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sealed")
	if err != nil || len(files) == 0 {
		t.Fatal("none: ", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, suffix) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		key := filepath.Join(t.TempDir(), "key")
		os.WriteFile(key, []byte(goldenKey), 0o600)
		v := &Vault{options: Options{KeyFile: key}, folder: &folder{path: "golden"}, owner: "1000", keys: map[string][]byte{}}
		if text, err := v.decrypt("a"+suffix, data); !bytes.Equal(text, want) {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}
