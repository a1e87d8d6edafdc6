package transport_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"connect-entra/failure"
	"connect-entra/transport"
)

// refusing is a server that knows nobody.
type refusing struct{}

func (refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	body := `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func ExampleClient() {
	client := transport.New(
		transport.Options{Internet: refusing{}, UserAgent: "example"}, // else transport.NewInternet()
		transport.Target{Kind: transport.Entra, Base: "https://login.microsoftonline.com", Tenant: "contoso.com", Timeout: time.Minute},
	)
	form := url.Values{"grant_type": {"client_credentials"}, "client_secret": {"not for your eyes"}}
	for _, host := range []string{"login.microsoftonline.com", "login.evil.example"} {
		r, err := http.NewRequest(http.MethodPost, "https://"+host+"/contoso.com/oauth2/v2.0/token", strings.NewReader(form.Encode()))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = client.Do(r)
		var f *failure.Error
		if errors.As(err, &f) {
			fmt.Println(f.ID+":", f.Message)
		}
	}
	// Output:
	// refused: login.microsoftonline.com refused: invalid_client (AADSTS7000215).
	// hostile-answer: A request to https://login.evil.example was not sent: only https://login.microsoftonline.com may get it.
}
