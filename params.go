// The parameters, as literal tables: what there is, of which type, in which sets, at
// which position. Data and types only; binder.go holds the rules.

package main

import (
	"maps"
	"slices"
	"strings"
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
// place (credential.go), and the module's own.
var (
	aSecret      = &typeOfValue{Name: "System.Security.SecureString", Holds: isSecret, Convert: toSecret}
	aCredential  = &typeOfValue{Name: "System.Management.Automation.PSCredential", Holds: isCredential, Convert: toCredential}
	aCertificate = &typeOfValue{Name: "System.Security.Cryptography.X509Certificates.X509Certificate2", Convert: toCertificate}
	aScope       = &typeOfValue{Name: "ContextScope", Values: []string{"Process", "CurrentUser"}}
)

// noEffect are the common parameters that are accepted and do nothing outside PowerShell.
var noEffect = []string{"ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable"}

// severalLines are the parameters whose value may have several lines.
var severalLines = []string{"Body"}

// parameters of Connect-Entra, in PowerShell's order; where the document's SYNTAX and
// its PARAMETERS disagree, SYNTAX stands. Ours come last.
var parameters = append(append(slices.Clone(documented), commonParameters...), ours...)

var documented = []parameter{
	{name: "Scopes", kind: aList, sets: []in{{set: userSet, position: 1}}, help: "delegated permissions to consent to"},
	{name: "ClientId", aliases: []string{"AppId", "ApplicationId"}, kind: aString,
		sets: []in{{set: userSet, position: 2}, {set: certificateSet, position: 1, mandatory: true}, {set: identitySet, position: 1}},
		help: "the application's ID; with -Identity, the user-assigned identity's"},
	{name: "CertificateSubjectName", aliases: []string{"CertificateSubject", "CertificateName"}, kind: aString,
		sets: []in{{set: certificateSet, position: 2}}, help: "the whole subject name of a certificate in the store"},
	{name: "CertificateThumbprint", kind: aString, sets: []in{{set: certificateSet, position: 3}}, help: "the SHA-1 thumbprint of a certificate in the store"},
	{name: "Certificate", kind: aCertificate, sets: []in{{set: certificateSet}}, offers: "files", help: "the file that holds certificate and key, PEM or PFX"},
	{name: "ClientSecretCredential", aliases: []string{"SecretCredential", "Credential"}, kind: aCredential,
		sets: []in{{set: secretSet}}, help: "APPID, and where its secret is: APPID:env:NAME, APPID:@FILE, APPID:-"},
	{name: "AccessToken", kind: aSecret, sets: []in{{set: tokenSet, position: 1, mandatory: true}}, help: "where a token is: -, @FILE or env:NAME"},
	{name: "TenantId", aliases: []string{"Audience", "Tenant"}, kind: aString,
		sets: []in{{set: userSet}, {set: certificateSet}, {set: secretSet}}, help: "the tenant: a GUID or a domain"},
	{name: "ContextScope", kind: aScope,
		sets: []in{{set: userSet}, {set: certificateSet}, {set: identitySet}, {set: secretSet}, {set: environmentSet}},
		help: "Process, or CurrentUser for all processes of this user"},
	{name: "Environment", aliases: []string{"EnvironmentName", "NationalCloud"}, kind: aString, notEmpty: true, offers: "clouds", help: "the national cloud; Sandbox to practise"},
	{name: "UseDeviceCode", aliases: []string{"UseDeviceAuthentication", "DeviceCode", "DeviceAuth", "Device"}, kind: aSwitch,
		sets: []in{{set: userSet}}, help: "sign in with a code on another device"},
	{name: "ClientTimeout", kind: aDouble, notEmpty: true, help: "seconds for each request, 300 by default"},
	{name: "Identity", aliases: []string{"ManagedIdentity", "ManagedServiceIdentity", "MSI"}, kind: aSwitch,
		sets: []in{{set: identitySet}}, help: "sign in as the managed identity of this host"},
	{name: "EnvironmentVariable", kind: aSwitch, sets: []in{{set: environmentSet}}, help: "sign in by AZURE_TENANT_ID and the like"},
	{name: "NoWelcome", kind: aSwitch, help: "hide the welcome message"},
}

// commonParameters are PowerShell's, in its order.
var commonParameters = []parameter{
	{name: "Verbose", aliases: []string{"vb"}, kind: aSwitch, common: true, help: "a line for each request"},
	{name: "Debug", aliases: []string{"db"}, kind: aSwitch, common: true, help: "every request and answer, secrets hidden"},
	{name: "ErrorAction", aliases: []string{"ea"}, kind: anAction, common: true, help: "what an error that does not end the command does"},
	{name: "WarningAction", aliases: []string{"wa"}, kind: anAction, common: true, help: "what a warning does"},
	{name: "InformationAction", aliases: []string{"infa"}, kind: anAction, common: true, help: "what a note does"},
	{name: "ProgressAction", aliases: []string{"proga"}, kind: anAction, common: true, help: "what progress does"},
	{name: "ErrorVariable", aliases: []string{"ev"}, kind: aString, common: true, help: "no effect outside PowerShell"},
	{name: "WarningVariable", aliases: []string{"wv"}, kind: aString, common: true, help: "no effect outside PowerShell"},
	{name: "InformationVariable", aliases: []string{"iv"}, kind: aString, common: true, help: "no effect outside PowerShell"},
	{name: "OutVariable", aliases: []string{"ov"}, kind: aString, common: true, help: "no effect outside PowerShell"},
	{name: "OutBuffer", aliases: []string{"ob"}, kind: anInteger, common: true, help: "no effect outside PowerShell"},
	{name: "PipelineVariable", aliases: []string{"pv"}, kind: aString, common: true, help: "no effect outside PowerShell"},
}

// ours are the parameters that the document does not have.
var ours = []parameter{
	{name: "SendCertificateChain", kind: aBoolean, ours: true, sets: []in{{set: certificateSet}}, help: "send the whole certificate chain (x5c)"},
	{name: "CertificatePassword", kind: aSecret, ours: true, sets: []in{{set: certificateSet}}, help: "where the file's password is: -, @FILE or env:NAME"},
	{name: "Force", kind: aSwitch, ours: true, help: "sign in anew"},
	{name: "Json", kind: aSwitch, ours: true, help: "print the connection as JSON instead of the welcome"},
	{name: "TokenVariable", kind: aString, ours: true, help: "with -- COMMAND: the environment variable that gets a token, too"},
	{name: "AllowResource", kind: aList, ours: true, help: "with -- COMMAND: other APIs that it may have tokens for"},
	{name: "AllowOutside", kind: aSwitch, ours: true, help: "with -- COMMAND: serve any process of this user, for containers"},
	{name: "Conceal", kind: aSwitch, ours: true, help: "with -- COMMAND: mask its tokens in its output, which is a pipe then"},
}

// The other verbs' parameters. token, request and context take connect's too.
var (
	tokenParameters = append(slices.Clone(parameters),
		parameter{name: "Resource", kind: aString, ours: true, help: "the API that the token is for, instead of Graph: https://vault.azure.net"},
		parameter{name: "MinLifetime", kind: aDouble, ours: true, help: "seconds that the token must still live, or it is renewed"},
		parameter{name: "Show", kind: aSwitch, ours: true, help: "print the token on a terminal too"},
		parameter{name: "MaskInCI", kind: aSwitch, ours: true, help: "have GitHub Actions and Azure Pipelines mask it in their logs"})
	// As Invoke-MgGraphRequest has them; connect's bind by name only here.
	requestParameters = append(byName(parameters),
		parameter{name: "Method", kind: aString, ours: true, sets: everywhere(1), help: "GET, POST, PUT, PATCH or DELETE; GET by default"},
		parameter{name: "Uri", kind: aString, ours: true, sets: everywhere(2), help: "a path such as /me or /beta/me, or a URL of the cloud's Graph"},
		parameter{name: "Body", kind: aString, ours: true, sets: everywhere(3), help: "JSON to send, or where it is: @FILE, file:PATH or - for stdin"},
		parameter{name: "Headers", kind: aString, ours: true, help: "more headers: \"Name: value, Name: value\", or a JSON object"},
		parameter{name: "ContentType", kind: aString, ours: true, help: "of the body; application/json by default"},
		parameter{name: "InputFilePath", kind: aString, ours: true, offers: "files", help: "a file to send as it is"},
		parameter{name: "OutputFilePath", kind: aString, ours: true, offers: "files", help: "the file to write the answer to"},
		parameter{name: "All", kind: aSwitch, ours: true, help: "all pages of a collection, as one JSON array"})
	contextParameters = append(slices.Clone(parameters),
		parameter{name: "List", kind: aSwitch, ours: true, help: "list the connections that are kept"})
	useParameters = append([]parameter{
		{name: "Name", kind: aString, sets: []in{{position: 1, mandatory: true}}, help: "the connection, as context -List names it, or how the name begins"},
	}, commonParameters...)
	environmentsParameters = append([]parameter{
		{name: "Name", kind: aString, sets: []in{{position: 1}}, offers: "clouds", help: "the one of this name"},
		{name: "All", kind: aSwitch, help: "the sovereign clouds and the practice cloud as well"},
		{name: "Json", kind: aSwitch, help: "as JSON"},
	}, commonParameters...)
	cloudParameters = append([]parameter{
		{name: "Name", kind: aString, sets: []in{{position: 1, mandatory: true}}, help: "the cloud's name"},
		{name: "AzureADEndpoint", aliases: []string{"AzureADUrl"}, kind: aString, sets: []in{{position: 2}}, help: "where it signs people in: https://HOST"},
		{name: "GraphEndpoint", aliases: []string{"GraphUrl"}, kind: aString, sets: []in{{position: 3}}, help: "where its Graph is: https://HOST"},
		{name: "Json", kind: aSwitch, help: "as JSON"},
	}, commonParameters...)
	disconnectParameters = append([]parameter{
		{name: "Name", kind: aString, sets: []in{{position: 1}}, help: "this connection instead of the current one"},
		{name: "All", kind: aSwitch, help: "every connection, and the key they are sealed with"},
	}, commonParameters...)
	sandboxParameters = append([]parameter{
		{name: "Path", kind: aString, sets: []in{{position: 1, mandatory: true}}, offers: "files", help: "the folder to make"},
	}, commonParameters...)
	completionParameters = []parameter{
		{name: "Shell", kind: aString, sets: []in{{position: 1, mandatory: true}}, offers: "shells", help: "bash, zsh, fish or powershell"},
	}
	helpParameters = []parameter{
		{name: "Topic", kind: aString, sets: []in{{position: 1}}, offers: "topics", help: "a parameter, a verb, or an AADSTS code"},
	}
)

// byName is a table whose parameters leave the positions to others.
func byName(table []parameter) []parameter {
	table = slices.Clone(table)
	for i := range table {
		table[i].sets = slices.Clone(table[i].sets)
		for j := range table[i].sets {
			table[i].sets[j].position = 0
		}
	}
	return table
}

// everywhere is a position in all of Connect-Entra's sets.
func everywhere(position int) []in {
	var places []in
	for _, set := range connectSets {
		places = append(places, in{set: set, position: position})
	}
	return places
}

// Params is what was typed, bound.
type Params struct {
	Bound
	Command []string // what follows --; nil without one
}

// bind binds the arguments of a verb. It also says what it bound when it fails.
func bind(table []parameter, args []string) (Params, error) {
	b, command, err := bindArgs(table, args)
	return Params{b, command}, err
}

// credential is an application with the place of its secret.
type credential struct {
	ID      string
	Secret  Secret
	isAsked bool // the person was asked for the ID, under the caption
}

// list gives a list's items; like the reference it takes "a, b" in one item for two.
//
//go:noinline
func (p Params) list(name string) []string {
	items, _ := p.Values[name].value.([]string)
	var all []string
	for _, item := range items {
		all = append(all, strings.Split(item, ",")...)
	}
	return all
}

func (p Params) secret(name string) Secret {
	s, _ := p.Values[name].value.(Secret)
	return s
}

func (p Params) credential(name string) credential {
	c, _ := p.Values[name].value.(credential)
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
		if row.name != "NoWelcome" && row.name != "ClientTimeout" && p.has(row.name) {
			return true
		}
	}
	return p.has("Force")
}
