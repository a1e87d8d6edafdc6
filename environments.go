// The national clouds: a literal table of where each signs people in and where its
// Graph is, and how they are listed. It knows nothing else.

package main

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// Environment is a national cloud, or one that the user defined.
type Environment struct {
	Name            string
	AzureADEndpoint string // the authority's base: https and a host
	GraphEndpoint   string // Microsoft Graph's base: https and a host
	Type            string // Built-in, User-defined or Embedded

	issuerHost string   // whom the tokens name as issuer, where that is not the login host
	more       bool     // listed with -All only
	noDefault  bool     // the default client is not registered there
	aliases    []string // other login hosts that AZURE_AUTHORITY_HOST may name
}

// clouds in the order of the reference's table, then those listed with -All.
// Sources: learn.microsoft.com/graph/deployments; msgraph-sdk-powershell's built-ins.
var clouds = []Environment{
	{
		Name:            "China",
		AzureADEndpoint: "https://login.chinacloudapi.cn",
		GraphEndpoint:   "https://microsoftgraph.chinacloudapi.cn",
		Type:            "Built-in",
		issuerHost:      "login.partner.microsoftonline.cn",
		noDefault:       true,
		aliases:         []string{"login.partner.microsoftonline.cn"},
	},
	{
		Name:            "Global",
		AzureADEndpoint: "https://login.microsoftonline.com",
		GraphEndpoint:   "https://graph.microsoft.com",
		Type:            "Built-in",
		aliases:         []string{"login.microsoft.com", "login.windows.net", "sts.windows.net"},
	},
	{
		Name:            "USGov",
		AzureADEndpoint: "https://login.microsoftonline.us",
		GraphEndpoint:   "https://graph.microsoft.us",
		Type:            "Built-in",
		aliases:         []string{"login.usgovcloudapi.net"},
	},
	{
		Name:            "USGovDoD",
		AzureADEndpoint: "https://login.microsoftonline.us",
		GraphEndpoint:   "https://dod-graph.microsoft.us",
		Type:            "Built-in",
	},
	{
		Name:            "BleuCloud",
		AzureADEndpoint: "https://login.sovcloud-identity.fr",
		GraphEndpoint:   "https://graph.svc.sovcloud.fr",
		Type:            "Built-in",
		more:            true,
	},
	{
		Name:            "DelosCloud",
		AzureADEndpoint: "https://login.sovcloud-identity.de",
		GraphEndpoint:   "https://graph.svc.sovcloud.de",
		Type:            "Built-in",
		more:            true,
	},
	{
		Name:            "GovSGCloud",
		AzureADEndpoint: "https://login.sovcloud-identity.sg",
		GraphEndpoint:   "https://graph.svc.sovcloud.sg",
		Type:            "Built-in",
		more:            true,
	},
	{
		// .invalid never resolves (RFC 2606): what leaves the process by mistake goes nowhere.
		Name:            "Sandbox",
		AzureADEndpoint: "https://login.sandbox.invalid",
		GraphEndpoint:   "https://graph.sandbox.invalid",
		Type:            "Embedded",
		more:            true,
	},
}

// userDefined is the Type of a cloud that the user defined.
const userDefined = "User-defined"

// practice says whether this is the practice cloud, which runs in this process.
func (e Environment) practice() bool { return e.Type == "Embedded" }

func (e Environment) loginHost() string { return hostOf(e.AzureADEndpoint) }

func (e Environment) graphHost() string { return hostOf(e.GraphEndpoint) }

// issuer is the host that iss of its tokens names.
func (e Environment) issuer() string { return cmp.Or(e.issuerHost, e.loginHost()) }

// hostOf is the host of a base URL, which is https and a host alone, in lower case; ""
// for anything else.
func hostOf(base string) string {
	u, err := url.Parse(strings.ToLower(strings.TrimSuffix(base, "/")))
	if err != nil || *u != (url.URL{Scheme: "https", Host: u.Host}) {
		return ""
	}
	return u.Host
}

// hasGraph says whether base is this cloud's Graph.
func (e Environment) hasGraph(base string) bool {
	host := hostOf(base)
	return host != "" && host == e.graphHost()
}

// findEnvironment finds a cloud by name, without regard to case as the reference does.
func findEnvironment(known []Environment, name string) (Environment, bool) {
	for _, e := range known {
		if strings.EqualFold(e.Name, name) {
			return e, true
		}
	}
	return Environment{}, false
}

// environmentOf finds the cloud whose Graph has the audience aud, by URL or by host.
func environmentOf(known []Environment, aud string) (Environment, bool) {
	for _, e := range known {
		if e.hasGraph(aud) {
			return e, true
		}
	}
	return Environment{}, false
}

// listEnvironments picks what the environments verb shows: the reference's four and
// the user's own; all of them; or the one of that name, which may be none.
func listEnvironments(known []Environment, all bool, name string) []Environment {
	var list []Environment
	for _, e := range known {
		if name != "" && strings.EqualFold(e.Name, name) || name == "" && (all || !e.more) {
			list = append(list, e)
		}
	}
	return list
}

// formatEnvironments is the table as PowerShell prints it: one space between columns,
// a rule as long as each heading.
func formatEnvironments(list []Environment) string {
	rows := [][]string{{"Name", "AzureADEndpoint", "GraphEndpoint", "Type"}, {"----", "---------------", "-------------", "----"}}
	for _, e := range list {
		rows = append(rows, []string{e.Name, e.AzureADEndpoint, e.GraphEndpoint, e.Type})
	}
	return formatTable(rows)
}

func formatTable(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-len(cell)+1))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// environmentsJSON is the same list for a script.
func environmentsJSON(list []Environment) string {
	return formatJSON(append([]Environment{}, list...), "  ")
}

// ownCloudNote is said before such a cloud is used.
func ownCloudNote(e Environment) string {
	return "The environment " + e.Name + " is one of your own: it signs in at " + e.AzureADEndpoint + " and asks " + e.GraphEndpoint + "."
}

func unknownEnvironment(name string, known []Environment) error {
	f := failure.New("unknown-environment", "Unable to find environment with name '%s'. Use Get-MgEnvironment to list available environments.", failure.Clean(name))
	if near := powershell.Nearest(name, strings.Split(environmentNames(known), ", ")); near != "" {
		return f.Try("did you mean %s? One of %s", near, environmentNames(known))
	}
	return f.Try("one of %s", environmentNames(known))
}

func environmentNames(known []Environment) string {
	var list []string
	for _, e := range known {
		list = append(list, e.Name)
	}
	return strings.Join(list, ", ")
}

// environmentOfAuthority finds the first cloud with that login host. Two share .us;
// the table's order makes it USGov, as the Azure SDKs mean it.
func environmentOfAuthority(known []Environment, authority string) (Environment, bool) {
	if !strings.Contains(authority, "://") {
		authority = "https://" + authority
	}
	host := hostOf(authority)
	for _, e := range known {
		if host == e.loginHost() || slices.Contains(e.aliases, host) {
			return e, true
		}
	}
	return Environment{}, false
}
