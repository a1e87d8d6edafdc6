//go:build !js

// How a file is sealed, and who holds the key. A sealed file is one line that says with
// which key, then AES-256-GCM; nothing of it is ever on disk in the clear:
//
//	connect-entra VERSION HOLDER KEY-ID PLACE EPOCH CHECKSUM

package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"connect-entra/failure"
)

const (
	sealVersion = 1
	keySize     = 32
	keyFileName = "CONNECT_ENTRA_KEY_FILE"
)

// keyHolder keeps 32 bytes for this user, out of every other user's reach. There is one
// for each system, in the files named key_, and the file that the user may name.
type keyHolder struct {
	name  string // in the first line of what it sealed
	about string // for a person
	gone  string // what it means that the key is not there any more
	read  func(*folder) ([]byte, error)
	hold  func(*folder, []byte) error
	drop  func(*folder) error
	place func() (place, epoch string) // where a missing key would have to be; "unknown" proves nothing
}

// errKeyGone is a holder's word that it works and does not have the key.
var errKeyGone = errors.New("the key is gone")

// damage says that a file can never be read again, and why. Whoever meets it sets the
// file aside; with any other error the file must stay as it is.
type damage struct{ reason string }

func (d *damage) Error() string { return d.reason }

// vault is the program's folder with the keys that its files are sealed with.
type vault struct {
	*folder
	userFile string            // what CONNECT_ENTRA_KEY_FILE names
	owner    string            // whose files these are
	keys     map[string][]byte // by holder, as read in this process
}

func openVault(sys *system, create bool) (*vault, error) {
	f, err := openFolder(sys.dir, create, sys.warn)
	if err != nil {
		return nil, err
	}
	return &vault{folder: f, userFile: sys.getenv(keyFileName), owner: fileOwner(), keys: map[string][]byte{}}, nil
}

// holder is who holds the key for what is written now.
func (v *vault) holder() keyHolder {
	if v.userFile != "" {
		return fileHolder(v.userFile)
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
		hold:  func(*folder, []byte) error { return errors.New("the file that " + keyFileName + " names is not there") },
		drop:  func(*folder) error { return nil }, // the user's, not ours
		place: func() (place, epoch string) { return "unknown", "unknown" },
	}
}

func readKeyFile(path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New("it is in the file that " + keyFileName + " named, and that variable is not set")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := openForeign(filepath.Dir(path), nil)
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

// ready sees to it, before anything is sent, that what is made can be kept: a folder to
// write to, and a key that comes back out of its holder as it went in.
func (v *vault) ready() error {
	if err := writableFolder(v.folder); err != nil {
		return err
	}
	_, err := v.key(v.holder())
	if errors.Is(err, errKeyGone) {
		err = v.newKey()
	}
	if err != nil {
		return v.unreachable(v.holder().about, err)
	}
	return nil
}

// unreachable keeps err for reading only: that a key file does not exist must not pass
// for the absence of what it opens.
func (v *vault) unreachable(what string, err error) error {
	return failure.New("storage", "The key that kept connections are sealed with cannot be had from %s: %s.", failure.Clean(what), strings.TrimSuffix(err.Error(), ".")).
		Try("make a key file, %s, and set %s to it; or -ContextScope Process", hostShell().makeKey, keyFileName)
}

// newKey makes a key, unless another process has just done so.
func (v *vault) newKey() error {
	unlock, err := v.lock(context.Background(), "key", lockWait)
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

func (v *vault) key(h keyHolder) ([]byte, error) {
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

// derive makes a key for one purpose, so that its ID tells nothing about the other.
func derive(secret []byte, purpose string, size int) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "connect-entra "+purpose, size)
	if err != nil {
		panic(err) // only for sizes far larger
	}
	return key
}

func keyID(secret []byte) string { return hex.EncodeToString(derive(secret, "key id", 8)) }

// seal encrypts data for the file name. Its first line, its path and its owner are
// bound to it: a file that was moved or given to another user does not open.
func (v *vault) seal(name string, data []byte) ([]byte, error) {
	h := v.holder()
	secret, err := v.key(h)
	if err != nil {
		return nil, v.unreachable(h.about, err)
	}
	place, epoch := h.place()
	line := fmt.Sprintf("connect-entra %d %s %s %s %s ", sealVersion, h.name, keyID(secret), place, epoch)
	header := []byte(line + lineSum(line) + "\n")
	return append(header, newGCM(secret).Seal(nil, nil, data, v.bound(header, name))...), nil
}

// lineSum tells a damaged first line from one that names another version or holder.
func lineSum(line string) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(line))) }

