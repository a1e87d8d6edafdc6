//go:build !js

package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// TestCollectorStartsLate, and is the usual one after its first run, unless GOGC says how
// it is to be.
func TestCollectorStartsLate(t *testing.T) {
	percent := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runs := func() int64 {
		var stats debug.GCStats
		debug.ReadGCStats(&stats)
		return stats.NumGC
	}
	defer debug.SetGCPercent(debug.SetGCPercent(120))
	t.Setenv("GOGC", "120")
	delayCollector()
	if percent() != 120 {
		t.Error("GOGC is not heeded")
	}
	t.Setenv("GOGC", "")
	before := runs()
	delayCollector()
	if begun := percent(); begun != startHeap && runs() == before {
		t.Errorf("it begins at %d", begun)
	}
	for range 1000 {
		if runtime.GC(); percent() == 120 {
			return
		}
	}
	t.Error("it never becomes the usual one")
}
