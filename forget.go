//go:build !js

// How kept connections end.

package main

import (
	"context"
	"strings"
)

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
		now, _, err := k.readSealed(currentID + sealedSuffix)
		if err == nil && string(now) != id {
			return nil
		}
		if _, err := k.read(id + sealedSuffix); err == nil {
			return nil
		}
		return k.removeFiles(currentID)
	})
}

// removeAll removes a connection's file and what was set aside or left of it.
func (k *keep) removeAll(id string) error {
	return k.locked(id, func() error { return k.removeFiles(id) })
}

func (k *keep) removeFiles(id string) error {
	files, err := k.folder.list("")
	if err != nil {
		return err
	}
	for _, file := range files {
		if strings.HasPrefix(file, id+sealedSuffix) {
			if err := k.remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetAll leaves the key where a connection is spared, and which one is current.
func (k *keep) forgetAll(spared string) ([]named, error) {
	files, err := k.folder.list("")
	if err != nil {
		return nil, err
	}
	var closed []named
	for _, file := range files {
		id, rest, ok := strings.Cut(file, sealedSuffix)
		if !ok || spared != "" && (id == spared || id == currentID) {
			continue
		}
		if c, _, err := k.peek(id); rest == "" && err == nil {
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
	unlock, err := k.lock(context.Background(), "key", lockWait)
	if err != nil {
		return closed, err
	}
	defer unlock()
	if err := systemKey.drop(k.folder); err != nil {
		return closed, k.unreachable(systemKey.about, err)
	}
	return closed, nil
}
