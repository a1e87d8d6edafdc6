package powershell

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"connect-entra/failure"
)

// recorded is one answer of PowerShell 7.6.9 (../testdata/binder/cases.jsonl): a line, the
// arguments that bash and PowerShell hand to a program for it, and what was bound or
// why not.
type recorded struct {
	Kind, Line   string
	Argv, Native []string
	Set          string
	Bound        map[string]any
	Error        string
	Message      string
}

// differences are the recorded answers that we do not give, each with its reason.
var differences = map[string]string{
	"line: Connect-Entra --NoWelcome":        "two dashes are ours",
	"line: Connect-Entra ––NoWelcome":        "two dashes are ours, of any length",
	"line: Connect-Entra ——NoWelcome":        "two dashes are ours, of any length",
	"line: Connect-Entra ――NoWelcome":        "two dashes are ours, of any length",
	"line: Connect-Entra --Scopes User.Read": "two dashes are ours",
	"line: Connect-Entra -Secret x":          "PowerShell would ask for x's password",
	"line: Connect-Entra -ClientSecret x":    "PowerShell would ask for x's password",
	"native: Connect-Entra $cred":            "as a program's argument it is APPID:env:S, which is text",
}

func TestBinderAnswersAsPowerShell(t *testing.T) {
	seen := map[string]int{}
	check := func(c recorded, form string, b Bound, err error) {
		problem, name := c.differs(b, err), form+": "+c.Line
		seen[form]++
		switch reason := differences[name]; {
		case problem != "" && reason == "":
			t.Errorf("%s\n%s", name, problem)
		case problem == "" && reason != "":
			t.Errorf("%s is no difference any more", name)
		}
	}
	for _, c := range recordedCases(t) {
		if c.Kind != "typed" { // between PowerShell's objects
			_, b, _, err := BindLine(tables, c.Line)
			check(c, "line", b, err)
		}
		if c.Argv != nil {
			b, _, err := Bind(connectEntra, c.Argv)
			check(c, "argv", b, err)
		}
		if c.Native != nil {
			b, _, err := Bind(connectEntra, c.Native)
			check(c, "native", b, err)
		}
	}
	t.Logf("answers compared: %v", seen)
}

