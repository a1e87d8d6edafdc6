// What a person sees beside the result: notes, warnings, -Verbose and -Debug lines, all
// on stderr, shown or hidden as the common parameters ask. It knows nothing of Entra.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
)

// preferences are the common parameters of one run, as bound.
type preferences struct {
	verbose, debug bool
	actions        map[string]string // by stream: an ActionPreference, none where not given
	ctx            context.Context   // the run's
	end            context.CancelCauseFunc
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

// stop is the end of a run that a message asked for: PowerShell's Stop. The run's context
// ends with it, so that nothing more is sent, asked or started; and what a source had at
// hand by then, a renewed token, is not lost on the way.
type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

// stopped is why a message ends the run, which its verb then returns; nil if none does.
func (sys *system) stopped() error {
	if sys.prefer.ctx == nil {
		return nil
	}
	if s, ok := context.Cause(sys.prefer.ctx).(stop); ok {
		return s
	}
	return nil
}

// show does with a message of a stream what its preference asks. Ignore and
// SilentlyContinue hide it; Break, which starts a debugger there, counts as Continue.
func (sys *system) show(stream, prefix, text string) {
	if sys.hides(stream) || sys.stopped() != nil {
		return
	}
	action := sys.prefer.actions[stream]
	sys.say(prefix, "%s", text)
	switch {
	case action == "Inquire" && sys.asks():
		if err := sys.inquire(stream); err != nil {
			sys.prefer.end(stop{err})
		}
	case action == "Inquire", action == "Stop":
		sys.prefer.end(stop{failure.New("stopped", "The running command stopped because the preference variable \"%sPreference\" or common parameter is set to Stop: %s", stream, text)})
	}
}

func (sys *system) hides(stream string) bool {
	action := sys.prefer.actions[stream]
	return action == "SilentlyContinue" || action == "Ignore"
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

// print writes a result to stdout, unless the run has been stopped. A token half written
// to a full disk must not pass for a success, so the error counts.
func (sys *system) print(text string) error {
	if err := sys.stopped(); err != nil {
		return err
	}
	if _, err := io.WriteString(sys.stdout, text); err != nil {
		return failure.New("storage", "The result could not be written: %v.", err).Because(err).
			Try("check where stdout goes: a full disk, a closed pipe")
	}
	return nil
}

// preferencesOf takes the common parameters that say what to show.
func preferencesOf(ctx context.Context, end context.CancelCauseFunc, p Params) preferences {
	return preferences{
		verbose: p.On("Verbose"),
		debug:   p.On("Debug"),
		actions: map[string]string{"Information": p.Text("InformationAction"), "Warning": p.Text("WarningAction"), "Progress": p.Text("ProgressAction")},
		ctx:     ctx,
		end:     end,
	}
}

// noteIdle tells of parameters that are accepted and do nothing here.
func (sys *system) noteIdle(v verb, p Params) {
	var names []string
	for _, row := range v.parameters() {
		if slices.Contains(noEffect, row.Name) && p.Has(row.Name) {
			names = append(names, "-"+row.Name)
		}
	}
	if len(names) > 0 {
		sys.note("No effect outside PowerShell: %s", strings.Join(names, ", "))
	}
}

// progress tells on stderr how far a long answer is: in place on a terminal, else a line
// now and then.
type progress struct {
	sys   *system
	quiet bool
	last  time.Time
	shown bool
}

func (p *progress) tell(format string, args ...any) {
	every := 10 * time.Second
	if p.sys.terminal.stderr {
		every = 200 * time.Millisecond
	}
	now := time.Now()
	if p.last.IsZero() {
		p.last = now
	}
	if p.quiet || p.sys.hides("Progress") || now.Sub(p.last) < every {
		return
	}
	p.last = now
	if p.sys.terminal.stderr {
		p.shown = true
		fmt.Fprintf(p.sys.stderr, "\r%-40s", fmt.Sprintf(format, args...))
		return
	}
	p.sys.note(format, args...)
}

// end takes the line off the terminal.
func (p *progress) end() {
	if p.shown {
		fmt.Fprintf(p.sys.stderr, "\r%40s\r", "")
	}
}

// formatJSON is value for a script: fields in their order, nothing escaped for HTML, and
// a line's end. With an indent it goes over several lines.
func formatJSON(value any, indent string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		panic(err) // plain data has no such error
	}
	return b.String()
}

// showSize is how many bytes there are, of how many if that is known.
func showSize(n, of int64) string {
	if of > 0 {
		return fmt.Sprintf("%d of %d kB, %d %%", n/1000, of/1000, 100*n/of)
	}
	return fmt.Sprintf("%d kB", n/1000)
}
