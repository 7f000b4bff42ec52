package vuln

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// lines writes the findings of a check, a line for each.
func lines(c checks.Check[*Scan], s *Scan) string {
	result := checks.Run([]checks.Check[*Scan]{c}, s)[0]
	var b strings.Builder
	for _, f := range result.Findings {
		fmt.Fprintf(&b, "%s %s %s: %s: %s\n", f.Status, f.Severity, f.Location, f.Subject, f.Message)
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "%s %s\n", result.Status, result.Detail)
	}
	return b.String()
}

func TestOrigin(t *testing.T) {
	v := Vulnerability{ID: "CVE-1", Package: "a", Installed: "1.0", Fixed: "1.1", Severity: checks.High, Layer: 3}
	for _, test := range []struct {
		layer, least, most int
		want, fix          string
	}{
		{0, 0, 0, "fixed in 1.1", "upgrade a 1.0 to 1.1"},
		{0, 3, 3, "fixed in 1.1", "upgrade a 1.0 to 1.1"},
		{3, 0, 0, "fixed in 1.1, of layer 3", "upgrade a 1.0 to 1.1"},
		{3, 3, 4, "fixed in 1.1, inherited from the base image (layer 3)", "build on a newer base image, or upgrade a 1.0 to 1.1"},
		{3, 2, 3, "fixed in 1.1, of layer 3", "upgrade a 1.0 to 1.1"},
		{3, 1, 2, "fixed in 1.1, added by the Dockerfile (layer 3)", "upgrade a 1.0 to 1.1"},
	} {
		v.Layer = test.layer
		s := scan(&Report{Vulnerabilities: []Vulnerability{v}})
		s.BaseLeast, s.BaseMost = test.least, test.most
		f := judgeVulnerability(s).Findings[0]
		if f.Message != "HIGH in a 1.0, "+test.want || f.Fix != test.fix {
			t.Errorf("layer %d of %d to %d of the base: %q, %q", test.layer, test.least, test.most, f.Message, f.Fix)
		}
	}
}

func TestNewlyPublished(t *testing.T) {
	for published, want := range map[time.Time]bool{
		{}:                           false,
		now.Add(-time.Hour):          true,
		now.AddDate(0, 0, -13):       true,
		now.AddDate(0, 0, -14):       false,
		now.AddDate(-1, 0, 0):        false,
		now.Add(newlyPublished * 10): true, // by a clock that is behind
	} {
		s := scan(&Report{Vulnerabilities: []Vulnerability{{ID: "CVE-1", Package: "a", Severity: checks.High, Published: published}}})
		if got := strings.Contains(judgeVulnerability(s).Findings[0].Message, "newly published ("+published.Format(time.DateOnly)+")"); got != want {
			t.Errorf("published at %s: called new %t, want %t", published, got, want)
		}
	}
}

func TestPolicy(t *testing.T) {
	list := []Vulnerability{
		{ID: "CVE-1", Package: "a", Installed: "1", Fixed: "2", Severity: checks.Critical},
		{ID: "CVE-2", Package: "b", Installed: "1", Fixed: "2", Severity: checks.Medium},
		{ID: "CVE-3", Package: "c", Installed: "1", Severity: checks.Critical},
		{ID: "CVE-4", Package: "d", Installed: "1", Fixed: "2", Severity: checks.High, Status: "not_affected"},
	}
	const notAffected = "waived HIGH : CVE-4 d@1: HIGH in d 1, fixed in 2 (not_affected)\n"
	for name, test := range map[string]struct {
		policy Policy
		want   string
	}{
		"default": {Policy{}, "warn MEDIUM : b@1: 1 below HIGH in b 1: CVE-2 MEDIUM fixed in 2\n" +
			"fail CRITICAL : CVE-1 a@1: CRITICAL in a 1, fixed in 2\n" +
			"warn CRITICAL : CVE-3 c@1: CRITICAL in c 1, no fixed version\n" + notAffected},
		"lower": {Policy{Threshold: checks.Medium}, "fail CRITICAL : CVE-1 a@1: CRITICAL in a 1, fixed in 2\n" +
			"fail MEDIUM : CVE-2 b@1: MEDIUM in b 1, fixed in 2\n" +
			"warn CRITICAL : CVE-3 c@1: CRITICAL in c 1, no fixed version\n" + notAffected},
		"unfixed left out": {Policy{IgnoreUnfixed: true, Threshold: checks.Critical}, "fail CRITICAL : CVE-1 a@1: CRITICAL in a 1, fixed in 2\n" +
			notAffected +
			"warn MEDIUM : b@1: 1 below CRITICAL in b 1: CVE-2 MEDIUM fixed in 2\n"},
	} {
		s := scan(&Report{Packages: 9, Vulnerabilities: list})
		test.policy.Now = now
		s.Policy = test.policy
		got, want := strings.Split(lines(vulnerability, s), "\n"), strings.Split(test.want, "\n")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if left := strings.Contains(judgeVulnerability(s).Evidence, "vulnerabilities without a fix left out: 1"); left != test.policy.IgnoreUnfixed {
			t.Errorf("%s: evidence %q", name, judgeVulnerability(s).Evidence)
		}
	}
}

