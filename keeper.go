// What there is to do with kept connections, and how they are shown. How they are kept
// is behind keeper, which a page does not have.

package main

import (
	"context"
	"time"

	"connect-entra/claims"
)

// keeping opens what is kept. start begins the flow of a plan; toWrite says that a
// connection is to be kept, and fails if it cannot.
type keeping func(sys *system, start func(*system, Plan) (source, error), toWrite bool) (keeper, error)

// keeper keeps connections for later processes of the same user. A page has none.
type keeper interface {
	resume(context.Context, Plan) (c Connection, found bool, err error) // silently, if one fits
	inside() *system                                                    // what a flow to be kept runs in
	save(Connection) (Connection, error)                                // and makes it the current one
	open(timeout time.Duration) (Connection, error)                     // the current one; 0: the timeout of its plan
	list() ([]named, error)
	use(name string) (named, error)
	forget(name string, all bool, spared string) ([]named, error)
}

// keeper gives what is kept; nil if nothing is.
func (sys *system) keeper() (keeper, error) {
	if sys.keeps == nil {
		return nil, nil
	}
	k, err := sys.keeps(sys, startFlow, false)
	if err == nil {
		err = sys.stopped()
	}
	return k, err
}

// named is a kept connection in a list.
type named struct {
	ID      string // of its file
	Name    string
	Current bool
	Until   time.Time // the end of the last of its tokens
	AuthContext
	plan       Plan
	granted    []string
	unreadable error // why nothing more is known
}

// formatConnections is the table of kept connections; an asterisk marks the current one.
func formatConnections(all []named) string {
	if len(all) == 0 {
		return ""
	}
	rows := [][]string{{" ", "Name", "AuthType", "Token until"}, {" ", "----", "--------", "-----------"}}
	for _, n := range all {
		mark := " "
		if n.Current {
			mark = "*"
		}
		until := ""
		if !n.Until.IsZero() {
			until = claims.ShowTime(n.Until)
		}
		rows = append(rows, []string{mark, n.Name, n.AuthType, until})
	}
	return formatTable(rows)
}

// connectionsJSON is the same list for a script.
func connectionsJSON(all []named) string {
	type row struct {
		Name    string
		Current bool
		Until   string
		AuthContext
	}
	out := []row{}
	for _, n := range all {
		n.Scopes = append([]string{}, n.Scopes...) // a list, even where nothing is known
		out = append(out, row{n.Name, n.Current, n.Until.Format(time.RFC3339Nano), n.AuthContext})
	}
	return formatJSON(out, "  ")
}

// tellClosed shows what was disconnected, and says what that cannot undo.
func (n named) tellClosed(sys *system) error {
	if n.AuthType == "" {
		sys.note("A kept connection that could not be read was removed.")
		return nil
	}
	if err := sys.print(n.AuthContext.String()); err != nil {
		return err
	}
	if time.Now().Before(n.Until) {
		sys.note("Gone from this host. Copies of its access token stay valid until %s: no one can call a token back.", claims.ShowTime(n.Until))
	}
	if n.AuthType == "Delegated" {
		sys.note("Sign-ins of this account on other hosts stay. To end them all: POST /me/revokeSignInSessions")
	}
	return nil
}

func listConnections(sys *system, p Params) error {
	var all []named
	k, err := sys.keeper()
	if k != nil {
		all, err = k.list()
	}
	if err != nil {
		return err
	}
	if p.On("Json") {
		return sys.print(connectionsJSON(all))
	}
	return sys.print(formatConnections(all))
}

// useConnection makes another kept connection the current one.
func useConnection(_ context.Context, sys *system, p Params) error {
	k, err := sys.keeper()
	if err != nil {
		return err
	}
	if k == nil {
		return notConnected()
	}
	n, err := k.use(p.Text("Name"))
	if err != nil {
		return err
	}
	sys.note("Current now: %s", n.Name)
	return sys.print(n.AuthContext.String())
}

// disconnect ends the current connection, the named one or all, and shows what it
// closed. If there is none, what was asked for is so: no error, the reference's word.
// Inside a COMMAND its connection stays.
func disconnect(_ context.Context, sys *system, p Params) error {
	outer, _, err := inherited(sys)
	if err != nil {
		return err
	}
	k, err := sys.keeper()
	if err != nil {
		return err
	}
	var closed []named
	if k != nil {
		closed, err = k.forget(p.Text("Name"), p.On("All"), outer.id)
	}
	for _, n := range closed {
		if err := n.tellClosed(sys); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return err
	case outer.id != "" && (len(closed) == 0 || p.On("All")):
		sys.note("The connection of the command around stays: leave the command to disconnect it.")
	case len(closed) == 0:
		sys.say("", "No application to sign out from.")
	}
	return nil
}
