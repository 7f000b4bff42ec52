package source

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestDockerignore(t *testing.T) {
	tests := map[string]struct {
		text   string
		status checks.Status
		want   []string // subjects
	}{
		"nothing copied":   {"FROM a:1\n", checks.Skipped, nil},
		"files copied":     {"-- Dockerfile --\nFROM a:1\nCOPY main.py requirements.txt /app/\nCOPY src /app/src\n-- src/a.py --\n", checks.Skipped, nil},
		"copy from stage":  {"FROM a:1 AS b\nFROM a:1\nCOPY --from=b . .\n", checks.Skipped, nil},
		"stage not used":   {"FROM a:1 AS b\nCOPY . .\nFROM a:1\n", checks.Skipped, nil},
		"missing":          {"FROM a:1\nCOPY . .\n", checks.Fail, []string{""}},
		"missing with ADD": {"FROM a:1\nADD ./ /app\n", checks.Fail, []string{""}},
		"empty":            {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n", checks.Fail, []string{".env", ".env.*", ".git"}},
		"node":             {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- package.json --\n-- .dockerignore --\n.git\n.env*\n", checks.Fail, []string{"node_modules"}},
		"no node":          {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n.git\n.env*\n", checks.Pass, nil},
		"anywhere":         {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n**/.git\n**/.env*\n", checks.Pass, nil},
		"allow list":       {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- package.json --\n-- .dockerignore --\n*\n!src\n", checks.Pass, nil},
		"taken back":       {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n.git\n.env*\n!.env\n", checks.Fail, []string{".env"}},
		"excluded by copy": {"-- Dockerfile --\nFROM a:1\nCOPY --exclude=.env* . .\n-- .dockerignore --\n.git\n", checks.Pass, nil},
		"directory":        {"-- Dockerfile --\nFROM a:1\nCOPY web /app\n-- web/.env --\n-- .dockerignore --\n.env\n", checks.Fail, []string{"web/.env"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			res := run(t, dockerignore, test.text, dockerfile.Options{})
			var got []string
			for _, f := range res.Findings {
				got = append(got, f.Subject)
				if !strings.Contains(f.Fix, f.Subject) {
					t.Errorf("fix does not name the line: %+v", f)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); res.Status != test.status || diff != "" {
				t.Errorf("%s %s, want %s\n%s", res.Status, res.Detail, test.status, diff)
			}
		})
	}
}
