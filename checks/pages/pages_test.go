package pages

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
)

var update = flag.Bool("update", false, "write the pages below docs instead of comparing them")

// root is the root of the repository.
const root = "../.."

// TestPages holds the files below docs to what the checks say: none is stale,
// missing, or of a check that is gone.
func TestPages(t *testing.T) {
	pages := Pages(catalog.Entries())
	for _, name := range written(t) {
		if _, ok := pages[name]; ok {
			continue
		}
		if !*update {
			t.Errorf("%s is the page of no check; run go test ./checks/pages -update", name)
		} else if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
	for name, want := range pages {
		file := filepath.Join(root, filepath.FromSlash(name))
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v; run go test ./checks/pages -update", err)
		} else if diff := cmp.Diff(string(got), want); diff != "" {
			t.Errorf("%s is stale; run go test ./checks/pages -update\n%s", name, diff)
		}
	}
}

// written returns the paths of the pages that there are.
func written(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(root), "docs/checks", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return fs.SkipAll
		}
		if err == nil && !d.IsDir() && name != idsFile {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var (
	relative = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinks follows the links of the pages that stay in the repository.
func TestLinks(t *testing.T) {
	pages := Pages(catalog.Entries())
	for name, text := range pages {
		for _, m := range relative.FindAllStringSubmatch(text, -1) {
			to := path.Join(path.Dir(name), m[1])
			target, ok := pages[to]
			if _, err := os.Stat(filepath.Join(root, to)); !ok && err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
			if m[2] == "" {
				continue
			}
			if !slices.ContainsFunc(heading.FindAllStringSubmatch(target, -1), func(h []string) bool { return "#"+anchor(h[1]) == m[2] }) {
				t.Errorf("%s links to %s, which has no heading %s", name, to, m[2])
			}
		}
	}
}

// TestFamilies wants a check's family to be one that the index knows.
func TestFamilies(t *testing.T) {
	for _, e := range catalog.Entries() {
		if familyOf(e.ID).title == "" {
			t.Errorf("%s is of no family in the index", e.ID)
		}
	}
}

// TestIDs wants every id in the list of all that there ever were, once, and
// every id of the list to be a check's, or retired.
func TestIDs(t *testing.T) {
	file := filepath.Join(root, idsFile)
	text, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := strings.Fields(string(text))
	current := map[string]bool{}
	for _, e := range catalog.Entries() {
		if current[e.ID] {
			t.Errorf("%s is the id of two checks", e.ID)
		}
		if retired[e.ID] != "" {
			t.Errorf("%s is retired: it is never given to another check", e.ID)
		}
		current[e.ID] = true
		if !slices.Contains(known, e.ID) {
			known = append(known, e.ID)
			if !*update {
				t.Errorf("%s is not in %s; run go test ./checks/pages -update", e.ID, idsFile)
			}
		}
	}
	slices.Sort(known)
	want := strings.Join(known, "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Errorf("%s is not sorted; run go test ./checks/pages -update", idsFile)
	}
	if len(slices.Compact(known)) != len(known) {
		t.Errorf("%s has an id twice", idsFile)
	}
	answered := map[string]bool{}
	for _, r := range catalog.Rules() {
		for _, alias := range r.Aliases {
			answered["buildkit/"+alias] = true
		}
	}
	for _, id := range known {
		if !current[id] && !current[retired[id]] && !answered[id] {
			t.Errorf("%s is no check any more: an id does not go away, name its successor in retired", id)
		}
	}
	for id := range retired {
		if !slices.Contains(known, id) {
			t.Errorf("%s is retired, and not in %s", id, idsFile)
		}
	}
}

func TestPage(t *testing.T) {
	e := catalog.Entry{
		Rule: checks.Rule{
			ID: "source/base-tag", Title: "Every base image names a version", Severity: checks.Medium, Why: "another image tomorrow: *.*",
			Fix: "Write ARG TAG, then FROM a:$TAG.", Reference: "https://example.com/", Aliases: []string{"DL3006"}, Differs: "DL3006 does not count, as in source/user.",
		},
		Good: "\nFROM a:1\n",
		Bad:  "-- Dockerfile --\nFROM a\n-- app.py --\n-- x.md --\n```\n",
	}
	want := strings.ReplaceAll(`# source/base-tag

Every base image names a version.

**Severity:** Medium. Warns in the default profile, blocks in the strict one.

## Why

Another image tomorrow: \*.\*.

## Fix

Write ARG TAG, then FROM a:\$TAG.

## Good

'''dockerfile
FROM a:1
'''

## Bad

'Dockerfile'

'''dockerfile
FROM a
'''

'app.py'

(empty)

'x.md'

''''text
'''
''''

## Other tools

| Tool | Rule | Asks for |
|---|---|---|
| [hadolint](../../coverage.md#hadolint) | DL3006 | The base image has a tag |

### Where the verdicts differ

DL3006 does not count, as in [source/user](user.md).

## More

- <https://example.com/>
- The check itself: [checks/source/base_tag.go](../../../checks/source/base_tag.go)
- [All checks](../README.md)
`, "'", "`")
	if diff := cmp.Diff(want, (book{pages: map[string]string{"source/user": "docs/checks/source/user.md"}}).page(e)); diff != "" {
		t.Error(diff)
	}
}

func TestEffect(t *testing.T) {
	for want, r := range map[string]checks.Rule{
		"Critical. Blocks.":              {ID: "build/image", Severity: checks.Critical},
		"Medium.":                        {ID: "image/size", Severity: checks.Medium},
		"High. Blocks in every profile.": {ID: "source/x", Severity: checks.High},
		"Low. Warns in the default and the strict profile.":               {ID: "buildkit/X", Severity: checks.Low},
		"Low. Judged in the strict profile alone, where it warns.":        {ID: "source/x", Severity: checks.Low, Strict: true},
		"Medium. Judged in the strict profile alone, where it blocks.":    {ID: "source/x", Severity: checks.Medium, Strict: true},
		"High. Judged in the strict profile alone, where it blocks.":      {ID: "source/x", Severity: checks.High, Strict: true},
		"Medium. Warns in the default profile, blocks in the strict one.": {ID: "compose/x", Severity: checks.Medium},
	} {
		if got := effect(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"NODE_ENV and _x_":    `NODE_ENV and \_x\_`,
		"`a*$b` but a*$b":     "`a*$b` but a\\*\\$b",
		"<name> and a < b":    `\<name> and a < b`,
		`a \ b ~x~`:           `a \\ b \~x\~`,
		`["node", "main.js"]`: `["node", "main.js"]`,
	} {
		if got := escape(text); got != want {
			t.Errorf("escape(%s) = %s, want %s", text, got, want)
		}
	}
	if got := (book{}).cell(indexPage, "a | b"); got != `a \| b` {
		t.Errorf("cell: %s", got)
	}
}

func TestIndent(t *testing.T) {
	for text, want := range map[string]string{
		`{"args": ["/app", "-v"], "stop": {"exit": {"code": 0}}}`: `{
  "args": ["/app", "-v"],
  "stop": {
    "exit": {"code": 0}
  }
}`,
		"{\n\"a\": 1\n}": "{\n\"a\": 1\n}",
		"no JSON":        "no JSON",
	} {
		if diff := cmp.Diff(want, indent(text)); diff != "" {
			t.Error(diff)
		}
	}
}
