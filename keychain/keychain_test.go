//go:build unix

package keychain

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecurity plays security(1) with a script.
func TestSecurity(t *testing.T) {
	old := Program
	t.Cleanup(func() { Program = old })
	Program = filepath.Join(t.TempDir(), "security")
	const script = `#!/bin/sh
case $1 in
-i) read -r line; echo "read $line" ;;
absent) echo "security: The specified item could not be found in the keychain." >&2; exit 44 ;;
*) printf 'security: User interaction is not allowed.\033[2J\n' >&2; exit 36 ;;
esac
`
	if err := os.WriteFile(Program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := Security("a line\n", "-i"); string(out) != "read a line\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := Security("", "absent"); !errors.Is(err, ErrNotFound) {
		t.Errorf("not found: %v", err)
	}
	if _, err := Security("", "locked"); err == nil || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "interaction is not allowed") || strings.Contains(err.Error(), "\033") {
		t.Errorf("locked: %v", err)
	}
	Program = "/no/such/security"
	if _, err := Security(""); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("no program: %v", err)
	}
}
