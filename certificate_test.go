//go:build !js

package main

import (
	"crypto/x509"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// TestSignInByCertificate plays a transcript in a folder with one certificate in many forms.
func TestSignInByCertificate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("left out: its warnings are of Unix' mode bits")
	}
	transcript, err := os.ReadFile("testdata/certificate.txt")
	if err != nil {
		t.Fatal(err)
	}
	certificate, key := testCertificate()
	date := func(year int) time.Time { return time.Date(year, 2, 3, 0, 0, 0, 0, time.UTC) }
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := pkcs12.Modern.Encode(key, certificate, nil, "of the tests")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, data := range map[string][]byte{
		"app.pem":      pemOf(certificate, key),
		"open.pem":     pemOf(certificate, key),
		"cert.der":     certificate.Raw,
		"key.der":      der,
		"app.pfx":      pfx,
		"expired.pem":  pemOf(newTestCertificate(key, "Test", date(1998), date(1999)), key),
		"stranger.pem": pemOf(newTestCertificate(key, "Test", date(1998), date(2090)), key),
	} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod("open.pem", 0o644); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { playTranscript(t, string(transcript)) })
}
