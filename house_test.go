//go:build !js

package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"connect-entra/powershell"
)

// The walls of the house. Do not change a wall to fit a change; move the line.

// msalRooms are the only files that may import MSAL.
var msalRooms = []string{"flows.go", "identity.go", "interactive.go", "connections_record.go"}

// fileRooms are the only files, or folders of a library, that may create, replace or
// remove files.
var fileRooms = []string{"graph_response.go", "sandbox/files.go", "vault"}

// libraries are the rooms beside the root, and which of the others each may reach, itself
// or through another. None imports the root: Go sees to that, as it does to circles.
var libraries = map[string][]string{
	"failure":     nil,
	"guid":        nil,
	"loopback":    nil,
	"browser":     nil,
	"keychain":    {"failure"},
	"powershell":  {"failure", "guid"},
	"claims":      {"failure"},
	"vault":       {"failure", "keychain"},
	"certificate": {"failure", "keychain"},
	"exchange":    {"failure", "claims"},
	"transport":   {"failure", "guid", "exchange", "claims"},
	"child":       {"failure", "loopback"},
	"sandbox":     {"failure", "guid", "loopback", "claims"},

	"sandbox/sandboxtest": nil,
}

func TestLibrariesReachOnlyWhatTheyMay(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("left out, as there is no go command here: ", err) // under Wine
	}
	folders := map[string]bool{}
	for name, file := range sources(t) {
		if file.Name.Name != "main" {
			folders[path.Dir(name)] = true
		}
	}
	for folder := range folders {
		allowed, known := libraries[folder]
		if !known {
			t.Errorf("%s/ has no row in libraries", folder)
			continue
		}
		out, err := exec.Command("go", "list", "-deps", "./"+folder).Output()
		if err != nil {
			t.Fatal(err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			own, ok := strings.CutPrefix(dep, "connect-entra/")
			if ok && own != folder && !slices.Contains(allowed, own) {
				t.Errorf("%s/ reaches %s/", folder, own)
			}
		}
	}
}

// TestRootIsSmall: what grows beyond this has a library in it. A file of a few lines is none,
// but for what one operating system has.
func TestRootIsSmall(t *testing.T) {
	files, total := 0, 0
	for _, name := range goFiles(t) {
		if strings.Contains(name, "/") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(string(data), "\n")
		files, total = files+1, total+lines
		if lines < 25 {
			t.Errorf("%s has %d lines", name, lines)
		}
	}
	if files > 45 || total > 9000 {
		t.Errorf("the root has %d files of %d lines, of 45 and 9000", files, total)
	}
}

// bigPackages must not be in the page: the first three would each double what a visitor
// loads (wasm/test/size.mjs).
var bigPackages = []string{"net/http", "crypto/x509", "crypto/tls", "text/template", "html/template", "regexp"}

func TestPageLeavesBigPackagesOut(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("left out, as there is no go command here: ", err) // under Wine
	}
	list := exec.Command("go", "list", "-deps", ".")
	list.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=-mod=readonly")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if slices.Contains(bigPackages, dep) || strings.Contains(dep, "microsoft-authentication-library") {
			t.Errorf("the js build depends on %s", dep)
		}
	}
}

