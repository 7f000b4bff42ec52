package report

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

var judged = time.Date(2026, 11, 30, 5, 12, 9, 0, time.FixedZone("CET", 3600))

var blocked = Report{
	Judged: judged,
	Image:  &Image{Digest: "sha256:" + "2f1c", Platforms: []string{"linux/amd64"}},
	Gates: []Gate{
		{Name: "lint", Time: 120 * time.Millisecond, Results: []checks.Result{
			{Check: "source/base-tag", Title: "base images carry a version", Status: checks.Pass},
			{Check: "source/secret", Title: "no secrets", Status: checks.Pass},
			{Check: "source/user", Title: "the final stage runs as a user of its own", Status: checks.Fail, Findings: []checks.Finding{{
				Status: checks.Fail, Severity: checks.High, Location: checks.Location{Path: "Dockerfile", Line: 12, Column: 1},
				Message: "the final stage ends as USER root", Fix: "create a user and name it in the last USER instruction: USER app",
			}}},
		}},
		{Name: "scan", Time: 2 * time.Second, Results: []checks.Result{
			{Check: "vuln/vulnerability", Title: "no fixable vulnerabilities", Status: checks.Error, Detail: "trivy was killed\nby signal 9"},
		}},
		{Name: "run", Time: 1500 * time.Millisecond, Results: []checks.Result{
			{Check: "runtime/user", Title: "the main process is not root", Status: checks.Pass, Detail: "uid 1001 (app)"},
			{Check: "runtime/healthcheck", Title: "the healthcheck turns healthy", Status: checks.Skipped, Detail: "the image has no HEALTHCHECK"},
		}},
	},
}

var passed = Report{
	Judged: judged,
	Image:  &Image{Digest: "sha256:" + "2f1c", Platforms: []string{"linux/amd64", "linux/arm64"}},
	Gates: []Gate{
		{Name: "image", Platform: "linux/arm64", Time: time.Second, Results: []checks.Result{
			{Check: "image/size", Title: "small", Status: checks.Pass, Detail: "63.2 MB of 500 MB"},
			{Check: "image/user", Title: "not root", Status: checks.Warn, Findings: []checks.Finding{{
				Status: checks.Warn, Severity: checks.Low, Location: checks.Location{Path: "config.User"}, Message: "by number", Fix: "none",
			}}},
			{Check: "image/healthcheck", Title: "healthy", Status: checks.Waived, Findings: []checks.Finding{{
				Status: checks.Waived, Severity: checks.High, Location: checks.Location{Path: "config.Healthcheck"},
				Message: "there is none", Fix: "add one", Reason: "it converts one file, and ends", Owner: "team-a", Expires: "2027-01-31",
			}}},
		}},
	},
}

func TestGolden(t *testing.T) {
	for name, r := range map[string]Report{"blocked": blocked, "passed": passed} {
		t.Run(name, func(t *testing.T) {
			doc, err := JSON(r)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".json", string(doc))
			golden(t, name+".txt", Table(r))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it and run with -update\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestNothingJudgedIsAnError(t *testing.T) {
	for name, r := range map[string]Report{"no gates": {}, "a gate without results": {Gates: []Gate{{Name: "scan"}}}} {
		if got := r.Status(); got != checks.Error {
			t.Errorf("%s: status %s, want error", name, got)
		}
	}
}

// TestFamilyThatCouldNotBeJudged wants one cause named once, and several each.
func TestFamilyThatCouldNotBeJudged(t *testing.T) {
	failed := func(id, reason string) checks.Result {
		return checks.Result{Check: id, Status: checks.Error, Detail: reason}
	}
	for want, results := range map[string][]checks.Result{
		"blocked by vuln/*\n":          {failed("vuln/a", "no engine"), failed("vuln/b", "no engine")},
		"blocked by vuln/a, vuln/b\n":  {failed("vuln/a", "no engine"), failed("vuln/b", "no disk")},
		"blocked by vuln/a\n":          {failed("vuln/a", "no engine")},
		"blocked by image/a, vuln/*\n": {failed("vuln/a", "x"), failed("image/a", "x"), failed("vuln/b", "x")},
		"blocked by vuln/c, vuln/d\n":  {failed("vuln/c", "x"), failed("vuln/d", "x"), {Check: "vuln/e", Status: checks.Pass}},
	} {
		if got := Table(Report{Gates: []Gate{{Name: "scan", Results: results}}}); !strings.HasSuffix(got, want) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}
