package vuln

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func run(rules, results string) string {
	return `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "tool", "rules": [` + rules + `]}}, "results": [` + results + `]}]}`
}

func TestScout(t *testing.T) {
	document, err := os.ReadFile("testdata/scout.sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	reports, err := DecodeSARIF(bytes.NewReader(document), "scout.sarif")
	if err != nil || len(reports) != 1 {
		t.Fatal(reports, err)
	}
	r := reports[0]
	if r.Scanner.String() != "docker scout 1.18.0" || len(r.Others) > 0 {
		t.Errorf("%+v", *r)
	}
	var got []string
	for _, v := range r.Vulnerabilities {
		got = append(got, fmt.Sprintf("%s %s %s %s %q %s", v.ID, v.Package, v.Installed, v.Severity, v.Fixed, v.Path))
	}
	want := `CVE-2021-23337 lodash 4.17.20 HIGH "4.17.21" /app/node_modules/lodash/package.json
CVE-2023-45853 zlib 1:1.2.13.dfsg-1 CRITICAL "" /var/lib/dpkg/status`
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
	s := scan(decodeFile(t, "trivy-debian.json"), r)
	s.ImageID = s.Reports[0].ImageID // the report of a tool need not name it
	found := lines(vulnerability, s)
	if !strings.Contains(found, "CVE-2021-23337 lodash@4.17.20: HIGH in lodash 4.17.20, fixed in 4.17.21, of layer 1, seen by Trivy and docker scout: ") {
		t.Error(found)
	}
}

// The report was written by Trivy 0.69.3 of the image of trivy-all.json.
func TestSARIFOfTrivy(t *testing.T) {
	document, err := os.ReadFile("testdata/trivy.sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	reports, err := DecodeSARIF(bytes.NewReader(document), "trivy.sarif")
	if err != nil {
		t.Fatal(err)
	}
	direct := decodeFile(t, "trivy-all.json")
	if reports[0].ImageID != direct.ImageID {
		t.Errorf("of the image %q", reports[0].ImageID)
	}
	for _, i := range scan(direct, reports[0]).issues() {
		if len(i.seen) != 2 || len(i.differences()) > 0 {
			t.Errorf("%s in %s: %+v", i.at[0].ID, i.at[0].pkg(), i.seen)
		}
	}
	if len(reports[0].Others) == 0 {
		t.Error("the secrets are lost")
	}
}

func TestSARIF(t *testing.T) {
	const rule = `{"id": "R1", "helpUri": "https://example.com/r1", "properties": {"security-severity": "9.1"}}`
	for name, test := range map[string]struct{ document, want string }{
		"nothing":                             {run("", ""), "pass reports of other tools: 1\n"},
		"score of the rule":                   {run(rule, `{"ruleId": "R1", "message": {"text": "m"}}`), "fail CRITICAL : R1: tool: m\n"},
		"score as a number":                   {run(`{"id": "R1", "properties": {"security-severity": 4.0}}`, `{"ruleIndex": 0}`), "warn MEDIUM : R1: tool: R1\n"},
		"rule by reference":                   {run(rule, `{"rule": {"index": 0}, "message": {"text": "m"}}`), "fail CRITICAL : R1: tool: m\n"},
		"level":                               {run("", `{"ruleId": "R2", "level": "error"}`), "fail HIGH : R2: tool: R2\n"},
		"level of the rule":                   {run(`{"id": "R2", "defaultConfiguration": {"level": "note"}}`, `{"ruleId": "R2"}`), "warn LOW : R2: tool: R2\n"},
		"no level":                            {run("", `{"ruleId": "R2"}`), "warn MEDIUM : R2: tool: R2\n"},
		"harmless":                            {run("", `{"ruleId": "R2", "level": "none"}`), "warn UNKNOWN : R2: tool: R2\n"},
		"passed":                              {run("", `{"ruleId": "R2", "kind": "pass", "level": "none"}`), "pass reports of other tools: 1\n"},
		"gone":                                {run("", `{"ruleId": "R2", "level": "error", "baselineState": "absent"}`), "pass reports of other tools: 1\n"},
		"accepted":                            {run("", `{"ruleId": "R2", "level": "error", "suppressions": [{"kind": "external", "justification": "by us"}]}`), "waived HIGH : R2: tool: R2\n"},
		"still reviewed":                      {run("", `{"ruleId": "R2", "level": "error", "suppressions": [{"kind": "external", "status": "underReview"}]}`), "fail HIGH : R2: tool: R2\n"},
		"place":                               {run("", `{"ruleId": "R2", "level": "error", "message": {"text": "a\nb"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///a%20b"}, "region": {"startLine": 3, "startColumn": 2}}}]}`), "fail HIGH /a b:3:2: R2: tool: a b\n"},
		"vulnerability of an unknown package": {run("", `{"ruleId": "CVE-2021-0001", "level": "error"}`), "fail HIGH : CVE-2021-0001: tool: CVE-2021-0001\n"},
	} {
		reports, err := DecodeSARIF(strings.NewReader(test.document), "a.sarif")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := lines(sarif, scan(reports...)); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
	if got := lines(sarif, scan(&Report{})); !strings.HasPrefix(got, "skipped no report of another tool was given") {
		t.Error(got)
	}
}

func TestSARIFVulnerabilities(t *testing.T) {
	const grype = `{"id": "CVE-2021-0001-a", "properties": {"security-severity": "8.0", "purls": ["pkg:npm/a@1", "pkg:npm/a@2"]}}`
	for document, want := range map[string]string{
		run(grype, `{"ruleId": "CVE-2021-0001-a", "message": {"text": "A high vulnerability in npm package: a"}}`):                              "CVE-2021-0001 a@1 HIGH, CVE-2021-0001 a@2 HIGH",
		run(grype, `{"ruleId": "CVE-2021-0001-a", "message": {"text": "in pkg:npm/b@3"}}`):                                                      "CVE-2021-0001 b@3 HIGH",
		run("", `{"ruleId": "GHSA-aaaa-bbbb-cccc", "level": "note", "message": {"text": "Package: a\nInstalled Version: 1\nFixed Version: "}}`): "GHSA-aaaa-bbbb-cccc a@1 LOW",
		run(`{"id": "CVE-2021-0001", "properties": {"purl": "pkg:npm/a@1", "cvssV3_severity": "medium"}}`, `{"ruleIndex": 0}`):                  "CVE-2021-0001 a@1 MEDIUM",
		run(`{"id": "CVE-2021-0001", "properties": {"purls": {"a": 1}}}`, `{"ruleIndex": 0}`):                                                   "",
		run(`{"id": "CVE-2021-0001", "properties": {"purl": "pkg:npm"}}`, `{"ruleIndex": 0}`):                                                   "",
	} {
		reports, err := DecodeSARIF(strings.NewReader(document), "a.sarif")
		if err != nil {
			t.Errorf("%s: %v", document, err)
			continue
		}
		var got []string
		for _, v := range reports[0].Vulnerabilities {
			got = append(got, fmt.Sprintf("%s %s %s", v.ID, v.pkg().subject(), v.Severity))
		}
		if g := strings.Join(got, ", "); g != want {
			t.Errorf("%s: got %s, want %s", document, g, want)
		}
		if len(got) == 0 && len(reports[0].Others) != 1 {
			t.Errorf("%s: it is lost", document)
		}
	}
}

// A report that does not say whether there is a fixed version is none that says there
// is not.
func TestSARIFFix(t *testing.T) {
	of := func(properties, help, message string) string {
		return run(fmt.Sprintf(`{"id": "CVE-2021-0001", "help": {"text": %q}, "properties": {"security-severity": "8.0", "purl": "pkg:npm/a@1"%s}}`, help, properties),
			fmt.Sprintf(`{"ruleIndex": 0, "message": {"text": %q}}`, message))
	}
	for name, test := range map[string]struct{ document, want string }{
		"nothing said":      {of("", "", "a is vulnerable"), "fail HIGH : CVE-2021-0001 a@1: HIGH in a 1, fixed versions not reported\n"},
		"in the properties": {of(`, "fixed_version": "2"`, "", ""), "fail HIGH : CVE-2021-0001 a@1: HIGH in a 1, fixed in 2\n"},
		"none, by Scout":    {of(`, "fixed_version": "not fixed"`, "", ""), "warn HIGH : CVE-2021-0001 a@1: HIGH in a 1, no fixed version\n"},
		"in the message":    {of("", "", "Fixed Version: 2\nSeverity: HIGH"), "fail HIGH : CVE-2021-0001 a@1: HIGH in a 1, fixed in 2\n"},
		"none, by Trivy":    {of("", "", "Fixed Version: \nSeverity: HIGH"), "warn HIGH : CVE-2021-0001 a@1: HIGH in a 1, no fixed version\n"},
		"in Grype's help":   {of("", "Version: 1\nFix Version: 2\nType: npm", ""), "fail HIGH : CVE-2021-0001 a@1: HIGH in a 1, fixed in 2\n"},
		"none, by Grype":    {of("", "Version: 1\nFix Version: \nType: npm", ""), "warn HIGH : CVE-2021-0001 a@1: HIGH in a 1, no fixed version\n"},
	} {
		reports, err := DecodeSARIF(strings.NewReader(test.document), "a.sarif")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := scan(reports...)
		for _, ignore := range []bool{false, true} {
			s.Policy.IgnoreUnfixed = ignore
			want := test.want
			if ignore && strings.HasPrefix(want, "warn") {
				want = "pass "
			}
			if got := lines(vulnerability, s); !strings.HasPrefix(got, want) {
				t.Errorf("%s, left out %t: got %swant %s", name, ignore, got, want)
			}
		}
		// Another scanner knows.
		trivy := &Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: []Vulnerability{{ID: "CVE-2021-0001", Package: "a", Installed: "1", Severity: checks.High}}}
		if i := scan(reports[0], trivy).issues()[0]; strings.Contains(test.want, "not reported") && (!i.at[0].unfixed() || len(i.differences()) > 0) {
			t.Errorf("%s: beside Trivy, which knows that there is none: %+v, %v", name, i.at[0], i.differences())
		}
	}
}

// Rules of a tool's extensions count as its own.
func TestSARIFExtensions(t *testing.T) {
	document := func(result string) string {
		return `{"version": "2.1.0", "runs": [{"tool": {
			"driver": {"name": "tool", "rules": [{"id": "own", "defaultConfiguration": {"level": "note"}}]},
			"extensions": [{"name": "first"}, {"name": "second", "rules": [{"id": "other", "defaultConfiguration": {"level": "error"}}]}]
		}, "results": [` + result + `]}]}`
	}
	for result, want := range map[string]string{
		`{"ruleIndex": 0}`: "warn LOW : own: tool: own\n",
		`{"rule": {"index": 0, "toolComponent": {"index": 1}}}`:        "fail HIGH : other: tool: other\n",
		`{"rule": {"index": 0, "toolComponent": {"name": "second"}}}`:  "fail HIGH : other: tool: other\n",
		`{"ruleId": "other", "rule": {"toolComponent": {"index": 1}}}`: "fail HIGH : other: tool: other\n",
		`{"ruleId": "other"}`: "fail HIGH : other: tool: other\n",
		`{"rule": {"index": 0, "toolComponent": {"index": -1}}}`:                "warn LOW : own: tool: own\n",
		`{"ruleId": "other", "rule": {"toolComponent": {"index": 2}}}`:          "its rule is of extension 2 of the tool, and there are 2",
		`{"ruleIndex": 0, "rule": {"index": 0, "toolComponent": {"index": 0}}}`: "it is of rule 0, and there are 0",
	} {
		reports, err := DecodeSARIF(strings.NewReader(document(result)), "a.sarif")
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", result, err, want)
			}
			continue
		}
		if got := lines(sarif, scan(reports...)); got != want {
			t.Errorf("%s: got %s, want %s", result, got, want)
		}
	}
}

func TestDecodeSARIFErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "a.sarif: it is empty",
		"{":                    "it is cut short",
		"{}":                   `it is no SARIF 2.1.0, by its version ""`,
		`{"version": "2.0.0"}`: `it is no SARIF 2.1.0, by its version "2.0.0"; let the tool`,
		`{"@context": "https://openvex.dev/ns/v0.2.0", "version": 1}`: `a.sarif: it is no SARIF 2.1.0, by its member "`,
		`[]`:                                 "a.sarif: it is no SARIF 2.1.0",
		`{"version": "2.1.0"}`:               "no run of a tool",
		`{"version": "2.1.0", "runs": [{}]}`: "runs[0]: its tool has no name",
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}}]}`:                                                                 "a has no list of results",
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": [], "invocations": [{"executionSuccessful": false}]}]}`: "a says that it did not succeed",
		run("", `{}`):                                "results[0]: it names no rule",
		run("", `{"ruleIndex": 1}`):                  "it is of rule 1, and there are 0",
		run("", `{"ruleId": "a", "level": "fatal"}`): `level "fatal" is not known`,
		run("", `{"ruleId": "a", "kind": "bad"}`):    `kind "bad" is not known`,
		run("", `{"ruleId": "a", "properties": {"security-severity": "high"}}`):   "no score from 0 to 10",
		run("", `{"ruleId": "a", "properties": {"security-severity": "11"}}`):     "no score from 0 to 10",
		run("", `{"ruleId": "a", "properties": {"security-severity": "NaN"}}`):    "no score from 0 to 10",
		run("", `{"ruleId": "a", "properties": {"cvssV3_severity": "dreadful"}}`): `unknown severity "DREADFUL"`,
	} {
		if reports, err := DecodeSARIF(strings.NewReader(text), "a.sarif"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, error %v, want one with %q", text, reports, err, want)
		}
	}
}

