// Saved connections, for later processes of the same user: what there is to do with them,
// and how they are shown. How they are saved is behind savedConnections, which a page does
// not have.

package main

import (
	"context"
	"time"

	"connect-entra/claims"
)

// readSaved gives what is saved; nil if nothing is.
func readSaved(con *console, world *world) (savedConnections, error) {
	if world.openSaved == nil {
		return nil, nil
	}
	s, err := world.openSaved(con, world, false)
	if err == nil {
		err = con.stopped()
	}
	return s, err
}

// formatConnections is the table of saved connections; an asterisk marks the current one.
func formatConnections(all []savedConnection) string {
	if len(all) == 0 {
		return ""
	}
	rows := [][]string{{" ", "Name", "AuthType", "Token until"}, {" ", "----", "--------", "-----------"}}
	for _, c := range all {
		mark := " "
		if c.Current {
			mark = "*"
		}
		until := ""
		if !c.Until.IsZero() {
			until = claims.ShowTime(c.Until)
		}
		rows = append(rows, []string{mark, c.Name, c.AuthType, until})
	}
	return formatTable(rows)
}

// connectionsJSON is the same list for a script.
func connectionsJSON(all []savedConnection) string {
	type row struct {
		Name    string
		Current bool
		Until   string
		AuthContext
	}
	out := []row{}
	for _, c := range all {
		c.Scopes = append([]string{}, c.Scopes...) // a list, even where nothing is known
		out = append(out, row{c.Name, c.Current, c.Until.Format(time.RFC3339Nano), c.AuthContext})
	}
	return formatJSON(out, "  ")
}

// tellEnded shows what was disconnected, and says what that cannot undo.
func (c savedConnection) tellEnded(con *console) error {
	if c.AuthType == "" {
		con.note("A kept connection that could not be read was removed.")
		return nil
	}
	if err := con.print(c.AuthContext.String()); err != nil {
		return err
	}
	if time.Now().Before(c.Until) {
		con.note("Gone from this host. Copies of its access token stay valid until %s: no one can call a token back.", claims.ShowTime(c.Until))
	}
	if c.AuthType == "Delegated" {
		con.note("Sign-ins of this account on other hosts stay. To end them all: POST /me/revokeSignInSessions")
	}
	return nil
}

func listConnections(con *console, world *world, p Params) error {
	var all []savedConnection
	saved, err := readSaved(con, world)
	if saved != nil {
		all, err = saved.list()
	}
	if err != nil {
		return err
	}
	if p.On("Json") {
		return con.print(connectionsJSON(all))
	}
	return con.print(formatConnections(all))
}

// useConnection makes another saved connection the current one.
func useConnection(_ context.Context, con *console, world *world, p Params) error {
	saved, err := readSaved(con, world)
	if err != nil {
		return err
	}
	if saved == nil {
		return notConnected()
	}
	c, err := saved.use(p.Text("Name"))
	if err != nil {
		return err
	}
	con.note("Current now: %s", c.Name)
	return con.print(c.AuthContext.String())
}

// disconnect ends the current connection, the named one or all, and shows what
// it ended. If there is none, what was asked for is so: no error, the reference's word.
// Inside a COMMAND its connection stays.
func disconnect(_ context.Context, con *console, world *world, p Params) error {
	outer, _, err := inherited(con, world)
	if err != nil {
		return err
	}
	saved, err := readSaved(con, world)
	if err != nil {
		return err
	}
	var ended []savedConnection
	if saved != nil {
		ended, err = saved.end(p.Text("Name"), p.On("All"), outer.id)
	}
	for _, c := range ended {
		if err := c.tellEnded(con); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return err
	case outer.id != "" && (len(ended) == 0 || p.On("All")):
		con.note("The connection of the command around stays: leave the command to disconnect it.")
	case len(ended) == 0:
		con.say("", "No application to sign out from.")
	}
	return nil
}

// showContext shows the connection in the reference's fields, or which ones are saved.
func showContext(ctx context.Context, con *console, world *world, p Params) error {
	if p.On("List") {
		return listConnections(con, world, p)
	}
	c, err := openTyped(ctx, con, world, p)
	if err != nil {
		return err
	}
	if p.On("Json") {
		return con.print(c.JSON())
	}
	return con.print(c.String())
}
