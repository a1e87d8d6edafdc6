// What a person sees beside the result: notes, warnings, -Verbose and -Debug lines, all
// on stderr, shown or hidden as the common parameters ask. It knows nothing of Entra.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"connect-entra/failure"
)

// console is what a person sees and types. The process has one; a run has that with the
// common parameters that were typed.
type console struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       struct{ stdin, stdout, stderr bool } // which of the three is one
	readSecret     func(prompt string) (string, error)  // asks on the terminal, without echo
	prefer         preferences                          // the common parameters of this run
}

// of is the same console for a run with these preferences.
func (con *console) of(run preferences) *console {
	its := *con
	its.prefer = run
	return &its
}

// besideCommand is the console of a run whose stdout is a COMMAND's.
func (con *console) besideCommand() *console {
	its := *con
	its.stdout = con.stderr
	return &its
}

// preferences are the common parameters of one run, as bound.
type preferences struct {
	verbose, debug bool
	actions        *actions        // nil: none was given
	ctx            context.Context // the run's
	end            context.CancelCauseFunc
}

// actions are an ActionPreference for each stream, none where not given. Who holds them may
// ask the person: one question at a time, whose answer may be for all that follow.
type actions struct {
	sync.Mutex
	byStream map[string]string
}

// hold gives the actions to one caller until it calls release.
func (a *actions) hold() (byStream map[string]string, release func()) {
	if a == nil {
		return nil, func() {}
	}
	a.Lock()
	return a.byStream, a.Unlock
}

// note tells what happened: PowerShell's information stream, which here is shown unless
// -InformationAction hides it.
func (con *console) note(format string, args ...any) {
	con.show("Information", "", fmt.Sprintf(format, args...))
}

// warn tells what may go wrong.
func (con *console) warn(format string, args ...any) {
	con.show("Warning", "WARNING: ", fmt.Sprintf(format, args...))
}

// stop is the end of a run that a message asked for: PowerShell's Stop. The run's context
// ends with it, so that nothing more is sent, asked or started; and what a source had at
// hand by then, a renewed token, is not lost on the way.
type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

// stopped is why a message ends the run, which its verb then returns; nil if none does.
func (con *console) stopped() error {
	if con.prefer.ctx == nil {
		return nil
	}
	if s, ok := context.Cause(con.prefer.ctx).(stop); ok {
		return s
	}
	return nil
}

// show does with a message of a stream what its preference asks. Ignore and
// SilentlyContinue hide it; Break, which starts a debugger there, counts as Continue.
func (con *console) show(stream, prefix, text string) {
	byStream, release := con.prefer.actions.hold()
	defer release()
	action := byStream[stream]
	if isHidden(action) || con.stopped() != nil {
		return
	}
	con.say(prefix, "%s", text)
	switch {
	case action == "Inquire" && con.asks():
		toAll, err := con.inquire()
		if err != nil {
			con.prefer.end(stop{err})
		} else if toAll {
			byStream[stream] = "Continue"
		}
	case action == "Inquire", action == "Stop":
		con.prefer.end(stop{failure.New("stopped", "The running command stopped because the preference variable \"%sPreference\" or common parameter is set to Stop: %s", stream, text)})
	}
}

func (con *console) hides(stream string) bool {
	byStream, release := con.prefer.actions.hold()
	defer release()
	return isHidden(byStream[stream])
}

func isHidden(action string) bool { return action == "SilentlyContinue" || action == "Ignore" }

func (con *console) verbose(format string, args ...any) {
	if con.prefer.verbose || con.prefer.debug {
		con.say("VERBOSE: ", format, args...)
	}
}

func (con *console) debug(format string, args ...any) {
	if con.prefer.debug {
		con.say("DEBUG: ", format, args...)
	}
}

// say prints a line that nothing hides: a sign-in address, a device code, the word that
// this is practice.
func (con *console) say(prefix, format string, args ...any) {
	fmt.Fprintf(con.stderr, prefix+format+"\n", args...)
}

// print writes a result to stdout, unless the run has been stopped. A token half written
// to a full disk must not pass for a success, so the error counts.
func (con *console) print(text string) error {
	if err := con.stopped(); err != nil {
		return err
	}
	if _, err := io.WriteString(con.stdout, text); err != nil {
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
		actions: &actions{byStream: map[string]string{"Information": p.Text("InformationAction"), "Warning": p.Text("WarningAction"), "Progress": p.Text("ProgressAction")}},
		ctx:     ctx,
		end:     end,
	}
}

// progress tells on stderr how far a long answer is: in place on a terminal, else a line
// now and then.
type progress struct {
	con   *console
	quiet bool
	last  time.Time
	shown bool
}

func (p *progress) tell(format string, args ...any) {
	every := 10 * time.Second
	if p.con.terminal.stderr {
		every = 200 * time.Millisecond
	}
	now := time.Now()
	if p.last.IsZero() {
		p.last = now
	}
	if p.quiet || p.con.hides("Progress") || now.Sub(p.last) < every {
		return
	}
	p.last = now
	if p.con.terminal.stderr {
		p.shown = true
		fmt.Fprintf(p.con.stderr, "\r%-40s", fmt.Sprintf(format, args...))
		return
	}
	p.con.note(format, args...)
}

// end takes the line off the terminal.
func (p *progress) end() {
	if p.shown {
		fmt.Fprintf(p.con.stderr, "\r%40s\r", "")
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

// asks says whether somebody is there to be asked.
func (con *console) asks() bool { return con.terminal.stdin && con.terminal.stderr }

// ask puts a question to the person at the terminal and gives the line that was typed.
func (con *console) ask(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(con.stderr, prompt)
	select {
	case a := <-nextLine(con.stdin, "the answer"):
		if a.err == nil && a.text == "" {
			return "", failure.New("declined", "Nothing was entered.")
		}
		return strings.TrimRight(a.text, "\r\n"), a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// inquire asks whether to go on after a message, and after all that follow. PowerShell
// offers to suspend as well, which takes its nested prompt.
func (con *console) inquire() (toAll bool, err error) {
	const choices = "\nConfirm\nContinue with this operation?\n[Y] Yes  [A] Yes to All  [H] Halt Command  [?] Help (default is \"Y\"): "
	for {
		text, err := con.ask(con.prefer.ctx, choices)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "", "y", "yes":
			return false, nil
		case "a", "yes to all":
			return true, nil
		case "h", "halt command":
			return false, failure.New("stopped", "The running command stopped because the user selected the Stop option.")
		}
		fmt.Fprint(con.stderr, "Y - Continue with only the next step of the operation.\nA - Continue with all the steps of the operation.\nH - Stop this command.\n")
	}
}