func TestOfScore(t *testing.T) {
	for score, want := range map[float64]checks.Severity{0: checks.Unknown, 0.1: checks.Low, 3.9: checks.Low, 4: checks.Medium, 6.9: checks.Medium, 7: checks.High, 8.9: checks.High, 9: checks.Critical, 10: checks.Critical} {
		if got := ofScore(score); got != want {
			t.Errorf("%v is %s, want %s", score, got, want)
		}
	}
}

func FuzzDecodeSARIF(f *testing.F) {
	for _, name := range []string{"scout.sarif.json", "trivy.sarif.json"} {
		document, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		reports, err := DecodeSARIF(bytes.NewReader(document), "a.sarif")
		if (len(reports) == 0) == (err == nil) {
			t.Fatalf("reports %v, error %v", reports, err)
		}
		if err == nil {
			judgedCleanly(t, scan(reports...))
		}
	})
}

// TestToolsThatLookedAtNoPackage wants a tool for code left out of what was said of
// packages, and a scanner that was asked and found nothing named.
func TestToolsThatLookedAtNoPackage(t *testing.T) {
	trivy := decodeFile(t, "trivy-debian.json")
	for name, tool := range map[string]*Report{
		"":          {Scanner: Scanner{Name: "semgrep"}, Given: true, Others: []Other{{Rule: "R1"}}},
		"by scout":  {Scanner: Scanner{Name: "scout"}, Given: true, Asked: true},
		"by a tool": {Scanner: Scanner{Name: "a tool"}, Given: true, Vulnerabilities: []Vulnerability{{ID: "CVE-2021-0001", Package: "a"}}},
	} {
		s := scan(trivy, tool)
		s.ImageID = trivy.ImageID
		evidence := judgeVulnerability(s).Evidence
		if named := strings.Contains(evidence, "and by "+tool.Scanner.Name); named != (name != "") {
			t.Errorf("%s: %s", tool.Scanner.Name, evidence)
		}
	}
	if out := judgeDatabase(scan(&Report{Scanner: Scanner{Name: "semgrep"}, Given: true})); out.Skip != "no scanner has looked at packages" {
		t.Errorf("%+v", out)
	}
}
