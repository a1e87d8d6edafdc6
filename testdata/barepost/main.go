// Barepost sends one form with net/http and trusts one certificate, and that is all: what
// BenchmarkColdSecret compares with.
//
//	barepost URL FORM-FILE ROOT-FILE
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	form, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	root, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	client := &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2: true,
	}}
	resp, err := client.Post(os.Args[1], "application/x-www-form-urlencoded", bytes.NewReader(form))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		log.Fatal(resp.Status, err)
	}
}
