//go:build !js

// A download: what Graph answers becomes a file of the user's, under its name only when it
// is whole.

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"connect-entra/failure"
	"connect-entra/transport"
)

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
