//go:build !js

// What the library for certificates may ask of the person and of this host.

package main

import (
	"context"
	"io"

	"connect-entra/certificate"
	"connect-entra/failure"
	"connect-entra/powershell"
)

// loadCertificate gets the certificate that ref names, with its key. ask says whether the
// person may be asked for a password that was not named.
func loadCertificate(ctx context.Context, con *console, world *world, ref CertificateRef, ask bool) (certificate.Pair, error) {
	from := func(source Secret) func(context.Context, string) (string, error) {
		return func(ctx context.Context, file string) (string, error) {
			return source.read(ctx, con, world, "the certificate's password", "Password for "+failure.Clean(file)+": ")
		}
	}
	loader := certificate.Loader{
		Stdin:   func() (io.Reader, error) { return certificateStdin(con, ref) },
		Warn:    con.warn,
		Home:    world.getenv("HOME"),
		Nearest: powershell.Nearest,
		Quote:   hostShell().quote,
	}
	if ref.HasPass {
		loader.Password = from(ref.Password)
	}
	if ask {
		loader.Ask = from(Secret{})
	}
	return loader.Load(ctx, certificate.Ref{Subject: ref.Subject, Thumbprint: ref.Thumbprint, Path: ref.Path})
}

// certificateStdin is where -Certificate - is read, unless the password comes from there.
func certificateStdin(con *console, ref CertificateRef) (io.Reader, error) {
	if ref.HasPass && ref.Password.source == "-" {
		return nil, failure.New("usage", "stdin cannot give both the certificate and its password.").
			Try("name another place for the password: -CertificatePassword @FILE or env:NAME")
	}
	if con.terminal.stdin {
		con.note("Paste the certificate and its key in PEM form, then end with Ctrl-D (on Windows Ctrl-Z and Enter).")
	}
	return con.stdin, nil
}