// A waiver may name the vulnerability by any of its ids, and the package: what it
// names is the subject, a word of it, or an alias.
func TestNamesOfAFinding(t *testing.T) {
	for _, test := range []struct {
		ids           []string
		subject, want string
	}{
		{[]string{"CVE-2021-23337", "GHSA-35jh-r3h4-6jhm"}, "CVE-2021-23337 a@1", "GHSA-35jh-r3h4-6jhm"},
		{[]string{"GHSA-35jh-r3h4-6jhm", "CVE-2021-23337"}, "CVE-2021-23337 a@1", "GHSA-35jh-r3h4-6jhm"},
		{[]string{"CVE-2023-5363", "DSA-5532-1", "DSA-5532-1"}, "CVE-2023-5363 a@1", "DSA-5532-1"},
		{[]string{"DSA-5532-1", "CVE-2023-5363"}, "DSA-5532-1 a@1", "CVE-2023-5363"},
		{[]string{"GHSA-35jh-r3h4-6jhm", "CVE-2021-0001", "CVE-2021-0002"}, "GHSA-35jh-r3h4-6jhm a@1", ""}, // each is but a part of it
		{[]string{"TEMP-0000000-1"}, "TEMP-0000000-1 a@1", ""},
	} {
		v := Vulnerability{Package: "a", Installed: "1", Severity: checks.High}
		v.ID, v.Aliases, v.Advisories = identifiers(test.ids)
		f := judgeVulnerability(scan(&Report{Vulnerabilities: []Vulnerability{v}})).Findings[0]
		if got := strings.Join(f.Aliases, " "); f.Subject != test.subject || got != test.want {
			t.Errorf("%v: subject %q, names %q, want %q, %q", test.ids, f.Subject, got, test.subject, test.want)
		}
	}
}

// A baseline knows a vulnerability again when the package was upgraded, when it is no
// longer new and when another scanner sees it, and not when there is a fix at last.
func TestKnownAgain(t *testing.T) {
	v := Vulnerability{ID: "CVE-2026-0001", Package: "libssl3", Installed: "3.0.9-1", Severity: checks.High, Layer: 1, Published: now.Add(-day)}
	known := func(v Vulnerability, at time.Time) string {
		s := scan(&Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: []Vulnerability{v}})
		s.Policy.Now = at
		return judgeVulnerability(s).Findings[0].Known
	}
	first := known(v, now)
	later := v
	later.Installed, later.Layer, later.Title = "3.0.10-1~deb12u1", 2, "another title"
	if got := known(later, now.Add(30*day)); got != first {
		t.Errorf("%q, and later %q", first, got)
	}
	later.Fixed = "3.0.11-1"
	if got := known(later, now); got == first {
		t.Errorf("%q with and without a fix", got)
	}
}

