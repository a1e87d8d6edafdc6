//go:build !js

// Files of the user's: the practice kit's, and what is downloaded. Under its name each is
// there whole or not at all, and nothing is left beside it.

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"connect-entra/failure"
	"connect-entra/transport"
)

// readFile reads a whole file of dir.
func readFile(dir, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(dir, name))
}

// replaceFile puts data in place of a file of dir, or makes it; a reader finds the old
// one or the new one, never half of either.
func replaceFile(dir, name string, data []byte) error {
	temporary, err := writeTemporary(dir, name, data)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	return os.Rename(temporary, filepath.Join(dir, name))
}

// createFile makes a file of dir, whole; where there is one already the error is
// fs.ErrExist.
func createFile(dir, name string, data []byte) error {
	temporary, err := writeTemporary(dir, name, data)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	return os.Link(temporary, filepath.Join(dir, name)) // unlike Rename, never replaces
}

// writeTemporary writes data to a new file of dir, down to the disk.
func writeTemporary(dir, name string, data []byte) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(dir, name+".*") // O_EXCL, 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	if _, err := file.Write(data); err != nil {
		return file.Name(), err
	}
	return file.Name(), file.Sync()
}

// writeWhole makes the user's file path of what write gives it, or replaces it: under
// its name there is never half of it. Unlike the program's own it is of the mode that
// the user's files have.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays one
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // /dev/null, or a pipe
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return notWritten(path, err)
		}
		return errors.Join(write(file), notWritten(path, file.Close()))
	}
	part := path + "." + transport.NewCorrelation()[:8] + ".part"
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return notWritten(path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(part)
		}
	}()
	err = write(file)
	if err == nil {
		err = notWritten(path, file.Sync())
	}
	if closed := file.Close(); err == nil {
		err = notWritten(path, closed)
	}
	if err == nil {
		err = notWritten(path, os.Rename(part, path))
	}
	return err
}

func notWritten(path string, err error) error {
	if err == nil {
		return nil
	}
	return failure.New("storage", "%s could not be written: %v.", failure.Clean(path), err).Because(err).Try("check the folder, and how much room there is")
}
