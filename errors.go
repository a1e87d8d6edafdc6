// Every way a run can fail, in one table: its id (stable, for scripts), its exit
// status and its cure. Functions return a *failure.Error; only run prints one and only
// main exits. Texts are the reference's where it has one.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"connect-entra/failure"
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

func kindOf(id string) kind {
	for _, k := range kinds {
		if k.id == id {
			return k
		}
	}
	return kinds[0]
}

// maxMessage is how much of a message is shown, in characters: what was typed may stand
// in it.
const maxMessage = 4000

// report prints err to stderr as PowerShell prints an error, with the id at the end
// of the first line, what the server said, and the cure; it gives the exit status. An
// error that has one of its own, exitStatus() int, has been told already.
func (con *console) report(err error) int {
	if err == nil {
		return 0
	}
	if told := interface{ exitStatus() int }(nil); errors.As(err, &told) {
		return told.exitStatus()
	}
	f := failure.From(err)
	k := kindOf(f.ID)
	var b strings.Builder
	fmt.Fprintf(&b, "Connect-Entra: %s [%s]\n", failure.Escape(f.Message, maxMessage), k.id)
	if s := f.Server; s != nil {
		if s.Description != "" {
			fmt.Fprintf(&b, "  server said: %q\n", failure.Clean(s.Description))
		}
		var ids []string
		for _, id := range [][2]string{{"trace: ", s.TraceID}, {"correlation: ", s.CorrelationID}, {"", s.Timestamp}} {
			if id[1] != "" {
				ids = append(ids, id[0]+failure.Clean(id[1]))
			}
		}
		if ids != nil {
			fmt.Fprintf(&b, "  %s\n", strings.Join(ids, "  "))
		}
	}
	if f.Server == nil && f.Correlation != "" {
		fmt.Fprintf(&b, "  correlation: %s\n", f.Correlation)
	}
	if cure := advice(f); cure != "" {
		fmt.Fprintf(&b, "  try: %s\n", failure.Escape(cure, maxMessage))
	}
	con.stderr.Write([]byte(b.String()))
	return k.exit
}

// advice is the best cure known: this case's own, the AADSTS code's, the kind's.
func advice(f *failure.Error) string {
	cure := f.Cure
	if f.Server != nil && cure == "" {
		a, _ := findAADSTS(f.Server.AADSTS)
		cure = a.cure
	}
	return cmp.Or(cure, kindOf(f.ID).cure)
}
