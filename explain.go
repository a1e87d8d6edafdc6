// How a line binds and what it would do, without doing anything: for people who learn,
// and for the page. Secrets are not read, files not opened.

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// explanation is what is known of a line.
type explanation struct {
	verb    verb
	params  Params
	err     error // why it does not bind
	plan    Plan  // what connecting would do, if it binds
	refusal error // why plan refuses it
}

// explainLine prints how the rest of the command line binds. One argument with a space
// in it is read as a PowerShell line.
func explainLine(_ context.Context, con *console, world *world, p Params) error {
	args, asJSON := p.Command, false
	if len(args) > 0 && strings.EqualFold(strings.TrimLeft(args[0], "-"), "json") && strings.HasPrefix(args[0], "-") {
		args, asJSON = args[1:], true
	}
	e := explainArguments(con, world, args)
	text := e.String()
	if asJSON {
		text = e.JSON()
	}
	if err := con.print(string(failure.Visible([]byte(text)))); err != nil {
		return err
	}
	if e.err != nil && !asJSON {
		return e.err
	}
	if e.err != nil {
		return silent{e.err}
	}
	return nil
}

// silent is a failure that was told already: only its exit status is left.
type silent struct{ error }

func (s silent) Unwrap() error { return s.error }

func (s silent) exitStatus() int { return kindOf(failure.From(s.error).ID).exit }

// explainArguments binds a line, given as the arguments of a program or as one PowerShell line.
func explainArguments(con *console, world *world, args []string) explanation {
	var e explanation
	if len(args) == 1 && strings.ContainsAny(args[0], " \t\r\n") {
		e.verb, e.params, e.err = bindLine(args[0])
	} else {
		e.verb, args = chooseVerb(args)
		e.params, e.err = bind(e.verb.parameters(), args)
	}
	if e.err != nil || e.params.Set == "" {
		return e
	}
	p := withPlaceholders(e.params)
	if e.refusal = p.checkTexts(e.verb.parameters()); e.refusal == nil {
		e.plan, e.refusal = typedPlan(con, world, p)
		e.plan.showUnknown(e.params)
	}
	return e
}

// showUnknown puts what was typed back where a placeholder stood for it.
func (plan *Plan) showUnknown(p Params) {
	for name, field := range map[string]*string{"TenantId": &plan.Tenant, "ClientId": &plan.ClientID} {
		if typed := p.Text(name); isUnknown(typed) {
			*field = typed
		}
	}
	if scopes := p.list("Scopes"); slices.ContainsFunc(scopes, isUnknown) {
		plan.Scopes = scopes
	}
	if typed := p.Text("Environment"); isUnknown(typed) {
		plan.Environment.Name = typed + ", taken for Global here"
	}
}

// bindLine binds a PowerShell line.
func bindLine(text string) (verb, Params, error) {
	name, b, command, err := powershell.BindLine(parametersOf, text)
	v, _ := chooseVerb([]string{name})
	return v, Params{b, command}, err
}

// parametersOf gives the parameters of a verb, by its first word or a cmdlet's name; of
// connect where it is none.
func parametersOf(word string) (table []powershell.Parameter, ok bool) {
	v, ok := findVerb(word)
	if !ok {
		v = defaultVerb()
	}
	return v.parameters(), ok
}

// placeholders stand for values that a line does not tell and a plan looks at.
var placeholders = map[string]string{
	"ClientId":              "00000000-0000-0000-0000-000000000000",
	"TenantId":              "00000000-0000-0000-0000-000000000000",
	"CertificateThumbprint": strings.Repeat("0", 40),
	"Environment":           "Global",
}

// withPlaceholders makes parameters of which a plan can be made, although some values
// are not known.
func withPlaceholders(p Params) Params {
	values := map[string]powershell.Value{}
	for name, b := range p.Values {
		switch v := b.Value.(type) {
		case string:
			if placeholder := placeholders[name]; placeholder != "" && isUnknown(v) {
				b.Value = placeholder
			}
		case []string:
			if slices.ContainsFunc(v, isUnknown) {
				continue
			}
		}
		values[name] = b
	}
	p.Values = values
	return p
}

