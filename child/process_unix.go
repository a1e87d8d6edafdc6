//go:build unix

package child

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// passedOn are the signals that COMMAND gets as this process does, beside those that a
// terminal sends to both: terminalSignals.
var passedOn = []os.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGCONT}

// terminalSignals come from the keyboard to all of the foreground's processes at once.
var terminalSignals = []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTSTP}

// backgroundSignals come from a terminal to all processes of a background group.
var backgroundSignals = []os.Signal{syscall.SIGTTIN, syscall.SIGTTOU}

// supervise runs child to its end and gives its status, 128 and more for a signal.
// ready is called when signals are the child's, started as soon as it runs.
func supervise(child *exec.Cmd, ready func() error, started func(pid int, adopts bool)) (status int, err error) {
	// The system counts the thread that starts the child as its parent (prctl(2),
	// PR_SET_PDEATHSIG), so that thread stays until the child's end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 32)
	Notify(signals, slices.Concat(passedOn, terminalSignals, backgroundSignals)...)
	defer signal.Stop(signals)
	adopts := adoptOrphans(child)
	if err := ready(); err != nil {
		return 0, err
	}
	if err := child.Start(); err != nil {
		return 0, err
	}
	pid := child.Process.Pid
	started(pid, adopts)
	go passOn(child.Process, signals)
	if adopts {
		return awaitEnd(-1, pid)
	}
	return awaitEnd(pid, pid)
}

// passOn gives the child each signal once: not those that a terminal gave it already.
func passOn(child *os.Process, signals <-chan os.Signal) {
	for s := range signals {
		switch {
		case slices.Contains(backgroundSignals, s):
		case slices.Contains(terminalSignals, s) && sharesForeground(child.Pid):
		default:
			child.Signal(s)
		}
	}
}

// sharesForeground says whether the child is in this process' group and that group is the
// one that the terminal's keys reach.
func sharesForeground(pid int) bool {
	group, err := unix.Getpgid(pid)
	return err == nil && group == unix.Getpgrp() && group == foreground()
}

// foreground is the group that the terminal's keys reach; 0 where there is no terminal.
func foreground() int {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(tty)
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	if err != nil {
		return 0
	}
	return group
}

// awaitEnd waits for pid, or for it and all who come to this process as orphans.
func awaitEnd(which, pid int) (status int, err error) {
	for {
		var s syscall.WaitStatus
		ended, err := syscall.Wait4(which, &s, syscall.WUNTRACED, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case ended != pid:
		case s.Stopped():
			// A shell waits for this process: it sees that the job has stopped, and has the
			// terminal back. What continues this process is passed on to the child.
			if foreground() != 0 {
				syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
			}
		case s.Signaled():
			return 128 + int(s.Signal()), nil
		default:
			return s.ExitStatus(), nil
		}
	}
}
