//go:build unix

// The login keychain of macOS, by way of security(1), which needs no cgo. It is in the
// build of every Unix so that its calls are tested where no keychain is.

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"connect-entra/failure"
)

var securityProgram = "/usr/bin/security"

const (
	keychainService  = "connect-entra"
	keychainNotFound = 44 // how security exits for errSecItemNotFound
)

// keychain holds the key as an item of the login keychain, in hexadecimal: security
// prints what is no text in a form of its own.
var keychain = keyHolder{
	name:  "keychain",
	about: "the login keychain",
	gone:  "its key is no longer in the login keychain",
	read:  readKeychain,
	hold:  holdInKeychain,
	drop:  dropFromKeychain,
	place: func() (place, epoch string) { return "here", "always" },
}

func readKeychain(f *folder) ([]byte, error) {
	out, err := security("", "find-generic-password", "-w", "-s", keychainService, "-a", keychainAccount(f))
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(strings.TrimSpace(string(out)))
}

// holdInKeychain gives the key by stdin to security's interactive mode: an argument list
// can be read by others.
func holdInKeychain(f *folder, key []byte) error {
	_, err := security(fmt.Sprintf("add-generic-password -U -s %s -a %s -w %x\n", keychainService, keychainAccount(f), key), "-i")
	return err
}

func dropFromKeychain(f *folder) error {
	_, err := security("", "delete-generic-password", "-s", keychainService, "-a", keychainAccount(f))
	if errors.Is(err, errKeyGone) {
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

// security must not outlast a keychain that waits to be unlocked where nobody can do
// that (-25293 over SSH).
func security(stdin string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, securityProgram, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == keychainNotFound {
		return nil, errKeyGone
	}
	if err != nil {
		return nil, fmt.Errorf("security answers: %s", failure.Clean(firstOf(strings.TrimSpace(errs.String()), err.Error())))
	}
	return out.Bytes(), nil
}
