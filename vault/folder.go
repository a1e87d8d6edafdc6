package vault

// A folder, opened once, and what is done in it by name: read, replace, remove, set aside.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
)

const (
	maxFile  = 16 << 20 // no file of ours comes near; a larger one is damage
	maxAside = 3        // how many files set aside stay

	temporary = ".tmp" // ends the name of a file that is being written
)

// errNotFile says that something else stands in a file's place.
var errNotFile = errors.New("it is not a file")

// folder is an open folder. Its handle was checked, and all access goes through it, so
// that nothing can be exchanged for a link on the way.
type folder struct {
	path string
	root *os.Root
	own  bool                             // the program's: nobody else has business in it
	warn func(format string, args ...any) // tells what was put right in it, if it is its own
}

// openOwn opens a folder that nobody else has business in. fs.ErrNotExist is among the
// errors.
func openOwn(path string, warn func(string, ...any)) (*folder, error) {
	f, err := openForeign(path)
	if err != nil {
		return nil, err
	}
	f.own, f.warn = true, warn
	if err := f.check(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// openForeign opens a folder that is not the program's alone: it is left as it is.
func openForeign(path string) (*folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, unusable(path, err)
	}
	return &folder{path: path, root: root}, nil
}

func (f *folder) Close() error { return f.root.Close() }

// makeFolder makes the folder and those above it. As root it makes none in another
// user's home (sudo keeps HOME): that user could not use it afterwards.
func makeFolder(path, cure string) error {
	if !filepath.IsAbs(path) {
		return failure.New("storage", "The folder %s is not an absolute path.", failure.Clean(path)).Try("%s", cure)
	}
	above := path
	for {
		info, err := os.Lstat(above)
		if err == nil {
			if above == path {
				return nil
			}
			if err := trustedAbove(info); err != nil {
				return unusable(above, err)
			}
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || above == filepath.Dir(above) {
			return unusable(above, err)
		}
		above = filepath.Dir(above)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return unusable(path, err)
	}
	return nil
}

// check refuses a folder that another user owns, and closes one that others may enter.
func (f *folder) check() error {
	handle, err := f.root.Open(".")
	if err != nil {
		return unusable(f.path, err)
	}
	defer handle.Close()
	return f.checkHandle(handle, f.path, 0o700)
}

// checkHandle looks at what was really opened: whose it is, and who else may.
func (f *folder) checkHandle(handle *os.File, path string, mode fs.FileMode) error {
	info, err := handle.Stat()
	if err != nil {
		return unusable(path, err)
	}
	if err := ownedAlone(info); err != nil {
		return unusable(path, err)
	}
	if !f.own || !looseMode(info, mode) {
		return nil
	}
	if err := handle.Chmod(mode); err != nil {
		return unusable(path, err)
	}
	f.warn("%s had the mode %#o: others could open it. It has %#o now.", path, info.Mode().Perm(), mode)
	return nil
}

// open opens a file of the folder: a regular one of this user, by its only name. What
// the name meant is looked up after opening; if the file was replaced in between, again.
func (f *folder) open(name string, flag int) (*os.File, error) {
	path := filepath.Join(f.path, name)
	for {
		handle, err := f.root.OpenFile(name, flag|openNonblock, 0o600) // a pipe would wait for its other end
		if err != nil {
			return nil, unusable(path, err)
		}
		info, err := handle.Stat()
		named, err2 := f.root.Lstat(name)
		switch {
		case err != nil || err2 != nil:
			err = errors.Join(err, err2)
		case named.Mode()&fs.ModeSymlink != 0:
			err = errors.New("it is a link")
		case !info.Mode().IsRegular():
			err = errNotFile
		case !os.SameFile(info, named):
			handle.Close()
			continue
		default:
			err = f.checkHandle(handle, path, 0o600)
		}
		if err != nil {
			handle.Close()
			return nil, unusable(path, err)
		}
		return handle, nil
	}
}

// read gives a whole file; fs.ErrNotExist is among the errors.
func (f *folder) read(name string) ([]byte, error) {
	return f.readIf(name, func(fs.FileInfo) error { return nil })
}

// readPrivate refuses a file that others may read; in the program's own folder such a
// mode is put right instead.
func (f *folder) readPrivate(name string) ([]byte, error) {
	return f.readIf(name, func(info fs.FileInfo) error {
		if looseMode(info, 0o600) && looseMode(info, 0o400) {
			return fmt.Errorf("its mode is %#o, and must be 0600", info.Mode().Perm())
		}
		return nil
	})
}

// readIf reads a file if what was opened will do.
func (f *folder) readIf(name string, check func(fs.FileInfo) error) ([]byte, error) {
	handle, err := f.open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	info, err := handle.Stat()
	if err == nil {
		err = check(info)
	}
	if err != nil {
		return nil, unusable(filepath.Join(f.path, name), err)
	}
	data, err := io.ReadAll(io.LimitReader(handle, maxFile+1))
	if err != nil {
		return nil, unusable(filepath.Join(f.path, name), err)
	}
	return data, nil
}

// replace writes a file whole or not at all; the caller holds its lock. The one fixed
// temporary name, removed first, is what keeps killed processes from littering.
func (f *folder) replace(name string, data []byte) error {
	unfinished := name + temporary
	err := f.root.Remove(unfinished)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unusable(filepath.Join(f.path, unfinished), err)
	}
	handle, err := f.root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return unusable(filepath.Join(f.path, unfinished), err)
	}
	_, err = handle.Write(data)
	if err == nil {
		err = handle.Chmod(0o600) // whatever the umask made of it
	}
	if err == nil {
		err = handle.Sync()
	}
	err = errors.Join(err, handle.Close())
	if err == nil {
		err = moveOver(f.root, unfinished, name)
	}
	if err == nil {
		err = syncFolder(f.root)
	}
	if err != nil {
		f.root.Remove(unfinished)
		return unusable(filepath.Join(f.path, name), err)
	}
	return nil
}

