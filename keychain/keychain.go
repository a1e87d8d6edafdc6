// Package keychain asks macOS's keychain by way of security(1), which needs no cgo.
//
//	out, err := keychain.Security("", "find-generic-password", "-w", "-s", service)
//
// Security gives up after half a minute, as a locked keychain waits for somebody to unlock
// it. The package is in every build, so that its callers' arguments are tested where there
// is no keychain, with a script in place of Program.
package keychain

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"connect-entra/failure"
)

// Program is where security(1) is; tests put a script in its place.
var Program = "/usr/bin/security"

// ErrNotFound is security's word that it works and has no such item.
var ErrNotFound = errors.New("the item is not in the keychain")

// notFound is how security exits for errSecItemNotFound.
const notFound = 44

// timeout is for a keychain that waits to be unlocked where nobody can do that (-25293 over
// SSH).
const timeout = 30 * time.Second

// Security runs security(1) with args and gives what it prints. A secret goes into stdin,
// as others can read an argument list: the argument -i makes security read commands there.
func Security(stdin string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, Program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == notFound {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("security answers: %s", failure.Clean(cmp.Or(strings.TrimSpace(errs.String()), err.Error())))
	}
	return out.Bytes(), nil
}
