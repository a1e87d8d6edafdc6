// Bare links MSAL for Go and does nothing: what BenchmarkStart compares with.
package main

import (
	"os"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

func main() {
	if len(os.Args) > 5 { // never: keeps the linker from dropping what is not called
		client, _ := public.New("", public.WithAuthority(os.Args[1]))
		client.Accounts(nil)
		app, _ := confidential.New(os.Args[1], os.Args[2], confidential.Credential{})
		app.AcquireTokenByCredential(nil, nil)
		host, _ := managedidentity.New(managedidentity.SystemAssigned())
		host.AcquireToken(nil, os.Args[3])
	}
}