// remove deletes a file and sees to it that it is gone; one that is not there is.
func (f *folder) remove(name string) error {
	err := f.root.Remove(name)
	if err == nil {
		err = syncFolder(f.root)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unusable(filepath.Join(f.path, name), err)
	}
	if _, err := f.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return unusable(filepath.Join(f.path, name), errors.New("it is still there"))
	}
	return nil
}

// list gives the names that end in suffix.
func (f *folder) list(suffix string) ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, unusable(f.path, err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// setAside renames a file that cannot be used, so that it neither stands in the way nor
// is lost, and keeps the last three of them.
func (f *folder) setAside(name string) (string, error) {
	const mark = ".bad-"
	aside := name + mark + time.Now().UTC().Format("20060102T150405.000000")
	if err := f.root.Rename(name, aside); err != nil {
		return "", unusable(filepath.Join(f.path, name), err)
	}
	all, err := f.list("")
	if err != nil {
		return "", err
	}
	bad := slices.DeleteFunc(all, func(n string) bool { return !strings.Contains(n, mark) })
	slices.SortFunc(bad, func(a, b string) int {
		return strings.Compare(a[strings.LastIndex(a, mark):], b[strings.LastIndex(b, mark):])
	})
	for len(bad) > maxAside {
		f.root.RemoveAll(bad[0]) // all: what stood in a file's place may have been a folder
		bad = bad[1:]
	}
	return filepath.Join(f.path, aside), nil
}

// unusable is how every trouble with a file is told. The error underneath stays
// reachable: fs.ErrNotExist is no trouble to some.
func unusable(path string, err error) error {
	if f := (*failure.Error)(nil); errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	reason := err
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		reason = p.Err
	} else if l := (*os.LinkError)(nil); errors.As(err, &l) {
		reason = l.Err
	}
	return failure.New("storage", "%s cannot be used: %s.", failure.Clean(path), strings.TrimSuffix(reason.Error(), ".")).Because(err).
		Try("check that the file is yours alone and that its disk is neither full nor read-only")
}
