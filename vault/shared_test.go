package vault

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSharedFile(t *testing.T) {
	shared := Shared{Folder: filepath.Join(t.TempDir(), "theirs"), Name: "f"}
	if data, err := shared.Read(); data != nil || err != nil {
		t.Errorf("nothing is there: %q, %v", data, err)
	}
	add := func(old []byte, err error) ([]byte, error) { return append(old, 'x'), err }
	for range 2 {
		if err := shared.Change(add); err != nil {
			t.Fatal(err)
		}
	}
	stop := errors.New("no")
	if err := shared.Change(func(old []byte, err error) ([]byte, error) { return []byte("y"), stop }); err != stop {
		t.Error(err)
	}
	if data, err := shared.Read(); string(data) != "xx" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if runtime.GOOS == "windows" { // where modes say nothing
		return
	}
	os.Chmod(filepath.Join(shared.Folder, "f"), 0o666)
	if _, err := shared.Read(); err == nil || !strings.Contains(err.Error(), "others may write to it") {
		t.Error(err)
	}
	if err := shared.Change(add); err == nil || !strings.Contains(err.Error(), "others may write to it") {
		t.Error(err)
	}
}

// TestSharedFileWhileItIsWritten holds the file as .NET does, and changes it.
func TestSharedFileWhileItIsWritten(t *testing.T) {
	shared := Shared{Folder: t.TempDir(), Name: "f"}
	path, data := filepath.Join(shared.Folder, "f"), "all that is in it"
	if err := os.WriteFile(path, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	hold := func() *os.File {
		handle, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = tryLock(handle)
		}
		if err != nil {
			t.Fatal(err)
		}
		return handle
	}
	handle := hold()
	synctest.Test(t, func(t *testing.T) { // whose clock only goes on while the reader waits
		time.AfterFunc(100*time.Millisecond, func() {
			handle.WriteAt([]byte(data), 0)
			handle.Close()
		})
		began := time.Now()
		got, err := shared.Read()
		if string(got) != data || err != nil || time.Since(began) < 100*time.Millisecond {
			t.Errorf("after %v: %q, %v", time.Since(began), got, err)
		}
	})
	defer hold().Close()
	synctest.Test(t, func(t *testing.T) {
		if _, err := shared.Read(); !errors.Is(err, ErrHeld) {
			t.Errorf("held for good: %v", err)
		}
	})
}
