// Package clients has programs of other people's sign in inside a command of
// connect-entra. It is a module of its own, so that their libraries are none of
// connect-entra's.
package clients

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// asClient makes the test binary a client: the scope that it is to ask for.
const asClient = "CLIENT_SCOPE"

func TestMain(m *testing.M) {
	if scope := os.Getenv(asClient); scope != "" {
		printToken(scope)
		return
	}
	os.Exit(m.Run())
}

// printToken is a program with Azure's SDK for Go.
func printToken(scope string) {
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		fatal(err)
	}
	token, err := credential.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		fatal(err)
	}
	fmt.Println(token.Token)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// build makes connect-entra.
func build(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "connect-entra")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// TestClients runs each client in a command on the practice cloud, with a proxy in the
// environment that must see nothing.
func TestClients(t *testing.T) {
	program := build(t)
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	var seen atomic.Int64
	go func() {
		for {
			conn, err := proxy.Accept()
			if err != nil {
				return
			}
			seen.Add(1)
			conn.Close()
		}
	}()
	environment := append(os.Environ(), "HOME="+t.TempDir(),
		// what DefaultAzureCredential would take before a managed identity, or as which one
		"AZURE_CLIENT_SECRET=canary", "AZURE_TENANT_ID=00000000-0000-4000-8000-000000000001", "AZURE_CLIENT_ID=00000000-0000-4000-8000-00000000ffff")
	for _, name := range []string{"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		environment = append(environment, name+"=http://"+proxy.Addr().String())
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const graph = "https://graph.sandbox.invalid"
	for name, command := range map[string][]string{
		"connect-entra": {program, "token"},
		"Go":            {"env", asClient + "=" + graph + "/.default", self},
		"JavaScript":    {"node", "node.mjs", graph + "/.default"},
		"Python":        {"python3", "python.py", graph + "/.default"},
		"curl": {"sh", "-c", `curl -sS "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=` + graph +
			`" -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Fatalf("%s is needed: %v", command[0], err)
			}
			// The token that the command was given by name is the one that the client must get.
			script := `echo "$GIVEN"; exec "$@"`
			args := append([]string{"-Environment", "Sandbox", "-Identity", "-NoWelcome", "-TokenVariable", "GIVEN", "--", "sh", "-c", script, "sh"}, command...)
			cmd := exec.Command(program, args...)
			cmd.Env = environment
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if err != nil || len(lines) != 2 || lines[0] != lines[1] || strings.Count(lines[0], ".") != 2 {
				t.Errorf("%v %q\n%s", err, lines, &stderr)
			}
		})
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("the proxy saw %d connections", n)
	}
}

// TestPage has a page in a browser that learnt address and secret of the endpoint.
func TestPage(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is needed: ", err)
	}
	program := build(t)
	page := filepath.Join(t.TempDir(), "page.html")
	const script = `cat >"$1" <<END
<title>page</title><pre id=out></pre><script>
const url = "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://graph.sandbox.invalid"
const ask = (options) => fetch(url, options).then(async (r) => "read " + r.type + await r.text(), () => "blocked")
const secret = { "X-IDENTITY-HEADER": "$IDENTITY_HEADER" }
Promise.all([ask({ headers: secret }), ask({}), ask({ mode: "no-cors", headers: secret }), ask({ method: "POST", body: "x" })])
	.then((all) => { document.getElementById("out").textContent = "answers: " + all.join("|") + "." })
</script>
END
"$2" --headless --no-sandbox --disable-gpu --user-data-dir="$3" --virtual-time-budget=5000 --dump-dom "file://$1" 2>/dev/null`
	cmd := exec.Command(program, "-Environment", "Sandbox", "-Identity", "-NoWelcome", "-AllowOutside", "--", "sh", "-c", script, "sh", page, browser, t.TempDir())
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "answers: blocked|blocked|read opaque|blocked.") || strings.Contains(string(out), "eyJ") {
		t.Errorf("%v\n%s", err, out)
	}
}
