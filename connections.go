//go:build !js

// Which connections are kept, which of them is current, and which one an answer may
// come from. Each is one encrypted file named by its identity, so that processes never
// merge anything and damage costs one connection.

package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"connect-entra/failure"
	"connect-entra/vault"
)

// currentID is the file that names the current connection.
const currentID = "current"

// kept is what is kept of a connection.
type kept struct {
	Context AuthContext
	Plan    Plan
	Granted []string             // every scope that was granted, as shortScope writes it
	Tokens  map[string]keptToken // by tokenKey
	MSAL    json.RawMessage      `json:",omitempty"` // MSAL's cache, without access tokens
}

// keep is the user's kept connections.
type keep struct {
	vault *vault.Vault
	sys   *system
	start func(*system, Plan) (source, error) // the flow of a plan
	cache *msalCache                          // of the connection that is being made or renewed
}

// openKeep opens what is kept, to read it; nil if nothing ever was. To write, it sees to
// it that a connection can be kept, before anything is sent.
func openKeep(sys *system, start func(*system, Plan) (source, error), toWrite bool) (keeper, error) {
	if toWrite {
		return prepareKeep(sys, start)
	}
	if sys.dir == "" {
		return nil, nil
	}
	v, err := vault.Open(vaultOptions(sys), false)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &keep{vault: v, sys: sys, start: start}, nil
}

func prepareKeep(sys *system, start func(*system, Plan) (source, error)) (keeper, error) {
	if sys.dir == "" {
		return nil, failure.New("storage", "There is no home folder to keep a connection in.").
			Try("set HOME, or use -ContextScope Process")
	}
	v, err := vault.Open(vaultOptions(sys), true)
	if err != nil {
		return nil, err
	}
	k := &keep{vault: v, sys: sys, start: start, cache: &msalCache{}}
	if err = v.Ready(); err == nil {
		_, err = k.current()
	}
	if err != nil {
		v.Close()
		return nil, err
	}
	return k, nil
}

// vaultOptions are for the program's own folder. What the user's key file is called, and
// how one makes it, is for this host's shell.
func vaultOptions(sys *system) vault.Options {
	return vault.Options{
		Folder:   sys.dir,
		KeyFile:  sys.getenv(vault.KeyFileVariable),
		Contents: "kept connections",
		Warn:     sys.warn,
		Cures: vault.Cures{
			BadFolder:   "set HOME or XDG_STATE_HOME to an absolute path",
			NoKey:       "make a key file, " + hostShell().makeKey + ", and set " + vault.KeyFileVariable + " to it; or -ContextScope Process",
			NotHere:     "use it where it was made; here, set XDG_STATE_HOME to another folder, or remove everything: connect-entra disconnect -All",
			OtherSystem: "keep the folders of two systems apart: XDG_STATE_HOME",
		},
	}
}

// inside is the system for a flow whose connection will be kept. MSAL begins with an
// empty memory: what it then holds is of the one account that signed in.
func (k *keep) inside() *system {
	k.cache = &msalCache{}
	return k.withCache()
}

func (k *keep) withCache() *system {
	sys := *k.sys
	sys.cache = k.cache
	return &sys
}

// connectionID names a connection's file: the cloud, client and set, which are known
// before signing in, and then the tenant and account.
func connectionID(p Plan, tenant, account string) string {
	return connectionKind(p) + hash(tenant, account)
}

func connectionKind(p Plan) string { return hash(p.Environment.Name, p.ClientID, p.Set)[:12] + "-" }

func hash(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(texts, "\x00"))))
	return hex.EncodeToString(sum[:16])
}

// load reads a connection. A damaged file is set aside, which is said; then, as for one
// that was never there, nothing is connected.
func (k *keep) load(id string) (*kept, vault.Version, error) {
	c, version, err := k.peek(id)
	if d := (*vault.Damage)(nil); errors.As(err, &d) {
		err = k.locked(id, func() error { // and looked at again: it may have been replaced
			c, version, err = k.peek(id)
			return k.heal(id, err)
		})
	}
	if missing(err) {
		err = notConnected()
	}
	return c, version, err
}

