// The practice kit: what signing in to the practice cloud as an application needs, made
// on this host and registered there.

package sandbox

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
	"connect-entra/guid"
)

// KitMark starts the kit's ids file; by it a kit is known, and may be made anew.
const KitMark = "# Made by connect-entra sandbox"

// The files of a kit.
const (
	kitIDs         = "ids.txt"
	KitSecret      = "secret.txt"      // the application's secret
	KitCertificate = "certificate.pem" // its certificate and key
	KitWorkload    = "federated.jwt"   // a token of a workload that it trusts
)

// Kit is an application for practising, with the files that prove to be it.
type Kit struct {
	ClientID string // of the application
	Secret   string // the application's, in the clear
	Dir      string // the folder that Write fills, as a full path

	known   Registry
	asNamed string // the folder as it was named
	files   []kitFile
}

// kitFile is one file of a kit.
type kitFile struct{ name, text string }

// NewKit begins a kit for the folder dir, whose application is to be in known. Nothing is
// written before Write.
func NewKit(known Registry, dir string) (*Kit, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, notMade(err)
	}
	return &Kit{ClientID: guid.New(), Secret: "practice-" + rand.Text(), Dir: path, known: known, asNamed: dir}, nil
}

// Add gives the kit one more file, which holds the secret as the others may: variables for
// a shell, for example.
func (k *Kit) Add(name, text string) { k.files = append(k.files, kitFile{name, text}) }

// Write makes the credentials, registers the application and writes the files, in place of
// an earlier kit's in the same folder. It replaces nothing else: a file of one of these
// names that is not of a kit is an error with the id usage. Other failures have the id
// storage.
func (k *Kit) Write() error {
	if err := k.checkFolder(); err != nil {
		return err
	}
	app, files, err := k.make()
	if err != nil {
		return notMade(err)
	}
	k.known.register(app)
	if err := k.known.save(); err != nil {
		return failure.New("storage", "The practice application cannot be registered in %s: %v.", k.known.dir, err).Because(err)
	}
	for _, file := range append(files, k.files...) { // the ids file first: with it the rest is known as ours
		if err := replaceFile(k.asNamed, file.name, []byte(file.text)); err != nil {
			return failure.New("storage", "%s cannot be written: %v.", filepath.Join(k.asNamed, file.name), err).Because(err)
		}
	}
	return nil
}

func notMade(err error) error {
	return failure.New("storage", "The practice kit cannot be made: %v.", err).Because(err)
}

// checkFolder refuses to replace what is not of an earlier kit.
func (k *Kit) checkFolder() error {
	ids, err := readFile(k.asNamed, kitIDs)
	if err == nil && strings.HasPrefix(string(ids), KitMark) {
		return nil
	}
	names := []string{kitIDs, KitSecret, KitCertificate, KitWorkload}
	for _, file := range k.files {
		names = append(names, file.name)
	}
	for _, name := range names {
		path := filepath.Join(k.asNamed, name)
		if _, err := os.Lstat(path); err == nil {
			return failure.New("usage", "%s is there already, and was not made by connect-entra sandbox.", path).
				Try("name a folder that is not there yet")
		} else if !errors.Is(err, fs.ErrNotExist) {
			return failure.New("storage", "The practice kit cannot be made in %s: %v.", k.asNamed, err).Because(err)
		}
	}
	return nil
}

// make makes the application and the files that prove to be it.
func (k *Kit) make() (App, []kitFile, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return App{}, nil, err
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
		return App{}, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return App{}, nil, err
	}
	digest := sha256.Sum256([]byte(k.Secret))
	app := App{
		ClientID:      k.ClientID,
		Name:          "Practice app",
		SecretHash:    hex.EncodeToString(digest[:]),
		SecretExpires: now.AddDate(1, 0, 0).UTC().Truncate(time.Second),
		Certificate:   der,
		Workload:      "practice-workload",
		Roles:         ApplicationRoles,
		Kit:           k.Dir,
	}
	workload, err := New(k.known).workloadToken(app.Workload)
	if err != nil {
		return App{}, nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	certificate = append(certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
	return app, []kitFile{
		{kitIDs, kitIDsText(k.ClientID)},
		{KitSecret, k.Secret + "\n"},
		{KitCertificate, string(certificate)},
		{KitWorkload, workload + "\n"},
	}, nil
}

func kitIDsText(clientID string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the ids of the practice cloud. None of them is secret.\n", KitMark)
	fmt.Fprintf(&b, "tenant                  %s\ndomain                  %s\n", Tenant, Domain)
	fmt.Fprintf(&b, "application             %s\n", clientID)
	fmt.Fprintf(&b, "user-assigned identity  %s\n", UserIdentity)
	for _, user := range people {
		fmt.Fprintf(&b, "user                    %s\n", user.upn)
	}
	return b.String()
}
