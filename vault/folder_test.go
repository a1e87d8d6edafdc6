//go:build unix

package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"connect-entra/failure"
)

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestStoreModes(t *testing.T) {
	for _, umask := range []int{0, 0o077, 0o177} {
		old := syscall.Umask(umask)
		f, _ := testFolder(t)
		err := f.replace("a", []byte("one"))
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		if folder, file := modeOf(t, f.path), modeOf(t, filepath.Join(f.path, "a")); folder != 0o700 || file != 0o600 {
			t.Errorf("umask %#o: folder %#o, file %#o", umask, folder, file)
		}
	}
	f, said := testFolder(t)
	if err := f.replace("a", []byte("one")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(f.path, "a")
	os.Chmod(path, 0o666)
	if data, err := f.read("a"); err != nil || string(data) != "one" || modeOf(t, path) != 0o600 {
		t.Errorf("loose file: %q, %v, %#o", data, err, modeOf(t, path))
	}
	os.Chmod(f.path, 0o755)
	again, err := openOwn(f.path, f.warn)
	if err != nil || modeOf(t, f.path) != 0o700 {
		t.Errorf("loose folder: %v, %#o", err, modeOf(t, f.path))
	}
	again.Close()
	if strings.Count(said.String(), "others could open it") != 2 {
		t.Errorf("it should say what it put right, twice:\n%s", said)
	}
}

// TestStoreRefusesWhatIsNoFile puts everything but a plain file where one is read,
// locked or written.
func TestStoreRefusesWhatIsNoFile(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	for what, put := range map[string]func(path string) error{
		"link":          func(path string) error { return os.Symlink(victim, path) },
		"link inside":   func(path string) error { return os.Symlink("other", path) },
		"dangling link": func(path string) error { return os.Symlink("/nonexistent/file", path) },
		"hard link":     func(path string) error { return os.Link(victim, path) },
		"pipe":          func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder":        func(path string) error { return os.Mkdir(path, 0o700) },
		"device":        func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		t.Run(what, func(t *testing.T) {
			if err := os.WriteFile(victim, []byte("untouched"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, _ := testFolder(t)
			f.replace("other", []byte("other"))
			for _, name := range []string{"a", "l.lock", "w.tmp"} {
				if err := put(filepath.Join(f.path, name)); err != nil {
					t.Skip("these two folders are on different disks, or this one takes no such thing: ", err)
				}
			}
			if data, err := f.read("a"); err == nil {
				t.Errorf("read gave %q", data)
			}
			if unlock, err := f.lock(context.Background(), "l", writeLimit, nil); err == nil {
				unlock()
				t.Error("it was locked")
			}
			if err := f.replace("w", []byte("new")); err != nil && what != "folder" {
				t.Errorf("a temporary file in the way must be no obstacle: %v", err)
			}
			if data, err := os.ReadFile(victim); err != nil || string(data) != "untouched" {
				t.Errorf("the victim is %q, %v", data, err)
			}
		})
	}
}

// TestStoreIsNotTurnedElsewhere exchanges a file for a link, again and again, while it
// is written and read.
func TestStoreIsNotTurnedElsewhere(t *testing.T) {
	f, _ := testFolder(t)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := filepath.Join(f.path, []string{"a", "a.tmp"}[i%2])
			os.Remove(name)
			os.Symlink(victim, name)
		}
	}()
	rounds := 100
	if *long {
		rounds = 500
	}
	for range rounds {
		f.replace("a", []byte("new"))
		if data, err := f.read("a"); err == nil && string(data) != "new" {
			t.Fatalf("read %q", data)
		}
	}
	close(stop)
	<-stopped
	if data, _ := os.ReadFile(victim); string(data) != "untouched" || modeOf(t, victim) != 0o600 {
		t.Errorf("the victim holds %q, %v", data, modeOf(t, victim))
	}
}

func TestStoreRefusesForeignOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to give a file away")
	}
	f, _ := testFolder(t)
	f.replace("a", []byte("one"))
	os.Chown(filepath.Join(f.path, "a"), 12345, -1)
	if _, err := f.read("a"); err == nil || !strings.Contains(err.Error(), "belongs to user 12345") {
		t.Errorf("foreign file: %v", err)
	}
	os.Chown(f.path, 12345, -1)
	if _, err := openOwn(f.path, f.warn); err == nil || !strings.Contains(err.Error(), "belongs to user 12345") {
		t.Errorf("foreign folder: %v", err)
	}
	home := t.TempDir()
	os.Chown(home, 12345, -1)
	if _, err := Open(Options{Folder: filepath.Join(home, ".local", "state", "connect-entra")}, true); err == nil {
		t.Error("root made a folder in another user's home")
	}
}

func TestStoreSetsThreeAside(t *testing.T) {
	f, _ := testFolder(t)
	for i := range 5 {
		f.replace("a", fmt.Appendf(nil, "%d", i))
		if _, err := f.setAside("a"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.read("a"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("after setting aside: %v", err)
		}
	}
	names, err := f.list("")
	if err != nil || len(names) != 3 {
		t.Errorf("%q, %v", names, err)
	}
}

// TestLockNamesItsHolder holds a lock for longer than a waiter waits.
func TestLockNamesItsHolder(t *testing.T) {
	f, _ := testFolder(t)
	unlock, err := f.lock(context.Background(), "a", writeLimit, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.lock(context.Background(), "a", 50*time.Millisecond, nil)
	var failed *failure.Error
	if !errors.As(err, &failed) || failed.ID != "storage" || !strings.Contains(failed.Message, fmt.Sprintf("Process %d has held", os.Getpid())) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.lock(ctx, "a", time.Minute, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	unlock()
	unlock, err = f.lock(context.Background(), "a", writeLimit, nil)
	if err != nil {
		t.Fatalf("those who gave up must let go: %v", err)
	}
	unlock()
}

func TestStoreWithoutSpace(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	f, _ := testFolder(t)
	if err := f.replace("a", []byte("old")); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 16 << 20 // more than the test log will ever have
	syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small)
	err := f.replace("a", make([]byte, 17<<20))
	syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	if err == nil {
		t.Fatal("17 MiB went where 16 fit")
	}
	data, err := f.read("a")
	names, _ := f.list("")
	if string(data) != "old" || err != nil || len(names) != 1 {
		t.Errorf("%q, %v, %q", data, err, names)
	}
}

func TestKeyFilesAreChecked(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		size int
		mode os.FileMode
		says string
	}{
		"short": {31, 0o600, "at least 32"},
		"loose": {40, 0o644, "must be 0600"},
		"good":  {32, 0o600, ""},
		"still": {32, 0o400, ""},
	} {
		path := filepath.Join(dir, name)
		os.WriteFile(path, bytes.Repeat([]byte("k"), c.size), c.mode)
		if _, err := readKeyFile(path); c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("good", link); err != nil {
		t.Fatal(err)
	}
	if _, err := readKeyFile(link); err == nil || !strings.Contains(err.Error(), "it is a link") {
		t.Errorf("link: %v", err)
	}
}
