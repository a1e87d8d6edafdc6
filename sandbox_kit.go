//go:build !js

// The practice kit: what signing in to the practice cloud as an application needs, made
// on this host and registered there, and one command to try for each way to sign in.

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connect-entra/failure"
)

// kitMark starts the kit's ids file; by it a kit is known, and may be made anew.
const kitMark = "# Made by connect-entra sandbox"

const (
	kitIDs         = "ids.txt"
	kitSecret      = "secret.txt"
	kitCertificate = "certificate.pem"
	kitWorkload    = "federated.jwt"
)

// practiceKit makes a kit in dir, or makes it anew, and prints what to try. What it
// prints is itself a script for the shell.
func practiceKit(sys *system, dir string, sh shell) error {
	if sys.dir == "" {
		return failure.New("storage", "There is no folder here in which the practice cloud could register an application.").
			Try("set HOME to a folder of yours")
	}
	if err := checkKitFolder(dir, sh); err != nil {
		return err
	}
	folder := filepath.Join(sys.dir, "sandbox")
	registered, err := loadRegistry(folder)
	if err != nil {
		return err
	}
	app, files, err := newKit(dir, newSandbox(registered), sh)
	if err != nil {
		return failure.New("storage", "The practice kit cannot be made: %v.", err).Because(err)
	}
	registered.register(app)
	if err := registered.save(); err != nil {
		return failure.New("storage", "The practice application cannot be registered in %s: %v.", folder, err).Because(err)
	}
	for _, file := range files { // the ids file first: with it the rest is known as ours
		if err := replaceFile(dir, file.name, []byte(file.text)); err != nil {
			return failure.New("storage", "%s cannot be written: %v.", filepath.Join(dir, file.name), err).Because(err)
		}
	}
	return sys.print(sh.commands(dir, app.ClientID))
}

// checkKitFolder refuses to replace what is not of an earlier kit.
func checkKitFolder(dir string, sh shell) error {
	ids, err := readFile(dir, kitIDs)
	if err == nil && strings.HasPrefix(string(ids), kitMark) {
		return nil
	}
	for _, name := range []string{kitIDs, kitSecret, kitCertificate, kitWorkload, sh.environment} {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return failure.New("usage", "%s is there already, and was not made by connect-entra sandbox.", path).
				Try("name a folder that is not there yet")
		} else if !errors.Is(err, fs.ErrNotExist) {
			return failure.New("storage", "The practice kit cannot be made in %s: %v.", dir, err).Because(err)
		}
	}
	return nil
}

// kitFile is one file of a kit.
type kitFile struct{ name, text string }

// newKit makes an application and the files that prove to be it.
func newKit(dir string, cloud *sandbox, sh shell) (practiceApp, []kitFile, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return practiceApp{}, nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return practiceApp{}, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte(rand.Text()[:16])),
		Subject:      pkix.Name{CommonName: "Practice app"},
		NotBefore:    now.Add(-5 * time.Minute),
		NotAfter:     now.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return practiceApp{}, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return practiceApp{}, nil, err
	}
	secret := "practice-" + rand.Text()
	digest := sha256.Sum256([]byte(secret))
	app := practiceApp{
		ClientID:      randomGUID(),
		Name:          "Practice app",
		SecretHash:    hex.EncodeToString(digest[:]),
		SecretExpires: now.AddDate(1, 0, 0).UTC().Truncate(time.Second),
		Certificate:   der,
		Workload:      "practice-workload",
		Roles:         applicationRoles,
		Kit:           path,
	}
	workload, err := cloud.workloadToken(app.Workload)
	if err != nil {
		return practiceApp{}, nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	certificate = append(certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
	return app, []kitFile{
		{kitIDs, kitIDsText(app.ClientID)},
		{kitSecret, secret + "\n"},
		{kitCertificate, string(certificate)},
		{kitWorkload, workload + "\n"},
		{sh.environment, sh.variables(app.ClientID, secret, path)},
	}, nil
}

func kitIDsText(clientID string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the ids of the practice cloud. None of them is secret.\n", kitMark)
	fmt.Fprintf(&b, "tenant                  %s\ndomain                  %s\n", practiceTenant, practiceDomain)
	fmt.Fprintf(&b, "application             %s\n", clientID)
	fmt.Fprintf(&b, "user-assigned identity  %s\n", practiceUserIdentity)
	for _, user := range practiceUsers {
		fmt.Fprintf(&b, "user                    %s\n", user.upn)
	}
	return b.String()
}

// variables is the file that -EnvironmentVariable is tried with.
func (sh shell) variables(clientID, secret, dir string) string {
	set := func(name, value string) string { return fmt.Sprintf(sh.set+"\n", name, sh.quote(value)) }
	return kitMark + ": variables for " + sh.name + "\n" +
		set("AZURE_TENANT_ID", practiceTenant) +
		set("AZURE_CLIENT_ID", clientID) +
		set("AZURE_CLIENT_SECRET", secret) +
		"# Instead of the secret, one of these:\n" +
		"# " + set("AZURE_CLIENT_CERTIFICATE_PATH", filepath.Join(dir, kitCertificate)) +
		"# " + set("AZURE_FEDERATED_TOKEN_FILE", filepath.Join(dir, kitWorkload))
}

// commands is a command for each way to sign in.
func (sh shell) commands(dir, clientID string) string {
	in := func(name string) string {
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
	try("An application, by certificate.", "connect-entra -Environment Sandbox -ClientId "+clientID+" -TenantId "+practiceTenant+" -Certificate "+sh.quote(in(kitCertificate)))
	try("An application, by secret.", "connect-entra -Environment Sandbox -TenantId "+practiceTenant+" -ClientSecretCredential "+sh.quote(clientID+":@"+in(kitSecret)))
	try("The managed identity of this host, which the practice cloud pretends to be in Azure.", "connect-entra -Environment Sandbox -Identity")
	try("A token that you have.", "connect-entra token -Environment Sandbox -Identity | connect-entra -Environment Sandbox -AccessToken -")
	try("What the environment says.", fmt.Sprintf(sh.with, sh.quote(in(sh.environment)), "connect-entra -Environment Sandbox -EnvironmentVariable"))
	return b.String()
}
