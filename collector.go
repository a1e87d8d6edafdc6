//go:build !js

// When the garbage collector first runs.

package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

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
