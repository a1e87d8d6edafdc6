// Wasm builds the page: the root package for the browser, and the files around it.
//
//	go run ./wasm              builds it and serves it on this machine
//	go run ./wasm -o site      writes it instead, for any static host, under any path
//
// It knows neither Entra nor its parameters: those are the root package's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// defaultAddress is where the page is served, or on the next free port.
const defaultAddress = "localhost:8080"

func main() {
	address := flag.String("http", defaultAddress, "serve the page at this address of this machine")
	out := flag.String("o", "", "write the page into this folder instead of serving it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := do(ctx, *address, *out); err != nil {
		fmt.Fprintln(os.Stderr, "wasm:", err)
		os.Exit(1)
	}
}

func do(ctx context.Context, address, out string) error {
	wasm, glue, err := build(ctx)
	if err != nil {
		return err
	}
	s, err := newSite(wasm, glue)
	if err != nil {
		return err
	}
	if out != "" {
		if err := s.write(out); err != nil {
			return err
		}
		fmt.Printf("Wrote the page to %s. HOSTING.txt there says what a host should send.\n", out)
		return nil
	}
	listener, err := listen(address)
	if err != nil {
		return err
	}
	return serve(ctx, listener, s)
}

// build compiles the root package for the browser, and finds the glue that belongs to
// the very same Go. Without inlining (-l) a visitor loads a twelfth less, and it starts
// as fast.
func build(ctx context.Context) (wasm, glue []byte, err error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, nil, errors.New("this binary does not say which module it is of; use: go run ./wasm")
	}
	folder, err := os.MkdirTemp("", "connect-entra-wasm")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, wasmName)
	if _, err := goCommand(ctx, "build", "-trimpath", "-ldflags=-s -w", "-gcflags=all=-l", "-o", file, info.Main.Path); err != nil {
		return nil, nil, err
	}
	if wasm, err = os.ReadFile(file); err != nil {
		return nil, nil, err
	}
	root, err := goCommand(ctx, "env", "GOROOT")
	if err != nil {
		return nil, nil, err
	}
	glue, err = os.ReadFile(filepath.Join(strings.TrimSpace(root), "lib", "wasm", glueName))
	return wasm, glue, err
}

func goCommand(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return string(out), nil
}

// listen takes the address; the default one may be taken, then the next free port is.
func listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("-http %s: %w", address, err)
	}
	if !isLoopback(host) {
		return nil, fmt.Errorf("-http %s: the page is served to this machine only; for others, write it with -o and host it", address)
	}
	if address != defaultAddress {
		return net.Listen("tcp", address)
	}
	first, _ := strconv.Atoi(port)
	for n := first; n < first+100; n++ {
		port = strconv.Itoa(n)
		if answers(net.JoinHostPort("::1", port)) {
			continue // free at 127.0.0.1, perhaps; but a browser would find whoever that is
		}
		if listener, err := net.Listen("tcp", net.JoinHostPort(host, port)); err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("no port from %d to %d is free; name one with -http", first, first+99)
}

func answers(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func serve(ctx context.Context, listener net.Listener, s site) error {
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	fmt.Printf("The page is at http://localhost:%s/ (Ctrl-C ends it)\n", port)
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
