//go:build !js

// The PowerShell module's file of user-defined clouds, as a file: userclouds.go knows
// what is in it.

package main

import (
	"path/filepath"

	"connect-entra/failure"
	"connect-entra/vault"
)

// mgContext is the PowerShell module's file of user-defined clouds.
type mgContext struct {
	dir string // ~/.mg
}

const mgContextName = "mg.context.json"

func (m mgContext) file() vault.Shared { return vault.Shared{Folder: m.dir, Name: mgContextName} }

// read gives the file, if it is the user's own: who can write it decides where secrets
// are sent.
func (m mgContext) read() ([]byte, error) {
	data, err := m.file().Read()
	return data, m.trouble("read", err)
}

func (m mgContext) change(change func(old []byte) ([]byte, error)) error {
	var refused error // before there was anything to write
	err := m.file().Change(func(old []byte, err error) (data []byte, _ error) {
		if refused = m.trouble("read", err); refused == nil {
			data, refused = change(old)
		}
		return data, refused
	})
	if refused != nil {
		return refused
	}
	return m.trouble("write", err)
}

// trouble tells the reference's words first, and then what the matter is.
func (m mgContext) trouble(what string, err error) error {
	if err == nil {
		return nil
	}
	return failure.New("storage", "Could not %s file at '%s'. Please ensure you have access to this file and try again in a few minutes..", what, filepath.Join(m.dir, mgContextName)).
		Because(err).Try("see to this first: %s", err)
}
