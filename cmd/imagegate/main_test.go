package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/lint"
)

var update = flag.Bool("update", false, "write what the command prints into testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"imagegate": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
	})
}

// exits runs a command that must end with a status: exits 1 imagegate lint .
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		status = exit.ExitCode()
	}
	if status != want {
		ts.Fatalf("it ends with status %d, not %d", status, want)
	}
}

// corpus writes the production Dockerfiles of package lint, and some that are
// wrong, each with its context, and returns their directories.
func corpus(t *testing.T) []string {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join("..", "..", "checks", "lint", "testdata", "production", "*.txtar"))
	if err != nil || len(archives) < 10 {
		t.Fatalf("the production Dockerfiles are not there: %v", err)
	}
	root := t.TempDir()
	var dirs []string
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, write(t, filepath.Join(root, strings.TrimSuffix(filepath.Base(file), ".txtar")), archive))
	}
	for name, text := range map[string]string{
		"broken":   "-- Dockerfile --\nFROM a:1\nFORM b:1\n",
		"policy":   "-- Dockerfile --\nFROM a:1\n-- imagegate.yaml --\nwaiver: []\n",
		"waived":   "-- Dockerfile --\nFROM alpine:latest\n# imagegate:ignore source/user reason=a test\nUSER root\nHEALTHCHECK NONE\nCOPY . .\n",
		"100% a,b": "-- Dockerfile --\nFROM alpine:latest\nCMD echo \\\n  100%, \\\n  a::b\n",
		"empty":    "",
	} {
		dirs = append(dirs, write(t, filepath.Join(root, name), txtar.Parse([]byte(text))))
	}
	return dirs
}

func write(t *testing.T, dir string, archive *txtar.Archive) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.Files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lintAll lints the directories and returns the output, in a format.
func lintAll(t *testing.T, format string, dirs []string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(append([]string{"lint", "--profile=strict", "--format", format}, dirs...), nil, &out, &errs); got != exitError {
		t.Fatalf("it ends with status %d, and a Dockerfile cannot be read", got)
	}
	for _, want := range []string{"Dockerfile:2: unknown instruction: FORM", `has no key "waiver"`, "no Dockerfile in the source"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("standard error does not say %q:\n%s", want, &errs)
		}
	}
	return out.Bytes()
}

func TestJSONSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join("..", "..", "docs", "schema", "lint.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := lintAll(t, "json", corpus(t))
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Error(err)
	}
	var found []finding
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	seen := map[checks.Status]bool{}
	for i, f := range found {
		seen[f.Status] = true
		if i > 0 && compare(found[i-1], f) >= 0 {
			t.Errorf("%s %s is not in its place", f.where(), f.Check)
		}
	}
	if len(seen) != 4 {
		t.Errorf("not every status is tried: %v", seen)
	}
	for _, text := range []string{
		`{}`, `[{}]`,
		strings.Replace(string(out), `"status": "fail"`, `"status": "pass"`, 1),
		strings.Replace(string(out), `"line": 1,`, `"line": -1,`, 1),
		strings.Replace(string(out), `"file":`, `"path":`, 1),
		strings.Replace(string(out), `"reason":`, `"why":`, 1),
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(document) == nil {
			t.Errorf("the schema takes %.200s", text)
		}
	}
	empty, err := jsonschema.UnmarshalJSON(strings.NewReader("[]"))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(empty); err != nil {
		t.Error(err)
	}
}

