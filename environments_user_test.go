//go:build !js

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

func newCloudDesk(t *testing.T) (d *desk, path string) {
	d = newDesk(t)
	return d, filepath.Join(d.mg, cloudFileName)
}

// TestCloudFileIsTheModules writes what the PowerShell module writes, to the byte.
func TestCloudFileIsTheModules(t *testing.T) {
	d, path := newCloudDesk(t)
	out, _ := d.must(0, "Add-EntraEnvironment TestCloud https://tester.com/path https://tester.com/")
	want := "Name      AzureADEndpoint    GraphEndpoint      Type\n----      ---------------    -------------      ----\n" +
		"TestCloud https://tester.com https://tester.com User-defined\n"
	if out != want {
		t.Errorf("%s\nwant\n%s", out, want)
	}
	data, err := os.ReadFile(path)
	file := "\uFEFF{\n  \"EnvironmentTable\": {\n    \"TestCloud\": {\n      \"Name\": \"TestCloud\",\n      \"AzureADEndpoint\": \"https://tester.com\",\n" +
		"      \"GraphEndpoint\": \"https://tester.com\",\n      \"Type\": \"User-defined\"\n    }\n  }\n}"
	if err != nil || string(data) != file {
		t.Errorf("%v\n%s\nwant\n%s", err, data, file)
	}
	if out, _ := d.must(0, "environments"); !strings.HasSuffix(out, "User-defined\n") || strings.Count(out, "Built-in") != 4 {
		t.Errorf("%s", out)
	}
}

