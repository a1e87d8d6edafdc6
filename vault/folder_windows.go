package vault

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

const openNonblock = 0

// ErrHeld says that another process holds a lock.
var ErrHeld = windows.ERROR_LOCK_VIOLATION

// fileOwner is who owns what this process creates: the user's SID.
func fileOwner() string {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "unknown"
	}
	return user.User.Sid.String()
}

// Whose a file is follows on Windows from the access list of %LocalAppData%, which
// nobody but the user, administrators and the system may enter.

func ownedAlone(fs.FileInfo) error { return nil }

func trustedAbove(fs.FileInfo) error { return nil }

func looseMode(fs.FileInfo, fs.FileMode) bool { return false }

func othersWrite(fs.FileInfo) bool { return false }

func tryLock(f *os.File) error {
	return lockFile(f, windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY)
}

func waitLock(f *os.File) error { return lockFile(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

// lockFile locks a byte far beyond the end: locks are mandatory on Windows, and the
// holder's number at the beginning must stay readable.
func lockFile(f *os.File, flags uint32) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
}

// moveOver tries again for a while: readers of the old file, virus scanners and indexers
// hold files open, and some systems replace none that is open.
func moveOver(root *os.Root, from, to string) error {
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		err := root.Rename(from, to)
		again := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !again || time.Since(began) > writeLimit {
			return err
		}
	}
}

// syncFolder has nothing to do: NTFS keeps its own journal of names.
func syncFolder(*os.Root) error { return nil }

// writableFolder has nothing to tell beforehand; making the lock file shows it.
func writableFolder(*folder) error { return nil }
