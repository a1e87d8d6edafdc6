package vault

// An encrypted file is one line that says with which key, then AES-256-GCM; nothing of
// what it holds is ever on disk in the clear:
//
//	connect-entra VERSION HOLDER KEY-ID PLACE EPOCH CHECKSUM

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strconv"
	"strings"

	"connect-entra/failure"
)

// formatVersion is in the first line of what is written now.
const formatVersion = 1

// derive makes a key for one purpose, so that its ID tells nothing about the other.
func derive(secret []byte, purpose string, size int) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "connect-entra "+purpose, size)
	if err != nil {
		panic(err) // only for sizes far larger
	}
	return key
}

func keyID(secret []byte) string { return hex.EncodeToString(derive(secret, "key id", 8)) }

// encrypt makes the file of that name. Its first line, its path and its owner are bound to
// it: a file that was moved or given to another user does not open.
func (v *Vault) encrypt(name string, data []byte) ([]byte, error) {
	h := v.holder()
	secret, err := v.key(h)
	if err != nil {
		return nil, v.keyTrouble(h.about, err)
	}
	place, epoch := h.place()
	line := fmt.Sprintf("connect-entra %d %s %s %s %s ", formatVersion, h.name, keyID(secret), place, epoch)
	header := []byte(line + lineSum(line) + "\n")
	return append(header, newGCM(secret).Seal(nil, nil, data, v.bound(header, name))...), nil
}

// lineSum tells a damaged first line from one that names another version or holder.
func lineSum(line string) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(line))) }

// newGCM puts a fresh random nonce before what it encrypts.
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

func (v *Vault) bound(header []byte, name string) []byte {
	return fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", header, v.folder.path, name, v.owner)
}

// decrypt opens a file with the key of the holder that its first line names. What it
// cannot read it calls damage only if no key that may still turn up would help.
func (v *Vault) decrypt(name string, file []byte) ([]byte, error) {
	header, body, ok := bytes.Cut(file, []byte("\n"))
	line, sum := string(header), ""
	if i := strings.LastIndex(line, " "); i >= 0 {
		line, sum = line[:i+1], line[i+1:]
	}
	fields := strings.Fields(line)
	version, err := 0, error(nil)
	if len(fields) > 1 {
		version, err = strconv.Atoi(fields[1])
	}
	switch {
	case len(file) > maxFile:
		return nil, &Damage{"it is far too large"}
	case len(file) == 0:
		return nil, &Damage{"it is empty"}
	case !ok || len(fields) < 2 || err != nil || fields[0] != "connect-entra" || version < 1 || sum != lineSum(line):
		return nil, &Damage{"its first line is damaged or not ours"}
	case version > formatVersion:
		return nil, failure.New("storage", "%s was written by a newer connect-entra.", filepath.Join(v.folder.path, name)).
			Try("use that version, or delete the file")
	case len(fields) != 6:
		return nil, &Damage{"its first line is damaged"}
	}
	secret, err := v.keyFor(name, fields[2], fields[3], fields[4], fields[5])
	if err != nil {
		return nil, err
	}
	data, err := newGCM(secret).Open(nil, nil, body, v.bound(append(header, '\n'), name))
	if err != nil {
		return nil, &Damage{"it was changed, cut, moved here or made by another user"}
	}
	return data, nil
}
