//go:build !js

// The process: builds the console and the world from the operating system, owns the
// signals, calls run and exits. It knows neither parameters nor Entra.

package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"connect-entra/browser"
	"connect-entra/child"
	"connect-entra/failure"
	"connect-entra/guid"
	"connect-entra/transport"
)

func main() {
	delayCollector()
	if os.Getenv(connectionVariable) == "" { // inside a COMMAND the outer process must see who asks it
		child.HideSelf()
	}
	log.SetOutput(io.Discard) // net/http logs what strangers send
	os.Exit(run(context.Background(), newConsole(), newWorld(make(chan os.Signal, 1)), calledAs(os.Args[0], os.Args[1:])))
}

func newConsole() *console {
	con := &console{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, readSecret: readSecret}
	con.terminal.stdin = term.IsTerminal(int(os.Stdin.Fd()))
	con.terminal.stdout = term.IsTerminal(int(os.Stdout.Fd()))
	con.terminal.stderr = term.IsTerminal(int(os.Stderr.Fd()))
	return con
}

// newWorld is the operating system's; signals come by the channel.
func newWorld(signals chan os.Signal) *world {
	return &world{
		getenv:      os.Getenv,
		dir:         ownFolder(),
		cloudFolder: userCloudFolder(),
		untilSignal: func(ctx context.Context) context.Context { return untilSignal(ctx, signals) },
		openSaved:   openSaved,
		network: network{
			internet:       transport.NewInternet(),
			direct:         transport.NewDirect(),
			dial:           (&net.Dialer{}).DialContext,
			openURL:        browser.Open,
			environ:        os.Environ,
			releaseSignals: func() { signal.Stop(signals) },
			userAgent:      userAgent,
			correlation:    sync.OnceValue(guid.New),
		},
	}
}

// untilSignal ends ctx at the first signal, with the failure that names it; a second
// one ends the process at once, as without a handler. After signal.Stop, none ends it.
func untilSignal(parent context.Context, signals chan os.Signal) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	child.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		s := <-signals
		signal.Stop(signals)
		cancel(endedBy(s))
	}()
	return ctx
}

// endedBy is the failure of a run that a signal ends.
func endedBy(s os.Signal) *failure.Error {
	switch s {
	case syscall.SIGTERM:
		return failure.New("terminated", "Terminated.")
	case syscall.SIGHUP:
		return failure.New("hangup", "The terminal has gone.")
	}
	return failure.New("interrupted", "Interrupted.")
}

// readSecret asks on the terminal without echo; the prompt goes to stderr. A signal
// that comes meanwhile puts the terminal back before it counts.
func readSecret(prompt string) (string, error) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(interrupted)
	stdin := int(os.Stdin.Fd())
	state, err := term.GetState(stdin)
	if err != nil {
		return "", failure.New("storage", "The terminal cannot be read: %v.", err).Because(err)
	}
	type answer struct {
		text []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(stdin)
		done <- answer{text, err}
	}()
	awaitChange(stdin, state)
	fmt.Fprint(os.Stderr, prompt)
	select {
	case a := <-done:
		fmt.Fprintln(os.Stderr)
		if a.err != nil {
			return "", failure.New("declined", "Nothing was entered.").Because(a.err)
		}
		return string(a.text), nil
	case s := <-interrupted:
		term.Restore(stdin, state)
		fmt.Fprintln(os.Stderr)
		return "", endedBy(s)
	}
}

// awaitChange waits until a terminal is in another state than before: its echo is off,
// and who answers a prompt at once is not shown. It gives up on one that was so already.
func awaitChange(terminal int, before *term.State) {
	for range 100 {
		if now, err := term.GetState(terminal); err != nil || *now != *before {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// userCloudFolder is where the PowerShell module keeps user-defined clouds; "" where the
// host has no home.
func userCloudFolder() string {
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, ".mg")
}

// ownFolder is where this program has its files: XDG_STATE_HOME on Linux, the
// customary folders elsewhere; "" where the host has none.
func ownFolder() string {
	switch runtime.GOOS {
	case "windows", "darwin":
		base, err := os.UserConfigDir()
		if runtime.GOOS == "windows" {
			base, err = os.UserCacheDir() // %LocalAppData%: does not roam to other hosts
		}
		if err != nil {
			return ""
		}
		return filepath.Join(base, "connect-entra")
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) { // relative ones are to be ignored (XDG)
		return filepath.Join(state, "connect-entra")
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, ".local", "state", "connect-entra")
}

// startHeap is how many percent of Go's smallest heap, 4 MB, are filled before the first
// collection: 32 MB, of which a sign-in takes five.
const startHeap = 800

// delayCollector has the collector begin at 32 MB instead of at 4, and from its first run
// on work as always: most runs end without any, and one that serves a COMMAND for days
// takes no more memory than before. GOGC, if it is set, stays as it is, and GOMEMLIMIT
// holds at any time.
func delayCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	usual := debug.SetGCPercent(startHeap)
	runtime.AddCleanup(new([64]byte), func(percent int) { debug.SetGCPercent(percent) }, usual) // nobody else refers to it
}

// userAgent is sent with every request.
func userAgent() string {
	if version, _ := ownVersion(); version != "(devel)" {
		return "connect-entra/" + version
	}
	return "connect-entra"
}
