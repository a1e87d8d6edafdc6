//go:build !js

// Where saved connections are: each is one encrypted file named by its identity, so that
// processes never merge anything and damage costs one connection. One more file names the
// current one.

package main

import (
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

// connectionStore is the user's saved connections as files.
type connectionStore struct {
	con   *console
	world *world
	vault *vault.Vault
}

// openSaved opens what is saved, to read it; nil if nothing ever was. To write, it sees to
// it that a connection can be saved, before anything is sent.
func openSaved(con *console, world *world, toWrite bool) (savedConnections, error) {
	if world.dir == "" && toWrite {
		return nil, failure.New("storage", "There is no home folder to keep a connection in.").
			Try("set HOME, or use -ContextScope Process")
	}
	if world.dir == "" {
		return nil, nil
	}
	v, err := vault.Open(vaultOptions(con, world), toWrite)
	if missing(err) && !toWrite {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &connectionStore{con, world, v}
	if toWrite {
		if err = v.Ready(); err == nil {
			_, err = s.current()
		}
	}
	if err != nil {
		v.Close()
		return nil, err
	}
	return s, nil
}

// vaultOptions are for the program's own folder. How one makes a key file is for this
// host's shell.
func vaultOptions(con *console, world *world) vault.Options {
	return vault.Options{
		Folder:   world.dir,
		KeyFile:  world.getenv(vault.KeyFileVariable),
		Contents: "kept connections",
		Warn:     con.warn,
		Cures: vault.Cures{
			BadFolder:   "set HOME or XDG_STATE_HOME to an absolute path",
			NoKey:       "make a key file, " + hostShell().makeKey + ", and set " + vault.KeyFileVariable + " to it; or -ContextScope Process",
			NotHere:     "use it where it was made; here, set XDG_STATE_HOME to another folder, or remove everything: connect-entra disconnect -All",
			OtherSystem: "keep the folders of two systems apart: XDG_STATE_HOME",
		},
	}
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
func (s *connectionStore) load(id string) (*connectionRecord, error) {
	r, err := s.peek(id)
	if d := (*vault.Damage)(nil); errors.As(err, &d) {
		err = s.locked(id, func() error { // and looked at again: it may have been replaced
			r, err = s.peek(id)
			return s.setAside(id, err)
		})
	}
	if missing(err) {
		err = notConnected()
	}
	return r, err
}

// peek reads a connection and leaves the file as it is.
func (s *connectionStore) peek(id string) (*connectionRecord, error) {
	data, version, err := s.vault.Read(id)
	if err != nil {
		return nil, err
	}
	r := &connectionRecord{id: id, version: version}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, &vault.Damage{Reason: "what it holds makes no sense"}
	}
	e, err := findCloud(s.con, s.world, r.Plan.Environment.Name)
	if err != nil {
		return nil, err
	}
	if e.AzureADEndpoint != r.Plan.Environment.AzureADEndpoint || e.GraphEndpoint != r.Plan.Environment.GraphEndpoint {
		return nil, failure.New("sign-in-needed", "The environment %s is not what it was when this connection was made.", failure.Clean(r.Plan.Environment.Name)).
			Try("connect-entra disconnect, and connect again")
	}
	r.Plan.Environment = e // with what its table knows besides
	return r, nil
}

// reload is r while its file is as it was read; nothing is decrypted twice for one token.
// Else read, which is load or peek, gives what is there now.
func (s *connectionStore) reload(r *connectionRecord, read func(id string) (*connectionRecord, error)) (*connectionRecord, error) {
	if same, err := s.vault.Unchanged(r.id, r.version); same && err == nil {
		return r, nil
	}
	return read(r.id)
}

// setAside sets a damaged file aside; the caller holds its lock.
func (s *connectionStore) setAside(id string, err error) error {
	var d *vault.Damage
	if !errors.As(err, &d) {
		return err
	}
	path, aside, err := s.vault.SetAside(id)
	if err != nil {
		return err
	}
	s.con.warn("%s could not be read: %s. It was set aside as %s; connect again.", path, d.Reason, filepath.Base(aside))
	return fs.ErrNotExist
}

// locked does something while no other process writes that connection.
func (s *connectionStore) locked(id string, do func() error) error {
	unlock, err := s.vault.Lock(context.Background(), id)
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

func (s *connectionStore) write(r *connectionRecord) error {
	data, err := json.Marshal(r)
	if err != nil {
		return failure.New("bug", "%T cannot be saved", r).Because(err)
	}
	return s.vault.Write(r.id, data)
}

// put writes the record of a new sign-in. What there was of the same account stays in it,
// unless the person wanted to begin anew.
func (s *connectionStore) put(r *connectionRecord, scopes []string, token Token, anew bool) error {
	return s.locked(r.id, func() error {
		old, err := s.peek(r.id)
		err = s.setAside(r.id, err)
		if f := (*failure.Error)(nil); errors.As(err, &f) && f.ID == "storage" && !missing(err) {
			return err // it may still open one day, so it is not overwritten
		}
		if err == nil && !anew {
			r.Tokens, r.Granted = old.Tokens, old.Granted // other scopes
		}
		r.add(scopes, token)
		return s.write(r)
	})
}

// update writes a renewed token. If the file is not what was read, a disconnect or a newer
// sign-in came between and stands.
func (s *connectionStore) update(r *connectionRecord, scopes []string, token Token, cache *msalCache) error {
	return s.locked(r.id, func() error {
		if same, err := s.vault.Unchanged(r.id, r.version); !same || err != nil {
			return err
		}
		r.add(scopes, token)
		r.MSAL = cache.data
		return s.write(r)
	})
}

// lockRenewal has one process at a time renew a connection's token.
func (s *connectionStore) lockRenewal(ctx context.Context, r *connectionRecord, timeout time.Duration) (unlock func(), err error) {
	return s.vault.LockFor(ctx, r.id+".renew", timeout)
}

// current gives the ID of the current connection, "" if there is none.
func (s *connectionStore) current() (string, error) {
	data, _, err := s.vault.Read(currentID)
	if d := (*vault.Damage)(nil); errors.As(err, &d) {
		err = s.locked(currentID, func() error {
			data, _, err = s.vault.Read(currentID)
			return s.setAside(currentID, err)
		})
	}
	if missing(err) {
		return "", nil
	}
	return string(data), err
}

func (s *connectionStore) setCurrent(id string) error {
	return s.locked(currentID, func() error {
		if now, _, err := s.vault.Read(currentID); err == nil && string(now) == id {
			return nil
		}
		return s.vault.Write(currentID, []byte(id))
	})
}

// unselect forgets that a connection is the current one, unless another process has just
// made another one current, or this one again.
func (s *connectionStore) unselect(id string) error {
	return s.locked(currentID, func() error {
		now, _, err := s.vault.Read(currentID)
		if err == nil && string(now) != id {
			return nil
		}
		if _, _, err := s.vault.Read(id); !missing(err) {
			return nil
		}
		return s.vault.Remove(currentID)
	})
}

// remove removes a connection's file and what was set aside or left of it.
func (s *connectionStore) remove(id string) error {
	return s.locked(id, func() error { return s.vault.Remove(id) })
}

// removeAll leaves the key where a connection is spared, and which one is current. It gives
// what it removed, as far as that could be read.
func (s *connectionStore) removeAll(spared string) (removed []savedConnection, err error) {
	ids, err := s.vault.List()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if spared != "" && (id == spared || id == currentID) {
			continue
		}
		if r, err := s.peek(id); err == nil {
			removed = append(removed, r.listed())
		}
		if err := s.remove(id); err != nil {
			return removed, err
		}
	}
	if spared != "" {
		return removed, nil
	}
	return removed, s.vault.DropKey()
}

// missing says whether err is only that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
