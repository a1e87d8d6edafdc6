//go:build !js

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkStart compares the start of the program with that of one that only links
// MSAL, run by run in turn: the ratio of the medians is what counts, not the times.
//
//	go test -run '^$' -bench Start -benchtime 200x
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	build := func(name, what string) string {
		path := filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, what)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return path
	}
	program, bare := build("program", "."), build("bare", "./testdata/bare")
	commands := map[string][]string{
		"version":      {program, "version"},
		"help":         {program, "help"},
		"environments": {program, "environments"},
		"identity":     {program, "-Environment", "Sandbox", "-Identity", "-NoWelcome"},
		"bare":         {bare},
	}
	took := map[string][]time.Duration{}
	for b.Loop() {
		for name, command := range commands {
			start := time.Now()
			if err := exec.Command(command[0], command[1:]...).Run(); err != nil {
				b.Fatal(err)
			}
			took[name] = append(took[name], time.Since(start))
		}
	}
	base := median(took["bare"])
	for name := range commands {
		b.ReportMetric(float64(median(took[name]))/float64(base), name+"/bare")
	}
	b.ReportMetric(float64(base.Microseconds()), "bare-µs")
	for name, path := range map[string]string{"program": program, "bare": bare} {
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size()), name+"-bytes")
		}
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
