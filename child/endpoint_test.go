package child

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connect-entra/failure"
)

const (
	graphAppID = "00000003-0000-0000-c000-000000000000"
	testClient = "00000000-0000-4000-8000-0000000000c1"
	otherGUID  = "00000000-0000-4000-8000-000000000001"
)

// openEndpoint serves the tokens of a source, for Graph of Global and for one more API.
func openEndpoint(t testing.TB, from source) *endpoint {
	t.Helper()
	e := &endpoint{
		resources: []Resource{
			{Names: []string{"https://graph.microsoft.com", graphAppID}},
			{Names: []string{"https://vault.example/"}, Scopes: []string{"https://vault.example/.default"}},
		},
		clientID: testClient,
		source:   from,
		admit:    func(_, _ netip.AddrPort) error { return nil },
	}
	if err := e.listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	return e
}

// counted is a source that counts its calls; its tokens live for life.
func counted(calls *atomic.Int64, life time.Duration) source {
	return func(context.Context, []string, time.Duration) (Token, error) {
		calls.Add(1)
		return NewToken("canary-token", time.Now().Add(life)), nil
	}
}

const graphQuery = "?api-version=2019-08-01&resource=https://graph.microsoft.com"

// get sends one request as an SDK does.
func (e *endpoint) get(query string) (status int, answer map[string]any, err error) {
	r, err := http.NewRequest(http.MethodGet, e.url()+query, nil)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("X-IDENTITY-HEADER", e.secret)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, answer, json.NewDecoder(resp.Body).Decode(&answer)
}

