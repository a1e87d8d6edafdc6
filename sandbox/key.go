// The key of the practice cloud's tokens, which no real service trusts.

package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net/http"
)

// signingKeyFile keeps the key in the registry's folder, so that a practice token can
// be handed to another process, as a real one can.
const signingKeyFile = "signing-key.pem"

// signingKey signs tokens; its id is in their header.
type signingKey struct {
	private *rsa.PrivateKey
	id      string
}

func newSigningKey(private *rsa.PrivateKey) *signingKey {
	digest := sha256.Sum256(x509.MarshalPKCS1PublicKey(&private.PublicKey))
	return &signingKey{private, base64.RawURLEncoding.EncodeToString(digest[:20])}
}

// signingKey is the one that is known, or a new one, which is kept if that can be.
func (known Registry) signingKey() (*signingKey, error) {
	if known.Key != nil {
		return newSigningKey(known.Key), nil
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	if known.dir == "" {
		return newSigningKey(private), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	err = createFile(known.dir, signingKeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if errors.Is(err, fs.ErrExist) {
		// Another process was faster: one key for all.
		if private, err = readSigningKey(known.dir); err != nil {
			return nil, err
		}
	}
	// Any other failure costs only that the tokens end with this process.
	return newSigningKey(private), nil
}

func readSigningKey(dir string) (*rsa.PrivateKey, error) {
	data, err := readFile(dir, signingKeyFile)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("it is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is no RSA key")
	}
	return private, nil
}

// serveKeys is where APIs find the key.
func (s *Cloud) serveKeys(w http.ResponseWriter, r *http.Request) {
	key, err := s.signer()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	public := key.private.PublicKey
	sendJSON(w, r, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty":    "RSA",
		"use":    "sig",
		"alg":    "RS256",
		"kid":    key.id,
		"x5t":    key.id,
		"n":      base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e":      base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
		"issuer": s.login + "/" + Tenant + "/v2.0",
	}}})
}
