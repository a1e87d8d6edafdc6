package transport

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestArcKeyFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("paths of Linux")
	}
	for _, challenge := range []string{
		"", "Basic", "Bearer realm=/var/opt/azcmagent/tokens/x.key", "Basic realm=/etc/shadow", "Basic realm=/etc/x.key",
		"Basic realm=/var/opt/azcmagent/tokens/../../../../etc/x.key", "Basic realm=/var/opt/azcmagent/tokens/x.txt", "Basic realm=/var/opt/azcmagent/tokens/.key/",
		"Basic realm=/var/opt/azcmagent/tokens/sub/x.key", "Basic realm=/var/opt/azcmagent/tokens//x.key", "Basic realm=/var/opt/azcmagent/tokens/%2e.key",
		`Basic realm="/var/opt/azcmagent/tokens/x.key"`, "Basic realm=/var/opt/azcmagent/tokens/x.key Basic realm=/etc/x.key", "Basic realm=x.key",
		"Basic realm=/var/opt/azcmagent/tokens/\x00.key", "basic realm=/etc/x.key", "Basic realm=/VAR/opt/azcmagent/tokens/x.key",
	} {
		if err := checkArcChallenge(http.Header{"Www-Authenticate": {challenge}}); idOf(err) != "hostile-answer" {
			t.Errorf("%q: %v", challenge, err)
		}
	}
	if err := checkArcChallenge(http.Header{"Www-Authenticate": {"Basic realm=/var/opt/azcmagent/tokens/x.key", "Basic realm=/var/opt/azcmagent/tokens/x.key"}}); idOf(err) != "hostile-answer" {
		t.Errorf("two challenges: %v", err)
	}
}

func TestArcKeyFileMustBeAFile(t *testing.T) {
	folder := t.TempDir()
	key := func(name string) string { return filepath.Join(folder, name) }
	write := func(name string, size int) {
		if err := os.WriteFile(key(name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("good.key", 4096)
	write("big.key", 4097)
	os.Mkdir(key("folder.key"), 0o700)
	os.Symlink(key("good.key"), key("link.key"))
	if info, err := os.Lstat(key("link.key")); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Skip("left out: no symbolic links here")
	}
	if os.Geteuid() == 0 {
		write("foreign.key", 10)
		if err := os.Chown(key("foreign.key"), 65534, -1); err != nil {
			t.Fatal(err)
		}
		if err := checkKeyFile(key("foreign.key")); idOf(err) != "hostile-answer" {
			t.Errorf("of another user: %v", err)
		}
	}
	for name, want := range map[string]string{"good.key": "ok", "big.key": "hostile-answer", "folder.key": "hostile-answer", "link.key": "hostile-answer", "gone.key": "no-managed-identity"} {
		if err := checkKeyFile(key(name)); idOf(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