// String is the explanation for a person.
func (e explanation) String() string {
	var b strings.Builder
	switch {
	case e.err != nil:
		b.WriteString("This line does not bind.\n")
	case e.params.Set != "":
		fmt.Fprintf(&b, "This line binds to %s%s.\n", e.params.Set, e.reason())
	default:
		fmt.Fprintf(&b, "This line binds: %s.\n", e.verb.summary)
	}
	if len(e.params.Values) > 0 {
		b.WriteString("\n")
	}
	for _, f := range e.bound() {
		column(&b, "  ", f.Name, 24, f.Value+" ("+f.Meaning+")")
	}
	if e.err != nil {
		e.explainFailure(&b)
		return b.String()
	}
	if e.refusal != nil {
		f := failure.From(e.refusal)
		fmt.Fprintf(&b, "\nBut it would be refused: %s\n", f.Message)
		if cure := advice(f); cure != "" {
			fmt.Fprintf(&b, "  try: %s\n", cure)
		}
	} else if e.params.Set != "" {
		e.plan.explain(&b)
	}
	if e.params.Set != "" {
		b.WriteString("\nThe same line\n")
		fmt.Fprintf(&b, "  bash        %s\n  PowerShell  %s\n", e.inBash(), e.inPowerShell())
	}
	return b.String()
}

// fact is a parameter or what a plan says: its name, its value, and what that means.
type fact struct{ Name, Value, Meaning string }

// bound are the parameters in full, each with its value and how it was written.
func (e explanation) bound() []fact {
	var list []fact
	for _, p := range e.verb.parameters() {
		if v, ok := e.params.Values[p.Name]; ok {
			list = append(list, fact{"-" + p.Name, showBound(v.Value), howBound(v)})
		}
	}
	return list
}

// reason says why it is this set, if that is to be seen from one parameter.
func (e explanation) reason() string {
	for _, p := range e.verb.parameters() {
		if _, typed := e.params.Values[p.Name]; typed && len(p.Sets) == 1 {
			return ", as -" + p.Name + " is in no other set"
		}
	}
	if e.params.Set == powershell.Sets(e.verb.parameters())[0] {
		return ", the default, as nothing asks for another"
	}
	return ""
}

// explainFailure says what is missing, or which parameters do not go together.
func (e explanation) explainFailure(b *strings.Builder) {
	for _, name := range e.params.Missing {
		column(b, "  ", "-"+name, 24, "(missing: "+e.params.Set+" needs it)")
	}
	if bad := new(powershell.Error); !errors.As(e.err, &bad) || bad.ID != "AmbiguousParameterSet" {
		return
	}
	b.WriteString("\nNo set has all of these:\n")
	for _, p := range e.verb.parameters() {
		if _, typed := e.params.Values[p.Name]; !typed || len(p.Sets) == 0 {
			continue
		}
		var sets []string
		for _, i := range p.Sets {
			sets = append(sets, strings.TrimSuffix(i.Set, "ParameterSet"))
		}
		column(b, "  ", "-"+p.Name, 24, "is in "+strings.Join(sets, ", "))
	}
}

func howBound(b powershell.Value) string {
	switch b.How {
	case "prefix", "alias":
		return "by the " + b.How + " -" + b.Typed
	}
	return "by " + b.How
}

// stories say what each way to sign in is, for a beginner.
var stories = map[flowName]string{
	byBrowser:     "A person signs in in the browser and consents to the scopes. The code that comes back is exchanged for tokens, with a proof (PKCE) that it was asked for here.",
	byDeviceCode:  "A person enters a short code on any other device. Meanwhile this process asks every few seconds whether that has happened.",
	byCertificate: "An application signs a statement with its certificate's key. The key stays here; Entra knows the certificate.",
	bySecret:      "An application shows its secret. Entra keeps a copy to compare.",
	byFederation:  "An application shows a token of another issuer, which Entra was told to trust.",
	byIdentity:    "The Azure host that this runs on vouches for it. There is no secret to keep.",
	byToken:       "A token that somebody got elsewhere is used as it is. Nothing is sent, and it cannot be renewed.",
}

