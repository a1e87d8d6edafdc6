// What the files of one -Certificate hold: PEM and DER as OpenSSL, Windows and .NET leave
// them. Nothing is judged here but whether it can be read.

package certificate

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf16"

	"connect-entra/failure"
)

// maxFile bounds what is read of a certificate file, in bytes.
const maxFile = 1 << 20

// readFiles reads what path names: a file, "cert.pem,key.pem", or "-" for stdin.
func (l Loader) readFiles(ctx context.Context, path string) (Pair, error) {
	r := reader{Loader: l}
	for _, name := range splitPath(path) {
		hadKey := r.Key != nil
		data, mode, err := l.readFile(ctx, name)
		if err != nil {
			return Pair{}, err
		}
		if err := r.add(ctx, data, name); err != nil {
			return Pair{}, err
		}
		if !hadKey && r.Key != nil {
			l.warnOfReaders(name, mode)
		}
	}
	return r.Pair, nil
}

// splitPath takes "cert.pem,key.pem" apart, unless a file has that name.
func splitPath(path string) []string {
	if first, second, ok := strings.Cut(path, ","); ok {
		if _, err := os.Stat(path); err != nil {
			return []string{strings.TrimSpace(first), strings.TrimSpace(second)}
		}
	}
	return []string{path}
}

// readFile gives what a file or stdin holds, and the file's mode: 0 for stdin.
func (l Loader) readFile(ctx context.Context, name string) (data []byte, mode os.FileMode, err error) {
	cure := "check the path of -Certificate or AZURE_CLIENT_CERTIFICATE_PATH, and who may read the file"
	if name == "-" && l.Stdin != nil {
		cure = "check what is piped into -Certificate -"
		stdin, refused := l.Stdin()
		if refused != nil {
			return nil, 0, refused
		}
		data, err = await(ctx, func() ([]byte, error) { return readBounded(stdin, "stdin") })
	} else if info, statErr := os.Stat(name); statErr != nil {
		err = statErr
	} else if mode = info.Mode(); !mode.IsRegular() && mode&os.ModeNamedPipe == 0 { // a shell's <(…) is a pipe
		err = fmt.Errorf("%s is not a file", name)
	} else {
		data, err = await(ctx, func() ([]byte, error) { return readPath(name) })
	}
	switch {
	case err == nil:
		return data, mode, nil
	case ctx.Err() != nil:
		return nil, 0, context.Cause(ctx)
	}
	return nil, 0, failure.New("certificate-not-found", "The certificate cannot be read: %s.", failure.Clean(err.Error())).Because(err).Try("%s", cure)
}

// await leaves a read that hangs, at a pipe into which nobody writes, when ctx ends.
func await(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		data []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		data, err := read()
		done <- answer{data, err}
	}()
	select {
	case a := <-done:
		return a.data, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func readPath(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readBounded(file, name)
}

func readBounded(from io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	return data, err
}

// warnOfReaders speaks up where others may read a key. Windows' mode bits say nothing
// about who may.
func (l Loader) warnOfReaders(name string, mode os.FileMode) {
	if mode.IsRegular() && mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		l.warn("Others on this host can read the key in %s (mode %04o): chmod 600 it.", failure.Clean(name), mode.Perm())
	}
}

// reader fills one pair from the files of one -Certificate.
type reader struct {
	Loader
	Pair
	password string // once it was read
}

// add takes what one file holds.
func (r *reader) add(ctx context.Context, data []byte, name string) error {
	data = withoutMark(data)
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return r.addPEM(ctx, data, name)
	}
	const derSequence = 0x30 // what every DER form here begins with
	if len(data) == 0 || data[0] != derSequence {
		return badCertificate(name, "is neither PEM nor DER nor PFX")
	}
	if certificates, err := x509.ParseCertificates(data); err == nil && len(certificates) > 0 {
		r.Chain = append(r.Chain, certificates...)
		return nil
	}
	if key, err := parseKey(data); err == nil {
		return r.addKey(key, name)
	}
	if isEncryptedPKCS8(data) {
		return r.addEncryptedKey(ctx, name, func(password string) (crypto.Signer, error) { return decryptPKCS8(data, password) })
	}
	return r.addPFX(ctx, data, name)
}

// withoutMark takes a byte order mark off: Windows' editors put one before UTF-8, and
// Windows PowerShell's > writes UTF-16.
func withoutMark(data []byte) []byte {
	if text, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		return text
	}
	if text, ok := bytes.CutPrefix(data, []byte("\xff\xfe")); ok {
		var units []uint16
		for ; len(text) >= 2; text = text[2:] {
			units = append(units, uint16(text[0])|uint16(text[1])<<8)
		}
		return []byte(string(utf16.Decode(units)))
	}
	return data
}

// addPEM takes certificates and the key in any order, with whatever text is around.
func (r *reader) addPEM(ctx context.Context, data []byte, name string) error {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch {
		case strings.HasSuffix(block.Type, "CERTIFICATE"): // also X509 and TRUSTED, OpenSSL's
			err = r.addCertificate(block.Bytes, name)
		case block.Type == "ENCRYPTED PRIVATE KEY":
			err = r.addEncryptedKey(ctx, name, func(password string) (crypto.Signer, error) { return decryptPKCS8(block.Bytes, password) })
		case strings.HasSuffix(block.Type, "PRIVATE KEY") && block.Headers["DEK-Info"] != "":
			err = r.addEncryptedKey(ctx, name, func(password string) (crypto.Signer, error) { return decryptTraditional(block, password) })
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			key, parseErr := parseKey(block.Bytes)
			if parseErr != nil {
				return badCertificate(name, fmt.Sprintf("holds a %s that cannot be read: %s", failure.Clean(block.Type), failure.Clean(parseErr.Error()))).Because(parseErr)
			}
			err = r.addKey(key, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addCertificate takes the first DER value: in a TRUSTED CERTIFICATE OpenSSL puts its
// own notes behind it.
func (r *reader) addCertificate(der []byte, name string) error {
	var first asn1.RawValue
	_, err := asn1.Unmarshal(der, &first)
	if err == nil {
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(first.FullBytes); err == nil {
			r.Chain = append(r.Chain, certificate)
			return nil
		}
	}
	return badCertificate(name, "holds a certificate that cannot be read: "+failure.Clean(err.Error())).Because(err)
}

func (r *reader) addKey(key crypto.Signer, name string) error {
	if r.Key != nil && !samePublicKey(r.Key.Public(), key.Public()) {
		return badCertificate(name, "holds a second key").Try("name one file with one certificate and its key")
	}
	r.Key = key
	return nil
}

// parseKey reads a private key in DER: PKCS#8, PKCS#1 or SEC 1.
func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	return signerOf(key)
}

func signerOf(key any) (crypto.Signer, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key of this kind cannot sign")
	}
	return signer, nil
}
