//go:build unix

package main

import (
	"errors"
	"os/exec"
	"syscall"
)

// detach keeps a program that is started for the person out of this one's terminal:
// Ctrl-C here does not end their browser.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// isPortTaken says whether listening failed because another program has the port.
func isPortTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
