package powershell

import (
	"slices"
	"strings"
)

// The parameter sets of Connect-Entra, whose answers are recorded.
const (
	user        = "UserParameterSet"
	certificate = "AppCertificateParameterSet"
	identity    = "IdentityParameterSet"
	secret      = "AppSecretCredentialParameterSet"
	token       = "AccessTokenParameterSet"
	environment = "EnvironmentVariableParameterSet"
)

// Types that a program brings along. What a line names by a place or a variable is
// bound as the recording shows objects.
var (
	secureString = &Type{
		Name: "System.Security.SecureString",
		Holds: func(value any) bool {
			switch v := value.(type) {
			case string:
				return isPlace(v) || isLiteral(v)
			case Unknown:
				return strings.Contains(string(v), "tok")
			}
			return isLiteral(value)
		},
		Convert: func(p Parameter, value any) (any, error) {
			if text, isText := value.(string); isText && !isPlace(text) || isLiteral(value) {
				return nil, refuse("ParameterArgumentTransformationError", "-%s does not take the secret itself.", p.Name)
			}
			return "<securestring>", nil
		},
	}
	psCredential = &Type{
		Name: "System.Management.Automation.PSCredential",
		Holds: func(value any) bool {
			v, _ := value.(Unknown)
			return strings.Contains(string(v), "cred")
		},
		Convert: func(Parameter, any) (any, error) { return "<pscredential>", nil },
	}
	x509Certificate = &Type{
		Name: "System.Security.Cryptography.X509Certificates.X509Certificate2",
		Convert: func(p Parameter, value any) (any, error) {
			if text, _ := value.(string); text == "" || strings.HasSuffix(text, ".pem") {
				return "<certificate>", nil
			}
			return nil, BadValue(p, value.(string), "error:10000080:BIO routines::no such file")
		},
	}
	contextScope = &Type{Name: "ContextScope", Values: []string{"Process", "CurrentUser"}}
)

func isPlace(text string) bool {
	return strings.HasPrefix(text, "@") || strings.HasPrefix(text, "env:")
}

// isLiteral holds for a secret written out, here a JWT.
func isLiteral(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.HasPrefix(v, "eyJ")
	case []any:
		return slices.ContainsFunc(v, isLiteral)
	}
	return false
}

// connectEntra is the table of the cmdlet whose answers are recorded, and one parameter
// that it does not have.
var connectEntra = []Parameter{
	{Name: "Scopes", Type: StringArray, Sets: []InSet{{Set: user, Position: 1}}, Help: "permissions"},
	{Name: "ClientId", Aliases: []string{"AppId", "ApplicationId"}, Type: String,
		Sets: []InSet{{Set: user, Position: 2}, {Set: certificate, Position: 1, Mandatory: true}, {Set: identity, Position: 1}}},
	{Name: "CertificateSubjectName", Aliases: []string{"CertificateSubject", "CertificateName"}, Type: String, Sets: []InSet{{Set: certificate, Position: 2}}},
	{Name: "CertificateThumbprint", Type: String, Sets: []InSet{{Set: certificate, Position: 3}}},
	{Name: "Certificate", Type: x509Certificate, Sets: []InSet{{Set: certificate}}},
	{Name: "ClientSecretCredential", Aliases: []string{"SecretCredential", "Credential"}, Type: psCredential, Sets: []InSet{{Set: secret}}},
	{Name: "AccessToken", Type: secureString, Sets: []InSet{{Set: token, Position: 1, Mandatory: true}}},
	{Name: "TenantId", Aliases: []string{"Audience", "Tenant"}, Type: String, Sets: []InSet{{Set: user}, {Set: certificate}, {Set: secret}}},
	{Name: "ContextScope", Type: contextScope, Sets: []InSet{{Set: user}, {Set: certificate}, {Set: identity}, {Set: secret}, {Set: environment}}},
	{Name: "Environment", Aliases: []string{"EnvironmentName", "NationalCloud"}, Type: String, NotEmpty: true},
	{Name: "UseDeviceCode", Aliases: []string{"UseDeviceAuthentication", "DeviceCode", "DeviceAuth", "Device"}, Type: Switch, Sets: []InSet{{Set: user}}},
	{Name: "ClientTimeout", Type: Double, NotEmpty: true},
	{Name: "Identity", Aliases: []string{"ManagedIdentity", "ManagedServiceIdentity", "MSI"}, Type: Switch, Sets: []InSet{{Set: identity}}},
	{Name: "EnvironmentVariable", Type: Switch, Sets: []InSet{{Set: environment}}},
	{Name: "NoWelcome", Type: Switch},

	{Name: "Verbose", Aliases: []string{"vb"}, Type: Switch, Common: true},
	{Name: "Debug", Aliases: []string{"db"}, Type: Switch, Common: true},
	{Name: "ErrorAction", Aliases: []string{"ea"}, Type: ActionPreference, Common: true},
	{Name: "WarningAction", Aliases: []string{"wa"}, Type: ActionPreference, Common: true},
	{Name: "InformationAction", Aliases: []string{"infa"}, Type: ActionPreference, Common: true},
	{Name: "ProgressAction", Aliases: []string{"proga"}, Type: ActionPreference, Common: true},
	{Name: "ErrorVariable", Aliases: []string{"ev"}, Type: String, Common: true},
	{Name: "WarningVariable", Aliases: []string{"wv"}, Type: String, Common: true},
	{Name: "InformationVariable", Aliases: []string{"iv"}, Type: String, Common: true},
	{Name: "OutVariable", Aliases: []string{"ov"}, Type: String, Common: true},
	{Name: "OutBuffer", Aliases: []string{"ob"}, Type: Int32, Common: true},
	{Name: "PipelineVariable", Aliases: []string{"pv"}, Type: String, Common: true},

	{Name: "SendCertificateChain", Type: Boolean, FullName: true, Sets: []InSet{{Set: certificate}}},
}

// tables knows that one command alone.
func tables(command string) ([]Parameter, bool) {
	return connectEntra, strings.EqualFold(command, "Connect-Entra")
}
