//go:build !js

// The clouds that the user defined: which will do, and adding, changing and removing one.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"connect-entra/failure"
)

// checkCloud reduces the endpoints to scheme and host, as the reference stores them,
// and refuses what is not https.
func checkCloud(e Environment) (Environment, error) {
	if strings.TrimSpace(e.Name) == "" {
		return e, failure.New("bad-value", "Environment name needs to be specified.").Try("add -Name")
	}
	if err := checkText("-Name", e.Name); err != nil {
		return e, err
	}
	if _, builtIn := findEnvironment(clouds, e.Name); builtIn {
		return e, failure.New("bad-value", "Cannot change built-in environment %s.", e.Name).Try("choose another name")
	}
	for _, endpoint := range []struct {
		name  string
		value *string
	}{{"AzureADEndpoint", &e.AzureADEndpoint}, {"GraphEndpoint", &e.GraphEndpoint}} {
		u, err := url.Parse(*endpoint.value)
		switch {
		case err != nil || !u.IsAbs() || u.User != nil || !isHost(u.Hostname()):
			return e, failure.New("bad-value", "Parameter '%s' has an invalid endpoint URL. Please use a valid URL with a network protocol i.e. [protocol]://[resource-name].", endpoint.name).
				Try("-%s https://HOST", endpoint.name)
		case u.Scheme != "https":
			return e, failure.New("bad-value", "-%s must begin with https: secrets and tokens are sent there.", endpoint.name).
				Try("-%s https://%s", endpoint.name, u.Host)
		}
		*endpoint.value = "https://" + strings.ToLower(u.Host)
	}
	e.Type = userDefined
	return e, nil
}

// isHost holds for a DNS name, of one label too, as a cloud of one's own may have.
func isHost(s string) bool { return isDomain(s) || isDomain(s+".local") }

// knownClouds are the built-in ones, and the user's own where p may mean one of them.
func knownClouds(con *console, world *world, p Params) ([]Environment, error) {
	name := p.Text("Environment")
	if _, builtIn := findEnvironment(clouds, name); builtIn || name == "" && !p.On("EnvironmentVariable") {
		return clouds, nil
	}
	return allClouds(con, world)
}

func allClouds(con *console, world *world) ([]Environment, error) {
	if world.cloudFolder == "" {
		return clouds, nil
	}
	data, err := cloudFile{world.cloudFolder}.read()
	if err != nil {
		return nil, err
	}
	table, err := parseClouds(data)
	if err != nil {
		return nil, err
	}
	own, unusable := table.environments()
	for _, text := range unusable {
		con.warn("%s", text)
	}
	return append(slices.Clone(clouds), own...), nil
}

// findCloud finds one of the built-in clouds or of the user's own.
func findCloud(con *console, world *world, name string) (Environment, error) {
	known, err := clouds, error(nil)
	e, ok := findEnvironment(known, name)
	if !ok {
		if known, err = allClouds(con, world); err != nil {
			return e, err
		}
		e, ok = findEnvironment(known, name)
	}
	if !ok {
		err = unknownEnvironment(name, known)
	}
	return e, err
}

// addEnvironment defines a cloud, or another meaning of one.
func addEnvironment(_ context.Context, con *console, world *world, p Params) error {
	return changeCloud(con, world, p, func(table cloudTable, e Environment) (Environment, error) {
		e, err := checkCloud(e)
		if err != nil {
			return e, err
		}
		return e, table.put(e)
	})
}

// setEnvironment changes what was typed of a cloud; the rest stays.
func setEnvironment(_ context.Context, con *console, world *world, p Params) error {
	return changeCloud(con, world, p, func(table cloudTable, e Environment) (Environment, error) {
		if _, builtIn := findEnvironment(clouds, e.Name); builtIn {
			return e, failure.New("bad-value", "Cannot change built-in environment %s.", e.Name).Try("define one of your own: connect-entra environments add")
		}
		if key, ok := table.key(e.Name); ok {
			var old Environment
			if err := json.Unmarshal(table.table[key], &old); err == nil {
				e = Environment{Name: key, AzureADEndpoint: cmp.Or(e.AzureADEndpoint, old.AzureADEndpoint), GraphEndpoint: cmp.Or(e.GraphEndpoint, old.GraphEndpoint)}
			}
		}
		e, err := checkCloud(e)
		if err != nil {
			return e, err
		}
		return e, table.put(e)
	})
}

func removeEnvironment(_ context.Context, con *console, world *world, p Params) error {
	return changeCloud(con, world, p, func(table cloudTable, e Environment) (Environment, error) {
		if _, builtIn := findEnvironment(clouds, e.Name); builtIn {
			return e, failure.New("bad-value", "Cannot remove built-in environment %s.", e.Name)
		}
		key, ok := table.key(e.Name)
		if !ok {
			return e, failure.New("unknown-environment", "Environment %s not found.", failure.Clean(e.Name)).Try("connect-entra environments -All")
		}
		json.Unmarshal(table.table[key], &e) // for showing
		delete(table.table, key)
		return e, nil
	})
}

// changeCloud changes the file and prints the environment that it was about.
func changeCloud(con *console, world *world, p Params, change func(cloudTable, Environment) (Environment, error)) error {
	if world.cloudFolder == "" {
		return failure.New("storage", "There is no home folder to keep a cloud in.").Try("set HOME")
	}
	e := Environment{Name: p.Text("Name"), AzureADEndpoint: p.Text("AzureADEndpoint"), GraphEndpoint: p.Text("GraphEndpoint")}
	err := cloudFile{world.cloudFolder}.change(func(old []byte) ([]byte, error) {
		table, err := parseClouds(old)
		if err != nil {
			return nil, err
		}
		if e, err = change(table, e); err != nil {
			return nil, err
		}
		return table.format()
	})
	if err != nil {
		return err
	}
	if p.On("Json") {
		return con.print(environmentsJSON([]Environment{e}))
	}
	return con.print(formatEnvironments([]Environment{e}))
}
