//go:build unix

package browser

import (
	"os/exec"
	"syscall"
)

// detach keeps a program that is started for the person out of this one's terminal:
// Ctrl-C here does not end their browser.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
