//go:build unix

// The login keychain of macOS. It is in the build of every Unix so that its calls are
// tested where no keychain is.

package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"connect-entra/keychain"
)

const keychainService = "connect-entra"

// loginKeychain holds the key as an item, in hexadecimal: security prints what is no text
// in a form of its own.
var loginKeychain = keyHolder{
	name:  "keychain",
	about: "the login keychain",
	gone:  "its key is no longer in the login keychain",
	read:  readKeychain,
	hold:  holdInKeychain,
	drop:  dropFromKeychain,
	place: func() (place, epoch string) { return "here", "always" },
}

func readKeychain(f *folder) ([]byte, error) {
	out, err := keychain.Security("", "find-generic-password", "-w", "-s", keychainService, "-a", keychainAccount(f))
	if errors.Is(err, keychain.ErrNotFound) {
		return nil, errKeyGone
	}
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(strings.TrimSpace(string(out)))
}

// holdInKeychain gives the key by stdin to security's interactive mode: an argument list
// can be read by others.
func holdInKeychain(f *folder, key []byte) error {
	_, err := keychain.Security(fmt.Sprintf("add-generic-password -U -s %s -a %s -w %x\n", keychainService, keychainAccount(f), key), "-i")
	return err
}

func dropFromKeychain(f *folder) error {
	_, err := keychain.Security("", "delete-generic-password", "-s", keychainService, "-a", keychainAccount(f))
	if errors.Is(err, keychain.ErrNotFound) {
		return nil
	}
	return err
}

// keychainAccount stands for the folder, and needs no quoting in a line of at most 4096
// bytes.
func keychainAccount(f *folder) string {
	sum := sha256.Sum256([]byte(f.path))
	return hex.EncodeToString(sum[:])
}
