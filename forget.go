//go:build !js

// How kept connections end.

package main

// forget removes the current connection, the one of that name, or all of them and the
// key, and sees to it that they are gone. What cannot be read can be removed all the
// same; but not the one with the ID spared. It gives what it closed.
func (k *keep) forget(name string, all bool, spared string) ([]named, error) {
	if all {
		return k.forgetAll(spared)
	}
	current, err := k.current()
	if err != nil {
		return nil, err
	}
	n := named{ID: current}
	if name != "" {
		if n, err = k.find(name); err != nil {
			return nil, err
		}
	}
	if n.ID == spared || n.ID == "" {
		return nil, nil
	}
	if c, _, err := k.peek(n.ID); err == nil {
		n = c.named(n.ID)
	}
	if err := k.removeAll(n.ID); err != nil {
		return nil, err
	}
	return []named{n}, k.unselect(n.ID)
}

// unselect forgets that a connection is the current one, unless another process has just
// made another one current, or this one again.
func (k *keep) unselect(id string) error {
	return k.locked(currentID, func() error {
		now, _, err := k.vault.Read(currentID)
		if err == nil && string(now) != id {
			return nil
		}
		if _, _, err := k.vault.Read(id); !missing(err) {
			return nil
		}
		return k.vault.Remove(currentID)
	})
}

// removeAll removes a connection's file and what was set aside or left of it.
func (k *keep) removeAll(id string) error {
	return k.locked(id, func() error { return k.vault.Remove(id) })
}

// forgetAll leaves the key where a connection is spared, and which one is current.
func (k *keep) forgetAll(spared string) ([]named, error) {
	ids, err := k.vault.List()
	if err != nil {
		return nil, err
	}
	var closed []named
	for _, id := range ids {
		if spared != "" && (id == spared || id == currentID) {
			continue
		}
		if c, _, err := k.peek(id); err == nil {
			closed = append(closed, c.named(id))
		}
		if err := k.removeAll(id); err != nil {
			return closed, err
		}
	}
	nameAll(closed)
	if spared != "" {
		return closed, nil
	}
	return closed, k.vault.DropKey()
}
