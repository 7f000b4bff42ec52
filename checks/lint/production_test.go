package lint

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks"
)

var update = flag.Bool("update", false, "write what is found into testdata/production")

// TestProduction lints Dockerfiles in the manner of good public projects. What is
// found in each stands in the file of its name: nothing but what a reviewer would
// really ask to change.
func TestProduction(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "production", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Dockerfiles: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source, err := txtar.FS(archive)
			if err != nil {
				t.Fatal(err)
			}
			got := found(Run(source, Options{}))
			golden := strings.TrimSuffix(file, ".txtar") + ".findings"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the findings changed; if they are right, run go test -update:\n%s", diff)
			}
		})
	}
}

// found writes a line for each finding, and for what could not be judged.
func found(results []checks.Result) string {
	var b strings.Builder
	for _, res := range results {
		if res.Status == checks.Error {
			fmt.Fprintf(&b, "%s %s: %s\n", res.Status, res.Check, res.Detail)
		}
		for _, f := range res.Findings {
			fmt.Fprintf(&b, "%s %s %s %s: %s\n", f.Status, f.Severity, f.Location, res.Check, f.Message)
			if f.Status == checks.Waived {
				fmt.Fprintf(&b, "\taccepted: %s\n", f.Reason)
			}
		}
	}
	return b.String()
}
