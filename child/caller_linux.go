package child

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

// HideSelf keeps other processes of the same user from reading this one's memory and
// environment, and the kernel from writing either into a core file (prctl(2),
// PR_SET_DUMPABLE). A program that this one starts is not affected, nor is its core limit.
// Where the kernel refuses, all is as it was. A process that asks a token endpoint must not
// call it: the endpoint looks at who asks.
func HideSelf() { unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

// callerCheck knows who may ask the endpoint: processes of this user, and without outside
// only COMMAND and its descendants.
type callerCheck struct {
	outside bool
	started chan struct{} // closed when there is a pid
	pid     int
	adopts  bool         // orphans of its descendants are children of this process
	recent  atomic.Int64 // who asked last, to be looked at first
}

func newCallerCheck(outside bool) *callerCheck {
	return &callerCheck{outside: outside, started: make(chan struct{})}
}

// begin lets the process and its descendants in.
func (c *callerCheck) begin(pid int, adopts bool) {
	c.pid, c.adopts = pid, adopts
	close(c.started)
}

// admit says why the process at the other end of a connection may not have tokens.
func (c *callerCheck) admit(client, server netip.AddrPort) error {
	<-c.started
	uid, inode, err := socketOwner(client, server)
	switch {
	case err != nil:
		return errors.New("It cannot be told which process asks (-AllowOutside is for containers): " + err.Error() + ".")
	case uid != os.Getuid():
		return errors.New("This endpoint is for processes of the user who connected.")
	case c.outside || c.descends(inode):
		return nil
	}
	return errors.New("This endpoint is for the command that connect-entra started and its descendants; -AllowOutside serves others too.")
}

// descends says whether COMMAND or a descendant of it holds the socket. Processes come and
// go while /proc is read, so one miss is not yet an answer.
func (c *callerCheck) descends(inode string) bool {
	link := "socket:[" + inode + "]"
	if recent := int(c.recent.Load()); recent != 0 && c.isOurs(recent) && hasOpen(recent, link) {
		return true
	}
	for range 3 {
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return false
		}
		for _, entry := range entries {
			pid, err := strconv.Atoi(entry.Name())
			if err == nil && c.isOurs(pid) && hasOpen(pid, link) {
				c.recent.Store(int64(pid))
				return true
			}
		}
	}
	return false
}

// isOurs walks from a process up to COMMAND, or to this process, whose children are
// COMMAND and the orphans of its descendants.
func (c *callerCheck) isOurs(pid int) bool {
	for pid > 1 {
		if pid == c.pid {
			return true
		}
		parent := parentOf(pid)
		if parent == os.Getpid() {
			return c.adopts
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
