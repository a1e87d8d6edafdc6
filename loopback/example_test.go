package loopback_test

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"connect-entra/loopback"
)

func Example() {
	listeners, port, err := loopback.Listen()
	if err != nil {
		fmt.Println(err)
		return
	}
	host := fmt.Sprintf("localhost:%d", port)
	server := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != host { // a foreign page made its own name resolve to this machine
			w.WriteHeader(http.StatusMisdirectedRequest)
			return
		}
		io.WriteString(w, "You can close this window.")
	}), listeners...)
	defer server.Finish(time.Second)

	client := http.Client{Transport: &http.Transport{}} // without the environment's proxy
	response, err := client.Get("http://" + host)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	page, _ := io.ReadAll(response.Body)
	fmt.Println(string(page))
	// Output: You can close this window.
}
