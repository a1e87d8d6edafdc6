package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"connect-entra/failure"
)

// KeyFileVariable is the environment variable by which a user names a file with the key.
const KeyFileVariable = "CONNECT_ENTRA_KEY_FILE"

const keySize = 32

// keyHolder keeps 32 bytes for this user, out of every other user's reach. There is one
// for each system, in the files named key_, and the file that the user may name.
type keyHolder struct {
	name  string // in the first line of what its key encrypted
	about string // for a person
	gone  string // what it means that the key is not there any more
	read  func(*folder) ([]byte, error)
	hold  func(*folder, []byte) error
	drop  func(*folder) error
	place func() (place, epoch string) // where a missing key would have to be; "unknown" proves nothing
}

// errKeyGone is a holder's word that it works and does not have the key.
var errKeyGone = errors.New("the key is gone")

// holder is who holds the key for what is written now.
func (v *Vault) holder() keyHolder {
	if v.options.KeyFile != "" {
		return fileHolder(v.options.KeyFile)
	}
	return systemKey
}

// fileHolder takes the key from a file that the user made. It is never written, and
// that it cannot be read proves nothing: the disk it is on may be absent.
func fileHolder(path string) keyHolder {
	return keyHolder{
		name:  "keyfile",
		about: "the key file " + path,
		read:  func(*folder) ([]byte, error) { return readKeyFile(path) },
		hold: func(*folder, []byte) error {
			return errors.New("the file that " + KeyFileVariable + " names is not there")
		},
		drop:  func(*folder) error { return nil }, // the user's, not ours
		place: func() (place, epoch string) { return "unknown", "unknown" },
	}
}

func readKeyFile(path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New("it is in the file that " + KeyFileVariable + " named, and that variable is not set")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := openForeign(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	key, err := f.readPrivate(filepath.Base(path))
	if err == nil && len(key) < keySize {
		err = fmt.Errorf("%s holds %d bytes, and a key has at least %d", path, len(key), keySize)
	}
	return key, err
}

// keyTrouble keeps err for reading only: that a key file does not exist must not pass for
// the absence of what it opens.
func (v *Vault) keyTrouble(holder string, err error) error {
	return failure.New("storage", "The key that %s are sealed with cannot be had from %s: %s.", v.options.Contents, failure.Clean(holder), strings.TrimSuffix(err.Error(), ".")).
		Try("%s", v.options.Cures.NoKey)
}

// newKey makes a key, unless another process has just done so.
func (v *Vault) newKey() error {
	unlock, err := v.Lock(context.Background(), "key")
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := v.key(v.holder()); !errors.Is(err, errKeyGone) {
		return err
	}
	key := make([]byte, keySize)
	rand.Read(key)
	if err := v.holder().hold(v.folder, key); err != nil {
		return err
	}
	back, err := v.key(v.holder())
	if err == nil && !bytes.Equal(back, key) {
		err = errors.New("it does not give back what it was given")
	}
	return err
}

func (v *Vault) key(h keyHolder) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if key := v.keys[h.name]; key != nil {
		return key, nil
	}
	key, err := h.read(v.folder)
	if err == nil && (h.name != "keyfile" && len(key) != keySize) {
		err = errKeyGone // what is there is not ours to use
	}
	if err == nil {
		v.keys[h.name] = key
	}
	return key, err
}

// keyFor finds the key that a file was encrypted with.
func (v *Vault) keyFor(name, holder, id, place, epoch string) ([]byte, error) {
	path := filepath.Join(v.folder.path, name)
	h := systemKey
	switch holder {
	case systemKey.name:
	case "keyfile":
		h = fileHolder(v.options.KeyFile)
	default:
		return nil, failure.New("storage", "%s was sealed on another system: its key is in %q.", path, failure.Clean(holder)).
			Try("%s", v.options.Cures.OtherSystem)
	}
	secret, err := v.key(h)
	if err == nil && keyID(secret) == id {
		return secret, nil
	}
	if err != nil && !errors.Is(err, errKeyGone) {
		return nil, failure.New("storage", "The key that %s was sealed with cannot be had from %s: %s.", path, failure.Clean(h.about), strings.TrimSuffix(err.Error(), ".")).
			Try("%s", v.options.Cures.NotHere)
	}
	nowPlace, nowEpoch := h.place()
	if place == "unknown" || nowPlace == "unknown" || place != nowPlace && epoch == nowEpoch {
		return nil, failure.New("storage", "%s was sealed with another key than the one in %s.", path, failure.Clean(h.about)).
			Try("use it where it was made, or delete it and connect again")
	}
	return nil, &Damage{h.gone}
}
