//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os/exec"
	"syscall"
)

// detach keeps a program that is started for the person out of this one's terminal:
// Ctrl-C here does not end their browser.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// isOf says whether a file belongs to who owns its folder, or to root.
func isOf(file, folder fs.FileInfo) bool {
	owner := file.Sys().(*syscall.Stat_t).Uid
	return owner == 0 || owner == folder.Sys().(*syscall.Stat_t).Uid
}

// isPortTaken says whether listening failed because another program has the port.
func isPortTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
