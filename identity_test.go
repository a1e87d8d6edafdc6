//go:build !js

package main

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/transport"
)

// identityVariables steer which managed-identity service is asked.
var identityVariables = []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT"}

// onHost sets the variables of a host (NAME=value, blanks between) and no others.
func onHost(t *testing.T, env string) *world {
	t.Helper()
	for _, name := range identityVariables {
		t.Setenv(name, "")
	}
	for pair := range strings.FieldsSeq(env) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	return &world{getenv: os.Getenv, network: network{dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("something was dialled")
		return nil, errors.New("no network in tests")
	}}}
}

func TestWhichIdentityHost(t *testing.T) {
	if _, err := os.Stat("/opt/azcmagent/bin/himds"); err == nil {
		t.Skip("this host has Azure Arc's agent")
	}
	for _, test := range []struct{ env, name, base string }{
		{"IDENTITY_ENDPOINT=http://127.0.0.1:41741/msi/token IDENTITY_HEADER=h", "App Service, Functions or Container Apps", "http://127.0.0.1:41741"},
		{"IDENTITY_ENDPOINT=http://localhost:42356/msi/token IDENTITY_HEADER=h", "App Service, Functions or Container Apps", "http://localhost:42356"},
		{"IDENTITY_ENDPOINT=http://169.254.129.2:8081/msi/token IDENTITY_HEADER=h", "App Service, Functions or Container Apps", "http://169.254.129.2:8081"},
		{"MSI_ENDPOINT=http://10.0.0.4:46808/MSI/auth MSI_SECRET=s", "Azure Machine Learning", "http://10.0.0.4:46808"},
		{"MSI_ENDPOINT=http://localhost:50342/oauth2/token", "Cloud Shell", "http://localhost:50342"},
		{"IDENTITY_ENDPOINT=http://127.0.0.1:40342/metadata/identity/oauth2/token IMDS_ENDPOINT=http://127.0.0.1:40342", "Azure Arc", "http://127.0.0.1:40342"},
		{"IDENTITY_ENDPOINT=http://[::1]:40342/ IDENTITY_HEADER=h", "App Service, Functions or Container Apps", "http://[::1]:40342"},
		{"IDENTITY_ENDPOINT=https://10.1.2.3:2377/ IDENTITY_HEADER=h", "App Service, Functions or Container Apps", "https://10.1.2.3:2377"},
	} {
		h, to, err := findIdentityHost(t.Context(), onHost(t, test.env))
		if err != nil || h.name != test.name || to.Base != test.base || to.Kind != transport.ManagedIdentity || to.Arc != (test.name == "Azure Arc") {
			t.Errorf("%s: %s %+v %v", test.env, h.name, to, err)
		}
	}
	_, _, err := findIdentityHost(t.Context(), onHost(t, "IDENTITY_ENDPOINT=https://127.0.0.1:2377/ IDENTITY_HEADER=h IDENTITY_SERVER_THUMBPRINT=t"))
	if idOf(err) != "no-managed-identity" || !strings.Contains(err.Error(), "Service Fabric") {
		t.Errorf("Service Fabric: %v", err)
	}
}

func TestIdentityEndpointsOfStrangersAreRefused(t *testing.T) {
	for _, endpoint := range []string{
		"http://evil.test/", "https://evil.test/", "http://8.8.8.8/", "https://20.1.2.3/", "http://127.0.0.1@evil.test/", "http://u:p@127.0.0.1/",
		"http://127.0.0.1.evil.test/", "http://localhost.evil.test/", "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1:80", "http:///x",
		"http://[2001:4860:4860::8888]/", "http://0.0.0.0/", "http://[::]/", "http://[fe80::1%25eth0]/", "http://[::ffff:8.8.8.8]/", "http://127.0.0.1/#x",
		"http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://224.0.0.1/", "http://%31%32%37.0.0.1.evil/", "http://127.0.0.1\t/", "://",
	} {
		for _, env := range []string{"IDENTITY_HEADER", "IMDS_ENDPOINT"} {
			world := onHost(t, env+"=x")
			t.Setenv("IDENTITY_ENDPOINT", endpoint)
			if _, _, err := findIdentityHost(t.Context(), world); idOf(err) != "bad-value" || kindOf("bad-value").exit != 2 {
				t.Errorf("%s: %v", endpoint, err)
			}
		}
	}
}

func TestOffAzureItTakesASecond(t *testing.T) {
	if _, err := os.Stat("/opt/azcmagent/bin/himds"); err == nil {
		t.Skip("this host has Azure Arc's agent")
	}
	world := onHost(t, "")
	for name, dial := range map[string]func(context.Context) error{
		"nothing answers": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"refused": func(context.Context) error {
			return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errRefused)}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			world.dial = func(ctx context.Context, _, address string) (net.Conn, error) {
				if address != "169.254.169.254:80" {
					t.Errorf("dialled %s", address)
				}
				return nil, dial(ctx)
			}
			started := time.Now()
			_, _, err := findIdentityHost(t.Context(), world)
			if idOf(err) != "no-managed-identity" || kindOf("no-managed-identity").exit != 4 || time.Since(started) > time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(started))
			}
		})
	}
	here, there := net.Pipe()
	defer there.Close()
	world.dial = func(context.Context, string, string) (net.Conn, error) { return here, nil }
	if h, to, err := findIdentityHost(t.Context(), world); err != nil || h.name != "a virtual machine" || to.Base != "http://169.254.169.254" {
		t.Errorf("on Azure: %s %+v %v", h.name, to, err)
	}
}