// newGCM puts a fresh random nonce before what it seals.
func newGCM(secret []byte) cipher.AEAD {
	block, err := aes.NewCipher(derive(secret, "seal", keySize))
	if err == nil {
		var gcm cipher.AEAD
		if gcm, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return gcm
		}
	}
	panic(err) // the key always has the right size
}

func (v *vault) bound(header []byte, name string) []byte {
	return fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", header, v.path, name, v.owner)
}

// unseal opens a sealed file with the holder that its first line names. What it cannot
// read it calls damage only if no key that may still turn up would help.
func (v *vault) unseal(name string, file []byte) ([]byte, error) {
	header, body, ok := bytes.Cut(file, []byte("\n"))
	line, sum, ok2 := cutLast(string(header), " ")
	fields := strings.Fields(line)
	version, err := 0, error(nil)
	if len(fields) > 1 {
		version, err = strconv.Atoi(fields[1])
	}
	switch {
	case len(file) > maxFile:
		return nil, &damage{"it is far too large"}
	case len(file) == 0:
		return nil, &damage{"it is empty"}
	case !ok || !ok2 || len(fields) < 2 || err != nil || fields[0] != "connect-entra" || version < 1 ||
		sum != lineSum(line+" "):
		return nil, &damage{"its first line is damaged or not ours"}
	case version > sealVersion:
		return nil, failure.New("storage", "%s was written by a newer connect-entra.", filepath.Join(v.path, name)).
			Try("use that version, or delete the file")
	case len(fields) != 6:
		return nil, &damage{"its first line is damaged"}
	}
	secret, err := v.keyFor(name, fields[2], fields[3], fields[4], fields[5])
	if err != nil {
		return nil, err
	}
	data, err := newGCM(secret).Open(nil, nil, body, v.bound(append(header, '\n'), name))
	if err != nil {
		return nil, &damage{"it was changed, cut, moved here or made by another user"}
	}
	return data, nil
}

// keyFor finds the key that a file was sealed with.
func (v *vault) keyFor(name, holder, id, place, epoch string) ([]byte, error) {
	h := systemKey
	switch holder {
	case systemKey.name:
	case "keyfile":
		h = fileHolder(v.userFile)
	default:
		return nil, failure.New("storage", "%s was sealed on another system: its key is in %q.", filepath.Join(v.path, name), failure.Clean(holder)).
			Try("keep the folders of two systems apart: XDG_STATE_HOME")
	}
	secret, err := v.key(h)
	if err == nil && keyID(secret) == id {
		return secret, nil
	}
	if err != nil && !errors.Is(err, errKeyGone) {
		return nil, failure.New("storage", "The key that %s was sealed with cannot be had from %s: %s.", filepath.Join(v.path, name), failure.Clean(h.about), strings.TrimSuffix(err.Error(), ".")).
			Try("use it where it was made; here, set XDG_STATE_HOME to another folder, or remove everything: connect-entra disconnect -All")
	}
	nowPlace, nowEpoch := h.place()
	if place == "unknown" || nowPlace == "unknown" || place != nowPlace && epoch == nowEpoch {
		return nil, failure.New("storage", "%s was sealed with another key than the one in %s.", filepath.Join(v.path, name), failure.Clean(h.about)).
			Try("use it where it was made, or delete it and connect again")
	}
	return nil, &damage{h.gone}
}

// readSealed reads a file and opens it. It also gives the file as it is, by which a
// later write can tell whether another process wrote meanwhile: no nonce comes twice.
func (v *vault) readSealed(name string) (data, file []byte, err error) {
	file, err = v.read(name)
	if errors.Is(err, errNotFile) {
		return nil, nil, &damage{errNotFile.Error()}
	}
	if err != nil {
		return nil, nil, err
	}
	data, err = v.unseal(name, file)
	return data, file, err
}

// writeSealed seals data and replaces the file, whose lock the caller holds.
func (v *vault) writeSealed(name string, data []byte) error {
	file, err := v.seal(name, data)
	if err != nil {
		return err
	}
	return v.replace(name, file)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// missing says whether err is only that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