func TestSARIF(t *testing.T) {
	out := lintAll(t, "sarif", corpus(t))
	report, err := sarif.FromBytes(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Validate(); err != nil {
		t.Error(err)
	}
	run := report.Runs[0]
	if *run.Invocations[0].ExecutionSuccessful {
		t.Error("the run counts as successful, and not all could be judged")
	}
	if n := len(run.Invocations[0].ToolExecutionNotifications); n != 3 {
		t.Errorf("%d notifications, want one for each of what could not be judged", n)
	}
	suppressed := 0
	for _, result := range run.Results {
		if id := *run.Tool.Driver.Rules[result.RuleIndex].ID; id != *result.RuleID {
			t.Errorf("a result of %s refers to the rule %s", *result.RuleID, id)
		}
		if len(result.Suppressions) > 0 {
			suppressed++
		}
	}
	if suppressed < 2 || len(run.Results) < 10 {
		t.Errorf("%d results, %d of them suppressed", len(run.Results), suppressed)
	}
}

func TestURI(t *testing.T) {
	for path, want := range map[string]string{
		"Dockerfile":      "Dockerfile",
		"a b/100%.df":     "a%20b/100%25.df",
		"../Dockerfile":   "../Dockerfile",
		"/src/Dockerfile": "file:///src/Dockerfile",
		"a:b/Dockerfile":  "./a:b/Dockerfile",
	} {
		if got := uri(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// TestPreCommit wants the hook to run for each file that a check reads, and every
// file that it is given to be judged.
func TestPreCommit(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct{ Files string }
	if err := yaml.Unmarshal(text, &hooks); err != nil || len(hooks) != 1 {
		t.Fatalf("%d hooks: %v", len(hooks), err)
	}
	files := regexp.MustCompile(hooks[0].Files)
	root := t.TempDir()
	for name, want := range map[string]bool{
		"Dockerfile": true, "a/Dockerfile.dev": true, "a/dev.Dockerfile": true, "b/dockerfile": true, "Containerfile": true,
		"c/.dockerignore": true, "c/Dockerfile.dockerignore": true, "d/compose.yaml": true, "docker-compose.prod.yml": true,
		"compose.override.yaml": true, "imagegate.yaml": true, "imagegate.yml": true, "e/.imagegate-baseline.json": true,
		"README.md": false, "a/composer.json": false, "Dockerfiles/a.c": false, "notes/composed.yaml": false,
	} {
		if got := files.MatchString(name); got != want {
			t.Errorf("the hook runs for %s: %t", name, got)
		}
		if !want {
			continue
		}
		file := filepath.Join(root, name)
		content := ""
		switch {
		case strings.Contains(name, "ompose"):
			content = "services: {a: {image: 'a:1.2.3'}}\n"
		case strings.HasSuffix(name, "file"), strings.HasSuffix(name, ".dev"):
			content = "FROM scratch\nUSER 1\n"
		case strings.HasSuffix(name, ".json"):
			content = `{"version": 1, "findings": []}`
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if got := run([]string{"lint", file}, nil, &out, &errs); got != exitClean {
			t.Errorf("lint %s ends with status %d: %s%s", name, got, &out, &errs)
		}
	}
}

// TestSameAsLint compares the command with what the lint gate of the module says.
func TestSameAsLint(t *testing.T) {
	dir := corpus(t)[5]
	var want []string
	for _, res := range lint.Run(os.DirFS(dir), lint.Options{Now: time.Now()}) {
		for _, f := range res.Findings {
			want = append(want, res.Check+" "+string(f.Status)+" "+f.Location.String()+" "+f.Message)
		}
	}
	var out, errs bytes.Buffer
	run([]string{"lint", "--format=json", dir}, nil, &out, &errs)
	var found []finding
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		t.Fatalf("%v: %s", err, &errs)
	}
	var got []string
	for _, f := range found {
		rel, err := filepath.Rel(dir, f.where())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Check+" "+string(f.Status)+" "+rel+" "+f.Message)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("the command finds\n%v\nthe gate\n%v", got, want)
	}
}

// TestOrder runs the command twice over many files: what it prints is the same.
func TestOrder(t *testing.T) {
	dirs := corpus(t)
	first := lintAll(t, "text", dirs)
	slices.Reverse(dirs)
	if second := lintAll(t, "text", dirs); !bytes.Equal(first, second) {
		t.Errorf("the order of the arguments changes the output:\n%s\n%s", first, second)
	}
}
