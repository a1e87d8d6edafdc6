//go:build !js

// Package child runs a COMMAND that has tokens for as long as it runs. Fill a Session, and
// Run it: COMMAND is started without a shell, with this process' streams, limits and
// signals, and Run returns its exit status.
//
// COMMAND gets its tokens from an endpoint on loopback, which looks like App Service's
// managed identity, so that any Azure SDK finds it. Only COMMAND and its descendants are
// answered. The tokens come from the caller, by Session.Token; what COMMAND writes can be
// masked. A process inside COMMAND asks the endpoint with NewRequest and ReadToken.
package child

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"connect-entra/failure"
)

// Session is one COMMAND and what it may have.
type Session struct {
	Path      string     // of the program, as Find gives it
	Args      []string   // the first is the program's name, as it was typed
	Env       []string   // NAME=VALUE, to which Run adds where the endpoint is
	Resources []Resource // what there are tokens for; the first is named to a caller who asks for another
	ClientID  string     // whose identity the endpoint is; a caller may ask for no other
	Outside   bool       // serve every process of this user, not only COMMAND and its descendants
	Mask      bool       // mask tokens in what COMMAND writes; its stdout and stderr are pipes then
	Handed    []Token    // those that COMMAND has otherwise, which Mask masks as well

	// Token gives a token for the scopes of a resource that is good for at least life. It
	// is called from several goroutines, also after Run's ctx has ended, and must ask
	// nobody: the terminal is COMMAND's. Where it fails with a failure that passes, of the
	// network or of time, the last token is handed out once more, if it is still good.
	Token func(ctx context.Context, scopes []string, life time.Duration) (Token, error)

	Starts func()                           // called before COMMAND starts: from here the signals are its own; nil: nobody waits for that
	Warn   func(format string, args ...any) // tells what went wrong without ending anything; nil: nothing is told
}

// Find gives the path of a program that is named as in a shell, by PATH. The failure is
// command-not-found, or command-not-executable.
func Find(name string) (path string, err error) {
	if path, err = exec.LookPath(name); err != nil {
		return "", notStarted(name, err)
	}
	return path, nil
}

// notStarted words why a program cannot run.
func notStarted(name string, err error) error {
	why := err
	if wrapped := (*exec.Error)(nil); errors.As(err, &wrapped) {
		why = wrapped.Err
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		why = path.Err
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrDot) {
		return failure.New("command-not-found", "%q cannot be run: %v.", failure.Clean(name), why).Because(err)
	}
	return failure.New("command-not-executable", "%q cannot be run: %v.", failure.Clean(name), why).Because(err)
}

// Run starts COMMAND, waits for it and gives its exit status: 128 and more for one that a
// signal ended. Until COMMAND has started, the end of ctx is Run's too, with its error;
// from then on only COMMAND's is. Where there is an error COMMAND did not run, or its end
// cannot be known. Run may be called once in a process.
func (s Session) Run(ctx context.Context) (status int, err error) {
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	if s.Mask {
		m := &masker{}
		for _, t := range s.Handed {
			m.know(t)
		}
		defer m.end(s.Warn)
		s.Token = m.watch(s.Token)
		for i := range files[1:] {
			if err := m.pipe(&files[i+1]); err != nil {
				return 0, err
			}
		}
	}
	callers := newCallerCheck(s.Outside)
	e := &endpoint{resources: s.Resources, clientID: s.ClientID, source: s.Token, admit: callers.admit}
	if err := e.listen(context.WithoutCancel(ctx)); err != nil {
		return 0, err
	}
	defer e.close()
	child := &exec.Cmd{
		Path: s.Path, Args: s.Args, Env: append(s.Env[:len(s.Env):len(s.Env)], "IDENTITY_ENDPOINT="+e.url(), "IDENTITY_HEADER="+e.secret),
		Stdin: files[0], Stdout: files[1], Stderr: files[2],
	}
	ready := func() error {
		if s.Starts != nil {
			s.Starts()
		}
		return ctx.Err()
	}
	status, err = supervise(child, ready, callers.begin)
	switch {
	case ctx.Err() != nil && child.Process == nil:
		return 0, ctx.Err()
	case err != nil && child.Process == nil:
		return 0, notStarted(s.Args[0], err)
	case err != nil:
		return 0, failure.New("bug", "The command cannot be waited for: %v.", err).Because(err)
	}
	return status, nil
}

// Notify asks for signals as signal.Notify does, less those that who started this program
// has it ignore (nohup, a shell's background): a COMMAND is to ignore them too, and a
// handler of ours would take that from it (execve(2)).
func Notify(c chan<- os.Signal, signals ...os.Signal) {
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(c, s)
		}
	}
}
