package source

import (
	"slices"
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
		// What "# check=skip=" skips is found: package suppress waives it.
		"both":  {casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Warn, "WorkdirRelativePath": checks.Warn}},
		"skip":  {"# check=skip=StageNameCasing\n" + casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Warn, "WorkdirRelativePath": checks.Warn}},
		"all":   {"# check=skip=all\n" + casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Warn, "WorkdirRelativePath": checks.Warn}},
		"error": {"# check=error=true\n" + casing, dockerfile.Options{}, map[string]checks.Status{"StageNameCasing": checks.Fail, "WorkdirRelativePath": checks.Fail, "MaintainerDeprecated": checks.Pass}},
		"rejected": {"FROM a:1 AS Build\nCOPY --from=9 /a /b\nWORKDIR x\n", dockerfile.Options{}, map[string]checks.Status{
			"StageNameCasing": checks.Warn, "MaintainerDeprecated": checks.Pass, "WorkdirRelativePath": checks.Warn, "UndefinedVar": checks.Pass,
		}},
		"base variable":         {"FROM a:1\nWORKDIR $JAVA_HOME/x\n", dockerfile.Options{}, map[string]checks.Status{"UndefinedVar": checks.Pass}},
		"scratch variable":      {"FROM scratch\nWORKDIR /$JAVA_HOME\n", dockerfile.Options{}, map[string]checks.Status{"UndefinedVar": checks.Warn}},
		"ignored":               {"-- Dockerfile --\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Warn}},
		"ignored, with error":   {"-- Dockerfile --\n# check=error=true\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Fail}},
		"ignored, but skipped":  {"-- Dockerfile --\n# check=skip=CopyIgnoredFile\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Warn}},
		"ignored, not all":      {"-- Dockerfile --\nFROM scratch\nCOPY . /\n-- .dockerignore --\na\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Pass}},
		"everything ignored":    {"-- Dockerfile --\nFROM scratch\nCOPY . /\n-- .dockerignore --\n*\n", dockerfile.Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Warn}},
		"other stage of target": {"FROM a:1 AS b\nWORKDIR /x\nFROM a:1\nWORKDIR x\n", dockerfile.Options{Target: "b"}, map[string]checks.Status{"WorkdirRelativePath": checks.Pass}},
		"rejected for it":       {"ARG TAG\nFROM a:${TAG}\n", dockerfile.Options{}, map[string]checks.Status{"InvalidDefaultArgInFrom": checks.Warn}},
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
	for text, place := range map[string]string{
		"FROM a:1\nRUN a && \\\n\n    b && \\\n    c\n":     "buildkit/NoEmptyContinuation Dockerfile:3",
		"FROM a:1\nRUN a \\\n  \\\n\n  b <<E\nx\n\ny\nE\n":  "buildkit/NoEmptyContinuation Dockerfile:4",
		"FROM a:1\nFROM \\\n\n a:1\n":                       "buildkit/NoEmptyContinuation Dockerfile:3",
		"FROM a:1\nCOPY --from=5 /x /z\n":                   "source/valid Dockerfile:2:1",
		"FROM a:1\nRUN a\nCOPY a /b\nCOPY --from=1 /x /z\n": "source/valid Dockerfile:4:1",
		"FROM a:1\nRUN --mount=from=7,target=/x a\n":        "",
	} {
		id, want, _ := strings.Cut(place, " ")
		if found := results(text, dockerfile.Options{})[id].Findings; place != "" && (len(found) != 1 || found[0].Location.String() != want) {
			t.Errorf("%q: found %+v, want %s", text, found, place)
		}
	}
	for files, fix := range map[string]string{
		"COPY .env /\n-- .dockerignore --\n.env\n":                                              "Do not copy it: let the orchestrator set its variables or mount it at run time",
		"COPY .npmrc /\n-- .dockerignore --\n.npmrc\n-- .npmrc --\n//r/:_authToken=Y29ycmVjd\n": "Do not copy it: write RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci",
		"COPY .npmrc /\n-- .dockerignore --\n.npmrc\n-- .npmrc --\nengine-strict=true\n":        "Remove the pattern from the ignore file, or do not copy the file.",
		"COPY .env.example /\n-- .dockerignore --\n.env*\n":                                     "Remove the pattern from the ignore file, or do not copy the file.",
	} {
		found := results("-- Dockerfile --\nFROM scratch\n"+files, dockerfile.Options{})["buildkit/CopyIgnoredFile"].Findings
		if len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v, want %s", files, found, fix)
		}
	}
}

// TestAliasesOfBuildKit judges what rules of other tools report by the check that
// has them as aliases.
func TestAliasesOfBuildKit(t *testing.T) {
	for alias, text := range map[string]string{
		"DL3024": "FROM a:1 AS b\nFROM a:1 AS B\n",
		"DL3063": "FROM a:1 AS context\n",
		"DL4000": "FROM a:1\nMAINTAINER x\n",
		"DL3000": "FROM a:1\nWORKDIR x\n",
		"DL4003": "FROM a:1\nCMD [\"a\"]\nCMD [\"b\"]\n",
		"DL4004": "FROM a:1\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\n",
		"DL3012": "FROM a:1\nHEALTHCHECK CMD a\nHEALTHCHECK CMD b\n",
		"DL3029": "FROM --platform=linux/amd64 a:1\n",
		"DL3065": "FROM --platform=$TARGETPLATFORM a:1\n",
		"DL3023": "FROM a:1 AS b\nCOPY --from=b /x /y\n",
		"DL3011": "FROM a:1\nEXPOSE 70000\n",
	} {
		found := false
		for _, check := range everyCheck() {
			if slices.Contains(check.Aliases, alias) {
				found = true
				if res := run(t, check, text, dockerfile.Options{}); len(res.Findings) == 0 {
					t.Errorf("%s: %s says %s %s", alias, check.ID, res.Status, res.Detail)
				}
			}
		}
		if !found {
			t.Errorf("%s is no alias", alias)
		}
	}
	for alias, text := range map[string]string{
		"DL3043": "FROM a:1\nONBUILD ONBUILD RUN x\n",
		"DL3061": "RUN x\nFROM a:1\n",
	} {
		if _, err := dockerfile.Load(example(t, text), dockerfile.Options{}); err == nil || !slices.Contains(valid.Aliases, alias) {
			t.Errorf("%s: the Dockerfile is read: %v", alias, err)
		}
	}
}
