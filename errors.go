// Every way a run can fail, in one table: its id (stable, for scripts), its exit
// status and its cure. Functions return a *failure; only run prints one and only
// main exits. Texts are the reference's where it has one.

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// kind is one way of failing.
type kind struct {
	id   string // kebab-case, stable: scripts may compare it
	exit int    // process exit status; see exitStatuses
	cure string // what to type or do next; a failure may carry a better one
}

type exitStatus struct {
	status  int
	meaning string
}

// exitStatuses says what each exit status means; README prints the same table.
var exitStatuses = []exitStatus{
	{0, "done"},
	{1, "a bug in connect-entra"},
	{2, "usage: nothing was sent"},
	{3, "the person declined"},
	{4, "sign-in is needed and not possible here, nothing is connected, or the token has expired"},
	{5, "Entra or Graph refused"},
	{6, "network, or throttled: trying again may help"},
	{7, "timed out"},
	{8, "local storage"},
	{125, "with a command: connect-entra's own failure, before the command ran"},
	{126, "with a command: it cannot be run"},
	{127, "with a command: it was not found"},
	{129, "ended by SIGHUP"},
	{130, "ended by Ctrl-C"},
	{143, "ended by SIGTERM"},
}

// kinds is sorted by exit status, then id.
var kinds = []kind{
	{"bug", 1, "please report this with the command that you typed, without its secrets"},

	{"ambiguous-parameter", 2, "type more of the name"},
	{"ambiguous-parameter-set", 2, "connect-entra help syntax"},
	{"bad-certificate", 2, ""},
	{"bad-token", 2, ""},
	{"bad-value", 2, ""},
	{"cannot-convert-argument", 2, ""},
	{"cannot-convert-argument-no-message", 2, ""},
	{"certificate-expired", 2, ""},
	{"certificate-not-found", 2, ""},
	{"environment-incomplete", 2, ""},
	{"expected-expression", 2, ""},
	{"literal-secret", 2, ""},
	{"missing-argument", 2, ""},
	{"missing-end-curly-brace", 2, ""},
	{"missing-end-parenthesis-in-expression", 2, ""},
	{"missing-end-parenthesis-in-subexpression", 2, ""},
	{"missing-expression", 2, ""},
	{"missing-mandatory-parameter", 2, "add it"},
	{"named-parameter-not-found", 2, "connect-entra help"},
	{"parameter-already-bound", 2, ""},
	{"parameter-argument-transformation-error", 2, ""},
	{"parameter-argument-validation-error", 2, ""},
	{"parameter-argument-validation-error-empty-string-not-allowed", 2, ""},
	{"parameter-argument-validation-error-null-not-allowed", 2, ""},
	{"parameter-binding-failed", 2, ""},
	{"parameter-requires-argument", 2, ""},
	{"positional-parameter-not-found", 2, "name the parameter that it belongs to"},
	{"redirection-not-supported", 2, ""},
	{"terminator-expected-at-end-of-string", 2, "close the quote"},
	{"unexpected-token", 2, ""},
	{"unknown-connection", 2, ""},
	{"unknown-environment", 2, ""},
	{"unknown-topic", 2, ""},
	{"usage", 2, "connect-entra help"},
	{"wrong-password", 2, ""},

	{"declined", 3, ""},
	{"stopped", 3, ""},

	{"no-managed-identity", 4, ""},
	{"not-connected", 4, "connect-entra"},
	{"sign-in-needed", 4, ""},
	{"token-expired", 4, ""},

	{"hostile-answer", 5, "check -Environment, and which proxy stands between this host and Entra"},
	{"refused", 5, ""},

	{"network", 6, "check the network and HTTPS_PROXY, then try again"},
	{"throttled", 6, "wait, then try again"},

	{"timeout", 7, ""},

	{"storage", 8, ""},

	{"command-not-executable", 126, ""},

	{"command-not-found", 127, "check its name and PATH"},

	{"hangup", 129, ""},
	{"interrupted", 130, ""},
	{"terminated", 143, ""},
}

