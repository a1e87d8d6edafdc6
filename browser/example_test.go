//go:build !js

package browser_test

import (
	"context"
	"errors"
	"fmt"

	"connect-entra/browser"
)

func ExampleOpen() {
	err := browser.Open(context.Background(), "https://login.microsoftonline.com/")
	if none := (*browser.Unavailable)(nil); errors.As(err, &none) {
		fmt.Printf("No browser can be opened here: %s.\n", none.Reason)
	}
}
