package vault

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// systemKey is the user keyring of the kernel: 32 bytes that no disk ever sees and no
// other user can read. They last until the next start of the system.
var systemKey = keyHolder{
	name:  "keyring",
	about: "the kernel's keyring (until this host restarts)",
	gone:  "its key was in the kernel's keyring, which a restart empties",
	read:  readKeyring,
	hold:  holdInKeyring,
	drop:  dropFromKeyring,
	place: keyringPlace,
}

func keyDescription(f *folder) string { return "connect-entra:" + f.path }

// linkKeyring makes the user's keyring a possession of this session. Without it, a
// session with a keyring of its own (systemd's KeyringMode=private, su -l with PAM) may
// search it but not read: keyrings(7), "Possession".
func linkKeyring() {
	unix.KeyctlInt(unix.KEYCTL_LINK, unix.KEY_SPEC_USER_KEYRING, unix.KEY_SPEC_SESSION_KEYRING, 0, 0) // best effort: what follows reports
}

func readKeyring(f *folder) ([]byte, error) {
	linkKeyring()
	id, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, "user", keyDescription(f), 0)
	if err != nil {
		return nil, keyringError(err)
	}
	key := make([]byte, keySize+1)
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, key, 0)
	if err != nil {
		return nil, keyringError(err)
	}
	return key[:min(n, len(key))], nil
}

func holdInKeyring(f *folder, key []byte) error {
	linkKeyring()
	id, err := unix.AddKey("user", keyDescription(f), key, unix.KEY_SPEC_USER_KEYRING)
	if err != nil {
		return keyringError(err)
	}
	const userMayUse = 0x3f0b0000 // possessor all; user view, read, search; nobody else
	return keyringError(unix.KeyctlSetperm(id, userMayUse))
}

func dropFromKeyring(f *folder) error {
	linkKeyring()
	id, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, "user", keyDescription(f), 0)
	if err == nil {
		_, err = unix.KeyctlInt(unix.KEYCTL_UNLINK, id, unix.KEY_SPEC_USER_KEYRING, 0, 0)
	}
	if err = keyringError(err); errors.Is(err, errKeyGone) {
		return nil
	}
	return err
}

// keyringPlace tells this keyring from others: each start of the system and each user
// namespace (a rootless container) has its own. Where it is another one, a missing key
// says nothing about the key; after a restart it is gone.
func keyringPlace() (place, epoch string) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, err2 := os.Readlink("/proc/self/ns/user")
	if err != nil || err2 != nil {
		return "unknown", "unknown"
	}
	return strings.Trim(namespace, "user:[]"), strings.TrimSpace(string(boot))
}

func keyringError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOKEY), errors.Is(err, unix.EKEYEXPIRED), errors.Is(err, unix.EKEYREVOKED):
		return errKeyGone
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSYS):
		return errors.New("this container or system forbids the kernel's keyring") // Docker's default profile does
	case errors.Is(err, unix.EDQUOT):
		return errors.New("the kernel's keyring is full for this user")
	}
	return err
}
