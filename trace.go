//go:build !js

// -Verbose and -Debug: the exchange with a server as a person reads it.

package main

import (
	"net/http"
	"time"
)

type tracer struct {
	verbose, debug func(format string, args ...any)
}

func newTracer(sys *system) tracer { return tracer{} }

func (t *tracer) exchange(r *http.Request, sent []byte, a *answer, err error, try int, took time.Duration) {
}

func (t *tracer) scrub(text string) string { return text }
