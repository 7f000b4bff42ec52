package policy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// argument is one of the module's constructor.
type argument struct {
	doc string
	// initial is its default, as JSON and thus as YAML; empty if it has none.
	initial string
}

// moduleArguments returns those of the module's constructor, by the names of their
// flags, and the flags of its table of settings, by the names of their keys.
func moduleArguments(t *testing.T) (arguments map[string]argument, settings map[string]string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	arguments, settings = map[string]argument{}, map[string]string{}
	files := token.NewFileSet()
	for _, name := range names {
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "New" && d.Recv == nil {
					for _, field := range d.Type.Params.List {
						arguments[kebab(field.Names[0].Name)] = argumentOf(file, files, field)
					}
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && v.Names[0].Name == "settings" {
						for _, element := range v.Values[0].(*ast.CompositeLit).Elts {
							key, flag := setting(t, element)
							settings[key] = flag
						}
					}
				}
			}
		}
	}
	return arguments, settings
}

// argumentOf returns what the comment above an argument says.
func argumentOf(file *ast.File, files *token.FileSet, field *ast.Field) argument {
	var a argument
	for _, group := range file.Comments {
		if files.Position(group.End()).Line+1 != files.Position(field.Pos()).Line {
			continue
		}
		for _, c := range group.List {
			line := strings.TrimSpace(strings.TrimPrefix(c.Text, "//"))
			switch value, ok := strings.CutPrefix(line, "+default="); {
			case ok:
				a.initial = value
			case !strings.HasPrefix(line, "+"):
				a.doc += line + " "
			}
		}
	}
	return a
}

// setting returns the key and the flag of an element of the table: a call, with or
// without the name of the flag in a call of by.
func setting(t *testing.T, element ast.Expr) (key, flag string) {
	t.Helper()
	call, ok := element.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		t.Fatalf("a setting is no call: %#v", element)
	}
	text := func(e ast.Expr) string {
		literal, _ := e.(*ast.BasicLit)
		if literal == nil {
			t.Fatalf("a setting has no text for its name: %#v", e)
		}
		s, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if of, ok := call.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "by" {
		key, _ = setting(t, of.X)
		return key, text(call.Args[0])
	}
	key = text(call.Args[0])
	return key, key[strings.Index(key, ".")+1:]
}

func kebab(name string) string {
	return regexp.MustCompile(`[A-Z]`).ReplaceAllStringFunc(name, func(s string) string { return "-" + strings.ToLower(s) })
}

// named finds the defaults that a comment names.
var named = regexp.MustCompile(`(?i)(?:\bdefaults to|\bdefault is|\bby default|\bdefault:|\(default) ([^\s,;)]+)`)

// TestDefaults wants the defaults of the table to be those of the flags that the module
// has for the same, which count as given where they differ.
func TestDefaults(t *testing.T) {
	initial, err := Defaults()
	if err != nil {
		t.Fatal(err)
	}
	if initial.Budgets.MaxSize != 500e6 || initial.Run.MaxMemory != 2<<30 || initial.Scan.DatabaseMaxAge != 168*time.Hour || initial.Profile != checks.DefaultProfile || len(initial.places) > 0 {
		t.Errorf("the defaults are %+v", initial)
	}
	arguments, settings := moduleArguments(t)
	if len(settings) < 20 || len(arguments) < len(settings) {
		t.Fatalf("%d settings, %d arguments", len(settings), len(arguments))
	}
	for name, flag := range settings {
		if !slices.ContainsFunc(keys, func(k key) bool { return k.name == name }) {
			t.Errorf("the setting %s is of no key", name)
			continue
		}
		a, ok := arguments[flag]
		if !ok {
			t.Errorf("the setting %s is of --%s, and the module has no such flag", name, flag)
			continue
		}
		var given Policy // without a default the flag is empty
		if a.initial != "" {
			given = parsed(t, File, set(name, a.initial))
		}
		if !Same(name, initial, given) {
			t.Errorf("--%s is %q if it is not given, and %s is another", flag, a.initial, name)
		}
		for _, said := range named.FindAllStringSubmatch(a.doc, -1) {
			if value := strings.TrimSuffix(said[1], "."); !Same(name, initial, parsed(t, File, set(name, value))) {
				t.Errorf("--%s: %q, and %s is another", flag, said[0], name)
			}
		}
	}
	for _, k := range keys {
		if _, ok := settings[k.name]; !ok && !strings.HasPrefix(k.name, "limits.") {
			t.Errorf("%s is the setting of no flag", k.name)
		}
	}
}

func TestSame(t *testing.T) {
	a := parsed(t, File, "run: {tmpfs: [/a], max-processes: 5}")
	b := parsed(t, File, "run: {tmpfs: [/a], max-processes: 6}")
	if !Same("run.tmpfs", a, b) || Same("run.max-processes", a, b) || Same("no.key", a, a) {
		t.Error("what is the same differs, or the other way round")
	}
}
