package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestBuildKit(t *testing.T) {
	results := func(text string, options dockerfile.Options) map[string]checks.Result {
		byID := map[string]checks.Result{}
		for _, res := range checks.Run(everyCheck(), load(t, text, options)) {
			byID[res.Check] = res
		}
		return byID
	}
	casing := "FROM a:1 AS Build\nWORKDIR x\n"
	for name, test := range map[string]struct {
		text    string
		options dockerfile.Options
		want    map[string]checks.Status
	}{
		"both":  {casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Warn, "WorkdirRelativePath": checks.Warn}},
		"skip":  {"# check=skip=StageNameCasing\n" + casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Pass, "WorkdirRelativePath": checks.Warn}},
		"all":   {"# check=skip=all\n" + casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Pass, "WorkdirRelativePath": checks.Pass}},
		"error": {"# check=error=true\n" + casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Fail, "WorkdirRelativePath": checks.Fail, "MaintainerDeprecated": checks.Pass}},
		"rejected": {"FROM a:1 AS Build\nCOPY --from=9 /a /b\nWORKDIR x\n", dockerfile.Options{}, map[string]checks.Status{
			"StageNameCasing": checks.Warn, "MaintainerDeprecated": checks.Pass, "WorkdirRelativePath": checks.Skipped, "UndefinedVar": checks.Skipped,
		}},
		"base variable":         {"FROM a:1\nWORKDIR $JAVA_HOME/x\n", dockerfile.Options{}, map[string]checks.Status{"UndefinedVar": checks.Pass}},
		"scratch variable":      {"FROM scratch\nWORKDIR /$JAVA_HOME\n", dockerfile.Options{}, map[string]checks.Status{"UndefinedVar": checks.Warn}},
		"ignored":               {"-- Dockerfile --\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Warn}},
		"ignored, with error":   {"-- Dockerfile --\n# check=error=true\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Fail}},
		"ignored, but skipped":  {"-- Dockerfile --\n# check=skip=CopyIgnoredFile\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Pass}},
		"ignored, not all":      {"-- Dockerfile --\nFROM scratch\nCOPY . /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Pass}},
		"everything ignored":    {"-- Dockerfile --\nFROM scratch\nCOPY . /\n-- .dockerignore --\n*\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Warn}},
		"other stage of target": {"FROM a:1 AS b\nWORKDIR /x\nFROM a:1\nWORKDIR x\n", dockerfile.Options{Target: "b"}, map[string]checks.Status{"WorkdirRelativePath": checks.Pass}},
		"build argument":        {"ARG TAG\nFROM a:${TAG}\nWORKDIR x\n", dockerfile.Options{BuildArgs: map[string]string{"TAG": "1"}}, map[string]checks.Status{"InvalidDefaultArgInFrom": checks.Warn, "WorkdirRelativePath": checks.Warn}},
	} {
		t.Run(name, func(t *testing.T) {
			got := results(test.text, test.options)
			for rule, status := range test.want {
				if res := got[buildkitPrefix+rule]; res.Status != status {
					t.Errorf("%s: %s %s %+v, want %s", rule, res.Status, res.Detail, res.Findings, status)
				}
			}
		})
	}

	where := results(casing, dockerfile.Options{})["buildkit/WorkdirRelativePath"].Findings[0].Location
	if want := (checks.Location{Path: "Dockerfile", Line: 2, Column: 1, EndLine: 2, EndColumn: 10}); where != want {
		t.Errorf("finding at %+v, want %+v", where, want)
	}
	rejected := results("FROM a:1\nCOPY --from=9 /a /b\n", dockerfile.Options{})[valid.ID]
	if rejected.Status != checks.Fail || !strings.Contains(rejected.Findings[0].Message, "invalid stage index 9") {
		t.Errorf("source/valid says %+v", rejected)
	}
}
