package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
)

// TestYesToAll: what several callers warn of at once is asked about one by one, and not at
// all once the person has said so.
func TestYesToAll(t *testing.T) {
	var stderr bytes.Buffer
	con := &console{stdin: strings.NewReader("y\na\nh\n"), stderr: &stderr}
	con.terminal.stdin, con.terminal.stderr = true, true
	params, err := bind(connectParameters(), []string{"-WarningAction", "Inquire"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancelCause(context.Background())
	defer end(nil)
	con = con.of(preferencesOf(ctx, end, params))
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() { con.warn("The sky falls.") })
	}
	callers.Wait()
	if err := con.stopped(); err != nil {
		t.Error("the run was ended: ", err)
	}
	said := stderr.String()
	if warnings, questions := strings.Count(said, "WARNING: The sky falls.\n"), strings.Count(said, "[A] Yes to All"); warnings != 20 || questions != 2 {
		t.Errorf("%d warnings and %d questions, of 20 and 2", warnings, questions)
	}
}
