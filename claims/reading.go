// What a token says of itself, in plain words. All of it is what the token claims:
// nothing here checks a signature.

package claims

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
)

// Reading is a token as a person reads it. Foreign text in it has been made printable.
type Reading struct {
	Opaque      bool     // nothing in it can be read; the fields but Notes are empty
	Cloud       string   // whose Graph the token is for; "" where the audience does not tell
	Graph       bool     // it is for Microsoft Graph, of whichever cloud
	Audience    string   // what it is for
	Who         string   // the person, or words for nobody
	App         string   // the application that got it, or words for none
	Tenant      string   // the tenant that issued it, or words for none
	Access      string   // delegated or app-only, and what that means
	AppOnly     bool     // it is an application's own, no person's
	Permissions []Fact   // scopes or roles
	Claims      []Fact   // every claim
	IssuedAt    int64    // seconds since 1970, 0 when the token does not say
	NotBefore   int64    // the same
	ExpiresOn   int64    // the same
	Notes       []string // what was not checked, and what is odd
}

// Fact is a claim or a permission: its name, its value, and what that means.
type Fact struct{ Name, Value, Meaning string }

// claimMeanings are in the order in which they are shown; claims without a row follow.
// Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
var claimMeanings = []struct{ name, meaning string }{
	{"aud", "whom the token is for: only this API accepts it"},
	{"iss", "who issued it"},
	{"iat", "when it was issued"},
	{"nbf", "from when on it is good"},
	{"exp", "until when it is good"},
	{"name", "the person's name"},
	{"upn", "the person's sign-in name"},
	{"preferred_username", "the person's sign-in name; it can change"},
	{"unique_name", "a name to show, not to trust"},
	{"email", "the mail address, as somebody typed it"},
	{"oid", "the object in the directory that signed in"},
	{"sub", "whoever signed in, as this application knows them"},
	{"acct", "what kind of account"},
	{"tid", "the tenant"},
	{"appid", "the application that got the token"},
	{"azp", "the application that got the token"},
	{"app_displayname", "that application's name"},
	{"appidacr", "how the application proved itself"},
	{"azpacr", "how the application proved itself"},
	{"idtyp", "whom the token stands for"},
	{"scp", "delegated permissions"},
	{"roles", "application permissions"},
	{"wids", "administrator roles that the person holds, by template ID"},
	{"groups", "groups that the person is in"},
	{"amr", "how the person signed in"},
	{"acr", "how strong the sign-in was (old tokens)"},
	{"acrs", "authentication contexts that were satisfied"},
	{"auth_time", "when the person last signed in"},
	{"signin_state", "about the session"},
	{"ipaddr", "where from the person signed in"},
	{"deviceid", "the device that was used"},
	{"platf", "its operating system"},
	{"family_name", "the family name"},
	{"given_name", "the given name"},
	{"onprem_sid", "the same person in the local Active Directory"},
	{"idp", "who vouched for the person, where that was not this tenant"},
	{"sid", "the session"},
	{"nonce", "ties the token to one request"},
	{"cnf", "the key that the token is bound to: without it the token is of no use"},
	{"ver", "the version of the token's format"},
	{"xms_cc", "what the application can handle"},
	{"xms_tcdt", "when the tenant was created"},
	{"xms_ssm", "how long the session is kept"},
	{"tenant_region_scope", "where the tenant is"},
	{"puid", "an older number of the same person"},
	{"aio", "for Entra's own use"},
	{"rh", "for Entra's own use"},
	{"uti", "the token's own ID, as sign-in logs name it"},
	{"xms_ftd", "for Entra's own use"},
	{"xms_idrel", "for Entra's own use"},
	{"xms_st", "for Entra's own use"},
}