func TestEndOfLife(t *testing.T) {
	for _, test := range []struct {
		report Report
		want   string
	}{
		{Report{OS: "debian 12.15"}, "pass debian 12.15 is supported\n"},
		{Report{}, "pass no distribution is recognised in the image\n"},
		{Report{Scanner: Scanner{Name: "Grype"}, OS: "debian 10.13", LifeUnknown: true}, "skipped Grype does not say whether debian 10.13 is supported: add trivy to the scanners\n"},
		{Report{OS: "debian 10.1", EndOfLife: true}, "fail HIGH : debian 10.1: debian 10.1 is at its end of life, so that its newer vulnerabilities are neither fixed nor known\n"},
	} {
		if got := lines(endOfLife, scan(&test.report)); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestSecret(t *testing.T) {
	content := &Content{Secrets: []Secret{
		{Rule: "github-pat", Title: "GitHub token", Severity: checks.Critical},
		{Rule: "aws-access-key-id", Title: "AWS key", Severity: checks.Medium, Path: "/app/.env", Line: 3, Layer: 2},
	}}
	want := "warn MEDIUM /app/.env:3: aws-access-key-id: AWS key in layer 2\n" +
		"fail CRITICAL config: github-pat: GitHub token in the image's configuration\n"
	if got := lines(secret, scan(&Report{Content: content})); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestMisconfiguration(t *testing.T) {
	for _, test := range []struct {
		content Content
		want    string
	}{
		{Content{}, "skipped imagegate judges by its own rules"},
		{Content{Rules: 27}, "pass 27 rules of the scanner judged\n"},
		{Content{Rules: 27, Misconfigurations: []Misconfiguration{{ID: "DS-0002", Severity: checks.High}}}, "pass 27 rules of the scanner judged; 1 broken are left"},
		{Content{Rules: 27, Misconfigurations: []Misconfiguration{{ID: "DS-0002", Severity: checks.High}, {ID: "DS-9999", Severity: checks.Low, Message: "new"}}}, "warn LOW : DS-9999: new\n"},
	} {
		if got := lines(misconfiguration, scan(&Report{Content: &test.content})); !strings.HasPrefix(got, test.want) {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestLicense(t *testing.T) {
	licenses := []License{{Name: "MIT", Package: "a", Path: "/a"}, {Name: "MIT", Package: "b"}, {Name: "AGPL-3.0-only", Package: "c", Path: "/c"}}
	for name, test := range map[string]struct {
		denied   []string
		licenses []License
		want     string
	}{
		"none denied":    {nil, licenses, "pass 2 licenses of 3 packages; the policy denies none\n"},
		"none of these":  {[]string{"GPL-*"}, licenses, "pass 2 licenses of 3 packages\n"},
		"one of these":   {[]string{"agpl-*"}, licenses, "fail HIGH /c: AGPL-3.0-only c: c comes under AGPL-3.0-only, and AGPL-3.0-only is denied\n"},
		"not looked for": {[]string{"agpl-*"}, nil, "error the scanner did not look for licenses"},
		"nobody asked":   {nil, nil, "pass no license found\n"},
		"no identifier":  {[]string{"GPL-["}, licenses, `error the denied license "GPL-[" is no identifier`},
		"empty":          {[]string{" "}, licenses, `error the denied license " " is no identifier`},
	} {
		s := scan(&Report{Packages: 3, Content: &Content{Licenses: test.licenses}})
		s.Policy.DeniedLicenses = test.denied
		if got := lines(license, s); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestDenies(t *testing.T) {
	denied := []string{"GPL-*", "AGPL-3.0-only", "Custom License"}
	for expression, want := range map[string]string{
		"MIT":                                       "",
		"GPL-2.0-only":                              "GPL-2.0-only",
		"gpl-2.0-only":                              "gpl-2.0-only",
		"LGPL-2.1-only":                             "",
		"MIT OR GPL-2.0-only":                       "",
		"GPL-2.0-only or MIT":                       "",
		"MIT AND GPL-2.0-only":                      "GPL-2.0-only",
		"GPL-2.0-only OR AGPL-3.0-only":             "GPL-2.0-only",
		"MIT AND (GPL-2.0-only OR BSD-3-Clause)":    "",
		"(MIT AND GPL-2.0-only) OR AGPL-3.0-only":   "GPL-2.0-only",
		"GPL-2.0-only WITH Classpath-exception":     "GPL-2.0-only WITH Classpath-exception",
		"MIT OR":                                    "",
		"GPL-2.0-only OR":                           "GPL-2.0-only OR",
		"MIT, GPL-2.0-only":                         "GPL-2.0-only",
		"AGPL-3.0-only; see LICENSE":                "AGPL-3.0-only",
		"MIT/X11":                                   "",
		"BSD like, not LGPL-2.1-only":               "",
		"Custom License":                            "Custom License",
		"((((((((((((((((((((GPL-1.0))))))))))))))": "GPL-1.0",
		"": "",
	} {
		if got := denies(denied, expression); got != want {
			t.Errorf("%q: %q, want %q", expression, got, want)
		}
	}
}

// A scanner that broke is no scanner that found nothing.
func TestScannerThatFails(t *testing.T) {
	failure := errors.New("run the scanner anchore/grype: killed")
	s := scan(&Report{Scanner: Scanner{"Grype", "1"}})
	s.Failures = []error{failure}
	if got := lines(scanner, s); got != "error run the scanner anchore/grype: killed\n" {
		t.Errorf("one of two failed: %s", got)
	}
	for _, c := range []checks.Check[*Scan]{secret, license, misconfiguration} {
		if got := lines(c, s); !strings.HasPrefix(got, "error no scanner that looks for it has reported") {
			t.Errorf("%s, where the only scanner that looks failed: %s", c.ID, got)
		}
		s := scan(&Report{Scanner: Scanner{"Grype", "1"}})
		if got := lines(c, s); !strings.HasPrefix(got, "skipped no scanner that looks for it was asked") {
			t.Errorf("%s, where none that looks was asked: %s", c.ID, got)
		}
	}
	s = &Scan{Policy: Policy{Now: now}, Failures: []error{failure}}
	for _, result := range checks.Run(All(), s) {
		if result.Status != withoutReport(result.Check) {
			t.Errorf("without any report %s is %s: %s", result.Check, result.Status, result.Detail)
		}
	}
}

// withoutReport is the status of a check where no scanner has reported: an error, but
// of one that is about documents that nobody gave.
func withoutReport(id string) checks.Status {
	if id == sarif.ID || id == vex.ID {
		return checks.Skipped
	}
	return checks.Error
}

// No check believes the report of another image.
func TestReportOfAnotherImage(t *testing.T) {
	s := scan(&Report{ImageID: "sha256:1", Content: &Content{Rules: 1}})
	s.ImageID = "sha256:2"
	for _, result := range checks.Run(All(), s) {
		if result.Check != database.ID && result.Status != withoutReport(result.Check) {
			t.Errorf("%s is %s: %s", result.Check, result.Status, result.Detail)
		}
	}
	// What was given is not skipped.
	s.Reports[0].Given, s.Statements = true, []Statement{{Vulnerability: "CVE-2021-0001"}}
	for _, c := range []checks.Check[*Scan]{sarif, vex} {
		if got := lines(c, s); !strings.HasPrefix(got, "error ") {
			t.Errorf("%s, given with the report of another image: %s", c.ID, got)
		}
	}
	if got := lines(vex, &Scan{Statements: s.Statements}); !strings.HasPrefix(got, "error there is no report") {
		t.Errorf("a statement without any report: %s", got)
	}
}

// The document was written by Trivy 0.69.3 with all of its scanners.
func TestDecodeTrivyContent(t *testing.T) {
	report := decodeFile(t, "trivy-all.json")
	document, err := os.ReadFile("testdata/trivy-all.json")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(document), "*****") {
		t.Fatal("the document shows nothing of a secret to leave out")
	}
	if said := fmt.Sprintf("%+v", *report.Content); strings.Contains(said, "*****") || strings.Contains(said, "hunter2") {
		t.Errorf("what stands around a secret is kept: %s", said)
	}
	c := report.Content
	if len(c.Secrets) == 0 || len(c.Licenses) == 0 || c.Rules == 0 || len(c.Misconfigurations) == 0 {
		t.Errorf("%d secrets, %d licenses, %d of %d rules broken", len(c.Secrets), len(c.Licenses), len(c.Misconfigurations), c.Rules)
	}
}

func TestDecodeTrivyContentErrors(t *testing.T) {
	for result, want := range map[string]string{
		`"Class": "secret", "Secrets": [{"Severity": "HIGH"}]`:                              "a secret without the rule",
		`"Class": "secret", "Secrets": [{"RuleID": "a", "Severity": "high"}]`:               `a has the unknown severity "high"`,
		`"Class": "config", "Misconfigurations": [{"Severity": "HIGH"}]`:                    "a misconfiguration without the rule",
		`"Class": "config", "Misconfigurations": [{"ID": "DS-1", "Severity": "Important"}]`: `DS-1 has the unknown severity "Important"`,
		`"Class": "license", "Licenses": [{"Name": 1}]`:                                     "cannot unmarshal number",
	} {
		text := `{"SchemaVersion": 2, "ArtifactName": "a", "ArtifactType": "container_image", "Results": [{` + result + `}]}`
		if _, err := DecodeTrivy(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", result, err, want)
		}
	}
}
