// What a person sees beside the result: notes, warnings, -Verbose and -Debug lines, all
// on stderr, shown or hidden as the common parameters ask. It knows nothing of Entra.

package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// preferences are the common parameters of one run, as bound.
type preferences struct {
	verbose, debug bool
	actions        map[string]string // by stream: an ActionPreference, none where not given
	ctx            context.Context   // the run's, for questions in between
}

// note tells what happened: PowerShell's information stream, which here is shown unless
// -InformationAction hides it.
func (sys *system) note(format string, args ...any) {
	sys.show("Information", "", fmt.Sprintf(format, args...))
}

// warn tells what may go wrong.
func (sys *system) warn(format string, args ...any) {
	sys.show("Warning", "WARNING: ", fmt.Sprintf(format, args...))
}

// halt ends the run from within a message: PowerShell's Stop. It is a panic that run
// recovers, so that nothing in between prints, keeps or starts anything more.
type halt struct{ reason *failure }

// show does with a message of a stream what its preference asks. Ignore and
// SilentlyContinue hide it; Break, which starts a debugger there, counts as Continue.
func (sys *system) show(stream, prefix, text string) {
	action := sys.prefer.actions[stream]
	if action == "SilentlyContinue" || action == "Ignore" {
		return
	}
	sys.say(prefix, "%s", text)
	switch {
	case action == "Inquire" && sys.asks():
		if refused := sys.inquire(stream); refused != nil {
			panic(halt{refused})
		}
	case action == "Inquire", action == "Stop":
		panic(halt{fail("stopped", "The running command stopped because the preference variable \"%sPreference\" or common parameter is set to Stop: %s", stream, text)})
	}
}

func (sys *system) verbose(format string, args ...any) {
	if sys.prefer.verbose || sys.prefer.debug {
		sys.say("VERBOSE: ", format, args...)
	}
}

func (sys *system) debug(format string, args ...any) {
	if sys.prefer.debug {
		sys.say("DEBUG: ", format, args...)
	}
}

// say prints a line that nothing hides: a sign-in address, a device code, the word that
// this is practice.
func (sys *system) say(prefix, format string, args ...any) {
	fmt.Fprintf(sys.stderr, prefix+format+"\n", args...)
}

// print writes a result to stdout. A token half written to a full disk must not pass
// for a success, so the error counts.
func (sys *system) print(text string) error {
	if _, err := io.WriteString(sys.stdout, text); err != nil {
		return fail("storage", "The result could not be written: %v.", err).because(err).
			try("check where stdout goes: a full disk, a closed pipe")
	}
	return nil
}

// preferencesOf takes the common parameters that say what to show.
func preferencesOf(ctx context.Context, p Params) preferences {
	return preferences{
		verbose: p.on("Verbose"),
		debug:   p.on("Debug"),
		actions: map[string]string{"Information": p.text("InformationAction"), "Warning": p.text("WarningAction")},
		ctx:     ctx,
	}
}

// noteIdle tells of parameters that are accepted and do nothing here.
func (sys *system) noteIdle(v verb, p Params) {
	var names []string
	for _, row := range v.parameters {
		if row.idle && p.has(row.name) {
			names = append(names, "-"+row.name)
		}
	}
	if len(names) > 0 {
		sys.note("No effect outside PowerShell: %s", strings.Join(names, ", "))
	}
}
