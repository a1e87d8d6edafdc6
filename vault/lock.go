package vault

// Locks between processes: one file for each name, in a folder.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connect-entra/failure"
)

// writeLimit is for a write, which takes milliseconds: who holds a lock longer is stuck.
const writeLimit = 5 * time.Second

// turnsLimit bounds waiting where the lock goes from hand to hand.
const turnsLimit = time.Minute

// lock waits until this process alone holds the lock of that name, and gives up when
// one holder keeps it for longer than timeout. tell hears of a holder that keeps it for
// long; nil where that is no wonder. The system frees a lock when its holder ends, however
// it ends. Its file says who holds it and is never deleted: two processes could then hold
// locks on different files.
func (f *folder) lock(ctx context.Context, name string, timeout time.Duration, tell func(format string, args ...any)) (unlock func(), err error) {
	name += ".lock"
	handle, err := f.open(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if err = tryLock(handle); errors.Is(err, ErrHeld) && timeout > 0 {
		err = f.awaitLock(ctx, handle, name, timeout, tell)
	} else if err != nil {
		handle.Close()
	}
	if err != nil {
		return nil, unusable(filepath.Join(f.path, name), err)
	}
	if handle.Truncate(0) == nil {
		handle.WriteAt(fmt.Appendf(nil, "%d %d\n", os.Getpid(), time.Now().UnixNano()), 0) // for a message only
	}
	return func() { handle.Close() }, nil
}

// awaitLock waits in the system's queue, which serves everyone in turn; polling would
// let the unlucky starve. If the wait ends first, whoever gets the lock lets it go.
func (f *folder) awaitLock(ctx context.Context, handle *os.File, name string, timeout time.Duration, tell func(format string, args ...any)) error {
	got := make(chan error)
	abandoned := make(chan struct{})
	go func() {
		err := waitLock(handle)
		select {
		case got <- err:
		case <-abandoned:
			handle.Close()
		}
	}()
	began := time.Now()
	held, since := f.held(name), began
	notice := min(timeout, 2*time.Second)
	timer := time.NewTimer(notice)
	defer timer.Stop()
	for {
		select {
		case err := <-got:
			if err != nil {
				handle.Close()
			}
			return err
		case <-ctx.Done():
			close(abandoned)
			return context.Cause(ctx)
		case <-timer.C:
		}
		now := f.held(name)
		switch took := time.Since(since); {
		case now != held:
			held, since = now, time.Now()
			timer.Reset(notice)
		case took >= timeout || time.Since(began) > max(timeout, turnsLimit):
			close(abandoned)
			return failure.New("storage", "%s has held %s for %s.", failure.Capital(holderIn(held)), filepath.Join(f.path, name), took.Round(time.Second)).Because(ErrHeld).
				Try("look at that process; end it if it is stuck, then try again")
		default:
			if tell != nil {
				tell("Waiting for %s, which holds %s.", holderIn(held), name)
			}
			timer.Reset(timeout - took)
		}
	}
}

// held is what the holder of a lock wrote into its file.
func (f *folder) held(name string) string {
	data, err := f.read(name)
	if err != nil {
		return ""
	}
	return string(data)
}

func holderIn(held string) string {
	if pid, _, ok := strings.Cut(held, " "); ok {
		return "process " + failure.Clean(pid)
	}
	return "another process"
}
