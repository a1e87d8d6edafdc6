//go:build unix

package certificate

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPipeThatNobodyOpens: opening one waits for whoever writes, and the context ends that.
func TestPipeThatNobodyOpens(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted)
	if _, err := (Loader{}).Load(ctx, Ref{Path: pipe}); err != interrupted {
		t.Error(err)
	}
}
