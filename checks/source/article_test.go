package source

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// TestArticle judges the blocks of the article that say how to do it: what they
// lack by our checks is known, and nothing else blocks.
func TestArticle(t *testing.T) {
	for name, lacks := range map[string][]string{
		"article-node":   {healthcheck.ID},
		"article-python": {healthcheck.ID},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, res := range checks.Run(checks.Select(All(), checks.DefaultProfile), load(t, string(text), dockerfile.Options{})) {
			if res.Status != checks.Pass {
				got = append(got, res.Check)
				t.Logf("%s: %s: %s %s %+v", name, res.Check, res.Status, res.Detail, res.Findings)
			}
		}
		if diff := cmp.Diff(lacks, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
