// The page: builds the console and the world from the browser and exposes the entry points as Promises.
// Only what works without the network is in this build: MSAL and net/http are left out.

package main

import (
	"bytes"
	"cmp"
	"context"
	"strings"
	"syscall/js"

	"connect-entra/claims"
	"connect-entra/failure"
)

// network is not in a page.
type network struct{}

// flows of the page: a token that was given needs no network.
var flows = map[flowName]func(*console, *world, Plan, *msalCache) (source, error){byToken: provideToken}

// practice needs nothing here, as a given token is not sent anywhere.
func practice(around *world, _ bool) (*world, func(), error) { return around, func() {}, nil }

// command cannot be in the page, which starts no programs.
type command struct{}

func newCommand(_ *console, p Params) (*command, error) {
	if p.Command == nil {
		return nil, nil
	}
	return nil, failure.New("usage", "The page runs no programs.").Try("run connect-entra in a terminal")
}

func (*command) run(context.Context, *console, *world, Connection) error { return nil }

func inherited(*console, *world) (Connection, bool, error) { return Connection{}, false, nil }

func makePracticeKit(context.Context, *console, *world, Params) error {
	return failure.New("usage", "The page makes no practice kit.").Try("run connect-entra sandbox DIR in a terminal")
}

func showCompletion(context.Context, *console, *world, Params) error {
	return failure.New("usage", "The page has no shell to complete in.").Try("run connect-entra completion SHELL in a terminal")
}

func showHelp(context.Context, *console, *world, Params) error {
	return failure.New("usage", "The page shows no help.").Try("run connect-entra help in a terminal")
}

// The page has no file of clouds of one's own.

func knownClouds(*console, *world, Params) ([]Environment, error) { return clouds, nil }

func allClouds(*console, *world) ([]Environment, error) { return clouds, nil }

func addEnvironment(context.Context, *console, *world, Params) error {
	return failure.New("usage", "The page keeps no clouds of your own.").Try("use connect-entra environments in a terminal")
}

func setEnvironment(ctx context.Context, con *console, world *world, p Params) error {
	return addEnvironment(ctx, con, world, p)
}

func removeEnvironment(ctx context.Context, con *console, world *world, p Params) error {
	return addEnvironment(ctx, con, world, p)
}

// main gives the page an object of functions, and stays to answer.
func main() {
	js.Global().Set("connectEntra", map[string]any{
		"run":     promised(runInPage),
		"connect": promised(connectInPage),
		"line":    promised(lineInPage),
		"graph":   promised(graphInPage),
	})
	select {}
}

// runInPage is run(args: string[], stdin: string): what a terminal would show, as
// {status: number, stdout: string, stderr: string}.
func runInPage(in []js.Value) any {
	args := make([]string, in[0].Length())
	for i := range args {
		args[i] = in[0].Index(i).String()
	}
	var stdout, stderr bytes.Buffer
	con, world := inPage(in[1].String(), &stdout, &stderr)
	status := run(context.Background(), con, world, args)
	return map[string]any{"status": status, "stdout": stdout.String(), "stderr": stderr.String()}
}

// connectInPage is connect(text: string, cloud: string): what the token says and how
// connecting with it goes, as {reading, cloud, typed, status: number, id, stdout, stderr,
// context}. cloud is the token's own, where it tells, else the one given; typed is the
// line that a terminal would have. id is the failure's, context the JSON of context -Json;
// each is "" where there is none. The reading's names are in lower case; its permissions
// and claims are lists of {name, value, meaning}.
func connectInPage(in []js.Value) any {
	text := in[0].String()
	r := claims.Read(text, func(audience string) string {
		e, _ := environmentOf(clouds, audience)
		return e.Name
	})
	cloud := cmp.Or(r.Cloud, in[1].String())
	args := []string{"-AccessToken", "-"}
	if cloud != "" {
		args = append(args, "-Environment", cloud)
	}
	var stdout, stderr bytes.Buffer
	con, page := inPage(text, &stdout, &stderr)
	var c Connection
	v := defaultVerb()
	v.run = func(ctx context.Context, con *console, world *world, p Params) (err error) {
		c, err = newConnection(ctx, con, world, p, false)
		return err
	}
	_, err := v.carryOut(context.Background(), con, page, args)
	status, id, shown := con.report(err), "", ""
	if err == nil {
		shown = c.JSON()
	} else {
		id = kindOf(failure.From(err).ID).id
	}
	return map[string]any{
		"reading": map[string]any{
			"opaque": r.Opaque, "cloud": r.Cloud, "graph": r.Graph, "audience": r.Audience,
			"who": r.Who, "app": r.App, "tenant": r.Tenant, "access": r.Access, "appOnly": r.AppOnly,
			"permissions": facts(r.Permissions), "claims": facts(r.Claims),
			"issuedAt": r.IssuedAt, "notBefore": r.NotBefore, "expiresOn": r.ExpiresOn, "notes": texts(r.Notes),
		},
		"cloud": cloud, "typed": strings.Join(append([]string{"connect-entra"}, args...), " "),
		"status": status, "id": id, "stdout": stdout.String(), "stderr": stderr.String(), "context": shown,
	}
}