// explain writes what connecting would do.
func (p Plan) explain(b *strings.Builder) {
	b.WriteString("\n")
	column(b, "", "It would sign in:", 17, stories[p.Flow])
	for _, row := range p.rows() {
		column(b, "  ", row.Name, 24, row.Value)
	}
}

// rows are what connecting would do, for the terminal and for the page.
func (p Plan) rows() []fact {
	var rows []fact
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, fact{Name: name, Value: failure.Clean(value)})
		}
	}
	add("cloud", p.Environment.Name)
	if p.Tenant != "" {
		add("authority", p.authority())
	}
	add("client", p.ClientID)
	add("scopes", strings.Join(p.Scopes, " "))
	add("credential", p.credentialSource())
	add("context", p.ContextScope)
	add("timeout", p.Timeout.String())
	for _, text := range append(p.notes, p.warnings...) {
		add("note", text)
	}
	return rows
}

// credentialSource says where the credential would come from.
func (p Plan) credentialSource() string {
	switch p.Flow {
	case bySecret, byToken, byFederation:
		return p.Secret.String()
	case byCertificate:
		return cmp.Or(p.Certificate.Subject, p.Certificate.Thumbprint, p.Certificate.Path)
	}
	return ""
}

// JSON is the explanation for a program, with values as testdata/binder has them.
func (e explanation) JSON() string {
	type problem struct {
		ID      string `json:"id"`
		Message string `json:"message"`
	}
	var out struct {
		Set     any            `json:"set"`
		Bound   map[string]any `json:"bound"`
		Error   *problem       `json:"error"`
		Refusal any            `json:"refusal"`
	}
	out.Bound = e.boundJSON()
	if e.params.Set != "" && e.err == nil {
		out.Set = e.params.Set
	}
	if e.err != nil {
		id := failure.From(e.err).ID
		if bad := new(powershell.Error); errors.As(e.err, &bad) {
			id = bad.ID
		}
		out.Error = &problem{id, e.err.Error()}
	}
	if e.refusal != nil {
		out.Refusal = e.refusal.Error()
	}
	return formatJSON(out, "")
}

func (e explanation) boundJSON() map[string]any {
	values := map[string]any{}
	for _, p := range e.verb.parameters() {
		if b, ok := e.params.Values[p.Name]; ok {
			values[p.Name] = plainValue(p.Type, b.Value)
		}
	}
	return values
}

// objects are the types whose values are not shown.
var objects = map[*powershell.Type]string{secureString: "<securestring>", psCredential: "<pscredential>", x509Certificate: "<certificate>"}

// plainValue is a bound value in JSON: a Double as its shortest text, objects by kind.
func plainValue(kind *powershell.Type, value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case []string:
		if v == nil { // $null, which is no empty array
			return nil
		}
	case float64:
		return powershell.Show(v)
	case int:
		return powershell.Show(float64(v))
	}
	if object, ok := objects[kind]; ok {
		return object
	}
	return value
}

// showBound is a bound value for a person.
func showBound(value any) string {
	switch v := value.(type) {
	case Secret:
		return v.String()
	case credential:
		return cmp.Or(v.ID, "$credential") + ", secret from " + v.Secret.String()
	case []string:
		return strings.Join(v, ", ")
	case int:
		return fmt.Sprint(v)
	}
	return failure.Clean(powershell.Show(value))
}

// column writes a row of two columns, the second wrapped before column 79.
func column(b *strings.Builder, indent, left string, width int, text string) {
	line := fmt.Sprintf("%s%-*s", indent, width, left)
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 79 {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", len(indent)+width)
		}
		line += " " + word
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
