package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write writes a file as a caller does.
func (v *Vault) write(t *testing.T, name, data string) {
	t.Helper()
	unlock, err := v.Lock(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := v.Write(name, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func TestListSetAsideRemove(t *testing.T) {
	v := readyVault(t)
	for _, name := range []string{"a", "b", "ab"} {
		v.write(t, name, name)
	}
	path, aside, err := v.SetAside("b")
	if err != nil || filepath.Base(path) != "b.sealed" || filepath.Dir(aside) != v.folder.path {
		t.Errorf("%s, %s, %v", path, aside, err)
	}
	if _, err := os.Stat(aside); err != nil {
		t.Error(err)
	}
	if _, _, err := v.Read("b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("set aside, and read: %v", err)
	}
	if names, err := v.List(); fmt.Sprint(names) != "[a ab b]" || err != nil {
		t.Errorf("%q, %v", names, err)
	}
	for _, name := range []string{"a", "b", "never"} {
		if err := v.Remove(name); err != nil {
			t.Error(err)
		}
	}
	if names, err := v.List(); fmt.Sprint(names) != "[ab]" || err != nil {
		t.Errorf("%q, %v", names, err)
	}
	if data, _, err := v.Read("ab"); string(data) != "ab" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}

// TestUnchanged: also the same content written again is a change, and a file that is gone.
func TestUnchanged(t *testing.T) {
	v := readyVault(t)
	v.write(t, "a", "data")
	_, version, err := v.Read("a")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := v.again().Unchanged("a", version); !same || err != nil {
		t.Errorf("as it was read: %v, %v", same, err)
	}
	v.write(t, "a", "data")
	if same, err := v.Unchanged("a", version); same || err != nil {
		t.Errorf("written again: %v, %v", same, err)
	}
	v.Remove("a")
	if same, err := v.Unchanged("a", version); same || err != nil {
		t.Errorf("removed: %v, %v", same, err)
	}
}

// TestReadySweeps leaves alone what somebody is writing.
func TestReadySweeps(t *testing.T) {
	v := readyVault(t)
	for _, name := range []string{"dead", "alive"} {
		if err := os.WriteFile(filepath.Join(v.folder.path, name+".sealed.tmp"), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unlock, err := v.Lock(context.Background(), "alive")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := v.again().Ready(); err != nil {
		t.Fatal(err)
	}
	if names, err := v.folder.list(temporary); fmt.Sprint(names) != "[alive.sealed.tmp]" || err != nil {
		t.Errorf("%q, %v", names, err)
	}
}

// TestWaitingIsTold: of who holds a lock for writing a person hears, of others not.
func TestWaitingIsTold(t *testing.T) {
	t.Parallel() // as it waits for two seconds
	v, said := testVault(t, testKeyFile(t))
	unlock, err := v.Lock(context.Background(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.LockFor(context.Background(), "a", 10*time.Millisecond); !errors.Is(err, ErrHeld) || said.Len() > 0 {
		t.Errorf("%v\n%s", err, said)
	}
	if _, err := v.LockFor(context.Background(), "a", 0); !errors.Is(err, ErrHeld) {
		t.Errorf("no waiting: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	told := func(format string, args ...any) {
		fmt.Fprintf(said, format, args...)
		cancel()
	}
	if _, err := v.folder.lock(ctx, "a", writeLimit, told); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	unlock()
	if want := fmt.Sprintf("Waiting for process %d, which holds a.lock.", os.Getpid()); said.String() != want {
		t.Errorf("%q, not %q", said, want)
	}
}

// TestCuresAreTheProgramsOwn has the package give back what it was told to say.
func TestCuresAreTheProgramsOwn(t *testing.T) {
	options := Options{Folder: filepath.Join(t.TempDir(), "v"), KeyFile: filepath.Join(t.TempDir(), "absent"), Contents: "notes",
		Cures: Cures{BadFolder: "100% absolute", NoKey: "make one"}}
	v, err := Open(options, true)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for _, err := range []error{v.Ready(), v.Write("a", nil)} {
		if got := refusal(err); !strings.HasPrefix(got, "storage: The key that notes are sealed with cannot be had from the key file ") || !strings.HasSuffix(got, " | make one") {
			t.Error(got)
		}
	}
	options.Folder = "relative"
	if _, err := Open(options, true); refusal(err) != "storage: The folder relative is not an absolute path. | 100% absolute" {
		t.Error(refusal(err))
	}
	options.Folder = filepath.Join(t.TempDir(), "absent")
	if _, err := Open(options, false); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
