// Who and what the practice tenant has: its users, its identities, its applications.
// The applications that a practice kit registered are kept in a file of the practice
// cloud's own folder, as digests and certificates: nothing there signs anybody in.

package sandbox

import (
	"crypto/rsa"
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
	Tenant     = "00000000-0000-4000-8000-000000000001"
	Domain     = "woodland.invalid"
	tenantName = "Woodland (practice tenant)"

	// The Microsoft Graph Command Line Tools, which sign people in by default.
	publicApp = "14d82eec-204b-4c2f-b7e8-296a70dab67e"

	// The client ids of the managed identities: the host's own, and one that is assigned to it.
	SystemIdentity = "00000000-0000-4000-8000-00000000a001"
	UserIdentity   = "00000000-0000-4000-8000-00000000a002"
)

// person is somebody to sign in as.
type person struct {
	given, family string
	id            string
	upn           string
	mail          string
	job           string
	guest         bool
	trouble       int    // the AADSTS code that ends every sign-in of theirs, 0 for none
	about         string // what the sign-in page says of them
}

func (u person) name() string { return u.given + " " + u.family }

// people is in the order of the sign-in page.
var people = []person{
	{given: "Wilma", family: "Birch", id: "00000000-0000-4000-8000-0000000000b1", upn: "wilma@" + Domain, mail: "wilma@" + Domain, job: "Administrator"},
	{given: "Oskar", family: "Linden", id: "00000000-0000-4000-8000-0000000000b2", upn: "oskar@" + Domain, mail: "oskar@" + Domain, job: "Forester"},
	{given: "June", family: "Hazel", id: "00000000-0000-4000-8000-0000000000b3", upn: "june_riverside.invalid#EXT#@" + Domain, mail: "june@riverside.invalid", job: "Surveyor", guest: true, about: "a guest: only where the tenant is named"},
	{given: "Nadia", family: "Rowan", id: "00000000-0000-4000-8000-0000000000b4", upn: "nadia@" + Domain, mail: "nadia@" + Domain, job: "Apprentice", trouble: 90094, about: "may not consent for herself"},
	{given: "Tomas", family: "Alder", id: "00000000-0000-4000-8000-0000000000b5", upn: "tomas@" + Domain, mail: "tomas@" + Domain, job: "Retired", trouble: 50057, about: "his account is disabled"},
}

// findUser finds a user by object id, user principal name or mail.
func findUser(name string) (person, bool) {
	for _, u := range people {
		if u.id == name || strings.EqualFold(u.upn, name) || strings.EqualFold(u.mail, name) {
			return u, true
		}
	}
	return person{}, false
}

// App is one registered application, as the registry keeps it.
type App struct {
	ClientID      string    // a GUID
	Name          string    // as pages show it
	Public        bool      `json:",omitempty"` // signs people in, and proves nothing of itself
	Disabled      bool      `json:",omitempty"` // every sign-in with it is refused
	SecretHash    string    `json:",omitempty"` // SHA-256 in hex; secrets here are random, so no salt is needed
	SecretExpires time.Time `json:",omitzero"`  // from then on the secret is refused
	Certificate   []byte    `json:",omitempty"` // DER
	Workload      string    `json:",omitempty"` // a workload that may sign in as it: federation
	Roles         []string  `json:",omitempty"` // application permissions that are granted
	Kit           string    `json:",omitempty"` // the folder that holds its credentials
}

// holdsSecret compares in constant time.
func (a App) holdsSecret(secret string) bool {
	presented := sha256.Sum256([]byte(secret))
	hash, err := hex.DecodeString(a.SecretHash)
	return err == nil && subtle.ConstantTimeCompare(presented[:], hash) == 1
}

// certificate is the registered one, nil without.
func (a App) certificate() *x509.Certificate {
	certificate, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return nil
	}
	return certificate
}

// ApplicationRoles are granted to a managed identity, and to an app by the practice kit.
var ApplicationRoles = []string{"Organization.Read.All", "User.Read.All"}

// Registry is which applications exist, beside the one that signs people in by default. The
// zero Registry has none, and a key that ends with its Cloud.
type Registry struct {
	Apps []App           // found by ClientID
	Key  *rsa.PrivateKey // of the tokens; nil: made when it is needed
	dir  string          // that it is kept in; "" keeps nothing
}

const registryFile = "apps.json"

// LoadRegistry reads what is kept in the folder dir, which is the practice cloud's own: what
// it makes later is kept there too. A folder that is not there yet has nothing; dir "" keeps
// nothing. What cannot be read is an error with the id storage.
func LoadRegistry(dir string) (Registry, error) {
	known := Registry{dir: dir}
	if dir == "" {
		return known, nil
	}
	data, err := readFile(dir, registryFile)
	if err == nil {
		err = json.Unmarshal(data, &known.Apps)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return known, damaged(dir, registryFile, err)
	}
	known.Key, err = readSigningKey(dir)
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

// save writes the registered applications to the folder.
func (known Registry) save() error {
	data, err := json.MarshalIndent(known.Apps, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(known.dir, registryFile, append(data, '\n'))
}

// find finds an application by its client id.
func (known Registry) find(clientID string) (App, bool) {
	if strings.EqualFold(clientID, publicApp) {
		return App{ClientID: publicApp, Name: "Microsoft Graph Command Line Tools", Public: true}, true
	}
	i := slices.IndexFunc(known.Apps, func(a App) bool { return strings.EqualFold(a.ClientID, clientID) })
	if i < 0 {
		return App{}, false
	}
	return known.Apps[i], true
}

// register puts an application in place of the one with the same client id, or kit.
func (known *Registry) register(app App) {
	known.Apps = slices.DeleteFunc(known.Apps, func(a App) bool {
		return strings.EqualFold(a.ClientID, app.ClientID) || app.Kit != "" && a.Kit == app.Kit
	})
	known.Apps = append(known.Apps, app)
}

// tenantFor resolves the tenant of a request's path: the practice tenant by id or
// domain, and, where shared allows it, the names that stand for any tenant.
func tenantFor(name string, shared bool) (tenant string, refusal *refused) {
	switch lower := strings.ToLower(name); lower {
	case Tenant, Domain:
		return Tenant, nil
	case "common", "organizations":
		if shared {
			return lower, nil
		}
		return "", aadsts(50059)
	case "consumers":
		return "", aadsts(9002346, tenantName)
	default:
		if !strings.Contains(lower, ".") && len(lower) != len(Tenant) {
			return "", aadsts(900023, name)
		}
		return "", aadsts(90002, name)
	}
}

// pairwise is a subject that differs for each application, as Entra's sub does.
func pairwise(app, who string) string {
	digest := sha256.Sum256([]byte(app + "/" + who))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}