func TestImportsStayInTheirRooms(t *testing.T) {
	for name, file := range sources(t) {
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if strings.Contains(imported, "microsoft-authentication-library") && !slices.Contains(msalRooms, name) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

func TestOnlyTheStoreWritesFiles(t *testing.T) {
	writers := []string{"OpenFile", "Create", "CreateTemp", "WriteFile", "Mkdir", "MkdirAll", "MkdirTemp", "Rename", "Remove", "RemoveAll", "Chmod", "Symlink", "Link",
		"Truncate", "CopyFS", "OpenRoot", "OpenInRoot", "Root"} // an os.Root writes by methods that this does not see
	for name, file := range sources(t) {
		if slices.Contains(fileRooms, name) || slices.Contains(fileRooms, path.Dir(name)) {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "os" && slices.Contains(writers, s.Sel.Name) {
					t.Errorf("%s calls os.%s", name, s.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestLibrariesNeitherPrintNorExit: what a person sees and how the process ends is the
// root's. Only child has this process' streams, for a COMMAND.
func TestLibrariesNeitherPrintNorExit(t *testing.T) {
	for name, file := range sources(t) {
		if file.Name.Name == "main" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := s.X.(*ast.Ident)
			if !ok || pkg.Obj != nil { // a variable of that name
				return true
			}
			stream := slices.Contains([]string{"Stdin", "Stdout", "Stderr"}, s.Sel.Name)
			switch {
			case pkg.Name == "os" && (s.Sel.Name == "Exit" || stream && path.Dir(name) != "child"),
				pkg.Name == "fmt" && (strings.HasPrefix(s.Sel.Name, "Print") || strings.HasPrefix(s.Sel.Name, "Scan")),
				pkg.Name == "log" && s.Sel.Name != "New":
				t.Errorf("%s uses %s.%s", name, pkg.Name, s.Sel.Name)
			}
			return true
		})
	}
}

func TestEveryFailureIsInTheTable(t *testing.T) {
	ids := map[string]bool{}
	for i, k := range kinds {
		if ids[k.id] {
			t.Errorf("kinds has %s twice", k.id)
		}
		ids[k.id] = true
		if i > 0 && (kinds[i-1].exit > k.exit || kinds[i-1].exit == k.exit && kinds[i-1].id >= k.id) {
			t.Errorf("kinds is not sorted at %s", k.id)
		}
		if !slices.ContainsFunc(exitStatuses, func(s exitStatus) bool { return s.status == k.exit }) {
			t.Errorf("%s has the exit status %d, which exitStatuses does not explain", k.id, k.exit)
		}
	}
	used := map[string]bool{"bug": true}
	for name, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok { // an id may have a name
				for _, value := range spec.Values {
					for _, id := range idsOfTable(spec.Names[0].Name, value) {
						used[id] = true
						if !ids[id] {
							t.Errorf("%s fails with %q, which is not in kinds", name, id)
						}
					}
					if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						text, _ := strconv.Unquote(lit.Value)
						used[powershell.Kebab(text)] = true
					}
				}
			}
			if set, ok := n.(*ast.AssignStmt); ok { // f.ID = "certificate-expired"
				field, isField := set.Lhs[0].(*ast.SelectorExpr)
				if id, ok := set.Rhs[0].(*ast.BasicLit); ok && isField && field.Sel.Name == "ID" {
					text, _ := strconv.Unquote(id.Value)
					if used[text] = true; !ids[text] {
						t.Errorf("%s sets the ID %q, which is not in kinds", name, text)
					}
				}
			}
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			called := ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				called = f.Name
			case *ast.SelectorExpr:
				if library, ok := f.X.(*ast.Ident); ok {
					called = library.Name + "." + f.Sel.Name
				}
			}
			if called == "failure.New" || called == "refuse" {
				if id, ok := call.Args[0].(*ast.BasicLit); ok {
					text, _ := strconv.Unquote(id.Value)
					if called == "refuse" {
						text = powershell.Kebab(text)
					}
					used[text] = true
					if !ids[text] {
						t.Errorf("%s fails with %q, which is not in kinds", name, text)
					}
				} else if called == "failure.New" && !slices.Contains(idsByName, name) {
					t.Errorf("%s fails with an ID that this does not see", name)
				}
			}
			return true
		})
	}
	for id := range ids {
		if !used[id] && id != "throttled" { // by status alone
			t.Errorf("nothing fails with %s", id)
		}
	}
}

// idsByName are the only files that fail with an ID which is no text in the call: it is
// from a table that idsOfTable knows, or the constants beside, or PowerShell's own.
var idsByName = []string{"certificate/signer_windows.go", "graph.go", "powershell/error.go", "transport/refusal.go"}

// idTables are those tables, and whether a row of one is a struct, with the ID second.
var idTables = map[string]bool{"refusalKinds": false, "aadstsKinds": false, "keyTrouble": true}

// idsOfTable are the ids that a table gives, not a call.
func idsOfTable(name string, value ast.Expr) (ids []string) {
	isStruct, known := idTables[name]
	table, ok := value.(*ast.CompositeLit)
	if !ok || !known {
		return nil
	}
	for _, row := range table.Elts {
		if isStruct {
			row = row.(*ast.CompositeLit).Elts[1]
		} else {
			row = row.(*ast.KeyValueExpr).Value
		}
		if lit, ok := row.(*ast.BasicLit); ok {
			id, _ := strconv.Unquote(lit.Value)
			ids = append(ids, id)
		}
	}
	return ids
}

// TestNoConditionNamesAVerb: what is peculiar to a verb is a trait in its row.
func TestNoConditionNamesAVerb(t *testing.T) {
	isVerb := func(e ast.Expr) bool {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return false
		}
		text, _ := strconv.Unquote(lit.Value)
		_, ok = findVerb(text)
		return ok
	}
	isName := func(e ast.Expr) bool {
		s, ok := e.(*ast.SelectorExpr)
		return ok && s.Sel.Name == "name"
	}
	for name, file := range sources(t) {
		if file.Name.Name != "main" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if isName(n.X) && isVerb(n.Y) || isVerb(n.X) && isName(n.Y) {
					t.Errorf("%s compares a name with a verb's", name)
				}
			case *ast.SwitchStmt:
				for _, clause := range n.Body.List {
					if isName(n.Tag) && slices.ContainsFunc(clause.(*ast.CaseClause).List, isVerb) {
						t.Errorf("%s has a case for a verb", name)
					}
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "findVerb" && isVerb(n.Args[0]) {
					t.Errorf("%s looks a verb up by its name", name)
				}
			}
			return true
		})
	}
}

