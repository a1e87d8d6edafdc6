//go:build !js

// MSAL's cache of one connection, as MSAL reads and writes it.

package main

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

func (c *msalCache) Replace(_ context.Context, into cache.Unmarshaler, _ cache.ReplaceHints) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.data) > 0 {
		if c.trouble = into.Unmarshal(c.data); c.trouble == nil {
			return nil
		}
		c.data = nil
	}
	into.Unmarshal([]byte("{}")) // forgets what another caller left in MSAL's memory
	return nil
}

func (c *msalCache) Export(_ context.Context, from cache.Marshaler, _ cache.ExportHints) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, err := from.Marshal()
	if err == nil {
		data, err = withoutAccessTokens(data)
	}
	if c.trouble = err; err == nil {
		c.data = data
	}
	return nil
}

// withoutAccessTokens takes the access tokens out of MSAL's cache: they are saved beside
// it. MSAL never purges one, and takes the first that fits, an expired one too.
func withoutAccessTokens(data []byte) ([]byte, error) {
	var sections map[string]json.RawMessage // all of them: what a later MSAL adds must survive
	if err := json.Unmarshal(data, &sections); err != nil {
		return nil, err
	}
	delete(sections, "AccessToken")
	return json.Marshal(sections)
}

// accounts are the home account IDs in the cache: who the refresh tokens belong to.
func (c *msalCache) accounts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var contract struct {
		Account map[string]struct {
			Home string `json:"home_account_id"`
		}
	}
	json.Unmarshal(c.data, &contract) // what MSAL wrote itself
	var homes []string
	for _, account := range contract.Account {
		homes = append(homes, account.Home)
	}
	slices.Sort(homes)
	return slices.Compact(homes)
}
