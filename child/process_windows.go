package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// supervise runs child to its end and gives its status. ready is called when signals are
// the child's, started as soon as it runs. Ctrl-C reaches all programs of the console, so
// here it is only not to be the end.
func supervise(child *exec.Cmd, ready func() error, started func(pid int, adopts bool)) (status int, err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	if err := ready(); err != nil {
		return 0, err
	}
	if err := child.Start(); err != nil {
		return 0, err
	}
	started(child.Process.Pid, false)
	if err := child.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return 0, err
	}
	return child.ProcessState.ExitCode(), nil
}
