//go:build !js

package browser

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// openerTime is how long a launcher may take to fail; after that it counts as started.
// It is not ended then: it may be the browser itself.
const openerTime = 5 * time.Second

// opener is a program that opens an address, and when it is the one to take.
type opener struct {
	system  string // runtime.GOOS; "" for any other Unix
	where   func(host) bool
	program string   // a name to be looked for in PATH, or a full path
	args    []string // before the address
}

// openers in the order of trying, after $BROWSER.
var openers = []opener{
	{"linux", host.isWSL, "wslview", nil},
	{"linux", host.isWSL, "/mnt/c/Windows/System32/rundll32.exe", []string{"url.dll,FileProtocolHandler"}},
	{"", host.hasDisplay, "xdg-open", nil},
	{"", host.hasDisplay, "sensible-browser", nil},
	{"", host.hasDisplay, "x-www-browser", nil},
	{"", host.hasDisplay, "firefox", nil},
	{"", host.hasDisplay, "chromium", nil},
	{"", host.hasDisplay, "google-chrome", nil},
	{"darwin", host.isHere, "/usr/bin/open", nil},
	{"windows", host.isHere, `%SystemRoot%\System32\rundll32.exe`, []string{"url.dll,FileProtocolHandler"}},
}

// host is what decides which opener there is.
type host struct {
	system string
	getenv func(string) string
	find   func(name string) (string, error) // exec.LookPath
}

func (h host) isWSL() bool { return h.getenv("WSL_DISTRO_NAME") != "" || h.getenv("WSL_INTEROP") != "" }

func (h host) hasDisplay() bool {
	return h.getenv("DISPLAY") != "" || h.getenv("WAYLAND_DISPLAY") != ""
}

// isHere holds unless the person sits at another machine.
func (h host) isHere() bool { return h.getenv("SSH_CONNECTION") == "" && h.getenv("SSH_TTY") == "" }

func (h host) isUnix() bool { return h.system != "windows" && h.system != "darwin" }

// command gives the program and arguments that open address, or why there is none.
func (h host) command(address string) ([]string, error) {
	if named := h.getenv("BROWSER"); named != "" {
		return h.named(named, address)
	}
	for _, o := range openers {
		if o.system != h.system && !(o.system == "" && h.isUnix()) || !o.where(h) {
			continue
		}
		program := strings.Replace(o.program, "%SystemRoot%", cmp.Or(h.getenv("SystemRoot"), `C:\Windows`), 1)
		if path, err := h.find(program); err == nil && h.isFull(path) {
			return append(append([]string{path}, o.args...), address), nil
		}
	}
	switch {
	case !h.isHere() && (!h.isUnix() || !h.hasDisplay()):
		return nil, &Unavailable{"this is an SSH session without a display"}
	case h.isUnix() && !h.hasDisplay() && !h.isWSL():
		return nil, &Unavailable{"there is no display (DISPLAY and WAYLAND_DISPLAY are not set)"}
	}
	return nil, &Unavailable{"no program that opens addresses was found, such as xdg-open"}
}

// named takes the browser of $BROWSER: one program, or several to try, with nothing but
// the address as argument. It is no line for a shell.
func (h host) named(list, address string) ([]string, error) {
	names := []string{list}
	if h.system != "windows" {
		names = strings.Split(list, ":")
	}
	for _, name := range names {
		name = strings.TrimSuffix(strings.TrimSpace(name), " %s")
		if name == "" || strings.ContainsAny(name, `/\`) && !h.isFull(name) {
			continue
		}
		if path, err := h.find(name); err == nil && h.isFull(path) {
			return []string{path, address}, nil
		}
	}
	return nil, &Unavailable{"BROWSER names no program in PATH or by its full path (arguments are not taken)"}
}

// isFull refuses what would be looked for in the current folder.
func (h host) isFull(path string) bool {
	if h.system == runtime.GOOS {
		return filepath.IsAbs(path)
	}
	return strings.HasPrefix(path, "/") || len(path) > 2 && path[1:3] == `:\`
}

// Open opens address in a browser of this host. A nil error means that a program was
// started which did not fail within five seconds, or before ctx ended; the program is left
// to run. The error is otherwise an *Unavailable.
func Open(ctx context.Context, address string) error {
	h := host{system: runtime.GOOS, getenv: os.Getenv, find: exec.LookPath}
	command, err := h.command(address)
	if err != nil {
		return err
	}
	return launch(ctx, command, launcherEnvironment(os.Environ()))
}

// launch starts command apart from this process' terminal and output.
func launch(ctx context.Context, command, environment []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = environment
	cmd.Dir = filepath.Dir(command[0])
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return &Unavailable{filepath.Base(command[0]) + " cannot be started"}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		var status *exec.ExitError
		if errors.As(err, &status) {
			return &Unavailable{filepath.Base(command[0]) + " could not open one (" + status.String() + ")"}
		}
	case <-time.After(openerTime):
	case <-ctx.Done():
	}
	return nil
}

// launcherVariables are what a browser needs of the environment; a name that ends with _
// stands for all that begin so. No secret for connect-entra is among them.
var launcherVariables = []string{
	"APPDATA", "COMMONPROGRAMFILES", "COMSPEC", "DBUS_SESSION_BUS_ADDRESS", "DESKTOP_SESSION", "DISPLAY", "GDMSESSION",
	"HOME", "HOMEDRIVE", "HOMEPATH", "HTTPS_PROXY", "HTTP_PROXY", "KDE_FULL_SESSION", "KDE_SESSION_VERSION", "LANG",
	"LANGUAGE", "LC_", "LOCALAPPDATA", "LOGNAME", "NO_PROXY", "PATH", "PATHEXT", "PROGRAMDATA", "PROGRAMFILES",
	"PROGRAMFILES(X86)", "PULSE_SERVER", "SHELL", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "USER", "USERNAME",
	"USERPROFILE", "VSCODE_IPC_HOOK_CLI", "WAYLAND_DISPLAY", "WINDIR", "WSLENV", "WSL_", "XAUTHORITY", "XDG_",
}

func launcherEnvironment(environ []string) []string {
	var allowed []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		name = strings.ToUpper(name)
		if slices.ContainsFunc(launcherVariables, func(v string) bool {
			return v == name || strings.HasSuffix(v, "_") && strings.HasPrefix(name, v)
		}) {
			allowed = append(allowed, pair)
		}
	}
	return allowed
}
