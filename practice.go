//go:build !js

// Practising: the practice cloud in the place of the world outside, and the kit that signs
// in to it as an application, with one command to try for each way to sign in.

package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"connect-entra/failure"
	"connect-entra/sandbox"
)

// practice is another world, with the practice cloud in place of the network. Nothing leaves
// the process; with pages, a browser reaches the cloud's pages on loopback until stop.
func practice(around *world, pages bool) (practising *world, stop func(), err error) {
	registered, err := sandbox.LoadRegistry(around.practiceFolder())
	if err != nil {
		return nil, nil, err
	}
	cloud := sandbox.New(registered)
	stop = func() {}
	if pages {
		if stop, err = cloud.Listen(); err != nil {
			return nil, nil, err
		}
	}
	its := *around
	its.internet, its.direct = cloud, cloud
	its.dial = func(context.Context, string, string) (net.Conn, error) {
		here, _ := net.Pipe() // its metadata service is always there
		return here, nil
	}
	return &its, stop, nil
}

func makePracticeKit(_ context.Context, con *console, world *world, p Params) error {
	return practiceKit(con, world, p.Text("Path"), hostShell())
}

// practiceKit makes a kit in dir, or makes it anew, and prints what to try. What it
// prints is itself a script for the shell.
func practiceKit(con *console, world *world, dir string, sh shell) error {
	folder := world.practiceFolder()
	if folder == "" {
		return failure.New("storage", "There is no folder here in which the practice cloud could register an application.").
			Try("set HOME to a folder of yours")
	}
	registered, err := sandbox.LoadRegistry(folder)
	if err != nil {
		return err
	}
	kit, err := sandbox.NewKit(registered, dir)
	if err != nil {
		return err
	}
	kit.Add(sh.environment, sh.variables(kit))
	if err := kit.Write(); err != nil {
		return err
	}
	return con.print(sh.commands(dir, kit.ClientID))
}

// variables is the file that -EnvironmentVariable is tried with.
func (sh shell) variables(kit *sandbox.Kit) string {
	set := func(name, value string) string { return fmt.Sprintf(sh.set+"\n", name, sh.quote(value)) }
	return sandbox.KitMark + ": variables for " + sh.name + "\n" +
		set("AZURE_TENANT_ID", sandbox.Tenant) +
		set("AZURE_CLIENT_ID", kit.ClientID) +
		set("AZURE_CLIENT_SECRET", kit.Secret) +
		"# Instead of the secret, one of these:\n" +
		"# " + set("AZURE_CLIENT_CERTIFICATE_PATH", filepath.Join(kit.Dir, sandbox.KitCertificate)) +
		"# " + set("AZURE_FEDERATED_TOKEN_FILE", filepath.Join(kit.Dir, sandbox.KitWorkload))
}

// commands is a command for each way to sign in.
func (sh shell) commands(dir, clientID string) string {
	inDir := func(name string) string {
		path := filepath.Join(dir, name)
		if path == name || strings.HasPrefix(path, "-") {
			path = "." + string(filepath.Separator) + path // else sh looks in PATH for . FILE, and - begins a parameter
		}
		return path
	}
	var b strings.Builder
	try := func(what, command string) { fmt.Fprintf(&b, "\n# %s\n%s\n", what, command) }
	fmt.Fprintf(&b, "# The practice kit is in %s. Everything below is practice: no tenant is contacted.\n", sh.quote(dir))
	try("A person, in the browser: choose who you are.", "connect-entra -Environment Sandbox")
	try("A person, with a code for any other browser.", "connect-entra -Environment Sandbox -UseDeviceCode")
	try("An application, by certificate.", "connect-entra -Environment Sandbox -ClientId "+clientID+" -TenantId "+sandbox.Tenant+" -Certificate "+sh.quote(inDir(sandbox.KitCertificate)))
	try("An application, by secret.", "connect-entra -Environment Sandbox -TenantId "+sandbox.Tenant+" -ClientSecretCredential "+sh.quote(clientID+":@"+inDir(sandbox.KitSecret)))
	try("The managed identity of this host, which the practice cloud pretends to be in Azure.", "connect-entra -Environment Sandbox -Identity")
	try("A token that you have.", "connect-entra token -Environment Sandbox -Identity | connect-entra -Environment Sandbox -AccessToken -")
	try("What the environment says.", fmt.Sprintf(sh.with, sh.quote(inDir(sh.environment)), "connect-entra -Environment Sandbox -EnvironmentVariable"))
	return b.String()
}
