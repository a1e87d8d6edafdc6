//go:build !js

// Who and what the practice tenant has: its users, its identities, its applications.
// The applications that a practice kit registered are kept in a file of the sandbox's
// own folder, as digests and certificates: nothing there signs anybody in.

package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
)

// The practice tenant. Its ids are plainly made up, and the domain never resolves.
const (
	practiceTenant     = "00000000-0000-4000-8000-000000000001"
	practiceDomain     = "woodland.invalid"
	practiceTenantName = "Woodland (practice tenant)"

	// The Microsoft Graph Command Line Tools, which sign people in by default.
	practicePublicApp = "14d82eec-204b-4c2f-b7e8-296a70dab67e"

	practiceSystemIdentity = "00000000-0000-4000-8000-00000000a001" // client id
	practiceUserIdentity   = "00000000-0000-4000-8000-00000000a002"
)

// practiceUser is somebody to sign in as.
type practiceUser struct {
	given, family string
	id            string
	upn           string
	mail          string
	job           string
	guest         bool
	trouble       int    // the AADSTS code that ends every sign-in of theirs, 0 for none
	about         string // what the sign-in page says of them
}

func (u practiceUser) name() string { return u.given + " " + u.family }

// practiceUsers is in the order of the sign-in page.
var practiceUsers = []practiceUser{
	{given: "Wilma", family: "Birch", id: "00000000-0000-4000-8000-0000000000b1", upn: "wilma@" + practiceDomain, mail: "wilma@" + practiceDomain, job: "Administrator"},
	{given: "Oskar", family: "Linden", id: "00000000-0000-4000-8000-0000000000b2", upn: "oskar@" + practiceDomain, mail: "oskar@" + practiceDomain, job: "Forester"},
	{given: "June", family: "Hazel", id: "00000000-0000-4000-8000-0000000000b3", upn: "june_riverside.invalid#EXT#@" + practiceDomain, mail: "june@riverside.invalid", job: "Surveyor", guest: true, about: "a guest: only where the tenant is named"},
	{given: "Nadia", family: "Rowan", id: "00000000-0000-4000-8000-0000000000b4", upn: "nadia@" + practiceDomain, mail: "nadia@" + practiceDomain, job: "Apprentice", trouble: 90094, about: "may not consent for herself"},
	{given: "Tomas", family: "Alder", id: "00000000-0000-4000-8000-0000000000b5", upn: "tomas@" + practiceDomain, mail: "tomas@" + practiceDomain, job: "Retired", trouble: 50057, about: "his account is disabled"},
}

// findUser finds a user by object id, user principal name or mail.
func findUser(name string) (practiceUser, bool) {
	for _, u := range practiceUsers {
		if u.id == name || strings.EqualFold(u.upn, name) || strings.EqualFold(u.mail, name) {
			return u, true
		}
	}
	return practiceUser{}, false
}

// practiceApp is one registered application.
type practiceApp struct {
	ClientID      string
	Name          string
	Public        bool      `json:",omitempty"` // signs people in, and proves nothing of itself
	Disabled      bool      `json:",omitempty"`
	SecretHash    string    `json:",omitempty"` // SHA-256 in hex; secrets here are random, so no salt is needed
	SecretExpires time.Time `json:",omitzero"`
	Certificate   []byte    `json:",omitempty"` // DER
	Workload      string    `json:",omitempty"` // a workload that may sign in as it: federation
	Roles         []string  `json:",omitempty"` // application permissions that are granted
	Kit           string    `json:",omitempty"` // the folder that holds its credentials
}

// holdsSecret compares in constant time.
func (a practiceApp) holdsSecret(secret string) bool {
	given := sha256.Sum256([]byte(secret))
	kept, err := hex.DecodeString(a.SecretHash)
	return err == nil && subtle.ConstantTimeCompare(given[:], kept) == 1
}

// certificate is the registered one, nil without.
func (a practiceApp) certificate() *x509.Certificate {
	certificate, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return nil
	}
	return certificate
}

// applicationRoles are granted to a managed identity, and to an app by the practice kit.
var applicationRoles = []string{"Organization.Read.All", "User.Read.All"}

// registry is which applications exist, beside the default one.
type registry struct {
	apps []practiceApp
	dir  string      // the sandbox's own folder; "" keeps nothing
	key  *signingKey // nil: made when it is needed
}

const registryFile = "apps.json"

// loadRegistry reads what the sandbox's own folder keeps; dir "" and a folder that is
// not there yet keep nothing.
func loadRegistry(dir string) (registry, error) {
	known := registry{dir: dir}
	if dir == "" {
		return known, nil
	}
	data, err := readFile(dir, registryFile)
	if err == nil {
		err = json.Unmarshal(data, &known.apps)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return known, damaged(dir, registryFile, err)
	}
	known.key, err = readSigningKey(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return known, damaged(dir, signingKeyFile, err)
	}
	return known, nil
}

func damaged(dir, name string, err error) error {
	f := failure.New("storage", "The practice cloud's %s cannot be read: %s.", failure.Clean(filepath.Join(dir, name)), failure.Clean(err.Error())).Because(err)
	if errors.As(err, new(*fs.PathError)) {
		return f.Try("look who may read it, and how many files a process may have open (ulimit -n)")
	}
	return f.Try("remove it, and make the practice kit again")
}

// save writes the registered applications to the sandbox's own folder.
func (known registry) save() error {
	data, err := json.MarshalIndent(known.apps, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(known.dir, registryFile, append(data, '\n'))
}

// find finds an application by its client id.
func (known registry) find(clientID string) (practiceApp, bool) {
	if strings.EqualFold(clientID, practicePublicApp) {
		return practiceApp{ClientID: practicePublicApp, Name: "Microsoft Graph Command Line Tools", Public: true}, true
	}
	i := slices.IndexFunc(known.apps, func(a practiceApp) bool { return strings.EqualFold(a.ClientID, clientID) })
	if i < 0 {
		return practiceApp{}, false
	}
	return known.apps[i], true
}

// register puts an application in place of the one with the same client id, or kit.
func (known *registry) register(app practiceApp) {
	known.apps = slices.DeleteFunc(known.apps, func(a practiceApp) bool {
		return strings.EqualFold(a.ClientID, app.ClientID) || app.Kit != "" && a.Kit == app.Kit
	})
	known.apps = append(known.apps, app)
}

// tenantFor resolves the tenant of a request's path: the practice tenant by id or
// domain, and, where shared allows it, the names that stand for any tenant.
func tenantFor(name string, shared bool) (tenant string, refusal *refused) {
	switch lower := strings.ToLower(name); lower {
	case practiceTenant, practiceDomain:
		return practiceTenant, nil
	case "common", "organizations":
		if shared {
			return lower, nil
		}
		return "", no(50059)
	case "consumers":
		return "", no(9002346, practiceTenantName)
	default:
		if !strings.Contains(lower, ".") && len(lower) != len(practiceTenant) {
			return "", no(900023, name)
		}
		return "", no(90002, name)
	}
}

// pairwise is a subject that differs for each application, as Entra's sub does.
func pairwise(app, who string) string {
	digest := sha256.Sum256([]byte(app + "/" + who))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}
