//go:build unix

package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

const openNonblock = syscall.O_NONBLOCK

// ErrHeld says that another process holds a lock.
var ErrHeld = syscall.EWOULDBLOCK

// fileOwner is who owns what this process creates.
func fileOwner() string { return strconv.Itoa(os.Geteuid()) }

// ownedAlone refuses what another user owns, and a file with a second name, which may
// lie in somebody else's folder.
func ownedAlone(info fs.FileInfo) error {
	stat := info.Sys().(*syscall.Stat_t)
	if int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, and this is user %d", stat.Uid, os.Geteuid())
	}
	if !info.IsDir() && stat.Nlink > 1 { // 0: replaced since it was opened
		return errors.New("it has another name besides (a hard link)")
	}
	return nil
}

// trustedAbove refuses to make a folder inside one that is neither this user's nor the
// system's.
func trustedAbove(info fs.FileInfo) error {
	if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid != os.Geteuid() && uid != 0 {
		return fmt.Errorf("it belongs to user %d, and this is user %d", uid, os.Geteuid())
	}
	return nil
}

// looseMode says whether others may do anything, or the owner not enough.
func looseMode(info fs.FileInfo, mode fs.FileMode) bool { return info.Mode().Perm() != mode }

// othersWrite says whether group or others may write.
func othersWrite(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }

func tryLock(f *os.File) error  { return flock(f, syscall.LOCK_EX|syscall.LOCK_NB) }
func waitLock(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// flock is a lock on the open file: it dies with the process, and unlike fcntl's it is
// not lost when some other handle of this process closes.
func flock(f *os.File, how int) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = raw.Control(func(fd uintptr) {
		for {
			if locked = syscall.Flock(int(fd), how); locked != syscall.EINTR {
				return
			}
		}
	})
	return errors.Join(err, locked)
}

func moveOver(root *os.Root, from, to string) error { return root.Rename(from, to) }

// syncFolder makes a rename last through a power cut.
func syncFolder(root *os.Root) error {
	handle, err := root.Open(".")
	if err != nil {
		return err
	}
	defer handle.Close()
	if err := handle.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems cannot
		return err
	}
	return nil
}

// writableFolder says beforehand what a later write would: read-only disk or folder.
func writableFolder(f *folder) error {
	const write = 2 // W_OK
	if err := syscall.Access(f.path, write); err != nil {
		return unusable(f.path, err)
	}
	return nil
}
