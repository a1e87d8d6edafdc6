package certificate_test

import (
	"context"
	"fmt"
	"strings"

	"connect-entra/certificate"
)

func Example() {
	loader := certificate.Loader{
		Password: func(context.Context, string) (string, error) { return "practice", nil },
		Warn:     func(string, ...any) {}, // of a key that others may read
	}
	pair, err := loader.Load(context.Background(), certificate.Ref{Path: "testdata/exports/aes256-sha256.pfx"})
	if err != nil {
		fmt.Println(err)
		return
	}
	assertion, err := pair.Assertion("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token", "6731de76-14a6-49ae-97bc-6eba6914391e", false)
	fmt.Println(pair.Chain[0].Subject, strings.Count(assertion, "."), err)
	// Output: CN=export 2 <nil>
}
