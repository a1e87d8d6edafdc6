package exchange

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestRecord holds what is written of a try, at each of the two levels.
func TestRecord(t *testing.T) {
	page := `<html><title>Sign in as someone-with-a-secret</title>`
	for _, test := range []struct {
		name          string
		try           Try
		verbose, both string // what Verbose writes; what Debug writes of the response
	}{
		{"no answer", Try{Reason: "the name is not known to DNS"},
			"no answer (the name is not known to DNS) in 5 ms, try 2", "< no answer: the name is not known to DNS\n"},
		{"streamed", Try{Response: &http.Response{StatusCode: 200, Header: http.Header{"Set-Cookie": {"c"}, "Date": {"today"}}}},
			"200, streaming in 5 ms, try 2", "< 200 OK\n< Date: today\n< Set-Cookie: " + hidden8("c") + "\n<   (the answer is streamed)\n"},
		{"empty", Try{Response: &http.Response{StatusCode: 204}, Body: []byte{}},
			"204, 0 bytes in 5 ms, try 2", "< 204 No Content\n<   (empty)\n"},
		{"a redirect", Try{Response: &http.Response{StatusCode: 302, Header: http.Header{"Location": {"https://files.example/x?tempauth=key"}}}, Body: []byte{}},
			"302, 0 bytes in 5 ms, try 2", "< 302 Found\n< Location: https://files.example/x\n<   (empty)\n"},
		{"a page", Try{Response: &http.Response{StatusCode: 403}, Body: []byte(page)},
			fmt.Sprintf("403, %d bytes in 5 ms, try 2", len(page)), "< 403 Forbidden\n<   " + hidden8(page) + " of no JSON, a page with the title Sign in as (hidden)\n"},
		{"JSON in JSON", Try{Response: &http.Response{StatusCode: 400}, Body: []byte(`{"error":{"code":"x","message":"no someone-with-a-secret"},"error_codes":[1,2],"new":"unknown"}`)},
			"400, 95 bytes in 5 ms, try 2", "< 400 Bad Request\n<   error.code: x\n<   error.message: no (hidden)\n<   error_codes: 1, 2\n<   new: " + hidden8("unknown") + "\n"},
	} {
		r, err := http.NewRequest(http.MethodGet, "https://graph.microsoft.com/v1.0/users?$top=5&sig=hidden-sig", nil)
		if err != nil {
			t.Fatal(err)
		}
		test.try.Request, test.try.Form, test.try.Number, test.try.Took = r, url.Values{"code": {"someone-with-a-secret"}}, 2, 5*time.Millisecond
		test.try.Via = []string{"through the proxy http://proxy:3128"}
		for _, debug := range []bool{false, true} {
			var said strings.Builder
			write := func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) }
			recorder := &Recorder{Verbose: write}
			want := "GET graph.microsoft.com/v1.0/users: " + test.verbose + "\n"
			if debug {
				recorder.Debug = write
				want += "through the proxy http://proxy:3128\n> GET https://graph.microsoft.com/v1.0/users?$top=5&sig=" + hidden8("hidden-sig") +
					"\n>   code: " + hidden8("someone-with-a-secret") + "\n" + test.both
			}
			if recorder.Record(test.try); said.String() != want {
				t.Errorf("%s: it wrote\n%swant\n%s", test.name, said.String(), want)
			}
		}
	}
}