// TestEndpointRefusesTricks sends requests with the right secret that no SDK sends.
func TestEndpointRefusesTricks(t *testing.T) {
	var calls atomic.Int64
	e := openEndpoint(t, counted(&calls, time.Hour))
	_, port, _ := net.SplitHostPort(e.address)
	path, host, secret := endpointPath+graphQuery, "Host: "+e.address, "X-IDENTITY-HEADER: "+e.secret
	get := func(lines ...string) string {
		return "GET " + path + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	with := func(line string) string { return get(host, secret, line) }
	method := func(name string) string { return strings.Replace(get(host, secret), "GET", name, 1) }
	tricks := []string{
		// another host: DNS rebinding, a proxy, a redirect
		get("Host: evil.example", secret), get("Host: localhost:"+port, secret), get("Host: [::1]:"+port, secret),
		get("Host: 127.0.0.1", secret), get("Host: 127.0.0.1:80", secret), get("Host: 127.1:"+port, secret),
		get("Host: 2130706433:"+port, secret), get("Host: 127.0.0.1."+":"+port, secret), get("Host: ", secret), get(secret),
		get(host, host, secret), get(host, "Host: evil.example", secret), get("Host: "+e.address+", evil.example", secret),
		get("Host: x@"+e.address, secret), strings.Replace(get(host, secret), " /", " http://evil.example/", 1),
		strings.Replace(get(host, secret), " /", " http://"+e.address+"/", 1),
		// a page
		with("Origin: http://" + e.address), with("Origin: null"), with("Referer: http://" + e.address + "/"),
		with("Sec-Fetch-Mode: no-cors"), with("Sec-Fetch-Site: none"), with("sec-fetch-dest: empty"), with("Sec-CH-UA: x"), with("Cookie: a=b"),
		// a forwarder
		with("X-Forwarded-For: 127.0.0.1"), with("X-Forwarded-Host: " + e.address), with("x-forwarded-proto: http"), with("X-Forwarded: x"), with("Forwarded: for=127.0.0.1"), with("Via: 1.1 proxy"),
		// another method
		method("POST"), method("PUT"), method("HEAD"), method("OPTIONS"), method("CONNECT"), method("get"),
		// another secret
		get(host), get(host, "X-IDENTITY-HEADER: "), get(host, "X-IDENTITY-HEADER: "+e.secret[:63]), get(host, "X-IDENTITY-HEADER: "+e.secret+"0"),
		get(host, secret, secret), get(host, secret, "x-identity-header: wrong"), get(host, "X-IDENTITY-HEADER: "+strings.ToUpper(e.secret)+" "),
		get(host, "Secret: "+e.secret), get(host, "X_IDENTITY_HEADER: "+e.secret), get(host, "Authorization: Bearer "+e.secret), get(host, "Metadata: true"),
		// no HTTP of today
		"GET " + path + "\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", with("A: " + strings.Repeat("a", 1<<17)),
	}
	if len(tricks) < 40 {
		t.Fatalf("only %d tricks", len(tricks))
	}
	for _, trick := range tricks {
		answer := e.send(t, trick)
		if strings.Contains(answer, "canary") || strings.Contains(answer, "Access-Control") || strings.HasPrefix(answer, "HTTP/1.1 2") {
			t.Errorf("%.200q was answered:\n%s", trick, answer)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("the source was asked %d times", calls.Load())
	}
	if answer := e.send(t, get(host, secret)); !strings.Contains(answer, "canary-token") || !strings.Contains(answer, "no-store") {
		t.Errorf("without a trick: %s", answer)
	}
}

// send writes raw bytes and reads what comes back.
func (e *endpoint) send(t testing.TB, raw string) string {
	t.Helper()
	conn, err := net.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(conn, raw) // the other side may have closed already
	data, _ := io.ReadAll(conn)
	return string(data)
}

// TestEndpointWithstandsGuessing sends 100 000 wrong secrets, among them all prefixes of
// the right one.
func TestEndpointWithstandsGuessing(t *testing.T) {
	var calls atomic.Int64
	e := openEndpoint(t, counted(&calls, time.Hour))
	for i := range 100_000 {
		r := httptest.NewRequest(http.MethodGet, endpointPath+graphQuery, nil)
		r.Host = e.address
		r.Header.Set(endpointHeader, e.secret[:i%64]+fmt.Sprintf("%0*x", i%3, i))
		if r.Header.Get(endpointHeader) == e.secret { // some guesses are right by chance
			continue
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Fatalf("%q: %d %s", r.Header.Get(endpointHeader), w.Code, w.Body)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("the source was asked %d times", calls.Load())
	}
}

// TestEndpointKnowsResources has what may be asked for, and what else may not.
func TestEndpointKnowsResources(t *testing.T) {
	type question struct {
		scopes []string
		life   time.Duration
	}
	var asked []question
	e := openEndpoint(t, func(_ context.Context, scopes []string, life time.Duration) (Token, error) {
		asked = append(asked, question{scopes, life})
		return NewToken("canary-token", time.Now().Add(time.Hour)), nil
	})
	version := "api-version=2019-08-01&"
	for query, want := range map[string]int{
		version + "resource=https://graph.microsoft.com":                                200,
		version + "resource=https://graph.microsoft.com/":                               200,
		version + "resource=https%3A%2F%2Fgraph.microsoft.com%2F.default":               200,
		version + "resource=HTTPS://GRAPH.MICROSOFT.COM":                                200,
		version + "resource=" + graphAppID:                                              200,
		version + "resource=https://vault.example/":                                     200,
		version + "resource=https://graph.microsoft.com&client_id=" + testClient:        200,
		version + "resource=https://graph.microsoft.com&client_id=" + otherGUID:         400,
		version + "resource=https://graph.microsoft.com&principal_id=" + testClient:     400,
		version + "resource=https://graph.microsoft.com&mi_res_id=/subscriptions/x":     400,
		version + "resource=https://graph.microsoft.us":                                 400,
		version + "resource=https://management.azure.com":                               400,
		version + "resource=https://graph.microsoft.com@evil.example":                   400,
		version + "resource=https://graph.microsoft.com.evil.example":                   400,
		version + "resource=https://graph.microsoft.com%20https://vault.example":        400,
		version + "resource=https://graph.microsoft.com%0d%0aX:y":                       400,
		version + "resource=https://graph.microsoft.com&resource=https://vault.example": 400,
		version + "resource=":                                                                400,
		version + "scope=https://graph.microsoft.com":                                        400,
		"resource=https://graph.microsoft.com":                                               400,
		"api-version=2017-09-01&resource=https://graph.microsoft.com":                        400,
		version + "resource=https://graph.microsoft.com;x=y":                                 400,
		version + "resource=https://graph.microsoft.com&client_id=a&client_id=" + testClient: 400,
	} {
		status, answer, err := e.get("?" + query)
		if err != nil || status != want {
			t.Errorf("%s: %d %v %v", query, status, answer, err)
		}
		if _, ok := answer["access_token"]; ok != (want == 200) {
			t.Errorf("%s: %v", query, answer)
		}
	}
	for _, q := range asked {
		if q.life < time.Minute || len(q.scopes) > 1 || len(q.scopes) == 1 && q.scopes[0] != "https://vault.example/.default" {
			t.Errorf("the source was asked for %+v", q)
		}
	}
	asked = nil
	for life, want := range map[string]time.Duration{"1800": 30 * time.Minute, "-1": time.Minute, "x": time.Minute, "999999999999": 24 * time.Hour} {
		if status, _, _ := e.get(graphQuery + "&" + endpointLife + "=" + life); status != 200 || asked[len(asked)-1].life != want {
			t.Errorf("a life of %s: %d, asked for %+v", life, status, asked)
		}
	}
	if status, _, _ := e.get("x" + graphQuery); status != 400 {
		t.Errorf("another path: %d", status)
	}
}

// TestEndpointAsksOnceForMany has a thousand callers at a time wait for one answer of the
// source.
func TestEndpointAsksOnceForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, bad atomic.Int64
		have := counted(&calls, time.Hour)
		e := &endpoint{ // without a listener, which no fake clock waits for
			resources: []Resource{{Names: []string{"https://graph.microsoft.com"}}},
			source: func(ctx context.Context, scopes []string, life time.Duration) (Token, error) {
				time.Sleep(time.Minute)
				return have(ctx, scopes, life)
			},
			admit:   func(_, _ netip.AddrPort) error { return nil },
			address: "127.0.0.1:1", secret: "canary", ctx: t.Context(), inFlight: map[request]*call{}, last: map[*Resource]Token{},
		}
		var wait sync.WaitGroup
		for range 1000 {
			wait.Go(func() {
				r := httptest.NewRequest(http.MethodGet, endpointPath+graphQuery, nil)
				r.Host = e.address
				r.Header.Set(endpointHeader, e.secret)
				w := httptest.NewRecorder()
				if e.ServeHTTP(w, r); w.Code != 200 {
					bad.Add(1)
				}
			})
		}
		wait.Wait()
		if calls.Load() != 1 || bad.Load() != 0 {
			t.Errorf("%d questions to the source, %d callers without a token", calls.Load(), bad.Load())
		}
	})
}

