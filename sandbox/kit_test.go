package sandbox

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"connect-entra/claims"
	"connect-entra/failure"
)

// makeKit makes one in dir, with a file of the caller's, that own keeps the application of.
func makeKit(t *testing.T, own, dir string) (*Kit, error) {
	t.Helper()
	known, err := LoadRegistry(own)
	if err != nil {
		t.Fatal(err)
	}
	kit, err := NewKit(known, dir)
	if err != nil {
		t.Fatal(err)
	}
	kit.Add("practice.env", "SECRET="+kit.Secret)
	return kit, kit.Write()
}

func TestKitSignsIn(t *testing.T) {
	own, dir := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "kit")
	kit, err := makeKit(t, own, dir)
	if err != nil {
		t.Fatal(err)
	}
	registered, err := LoadRegistry(own)
	if err != nil {
		t.Fatal(err)
	}
	f := &recorded{Cloud: New(registered)}
	secret, err := os.ReadFile(filepath.Join(dir, KitSecret))
	if err != nil || string(secret) != kit.Secret+"\n" {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, KitCertificate), filepath.Join(dir, KitCertificate))
	if err != nil {
		t.Fatal(err)
	}
	byKey, err := confidential.NewCredFromCert([]*x509.Certificate{pair.Leaf}, pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	workload, err := os.ReadFile(filepath.Join(dir, KitWorkload))
	if err != nil {
		t.Fatal(err)
	}
	byWorkload := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return strings.TrimSuffix(string(workload), "\n"), nil
	})
	for _, credential := range []confidential.Credential{secretCredential(t, kit.Secret), byKey, byWorkload, byWorkload} {
		result, err := newConfidential(t, f, Tenant, kit.ClientID, credential).
			AcquireTokenByCredential(secondsContext(t), []string{Graph + "/.default"})
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := graphGet(t, f, result.AccessToken, "/v1.0/users"); status != 200 {
			t.Errorf("Graph answered %v", answer)
		}
	}
	if kept, err := os.ReadFile(filepath.Join(own, registryFile)); err != nil || bytes.Contains(kept, []byte(kit.Secret)) {
		t.Errorf("the registry holds the secret itself, or is not there: %v", err)
	}
}

func TestKitFiles(t *testing.T) {
	own, dir := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "kit")
	for range 2 { // the second makes it anew
		if _, err := makeKit(t, own, dir); err != nil {
			t.Fatal(err)
		}
	}
	registered, err := LoadRegistry(own)
	if err != nil || len(registered.Apps) != 1 {
		t.Fatalf("registered %d applications, %v", len(registered.Apps), err)
	}
	var found []string
	for _, root := range []string{dir, own} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if entry.IsDir() {
				want = 0o700
			} else {
				found = append(found, entry.Name())
			}
			if runtime.GOOS != "windows" && info.Mode().Perm() != want {
				t.Errorf("%s is %v", path, info.Mode())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, want := strings.Join(found, " "), "certificate.pem federated.jwt ids.txt practice.env secret.txt apps.json signing-key.pem"; got != want {
		t.Errorf("made %s, want %s", got, want)
	}
}

func TestKitKeepsForeignFiles(t *testing.T) {
	for _, name := range []string{KitSecret, "practice.env"} {
		own, dir := filepath.Join(t.TempDir(), "own"), t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := makeKit(t, own, dir)
		if want := path + " is there already, and was not made by connect-entra sandbox."; err == nil || err.Error() != want || failure.From(err).ID != "usage" {
			t.Errorf("got %v", err)
		}
		if data, _ := os.ReadFile(path); string(data) != "mine" {
			t.Errorf("the file holds %q now", data)
		}
		if _, err := os.Stat(own); err == nil {
			t.Error("something was registered")
		}
	}
}

func TestTokensGoFromProcessToProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sandbox")
	var kept []string
	for range 2 {
		registered, err := LoadRegistry(dir)
		if err != nil {
			t.Fatal(err)
		}
		f := &recorded{Cloud: New(registered)}
		kept = append(kept, userTokenFor(t, f, "User.Read"))
		if status, answer := graphGet(t, f, kept[0], "/v1.0/me"); status != 200 {
			t.Errorf("the first process's token: %v", answer)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, signingKeyFile), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadRegistry(dir)
	if want := "The practice cloud's " + filepath.Join(dir, signingKeyFile) + " cannot be read: it is not PEM."; err == nil || err.Error() != want || failure.From(err).ID != "storage" {
		t.Errorf("got %v", err)
	}
}

// TestOneKeyForAll begins in several processes before any of them has made the key.
func TestOneKeyForAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sandbox")
	first, err := LoadRegistry(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadRegistry(dir)
	if err != nil {
		t.Fatal(err)
	}
	token := userTokenFor(t, &recorded{Cloud: New(first)}, "User.Read")
	if status, answer := graphGet(t, &recorded{Cloud: New(second)}, token, "/v1.0/me"); status != 200 {
		t.Errorf("the other process: %v", answer)
	}
}

// TestPublishedKey verifies a token as an API does: by the key that discovery leads to.
func TestPublishedKey(t *testing.T) {
	f := newCloud()
	get := func(address string, answer any) {
		response, err := clientOf(f).Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
			t.Fatal(err)
		}
	}
	var discovery struct {
		Keys string `json:"jwks_uri"`
	}
	get(Login+"/"+Tenant+"/v2.0/.well-known/openid-configuration", &discovery)
	var published struct {
		Keys []struct{ Kid, N, E string }
	}
	get(discovery.Keys, &published)
	if len(published.Keys) != 1 {
		t.Fatalf("%s publishes %+v", discovery.Keys, published)
	}
	key := published.Keys[0]
	number := func(text string) *big.Int {
		data, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(data)
	}
	token := userTokenFor(t, f, "User.Read")
	digest, signature, err := signatureOf(token)
	if err != nil {
		t.Fatal(err)
	}
	public := &rsa.PublicKey{N: number(key.N), E: int(number(key.E).Int64())}
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, signature); err != nil {
		t.Error(err)
	}
	if said, _ := claims.Decode(token); said.Header["kid"] != key.Kid {
		t.Errorf("the token is of the key %v, published is %s", said.Header["kid"], key.Kid)
	}
}

// TestKitThatCannotBeWritten names a folder that a file stands in the way of.
func TestKitThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kit, err := NewKit(Registry{dir: filepath.Join(file, "own")}, filepath.Join(dir, "kit"))
	if err != nil {
		t.Fatal(err)
	}
	if err := kit.Write(); err == nil || failure.From(err).ID != "storage" || !strings.HasPrefix(err.Error(), "The practice application cannot be registered in "+filepath.Join(file, "own")+": ") {
		t.Errorf("the registry: %v", err)
	}
	if _, err := os.Stat(kit.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the kit was begun: %v", err)
	}
	if _, err := makeKit(t, filepath.Join(dir, "own"), filepath.Join(file, "kit")); err == nil || failure.From(err).ID != "storage" {
		t.Errorf("the kit: %v", err)
	}
	if err := createFile(file, "f", nil); err == nil {
		t.Error("a file was made in a file")
	}
}

func TestCreatesOnce(t *testing.T) {
	dir := t.TempDir()
	if err := createFile(dir, "f", []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := createFile(dir, "f", []byte("2")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if data, err := readFile(dir, "f"); err != nil || string(data) != "1" {
		t.Errorf("%q, %v", data, err)
	}
	if err := replaceFile(dir, "f", []byte("3")); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
