//go:build !js

package browser

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhichBrowserOpens(t *testing.T) {
	const address = "https://login.microsoftonline.com/a?b=c&d=$(touch x)"
	for _, test := range []struct {
		name    string
		system  string
		env     string // NAME=value, blanks between
		there   string // programs that are found, blanks between; name=path where that is another
		command string // with blanks between; the reason for none begins with !
	}{
		{"a Linux desktop", "linux", "DISPLAY=:0", "xdg-open=/usr/bin/xdg-open firefox=/usr/bin/firefox", "/usr/bin/xdg-open"},
		{"Wayland", "linux", "WAYLAND_DISPLAY=wayland-0", "firefox=/usr/bin/firefox", "/usr/bin/firefox"},
		{"no display", "linux", "", "xdg-open=/usr/bin/xdg-open", "!there is no display (DISPLAY and WAYLAND_DISPLAY are not set)"},
		{"SSH without one", "linux", "SSH_CONNECTION=a", "xdg-open=/usr/bin/xdg-open", "!this is an SSH session without a display"},
		{"SSH with one", "linux", "SSH_CONNECTION=a DISPLAY=:10", "xdg-open=/usr/bin/xdg-open", "/usr/bin/xdg-open"},
		{"nothing to open with", "linux", "DISPLAY=:0", "", "!no program that opens addresses was found, such as xdg-open"},
		{"xdg-open in the current folder", "linux", "DISPLAY=:0", "xdg-open=xdg-open", "!no program that opens addresses was found, such as xdg-open"},
		{"xdg-open in a folder beside", "linux", "DISPLAY=:0", "xdg-open=bin/xdg-open", "!no program that opens addresses was found, such as xdg-open"},
		{"WSL", "linux", "WSL_DISTRO_NAME=Ubuntu", "wslview=/usr/bin/wslview", "/usr/bin/wslview"},
		{"WSL without wslu", "linux", "WSL_DISTRO_NAME=Ubuntu", "/mnt/c/Windows/System32/rundll32.exe", "/mnt/c/Windows/System32/rundll32.exe url.dll,FileProtocolHandler"},
		{"FreeBSD", "freebsd", "DISPLAY=:0", "xdg-open=/usr/local/bin/xdg-open", "/usr/local/bin/xdg-open"},
		{"macOS", "darwin", "", "/usr/bin/open", "/usr/bin/open"},
		{"macOS by SSH", "darwin", "SSH_CONNECTION=a", "/usr/bin/open", "!this is an SSH session without a display"},
		{"Windows", "windows", `SystemRoot=D:\Win`, `D:\Win\System32\rundll32.exe`, `D:\Win\System32\rundll32.exe url.dll,FileProtocolHandler`},
		{"BROWSER wins over the display", "linux", "BROWSER=lynx-in-a-tab", "lynx-in-a-tab=/usr/bin/lynx-in-a-tab", "/usr/bin/lynx-in-a-tab"},
		{"BROWSER wins over SSH", "linux", "BROWSER=/opt/helper.sh SSH_CONNECTION=a", "/opt/helper.sh", "/opt/helper.sh"},
		{"BROWSER wins over xdg-open", "linux", "BROWSER=w3m DISPLAY=:0", "w3m=/usr/bin/w3m xdg-open=/usr/bin/xdg-open", "/usr/bin/w3m"},
		{"BROWSER of several", "linux", "BROWSER=gone:w3m", "w3m=/usr/bin/w3m", "/usr/bin/w3m"},
		{"BROWSER that is not there", "linux", "BROWSER=gone DISPLAY=:0", "xdg-open=/usr/bin/xdg-open", "!BROWSER names no program in PATH or by its full path (arguments are not taken)"},
		{"BROWSER in the current folder", "linux", "BROWSER=./evil DISPLAY=:0", "./evil=./evil xdg-open=/usr/bin/xdg-open", "!BROWSER names no program in PATH or by its full path (arguments are not taken)"},
	} {
		env := map[string]string{}
		for pair := range strings.FieldsSeq(test.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		there := map[string]string{}
		for pair := range strings.FieldsSeq(test.there) {
			name, path, ok := strings.Cut(pair, "=")
			if !ok {
				path = name
			}
			there[name] = path
		}
		h := host{test.system, func(name string) string { return env[name] }, func(name string) (string, error) {
			if path, ok := there[name]; ok {
				return path, nil
			}
			return "", exec.ErrNotFound
		}}
		command, err := h.command(address)
		got := strings.Join(command, " ")
		want := test.command + " " + address
		var none *Unavailable
		if errors.As(err, &none) {
			got, want = "!"+none.Reason, test.command
		}
		if got != want {
			t.Errorf("%s: %s, want %s", test.name, got, want)
		}
	}
}

func TestBrowserVariableIsNoLineForAShell(t *testing.T) {
	for _, line := range []string{"sh -c 'touch x'", "firefox; touch x", "$(touch x)", "`touch x`", "| sh", "", " "} {
		h := host{"linux", func(name string) string { return map[string]string{"BROWSER": line}[name] }, func(name string) (string, error) {
			if name == "sh" || name == "firefox" || name == "touch" {
				return "/bin/" + name, nil
			}
			return "", exec.ErrNotFound
		}}
		if command, err := h.command("https://x"); err == nil {
			t.Errorf("%q runs %q", line, command)
		}
	}
}

// FuzzEnvironment gives one variable any value: what opens is a program by its full path,
// with the address as its last argument.
func FuzzEnvironment(f *testing.F) {
	variables := []string{"BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY", "WSL_DISTRO_NAME", "WSL_INTEROP", "SystemRoot"}
	for i := range variables {
		f.Add(uint8(i), "xdg-open")
		f.Add(uint8(i), "./evil:../evil:evil")
		f.Add(uint8(i), "/bin/sh -c 'touch x'")
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		name := variables[int(which)%len(variables)]
		for _, system := range []string{"linux", "darwin", "windows"} {
			h := host{system, func(asked string) string { return map[string]string{name: value}[asked] }, exec.LookPath}
			if command, err := h.command("https://x"); err == nil && (!h.isFull(command[0]) || command[len(command)-1] != "https://x") {
				t.Errorf("%s=%q opens %q", name, value, command)
			}
		}
	})
}