func TestCloudFileKeepsWhatItDoesNotKnow(t *testing.T) {
	d, path := newCloudDesk(t)
	os.MkdirAll(d.mg, 0o755)
	before := "\uFEFF{\n  \"Other\": [1, 2],\n  \"EnvironmentTable\": {\"Mine\": {\"Name\": \"Mine\", \"AzureADEndpoint\": \"https://a.example.com\", \"GraphEndpoint\": \"https://b.example.com\", \"Type\": \"User-defined\", \"Extra\": {\"x\": 1.50}}}}"
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	d.must(0, "environments set mine -GraphEndpoint https://c.example.com")
	data, _ := os.ReadFile(path)
	var got struct {
		Other            []int
		EnvironmentTable map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(data[3:], &got); err != nil {
		t.Fatal(err)
	}
	mine := got.EnvironmentTable["Mine"]
	if len(got.Other) != 2 || !strings.Contains(string(mine["Extra"]), "1.50") || string(mine["AzureADEndpoint"]) != `"https://a.example.com"` || string(mine["GraphEndpoint"]) != `"https://c.example.com"` {
		t.Errorf("%s", data)
	}
	d.must(0, "environments remove MINE")
	if data, _ = os.ReadFile(path); strings.Contains(string(data), "Mine") || !strings.Contains(string(data), "Other") {
		t.Errorf("%s", data)
	}
}

func TestCloudRefusals(t *testing.T) {
	d, path := newCloudDesk(t)
	for line, want := range map[string]string{
		"environments set Global https://a.example.com https://b.example.com": "Cannot change built-in environment Global. [bad-value]",
		"environments add usgov https://a.example.com https://b.example.com":  "Cannot change built-in environment usgov. [bad-value]",
		"environments remove China":                                     "Cannot remove built-in environment China. [bad-value]",
		"environments remove None":                                      "Environment None not found. [unknown-environment]",
		"environments add X http://a.example.com https://b.example.com": "-AzureADEndpoint must begin with https: secrets and tokens are sent there. [bad-value]",
		"environments add X a.example.com https://b.example.com":        "Parameter 'AzureADEndpoint' has an invalid endpoint URL. Please use a valid URL with a network protocol i.e. [protocol]://[resource-name]. [bad-value]",
		"environments add X https://u@a.example.com https://b":          "Parameter 'AzureADEndpoint' has an invalid endpoint URL. Please use a valid URL with a network protocol i.e. [protocol]://[resource-name]. [bad-value]",
		"environments add X https://a.example.com":                      "Parameter 'GraphEndpoint' has an invalid endpoint URL. Please use a valid URL with a network protocol i.e. [protocol]://[resource-name]. [bad-value]",
	} {
		if _, stderr := d.must(2, line); !strings.HasPrefix(stderr, "Connect-Entra: "+want+"\n") {
			t.Errorf("%s\n%s", line, stderr)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a refused change wrote the file")
	}
	d.must(0, "environments add Mine https://login.example.com https://graph.example.com")
	if runtime.GOOS != "windows" { // where modes say nothing
		os.Chmod(path, 0o666)
		if _, stderr := d.must(8, "-Environment Mine"); !strings.Contains(stderr, "others may write to it") {
			t.Errorf("%s", stderr)
		}
	}
	os.WriteFile(path, []byte("{nonsense"), 0o600)
	os.Chmod(path, 0o600)
	d.must(8, "-Environment Mine")
	d.must(8, "environments add Other https://login.example.com https://graph.example.com")
	d.must(0, "") // built-in clouds do not depend on the file
}

// TestShadowedCloudIsIgnored: the reference lets an entry of the file replace a
// built-in cloud, and so send its users elsewhere.
func TestShadowedCloudIsIgnored(t *testing.T) {
	d, path := newCloudDesk(t)
	os.MkdirAll(d.mg, 0o700)
	os.WriteFile(path, []byte(`{"EnvironmentTable":{"global":{"Name":"global","AzureADEndpoint":"https://evil.example.com","GraphEndpoint":"https://evil.example.com","Type":"User-defined"}}}`), 0o600)
	out, stderr := d.must(0, "environments")
	if strings.Contains(out, "evil") || !strings.Contains(stderr, "Your own cloud global cannot be used") {
		t.Errorf("%s%s", out, stderr)
	}
}

func TestOwnCloudIsNamed(t *testing.T) {
	d, _ := newCloudDesk(t)
	d.must(0, "environments add Mine https://login.example.com https://graph.example.com")
	d.entra.at("https://login.example.com", "https://graph.example.com")
	_, stderr := d.must(0, "-Environment mine")
	if !strings.HasPrefix(stderr, "The environment Mine is one of your own: it signs in at https://login.example.com and asks https://graph.example.com.\n") {
		t.Errorf("%s", stderr)
	}
	d.token()
	if _, stderr := d.must(0, "-Environment Mine"); !strings.HasPrefix(stderr, "The environment Mine is one of your own: ") {
		t.Errorf("silently:\n%s", stderr)
	}
	d.expire()
	if _, stderr := d.must(0, "token"); !strings.HasPrefix(stderr, "The environment Mine is one of your own: ") {
		t.Errorf("renewing:\n%s", stderr)
	}
	d.must(0, "environments set Mine -AzureADEndpoint https://elsewhere.example.com")
	if _, stderr := d.must(4, "token"); !strings.Contains(stderr, "The environment Mine is not what it was") {
		t.Errorf("a saved token of another host's was given:\n%s", stderr)
	}
	d.must(0, "disconnect")
}

func TestCloudsByManyAtOnce(t *testing.T) {
	d, path := newCloudDesk(t)
	var all sync.WaitGroup
	for _, name := range strings.Fields("a b c d e f g h i j k l m n o p q r s t") {
		all.Go(func() {
			d.typed("environments add Cloud" + name + " https://login.example.com https://graph.example.com")
		})
	}
	all.Wait()
	data, _ := os.ReadFile(path)
	if n := strings.Count(string(data), userDefined); n != 20 {
		t.Errorf("%d of 20 clouds are in the file", n)
	}
}

// TestCloudFileThatIsHeld: whoever holds the file for good is told of.
func TestCloudFileThatIsHeld(t *testing.T) {
	d, path := newCloudDesk(t)
	d.must(0, "environments add Mine https://login.example.com https://graph.example.com")
	holds, release, released := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		defer close(released)
		cloudFile{d.mg}.change(func(old []byte) ([]byte, error) {
			close(holds)
			<-release
			return old, nil
		})
	}()
	<-holds
	synctest.Test(t, func(t *testing.T) { // whose clock only goes on while the reader waits
		if _, err := (cloudFile{d.mg}).read(); err == nil || !strings.HasPrefix(err.Error(), "Could not read file at '"+path+"'.") {
			t.Errorf("held for good: %v", err)
		}
	})
	close(release)
	<-released
}