// valueMeanings explain a value, or one item of a list, of a claim.
var valueMeanings = []struct{ claim, value, meaning string }{
	{"acct", "0", "a member of the tenant"},
	{"acct", "1", "a guest"},
	{"appidacr", "0", "not at all: a public client, such as a command line tool"},
	{"appidacr", "1", "with a secret"},
	{"appidacr", "2", "with a certificate or a federated credential"},
	{"azpacr", "0", "not at all: a public client, such as a command line tool"},
	{"azpacr", "1", "with a secret"},
	{"azpacr", "2", "with a certificate or a federated credential"},
	{"amr", "fed", "at a federated identity provider"},
	{"amr", "fido", "a security key or passkey"},
	{"amr", "mfa", "more than one factor"},
	{"amr", "ngcmfa", "more than one factor, to set up a credential"},
	{"amr", "pwd", "a password"},
	{"amr", "rsa", "a certificate or Windows Hello"},
	{"amr", "wia", "Windows integrated"},
	{"idtyp", "app", "the application itself"},
	{"idtyp", "user", "a person"},
	{"signin_state", "dvc_cmp", "a compliant device"},
	{"signin_state", "dvc_mngd", "a managed device"},
	{"signin_state", "inknownntwk", "a known network"},
	{"signin_state", "kmsi", "stays signed in"},
	{"wids", "62e90394-69f5-4237-9190-012177145e10", "Global Administrator"},
	{"wids", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"},
	{"wids", "b79fbf4d-3ef9-4689-8143-76b194e85509", "an ordinary user"},
	{"wids", "e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"},
	{"wids", "f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"},
	{"wids", "fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"},
	{"xms_cc", "cp1", "claims challenges (Continuous Access Evaluation)"},
}

// GraphAppID is Microsoft Graph's own application, which a token may name as audience.
const GraphAppID = "00000003-0000-0000-c000-000000000000"

// knownNames are names of tenants, applications and APIs that tokens give by ID or URL.
// Source: learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in.
var knownNames = []struct{ id, name string }{
	{GraphAppID, "Microsoft Graph"},
	{"14d82eec-204b-4c2f-b7e8-296a70dab67e", "Microsoft Graph Command Line Tools"},
	{"00000002-0000-0000-c000-000000000000", "Azure AD Graph, which is retired"},
	{"00000002-0000-0ff1-ce00-000000000000", "Exchange Online"},
	{"00000003-0000-0ff1-ce00-000000000000", "SharePoint Online"},
	{"04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Azure CLI"},
	{"1950a258-227b-4e31-a9cf-717495945fc2", "Azure PowerShell"},
	{"797f4846-ba00-4fd7-ba43-dac1f8f63013", "Azure Resource Manager"},
	{"9188040d-6c67-4c5b-b112-36a304b66dad", "personal Microsoft accounts"},
	{"cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "Azure Key Vault"},
	{"de8bc8b5-d9f9-48b1-a8ad-b748da725064", "Graph Explorer"},
	{"api://azureadtokenexchange", "the exchange of a federated credential"},
	{"https://database.windows.net", "Azure SQL"},
	{"https://graph.windows.net", "Azure AD Graph, which is retired"},
	{"https://management.azure.com", "Azure Resource Manager"},
	{"https://management.core.windows.net", "Azure Resource Manager"},
	{"https://outlook.office.com", "Exchange Online"},
	{"https://outlook.office365.com", "Exchange Online"},
	{"https://storage.azure.com", "Azure Storage"},
	{"https://vault.azure.net", "Azure Key Vault"},
}

func nameOf(id string) string {
	id = strings.TrimRight(strings.ToLower(id), "/")
	for _, k := range knownNames {
		if k.id == id {
			return k.name
		}
	}
	if strings.HasPrefix(id, "https://") && strings.HasSuffix(id, ".sharepoint.com") {
		return "SharePoint"
	}
	return ""
}

// Read reads a token for a person, white space around it aside. cloudOf names the cloud
// whose Microsoft Graph an audience is, "" if it is none's.
func Read(token string, cloudOf func(audience string) string) Reading {
	c, ok := Decode(strings.TrimSpace(token))
	if !ok {
		return Reading{Opaque: true, Notes: []string{"Nothing in this token can be read: it is no JWT, or a damaged one. Tokens of personal Microsoft accounts are like that, and so are refresh tokens, which should never be pasted anywhere."}}
	}
	r := Reading{
		Who: who(c), App: application(c), Tenant: "The token names no tenant.", AppOnly: c.AppOnly, Access: access(c),
		Permissions: permissionFacts(c), Claims: claimFacts(c),
		IssuedAt: seconds(c.IssuedAt), NotBefore: seconds(c.NotBefore), ExpiresOn: seconds(c.ExpiresOn),
	}
	if c.TenantID != "" {
		r.Tenant = withName(failure.Clean(c.TenantID), nameOf(c.TenantID))
	}
	r.readAudience(c, cloudOf(c.Audience))
	api := cmp.Or(nameOf(c.Audience), "the API that the token is for")
	if r.Graph {
		api = "Microsoft Graph"
	}
	r.Notes = append(r.Notes, "The signature was not checked, so nothing here is proven: anybody can write such a text. Only "+api+" can tell whether the token is genuine, and whether it has been revoked.")
	if c.NotBefore.After(time.Now()) {
		r.Notes = append(r.Notes, "The token is not good yet: it is for later, or this device's clock is behind.")
	}
	if c.All["cnf"] != nil {
		r.Notes = append(r.Notes, "The token is bound to a key: as a plain bearer token it is refused.")
	}
	return r
}

// readAudience names what the token is for. A URL of Graph tells the cloud; Graph's
// application ID is the same in all of them.
func (r *Reading) readAudience(c Claims, cloud string) {
	switch {
	case cloud != "":
		r.Graph, r.Cloud = true, cloud
		r.Audience = "Microsoft Graph in the cloud " + cloud
	case c.Audience == GraphAppID:
		r.Graph = true
		r.Audience = "Microsoft Graph, in a cloud that the token does not name"
	case c.Audience == "":
		r.Audience = "It does not say. Microsoft Graph will refuse it."
	case len(c.Scopes) == 0 && len(c.Roles) == 0 && (c.All["nonce"] != nil || c.AppID == ""):
		r.Audience = failure.Clean(c.Audience) + ". This looks like an ID token, which tells an application who signed in. It opens no API."
	case nameOf(c.Audience) != "":
		r.Audience = withName(failure.Clean(c.Audience), nameOf(c.Audience)) + ". Microsoft Graph will refuse it."
	default:
		r.Audience = failure.Clean(c.Audience) + ", an API other than Microsoft Graph, which will refuse it."
	}
}

func withName(id, name string) string {
	if name == "" {
		return id
	}
	return name + " (" + id + ")"
}

func who(c Claims) string {
	account, name := failure.Clean(c.Account), failure.Clean(c.Name)
	switch {
	case c.AppOnly:
		return "Nobody: the application acts for itself."
	case account == "" && name == "":
		return "A person whom the token does not name."
	case account == "" || name == "":
		return account + name
	}
	return withName(account, name)
}

func application(c Claims) string {
	if c.AppID == "" {
		return "The token names no application."
	}
	return withName(failure.Clean(c.AppID), cmp.Or(nameOf(c.AppID), failure.Clean(c.AppName)))
}

func access(c Claims) string {
	switch {
	case c.AppOnly:
		return "App-only: what the roles below allow, it may do in the whole tenant, with no person involved."
	case len(c.Scopes) > 0:
		return "Delegated: the application acts for the person, and may do only what the scopes below allow and the person may do themselves."
	}
	return "The token names neither scopes nor roles."
}

func permissionFacts(c Claims) []Fact {
	list := []Fact{}
	for _, name := range append(slices.Clone(c.Scopes), c.Roles...) {
		meaning, listed := describePermission(name)
		switch {
		case meaning == "":
			meaning = "A permission that this program does not know."
		case !listed:
			meaning += " (Read from its name.)"
		}
		list = append(list, Fact{Name: failure.Clean(name), Meaning: meaning})
	}
	return list
}

// claimFacts lists every claim: those with a row first, in its order.
func claimFacts(c Claims) []Fact {
	list := []Fact{}
	rest := maps.Clone(c.All)
	for _, row := range claimMeanings {
		if value, ok := rest[row.name]; ok {
			list = append(list, Fact{row.name, showClaim(row.name, value), row.meaning})
			delete(rest, row.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		list = append(list, Fact{failure.Clean(name), showClaim(name, rest[name]), ""})
	}
	return list
}

// showClaim prints a value: a time as one, a list by its items, what has a meaning with
// it, anything else as JSON has it.
func showClaim(name string, value any) string {
	switch v := value.(type) {
	case string:
		return withMeaning(name, failure.Clean(v))
	case json.Number:
		if name == "iat" || name == "nbf" || name == "exp" || name == "auth_time" || name == "xms_tcdt" {
			if t := (Claims{All: map[string]any{name: v}}).time(name); !t.IsZero() {
				return fmt.Sprintf("%s (%s)", failure.Clean(string(v)), ShowTime(t))
			}
		}
		return withMeaning(name, failure.Clean(string(v)))
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = showClaim(name, item)
		}
		return strings.Join(items, ", ")
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // what was decoded encodes
	return failure.Clean(strings.TrimSpace(b.String()))
}

func withMeaning(claim, value string) string {
	for _, row := range valueMeanings {
		if row.claim == claim && row.value == value {
			return value + " (" + row.meaning + ")"
		}
	}
	return value
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
