//go:build !js

// Which managed-identity service this host has, by the variables that Azure sets, and
// the checks before anything is asked of it. It knows nothing of the other flows.

package main

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"connect-entra/failure"
)

// identityHost is a kind of host and how its service is found.
type identityHost struct {
	source   managedidentity.Source
	name     string
	signs    string // what tells this kind, as a person would look for it
	variable string // holds the endpoint
	endpoint string // where the variable is not set
	refusal  string // why this kind is not served
}

// identityHosts in the order in which MSAL decides.
var identityHosts = []identityHost{
	{
		source: managedidentity.ServiceFabric, name: "Service Fabric",
		signs: "IDENTITY_ENDPOINT with IDENTITY_HEADER and IDENTITY_SERVER_THUMBPRINT", variable: "IDENTITY_ENDPOINT",
		refusal: "its endpoint has a certificate that only a thumbprint vouches for, which this program's own checks of a connection cannot be combined with",
	},
	{
		source: managedidentity.AppService, name: "App Service, Functions or Container Apps",
		signs: "IDENTITY_ENDPOINT with IDENTITY_HEADER", variable: "IDENTITY_ENDPOINT",
	},
	{
		source: managedidentity.AzureML, name: "Azure Machine Learning",
		signs: "MSI_ENDPOINT with MSI_SECRET", variable: "MSI_ENDPOINT",
	},
	{
		source: managedidentity.CloudShell, name: "Cloud Shell",
		signs: "MSI_ENDPOINT", variable: "MSI_ENDPOINT",
	},
	{
		source: managedidentity.AzureArc, name: "Azure Arc",
		signs: "IDENTITY_ENDPOINT with IMDS_ENDPOINT, or Arc's agent", variable: "IDENTITY_ENDPOINT",
		endpoint: "http://127.0.0.1:40342",
	},
	{
		source: managedidentity.DefaultToIMDS, name: "a virtual machine",
		signs: "an answer from 169.254.169.254", endpoint: "http://169.254.169.254",
	},
}

// findIdentityHost says which host this is and what a request to its service may reach.
// Off Azure it takes a second at most.
func findIdentityHost(ctx context.Context, sys *system) (identityHost, target, error) {
	source, err := managedidentity.GetSource() // what MSAL will act on
	if err != nil {
		return identityHost{}, target{}, err
	}
	for _, h := range identityHosts {
		if h.source != source {
			continue
		}
		if h.refusal != "" {
			return h, target{}, failure.New("no-managed-identity", "The managed identity of %s is not served: %s.", h.name, h.refusal).
				Try("connect with a certificate or a federated token")
		}
		if err := checkIdentitySecrets(sys); err != nil {
			return h, target{}, err
		}
		t := target{kind: toIdentity, base: h.endpoint, arc: source == managedidentity.AzureArc}
		if typed := sys.getenv(h.variable); h.variable != "" && typed != "" {
			if t.base, err = identityBase(h.variable, typed); err != nil {
				return h, target{}, err
			}
		}
		if source == managedidentity.DefaultToIMDS {
			err = probe(ctx, sys)
		}
		return h, t, err
	}
	return identityHost{}, target{}, failure.New("no-managed-identity", "This kind of Azure host is not known: %s.", failure.Clean(string(source)))
}

// checkIdentitySecrets looks at what is sent as it is, in a header.
func checkIdentitySecrets(sys *system) error {
	for _, name := range []string{"IDENTITY_HEADER", "MSI_SECRET"} {
		if err := checkText(name, sys.getenv(name)); err != nil {
			return err
		}
	}
	return nil
}

// explain says of a service that cannot be reached what kind it was taken for, and by
// what.
func (h identityHost) explain(err error) error {
	var f *failure.Error
	if errors.As(err, &f) && f.ID == "network" && f.Cure == "" {
		f.Try("this host was taken for %s, by %s: look whether its service runs, or connect another way", h.name, h.signs)
	}
	return err
}

