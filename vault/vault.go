// Package vault keeps a program's secrets in encrypted files, in a folder that is this
// user's alone. A file is there whole or not at all, whatever ends the process and whoever
// else writes.
//
//	v, err := vault.Open(vault.Options{Folder: folder, Warn: warn}, true)
//	err = v.Ready() // before anything is done whose result must be kept
//	unlock, err := v.Lock(ctx, "name")
//	err = v.Write("name", data)
//
// The system holds the key (the kernel's keyring, DPAPI, the login keychain), or a file
// that the user names does. The package does not know what is in the files.
package vault

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say where a vault is, and what a person is told of it.
type Options struct {
	Folder   string                           // the program's own, an absolute path; Open makes it
	KeyFile  string                           // what KeyFileVariable names; "": the system holds the key
	Contents string                           // what is in the files, for messages: "kept connections"
	Warn     func(format string, args ...any) // what was put right, and who is waited for; nil: nothing is told
	Cures    Cures                            // for the errors of Open and of all that comes after
}

// Cures are what a person is to do, where that depends on the program around.
type Cures struct {
	BadFolder   string // the folder is not an absolute path
	NoKey       string // the key cannot be read from its holder, or not be held by it
	NotHere     string // a file's key cannot be read here; elsewhere it may be
	OtherSystem string // a file is of another system, which shares the folder
}

// Vault is an open folder with the keys that its files are encrypted with. Files have
// plain names, without a folder. Any number of goroutines may use it.
type Vault struct {
	options Options
	folder  *folder
	owner   string // whose files these are

	mu   sync.Mutex
	keys map[string][]byte // by holder, as read in this process
}

// suffix ends the name of an encrypted file on disk.
const suffix = ".sealed"

// Damage says that a file can never be read again, and why. Whoever meets it sets the
// file aside; with any other error the file must stay as it is.
type Damage struct{ Reason string }

// Error is the reason alone.
func (d *Damage) Error() string { return d.Reason }

// Version tells one state of a file from every other: no nonce comes twice.
type Version struct{ file string }

// Open opens the program's folder, and makes it first if create is set; if not, the error
// of one that is not there is fs.ErrNotExist among others. It refuses a folder of another
// user's, and closes to others one that they may enter.
func Open(options Options, create bool) (*Vault, error) {
	if options.Warn == nil {
		options.Warn = func(string, ...any) {}
	}
	if create {
		if err := makeFolder(options.Folder, options.Cures.BadFolder); err != nil {
			return nil, err
		}
	}
	f, err := openOwn(options.Folder, options.Warn)
	if err != nil {
		return nil, err
	}
	return &Vault{options: options, folder: f, owner: fileOwner(), keys: map[string][]byte{}}, nil
}

// Close closes the folder.
func (v *Vault) Close() error { return v.folder.Close() }

// Ready sees to it that what is made next can be kept: a folder to write to, and a key
// that comes back out of its holder as it went in. It makes the key, and removes what
// killed processes left half written.
func (v *Vault) Ready() error {
	if err := writableFolder(v.folder); err != nil {
		return err
	}
	_, err := v.key(v.holder())
	if errors.Is(err, errKeyGone) {
		err = v.newKey()
	}
	if err != nil {
		return v.keyTrouble(v.holder().about, err)
	}
	return v.sweep()
}

// sweep leaves a half-written file alone while its writer lives.
func (v *Vault) sweep() error {
	names, err := v.folder.list(suffix + temporary)
	for _, name := range names {
		if unlock, err := v.LockFor(context.Background(), strings.TrimSuffix(name, suffix+temporary), 0); err == nil {
			v.folder.root.Remove(name)
			unlock()
		}
	}
	return err
}

// Read decrypts a file. fs.ErrNotExist is among the errors where there is none, and a
// *Damage says that it is of no use any more.
func (v *Vault) Read(name string) (data []byte, version Version, err error) {
	file, err := v.folder.read(name + suffix)
	if errors.Is(err, errNotFile) {
		return nil, Version{}, &Damage{errNotFile.Error()}
	}
	if err != nil {
		return nil, Version{}, err
	}
	data, err = v.decrypt(name+suffix, file)
	return data, Version{string(file)}, err
}

// Unchanged says whether a file is still the version that was read; nothing is decrypted
// for that. One that is gone has changed.
func (v *Vault) Unchanged(name string, version Version) (bool, error) {
	file, err := v.folder.read(name + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return version != Version{} && string(file) == version.file, err
}

// Write encrypts data and puts it in place of the file, whose lock the caller holds.
// Whoever reads finds the old one or the new one, whole.
func (v *Vault) Write(name string, data []byte) error {
	file, err := v.encrypt(name+suffix, data)
	if err != nil {
		return err
	}
	return v.folder.replace(name+suffix, file)
}

// List gives the names of all files, those too of which only what was set aside is left.
func (v *Vault) List() ([]string, error) {
	files, err := v.folder.list("")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		if name, _, ok := strings.Cut(file, suffix); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Remove deletes a file, with what was set aside or left half written of it, and sees to
// it that all are gone. The caller holds its lock.
func (v *Vault) Remove(name string) error {
	files, err := v.folder.list("")
	if err != nil {
		return err
	}
	for _, file := range files {
		if strings.HasPrefix(file, name+suffix) {
			if err := v.folder.remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// SetAside renames a damaged file, so that it neither stands in the way nor is lost, and
// gives the paths that it had and has. The caller holds its lock. Three of them stay.
func (v *Vault) SetAside(name string) (path, aside string, err error) {
	aside, err = v.folder.setAside(name + suffix)
	return filepath.Join(v.folder.path, name+suffix), aside, err
}

// Lock waits until this process alone may write the file, however long others take in
// turn, but not for one that holds it for five seconds: writing takes milliseconds. Who is
// waited for is told.
func (v *Vault) Lock(ctx context.Context, name string) (unlock func(), err error) {
	return v.folder.lock(ctx, name, writeLimit, v.options.Warn)
}

// LockFor is a lock for what takes longer than a write; its name need not be a file's. It
// gives up on one holder after timeout, and says nothing meanwhile. ErrHeld is then among
// the errors; 0 does not wait.
func (v *Vault) LockFor(ctx context.Context, name string, timeout time.Duration) (unlock func(), err error) {
	return v.folder.lock(ctx, name, timeout, nil)
}

// Holder is who holds the key for what is written now, for a person to read.
func (v *Vault) Holder() string { return v.holder().about }

// DropKey has the system forget the key; files that it opened are then lost. A key in a
// file is the user's, and stays.
func (v *Vault) DropKey() error {
	unlock, err := v.Lock(context.Background(), "key")
	if err != nil {
		return err
	}
	defer unlock()
	v.mu.Lock()
	delete(v.keys, systemKey.name)
	v.mu.Unlock()
	if err := systemKey.drop(v.folder); err != nil {
		return v.keyTrouble(systemKey.about, err)
	}
	return nil
}
