package main

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// adoptOrphans has the child end with this process, and the orphans of its descendants
// come to this process, so that a daemon of COMMAND's is still known for one. That cannot
// be told of orphans where there are other children, such as a browser; then false.
func adoptOrphans(child *exec.Cmd) bool {
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		return false
	}
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == nil
}

// gate knows who may ask the endpoint: processes of this user, and without outside only
// COMMAND and its descendants.
type gate struct {
	outside bool
	started chan struct{} // closed when there is a pid
	pid     int
	adopts  bool         // orphans of its descendants are children of this process
	recent  atomic.Int64 // who asked last, to be looked at first
}

func newGate(outside bool) *gate { return &gate{outside: outside, started: make(chan struct{})} }

// open lets the process and its descendants in.
func (g *gate) open(pid int, adopts bool) {
	g.pid, g.adopts = pid, adopts
	close(g.started)
}

// admit says why the process at the other end of a connection may not have tokens.
func (g *gate) admit(client, server netip.AddrPort) error {
	<-g.started
	uid, inode, err := socketOwner(client, server)
	switch {
	case err != nil:
		return errors.New("It cannot be told which process asks (-AllowOutside is for containers): " + err.Error() + ".")
	case uid != os.Getuid():
		return errors.New("This endpoint is for processes of the user who connected.")
	case g.outside || g.descends(inode):
		return nil
	}
	return errors.New("This endpoint is for the command that connect-entra started and its descendants; -AllowOutside serves others too.")
}

// descends says whether COMMAND or a descendant of it holds the socket. Processes come and
// go while /proc is read, so one miss is not yet an answer.
func (g *gate) descends(inode string) bool {
	link := "socket:[" + inode + "]"
	if recent := int(g.recent.Load()); recent != 0 && g.isOurs(recent) && hasOpen(recent, link) {
		return true
	}
	for range 3 {
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return false
		}
		for _, entry := range entries {
			pid, err := strconv.Atoi(entry.Name())
			if err == nil && g.isOurs(pid) && hasOpen(pid, link) {
				g.recent.Store(int64(pid))
				return true
			}
		}
	}
	return false
}

// isOurs walks from a process up to COMMAND, or to this process, whose children are
// COMMAND and the orphans of its descendants.
func (g *gate) isOurs(pid int) bool {
	for pid > 1 {
		if pid == g.pid {
			return true
		}
		parent := parentOf(pid)
		if parent == os.Getpid() {
			return g.adopts
		}
		pid = parent
	}
	return false
}

// parentOf is a process' parent; 0 where there is none. The program's name, in
// parentheses, may hold anything.
func parentOf(pid int) int {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return parent
}

// hasOpen says whether a process has the file open that link tells.
func hasOpen(pid int, link string) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	names, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, name := range names {
		if to, err := os.Readlink(dir + "/" + name.Name()); err == nil && to == link {
			return true
		}
	}
	return false
}
