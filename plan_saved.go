//go:build !js

// A plan as another process carries it out, and as a person types it again.

package main

import (
	"os"
	"path/filepath"
	"strings"
)

// absolute is the plan as another process can carry it out: what was named relative to
// this one's folder is named in full.
func (p Plan) absolute() Plan {
	p.Force = false // that was for once
	p.Secret, p.Certificate.Password = p.Secret.absolute(), p.Certificate.Password.absolute()
	if p.Certificate.Path != "" && !strings.HasPrefix(strings.ToLower(p.Certificate.Path), "cert:") {
		p.Certificate.Path = absolutePaths(p.Certificate.Path)
	}
	return p
}

// asks says whether carrying it out needs a secret or file that only a person or a pipe
// can give.
func (p Plan) asks() bool {
	return p.Flow == bySecret && p.Secret.asks() || p.Certificate.Path == "-" || p.Certificate.HasPass && p.Certificate.Password.asks()
}

// absolutePaths handles "cert.pem,key.pem" as two files, unless it is the name of one.
func absolutePaths(path string) string {
	if _, err := os.Stat(path); err == nil || !strings.Contains(path, ",") {
		return absolutePath(path)
	}
	certificate, key, _ := strings.Cut(path, ",")
	return absolutePath(certificate) + "," + absolutePath(key)
}

func absolutePath(path string) string {
	if path == "-" {
		return path
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// command is what to type to make this connection again.
func (p Plan) command() string { return p.commandFor(hostShell().quote) }

func (p Plan) commandFor(quote func(string) string) string {
	words := []string{"connect-entra"}
	add := func(name, value string) {
		if value != "" {
			words = append(words, "-"+name, quote(value))
		}
	}
	switch p.Set {
	case userSet:
		words = append(words, p.userWords(quote)...)
	case environmentSet:
		words = append(words, "-EnvironmentVariable")
	case identitySet:
		words = append(words, "-Identity")
		add("ClientId", p.ClientID)
	case secretSet:
		id := p.ClientID
		if !p.Secret.asks() {
			id += ":" + p.Secret.source
		}
		add("ClientSecretCredential", id)
		add("TenantId", p.Tenant)
	case certificateSet:
		add("ClientId", p.ClientID)
		add("TenantId", p.Tenant)
		add("CertificateSubjectName", p.Certificate.Subject)
		add("CertificateThumbprint", p.Certificate.Thumbprint)
		add("Certificate", p.Certificate.Path)
		add("CertificatePassword", p.Certificate.Password.source)
		if p.SendChain {
			words = append(words, "-SendCertificateChain", "1")
		}
	}
	if p.Environment.Name != "Global" {
		add("Environment", p.Environment.Name)
	}
	if p.Set != userSet {
		add("ContextScope", "CurrentUser")
	}
	return strings.Join(words, " ")
}

// userWords are those of a person's sign-in, whose defaults go without saying.
func (p Plan) userWords(quote func(string) string) (words []string) {
	if p.ScopesTyped {
		var scopes []string
		for _, scope := range p.Scopes {
			scopes = append(scopes, quote(scope))
		}
		words = append(words, "-Scopes", strings.Join(scopes, ","))
	}
	if p.ClientID != defaultClientID {
		words = append(words, "-ClientId", quote(p.ClientID))
	}
	if p.TenantTyped {
		words = append(words, "-TenantId", quote(p.Tenant))
	}
	if p.Flow == byDeviceCode {
		words = append(words, "-UseDeviceCode")
	}
	return words
}
