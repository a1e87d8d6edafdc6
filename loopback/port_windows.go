package loopback

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isPortTaken says whether listening failed because another program has the port.
func isPortTaken(err error) bool {
	return errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEACCES)
}
