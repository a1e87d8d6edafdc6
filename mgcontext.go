//go:build !js

// The PowerShell module's file of user-defined clouds, as a file: userclouds.go knows
// what is in it.

package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"connect-entra/failure"
)

// mgContext is the PowerShell module's file of user-defined clouds.
type mgContext struct {
	dir  string // ~/.mg
	warn func(format string, args ...any)
}

const mgContextName = "mg.context.json"

// read gives the file, if it is the user's own: who can write it decides where secrets
// are sent.
func (m mgContext) read() ([]byte, error) {
	f, err := openForeign(m.dir, m.warn)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, m.trouble("read", err)
	}
	defer f.Close()
	data, done, err := f.readOwn(mgContextName)
	done()
	return data, m.trouble("read", err)
}

func (m mgContext) change(change func(old []byte) ([]byte, error)) error {
	if err := makeFolder(m.dir); err != nil {
		return m.trouble("write", err)
	}
	f, err := openForeign(m.dir, m.warn)
	if err != nil {
		return m.trouble("write", err)
	}
	defer f.Close()
	unlock, err := f.lock(context.Background(), mgContextName, lockWait)
	if err != nil {
		return m.trouble("write", err)
	}
	defer unlock()
	old, done, err := f.readOwn(mgContextName)
	if err != nil {
		done()
		return m.trouble("read", err)
	}
	data, err := change(old)
	done() // Windows replaces no open file
	if err != nil {
		return err
	}
	return m.trouble("write", f.replace(mgContextName, data))
}

// trouble tells the reference's words first, and then what the matter is.
func (m mgContext) trouble(what string, err error) error {
	if err == nil {
		return nil
	}
	return failure.New("storage", "Could not %s file at '%s'. Please ensure you have access to this file and try again in a few minutes..", what, filepath.Join(m.dir, mgContextName)).
		Because(err).Try("see to this first: %s", err)
}

// readOwn reads a file that nobody else may write; nil if it is not there. Until done, the
// module neither writes nor replaces it: .NET opens files under the same lock.
func (f *folder) readOwn(name string) (data []byte, done func(), err error) {
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
		if err = tryLock(handle); !errors.Is(err, errHeld) || time.Since(began) > lockWait {
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
