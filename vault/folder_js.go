package vault

import (
	"errors"
	"io/fs"
	"os"
)

// A browser has no folder that is a user's alone and no lock between processes, so nothing
// is kept there: Ready refuses. The page leaves this library out; the functions stand here
// for the library to be vetted with the rest.

const openNonblock = 0

// ErrHeld says that another process holds a lock.
var ErrHeld = errors.New("another process holds the lock")

// systemKey is nowhere: only a file that the user names holds a key.
var systemKey = fileHolder("")

func fileOwner() string                       { return "" }
func ownedAlone(fs.FileInfo) error            { return errors.ErrUnsupported }
func trustedAbove(fs.FileInfo) error          { return errors.ErrUnsupported }
func looseMode(fs.FileInfo, fs.FileMode) bool { return false }
func othersWrite(fs.FileInfo) bool            { return true }
func tryLock(*os.File) error                  { return errors.ErrUnsupported }
func waitLock(*os.File) error                 { return errors.ErrUnsupported }
func moveOver(*os.Root, string, string) error { return errors.ErrUnsupported }
func syncFolder(*os.Root) error               { return errors.ErrUnsupported }
func writableFolder(*folder) error            { return errors.ErrUnsupported }
