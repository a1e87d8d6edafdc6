//go:build !js

package main

import (
	"context"
	"net"
	"net/http"
)

// outside is the part of system that a browser page does not have.
type outside struct {
	internet http.RoundTripper // to Entra and Graph, through the proxies of the environment
	direct   http.RoundTripper // to a managed-identity host: never through a proxy
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	openURL  func(ctx context.Context, url string) error // opens a browser; nil error means it was started
	environ  func() []string
}
