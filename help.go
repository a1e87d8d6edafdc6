//go:build !js

// Help, rendered from the tables: what a verb, a parameter, an error code or a topic
// is. It fits a terminal of 80 columns.

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// topics are what help explains beside verbs, parameters and codes.
var topics = []struct {
	name, summary string
	text          func() string
}{
	{"syntax", "the six parameter sets, as the document prints them", syntaxText},
	{"parameters", "all parameters, a line each", parametersText},
	{"examples", "the document's examples, as one types them here", examplesText},
	{"secrets", "where tokens, secrets and passwords are read from", secretsText},
	{"status", "exit statuses and error ids", statusText},
}

// example is one of the document's, as one types it here.
type example struct{ title, line string }

// examples stand in the document's order.
var examples = []example{
	{"An app, by certificate thumbprint", `connect-entra -TenantId "d5aec55f-2d12-4442-8d2f-ccca95d4390e" -ApplicationId "8886ad7b-1795-4542-9808-c85859d97f23" -CertificateThumbprint F8813914053FBFB5D84F1EFA9EDB3205621C1126`},
	{"A person, with the scopes for this session", `connect-entra -Scopes "User.Read.All", "Group.ReadWrite.All"`},
	{"A token that you have", `connect-entra -AccessToken env:TOKEN`},
	{"As a different identity than the kept one", `connect-entra -ContextScope "Process"`},
	{"In another environment or cloud", `connect-entra -Environment Global`},
	{"With another timeout, in seconds", `connect-entra -ClientTimeout 60`},
	{"Without the welcome message", `connect-entra -NoWelcome`},
	{"With a device code", `connect-entra -UseDeviceAuthentication`},
	{"An app, by certificate name", `connect-entra -ClientId "YOUR_APP_ID" -TenantId "YOUR_TENANT_ID" -CertificateName "YOUR_CERT_SUBJECT"`},
	{"An app, by certificate", `connect-entra -ClientId "YOUR_APP_ID" -TenantId "YOUR_TENANT_ID" -Certificate app.pem`},
	{"An app, by secret, which is asked for", `connect-entra -TenantId "Tenant_Id" -ClientSecretCredential "Client_Id"`},
	{"The managed identity of this host", `connect-entra -Identity`},
	{"A user-assigned managed identity", `connect-entra -Identity -ClientId "User_Assigned_Managed_identity_Client_Id"`},
	{"By environment variables", `connect-entra -EnvironmentVariable`},
}

// showHelp prints help on what was asked, or the short help.
func showHelp(_ context.Context, con *console, world *world, p Params) error {
	text, err := helpOn(p.Text("Topic"))
	if err != nil {
		return err
	}
	return con.print(text)
}

// helpOn finds a topic, a verb, a parameter or a code by its name.
func helpOn(name string) (string, error) {
	if name == "" {
		return shortHelp(), nil
	}
	for _, t := range topics {
		if strings.EqualFold(t.name, name) {
			return t.text(), nil
		}
	}
	if v, ok := findVerb(name); ok {
		return verbHelp(v), nil
	}
	if a, ok := findAADSTS(strings.TrimPrefix(strings.ToUpper(name), "AADSTS")); ok {
		var b strings.Builder
		column(&b, "", "AADSTS"+a.code+":", 12, a.meaning)
		column(&b, "  ", "try:", 10, a.cure)
		return b.String(), nil
	}
	bare := strings.TrimLeft(name, powershell.Dashes)
	p, _, err := powershell.Match(parameters, bare)
	if err != nil {
		return "", err
	}
	if p.Name != "" {
		return parameterHelp(p), nil
	}
	for _, v := range verbs() {
		for _, p := range v.parameters() {
			if strings.EqualFold(p.Name, bare) {
				return "connect-entra " + v.name + " " + parameterHelp(p), nil
			}
		}
	}
	f := failure.New("unknown-topic", "There is no help on %q.", failure.Clean(name))
	if near := powershell.Nearest(bare, topicNames()); near != "" {
		return "", f.Try("connect-entra help %s", near)
	}
	return "", f.Try("connect-entra help")
}

func topicNames() []string {
	var names []string
	for _, t := range topics {
		names = append(names, t.name)
	}
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	for _, p := range parameters {
		names = append(names, p.Name)
	}
	return names
}

// shortHelp fits 80 columns and 24 lines.
func shortHelp() string {
	var b strings.Builder
	b.WriteString("Sign in to Microsoft Entra ID, typed as PowerShell's Connect-Entra.\n")
	for _, line := range []string{
		"connect-entra -Scopes User.Read.All             in the browser",
		"connect-entra -UseDeviceCode                    with a code, on another device",
		"connect-entra -ClientId ID -TenantId T -Certificate app.pem",
		"connect-entra -TenantId T -ClientSecretCredential ID",
		"connect-entra -Identity                         as this Azure host",
		"connect-entra -AccessToken -                    with a token from stdin",
		"connect-entra -EnvironmentVariable              by AZURE_CLIENT_ID and so on",
		"connect-entra -Environment Sandbox …            to practise, without a network",
	} {
		b.WriteString("  " + line + "\n")
	}
	b.WriteString("\n")
	for _, v := range verbs() {
		if !strings.Contains(v.name, " ") { // those are in the help of their first word
			fmt.Fprintf(&b, "  %-13s %s\n", v.name, v.summary)
		}
	}
	b.WriteString("\nhelp NAME explains a verb, a parameter or AADSTS code; help ")
	var names []string
	for _, t := range topics {
		names = append(names, t.name)
	}
	b.WriteString("TOPIC one of\n" + strings.Join(names, ", ") + ".\n")
	return b.String()
}

