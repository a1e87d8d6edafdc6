// The files of a kit and of the registry: under its name each is there whole or not at
// all, and nothing is left beside it.

package sandbox

import (
	"os"
	"path/filepath"
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
