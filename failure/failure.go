// Package failure is the one error that a person reads, and makes foreign text harmless.
//
// A function that fails returns New(id, message), with Try for what to do about it in this
// case and Because for the error underneath:
//
//	return failure.New("bad-value", "-MinLifetime must be from 0 to 86400 seconds.").
//		Try("-MinLifetime 1800")
//
// The id is stable, for scripts to compare. Which exit status an id ends with, its usual
// cure and who prints it are main's; what a server or a file says goes through Clean.
package failure

import (
	"errors"
	"fmt"
	"time"
)

// Error is an error that a person reads.
type Error struct {
	ID          string  // kebab-case and stable: scripts may compare it
	Message     string  // one line, the reference's words where it has them; holds no secret
	Server      *Server // what Entra or Graph answered, if that is the reason
	Cure        string  // what to type or do next in this case; "" for the id's usual one
	cause       error   // for errors.Is and As; printed by nothing
	Correlation string  // the correlation id of what was sent, where no server named one
}

// Server is a refusal as Entra, Graph or a managed-identity host words it.
// All of its text is foreign: print it through Clean.
type Server struct {
	Host          string        // that was asked
	Status        int           // HTTP
	Code          string        // OAuth's error or Graph's code: invalid_client
	Description   string        // error_description or Graph's message
	AADSTS        string        // digits only: 7000215
	Suberror      string        // OAuth suberror, as Entra sends it
	Claims        string        // a claims challenge: JSON for the next request
	TraceID       string        // by which Microsoft finds the answer in its logs
	CorrelationID string        // by which an administrator finds it in the tenant's sign-in log
	Timestamp     string        // as the server wrote it
	RetryAfter    time.Duration // from Retry-After, 0 when absent
}

// Error names the host, the status and the code, and quotes nothing of the rest.
func (s *Server) Error() string {
	return fmt.Sprintf("%s answered %d %s", s.Host, s.Status, s.Code)
}

// Error is the message alone.
func (f *Error) Error() string { return f.Message }

// Unwrap gives what Because kept and the server's refusal, for errors.Is and errors.As.
func (f *Error) Unwrap() []error {
	var errs []error
	if f.cause != nil {
		errs = append(errs, f.cause)
	}
	if f.Server != nil {
		errs = append(errs, f.Server)
	}
	return errs
}

// New makes an error with an id that main has in its table (a test there looks). Like the
// other small functions that are called in a hundred places it is not inlined: that
// saves 40 kB of the binary.
//
//go:noinline
func New(id, format string, args ...any) *Error {
	return &Error{ID: id, Message: fmt.Sprintf(format, args...)}
}

// Try sets the cure for this one case.
//
//go:noinline
func (f *Error) Try(format string, args ...any) *Error {
	f.Cure = fmt.Sprintf(format, args...)
	return f
}

// Because keeps the error underneath for errors.Is and errors.As.
//
//go:noinline
func (f *Error) Because(err error) *Error {
	f.cause = err
	return f
}

// From finds the Error in err; an err without one is a bug of ours.
func From(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return New("bug", "%s", Clean(err.Error())).Because(err)
}
