package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestLint lints the examples, their variants, the Dockerfiles in the manner of
// good projects and the bad example of every check that judges sources, on the
// engine and by the imagegate command: both have to find the same, and in a bad
// example what its check is there for.
func TestLint(t *testing.T) {
	t.Parallel()
	command := filepath.Join(t.TempDir(), "imagegate")
	run(t, root, []string{"CGO_ENABLED=0"}, "go", "build", "-o", command, "./cmd/imagegate").succeed(t)

	imagegate := serveModule(t)
	same := func(name, source, profile string, wanted ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := imagegate.call(t, "--profile="+profile, "lint", "--source="+source)
			local := run(t, source, nil, command, "lint", "--format=json", "--profile="+profile, ".")
			if blocked := engine.code != 0; blocked != (local.code == 1) || local.code > 1 {
				t.Fatalf("lint on the engine ends with status %d, the command with %d\n%s\n%s", engine.code, local.code, engine, local)
			}
			var findings []struct {
				Check, Status, File string
				Line, Column        int
			}
			if err := json.Unmarshal([]byte(local.stdout), &findings); err != nil {
				t.Fatalf("%v\n%s", err, local)
			}
			var want []string
			seen := map[string]bool{}
			for _, f := range findings {
				where := f.File
				for _, n := range []int{f.Line, f.Column} {
					if n > 0 {
						where += fmt.Sprintf(":%d", n)
					}
				}
				want = append(want, strings.Join([]string{f.Status, f.Check, where}, " "))
				seen[f.Check] = true
			}
			slices.Sort(want)
			if got := findingsOf(engine.stdout + engine.stderr); !slices.Equal(got, want) {
				t.Errorf("the engine finds\n\t%s\nand the command\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
			}
			for _, id := range wanted {
				if !seen[id] {
					t.Errorf("%s finds nothing", id)
				}
			}
		})
	}

	for _, name := range append(slices.Clone(examples), "orders-api") {
		same(name, filepath.Join(root, "examples", name), "default")
	}
	for _, patch := range glob(t, root, "examples/variants/*.patch") {
		source := copyExample(t, readVariant(t, patch).example)
		run(t, source, nil, "git", "apply", patch).succeed(t)
		same(strings.TrimSuffix(filepath.Base(patch), ".patch"), source, "default")
	}
	for _, file := range glob(t, root, "checks/lint/testdata/production/*.txtar") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		same(strings.TrimSuffix(filepath.Base(file), ".txtar"), unpack(t, string(text), ""), "default")
	}

	var all []struct{ ID, Bad string }
	out := run(t, root, nil, command, "checks", "--format=json").succeed(t)
	if err := json.Unmarshal([]byte(out.stdout), &all); err != nil {
		t.Fatal(err)
	}
	alone := map[string]string{"source": "Dockerfile", "buildkit": "Dockerfile", "suppress": "Dockerfile", "compose": "compose.yaml"}
	judged := map[string]bool{}
	for _, check := range all {
		family, _, _ := strings.Cut(check.ID, "/")
		if file, ok := alone[family]; ok {
			source := unpack(t, check.Bad, file)
			if family == "compose" && len(glob(t, source, "*")) == 1 {
				write(t, filepath.Join(source, "Dockerfile"), "FROM scratch\n")
			}
			same(check.ID, source, "strict", check.ID)
			judged[family] = true
		}
	}
	if len(judged) != len(alone) {
		t.Errorf("there are bad examples of %v alone", slices.Sorted(maps.Keys(judged)))
	}
}

// findingsOf returns the rows of a table that say where something was found, each
// as "status check where", sorted.
func findingsOf(text string) []string {
	var found []string
	var columns []int // where the cells of a row start
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch fields := strings.Fields(line); {
		case strings.HasPrefix(line, "STATUS "):
			columns = nil
			for _, name := range fields {
				columns = append(columns, strings.Index(line, name))
			}
		case len(fields) == 0:
			columns = nil
		case len(columns) < 4 || len(line) <= columns[2]:
		case line[0] != ' ':
			where := cell(line, columns[2], columns[3])
			if slices.Contains([]string{"fail", "warn", "waived"}, fields[0]) && where != "" {
				found = append(found, strings.Join([]string{fields[0], fields[1], where}, " "))
			}
		case len(found) > 0:
			// A path that was too long for one line.
			found[len(found)-1] += cell(line, columns[2], columns[3])
		}
	}
	slices.Sort(found)
	return found
}

func cell(line string, from, to int) string { return strings.TrimSpace(line[from:min(to, len(line))]) }

// unpack writes a txtar archive into a directory of its own; a text without files
// is the one of this name.
func unpack(t *testing.T, text, alone string) string {
	t.Helper()
	archive := txtar.Parse([]byte(text))
	if len(archive.Files) == 0 && alone != "" {
		archive.Files = []txtar.File{{Name: alone, Data: archive.Comment}}
	}
	dir := t.TempDir()
	for _, file := range archive.Files {
		name := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, name, string(file.Data))
	}
	return dir
}

// glob returns the files of a pattern, which there have to be.
func glob(t *testing.T, elements ...string) []string {
	t.Helper()
	pattern := filepath.Join(elements...)
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	return files
}
