//go:build !js

// The clouds that the user defined: which will do, adding, changing and removing one, and
// their file, which is the PowerShell module's.

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"connect-entra/failure"
	"connect-entra/vault"
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

// cloudFile is that file, in the user's folder .mg.
type cloudFile struct{ folder string }

const cloudFileName = "mg.context.json"

func (f cloudFile) shared() vault.Shared { return vault.Shared{Folder: f.folder, Name: cloudFileName} }

// read gives the file, if it is the user's own: who can write it decides where secrets
// are sent.
func (f cloudFile) read() ([]byte, error) {
	data, err := f.shared().Read()
	return data, f.trouble("read", err)
}

// change puts what change makes of the file in its place; no other process writes
// meanwhile.
func (f cloudFile) change(change func(old []byte) ([]byte, error)) error {
	var refused error // before there was anything to write
	err := f.shared().Change(func(old []byte, err error) (data []byte, _ error) {
		if refused = f.trouble("read", err); refused == nil {
			data, refused = change(old)
		}
		return data, refused
	})
	if refused != nil {
		return refused
	}
	return f.trouble("write", err)
}

// trouble tells the reference's words first, and then what the matter is.
func (f cloudFile) trouble(what string, err error) error {
	if err == nil {
		return nil
	}
	return failure.New("storage", "Could not %s file at '%s'. Please ensure you have access to this file and try again in a few minutes..", what, filepath.Join(f.folder, cloudFileName)).
		Because(err).Try("see to this first: %s", err)
}

// bom stands at the beginning of the file: .NET's UTF-8 writer puts it there.
var bom = []byte("\uFEFF")

// cloudTable is the file, with all that we do not know of.
type cloudTable struct {
	file  map[string]json.RawMessage
	table map[string]json.RawMessage // EnvironmentTable
}

func parseClouds(data []byte) (cloudTable, error) {
	t := cloudTable{map[string]json.RawMessage{}, map[string]json.RawMessage{}}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, bom))
	if len(data) == 0 {
		return t, nil
	}
	err := json.Unmarshal(data, &t.file)
	if table := t.file["EnvironmentTable"]; err == nil && table != nil {
		err = json.Unmarshal(table, &t.table)
	}
	if err != nil {
		return t, failure.New("storage", "The file of your own clouds is not what it should be: %s.", failure.Clean(err.Error())).Because(err).
			Try("mend or move away mg.context.json in the folder .mg of your home")
	}
	if t.file == nil || t.table == nil { // both may be null
		return parseClouds(nil)
	}
	return t, nil
}

// key finds the entry of that name, which is compared without regard to case.
func (t cloudTable) key(name string) (string, bool) {
	for key := range t.table {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return name, false
}

// environments are the usable entries, by name. One that takes a built-in cloud's name
// could send its secrets elsewhere.
func (t cloudTable) environments() (list []Environment, unusable []string) {
	for key, entry := range t.table {
		var e Environment
		err := json.Unmarshal(entry, &e)
		if e.Type == "Built-in" {
			continue
		}
		if err == nil && !strings.EqualFold(e.Name, key) {
			err = failure.New("bad-value", "its name is not that of its entry")
		}
		if err == nil {
			e, err = checkCloud(e)
		}
		if err != nil {
			unusable = append(unusable, "Your own cloud "+failure.Clean(key)+" cannot be used: "+failure.Clean(err.Error()))
			continue
		}
		list = append(list, e)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name }) // a generic sort of this is 17 kB
	slices.Sort(unusable)
	return list, unusable
}

// format writes the file as the module does: a byte order mark, two spaces a level.
func (t cloudTable) format() ([]byte, error) {
	table, err := json.Marshal(t.table)
	if err != nil {
		return nil, err
	}
	t.file["EnvironmentTable"] = table
	data, err := json.MarshalIndent(t.file, "", "  ")
	return append(slices.Clone(bom), data...), err
}

// put adds an environment or replaces the fields of it that we know, which stand first
// and in the module's order.
func (t cloudTable) put(e Environment) error {
	key, _ := t.key(e.Name)
	data, err := json.Marshal(struct{ Name, AzureADEndpoint, GraphEndpoint, Type string }{e.Name, e.AzureADEndpoint, e.GraphEndpoint, userDefined})
	if err != nil {
		return err
	}
	more, err := unknownFields(t.table[key])
	if err == nil && len(more) > 2 { // "{}"
		data = append(append(data[:len(data)-1], ','), more[1:]...)
	}
	t.table[key] = data
	return err
}

// unknownFields is what the module wrote of an environment that we do not know of.
func unknownFields(entry json.RawMessage) ([]byte, error) {
	fields := map[string]json.RawMessage{}
	if len(entry) == 0 || json.Unmarshal(entry, &fields) != nil {
		return nil, nil // what is no object is replaced
	}
	for field := range fields {
		for _, known := range []string{"Name", "AzureADEndpoint", "GraphEndpoint", "Type"} {
			if strings.EqualFold(field, known) {
				delete(fields, field)
			}
		}
	}
	return json.Marshal(fields)
}
