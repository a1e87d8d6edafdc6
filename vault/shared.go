package vault

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Shared is a file of the user's in the clear that another program writes too, in a folder
// that is not this program's own: both are left in the modes that they have.
type Shared struct {
	Folder, Name string                           // the folder's path, and the file's name in it
	Warn         func(format string, args ...any) // who is waited for; nil: nothing is told
}

// Read gives the file, nil if it is not there. It refuses one that another user owns or
// may write to.
func (s Shared) Read() ([]byte, error) {
	f, err := openForeign(s.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, done, err := f.readShared(s.Name)
	done()
	return data, err
}

// Change puts what change makes of the file in its place, and makes folder and file if need
// be. change gets what Read would give, its error too; with an error of its own, which
// Change then returns, the file stays as it is. Nobody else writes meanwhile.
func (s Shared) Change(change func(old []byte, err error) ([]byte, error)) error {
	if err := makeFolder(s.Folder, ""); err != nil {
		return err
	}
	f, err := openForeign(s.Folder)
	if err != nil {
		return err
	}
	defer f.Close()
	unlock, err := f.lock(context.Background(), s.Name, writeLimit, s.Warn)
	if err != nil {
		return err
	}
	defer unlock()
	old, done, err := f.readShared(s.Name)
	data, err := change(old, err)
	done() // Windows replaces no open file
	if err != nil {
		return err
	}
	return f.replace(s.Name, data)
}

// readShared reads a file that nobody else may write; nil if it is not there. Until done,
// no .NET program writes or replaces it: it opens files under the same lock.
func (f *folder) readShared(name string) (data []byte, done func(), err error) {
	done = func() {}
	handle, err := f.open(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, done, nil
	}
	if err != nil {
		return nil, done, err
	}
	done = func() { handle.Close() }
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if err = tryLock(handle); !errors.Is(err, ErrHeld) || time.Since(began) > writeLimit {
			break
		}
	}
	if err != nil {
		return nil, done, unusable(filepath.Join(f.path, name), err)
	}
	if info, err := handle.Stat(); err != nil || othersWrite(info) {
		return nil, done, unusable(filepath.Join(f.path, name), errors.Join(err, errors.New("others may write to it")))
	}
	data, err = io.ReadAll(io.LimitReader(handle, maxFile))
	return data, done, err
}
