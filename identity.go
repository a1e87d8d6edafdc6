//go:build !js

// Which managed-identity service this host has, by the variables that Azure sets, and
// the checks before anything is asked of it. It knows nothing of the other flows.

package main

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"connect-entra/failure"
	"connect-entra/transport"
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
func findIdentityHost(ctx context.Context, world *world) (identityHost, transport.Target, error) {
	source, err := managedidentity.GetSource() // what MSAL will act on
	if err != nil {
		return identityHost{}, transport.Target{}, err
	}
	for _, h := range identityHosts {
		if h.source != source {
			continue
		}
		if h.refusal != "" {
			return h, transport.Target{}, failure.New("no-managed-identity", "The managed identity of %s is not served: %s.", h.name, h.refusal).
				Try("connect with a certificate or a federated token")
		}
		if err := checkIdentitySecrets(world); err != nil {
			return h, transport.Target{}, err
		}
		t := transport.Target{Kind: transport.ManagedIdentity, Base: h.endpoint, Arc: source == managedidentity.AzureArc}
		if typed := world.getenv(h.variable); h.variable != "" && typed != "" {
			if t.Base, err = identityBase(h.variable, typed); err != nil {
				return h, transport.Target{}, err
			}
		}
		if source == managedidentity.DefaultToIMDS {
			err = probe(ctx, world)
		}
		return h, t, err
	}
	return identityHost{}, transport.Target{}, failure.New("no-managed-identity", "This kind of Azure host is not known: %s.", failure.Clean(string(source)))
}

// checkIdentitySecrets looks at what is sent as it is, in a header.
func checkIdentitySecrets(world *world) error {
	for _, name := range []string{"IDENTITY_HEADER", "MSI_SECRET"} {
		if err := checkText(name, world.getenv(name)); err != nil {
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
		if address, err := netip.ParseAddr(u.Hostname()); err == nil && address.Zone() == "" && transport.IsNear(address) {
			return u.Scheme + "://" + u.Host, nil
		}
	}
	return "", failure.New("bad-value", "%s does not name a service of this host: %q.", variable, failure.Clean(endpoint)).
		Try("unset %s; Azure itself sets it to localhost or a private address", variable)
}

// probe asks for a connection to the instance metadata service before MSAL does, which
// would wait for minutes where nothing answers.
func probe(ctx context.Context, world *world) error {
	dialing, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := world.dial(dialing, "tcp", "169.254.169.254:80")
	if err == nil {
		return conn.Close()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reason := transport.Reason(err)
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