func TestCloudsBelongTogether(t *testing.T) {
	for _, e := range clouds {
		for _, endpoint := range []string{e.AzureADEndpoint, e.GraphEndpoint} {
			if !strings.HasPrefix(endpoint, "https://") || strings.HasSuffix(endpoint, "/") || hostOf(endpoint) != strings.TrimPrefix(endpoint, "https://") {
				t.Errorf("%s: %q is not https and a host", e.Name, endpoint)
			}
		}
	}
}

// notOfTheProgram are folders with programs and data of their own.
var notOfTheProgram = []string{".git", ".ci", "clients", "testdata", "wasm"}

// sources parses every file of the program that is no test, by its path with slashes.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	names := goFiles(t)
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	return files
}

// goFiles lists the program's Go files, those of its libraries too.
func goFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && slices.Contains(notOfTheProgram, path.Base(name)) {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".go") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestReadmeMapsTheHouse: the table of files names each folder and each file of the root
// once, and nothing that is not there. What README's commands make is in .gitignore.
func TestReadmeMapsTheHouse(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "| file | decides |\n| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	listed := map[string]bool{}
	for row := range strings.Lines(table) {
		names, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for name := range strings.SplitSeq(names, ", ") {
			if listed[name] {
				t.Errorf("README lists %s twice", name)
			}
			listed[name] = true
		}
	}
	ignored, err := os.ReadFile(".gitignore")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() {
			name += "/"
		}
		if slices.Contains(strings.Fields(string(ignored)), "/"+name) {
			continue
		}
		isFile := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		if strings.HasPrefix(name, ".") || !isFile && !entry.IsDir() {
			continue
		}
		if !listed[name] {
			t.Errorf("README's table of files leaves out %s", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("README's table of files names %s, which is not there", name)
	}
}

var update = flag.Bool("update", false, "rewrite what README says from the tables")

// TestReadmeIsInStep compares README's tables with the program's. go test -run Readme
// -update rewrites them.
func TestReadmeIsInStep(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(data)
	for name, table := range map[string]string{
		"parameters": readmeParameters(),
		"clouds":     readmeClouds(),
		"verbs":      readmeVerbs(),
		"statuses":   readmeStatuses(),
		"ids":        readmeIDs(),
	} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
		before, rest, ok := strings.Cut(readme, begin)
		inside, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("README has no place for the table of %s", name)
		}
		if inside != table && !*update {
			t.Errorf("README's table of %s is out of step; go test -run Readme -update mends it. It should be:\n%s", name, table)
		}
		readme = before + begin + table + end + after
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(readme), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readmeClouds() string {
	var b strings.Builder
	b.WriteString("| Name | Login | Graph | Type |\n| --- | --- | --- | --- |\n")
	for _, e := range clouds {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", e.Name, e.AzureADEndpoint, e.GraphEndpoint, e.Type)
	}
	return b.String()
}

func readmeVerbs() string {
	var b strings.Builder
	b.WriteString("| Verb | Also | |\n| --- | --- | --- |\n")
	for _, v := range verbs() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.name, strings.Join(v.cmdlets, ", "), strings.ReplaceAll(v.summary, "|", `\|`))
	}
	return b.String()
}

func readmeStatuses() string {
	var b strings.Builder
	b.WriteString("| Status | Meaning |\n| --- | --- |\n")
	for _, s := range exitStatuses {
		fmt.Fprintf(&b, "| %d | %s |\n", s.status, s.meaning)
	}
	return b.String()
}

func readmeIDs() string {
	var b strings.Builder
	b.WriteString("| Status | Ids |\n| --- | --- |\n")
	for _, s := range exitStatuses {
		var ids []string
		for _, k := range kinds {
			if k.exit == s.status {
				ids = append(ids, "`"+k.id+"`")
			}
		}
		if ids != nil {
			fmt.Fprintf(&b, "| %d | %s |\n", s.status, strings.Join(ids, ", "))
		}
	}
	return b.String()
}

// readmeParameters is the table of parameters by set: mandatory or optional, and the
// position where there is one.
func readmeParameters() string {
	titles := []string{"User", "AppCertificate", "Identity", "AppSecret", "AccessToken", "Environment"}
	var b strings.Builder
	b.WriteString("| Parameter | Type | " + strings.Join(titles, " | ") + " |\n| --- | --- |" + strings.Repeat(" --- |", len(titles)) + "\n")
	for _, p := range slices.Concat(documented, ours) {
		fmt.Fprintf(&b, "| `-%s` | %s |", p.Name, p.Type.Short())
		for _, set := range connectSets {
			b.WriteString(" " + readmeMark(p, set) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func readmeMark(p powershell.Parameter, set string) string {
	if len(p.Sets) == 0 {
		return "○"
	}
	for _, i := range p.Sets {
		if i.Set != set {
			continue
		}
		mark := "○"
		if i.Mandatory {
			mark = "●"
		}
		if i.Position > 0 {
			mark += fmt.Sprint(" ", i.Position)
		}
		return mark
	}
	return ""
}
