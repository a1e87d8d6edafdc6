// What a person sees beside the result: notes, warnings, -Verbose and -Debug lines, all
// on stderr, shown or hidden as the common parameters ask. It knows nothing of Entra.

package main

import (
	"fmt"
	"io"
	"strings"
)

// preferences are the common parameters of one run, as bound.
type preferences struct {
	verbose, debug       bool
	information, warning string // an ActionPreference, "" when not given
}

// note tells what happened: PowerShell's information stream, which here is shown unless
// -InformationAction hides it.
func (sys *system) note(format string, args ...any) {
	if !hidden(sys.prefer.information) {
		sys.say("", format, args...)
	}
}

// warn tells what may go wrong.
func (sys *system) warn(format string, args ...any) {
	if !hidden(sys.prefer.warning) {
		sys.say("WARNING: ", format, args...)
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

func hidden(action string) bool {
	return strings.EqualFold(action, "SilentlyContinue") || strings.EqualFold(action, "Ignore")
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
func preferencesOf(p Params) preferences {
	return preferences{
		verbose:     p.on("Verbose"),
		debug:       p.on("Debug"),
		information: p.text("InformationAction"),
		warning:     p.text("WarningAction"),
	}
}