// TestEndpointServesMany has a thousand connections at a time.
func TestEndpointServesMany(t *testing.T) {
	e := openEndpoint(t, counted(new(atomic.Int64), time.Hour))
	var wait sync.WaitGroup
	for range 1000 {
		wait.Go(func() {
			if status, _, err := e.get(graphQuery); err != nil || status != 200 {
				t.Error(status, err)
			}
		})
	}
	wait.Wait()
}

// TestEndpointSaysWhyNot has no token that ends within a minute, and a status by which
// SDKs know whether to try again.
func TestEndpointSaysWhyNot(t *testing.T) {
	for _, c := range []struct {
		from   source
		status int
		says   string
	}{
		{counted(new(atomic.Int64), 59*time.Second), 401, "token-expired"},
		{counted(new(atomic.Int64), 61*time.Second), 200, ""},
		{func(context.Context, []string, time.Duration) (Token, error) {
			return Token{}, failure.New("sign-in-needed", "Nobody is there.")
		}, 401, "Nobody is there. [sign-in-needed]"},
		{func(context.Context, []string, time.Duration) (Token, error) {
			return Token{}, failure.New("network", "No way.")
		}, 503, "No way. [network]"},
		{func(context.Context, []string, time.Duration) (Token, error) { return Token{}, errors.New("odd") }, 401, "[bug]"},
		{func(context.Context, []string, time.Duration) (Token, error) { panic("canary") }, 401, "[bug]"},
	} {
		status, answer, err := openEndpoint(t, c.from).get(graphQuery)
		if message, _ := answer["message"].(string); err != nil || status != c.status || !strings.Contains(message, c.says) || strings.Contains(message, "canary") {
			t.Errorf("%d %v %v, want %d with %q", status, answer, err, c.status, c.says)
		}
	}
}

// TestEndpointBridgesOutages has Entra out of reach when a token is to be renewed that is
// still good, and then refuse.
func TestEndpointBridgesOutages(t *testing.T) {
	answers := []error{nil, failure.New("network", "No way."), failure.New("refused", "No more.")}
	e := openEndpoint(t, func(context.Context, []string, time.Duration) (Token, error) {
		err := answers[0]
		answers = answers[1:]
		if err != nil {
			return Token{}, err
		}
		return NewToken("canary-token", time.Now().Add(3*time.Minute)), nil
	})
	for _, want := range []int{200, 200, 401} {
		if status, answer, err := e.get(graphQuery); err != nil || status != want {
			t.Errorf("%d %v %v, want %d", status, answer, err, want)
		}
	}
}

func TestEndpointCloses(t *testing.T) {
	e := openEndpoint(t, counted(new(atomic.Int64), time.Hour))
	idle, err := net.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	started := time.Now()
	e.close()
	if _, err := net.Dial("tcp", e.address); err == nil {
		t.Error("it still listens")
	}
	idle.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := idle.Read(make([]byte, 1)); err == nil || time.Since(started) > 100*time.Millisecond {
		t.Errorf("an open connection ended after %s: %v", time.Since(started), err)
	}
}

func FuzzEndpoint(f *testing.F) {
	e := openEndpoint(f, counted(new(atomic.Int64), time.Hour))
	f.Add(endpointPath, "api-version=2019-08-01&resource=https://graph.microsoft.com", "")
	f.Add("/", "resource=a&resource=b", e.secret)
	f.Fuzz(func(t *testing.T, path, query, secret string) {
		r := &http.Request{Method: http.MethodGet, Host: e.address, RequestURI: "/", URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{endpointHeader: {secret}}}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r.WithContext(t.Context()))
		if token := strings.Contains(w.Body.String(), "canary-token"); token && secret != e.secret {
			t.Errorf("%q %q gave a token", path, query)
		}
	})
}

// BenchmarkEndpoint prints the tokens a second that eight clients at a time get, each
// with a connection of its own as SDKs make them, and how long the slowest of a hundred
// waits.
func BenchmarkEndpoint(b *testing.B) {
	e := openEndpoint(b, counted(new(atomic.Int64), time.Hour))
	callers := newCallerCheck(false)
	callers.begin(os.Getpid(), false) // the test is the client, too
	e.admit = callers.admit
	var mu sync.Mutex
	var times []time.Duration
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			started := time.Now()
			if status, answer, err := e.get(graphQuery); status != 200 {
				b.Error(status, answer, err)
				return
			}
			mu.Lock()
			times = append(times, time.Since(started))
			mu.Unlock()
		}
	})
	slices.Sort(times)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}
