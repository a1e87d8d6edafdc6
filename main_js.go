// The page: builds system from the browser and exposes run to it as a Promise. Only
// what works without the network is in this build: MSAL and net/http are left out.

package main

import (
	"bytes"
	"context"
	"strings"
	"syscall/js"
)

type outside struct{}

// noBrowser cannot happen here: no flow of this build opens one.
type noBrowser struct{ reason string }

func (*noBrowser) Error() string { return "" }

// flows of the page: a token that was given needs no network.
var flows = map[flowName]func(*system, Plan) (source, error){byToken: provideToken}

// practice needs nothing here, as a given token is not sent anywhere.
func practice(sys *system, _ bool) (*system, func(), error) { return sys, func() {}, nil }

// command cannot be in the page, which starts no programs.
type command struct{}

func newCommand(_ *system, p Params) (*command, error) {
	if p.Command == nil {
		return nil, nil
	}
	return nil, fail("usage", "The page runs no programs.").try("run connect-entra in a terminal")
}

func (*command) run(context.Context, *system, Connection) error { return nil }

func inherited(*system) (Connection, bool, error) { return Connection{}, false, nil }

func makePracticeKit(context.Context, *system, Params) error {
	return fail("usage", "The page makes no practice kit.").try("run connect-entra sandbox DIR in a terminal")
}

func showCompletion(context.Context, *system, Params) error {
	return fail("usage", "The page has no shell to complete in.").try("run connect-entra completion SHELL in a terminal")
}

// main gives the page connectEntra(args: string[], stdin: string): Promise<{status:
// number, stdout: string, stderr: string}>, and stays to answer.
func main() {
	js.Global().Set("connectEntra", js.FuncOf(func(_ js.Value, in []js.Value) any {
		args := make([]string, in[0].Length())
		for i := range args {
			args[i] = in[0].Index(i).String()
		}
		stdin := in[1].String()
		return promise(func() any {
			var stdout, stderr bytes.Buffer
			sys := &system{
				stdin:  strings.NewReader(stdin),
				stdout: &stdout,
				stderr: &stderr,
				getenv: func(string) string { return "" },
			}
			status := run(context.Background(), sys, args)
			return map[string]any{"status": status, "stdout": stdout.String(), "stderr": stderr.String()}
		})
	}))
	select {}
}

// promise runs do aside, as a Go function called from JavaScript must not block.
func promise(do func() any) js.Value {
	var executor js.Func
	executor = js.FuncOf(func(_ js.Value, settle []js.Value) any {
		go func() {
			defer executor.Release()
			settle[0].Invoke(do())
		}()
		return nil
	})
	return js.Global().Get("Promise").New(executor)
}

func sendRequest(context.Context, *system, Params) error {
	return fail("usage", "The page types no requests.").try("run connect-entra request in a terminal")
}