func facts[F fact | claims.Fact](list []F) any {
	out := []any{}
	for _, item := range list {
		f := fact(item)
		out = append(out, map[string]any{"name": f.Name, "value": f.Value, "meaning": f.Meaning})
	}
	return out
}

// lineInPage is line(text: string): what explain says, in parts: {verb, summary, set,
// reason, bound, problem, trouble, refusal, story, plan, bash, powerShell, share:
// boolean}; bound and plan are lists of {name, value, meaning}. What does not apply is
// "" or empty; problem, trouble and refusal are as a terminal prints them.
func lineInPage(in []js.Value) any {
	text := in[0].String()
	con, world := inPage("", &bytes.Buffer{}, &bytes.Buffer{})
	e := explainArguments(con, world, []string{text})
	out := map[string]any{
		"verb": e.verb.name, "summary": e.verb.summary, "set": "", "reason": "", "bound": facts(e.bound()),
		"problem": printed(e.err), "trouble": "", "refusal": printed(e.refusal), "story": "", "plan": []any{},
		"bash": "", "powerShell": "", "share": mayShare(text),
	}
	if e.err != nil {
		var b strings.Builder
		e.explainFailure(&b)
		out["trouble"] = strings.TrimSpace(b.String())
	} else if e.params.Set != "" {
		out["set"], out["reason"], out["bash"], out["powerShell"] = e.params.Set, e.reason(), e.inBash(), e.inPowerShell()
		if e.refusal == nil {
			out["story"], out["plan"] = stories[e.plan.Flow], facts(e.plan.rows())
		}
	}
	return out
}

// printed is an error as a terminal prints it.
func printed(err error) string {
	var stderr bytes.Buffer
	con, _ := inPage("", &bytes.Buffer{}, &stderr)
	con.report(err)
	return stderr.String()
}

func texts(list []string) any {
	out := []any{}
	for _, text := range list {
		out = append(out, text)
	}
	return out
}

// graphInPage is graph(host: string, status: number, retryAfter: string, body: string):
// how a terminal would show that answer, which is no success. Status 0 stands for none.
func graphInPage(in []js.Value) any {
	host, status := in[0].String(), in[1].Int()
	failed := graphSilence(host)
	if status != 0 {
		failed = graphRefusal(host, status, in[2].String(), []byte(in[3].String()))
	}
	return printed(failed)
}

// inPage is a console without a terminal, and a world without an environment or a folder.
func inPage(stdin string, stdout, stderr *bytes.Buffer) (*console, *world) {
	return &console{stdin: strings.NewReader(stdin), stdout: stdout, stderr: stderr}, &world{getenv: func(string) string { return "" }}
}

// promised makes a function for JavaScript of do, which runs aside, as a Go function
// called from JavaScript must not block.
func promised(do func([]js.Value) any) js.Func {
	return js.FuncOf(func(_ js.Value, in []js.Value) any {
		var executor js.Func
		executor = js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() {
				defer executor.Release()
				settle[0].Invoke(do(in))
			}()
			return nil
		})
		return js.Global().Get("Promise").New(executor)
	})
}

func sendRequest(context.Context, *console, *world, Params) error {
	return failure.New("usage", "The page types no requests.").Try("run connect-entra request in a terminal")
}
