//go:build unix

package child_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"connect-entra/child"
)

func Example() {
	path, err := child.Find("sh")
	if err != nil {
		log.Fatal(err)
	}
	status, err := child.Session{
		Path:      path,
		Args:      []string{"sh", "-c", `echo "its tokens are at ${IDENTITY_ENDPOINT%:*}"; exit 7`},
		Env:       os.Environ(),
		Resources: []child.Resource{{Names: []string{"https://graph.microsoft.com"}}},
		Token: func(_ context.Context, scopes []string, life time.Duration) (child.Token, error) {
			return child.NewToken("a token that is good for life", time.Now().Add(time.Hour)), nil
		},
		Starts: func() {}, // and the signals are COMMAND's
		Warn:   log.Printf,
	}.Run(context.Background())
	fmt.Println(status, err)
	// Output:
	// its tokens are at http://127.0.0.1
	// 7 <nil>
}
