//go:build !windows

package loopback

import (
	"errors"
	"syscall"
)

// isPortTaken says whether listening failed because another program has the port.
func isPortTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
