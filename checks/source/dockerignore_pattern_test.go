package source

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestDockerignorePattern(t *testing.T) {
	tests := map[string]struct {
		ignore, files string
		want          []string // place, message and fix
	}{
		"comment behind":    {".git\n  .env # secrets\n", "", []string{`2:3 # starts a comment at the start of a line only: the pattern is ".env # secrets"; Write .env and, on a line of its own, # secrets`}},
		"exception within":  {"node_modules/!keep\n", "", []string{`1:1 ! takes something back at the start of a line only: the pattern is "node_modules/!keep"; Write !node_modules/keep`}},
		"several on a line": {".git .env node_modules\n", "", []string{`1:1 a line is one pattern: nothing is called ".git .env node_modules"; Write .git, .env, node_modules on a line each`}},
		"quotes":            {"\"node_modules\"\n", "", []string{`1:1 quotes are part of the pattern: nothing is called "node_modules"; Write node_modules`}},
		"backslash":         {"src\\bin\n", "", []string{`1:1 \ is no separator: it makes the next character of "src\bin" special; Write src/bin`}},
		"above": {"../secrets\n/\n.\n", "", []string{
			`1:1 "../secrets" matches nothing: patterns are relative to the root of the context, and below it; Write * for everything, or the path from the root of the context`,
			`2:1 "/" matches nothing: patterns are relative to the root of the context, and below it; Write * for everything, or the path from the root of the context`,
			`3:1 "." matches nothing: patterns are relative to the root of the context, and below it; Write * for everything, or the path from the root of the context`,
		}},
		"left out again":      {"!docs/a.md\ndocs\n", "", []string{`1:1 !docs/a.md has no effect: docs in line 2 leaves it out again; Move it behind docs`}},
		"pattern again":       {"*.txt\n!*.md\n*.md\n", "", []string{`2:1 !*.md has no effect: *.md in line 3 leaves it out again; Move it behind *.md`}},
		"everything again":    {"!src\n*\n", "", []string{`1:1 !src has no effect: * in line 2 leaves it out again; Move it behind *`}},
		"never left out":      {"*.log\n!README.md\n", "", []string{`2:1 !README.md has no effect: no line before it leaves README.md out; Remove it, or write it behind the pattern that leaves README.md out`}},
		"first":               {"!*.md\n", "", []string{`1:1 !*.md has no effect: no line before it leaves *.md out; Remove it, or write it behind the pattern that leaves *.md out`}},
		"a file has no below": {"**/*.log\n!a\n", "-- a --\n", []string{`2:1 !a has no effect: no line before it leaves a out; Remove it, or write it behind the pattern that leaves a out`}},
		"monorepo":            {".git\nnode_modules\n", "-- packages/a/package.json --\n", []string{`2:1 node_modules matches in the root of the context only, and packages/a/node_modules is copied; Write **/node_modules`}},
		"python packages":     {"__pycache__/\n", "-- app/main.py --\n", []string{`1:1 __pycache__ matches in the root of the context only, and app/__pycache__ is copied; Write **/__pycache__`}},
		"log files":           {"*.log\n", "-- a/b/c.log --\n", []string{`1:1 *.log matches in the root of the context only, and a/b/c.log is copied; Write **/*.log`}},

		"plain":              {"# a # b\n.git\n./.env/\n/dist  \n\n**/node_modules\n*.md\n!README.md\n", "", nil},
		"allow list":         {"*\n!src\n!package*.json\nsrc/tests\n", "-- src/a.py --\n", nil},
		"kept file":          {"/log/*\n!/log/.keep\n/.env*\n!/.env*.erb\n", "", nil},
		"within a directory": {"docs\n!docs/a.md\n", "", nil},
		"below":              {"**/*.md\n!docs\n", "-- docs/a.md --\n", nil},
		"below unknown":      {"a/*/c\n!a\n", "", nil},
		"part again":         {"*\n!src\nsrc/*.md\n", "", nil},
		"again and back":     {"*.md\n!README.md\n*.md\n!README.md\n", "", nil},
		"escapes":            {"\\#a\na\\ b\n\\!c\n[a-c]\n", "", nil},
		"names with spaces":  {"My Documents\nProgram Files/x\nC# sources\n", "", nil},
		"root only":          {"node_modules\n__pycache__\n*.log\n", "-- package.json --\n-- main.py --\n-- a.log --\n", nil},
		"depth covered":      {"node_modules\npackages/*/node_modules\n", "-- packages/a/package.json --\n", nil},
		"depth left out":     {"node_modules\npackages\n", "-- packages/a/package.json --\n", nil},
		"other names":        {"dist\nREADME.md\nDockerfile*\n.env\n", "-- a/dist/x --\n-- a/README.md --\n-- a/Dockerfile --\n", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			text := "-- Dockerfile --\nFROM a:1\nCOPY . .\n" + test.files + "-- .dockerignore --\n" + test.ignore
			for _, f := range run(t, dockerignorePattern, text, dockerfile.Options{}).Findings {
				if f.Severity != checks.Medium || f.Location.Path != ".dockerignore" {
					t.Errorf("%+v", f)
				}
				got = append(got, f.Location.String()[len(".dockerignore:"):]+" "+f.Message+"; "+f.Fix)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	text := "-- Dockerfile --\nFROM a:1\nCOPY src /app\n-- .dockerignore --\nnode_modules\n-- packages/a/package.json --\n"
	if res := run(t, dockerignorePattern, text, dockerfile.Options{}); res.Status != checks.Pass {
		t.Errorf("not copied: %+v", res.Findings)
	}
	text = "-- Dockerfile --\nFROM a:1\nCOPY --exclude=**/node_modules . .\n-- .dockerignore --\nnode_modules\n-- packages/a/package.json --\n"
	if res := run(t, dockerignorePattern, text, dockerfile.Options{}); res.Status != checks.Pass {
		t.Errorf("left out by COPY: %+v", res.Findings)
	}
}
