// Keys under a password, by the standard library alone: PKCS#8 with PBES2 (RFC 8018),
// which OpenSSL and .NET write, and OpenSSL's traditional form.

package certificate

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	_ "crypto/sha1" // prfs names these
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"

	"connect-entra/failure"
)

// maxRounds bounds key derivation, so that a file cannot hold the processor for hours:
// OpenSSL writes 2048 rounds, .NET 2000, and advice for passwords stands at 600000.
const maxRounds = 1_000_000

var errWrongPassword = errors.New("wrong password")

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// prfs are PBKDF2's pseudo-random functions; "" is what a missing one means.
var prfs = map[string]crypto.Hash{
	"":                    crypto.SHA1,
	"1.2.840.113549.2.7":  crypto.SHA1,
	"1.2.840.113549.2.8":  crypto.SHA224,
	"1.2.840.113549.2.9":  crypto.SHA256,
	"1.2.840.113549.2.10": crypto.SHA384,
	"1.2.840.113549.2.11": crypto.SHA512,
}

// blockCiphers are PBES2's encryption schemes, all in CBC mode.
var blockCiphers = map[string]struct {
	keyLength int
	new       func([]byte) (cipher.Block, error)
}{
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
}

func (r *reader) addEncryptedKey(ctx context.Context, name string, decrypt func(password string) (crypto.Signer, error)) error {
	if err := r.needPassword(ctx, name); err != nil {
		return err
	}
	key, err := decrypt(r.password)
	switch {
	case errors.Is(err, errWrongPassword):
		return wrongPassword(name, err)
	case err != nil:
		return badCertificate(name, "holds an encrypted key that cannot be read: "+failure.Clean(err.Error())).Because(err).
			Try("openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out key.pem, and -Certificate cert.pem,key.pem")
	}
	return r.addKey(key, name)
}

// needPassword reads the password that was named, or asks the person who is there; the
// second file of a pair has the first one's.
func (r *reader) needPassword(ctx context.Context, name string) (err error) {
	read := r.Password
	if read == nil {
		read = r.Ask
	}
	switch {
	case r.password != "":
		return nil
	case read == nil:
		return failure.New("wrong-password", "%s needs a password.", failure.Clean(name)).
			Try("say where it is: -CertificatePassword -, @FILE or env:NAME")
	}
	r.password, err = read(ctx, name)
	return err
}

func wrongPassword(name string, err error) *failure.Error {
	return failure.New("wrong-password", "The password does not open %s.", failure.Clean(name)).Because(err).
		Try("check the password, and what -CertificatePassword names")
}

// encryptedPKCS8 is EncryptedPrivateKeyInfo (RFC 5958 §3).
type encryptedPKCS8 struct {
	Scheme pkix.AlgorithmIdentifier
	Data   []byte
}

func isEncryptedPKCS8(der []byte) bool {
	var e encryptedPKCS8
	rest, err := asn1.Unmarshal(der, &e)
	return err == nil && len(rest) == 0
}

// decryptPKCS8 reads a PKCS#8 key under a password.
func decryptPKCS8(der []byte, password string) (crypto.Signer, error) {
	var e encryptedPKCS8
	if _, err := asn1.Unmarshal(der, &e); err != nil {
		return nil, err
	}
	if !e.Scheme.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("encryption scheme %v is not PBES2", e.Scheme.Algorithm)
	}
	var scheme struct{ Derivation, Encryption pkix.AlgorithmIdentifier }
	if _, err := asn1.Unmarshal(e.Scheme.Parameters.FullBytes, &scheme); err != nil {
		return nil, err
	}
	method, ok := blockCiphers[scheme.Encryption.Algorithm.String()]
	if !ok {
		return nil, fmt.Errorf("cipher %v is not supported", scheme.Encryption.Algorithm)
	}
	key, err := deriveKey(scheme.Derivation, password, method.keyLength)
	if err != nil {
		return nil, err
	}
	block, err := method.new(key)
	if err != nil {
		return nil, err
	}
	var iv []byte
	if _, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	plain, err := decryptCBC(block, iv, e.Data)
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(plain)
	if err != nil {
		return nil, errWrongPassword // one wrong password in 256 leaves a padding that looks right
	}
	return signer, nil
}

// deriveKey makes the cipher's key from the password (RFC 8018 §5.2).
func deriveKey(algorithm pkix.AlgorithmIdentifier, password string, length int) ([]byte, error) {
	if !algorithm.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("key derivation %v is not PBKDF2", algorithm.Algorithm)
	}
	var p struct {
		Salt   []byte
		Rounds int
		Length int                      `asn1:"optional"`
		PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, err
	}
	prf, ok := prfs[p.PRF.Algorithm.String()]
	if !ok {
		return nil, fmt.Errorf("pseudo-random function %v is not supported", p.PRF.Algorithm)
	}
	if p.Rounds < 1 || p.Rounds > maxRounds {
		return nil, tooManyRounds(p.Rounds)
	}
	return pbkdf2.Key(prf.New, password, p.Salt, p.Rounds, length)
}

func tooManyRounds(rounds any) error {
	return fmt.Errorf("its password is hashed %v times, and up to %d are accepted", rounds, maxRounds)
}

// decryptCBC decrypts and takes PKCS#7's padding off.
func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, errors.New("the encrypted data are damaged")
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > size {
		return nil, errWrongPassword
	}
	return plain[:len(plain)-padding], nil
}

// decryptTraditional reads a key with a DEK-Info header. The functions for it are
// deprecated because the format is weak, not because they are; nothing else reads it,
// and people have such keys.
func decryptTraditional(block *pem.Block, password string) (crypto.Signer, error) {
	plain, err := x509.DecryptPEMBlock(block, []byte(password))
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errWrongPassword
	}
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(plain)
	if err != nil {
		return nil, errWrongPassword
	}
	return signer, nil
}
