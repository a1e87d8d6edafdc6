package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"connect-entra/failure"
)

// newSmallDisk is a desk whose folder is on a disk of 64 kB.
func newSmallDisk(t *testing.T) (d *desk, disk string) {
	d = newDesk(t)
	disk = filepath.Dir(d.dir)
	if err := os.MkdirAll(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		t.Skip("needs root to mount a small disk: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	return d, disk
}

// TestFullDisk fills the disk after a connection was saved on it.
func TestFullDisk(t *testing.T) {
	d, disk := newSmallDisk(t)
	d.must(0, "")
	d.expire()
	for i := 0; os.WriteFile(fmt.Sprintf("%s/fill%d", disk, i), make([]byte, 4096), 0o600) == nil; i++ {
	}
	before := snapshot(t, d.dir)
	out, stderr := d.must(0, "token")
	if len(out) < 100 || !strings.Contains(stderr, "WARNING: The token was renewed but could not be kept: ") || !strings.Contains(stderr, "no space left") {
		t.Errorf("%q\n%s", out, stderr)
	}
	if out, stderr := d.must(0, "request /me"); !strings.Contains(out, wilma) || !strings.Contains(stderr, "no space left") {
		t.Errorf("%s%s", out, stderr)
	}
	if _, stderr := d.must(8, "-Force"); !strings.Contains(stderr, "no space left") {
		t.Errorf("%s", stderr)
	}
	cmd := d.all(1, func(int) *exec.Cmd { return d.processes()("-Force -- true") })[0]
	if stderr := fmt.Sprint(cmd.Stderr); !strings.Contains(stderr, "WARNING: The sign-in succeeded, but the connection could not be kept: ") {
		t.Errorf("%s", stderr)
	}
	if after := snapshot(t, d.dir); after != before {
		t.Errorf("files changed:\n%s\n%s", before, after)
	}
	if names, _ := filepath.Glob(d.dir + "/*.tmp"); len(names) > 0 {
		t.Errorf("%q are left", names)
	}
}

// TestReadOnlyDisk: what is saved still serves, and that nothing can be saved is known
// before anything is sent.
func TestReadOnlyDisk(t *testing.T) {
	d, disk := newSmallDisk(t)
	d.must(0, "")
	d.expire()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("needs a disk that can be made read-only: ", err)
	}
	out, stderr := d.must(0, "token")
	if len(out) < 100 || !strings.Contains(stderr, "WARNING: ") {
		t.Errorf("%q\n%s", out, stderr)
	}
	signIns := d.grants("authorization_code")
	d.must(8, "-Force")
	d.must(8, "-Force -ContextScope CurrentUser")
	if d.grants("authorization_code") != signIns {
		t.Error("it signed in where nothing can be saved")
	}
	d.must(0, "-Force -ContextScope Process")
	d.must(8, "disconnect")
}

// TestStuckHolder stops a process that holds a lock: reading goes on, writing gives up
// and names it.
func TestStuckHolder(t *testing.T) {
	if !*long {
		t.Skip("with -long, as it waits for five seconds")
	}
	d := newDesk(t)
	start := d.processes()
	d.must(0, asApp)
	all, err := d.saved().list()
	if err != nil {
		t.Fatal(err)
	}
	holder := start("hold " + all[0].ID)
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer holder.Process.Kill()
	who := fmt.Sprintf("process %d", holder.Process.Pid)
	for lock := filepath.Join(d.dir, all[0].ID+".lock"); ; time.Sleep(time.Millisecond) {
		if held, _ := os.ReadFile(lock); strings.HasPrefix("process "+string(held), who+" ") {
			break
		}
	}
	holder.Process.Signal(syscall.SIGSTOP)
	began := time.Now()
	_, stderr := d.must(8, asApp)
	if took := time.Since(began); took < 5*time.Second || took > 10*time.Second || !strings.Contains(stderr, failure.Capital(who)+" has held") {
		t.Errorf("after %v\n%s", took, stderr)
	}
	d.token()
	holder.Process.Kill()
	holder.Wait()
	unlock, err := d.saved().vault.LockFor(t.Context(), all[0].ID, 0)
	if err != nil {
		t.Fatalf("the lock outlives its holder: %v", err)
	}
	unlock()
	d.must(0, asApp)
}

func TestNoHome(t *testing.T) {
	for _, dir := range []string{"", "relative/folder", "/proc/1/connect-entra"} {
		d := newDesk(t)
		d.dir = dir
		d.must(8, "")
		if n := d.grants("authorization_code"); n != 0 {
			t.Errorf("%q: it signed in", dir)
		}
		d.must(0, "-ContextScope Process")
	}
}

// TestCommandWithoutHome: a command goes on unsaved, unless it was asked to be saved.
func TestCommandWithoutHome(t *testing.T) {
	d := newDesk(t)
	start := d.processes()
	d.env["XDG_STATE_HOME"], d.env["HOME"] = "", ""
	cmd := d.all(1, func(int) *exec.Cmd { return start("-Force -- true") })[0]
	if stderr := fmt.Sprint(cmd.Stderr); !strings.Contains(stderr, "WARNING: The connection cannot be kept: There is no home folder to keep a connection in.") {
		t.Errorf("%s", stderr)
	}
	d.sent()
	cmd = start("-Force -ContextScope CurrentUser -- true")
	cmd.Run()
	if stderr := fmt.Sprint(cmd.Stderr); cmd.ProcessState.ExitCode() != 125 || !strings.Contains(stderr, "There is no home folder to keep a connection in. [storage]") || len(d.sent()) > 0 {
		t.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), stderr)
	}
}
