package policy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/vuln"
)

// lowered reports whether a project may give a check a severity over a policy.
func lowered(t *testing.T, organisation, check string, to checks.Severity) bool {
	t.Helper()
	lower, err := policy.Parse("o", []byte(organisation))
	if err != nil {
		t.Fatal(err)
	}
	project, err := policy.Parse(policy.File, []byte("severity: {"+check+": "+string(to)+"}"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = policy.Merge(lower, project, catalog.Rules())
	return err == nil
}

// TestJudgedBy holds the checks that judge by a key to those that there are.
func TestJudgedBy(t *testing.T) {
	const organisation = "{budgets: {max-growth: 5%}, scan: {licenses: {deny: [MIT]}}, run: {required: [A], slow-path: /a, metrics-path: /b}, locked: [budgets, scan, run]}"
	var got []string
	for _, r := range catalog.Rules() {
		if !lowered(t, organisation, r.ID, checks.Low) {
			got = append(got, r.ID)
		}
	}
	slices.Sort(got)
	want := []string{
		"image/growth", "image/size", "image/wasted-bytes", // image/layers is LOW
		"runtime/healthcheck", "runtime/metrics", "runtime/read-only-rootfs", "runtime/requests-in-flight", "runtime/required-variable",
		"runtime/resources", "runtime/start", "runtime/stop-signal",
		"vuln/license", "vuln/misconfiguration", "vuln/sarif", "vuln/secret", "vuln/vulnerability",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A check of an image that blocks below HIGH loses that by any severity that only warns.
func TestBlocksBelowHigh(t *testing.T) {
	n := 0
	for _, c := range image.All() {
		img, err := image.Example(c.Bad)
		if err != nil {
			t.Fatal(err)
		}
		if c.Severity.AtLeast(checks.High) || !checks.Run([]checks.Check[*image.Image]{c}, img)[0].Status.Blocks() {
			continue
		}
		n++
		if lowered(t, "locked: [profile]", c.ID, c.Severity) {
			t.Errorf("%s blocks, and may be made to warn", c.ID)
		}
	}
	if n == 0 {
		t.Error("no check blocks below HIGH")
	}
}

// TestFailsBelowHigh holds the checks with findings that are worse than their rule to the
// files of all checks: a locked profile has them block.
func TestFailsBelowHigh(t *testing.T) {
	rule := regexp.MustCompile(`\bSeverity: +checks\.(Medium|Low),`)
	worse := regexp.MustCompile(`[^(]checks\.(High|Critical|Fail)\b`)
	id := regexp.MustCompile(`\bID: +"([^"]+)"`)
	var want, got []string
	for _, dir := range []string{"compose", "image", "source"} {
		names, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") && rule.Match(text) && worse.Match(text) {
				check := dir + "/" + strings.ReplaceAll(strings.TrimSuffix(filepath.Base(name), ".go"), "_", "-")
				if m := id.FindSubmatch(text); m != nil {
					check = string(m[1])
				}
				want = append(want, check)
			}
		}
	}
	for _, r := range catalog.Rules() {
		if !r.Severity.AtLeast(checks.High) && !lowered(t, "locked: [profile]", r.ID, r.Severity) {
			got = append(got, r.ID)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("checks with findings that block below HIGH, -by their files +held by a locked profile:\n%s", diff)
	}
}

// A locked profile says nothing of checks by which it does not judge: a project that
// gives one a severity asks for more.
func TestLockedProfileThatJudgesLess(t *testing.T) {
	for check, want := range map[string]bool{"image/size": true, "source/secret": false} {
		if got := lowered(t, "{profile: minimal, locked: [profile]}", check, checks.Medium); got != want {
			t.Errorf("that %s may be MEDIUM is %t", check, got)
		}
	}
}

// A baseline accepts as much as there was: what exceeds a budget says how much it is.
func TestBudgetsAreMeasured(t *testing.T) {
	measured := map[string]bool{}
	for _, c := range image.All() {
		img, err := image.Example(c.Bad)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range checks.Run([]checks.Check[*image.Image]{c}, img)[0].Findings {
			if f.Measured.Value > 0 && strings.Contains(f.Message, strings.TrimSuffix(f.Measured.String(), "%")) {
				measured[c.ID] = true
			}
		}
	}
	want := map[string]bool{"image/growth": true, "image/layers": true, "image/size": true, "image/wasted-bytes": true}
	if diff := cmp.Diff(want, measured); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The judges have defaults of their own, for who sets none: checks/image holds its to
// those of the policy itself.
func TestDefaultsOfJudges(t *testing.T) {
	p, err := policy.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	if p.Scan.DatabaseMaxAge != vuln.DefaultMaxAge {
		t.Errorf("a database may be %s old, and %s by the policy", vuln.DefaultMaxAge, p.Scan.DatabaseMaxAge)
	}
}