// failure is an error that a person reads.
type failure struct {
	id      string       // the row of kinds
	message string       // one line, the reference's words where it has them; holds no secret
	server  *serverError // what Entra or Graph answered, if that is the reason
	cure    string       // better than the kind's own, for this case
	cause   error        // for errors.Is and As; printed by nothing
	run     string       // the correlation id of what was sent, where no server named one
}

// serverError is a refusal as Entra, Graph or a managed-identity host words it.
// All of its text is foreign: print it through clean.
type serverError struct {
	Host          string
	Status        int    // HTTP
	Code          string // OAuth's error or Graph's code: invalid_client
	Description   string // error_description or Graph's message
	AADSTS        string // digits only: 7000215
	Suberror      string // OAuth suberror, as Entra sends it
	Claims        string // a claims challenge: JSON for the next request
	TraceID       string
	CorrelationID string
	Timestamp     string
	RetryAfter    time.Duration // from Retry-After, 0 when absent
}

func (s *serverError) Error() string {
	return fmt.Sprintf("%s answered %d %s", s.Host, s.Status, s.Code)
}

func (f *failure) Error() string { return f.message }

func (f *failure) Unwrap() []error {
	var errs []error
	if f.cause != nil {
		errs = append(errs, f.cause)
	}
	if f.server != nil {
		errs = append(errs, f.server)
	}
	return errs
}

// fail makes a failure of the kind id, which must be in kinds (a test looks). Like the
// other small functions that are called in a hundred places it is not inlined: that
// saves 40 kB of the binary.
//
//go:noinline
func fail(id, format string, args ...any) *failure {
	return &failure{id: id, message: fmt.Sprintf(format, args...)}
}

// try sets the cure for this one case.
//
//go:noinline
func (f *failure) try(format string, args ...any) *failure {
	f.cure = fmt.Sprintf(format, args...)
	return f
}

// because keeps the error underneath for errors.Is and errors.As.
//
//go:noinline
func (f *failure) because(err error) *failure {
	f.cause = err
	return f
}

func kindOf(id string) kind {
	for _, k := range kinds {
		if k.id == id {
			return k
		}
	}
	return kinds[0]
}

// asFailure finds the failure in err; what is none is a bug of ours.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return fail("bug", "%s", clean(err.Error())).because(err)
}

// maxMessage is how much of a message is shown, in characters: what was typed may stand
// in it.
const maxMessage = 4000

// report prints err to stderr as PowerShell prints an error, with the id at the end
// of the first line, what the server said, and the cure; it gives the exit status.
func (sys *system) report(err error) int {
	var command ended
	switch {
	case err == nil:
		return 0
	case errors.As(err, &command):
		return command.status
	}
	f := asFailure(err)
	k := kindOf(f.id)
	if errors.As(err, new(silent)) {
		return k.exit
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Connect-Entra: %s [%s]\n", escape(f.message, maxMessage), k.id)
	if s := f.server; s != nil {
		if s.Description != "" {
			fmt.Fprintf(&b, "  server said: %q\n", clean(s.Description))
		}
		var ids []string
		for _, id := range [][2]string{{"trace: ", s.TraceID}, {"correlation: ", s.CorrelationID}, {"", s.Timestamp}} {
			if id[1] != "" {
				ids = append(ids, id[0]+clean(id[1]))
			}
		}
		if ids != nil {
			fmt.Fprintf(&b, "  %s\n", strings.Join(ids, "  "))
		}
	}
	if f.server == nil && f.run != "" {
		fmt.Fprintf(&b, "  correlation: %s\n", f.run)
	}
	if cure := f.advice(); cure != "" {
		fmt.Fprintf(&b, "  try: %s\n", escape(cure, maxMessage))
	}
	sys.stderr.Write([]byte(b.String()))
	return k.exit
}

// advice is the best cure known: this case's own, the AADSTS code's, the kind's.
func (f *failure) advice() string {
	cure := f.cure
	if f.server != nil && cure == "" {
		a, _ := findAADSTS(f.server.AADSTS)
		cure = a.cure
	}
	return firstOf(cure, kindOf(f.id).cure)
}