func recordedCases(t testing.TB) []recorded {
	t.Helper()
	data, err := os.ReadFile("../testdata/binder/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var cases []recorded
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var c recorded
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// differs compares what we answered with what PowerShell did; "" if they agree.
func (c recorded) differs(b Bound, err error) string {
	if c.Error != "" {
		id := new(Error)
		errors.As(err, &id)
		switch {
		case err == nil:
			return "bound " + describe(b) + ", not refused as " + c.Error
		case id.ID != c.Error:
			return "refused as " + id.ID + " (" + err.Error() + "), not as " + c.Error
		case err.Error() != c.Message:
			return "said " + err.Error() + "\nnot  " + c.Message
		}
		return ""
	}
	if err != nil {
		return "refused: " + err.Error() + ", not bound to " + c.Set
	}
	if b.Set != c.Set || !reflect.DeepEqual(asRecorded(b), c.Bound) {
		return "bound " + describe(b) + ", not " + describeRecorded(c)
	}
	return ""
}

// asRecorded writes bound values as the recording does.
func asRecorded(b Bound) map[string]any {
	values := map[string]any{}
	for name, v := range b.Values {
		switch value := v.Value.(type) {
		case float64:
			values[name] = Show(value)
		case int:
			values[name] = Show(float64(value))
		default:
			values[name] = value
		}
	}
	data, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(data, &out); err != nil {
		panic(err)
	}
	return out
}

func plainJSON(value any) string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func describe(b Bound) string { return describeRecorded(recorded{Set: b.Set, Bound: asRecorded(b)}) }

func describeRecorded(c recorded) string {
	var b strings.Builder
	b.WriteString(c.Set)
	for _, name := range slices.Sorted(maps.Keys(c.Bound)) {
		b.WriteString(" " + name + "=" + plainJSON(c.Bound[name]))
	}
	return b.String()
}

// TestLinesBeyondTheRecording holds lines whose answers follow from PowerShell's
// documents and source. What they bind to, or the id of the refusal.
func TestLinesBeyondTheRecording(t *testing.T) {
	for line, want := range map[string]string{
		`Connect-Entra -Scopes $null`:                            `UserParameterSet Scopes=null`,
		`$null = Connect-Entra -Identity`:                        `IdentityParameterSet Identity=true`,
		`$context = Connect-Entra a; $context`:                   `UserParameterSet Scopes=["a"]`,
		`Connect-Entra $x = y`:                                   `PositionalParameterNotFound`,
		`Connect-Entra @()`:                                      `UserParameterSet Scopes=[]`,
		`Connect-Entra $true`:                                    `UserParameterSet Scopes=["True"]`,
		`Connect-Entra -Scopes 0x1F`:                             `UserParameterSet Scopes=["0x1F"]`,
		`Connect-Entra -Scopes (1kb,'x')`:                        `UserParameterSet Scopes=["1024","x"]`,
		`Connect-Entra -Scopes 007,1.50`:                         `UserParameterSet Scopes=["7","1.5"]`,
		`Connect-Entra -Scopes @('a',('b','c'))`:                 `UserParameterSet Scopes=["a","b c"]`,
		"Connect-Entra -Scopes @('a'\n'b')":                      `UserParameterSet Scopes=["a","b"]`,
		`Connect-Entra -Scopes a, -NoWelcome`:                    `UserParameterSet Scopes=["a","-NoWelcome"]`,
		`Connect-Entra -ContextScope Process,CurrentUser`:        `UserParameterSet ContextScope="CurrentUser"`,
		`Connect-Entra -ContextScope Proc,Curr`:                  `ParameterArgumentTransformationError`,
		`Connect-Entra -ContextScope 0x1`:                        `UserParameterSet ContextScope="CurrentUser"`,
		`Connect-Entra -ContextScope '0x1'`:                      `ParameterArgumentTransformationError`,
		`Connect-Entra -ContextScope 0,1`:                        `UserParameterSet ContextScope="CurrentUser"`,
		`Connect-Entra -ContextScope Process,2`:                  `ParameterArgumentTransformationError`,
		`Connect-Entra -ErrorAction $null`:                       `ParameterBindingFailed`,
		`Connect-Entra -ErrorAction 1,2`:                         `UserParameterSet ErrorAction="Inquire"`,
		`Connect-Entra -Identity -EnvironmentVariable x`:         `AmbiguousParameterSet`,
		`Connect-Entra -Identity -EnvironmentVariable -Foo`:      `AmbiguousParameterSet`,
		`Connect-Entra -Verbose:0`:                               `UserParameterSet Verbose=false`,
		`Connect-Entra -Verbose:$null`:                           `UserParameterSet Verbose=true`,
		`Connect-Entra -Verbose:x`:                               `CannotConvertArgument`,
		`Connect-Entra -OutBuffer 1,2`:                           `CannotConvertArgument`,
		`Connect-Entra -OutBuffer $null`:                         `ParameterArgumentValidationError`,
		`Connect-Entra -OutVariable a,b`:                         `CannotConvertArgument`,
		`Connect-Entra -OutVariable ''`:                          `ParameterArgumentValidationError`,
		`Connect-Entra -OutVariable env:x`:                       `ParameterArgumentValidationError`,
		`Connect-Entra -OutVariable +global:x`:                   `UserParameterSet OutVariable="+global:x"`,
		`Connect-Entra -OutVariable $null`:                       `UserParameterSet OutVariable=null`,
		`Connect-Entra -ErrorAction Stop,Continue`:               `UserParameterSet ErrorAction="Inquire"`,
		`Connect-Entra -NoWelcome:$null`:                         `UserParameterSet NoWelcome=false`,
		`Connect-Entra -NoWelcome:1.5`:                           `ParameterArgumentTransformationError`,
		`Connect-Entra -ClientTimeout 0xFFFFFFFF`:                `UserParameterSet ClientTimeout="-1"`,
		`Connect-Entra -ClientTimeout 1e20`:                      `UserParameterSet ClientTimeout="1E+20"`,
		`Connect-Entra -ClientTimeout 0.00001`:                   `UserParameterSet ClientTimeout="1E-05"`,
		`Connect-Entra -ClientTimeout 300y`:                      `ParameterArgumentTransformationError`,
		`Connect-Entra -ClientTimeout '1e'`:                      `ParameterArgumentTransformationError`,
		`Connect-Entra -ClientTimeout -0`:                        `UserParameterSet ClientTimeout="0"`,
		`Connect-Entra -ClientTimeout '-0'`:                      `UserParameterSet ClientTimeout="-0"`,
		`Connect-Entra -ClientTimeout 1.5l`:                      `UserParameterSet ClientTimeout="2"`,
		`Connect-Entra -ClientTimeout 0xFFFFFFFFu`:               `UserParameterSet ClientTimeout="4294967295"`,
		`Connect-Entra -ClientTimeout 0b11111111`:                `UserParameterSet ClientTimeout="-1"`,
		`Connect-Entra -TenantId x $tok`:                         `UserParameterSet Scopes=["System.Security.SecureString"] TenantId="x"`,
		`Connect-Entra -TenantId {a b}`:                          `UserParameterSet TenantId="a b"`,
		`Connect-Entra -TenantId 'a'.Length -NoWelcome`:          `UserParameterSet NoWelcome=true TenantId="('a'.Length)"`,
		`Connect-Entra -Scopes ()`:                               `ExpectedExpression`,
		`Connect-Entra -Scopes @('a','b'`:                        `MissingEndParenthesisInSubexpression`,
		`Connect-Entra -Scopes (@('a'`:                           `MissingEndParenthesisInSubexpression`,
		`Connect-Entra -Scopes $(x`:                              `MissingEndParenthesisInSubexpression`,
		`Connect-Entra -Scopes (x`:                               `MissingEndParenthesisInExpression`,
		`Connect-Entra -Scopes {a`:                               `MissingEndCurlyBrace`,
		`Connect-Entra -TenantId <`:                              `RedirectionNotSupported`,
		"Connect-Entra -Scopes @'\na'b\n'@, c":                   `UserParameterSet Scopes=["a'b","c"]`,
		"Connect-Entra -TenantId @\" \r\na`tb\r\n\"@ -NoWelcome": `UserParameterSet NoWelcome=true TenantId="a\tb"`,
		"Connect-Entra -TenantId @'\na'@":                        `TerminatorExpectedAtEndOfString`,
		`Connect-Entra -OutBuffer -1`:                            `ParameterArgumentValidationError`,
		`Connect-Entra -OutBuffer 2.5`:                           `UserParameterSet OutBuffer="2"`,
		`Connect-Entra -TenantId: -NoWelcome`:                    `UserParameterSet TenantId="-NoWelcome"`,
		`Connect-Entra -a'b' x`:                                  `UserParameterSet ClientId="x" Scopes=["-ab"]`,
		`Connect-Entra -EnvironmentVariable $null`:               `PositionalParameterNotFound`,
		`Connect-Entra -Identity a,b`:                            `ParameterArgumentTransformationError`,
		`Connect-Entra -Cert x -Scopes:`:                         `ParameterRequiresArgument`,
		`Connect-Entra -ClientId $app.Id -CertificateName $cn`:   `AppCertificateParameterSet CertificateSubjectName="$cn" ClientId="$app.Id"`,
		"$s = Read-Host -AsSecureString\nConnect-Entra -Acc $s":  `AccessTokenParameterSet AccessToken="<securestring>"`,
		`Connect-Entra -AccessToken (ConvertTo-SecureString $t)`: `AccessTokenParameterSet AccessToken="<securestring>"`,
		`PS C:\> Connect-Entra -Scopes "a", "b"`:                 `UserParameterSet Scopes=["a","b"]`,
		`Connect-Entra -NoWelcome | Out-Null`:                    `UserParameterSet NoWelcome=true`,
		`Connect-Entra -NoWelcome 2>&1 > $null`:                  `UserParameterSet NoWelcome=true`,
		`Connect-Entra <# here #> -NoWelcome && x`:               `UserParameterSet NoWelcome=true`,
		`Connect-Entra -TenantId "a` + "`u{e9}`n" + `$t.x$true"`: `UserParameterSet TenantId="aé\n$t.xTrue"`,
		`Connect-Entra @tok.txt`:                                 `AccessTokenParameterSet AccessToken="<securestring>"`,
		`Connect-Entra --scopes=a,b --no-welcome -- az login`:    `UserParameterSet NoWelcome=true Scopes=["a","b"]`,
		`Connect-Entra a env:T`:                                  `UserParameterSet ClientId="env:T" Scopes=["a"]`,
	} {
		_, b, _, err := BindLine(tables, line)
		got := describe(b)
		if id := new(Error); errors.As(err, &id) {
			got = id.ID
		}
		if got != want {
			t.Errorf("%s\ngot  %s (%v)\nwant %s", line, got, err, want)
		}
	}
}

// TestShellsAreUndone holds arguments that shells hand on, beside those recorded.
func TestShellsAreUndone(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-Scopes", `"a`, `-b","c"`}, `UserParameterSet Scopes=["a -b","c"]`},
		{[]string{"-Scopes", `"a`, "-NoWelcome"}, `UserParameterSet NoWelcome=true Scopes=["\"a"]`},
		{[]string{`-Scopes:"a`, `b","c"`}, `UserParameterSet Scopes=["a b","c"]`},
		{[]string{"--scopes=a,", "b"}, `UserParameterSet Scopes=["a","b"]`},
		{[]string{"-Scopes:a", "b"}, `UserParameterSet ClientId="b" Scopes=["a"]`},
		{[]string{"a", "b", "-NoWelcome"}, `UserParameterSet NoWelcome=true Scopes=["a","b"]`},
		{[]string{"-Identity", "a"}, `IdentityParameterSet ClientId="a" Identity=true`},
		{[]string{"-TenantId", "CN=a,O=b"}, `UserParameterSet TenantId="CN=a,O=b"`},
		{[]string{"-TenantId", "it's"}, `UserParameterSet TenantId="it's"`},
		{[]string{"-NoWelcome:", "False"}, `UserParameterSet NoWelcome=false`},
		{[]string{"-NoWelcome:", "x"}, `ParameterRequiresArgument`},
		{[]string{"-NoWelcome:0"}, `UserParameterSet NoWelcome=false`},
		{[]string{"--no-welcome=false"}, `UserParameterSet NoWelcome=false`},
		{[]string{"-SendCertificateChain", "True", "-Certificate", "a.pem", "-ClientId", "x"}, `AppCertificateParameterSet Certificate="<certificate>" ClientId="x" SendCertificateChain=true`},
		{[]string{"-ContextScope", "0x1"}, `UserParameterSet ContextScope="CurrentUser"`},
		{[]string{"-Verbose:2"}, `UserParameterSet Verbose=true`},
		{[]string{"eyJhbGciOiJub25lIn0.e30.c2ln"}, `ParameterArgumentTransformationError`},
		{[]string{"a", "b", "eyJhbGciOiJub25lIn0.e30.c2ln"}, `ParameterArgumentTransformationError`},
		{[]string{"-AccessToken", "env:T", "eyJhbGciOiJub25lIn0.e30.c2ln"}, `ParameterArgumentTransformationError`},
		{[]string{"-*x"}, `UserParameterSet Scopes=["-*x"]`},
		{[]string{"-"}, `UserParameterSet Scopes=["-"]`},
		{[]string{"-Sendc", "true"}, `NamedParameterNotFound`},
		{[]string{"——client-id", "x"}, `UserParameterSet ClientId="x"`},
		{[]string{"@token.txt"}, `AccessTokenParameterSet AccessToken="<securestring>"`},
	} {
		b, _, err := Bind(connectEntra, c.args)
		got := describe(b)
		if id := new(Error); errors.As(err, &id) {
			got = id.ID
		}
		if got != c.want {
			t.Errorf("%q\ngot  %s (%v)\nwant %s", c.args, got, err, c.want)
		}
	}
}

// TestLongLinesEnd holds lines that a careless reader would read for hours.
func TestLongLinesEnd(t *testing.T) {
	for _, piece := range []string{"(", "((a) ", "@('", "$(", "<##>", "a,", "'", "-a:", "`", "\"$(", "${", "a;", "> ", "-Scopes ", "{", "$a.b("} {
		BindLine(tables, "Connect-Entra "+strings.Repeat(piece, 20_000))
		Bind(connectEntra, strings.Split(strings.Repeat(piece+"\x00", 5_000), "\x00"))
	}
}

// TestSupply holds what is asked for where a mandatory value is missing.
func TestSupply(t *testing.T) {
	for _, c := range []struct{ answer, wantID string }{
		{"8886ad7b-1795-4542-9808-c85859d97f23", ""},
		{"", "ParameterArgumentValidationErrorEmptyStringNotAllowed"},
	} {
		b, _, err := Bind(connectEntra, []string{"-CertificateThumbprint", "x"})
		if id := new(Error); !errors.As(err, &id) || id.ID != "MissingMandatoryParameter" || !slices.Equal(b.Missing, []string{"ClientId"}) {
			t.Fatalf("missing %q: %v", b.Missing, err)
		}
		err = b.Supply(connectEntra, func(p Parameter) (any, error) { return c.answer, nil })
		if id := new(Error); errors.As(err, &id) != (c.wantID != "") || id.ID != c.wantID {
			t.Errorf("%q: %v", c.answer, err)
		}
		if err == nil && (b.Text("ClientId") != c.answer || b.Values["ClientId"].How != "prompt" || b.Missing != nil) {
			t.Errorf("supplied %+v", b)
		}
	}
	b, _, _ := Bind(connectEntra, []string{"-CertificateThumbprint", "x"})
	nobody := errors.New("nobody is there")
	if err := b.Supply(connectEntra, func(Parameter) (any, error) { return nil, nobody }); err != nobody || b.Missing == nil {
		t.Errorf("%v, missing %q", err, b.Missing)
	}
}

// TestErrorIsAFailure holds the id by which a program ends.
func TestErrorIsAFailure(t *testing.T) {
	_, _, err := Bind(connectEntra, []string{"-TenantI", "x", "-Scops", "y"})
	if f := failure.From(err); f.ID != "named-parameter-not-found" || f.Message != err.Error() || f.Cure != "did you mean -Scopes?" {
		t.Errorf("%+v", f)
	}
}

// TestUnknown holds what is a variable and what may hold anything.
func TestUnknown(t *testing.T) {
	for text, want := range map[Unknown]bool{"$x": true, "$env:X": true, "$x.y": false, "$(x)": false, "(x)": false, "$": false} {
		if text.IsVariable() != want {
			t.Errorf("%s is a variable: %v", text, !want)
		}
	}
}
