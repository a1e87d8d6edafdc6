package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestOtherUsersAreRefused needs root to be another user; then everything else of a
// command must work for a user who is not root, too.
func TestOtherUsersAreRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	needsTool(t, "curl")
	needsTool(t, "setpriv")
	const nobody = `setpriv --reuid 65534 --regid 65534 --clear-groups `
	stdout, _, _ := commanded(t, nobody+"sh -c '"+curl+"'; "+curl, "-AllowOutside")
	lines := splitLines(stdout)
	if len(lines) != 2 || strings.Contains(lines[0], "access_token") || !strings.Contains(lines[1], "access_token") {
		t.Errorf("another user, and the same: %q", lines)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(program, self, 0o755)
	}
	for parent := dir; err == nil && parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
		err = os.Chmod(parent, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "-AccessToken", "env:T", "-NoWelcome",
		"--", "sh", "-c", curl+`; `+again+`token; `+again+`-- `+again+`token`)
	cmd.Env = append(commandEnvironment(t), asProgram+"=1", "SELF="+program, "HOME=/")
	out, err := cmd.Output()
	if lines := splitLines(string(out)); err != nil || len(lines) != 3 || !strings.Contains(lines[0], "access_token") || lines[1] != lines[2] {
		t.Errorf("as a user who is not root: %v %q", err, lines)
	}
}

// openTerminal makes a terminal of this host: its keyboard and screen, and what a process
// has open of it.
func openTerminal(t *testing.T) (person, tty *os.File) {
	t.Helper()
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skip("this host has no terminals to give: ", err)
	}
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this host has no terminals to give: ", err)
	}
	person = os.NewFile(uintptr(master), "ptmx")
	t.Cleanup(func() { person.Close(); tty.Close() })
	return person, tty
}

// atTerminal starts a command line of sh, which has the terminal for its own.
func atTerminal(t *testing.T, line string) (person *screen, cmd *exec.Cmd) {
	t.Helper()
	keyboard, tty := openTerminal(t)
	cmd = exec.Command("sh", "-c", line)
	cmd.Env = append(commandEnvironment(t), asProgram+"=1", "HOME="+t.TempDir(), "OURS="+asProgram)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return &screen{File: keyboard}, cmd
}

// screen is what a person sees and types.
type screen struct {
	*os.File
	unread string
}

// await reads on until the text has come, and gives what came before it.
func (s *screen) await(t *testing.T, text string) (before string) {
	t.Helper()
	s.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 4096)
	for !strings.Contains(s.unread, text) {
		n, err := s.Read(buffer)
		s.unread += string(buffer[:n])
		if err != nil {
			t.Fatalf("%q never comes: %q", text, s.unread)
		}
	}
	before, s.unread, _ = strings.Cut(s.unread, text)
	return before
}

// TestSecretIsNotEchoed answers a prompt as fast as a program can.
func TestSecretIsNotEchoed(t *testing.T) {
	for range 5 {
		person, cmd := atTerminal(t, `exec "$SELF" -Environment Sandbox -TenantId contoso.com -ClientSecretCredential ''`)
		person.await(t, "Enter your credentials.\r\nUser: ")
		fmt.Fprint(person, someApp+"\r")
		if between := person.await(t, "Password for user "+someApp+": "); strings.Contains(between, "credential") {
			t.Errorf("between the two questions: %q", between)
		}
		fmt.Fprint(person, "canary\r")
		if shown := person.await(t, "[refused]"); strings.Contains(shown, "canary") {
			t.Fatalf("shown: %q", shown)
		}
		cmd.Wait()
	}
}

// TestInterruptReachesCommandOnce presses Ctrl-C, which a terminal sends to both.
func TestInterruptReachesCommandOnce(t *testing.T) {
	person, cmd := atTerminal(t, `exec "$SELF" -AccessToken env:T -NoWelcome -- sh -c 'n=0; trap "n=\$((n+1))" INT; echo ready; while [ $n -eq 0 ]; do sleep 0.05; done; sleep 0.3; echo "counted $n"; exit 9'`)
	person.await(t, "ready")
	person.Write([]byte{3})
	person.await(t, "counted 1")
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 9 {
		t.Errorf("status %s", cmd.ProcessState)
	}
}

// TestShellSuspendsCommand presses Ctrl-Z, and has the shell bring the command back. What
// the command does meanwhile starts no process: a shell that is stopped between vfork and
// exec cannot be told to have stopped.
func TestShellSuspendsCommand(t *testing.T) {
	needsTool(t, "bash")
	person, cmd := atTerminal(t, `exec bash --norc -i`)
	fmt.Fprint(person, `PS1='pro''mpt> '; "$SELF" -AccessToken env:T -NoWelcome -- sh -c 'echo rea''dy; read answer; echo "heard $answer"; exit 7'`+"\n")
	person.await(t, "ready")
	person.Write([]byte{26})
	person.await(t, "Stopped")
	person.await(t, "prompt> ")
	fmt.Fprint(person, "fg; echo status $?\n")
	person.await(t, `"$SELF" -AccessToken`) // the shell says what it brings back
	fmt.Fprint(person, "go\n")
	person.await(t, "heard go")
	person.await(t, "status 7")
	fmt.Fprint(person, "exit\n")
	cmd.Process.Kill()
	cmd.Wait()
}

// TestShellIsASession has a shell with jobs for a command, which knows who is connected,
// and gives the terminal back.
func TestShellIsASession(t *testing.T) {
	needsTool(t, "bash")
	person, cmd := atTerminal(t, `"$SELF" -AccessToken env:T -NoWelcome -- bash --norc -i; echo "ba""ck $?"; read answer; echo "heard $answer"`)
	const prompt = "[canary-person] "
	fmt.Fprint(person, `PS1='[$CONNECT_ENTRA_ACC''OUNT] '`+"\n")
	person.await(t, prompt)
	fmt.Fprint(person, `env $OURS=1 "$SELF" context`+"\n")
	person.await(t, "Account                : canary-person")
	person.await(t, prompt)
	person.Write([]byte{3})
	person.Write([]byte{'\n'}) // a shell that is about to read hears of the signal with the next key only
	person.await(t, prompt)
	fmt.Fprint(person, `sh -c 'echo rea""dy; read answer; echo "heard $answer"'`+"\n")
	person.await(t, "ready")
	person.Write([]byte{26})
	person.await(t, "Stopped")
	person.await(t, prompt)
	fmt.Fprint(person, "fg\n")
	person.await(t, "sh -c") // the shell says what it brings back
	fmt.Fprint(person, "one\n")
	person.await(t, "heard one")
	person.await(t, prompt)
	fmt.Fprint(person, `sh -c 'echo rea""dy; exec sleep 60'`+"\n")
	person.await(t, "ready")
	person.Write([]byte{3})
	person.await(t, prompt)
	fmt.Fprint(person, `echo st""atus $?; exit 5`+"\n")
	person.await(t, "status 130")
	person.await(t, "back 5")
	fmt.Fprint(person, "two\n")
	person.await(t, "heard two")
	cmd.Wait()
}
