package vault

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connect-entra/failure"
)

var long = flag.Bool("long", false, "try in full what depends on chance")

// refusal is an error as id, message and cure.
func refusal(err error) string {
	f := failure.From(err)
	return fmt.Sprintf("%s: %s | %s", f.ID, f.Message, f.Cure)
}

// testFolder is a new folder of the program's, and what it warns of.
func testFolder(t *testing.T) (*folder, *bytes.Buffer) {
	t.Helper()
	v, said := testVault(t, "")
	return v.folder, said
}

// testVault is a vault in a new folder, and what it warns of.
func testVault(t *testing.T, keyFile string) (*Vault, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	v, err := Open(Options{
		Folder:   filepath.Join(t.TempDir(), "state", "connect-entra"),
		KeyFile:  keyFile,
		Contents: "tests",
		Warn:     func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) },
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, &said
}

// readyVault is a vault whose key is in a file; nothing of the host is touched.
func readyVault(t *testing.T) *Vault {
	t.Helper()
	v, _ := testVault(t, testKeyFile(t))
	if err := v.Ready(); err != nil {
		t.Fatal(err)
	}
	return v
}

func testKeyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789abcdef"), 3), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// again is the same vault as another process would open it.
func (v *Vault) again() *Vault {
	return &Vault{options: v.options, folder: v.folder, owner: fileOwner(), keys: map[string][]byte{}}
}

func TestEveryFlippedByteIsDetected(t *testing.T) {
	v := readyVault(t)
	want := bytes.Repeat([]byte("secret "), 290)
	if err := v.Write("a", want); err != nil {
		t.Fatal(err)
	}
	data, version, err := v.Read("a")
	if err != nil || !bytes.Equal(data, want) {
		t.Fatalf("%q, %v", data, err)
	}
	file := []byte(version.file)
	if bytes.Contains(file, []byte("secret")) {
		t.Error("what is encrypted can be read")
	}
	for i := range file {
		for _, flip := range []byte{1, 0x80, 0xff} {
			file[i] ^= flip
			var d *Damage
			if data, err := v.decrypt("a.sealed", file); !errors.As(err, &d) || data != nil {
				t.Fatalf("byte %d: %q, %v", i, data, err)
			}
			file[i] ^= flip
		}
		var d *Damage
		if _, err := v.decrypt("a.sealed", file[:i]); !errors.As(err, &d) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	if _, err := v.decrypt("b.sealed", file); err == nil {
		t.Error("it opens under another name")
	}
}

// TestDecryptTellsGoneFromAway is what decides whether a file is set aside.
func TestDecryptTellsGoneFromAway(t *testing.T) {
	v := readyVault(t)
	if err := v.Write("a", []byte("data")); err != nil {
		t.Fatal(err)
	}
	newer := func(line string) string { return sumLine(strings.Replace(line, " 1 ", " 2 ", 1)) }
	elsewhere := func(line string) string { return sumLine(strings.Replace(line, " keyfile ", " elsewhere ", 1)) }
	for _, c := range []struct {
		what   string
		change func(line string) string
		key    string
		says   string
	}{
		{"newer", newer, v.options.KeyFile, "newer connect-entra"},
		{"another system's", elsewhere, v.options.KeyFile, "sealed on another system"},
		{"no key file named", nil, "", "that variable is not set"},
		{"key file missing", nil, filepath.Join(t.TempDir(), "none"), "cannot be used"},
	} {
		_, version, err := v.Read("a")
		if err != nil {
			t.Fatal(err)
		}
		line, body, _ := strings.Cut(version.file, "\n")
		if c.change != nil {
			line = c.change(line)
		}
		other := v.again()
		other.options.KeyFile = c.key
		_, err = other.decrypt("a.sealed", []byte(line+"\n"+body))
		if f := (*failure.Error)(nil); !errors.As(err, &f) || f.ID != "storage" || !strings.Contains(f.Message, c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	other := v.again()
	other.options.KeyFile = filepath.Join(t.TempDir(), "key")
	os.WriteFile(other.options.KeyFile, bytes.Repeat([]byte("x"), 40), 0o600)
	if _, _, err := other.Read("a"); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("another key file: %v", err)
	}
}

// sumLine puts the right checksum on a first line.
func sumLine(line string) string {
	rest := line[:strings.LastIndex(line, " ")+1]
	return rest + lineSum(rest)
}

func TestNoncesDiffer(t *testing.T) {
	v := readyVault(t)
	seen := map[string]bool{}
	for range 10000 {
		file, err := v.encrypt("a.sealed", []byte("data"))
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := bytes.Cut(file, []byte("\n"))
		seen[string(body[:12])] = true
	}
	if len(seen) != 10000 {
		t.Errorf("%d nonces in 10000 files", len(seen))
	}
}

// TestSystemKey makes, loses and makes again the key that this system holds.
func TestSystemKey(t *testing.T) {
	v, _ := testVault(t, "")
	if err := v.Ready(); err != nil {
		t.Skip("this system holds no key: ", err)
	}
	t.Cleanup(func() { systemKey.drop(v.folder) })
	if err := v.Write("a", []byte("data")); err != nil {
		t.Fatal(err)
	}
	if data, _, err := v.again().Read("a"); string(data) != "data" || err != nil {
		t.Fatalf("%q, %v", data, err)
	}
	if err := systemKey.drop(v.folder); err != nil {
		t.Fatal(err)
	}
	if err := systemKey.drop(v.folder); err != nil {
		t.Errorf("dropped twice: %v", err)
	}
	var d *Damage
	if _, _, err := v.again().Read("a"); !errors.As(err, &d) || d.Reason != systemKey.gone {
		t.Errorf("without its key: %v", err)
	}
	next := v.again()
	if err := next.Ready(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := next.Read("a"); !errors.As(err, &d) || d.Reason != systemKey.gone {
		t.Errorf("with another key: %v", err)
	}
}

// TestOtherUsersFiles exchanges the files of two users who have the same key file.
func TestOtherUsersFiles(t *testing.T) {
	v := readyVault(t)
	v.owner = "somebody else"
	if err := v.Write("a", []byte("data")); err != nil {
		t.Fatal(err)
	}
	var d *Damage
	if data, _, err := v.again().Read("a"); !errors.As(err, &d) {
		t.Errorf("%q, %v", data, err)
	}
}
