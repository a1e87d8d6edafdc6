package exchange_test

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"connect-entra/exchange"
)

func ExampleRecorder() {
	recorder := &exchange.Recorder{
		Debug: func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
	}
	r, err := http.NewRequest(http.MethodPost, "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	recorder.Record(exchange.Try{
		Request:  r,
		Form:     url.Values{"grant_type": {"client_credentials"}, "client_secret": {"not for your eyes"}},
		Response: &http.Response{StatusCode: 401},
		Body:     []byte(`{"error":"invalid_client","error_description":"Your secret, not for your eyes, is wrong."}`),
		Number:   1,
		Took:     50 * time.Millisecond,
	})
	// Output:
	// > POST https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token
	// >   client_secret: (17 characters, SHA-256 37586b71…)
	// >   grant_type: client_credentials
	// < 401 Unauthorized
	// <   error: invalid_client
	// <   error_description: Your secret, (hidden), is wrong.
}
