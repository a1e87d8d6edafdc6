package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"connect-entra/sandbox"
)

func Example() {
	client := &http.Client{Transport: sandbox.New(sandbox.Registry{})}
	response, err := client.Get(sandbox.Login + "/" + sandbox.Domain + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	var discovery struct {
		Issuer string `json:"issuer"`
	}
	json.NewDecoder(response.Body).Decode(&discovery)
	fmt.Println(response.Status, discovery.Issuer)

	_, err = client.Get("https://login.microsoftonline.com/")
	fmt.Println(err)
	// Output:
	// 200 OK https://login.sandbox.invalid/00000000-0000-4000-8000-000000000001/v2.0
	// Get "https://login.microsoftonline.com/": the practice cloud has no https://login.microsoftonline.com
}
