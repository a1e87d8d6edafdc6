package vault

import (
	"errors"
	"strings"
	"testing"
)

// TestKeyringAfterRestart makes a file of an earlier start of the host: its key is gone. In
// another place the keyring is another one, and proves nothing about the key.
func TestKeyringAfterRestart(t *testing.T) {
	v, _ := testVault(t, "")
	real := systemKey
	t.Cleanup(func() { systemKey = real; real.drop(v.folder) })
	for _, c := range []struct {
		place, epoch string
		gone         bool
	}{
		{"", "00000000-0000-0000-0000-000000000000", true},
		{"1", "", false},
	} {
		if err := v.Ready(); err != nil {
			t.Skip("this host has no keyring: ", err)
		}
		systemKey.place = func() (place, epoch string) {
			place, epoch = keyringPlace()
			if c.place != "" {
				place = c.place
			}
			if c.epoch != "" {
				epoch = c.epoch
			}
			return place, epoch
		}
		v.write(t, "a", "data")
		systemKey = real
		if err := v.DropKey(); err != nil {
			t.Fatal(err)
		}
		_, _, err := v.Read("a")
		var d *Damage
		if c.gone != errors.As(err, &d) || c.gone && !strings.Contains(d.Reason, "which a restart empties") || !c.gone && !strings.Contains(err.Error(), "another key") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
