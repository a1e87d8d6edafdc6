// The parameters, as literal tables: what there is, of which type, in which sets, at
// which position. Data and types only; powershell/ holds the rules.

package main

import (
	"maps"
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// The six parameter sets of Connect-Entra.
const (
	userSet        = "UserParameterSet"
	certificateSet = "AppCertificateParameterSet"
	identitySet    = "IdentityParameterSet"
	secretSet      = "AppSecretCredentialParameterSet"
	tokenSet       = "AccessTokenParameterSet"
	environmentSet = "EnvironmentVariableParameterSet"
)

// connectSets in the order of the document's SYNTAX; the first is the default.
var connectSets = []string{userSet, certificateSet, identitySet, secretSet, tokenSet, environmentSet}

// The types that PowerShell holds in objects, and which a command line names by their
// source (credential.go), and the module's own.
var (
	secureString    = &powershell.Type{Name: "System.Security.SecureString", Holds: isSecret, Convert: toSecret}
	psCredential    = &powershell.Type{Name: "System.Management.Automation.PSCredential", Holds: isCredential, Convert: toCredential}
	x509Certificate = &powershell.Type{Name: "System.Security.Cryptography.X509Certificates.X509Certificate2", Convert: toCertificate}
	contextScope    = &powershell.Type{Name: "ContextScope", Values: []string{"Process", "CurrentUser"}}
)

// noEffect are the common parameters that are accepted and do nothing outside PowerShell.
var noEffect = []string{"ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable"}

// severalLines are the parameters whose value may have several lines.
var severalLines = []string{"Body"}

// parameters of Connect-Entra, in PowerShell's order; where the document's SYNTAX and
// its PARAMETERS disagree, SYNTAX stands. Ours come last.
var parameters = append(append(slices.Clone(documented), commonParameters...), ours...)

var documented = []powershell.Parameter{
	{Name: "Scopes", Type: powershell.StringArray, Sets: []powershell.InSet{{Set: userSet, Position: 1}}, Help: "delegated permissions to consent to"},
	{Name: "ClientId", Aliases: []string{"AppId", "ApplicationId"}, Type: powershell.String,
		Sets: []powershell.InSet{{Set: userSet, Position: 2}, {Set: certificateSet, Position: 1, Mandatory: true}, {Set: identitySet, Position: 1}},
		Help: "the application's ID; with -Identity, the user-assigned identity's"},
	{Name: "CertificateSubjectName", Aliases: []string{"CertificateSubject", "CertificateName"}, Type: powershell.String,
		Sets: []powershell.InSet{{Set: certificateSet, Position: 2}}, Help: "the whole subject name of a certificate in the store"},
	{Name: "CertificateThumbprint", Type: powershell.String, Sets: []powershell.InSet{{Set: certificateSet, Position: 3}}, Help: "the SHA-1 thumbprint of a certificate in the store"},
	{Name: "Certificate", Type: x509Certificate, Sets: []powershell.InSet{{Set: certificateSet}}, Completer: "files", Help: "the file that holds certificate and key, PEM or PFX"},
	{Name: "ClientSecretCredential", Aliases: []string{"SecretCredential", "Credential"}, Type: psCredential,
		Sets: []powershell.InSet{{Set: secretSet}}, Help: "APPID, and where its secret is: APPID:env:NAME, APPID:@FILE, APPID:-"},
	{Name: "AccessToken", Type: secureString, Sets: []powershell.InSet{{Set: tokenSet, Position: 1, Mandatory: true}}, Help: "where a token is: -, @FILE or env:NAME"},
	{Name: "TenantId", Aliases: []string{"Audience", "Tenant"}, Type: powershell.String,
		Sets: []powershell.InSet{{Set: userSet}, {Set: certificateSet}, {Set: secretSet}}, Help: "the tenant: a GUID or a domain"},
	{Name: "ContextScope", Type: contextScope,
		Sets: []powershell.InSet{{Set: userSet}, {Set: certificateSet}, {Set: identitySet}, {Set: secretSet}, {Set: environmentSet}},
		Help: "Process, or CurrentUser for all processes of this user"},
	{Name: "Environment", Aliases: []string{"EnvironmentName", "NationalCloud"}, Type: powershell.String, NotEmpty: true, Completer: "clouds", Help: "the national cloud; Sandbox to practise"},
	{Name: "UseDeviceCode", Aliases: []string{"UseDeviceAuthentication", "DeviceCode", "DeviceAuth", "Device"}, Type: powershell.Switch,
		Sets: []powershell.InSet{{Set: userSet}}, Help: "sign in with a code on another device"},
	{Name: "ClientTimeout", Type: powershell.Double, NotEmpty: true, Help: "seconds for each request, 300 by default"},
	{Name: "Identity", Aliases: []string{"ManagedIdentity", "ManagedServiceIdentity", "MSI"}, Type: powershell.Switch,
		Sets: []powershell.InSet{{Set: identitySet}}, Help: "sign in as the managed identity of this host"},
	{Name: "EnvironmentVariable", Type: powershell.Switch, Sets: []powershell.InSet{{Set: environmentSet}}, Help: "sign in by AZURE_TENANT_ID and the like"},
	{Name: "NoWelcome", Type: powershell.Switch, Help: "hide the welcome message"},
}

// commonParameters are PowerShell's, in its order.
var commonParameters = []powershell.Parameter{
	{Name: "Verbose", Aliases: []string{"vb"}, Type: powershell.Switch, Common: true, Help: "a line for each request"},
	{Name: "Debug", Aliases: []string{"db"}, Type: powershell.Switch, Common: true, Help: "every request and answer, secrets hidden"},
	{Name: "ErrorAction", Aliases: []string{"ea"}, Type: powershell.ActionPreference, Common: true, Help: "what an error that does not end the command does"},
	{Name: "WarningAction", Aliases: []string{"wa"}, Type: powershell.ActionPreference, Common: true, Help: "what a warning does"},
	{Name: "InformationAction", Aliases: []string{"infa"}, Type: powershell.ActionPreference, Common: true, Help: "what a note does"},
	{Name: "ProgressAction", Aliases: []string{"proga"}, Type: powershell.ActionPreference, Common: true, Help: "what progress does"},
	{Name: "ErrorVariable", Aliases: []string{"ev"}, Type: powershell.String, Common: true, Help: "no effect outside PowerShell"},
	{Name: "WarningVariable", Aliases: []string{"wv"}, Type: powershell.String, Common: true, Help: "no effect outside PowerShell"},
	{Name: "InformationVariable", Aliases: []string{"iv"}, Type: powershell.String, Common: true, Help: "no effect outside PowerShell"},
	{Name: "OutVariable", Aliases: []string{"ov"}, Type: powershell.String, Common: true, Help: "no effect outside PowerShell"},
	{Name: "OutBuffer", Aliases: []string{"ob"}, Type: powershell.Int32, Common: true, Help: "no effect outside PowerShell"},
	{Name: "PipelineVariable", Aliases: []string{"pv"}, Type: powershell.String, Common: true, Help: "no effect outside PowerShell"},
}

// ours are the parameters that the document does not have.
var ours = []powershell.Parameter{
	{Name: "SendCertificateChain", Type: powershell.Boolean, FullName: true, Sets: []powershell.InSet{{Set: certificateSet}}, Help: "send the whole certificate chain (x5c)"},
	{Name: "CertificatePassword", Type: secureString, FullName: true, Sets: []powershell.InSet{{Set: certificateSet}}, Help: "where the file's password is: -, @FILE or env:NAME"},
	{Name: "Force", Type: powershell.Switch, FullName: true, Help: "sign in anew"},
	{Name: "Json", Type: powershell.Switch, FullName: true, Help: "print the connection as JSON instead of the welcome"},
	{Name: "TokenVariable", Type: powershell.String, FullName: true, Help: "with -- COMMAND: the environment variable that gets a token, too"},
	{Name: "AllowResource", Type: powershell.StringArray, FullName: true, Help: "with -- COMMAND: other APIs that it may have tokens for"},
	{Name: "AllowOutside", Type: powershell.Switch, FullName: true, Help: "with -- COMMAND: serve any process of this user, for containers"},
	{Name: "Conceal", Type: powershell.Switch, FullName: true, Help: "with -- COMMAND: mask its tokens in its output, which is a pipe then"},
}

// The other verbs' parameters, made when they are wanted, as most runs want one table at
// most. token, request and context take connect's too.

func connectParameters() []powershell.Parameter { return parameters }

func tokenParameters() []powershell.Parameter {
	return append(slices.Clone(parameters),
		powershell.Parameter{Name: "Resource", Type: powershell.String, FullName: true, Help: "the API that the token is for, instead of Graph: https://vault.azure.net"},
		powershell.Parameter{Name: "MinLifetime", Type: powershell.Double, FullName: true, Help: "seconds that the token must still live, or it is renewed"},
		powershell.Parameter{Name: "Show", Type: powershell.Switch, FullName: true, Help: "print the token on a terminal too"},
		powershell.Parameter{Name: "MaskInCI", Type: powershell.Switch, FullName: true, Help: "have GitHub Actions and Azure Pipelines mask it in their logs"})
}

// As Invoke-MgGraphRequest has them; connect's bind by name only here.
func requestParameters() []powershell.Parameter {
	return append(byName(parameters),
		powershell.Parameter{Name: "Method", Type: powershell.String, FullName: true, Sets: everywhere(1), Help: "GET, POST, PUT, PATCH or DELETE; GET by default"},
		powershell.Parameter{Name: "Uri", Type: powershell.String, FullName: true, Sets: everywhere(2), Help: "a path such as /me or /beta/me, or a URL of the cloud's Graph"},
		powershell.Parameter{Name: "Body", Type: powershell.String, FullName: true, Sets: everywhere(3), Help: "JSON to send, or where it is: @FILE, file:PATH or - for stdin"},
		powershell.Parameter{Name: "Headers", Type: powershell.String, FullName: true, Help: "more headers: \"Name: value, Name: value\", or a JSON object"},
		powershell.Parameter{Name: "ContentType", Type: powershell.String, FullName: true, Help: "of the body; application/json by default"},
		powershell.Parameter{Name: "InputFilePath", Type: powershell.String, FullName: true, Completer: "files", Help: "a file to send as it is"},
		powershell.Parameter{Name: "OutputFilePath", Type: powershell.String, FullName: true, Completer: "files", Help: "the file to write the answer to"},
		powershell.Parameter{Name: "All", Type: powershell.Switch, FullName: true, Help: "all pages of a collection, as one JSON array"})
}

func contextParameters() []powershell.Parameter {
	return append(slices.Clone(parameters),
		powershell.Parameter{Name: "List", Type: powershell.Switch, FullName: true, Help: "list the connections that are kept"})
}

func useParameters() []powershell.Parameter {
	return append([]powershell.Parameter{
		{Name: "Name", Type: powershell.String, Sets: []powershell.InSet{{Position: 1, Mandatory: true}}, Help: "the connection, as context -List names it, or how the name begins"},
	}, commonParameters...)
}

func environmentsParameters() []powershell.Parameter {
	return append([]powershell.Parameter{
		{Name: "Name", Type: powershell.String, Sets: []powershell.InSet{{Position: 1}}, Completer: "clouds", Help: "the one of this name"},
		{Name: "All", Type: powershell.Switch, Help: "the sovereign clouds and the practice cloud as well"},
		{Name: "Json", Type: powershell.Switch, Help: "as JSON"},
	}, commonParameters...)
}

func cloudParameters() []powershell.Parameter {
	return append([]powershell.Parameter{
		{Name: "Name", Type: powershell.String, Sets: []powershell.InSet{{Position: 1, Mandatory: true}}, Help: "the cloud's name"},
		{Name: "AzureADEndpoint", Aliases: []string{"AzureADUrl"}, Type: powershell.String, Sets: []powershell.InSet{{Position: 2}}, Help: "where it signs people in: https://HOST"},
		{Name: "GraphEndpoint", Aliases: []string{"GraphUrl"}, Type: powershell.String, Sets: []powershell.InSet{{Position: 3}}, Help: "where its Graph is: https://HOST"},
		{Name: "Json", Type: powershell.Switch, Help: "as JSON"},
	}, commonParameters...)
}

// namedCloud is a cloud's name alone.
func namedCloud() []powershell.Parameter {
	return append(cloudParameters()[:1:1], commonParameters...)
}

func disconnectParameters() []powershell.Parameter {
	return append([]powershell.Parameter{
		{Name: "Name", Type: powershell.String, Sets: []powershell.InSet{{Position: 1}}, Help: "this connection instead of the current one"},
		{Name: "All", Type: powershell.Switch, Help: "every connection, and the key they are sealed with"},
	}, commonParameters...)
}

func sandboxParameters() []powershell.Parameter {
	return append([]powershell.Parameter{
		{Name: "Path", Type: powershell.String, Sets: []powershell.InSet{{Position: 1, Mandatory: true}}, Completer: "files", Help: "the folder to make"},
	}, commonParameters...)
}

func completionParameters() []powershell.Parameter {
	return []powershell.Parameter{
		{Name: "Shell", Type: powershell.String, Sets: []powershell.InSet{{Position: 1, Mandatory: true}}, Completer: "shells", Help: "bash, zsh, fish or powershell"},
	}
}

func helpParameters() []powershell.Parameter {
	return []powershell.Parameter{
		{Name: "Topic", Type: powershell.String, Sets: []powershell.InSet{{Position: 1}}, Completer: "topics", Help: "a parameter, a verb, or an AADSTS code"},
	}
}

// byName is a table whose parameters leave the positions to others.
func byName(table []powershell.Parameter) []powershell.Parameter {
	table = slices.Clone(table)
	for i := range table {
		table[i].Sets = slices.Clone(table[i].Sets)
		for j := range table[i].Sets {
			table[i].Sets[j].Position = 0
		}
	}
	return table
}

// everywhere is a position in all of Connect-Entra's sets.
func everywhere(position int) []powershell.InSet {
	var places []powershell.InSet
	for _, set := range connectSets {
		places = append(places, powershell.InSet{Set: set, Position: position})
	}
	return places
}

// Params is what was typed, bound.
type Params struct {
	powershell.Bound
	Command []string // what follows --; nil without one
}

// bind binds the arguments of a verb. It also says what it bound when it fails.
func bind(table []powershell.Parameter, args []string) (Params, error) {
	b, command, err := powershell.Bind(table, args)
	return Params{b, command}, err
}

// credential is an application with the source of its secret.
type credential struct {
	ID      string
	Secret  Secret
	isAsked bool // the person was asked for the ID, under the caption
}

// list gives a list's items; like the reference it takes "a, b" in one item for two.
//
//go:noinline
func (p Params) list(name string) []string {
	items, _ := p.Values[name].Value.([]string)
	var all []string
	for _, item := range items {
		all = append(all, strings.Split(item, ",")...)
	}
	return all
}

func (p Params) secret(name string) Secret {
	s, _ := p.Values[name].Value.(Secret)
	return s
}

func (p Params) credential(name string) credential {
	c, _ := p.Values[name].Value.(credential)
	return c
}

// without is p as if name had not been typed.
func (p Params) without(name string) Params {
	p.Values = maps.Clone(p.Values)
	delete(p.Values, name)
	return p
}

// connects says whether p names a way to connect: any of the document's parameters but
// those that say how to go about it.
func (p Params) connects() bool {
	for _, row := range documented {
		if row.Name != "NoWelcome" && row.Name != "ClientTimeout" && p.Has(row.Name) {
			return true
		}
	}
	return p.Has("Force")
}

// checkText refuses control characters, which no value of ours has a use for and some
// servers cut at.
func checkText(name, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return failure.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufffd' }) {
		return failure.New("bad-value", "%s holds a control character.", name).Try("type its value again, on one line")
	}
	return nil
}

// checkTexts refuses them in all that was typed for a table's parameters.
func (p Params) checkTexts(table []powershell.Parameter) error {
	for _, row := range table {
		if slices.Contains(noEffect, row.Name) || slices.Contains(severalLines, row.Name) {
			continue
		}
		var texts []string
		switch v := p.Values[row.Name].Value.(type) {
		case string:
			texts = []string{v}
		case []string:
			texts = v
		case Secret:
			texts = []string{v.source}
		case credential:
			texts = []string{v.Secret.source}
		}
		for _, text := range texts {
			if err := checkText("-"+row.Name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// isDomain holds for a DNS name of two labels or more, in ASCII (RFC 1123 §2.1).
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

// notInLabel holds for what stands in no part of a host's name.
func notInLabel(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
}