// peek reads a connection and leaves the file as it is.
func (k *keep) peek(id string) (*kept, vault.Version, error) {
	data, version, err := k.vault.Read(id)
	if err != nil {
		return nil, version, err
	}
	c := &kept{}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, version, &vault.Damage{Reason: "what it holds makes no sense"}
	}
	e, err := k.sys.findCloud(c.Plan.Environment.Name)
	if err != nil {
		return nil, version, err
	}
	if e.AzureADEndpoint != c.Plan.Environment.AzureADEndpoint || e.GraphEndpoint != c.Plan.Environment.GraphEndpoint {
		return nil, version, failure.New("sign-in-needed", "The environment %s is not what it was when this connection was made.", failure.Clean(c.Plan.Environment.Name)).
			Try("connect-entra disconnect, and connect again")
	}
	c.Plan.Environment = e // with what its table knows besides
	return c, version, nil
}

// heal sets a damaged file aside; the caller holds its lock.
func (k *keep) heal(id string, err error) error {
	var d *vault.Damage
	if !errors.As(err, &d) {
		return err
	}
	path, aside, err := k.vault.SetAside(id)
	if err != nil {
		return err
	}
	k.sys.warn("%s could not be read: %s. It was set aside as %s; connect again.", path, d.Reason, filepath.Base(aside))
	return fs.ErrNotExist
}

// locked does something while no other process writes that connection.
func (k *keep) locked(id string, do func() error) error {
	unlock, err := k.vault.Lock(context.Background(), id)
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

func (k *keep) write(id string, c *kept) error {
	data, err := json.Marshal(c)
	if err != nil {
		return failure.New("bug", "%T cannot be kept", c).Because(err)
	}
	return k.vault.Write(id, data)
}

// current gives the ID of the current connection, "" if there is none.
func (k *keep) current() (string, error) {
	data, _, err := k.vault.Read(currentID)
	if d := (*vault.Damage)(nil); errors.As(err, &d) {
		err = k.locked(currentID, func() error {
			data, _, err = k.vault.Read(currentID)
			return k.heal(currentID, err)
		})
	}
	if missing(err) {
		return "", nil
	}
	return string(data), err
}

func (k *keep) setCurrent(id string) error {
	return k.locked(currentID, func() error {
		if now, _, err := k.vault.Read(currentID); err == nil && string(now) == id {
			return nil
		}
		return k.vault.Write(currentID, []byte(id))
	})
}

// save keeps a connection that was just made and makes it the current one. Only then is
// it different from before: a sign-in that failed leaves everything as it was.
func (k *keep) save(c Connection) (Connection, error) {
	account := c.Account
	homes := k.cache.accounts()
	if len(homes) > 1 {
		return c, failure.New("bug", "one sign-in gave %d accounts", len(homes))
	}
	if len(homes) == 1 {
		account = homes[0] // a name may be given to somebody else, this is not
	}
	id := connectionID(c.Plan, c.TenantID, account)
	entry := &kept{Context: c.AuthContext, Plan: c.Plan.absolute(), MSAL: k.cache.data}
	err := k.locked(id, func() error {
		old, _, err := k.peek(id)
		err = k.heal(id, err)
		if f := (*failure.Error)(nil); errors.As(err, &f) && f.ID == "storage" && !missing(err) {
			return err // it may still open one day, so it is not overwritten
		}
		if err == nil && !c.Plan.Force {
			entry.Tokens, entry.Granted = old.Tokens, old.Granted // other scopes of the same account
		}
		entry.add(c.Plan.Scopes, c.Token)
		return k.write(id, entry)
	})
	if err = errors.Join(err, k.cache.trouble); err == nil {
		err = k.setCurrent(id)
	}
	if err != nil {
		return c, failure.New("storage", "The sign-in succeeded, but the connection could not be kept: %s", oneLine(err)).Because(err).
			Try("%s", cmp.Or(failure.From(err).Cure, "use the token in this process alone: -ContextScope Process"))
	}
	c.kept, c.id = k.vault.Holder(), id
	c.source = k.lasting(id, entry.Plan)
	return c, nil
}

// open gives the current connection, whose source then finds or renews the token;
// within timeout if one is given.
func (k *keep) open(timeout time.Duration) (Connection, error) {
	id, err := k.current()
	if err != nil {
		return Connection{}, err
	}
	if id == "" {
		return Connection{}, notConnected()
	}
	return k.openID(id, timeout)
}

func (k *keep) openID(id string, timeout time.Duration) (Connection, error) {
	entry, _, err := k.load(id)
	if err != nil {
		return Connection{}, err
	}
	if timeout > 0 {
		entry.Plan.Timeout = timeout
	}
	return Connection{AuthContext: entry.Context, Plan: entry.Plan, kept: k.vault.Holder(), id: id, source: k.lasting(id, entry.Plan)}, nil
}

// missing says whether err is only that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
