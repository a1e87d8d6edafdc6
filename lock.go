//go:build !js

// Locks between processes: one file for each name, in a folder of store.go.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockWait is for a write, which takes milliseconds: who holds a lock longer is stuck.
const lockWait = 5 * time.Second

// lock waits until this process alone holds the lock of that name; the system frees it
// when the process ends, however it ends. Its file holds the holder's process number
// and is never deleted: two processes could then hold locks on different files.
func (f *folder) lock(ctx context.Context, name string, wait time.Duration) (unlock func(), err error) {
	name += ".lock"
	handle, err := f.open(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if err = tryLock(handle); errors.Is(err, errHeld) && wait > 0 {
		err = f.awaitLock(ctx, handle, name, wait)
	} else if err != nil {
		handle.Close()
	}
	if err != nil {
		return nil, unusable(filepath.Join(f.path, name), err)
	}
	if handle.Truncate(0) == nil {
		handle.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0) // for a message only
	}
	return func() { handle.Close() }, nil
}

// awaitLock waits in the system's queue, which serves everyone in turn; polling would
// let the unlucky starve. If the wait ends first, whoever gets the lock lets it go.
func (f *folder) awaitLock(ctx context.Context, handle *os.File, name string, wait time.Duration) error {
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
	notice := time.NewTimer(2 * time.Second)
	limit := time.NewTimer(wait)
	defer notice.Stop()
	defer limit.Stop()
	for {
		select {
		case err := <-got:
			if err != nil {
				handle.Close()
			}
			return err
		case <-notice.C:
			if wait <= lockWait {
				f.warn("Waiting for %s, which holds %s.", f.holder(name), name)
			}
			continue
		case <-ctx.Done():
			close(abandoned)
			return context.Cause(ctx)
		case <-limit.C:
			close(abandoned)
			return fail("storage", "%s has held %s for %s.", upperFirst(f.holder(name)), filepath.Join(f.path, name), wait).because(errHeld).
				try("look at that process; end it if it is stuck, then try again")
		}
	}
}

func (f *folder) holder(name string) string {
	data, err := f.read(name)
	if pid := strings.TrimSpace(string(data)); err == nil && pid != "" {
		return "process " + clean(pid)
	}
	return "another process"
}