func verbHelp(v verb) string {
	var b strings.Builder
	fmt.Fprintf(&b, "connect-entra %s: %s\n", v.name, v.summary)
	if len(v.cmdlets) > 0 {
		fmt.Fprintf(&b, "Also: %s\n", strings.Join(v.cmdlets, ", "))
	}
	own := slices.DeleteFunc(slices.Clone(v.parameters()), func(p powershell.Parameter) bool { return p.Common })
	if len(own) > 0 {
		b.WriteString("\n")
		writeParameters(&b, own)
	}
	for _, more := range verbs() {
		if strings.HasPrefix(more.name, v.name+" ") {
			b.WriteString("\n" + verbHelp(more))
		}
	}
	return b.String()
}

func writeParameters(b *strings.Builder, list []powershell.Parameter) {
	for _, p := range list {
		column(b, "  ", "-"+p.Name, 25, p.Help)
	}
}

// syntaxText is the document's SYNTAX, from the table, and then what it does not have.
func syntaxText() string {
	var b strings.Builder
	for i, set := range connectSets {
		title := set
		if i == 0 {
			title += " (Default)"
		}
		b.WriteString(title + "\n" + wrap("Connect-Entra "+strings.Join(powershell.Syntax(documented, set), " ")+" [<CommonParameters>]") + "\n")
	}
	b.WriteString("Not in the document, bound by their full name only\n" + wrap(strings.Join(powershell.Syntax(ours, ""), " ")))
	return b.String()
}

func parametersText() string {
	var b strings.Builder
	b.WriteString("Connect-Entra's:\n")
	writeParameters(&b, documented)
	b.WriteString("\nNot in its document, bound by their full name only:\n")
	writeParameters(&b, ours)
	b.WriteString("\nPowerShell's common parameters:\n")
	writeParameters(&b, commonParameters)
	return b.String()
}

// parameterHelp is in the document's words where it has them.
func parameterHelp(p powershell.Parameter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-%s <%s>\n  %s\n\n", p.Name, p.Type.Short(), p.Help)
	column(&b, "  ", "Aliases:", 18, cmp.Or(strings.Join(p.Aliases, ", "), "none"))
	if values := p.Type.Values; values != nil {
		column(&b, "  ", "Accepted values:", 18, strings.Join(values, ", "))
	}
	if len(p.Sets) == 0 {
		column(&b, "  ", "Parameter sets:", 18, "all, by name")
	}
	for i, set := range p.Sets {
		label := "Parameter sets:"
		if i > 0 {
			label = ""
		}
		place := "by name"
		if set.Position > 0 {
			place = fmt.Sprintf("position %d", set.Position)
		}
		if set.Mandatory {
			place += ", mandatory"
		}
		column(&b, "  ", label, 18, set.Set+": "+place)
	}
	column(&b, "  ", "Default:", 18, cmp.Or(defaults[p.Name], "none"))
	return b.String()
}

// defaults are the values that plan.go gives what was not typed.
var defaults = map[string]string{
	"Scopes":        "User.Read",
	"ClientId":      defaultClientID + " (Microsoft Graph Command Line Tools)",
	"TenantId":      "common; organizations with -UseDeviceCode",
	"ContextScope":  "CurrentUser for a person, else Process",
	"Environment":   "Global",
	"ClientTimeout": "300",
}

func examplesText() string {
	var b strings.Builder
	for i, e := range examples {
		fmt.Fprintf(&b, "%2d. %s\n%s\n", i+1, e.title, wrap(e.line))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func secretsText() string {
	return `A secret is never typed into a command line. Name the place it is in:

  -            stdin, one line; where stdin is a terminal, a prompt without echo
  @FILE        a file, without its last line ending
  file:PATH    the same, for PowerShell, where @ means something else
  env:NAME     an environment variable

  connect-entra -AccessToken env:TOKEN
  connect-entra -TenantId T -ClientSecretCredential APPID:@secret.txt
  connect-entra -ClientId APPID -TenantId T -Certificate app.pfx \
    -CertificatePassword -
`
}

func statusText() string {
	var b strings.Builder
	for _, s := range exitStatuses {
		column(&b, "", fmt.Sprintf("%3d", s.status), 4, s.meaning)
		for _, k := range kinds {
			if k.exit == s.status {
				fmt.Fprintf(&b, "       %s\n", k.id)
			}
		}
	}
	return b.String()
}

// wrap breaks a line before 78 columns, between brackets, and indents it.
func wrap(text string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(strings.ReplaceAll(text, " <", "\x00<"), " ") {
		word = strings.ReplaceAll(word, "\x00", " ")
		switch {
		case i == 0:
			b.WriteString("  " + word)
			column = 2 + len(word)
		case column+1+len(word) > 78:
			b.WriteString("\n    " + word)
			column = 4 + len(word)
		default:
			b.WriteString(" " + word)
			column += 1 + len(word)
		}
	}
	return b.String() + "\n"
}
