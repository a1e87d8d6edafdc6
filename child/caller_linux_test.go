package child

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSocketOwner has the kernel's answer and its table tell the same, for clients of both
// families.
func TestSocketOwner(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().(*net.TCPAddr)
	mapped := &unix.SockaddrInet6{Port: address.Port}
	copy(mapped.Addr[:], address.IP.To16())
	for family, to := range map[int]unix.Sockaddr{
		unix.AF_INET:  &unix.SockaddrInet4{Port: address.Port, Addr: [4]byte(address.IP.To4())},
		unix.AF_INET6: mapped, // as Java and .NET do
	} {
		client, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Logf("no sockets of family %d here: %v", family, err)
			continue
		}
		if err := unix.Connect(client, to); err != nil {
			t.Fatal(err)
		}
		server, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		from, to := server.RemoteAddr().(*net.TCPAddr).AddrPort(), server.LocalAddr().(*net.TCPAddr).AddrPort()
		uid, inode, err := readSocket(from, to)
		if err != nil || uid != os.Getuid() || !hasOpen(os.Getpid(), "socket:["+inode+"]") {
			t.Errorf("family %d: the table tells %d %s %v", family, uid, inode, err)
		}
		if uid2, inode2, err := askSocket(from, to); err != nil {
			t.Logf("family %d: this kernel has no sock_diag: %v", family, err)
		} else if uid2 != uid || inode2 != inode {
			t.Errorf("family %d: the kernel tells %d %s, the table %d %s", family, uid2, inode2, uid, inode)
		}
		unix.Close(client)
		server.Close()
		if _, inode, err := socketOwner(to, from); err == nil && hasOpen(os.Getpid(), "socket:["+inode+"]") {
			t.Errorf("family %d: a closed connection has the owner %s", family, inode)
		}
	}
}

// TestOnlyDescendantsAreServed has a command's process, one of its daemons, and another
// process of the same user that learnt the secret.
func TestOnlyDescendantsAreServed(t *testing.T) {
	needsTool(t, "curl")
	needsTool(t, "setsid")
	const script = `echo "$IDENTITY_ENDPOINT $IDENTITY_HEADER"; read go; ` + curl + `; setsid sh -c '(sleep 0.2; ` + curl + ` >"$HOME/daemon") &'; while [ ! -s "$HOME/daemon" ]; do sleep 0.02; done; cat "$HOME/daemon"`
	for _, c := range []struct {
		args    []string
		outside bool
	}{{nil, false}, {[]string{"-outside"}, true}} {
		r, first := start(t, strings.Replace(script, "read go; ", "while [ ! -e $HOME/go ]; do sleep 0.02; done; ", 1), c.args...)
		address, secret, _ := strings.Cut(first, " ")
		sibling := sendSecret(t, address, secret)
		if got := strings.Contains(sibling, "access_token"); got != c.outside {
			t.Errorf("%s: a process outside of the command got %s", c.args, sibling)
		}
		home := r.Env[len(r.Env)-1]
		os.WriteFile(filepath.Join(strings.TrimPrefix(home, "HOME="), "go"), nil, 0o600)
		for _, who := range []string{"command", "daemon"} {
			if got := r.next(); !strings.Contains(got, "access_token") {
				t.Errorf("%s: the %s got %s", c.args, who, got)
			}
		}
		r.Wait()
	}
}

// sendSecret asks an endpoint from this process.
func sendSecret(t *testing.T, address, secret string) string {
	t.Helper()
	r, err := NewRequest(t.Context(), strings.TrimSuffix(address, endpointPath), secret, graphAppID, 0)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text := make([]byte, 4096)
	n, _ := resp.Body.Read(text)
	return string(text[:n])
}

// TestOtherUsersAreRefused needs root to be another user.
func TestOtherUsersAreRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	needsTool(t, "curl")
	needsTool(t, "setpriv")
	const nobody = `setpriv --reuid 65534 --regid 65534 --clear-groups `
	out, err := command(t, nobody+"sh -c '"+curl+"'; echo; "+curl, "-outside").Output()
	if another, same, _ := strings.Cut(string(out), "\n"); err != nil || strings.Contains(another, "access_token") || !strings.Contains(same, "access_token") {
		t.Errorf("another user, and the same: %v %q", err, out)
	}
}

// TestEndsWithKilledParent kills the parent as nothing can be done against.
func TestEndsWithKilledParent(t *testing.T) {
	r, first := start(t, `echo "$$ $IDENTITY_ENDPOINT $IDENTITY_HEADER"; exec sleep 60`)
	pid, rest, _ := strings.Cut(first, " ")
	address, secret, _ := strings.Cut(rest, " ")
	r.Process.Kill()
	r.Wait()
	until(t, "the command ends", func() bool {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
	if answer := sendSecret(t, address, secret); !strings.Contains(answer, "refused") {
		t.Errorf("the endpoint answers %s", answer)
	}
}
