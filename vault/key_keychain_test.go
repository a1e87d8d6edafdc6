//go:build unix

package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connect-entra/keychain"
)

// fakeSecurity answers as security(1) does, as far as keys need it; the items are files
// beside it, and what it was called with is in calls.
const fakeSecurity = `#!/bin/sh
dir=$(dirname "$0")
echo "$@" >>"$dir/calls"
[ -e "$dir/locked" ] && { echo "security: SecKeychainItemCopyContent: User interaction is not allowed." >&2; exit 36; }
verb=$1
if [ "$verb" = -i ]; then
	read -r verb u s service a account w secret
	[ "$verb $u $s $a $w" = "add-generic-password -U -s -a -w" ] || exit 2
	printf %s "$secret" >"$dir/item-$service-$account"
	exit 0
fi
for last; do :; done
item=$(echo "$dir"/item-connect-entra-"$last")
[ -e "$item" ] || { echo "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain." >&2; exit 44; }
case $verb in
find-generic-password) cat "$item"; echo ;;
delete-generic-password) rm "$item" ;;
esac
`

func TestKeychain(t *testing.T) {
	dir := t.TempDir()
	old := keychain.Program
	keychain.Program = filepath.Join(dir, "security")
	t.Cleanup(func() { keychain.Program = old })
	if err := os.WriteFile(keychain.Program, []byte(fakeSecurity), 0o700); err != nil {
		t.Fatal(err)
	}
	f, _ := testFolder(t)
	if _, err := loginKeychain.read(f); !errors.Is(err, errKeyGone) {
		t.Errorf("nothing is there: %v", err)
	}
	if err := loginKeychain.drop(f); err != nil {
		t.Errorf("nothing to drop: %v", err)
	}
	key := bytes.Repeat([]byte{0, 0xff, 0x0a, 'k'}, 8)
	if err := loginKeychain.hold(f, key); err != nil {
		t.Fatal(err)
	}
	if got, err := loginKeychain.read(f); err != nil || !bytes.Equal(got, key) {
		t.Errorf("%x, %v", got, err)
	}
	other, _ := testFolder(t)
	if _, err := loginKeychain.read(other); !errors.Is(err, errKeyGone) {
		t.Errorf("another folder has the same key: %v", err)
	}
	os.WriteFile(filepath.Join(dir, "locked"), nil, 0o600)
	if _, err := loginKeychain.read(f); errors.Is(err, errKeyGone) || err == nil || !strings.Contains(err.Error(), "interaction is not allowed") {
		t.Errorf("locked: %v", err)
	}
	os.Remove(filepath.Join(dir, "locked"))
	if err := loginKeychain.drop(f); err != nil {
		t.Error(err)
	}
	if _, err := loginKeychain.read(f); !errors.Is(err, errKeyGone) {
		t.Errorf("dropped: %v", err)
	}
	calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
	if strings.Contains(string(calls), hex.EncodeToString(key)[:16]) {
		t.Errorf("the key is in an argument list:\n%s", calls)
	}
}
