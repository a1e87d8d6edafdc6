//go:build !js

// How the program reaches the network: what a test or practice puts another thing in the
// place of, and a client of transport that tells the console what it does.

package main

import (
	"context"
	"net"
	"net/http"

	"connect-entra/exchange"
	"connect-entra/transport"
)

// network is the part of the world that a browser page does not have.
type network struct {
	internet http.RoundTripper // to Entra and Graph, through the proxies of the environment
	direct   http.RoundTripper // to a managed-identity host: never through a proxy
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	openURL  func(ctx context.Context, url string) error // opens a browser; a nil error means that it was started
	environ  func() []string

	releaseSignals func() // from here they do not end the run: they are a COMMAND's

	userAgent   func() string // nil: none is sent
	correlation func() string // client-request-id of all that this run sends; nil: a new one for each client
}

// newClient reaches a server as this run does.
func newClient(con *console, world *world, t transport.Target) *transport.Client {
	recorder := &exchange.Recorder{}
	if con.prefer.verbose || con.prefer.debug {
		recorder.Verbose = con.verbose
	}
	if con.prefer.debug {
		recorder.Debug = con.debug
	}
	options := transport.Options{Internet: world.internet, Direct: world.direct, Recorder: recorder}
	if world.userAgent != nil {
		options.UserAgent = world.userAgent()
	}
	if world.correlation != nil {
		options.Correlation = world.correlation()
	}
	return transport.New(options, t)
}
