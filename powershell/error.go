// Why a line does not bind.

package powershell

import (
	"fmt"
	"strings"

	"connect-entra/failure"
)

// Error is why PowerShell would not bind a line.
type Error struct {
	ID      string // the first part of PowerShell's FullyQualifiedErrorId: AmbiguousParameter
	Message string // in PowerShell's words; it may quote what was typed
	Cure    string // what to type instead, which PowerShell does not say; often ""
}

// Error is the message alone.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the same as a failure, whose id is Kebab(e.ID).
func (e *Error) Unwrap() error {
	return failure.New(Kebab(e.ID), "%s", e.Message).Try("%s", e.Cure)
}

//go:noinline
func refuse(id, format string, args ...any) *Error {
	return &Error{ID: id, Message: fmt.Sprintf(format, args...)}
}

// Kebab is a name in PowerShell's spelling in lower case with dashes: ClientId becomes
// client-id.
func Kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' && i > 0 && name[i-1] >= 'a' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}
