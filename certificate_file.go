//go:build !js

// Where the bytes of a certificate come from: files, or stdin. What they are is not known
// here.

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"connect-entra/failure"
)

// maxCertificateFile bounds what is read of a certificate file, in bytes.
const maxCertificateFile = 1 << 20

// readCertificate reads what ref.Path names: a file, "cert.pem,key.pem", or "-" for stdin.
func readCertificate(ctx context.Context, sys *system, ref CertificateRef) (keyPair, error) {
	r := certificateReader{ref: ref}
	for _, name := range splitCertificatePath(ref.Path) {
		hadKey := r.key != nil
		data, mode, err := readCertificateFile(ctx, sys, name, ref)
		if err != nil {
			return keyPair{}, err
		}
		if err := r.add(ctx, sys, data, name); err != nil {
			return keyPair{}, err
		}
		if !hadKey && r.key != nil {
			warnOfReaders(sys, name, mode)
		}
	}
	return r.keyPair, nil
}

// splitCertificatePath takes "cert.pem,key.pem" apart, unless a file has that name.
func splitCertificatePath(path string) []string {
	if first, second, ok := strings.Cut(path, ","); ok {
		if _, err := os.Stat(path); err != nil {
			return []string{strings.TrimSpace(first), strings.TrimSpace(second)}
		}
	}
	return []string{path}
}

func readCertificateFile(ctx context.Context, sys *system, name string, ref CertificateRef) ([]byte, os.FileMode, error) {
	if name == "-" {
		data, err := readCertificateStdin(ctx, sys, ref)
		return data, 0, err
	}
	info, err := os.Stat(name)
	var data []byte
	switch {
	case err != nil:
	case !info.Mode().IsRegular() && info.Mode()&os.ModeNamedPipe == 0: // a shell's <(…) is a pipe
		err = fmt.Errorf("%s is not a file", name)
	default:
		err = await(ctx, func() (err error) { data, err = readCertificatePath(name); return err })
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, 0, context.Cause(ctx)
	default:
		return nil, 0, failure.New("certificate-not-found", "The certificate cannot be read: %s.", failure.Clean(err.Error())).Because(err).
			Try("check the path of -Certificate or %s, and who may read the file", envCertificate)
	}
	return data, info.Mode(), nil
}

func readCertificatePath(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return limitCertificate(file, name)
}

func limitCertificate(from io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxCertificateFile+1))
	if err == nil && len(data) > maxCertificateFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxCertificateFile)
	}
	return data, err
}

func readCertificateStdin(ctx context.Context, sys *system, ref CertificateRef) ([]byte, error) {
	if ref.HasPass && ref.Password.source == "-" {
		return nil, failure.New("usage", "stdin cannot give both the certificate and its password.").
			Try("name another place for the password: -CertificatePassword @FILE or env:NAME")
	}
	if sys.terminal.stdin {
		sys.note("Paste the certificate and its key in PEM form, then end with Ctrl-D (on Windows Ctrl-Z and Enter).")
	}
	var data []byte
	err := await(ctx, func() (err error) { data, err = limitCertificate(sys.stdin, "stdin"); return err })
	switch {
	case err == nil:
		return data, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, failure.New("certificate-not-found", "The certificate cannot be read: %s.", failure.Clean(err.Error())).Because(err).
		Try("check what is piped into -Certificate -")
}

// warnOfReaders speaks up where others may read a key. Windows' mode bits say nothing
// about who may.
func warnOfReaders(sys *system, name string, mode os.FileMode) {
	if mode.IsRegular() && mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" && name != "-" {
		sys.warn("Others on this host can read the key in %s (mode %04o): chmod 600 it.", failure.Clean(name), mode.Perm())
	}
}
