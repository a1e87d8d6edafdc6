package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"connect-entra/vault"
)

// testKeyring names the variable that says in what a process of the tests is to put
// itself before it is the program: a session with a keyring of its own, or one where
// the keyring is forbidden, by an errno, as in a container.
const testKeyring = "CONNECT_ENTRA_TEST_KEYRING"

func init() {
	switch how := os.Getenv(testKeyring); how {
	case "":
	case "session":
		if _, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0); err != nil {
			panic(err)
		}
	case "EPERM":
		forbidKeyring(unix.EPERM)
	case "ENOSYS":
		forbidKeyring(unix.ENOSYS)
	}
}

// forbidKeyring makes the keyring's system calls fail, in every thread of this process.
func forbidKeyring(errno syscall.Errno) {
	calls := []uint32{unix.SYS_ADD_KEY, unix.SYS_KEYCTL, unix.SYS_REQUEST_KEY}
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for i, call := range calls {
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(calls) - i), K: call})
	}
	filter = append(filter,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program))); errno != 0 {
		panic(errno)
	}
}

// newKeyringDesk keeps its key where a Linux host does.
func newKeyringDesk(t *testing.T) (*desk, func(lines ...string) *exec.Cmd) {
	d := newDesk(t)
	delete(d.env, vault.KeyFileVariable)
	v, err := vault.Open(vault.Options{Folder: d.dir}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Ready(); err != nil {
		t.Skip("this host has no keyring: ", err)
	}
	if err := v.DropKey(); err != nil { // the program is to make its own
		t.Fatal(err)
	}
	t.Cleanup(func() { v.DropKey(); v.Close() })
	return d, d.processes()
}

func TestKeyringAcrossSessions(t *testing.T) {
	d, start := newKeyringDesk(t)
	for _, c := range []struct{ writer, reader string }{{"", "session"}, {"session", ""}, {"session", "session"}} {
		d.env[testKeyring] = c.writer
		d.all(1, func(int) *exec.Cmd { return start(asApp) })
		d.env[testKeyring] = c.reader
		if out := d.all(1, func(int) *exec.Cmd { return start("token") })[0].Stdout; len(fmt.Sprint(out)) < 100 {
			t.Errorf("%v: %q", c, out)
		}
		d.env[testKeyring] = ""
		d.must(0, "disconnect -All")
	}
}

// TestForbiddenKeyring is a container: nothing can be saved, which is known before
// anything is sent; and what the host saved is left alone.
func TestForbiddenKeyring(t *testing.T) {
	d, start := newKeyringDesk(t)
	d.must(0, asApp)
	before := snapshot(t, d.dir)
	d.sent()
	for _, how := range []string{"EPERM", "ENOSYS"} {
		d.env[testKeyring] = how
		for _, line := range []string{asApp, "token"} {
			cmd := start(line)
			cmd.Run()
			if said := fmt.Sprint(cmd.Stderr); cmd.ProcessState.ExitCode() != 8 || !strings.Contains(said, "forbids the kernel's keyring") {
				t.Errorf("%s: %s: exit %d\n%s", how, line, cmd.ProcessState.ExitCode(), said)
			}
		}
	}
	if after := snapshot(t, d.dir); after != before || len(d.sent()) != 0 {
		t.Errorf("something was sent, or files changed:\n%s\n%s", before, after)
	}
	d.env[testKeyring] = ""
	d.token()
}

// TestKeyringOfAnotherNamespace is a rootless container that shares the home folder: its
// keyring is empty, and that proves nothing about the host's key.
func TestKeyringOfAnotherNamespace(t *testing.T) {
	d, start := newKeyringDesk(t)
	d.must(0, asApp)
	before := snapshot(t, d.dir)
	for _, line := range []string{"token", asApp} {
		cmd := start(line)
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}},
		}
		if err := cmd.Start(); err != nil {
			t.Skip("no user namespaces here: ", err)
		}
		cmd.Wait()
		if cmd.ProcessState.ExitCode() != 8 {
			t.Errorf("%s: exit %d\n%s", line, cmd.ProcessState.ExitCode(), cmd.Stderr)
		}
	}
	if after := snapshot(t, d.dir); after != before {
		t.Errorf("files changed:\n%s\n%s", before, after)
	}
	d.token()
}

// TestKeyringWithoutTheKey: it is gone, as after a restart of the host.
func TestKeyringWithoutTheKey(t *testing.T) {
	d, _ := newKeyringDesk(t)
	d.must(0, asApp)
	if err := d.saved().vault.DropKey(); err != nil {
		t.Fatal(err)
	}
	if _, stderr := d.must(4, "token"); !strings.Contains(stderr, "which a restart empties") {
		t.Errorf("%s", stderr)
	}
	d.must(0, asApp)
	d.token()
}
