package conformance

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// TestOurs judges every Dockerfile of the project: the examples, and what the source
// of the checks and their tests hold, good and bad ones of every check among them.
func TestOurs(t *testing.T) {
	texts := map[string]string{}
	for _, dir := range []string{"../../checks", "../../cmd", "../../examples", "../../e2e"} {
		collect(t, dir, texts)
	}
	if len(texts) < 1500 {
		t.Errorf("only %d Dockerfiles were found", len(texts))
	}
	compareAll(t, texts)
}

// TestModules judges the Dockerfiles that stand in the module cache: those of the
// modules that happen to be there.
func TestModules(t *testing.T) {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	collect(t, strings.TrimSpace(string(cache)), texts)
	t.Logf("%d Dockerfiles", len(texts))
	compareAll(t, texts)
}

// collect adds the Dockerfiles below a directory, by where they stand: files of that
// name, those in txtar archives and, but for the module cache, in strings of Go.
func collect(t *testing.T, root string, texts map[string]string) {
	t.Helper()
	own := strings.HasPrefix(root, "..")
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !entry.Type().IsRegular() {
			return err
		}
		switch {
		case dockerfile.IsFile(name):
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			texts[name] = string(text)
		case own && filepath.Ext(name) == ".txtar":
			archive, err := txtar.ParseFile(name)
			if err != nil {
				return err
			}
			addArchive(name, archive, texts)
		case own && filepath.Ext(name) == ".go":
			addStrings(t, name, texts)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func addArchive(name string, archive *txtar.Archive, texts map[string]string) {
	for _, file := range archive.Files {
		if dockerfile.IsFile(file.Name) {
			texts[name+"/"+file.Name] = string(file.Data)
		}
	}
}

// addStrings adds the strings of a Go file that are a Dockerfile or an archive with
// one; parts of one that the code puts together are judged as they are.
func addStrings(t *testing.T, name string, texts map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil || !strings.Contains(strings.ToUpper(text), "FROM ") {
			return true
		}
		where := files.Position(literal.Pos()).String()
		if archive := txtar.Parse([]byte(text)); len(archive.Files) > 0 {
			addArchive(where, archive, texts)
		} else {
			texts[where] = text
		}
		return true
	})
}

// compareAll compares each text, for every target and with and without build
// arguments.
func compareAll(t *testing.T, texts map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for _, options := range variants(texts[name]) {
			if err := Compare(texts[name], options); err != nil && !errors.Is(err, errBeyond) {
				t.Errorf("%s with %+v:\n%v\n%s", name, options, err, texts[name])
			}
		}
	}
}

// variants returns the ways to build a Dockerfile: as it is, each named stage of it,
// and with a value for every ARG.
func variants(text string) []dockerfile.Options {
	all := []dockerfile.Options{{}}
	source, err := dockerfile.Load(fstest.MapFS{"Dockerfile": {Data: []byte(text)}}, dockerfile.Options{})
	if err != nil {
		return all
	}
	args := map[string]string{}
	add := func(in *dockerfile.Instruction) {
		if cmd, ok := in.Command.(*instructions.ArgCommand); ok {
			for i, arg := range cmd.Args {
				args[arg.Key] = []string{"", "1", "a/b"}[i%3]
			}
		}
	}
	for _, in := range source.GlobalArgs {
		add(in)
	}
	for _, stage := range source.Stages {
		if stage.Name != "" {
			all = append(all, dockerfile.Options{Target: stage.Name})
		}
		for _, in := range stage.Instructions {
			add(in)
		}
	}
	if len(args) > 0 {
		all = append(all, dockerfile.Options{BuildArgs: args}, dockerfile.Options{BuildArgs: args, Target: source.Stages[0].Name})
	}
	return all
}
