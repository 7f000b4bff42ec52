package compose

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// formattings change how a Compose file is written, and not what it says. Each
// tells how many lines it puts before the file.
var formattings = map[string]struct {
	format func(text string) string
	lines  int
}{
	"CRLF":            {func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }, 0},
	"byte-order mark": {func(text string) string { return "\ufeff" + text }, 0},
	"comments":        {func(text string) string { return "# A file.\n\n" + strings.ReplaceAll(text, "\n", " # so\n") }, 2},
	"document":        {func(text string) string { return "---\n" + text + "...\n" }, 1},
}

// TestFormatting wants the same findings however the examples are written.
func TestFormatting(t *testing.T) {
	for name, f := range formattings {
		t.Run(name, func(t *testing.T) {
			for _, check := range All() {
				for _, text := range []string{check.Good, check.Bad, article} {
					want := places(run(t, check, text), 0)
					files := fstest.MapFS{}
					err := fs.WalkDir(example(t, text), ".", func(name string, d fs.DirEntry, err error) error {
						if err != nil || d.IsDir() {
							return err
						}
						data, err := fs.ReadFile(example(t, text), name)
						if fileName.MatchString(name) {
							data = []byte(f.format(string(data)))
						}
						files[name] = &fstest.MapFile{Data: data}
						return err
					})
					if err != nil {
						t.Fatal(err)
					}
					got := places(Run([]Check{check}, files, dockerfile.Options{})[0], f.lines)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s: %s", check.ID, diff)
					}
				}
			}
		})
	}
}

// places are the findings of a result and where they are, with some lines taken
// from before them.
func places(res checks.Result, lines int) []checks.Finding {
	for i := range res.Findings {
		at := &res.Findings[i].Location
		if at.Line -= lines; at.EndLine > 0 {
			at.EndLine -= lines
		}
	}
	return res.Findings
}
