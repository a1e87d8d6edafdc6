// The values that PowerShell holds in objects and a command line must not hold at all:
// tokens, secrets and certificates are named by their source. What looks like a literal
// one is refused and not repeated.

package main

import (
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/guid"
	"connect-entra/powershell"
)

// isNamedSource says whether a value by position can only be the source of a secret.
func isNamedSource(text string) bool { return text != "-" && isSecretSource(text) }

// isSecret holds for the source of a secret, for a variable that is called so, and for a
// token itself. PowerShell would take that for a scope, and so bring it into the address
// that a browser opens: toSecret refuses it.
func isSecret(value any) bool {
	switch v := value.(type) {
	case string:
		return isNamedSource(v) || holdsToken(v)
	case powershell.Unknown:
		return namesSecret(v)
	}
	return holdsToken(value)
}

// isCredential holds for a variable that is called so.
func isCredential(value any) bool {
	v, ok := value.(powershell.Unknown)
	return ok && namesCredential(v)
}

// namesCredential and namesSecret say what the name of a variable speaks of, if anything.
func namesCredential(v powershell.Unknown) bool {
	return strings.Contains(strings.ToLower(string(v)), "cred")
}

func namesSecret(v powershell.Unknown) bool {
	name := strings.ToLower(string(v))
	return !namesCredential(v) && (strings.Contains(name, "tok") || strings.Contains(name, "secure"))
}

// toSecret takes the source of a secret. PowerShell refuses a plain string for a
// SecureString too.
func toSecret(p powershell.Parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case Secret:
		return v, nil
	case powershell.Unknown:
		return Secret{sourceOf(v, "$secret")}, nil
	case string:
		if isSecretSource(v) {
			return Secret{v}, nil
		}
	}
	return nil, literalSecret(p)
}

func literalSecret(p powershell.Parameter) error {
	return failure.New("literal-secret", "-%s does not take the secret itself: command lines are seen by others and kept in histories.", p.Name).
		Try("name where it is: -%s - (stdin or a prompt), @FILE, file:PATH or env:NAME", p.Name).
		Because(&powershell.Error{ID: "ParameterArgumentTransformationError"})
}

// holdsToken says whether a value is a JWT: a JSON object in base64url begins with eyJ.
func holdsToken(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.HasPrefix(v, "eyJ")
	case []any:
		return slices.ContainsFunc(v, holdsToken)
	}
	return false
}

// toCredential takes an application's ID, alone or with the source of its secret; an
// empty string asks for the ID as well.
func toCredential(p powershell.Parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case powershell.Unknown:
		return credential{Secret: Secret{sourceOf(v, "$credential")}}, nil
	case string:
		id, source, hasSource := strings.Cut(v, ":")
		if v == "" || guid.Is(id) && (!hasSource || isSecretSource(source)) {
			return credential{ID: id, Secret: Secret{source}}, nil
		}
	}
	return nil, failure.New("literal-secret", "-%s takes an application's ID, and after a colon only the place of its secret.", p.Name).
		Try("-%s APPID (asks for the secret), APPID:env:NAME, APPID:@FILE, APPID:file:PATH or APPID:-", p.Name).
		Because(&powershell.Error{ID: "ParameterArgumentTransformationError"})
}

// toCertificate takes a file's name. One that names a certificate in a store instead is
// refused with PowerShell's words for a file that is not there.
func toCertificate(p powershell.Parameter, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case powershell.Unknown:
		return string(v), nil
	case string:
		name, named := certificateName(v)
		if v != "" && !named {
			return v, nil
		}
		bad := powershell.BadValue(p, v, "error:10000080:BIO routines::no such file")
		if named {
			bad.Cure = "-" + name + " '" + v + "'"
		}
		return nil, bad
	}
	return nil, powershell.NoConversion(p, value)
}

// subjectKeys begin a certificate's subject name.
var subjectKeys = []string{"CN", "O", "OU", "C", "L", "S", "ST", "DC", "E"}

// certificateName says which parameter takes text, if that is no file but a
// certificate's subject or thumbprint.
func certificateName(text string) (parameter string, ok bool) {
	key, _, isPair := strings.Cut(text, "=")
	switch {
	case isPair && slices.Contains(subjectKeys, strings.ToUpper(key)):
		return "CertificateSubjectName", true
	case len(text) == 40 && strings.Trim(text, "0123456789abcdefABCDEF") == "":
		return "CertificateThumbprint", true
	}
	return "", false
}

// sourceOf names where a secret is that a line does not tell: the variable, or standIn for
// an expression, which may hold the secret itself: (ConvertTo-SecureString …).
func sourceOf(v powershell.Unknown, standIn string) string {
	if v.IsVariable() {
		return string(v)
	}
	return standIn
}

// credentialCaption stands once before what a credential is asked for.
const credentialCaption = "PowerShell credential request\nEnter your credentials.\n"

// prompt is what a person is asked for the secret.
func (c credential) prompt() string {
	prompt := "Password for user " + c.ID + ": "
	if !c.isAsked {
		prompt = credentialCaption + prompt
	}
	return prompt
}

// isUnknown holds for the text of a variable or an expression.
func isUnknown(text string) bool { return strings.HasPrefix(text, "$") || strings.HasPrefix(text, "(") }