// script makes a program for a Unix shell.
func script(t *testing.T, lines string) (program, folder string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a Unix shell")
	}
	folder = t.TempDir()
	program = filepath.Join(folder, "opener")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ncd \"$(dirname \"$0\")\"\n"+lines+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, folder
}

func TestLauncherGetsOneArgumentAndLittleElse(t *testing.T) {
	program, folder := script(t, `printf '%s\n' "$#" "$1" > args; env > env; pwd -P > /dev/null; echo noise; echo noise >&2`)
	address := "https://login.microsoftonline.com/a?b=c&d=$(touch owned)`touch owned`;touch owned --flag"
	environment := launcherEnvironment([]string{"PATH=/usr/bin:/bin", "DISPLAY=:0", "LC_ALL=C", "XDG_RUNTIME_DIR=/run", "AZURE_CLIENT_SECRET=canary", "TOKEN=canary", "LD_PRELOAD=canary", "BASH_ENV=canary", "IDENTITY_HEADER=canary"})
	if err := launch(t.Context(), []string{program, address}, environment); err != nil {
		t.Fatal(err)
	}
	args, _ := os.ReadFile(filepath.Join(folder, "args"))
	if string(args) != "1\n"+address+"\n" {
		t.Errorf("arguments: %q", args)
	}
	env, _ := os.ReadFile(filepath.Join(folder, "env"))
	if strings.Contains(string(env), "canary") || !strings.Contains(string(env), "DISPLAY=:0") {
		t.Errorf("environment: %s", env)
	}
	if _, err := os.Stat(filepath.Join(folder, "owned")); err == nil {
		t.Error("the address was run by a shell")
	}
}

func TestLauncherThatFails(t *testing.T) {
	program, _ := script(t, "exit 3")
	var none *Unavailable
	if err := launch(t.Context(), []string{program, "https://x"}, nil); !errors.As(err, &none) || !strings.Contains(none.Reason, "exit status 3") {
		t.Errorf("%v", err)
	}
	if err := launch(t.Context(), []string{filepath.Join(t.TempDir(), "gone"), "https://x"}, nil); !errors.As(err, &none) {
		t.Errorf("%v", err)
	}
}

func TestLauncherThatHangsIsLeftAlone(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes five seconds")
	}
	program, folder := script(t, "sleep 6; touch survived")
	started := time.Now()
	if err := launch(t.Context(), []string{program, "https://x"}, nil); err != nil || time.Since(started) > openerTime+20*time.Second {
		t.Errorf("%v after %v", err, time.Since(started))
	}
	time.Sleep(2 * time.Second)
	if _, err := os.Stat(filepath.Join(folder, "survived")); err != nil {
		t.Error("the launcher was ended: it may have been the browser itself")
	}
}

func TestLauncherVariablesAreSorted(t *testing.T) {
	if !slices.IsSorted(launcherVariables) {
		t.Error("launcherVariables is not sorted")
	}
}