// identityBase is the scheme and host of an endpoint that the environment names. A token
// for this host's identity is asked for near this host, and the request holds what opens
// the service: a public address, or a name that may become one, is not Azure's doing.
func identityBase(variable, endpoint string) (string, error) {
	if err := checkText(variable, endpoint); err != nil {
		return "", err
	}
	u, err := url.Parse(endpoint)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && u.Fragment == "" {
		if u.Hostname() == "localhost" {
			return u.Scheme + "://" + u.Host, nil
		}
		if address, err := netip.ParseAddr(u.Hostname()); err == nil && address.Zone() == "" && isNear(address) {
			return u.Scheme + "://" + u.Host, nil
		}
	}
	return "", failure.New("bad-value", "%s does not name a service of this host: %q.", variable, failure.Clean(endpoint)).
		Try("unset %s; Azure itself sets it to localhost or a private address", variable)
}

// probe asks for a connection to the instance metadata service before MSAL does, which
// would wait for minutes where nothing answers.
func probe(ctx context.Context, sys *system) error {
	dialing, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := sys.dial(dialing, "tcp", "169.254.169.254:80")
	if err == nil {
		return conn.Close()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reason := networkReason(err)
	if dialing.Err() != nil {
		reason = "no answer within a second"
	}
	var signs []string
	for _, h := range identityHosts {
		signs = append(signs, h.signs)
	}
	return failure.New("no-managed-identity", "This host has no managed identity: no variable of Azure's is set, and 169.254.169.254 is not there (%s).", reason).Because(err).
		Try("run it on an Azure host with a managed identity (looked for: %s), or connect another way", strings.Join(signs, "; "))
}

// checkArcChallenge looks at the file that Arc's agent names before MSAL opens it: the
// agent proves itself by a file that only it can write, so it must be one of its own, and
// no way around that (CVE-2024-35255).
func checkArcChallenge(h http.Header) error {
	values := h.Values("WWW-Authenticate")
	if len(values) != 1 {
		return wrongKeyFile("it names none, or several")
	}
	path, ok := strings.CutPrefix(values[0], "Basic realm=")
	folder := arcFolder()
	switch {
	case !ok || folder == "":
		return wrongKeyFile("it names none")
	case filepath.Clean(path) != path || filepath.Dir(path) != folder || filepath.Ext(path) != ".key" || strings.ContainsAny(path, "%\"'\x00\r\n"):
		return wrongKeyFile("it is not a .key file in " + folder)
	}
	return checkKeyFile(path)
}

func wrongKeyFile(why string) error {
	return failure.New("hostile-answer", "The managed-identity service of Azure Arc names a key file that is not its own: %s.", why)
}

// checkKeyFile lets through a plain file of at most 4096 bytes, of the owner of its folder
// or the system's.
func checkKeyFile(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return failure.New("no-managed-identity", "Azure Arc's key file cannot be read: %s.", fileReason(err)).Because(err).
			Try("run as a member of the group himds, or as root")
	case !info.Mode().IsRegular() || info.Size() > 4096:
		return wrongKeyFile("it is no file of at most 4096 bytes")
	}
	folder, err := os.Lstat(filepath.Dir(path))
	if err != nil || !isOf(info, folder) {
		return wrongKeyFile("it belongs to somebody else")
	}
	return nil
}

// fileReason is the system's own word for why a file cannot be had.
func fileReason(err error) string {
	switch {
	case os.IsNotExist(err):
		return "it does not exist"
	case os.IsPermission(err):
		return "permission denied"
	}
	return "the system does not say why"
}

// arcFolder is where the agent keeps its key files; "" where there is no agent.
func arcFolder() string {
	switch runtime.GOOS {
	case "linux":
		return "/var/opt/azcmagent/tokens"
	case "windows":
		return filepath.Join(os.Getenv("ProgramData"), "AzureConnectedMachineAgent", "Tokens")
	}
	return ""
}
