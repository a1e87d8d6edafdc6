// What is outside the program, and not a person: files, the environment, the network, the
// browser, signals. What a person sees and types is the console (console.go).

package main

import (
	"context"
	"path/filepath"
)

// world is built once and not altered: by main.go from the operating system, by main_js.go
// from the browser, by a test from what it needs. Practice takes place in another one, with
// the practice cloud for its network (practice.go).
type world struct {
	getenv      func(string) string
	dir         string // the program's own folder; "" where there can be none
	cloudFolder string // ~/.mg, for the user's own clouds; "" where there can be none

	untilSignal func(context.Context) context.Context // ends at the first signal; nil: there is none to heed

	// openSaved opens the saved connections; nil if there are none. To write, it fails if one
	// could not be saved. A page has no such function.
	openSaved func(con *console, world *world, toWrite bool) (savedConnections, error)

	network
}

// practiceFolder is where the practice cloud keeps what it keeps; "" where this host has no
// folder for it.
func (world *world) practiceFolder() string {
	if world.dir == "" {
		return ""
	}
	return filepath.Join(world.dir, "sandbox")
}
