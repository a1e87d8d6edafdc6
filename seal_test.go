//go:build !js

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connect-entra/failure"
)

// testFolder is a new folder of the program's, and what it warns of.
func testFolder(t *testing.T) (*folder, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	f, err := openFolder(filepath.Join(t.TempDir(), "state", "connect-entra"), true, func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, &said
}

// testVault is a vault whose key is in a file; nothing of the host is touched.
func testVault(t *testing.T) *vault {
	t.Helper()
	f, _ := testFolder(t)
	v := &vault{folder: f, userFile: testKeyFile(t), owner: fileOwner(), keys: map[string][]byte{}}
	if err := v.ready(); err != nil {
		t.Fatal(err)
	}
	return v
}

func testKeyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789abcdef"), 3), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// again is the same vault as another process would open it.
func (v *vault) again() *vault {
	return &vault{folder: v.folder, userFile: v.userFile, owner: fileOwner(), keys: map[string][]byte{}}
}

func TestEveryFlippedByteIsDetected(t *testing.T) {
	v := testVault(t)
	want := bytes.Repeat([]byte("secret "), 290)
	if err := v.writeSealed("a", want); err != nil {
		t.Fatal(err)
	}
	data, file, err := v.readSealed("a")
	if err != nil || !bytes.Equal(data, want) {
		t.Fatalf("%q, %v", data, err)
	}
	if bytes.Contains(file, []byte("secret")) {
		t.Error("what is sealed can be read")
	}
	for i := range file {
		for _, flip := range []byte{1, 0x80, 0xff} {
			file[i] ^= flip
			var d *damage
			if data, err := v.unseal("a", file); !errors.As(err, &d) || data != nil {
				t.Fatalf("byte %d: %q, %v", i, data, err)
			}
			file[i] ^= flip
		}
		var d *damage
		if _, err := v.unseal("a", file[:i]); !errors.As(err, &d) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	if _, err := v.unseal("b", file); err == nil {
		t.Error("it opens under another name")
	}
}

// TestUnsealTellsGoneFromAway is what decides whether a file is set aside.
func TestUnsealTellsGoneFromAway(t *testing.T) {
	v := testVault(t)
	if err := v.writeSealed("a", []byte("data")); err != nil {
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
		{"newer", newer, v.userFile, "newer connect-entra"},
		{"another system's", elsewhere, v.userFile, "sealed on another system"},
		{"no key file named", nil, "", "that variable is not set"},
		{"key file missing", nil, filepath.Join(t.TempDir(), "none"), "cannot be used"},
	} {
		_, file, err := v.readSealed("a")
		if err != nil {
			t.Fatal(err)
		}
		line, body, _ := strings.Cut(string(file), "\n")
		if c.change != nil {
			line = c.change(line)
		}
		other := v.again()
		other.userFile = c.key
		_, err = other.unseal("a", []byte(line+"\n"+body))
		if f := (*failure.Error)(nil); !errors.As(err, &f) || f.ID != "storage" || !strings.Contains(f.Message, c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	other := v.again()
	other.userFile = filepath.Join(t.TempDir(), "key")
	os.WriteFile(other.userFile, bytes.Repeat([]byte("x"), 40), 0o600)
	if _, _, err := other.readSealed("a"); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("another key file: %v", err)
	}
}

// sumLine puts the right checksum on a first line.
func sumLine(line string) string {
	rest, _, _ := cutLast(line, " ")
	return rest + " " + lineSum(rest+" ")
}

func TestNoncesDiffer(t *testing.T) {
	v := testVault(t)
	seen := map[string]bool{}
	for range 10000 {
		file, err := v.seal("a", []byte("data"))
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
	f, _ := testFolder(t)
	v := &vault{folder: f, owner: fileOwner(), keys: map[string][]byte{}}
	if err := v.ready(); err != nil {
		t.Skip("this system holds no key: ", err)
	}
	t.Cleanup(func() { systemKey.drop(f) })
	if err := v.writeSealed("a", []byte("data")); err != nil {
		t.Fatal(err)
	}
	if data, _, err := v.again().readSealed("a"); string(data) != "data" || err != nil {
		t.Fatalf("%q, %v", data, err)
	}
	if err := systemKey.drop(f); err != nil {
		t.Fatal(err)
	}
	if err := systemKey.drop(f); err != nil {
		t.Errorf("dropped twice: %v", err)
	}
	var d *damage
	if _, _, err := v.again().readSealed("a"); !errors.As(err, &d) || d.reason != systemKey.gone {
		t.Errorf("without its key: %v", err)
	}
	next := v.again()
	if err := next.ready(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := next.readSealed("a"); !errors.As(err, &d) || d.reason != systemKey.gone {
		t.Errorf("with another key: %v", err)
	}
}

// TestOtherUsersFiles exchanges the files of two users who have the same key file.
func TestOtherUsersFiles(t *testing.T) {
	v := testVault(t)
	v.owner = "somebody else"
	if err := v.writeSealed("a", []byte("data")); err != nil {
		t.Fatal(err)
	}
	var d *damage
	if data, _, err := v.again().readSealed("a"); !errors.As(err, &d) {
		t.Errorf("%q, %v", data, err)
	}
}
