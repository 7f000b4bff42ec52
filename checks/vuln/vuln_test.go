package vuln

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
)

var update = flag.Bool("update", false, "write the golden files")

// now is a day after the database in these tests was updated.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func scan(reports ...*Report) *Scan {
	s := &Scan{Policy: Policy{Now: now}, Reports: reports}
	for _, r := range reports {
		r.Database = &Database{Source: "ghcr.io/aquasecurity/trivy-db:2", Version: "2", UpdatedAt: now.Add(-30 * time.Hour)}
	}
	return s
}

func decodeFile(t *testing.T, name string) *Report {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	report, err := DecodeTrivy(file)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestExamples(t *testing.T) {
	for _, c := range All() {
		for text, passes := range map[string]bool{c.Good: true, c.Bad: false} {
			s, err := Example(text)
			if err != nil {
				t.Fatalf("%s: %v", c.ID, err)
			}
			result := checks.Run([]checks.Check[*Scan]{c}, s)[0]
			blocks := !passes && c.Severity.AtLeast(checks.High)
			if (result.Status == checks.Pass) != passes || result.Status.Blocks() != blocks {
				t.Errorf("%s is %s on\n%s\n%+v", c.ID, result.Status, text, result)
			}
		}
	}
}

func TestExampleErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "EOF",
		`{"reports": {}}`:                  `unknown field "reports"`,
		`{"policy": {"maxAge": "7 days"}}`: "maxAge of example",
		`{"report": {}}`:                   "schema version 0",
	} {
		if _, err := Example(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

// The documents were written by Trivy 0.69.3.
func TestGolden(t *testing.T) {
	for _, name := range []string{"trivy-app", "trivy-debian", "trivy-scratch", "trivy-all"} {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".golden", scan(decodeFile(t, name+".json")))
		})
	}
}

// golden compares what the checks find in a scan with a file of testdata.
func golden(t *testing.T, name string, s *Scan) {
	t.Helper()
	got, err := json.MarshalIndent(checks.Run(All(), s), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s\n(run with -update if that is right)", got, want)
	}
}

// Trivy's report has the environment of the image in clear: DB_PASSWORD of this
// one. Nothing that comes of it may.
func TestReportHasNoEnvironment(t *testing.T) {
	const secret = "hunter2hunter2"
	document, err := os.ReadFile("testdata/trivy-debian.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(document, []byte(secret)) {
		t.Fatal("the document has no secret to lose")
	}
	s := scan(decodeFile(t, "trivy-debian.json"))
	said := fmt.Sprintf("%+v %+v", *s.Reports[0], checks.Run(All(), s))
	// Nor may an error, whatever the document is broken at.
	for i := 0; i < len(document); i += 17 {
		if _, err := DecodeTrivy(bytes.NewReader(document[:i])); err != nil {
			said += err.Error()
		}
		broken := bytes.Clone(document)
		broken[i] = '{'
		if _, err := DecodeTrivy(bytes.NewReader(broken)); err != nil {
			said += err.Error()
		}
	}
	if strings.Contains(said, secret) {
		t.Error("the secret is in the report, the results or an error")
	}
}

func TestDecodeTrivyErrors(t *testing.T) {
	noPackages, err := os.ReadFile("testdata/trivy-no-packages.json")
	if err != nil {
		t.Fatal(err)
	}
	image := func(rest string) string {
		return `{"SchemaVersion": 2, "ArtifactName": "a", "ArtifactType": "container_image"` + rest + `}`
	}
	results := func(vulnerability string) string {
		return image(`, "Results": [{"Target": "b", "Class": "lang-pkgs", "Vulnerabilities": [` + vulnerability + `]}]`)
	}
	for text, want := range map[string]string{
		"":              "it is empty",
		" \n":           "it is empty",
		"FATAL\tno db":  "invalid character",
		"{":             "it is cut short",
		image("")[:40]:  "it is cut short",
		"[]":            "cannot unmarshal array",
		"null":          "schema version 0",
		"{}":            "schema version 0",
		image("") + "x": "something follows the JSON document",
		`{"SchemaVersion": 1, "ArtifactName": "a", "ArtifactType": "container_image"}`:                             "schema version 1; only 2 is known",
		`{"SchemaVersion": 2, "ArtifactName": "a", "ArtifactType": "filesystem"}`:                                  `"a" of type "filesystem", not of a container image`,
		`{"SchemaVersion": 2, "ArtifactType": "container_image"}`:                                                  "not of a container image",
		`{"SchemaVersion": 2, "runs": []}`:                                                                         "not of a container image",
		image(`, "Metadata": {"OS": {"Family": "debian", "Name": "12.5"}}`):                                        "recognised as debian 12.5, but no package of it was looked up",
		image(`, "Metadata": {"OS": {"Family": "debian"}}, "Results": [{"Class": "lang-pkgs", "Packages": [{}]}]`): "recognised as debian, but",
		string(noPackages): "recognised as debian 12.5, but",
		results(`{"PkgName": "c", "Severity": "HIGH"}`):                                  "without an id",
		results(`{"VulnerabilityID": "CVE-1", "Severity": "HIGH"}`):                      "without a package",
		results(`{"VulnerabilityID": "CVE-1", "PkgName": "c"}`):                          `CVE-1 has the unknown severity ""`,
		results(`{"VulnerabilityID": "CVE-1", "PkgName": "c", "Severity": "Important"}`): `the unknown severity "Important"`,
		results(`{"VulnerabilityID": "CVE-1", "PkgName": "c", "Severity": 3}`):           "cannot unmarshal number",
		results(`"CVE-1"`): "cannot unmarshal string",
	} {
		report, err := DecodeTrivy(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100q: report %v, error %v, want one with %q", text, report, err, want)
		}
	}
}

func TestVulnerability(t *testing.T) {
	v := func(id, name, fixed, status string, severity checks.Severity, path string) Vulnerability {
		return Vulnerability{ID: id, Package: name, Installed: "1.0", Fixed: fixed, Status: status, Severity: severity, Path: path}
	}
	tests := map[string]struct {
		list []Vulnerability
		want string // a line for each finding
	}{
		"none": {nil, ""},
		"serious and fixed": {
			[]Vulnerability{v("CVE-1", "a", "1.1", "fixed", checks.Critical, "/app/a"), v("CVE-2", "a", "1.2", "fixed", checks.High, "/app/a")},
			"fail CRITICAL /app/a: CVE-1 a@1.0: CRITICAL in a 1.0, fixed in 1.1; upgrade a 1.0 to 1.1\n" +
				"fail HIGH /app/a: CVE-2 a@1.0: HIGH in a 1.0, fixed in 1.2; upgrade a 1.0 to 1.2\n",
		},
		"serious without a fix": {
			[]Vulnerability{v("CVE-1", "a", "", "will_not_fix", checks.Critical, ""), v("CVE-2", "a", "", "", checks.High, "")},
			"warn CRITICAL : CVE-1 a@1.0: CRITICAL in a 1.0, no fixed version (will_not_fix); " + noFix + "\n" +
				"warn HIGH : CVE-2 a@1.0: HIGH in a 1.0, no fixed version; " + noFix + "\n",
		},
		"fixed for others, deferred here": {
			[]Vulnerability{v("CVE-1", "a", "1.1", "fix_deferred", checks.High, "")},
			"fail HIGH : CVE-1 a@1.0: HIGH in a 1.0, fixed in 1.1 (fix_deferred); upgrade a 1.0 to 1.1\n",
		},
		"lesser ones of a package": {
			[]Vulnerability{v("CVE-1", "a", "1.2", "fixed", checks.Low, ""), v("CVE-2", "a", "1.1", "fixed", checks.Medium, ""), v("CVE-3", "a", "", "end_of_life", checks.Unknown, ""), v("CVE-4", "b", "", "affected", checks.Low, "")},
			"warn MEDIUM : a@1.0: 3 below HIGH in a 1.0: CVE-1 LOW fixed in 1.2, CVE-2 MEDIUM fixed in 1.1, CVE-3 UNKNOWN no fixed version (end_of_life); upgrade a 1.0 to 1.1, 1.2\n" +
				"warn LOW : b@1.0: 1 below HIGH in b 1.0: CVE-4 LOW no fixed version (affected); " + noFix + "\n",
		},
		"lesser one in two places": {
			[]Vulnerability{v("CVE-1", "a", "1.1", "fixed", checks.Low, "/x"), v("CVE-1", "a", "1.1", "fixed", checks.Low, "/y")},
			"warn LOW /x: a@1.0: 1 below HIGH in a 1.0, which is there 2 times: CVE-1 LOW fixed in 1.1; upgrade a 1.0 to 1.1\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := scan(&Report{Scanner: Scanner{"Trivy", "0.69.3"}, Packages: 5, Vulnerabilities: test.list})
			result := checks.Run([]checks.Check[*Scan]{vulnerability}, s)[0]
			var got strings.Builder
			for _, f := range result.Findings {
				fmt.Fprintf(&got, "%s %s %s: %s: %s; %s\n", f.Status, f.Severity, f.Location, f.Subject, f.Message, f.Fix)
			}
			if got.String() != test.want {
				t.Errorf("got\n%swant\n%s", got.String(), test.want)
			}
		})
	}
}

// The headers of a kernel would fill the report.
func TestVulnerabilityNamesSome(t *testing.T) {
	report := &Report{}
	for i := range 1000 {
		report.Vulnerabilities = append(report.Vulnerabilities, Vulnerability{ID: fmt.Sprintf("CVE-%04d", i), Package: "linux-libc-dev", Severity: checks.Medium})
	}
	findings := judgeVulnerability(scan(report)).Findings
	if len(findings) != 1 || !strings.HasSuffix(findings[0].Message, "CVE-0009 MEDIUM no fixed version and 990 more") {
		t.Errorf("%d findings, the first %+v", len(findings), findings[0])
	}
}

func TestVulnerabilityEvidence(t *testing.T) {
	const by = ", by Trivy 0.69.3 with ghcr.io/aquasecurity/trivy-db:2 of 2026-11-22, 1 day old"
	lesser := []Vulnerability{{ID: "CVE-1", Package: "a", Severity: checks.Low}, {ID: "CVE-2", Package: "a", Severity: checks.Low}}
	for want, report := range map[string]*Report{
		"0 of 87 packages vulnerable" + by:    {Packages: 87},
		"1 of 87 packages vulnerable" + by:    {Packages: 87, Vulnerabilities: lesser},
		"vulnerable packages: 1" + by:         {Vulnerabilities: lesser},
		"no packages found in the image" + by: {},
		"no vulnerable package found" + by:    {Packages: uncounted},
	} {
		report.Scanner = Scanner{"Trivy", "0.69.3"}
		if got := judgeVulnerability(scan(report)).Evidence; got != want {
			t.Errorf("evidence %q, want %q", got, want)
		}
	}
	if out := judgeVulnerability(scan()); out.Err == nil {
		t.Errorf("without a report the outcome is %+v, want an error", out)
	}
	// A scanner that is given several platforms may choose another one.
	other := scan(decodeFile(t, "trivy-debian.json"))
	id := other.Reports[0].ImageID
	for image, broken := range map[string]bool{"": false, id: false, "sha256:" + strings.Repeat("0", 64): true} {
		other.ImageID = image
		if out := judgeVulnerability(other); (out.Err != nil) != broken {
			t.Errorf("report of image %s, of %q was asked for: error %v", id, image, out.Err)
		}
	}
}

// Others write the text of advisories, and name the files of an image.
func TestDecodeTrivyText(t *testing.T) {
	report, err := DecodeTrivy(strings.NewReader(`{"SchemaVersion": 2, "ArtifactName": "a", "ArtifactType": "container_image", "Results": [{"Target": "../usr/bin/app", "Class": "lang-pkgs", "Vulnerabilities": [
		{"VulnerabilityID": "CVE-1", "PkgName": "a\nb", "Severity": "LOW", "Title": " one\n\ttwo\u001b[31m\u202e ", "PkgPath": ""}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := report.Vulnerabilities[0]
	if got.Title != "one two\ufffd[31m\ufffd" || got.Package != "a b" || got.Path != "/usr/bin/app" {
		t.Errorf("%+q", []string{got.Title, got.Package, got.Path})
	}
}

func TestDatabase(t *testing.T) {
	tests := map[string]struct {
		change func(s *Scan)
		status checks.Status
		want   string
	}{
		"recent":      {func(*Scan) {}, checks.Pass, "ghcr.io/aquasecurity/trivy-db:2 of 2026-11-22, 1 day old"},
		"of today":    {func(s *Scan) { s.Reports[0].Database.UpdatedAt = now.Add(-time.Hour) }, checks.Pass, "of 2026-11-23, less than a day old"},
		"a week old":  {func(s *Scan) { s.Reports[0].Database.UpdatedAt = now.Add(-DefaultMaxAge) }, checks.Pass, "of 2026-11-16, 7 days old"},
		"over a week": {func(s *Scan) { s.Reports[0].Database.UpdatedAt = now.Add(-DefaultMaxAge - 1) }, checks.Error, "of 2026-11-16, 7 days old; it may be 7 days old"},
		"very old":    {func(s *Scan) { s.Reports[0].Database.UpdatedAt = now.AddDate(-1, 0, 0) }, checks.Error, "365 days old; it may be 7 days old: let the scanner download a newer one"},
		"old, allowed": {func(s *Scan) {
			s.Reports[0].Database.UpdatedAt, s.Policy.MaxAge = now.AddDate(-1, 0, 0), 9000*time.Hour
		}, checks.Pass, "365 days old"},
		"too old here":  {func(s *Scan) { s.Policy.MaxAge = 24 * time.Hour }, checks.Error, "1 day old; it may be 1 day old"},
		"no age":        {func(s *Scan) { s.Policy.MaxAge = -1 }, checks.Error, "give an age above 0"},
		"no time":       {func(s *Scan) { *s.Reports[0].Database = Database{} }, checks.Error, "the vulnerability database does not say when it was updated"},
		"no clock":      {func(s *Scan) { s.Policy.Now = time.Time{} }, checks.Error, "the time of the scan is not known"},
		"of tomorrow":   {func(s *Scan) { s.Reports[0].Database.UpdatedAt = now.Add(23 * time.Hour) }, checks.Pass, "less than a day old"},
		"of the future": {func(s *Scan) { s.Reports[0].Database.UpdatedAt = now.Add(25 * time.Hour) }, checks.Error, "of 2026-11-24, which is in the future"},
		"no source":     {func(s *Scan) { s.Reports[0].Database.Source = "" }, checks.Pass, "the vulnerability database of 2026-11-22"},
		"other zone": {func(s *Scan) {
			s.Reports[0].Database.UpdatedAt = s.Reports[0].Database.UpdatedAt.In(time.FixedZone("", -8*3600))
		}, checks.Pass, "of 2026-11-22, 1 day old"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := scan(&Report{})
			test.change(s)
			result := checks.Run([]checks.Check[*Scan]{database}, s)[0]
			if result.Status != test.status || !strings.Contains(result.Detail, test.want) {
				t.Errorf("%s %q, want %s with %q", result.Status, result.Detail, test.status, test.want)
			}
		})
	}
}

func TestDecodeDatabase(t *testing.T) {
	const metadata = `{"Version":2,"NextUpdate":"2026-11-24T06:00:00Z","UpdatedAt":"2026-11-22T07:00:00+01:00","DownloadedAt":"2026-11-22T08:00:00Z"}`
	want := Database{Source: "here", Version: "2", UpdatedAt: time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC), NextUpdate: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)}
	if got, err := DecodeDatabase(strings.NewReader(metadata), "here"); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}

	for text, want := range map[string]string{
		``:                                      "it is empty",
		`{"Version":2`:                          "it is cut short",
		`<html>`:                                "invalid character",
		`{}`:                                    "schema version 0",
		`{"Version":1}`:                         "schema version 1; only 2 is known",
		`{"Version":2}`:                         "does not say when it was updated",
		`{"Version":2,"UpdatedAt":"yesterday"}`: "parsing time",
		metadata + metadata:                     "something follows",
		`{"Version":2,"UpdatedAt":"0001-01-01T00:00:00Z"}`: "does not say when it was updated",
	} {
		if got, err := DecodeDatabase(strings.NewReader(text), "here"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, error %v, want one with %q", text, got, err, want)
		}
	}
}

func FuzzDecodeTrivy(f *testing.F) {
	for _, name := range []string{"trivy-app", "trivy-debian", "trivy-scratch", "trivy-all", "trivy-no-packages"} {
		document, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		report, err := DecodeTrivy(bytes.NewReader(document))
		if (report == nil) == (err == nil) {
			t.Fatalf("report %v, error %v", report, err)
		}
		if err != nil {
			return
		}
		judgedCleanly(t, scan(report))
	})
}

// judgedCleanly reports findings that would break a table, and checks that break.
func judgedCleanly(t *testing.T, s *Scan) {
	t.Helper()
	for _, result := range checks.Run(All(), s) {
		for _, f := range result.Findings {
			if strings.ContainsAny(f.Message+f.Fix+f.Subject+f.Location.Path+f.Reason+strings.Join(f.Aliases, ""), "\n\r\x1b") {
				t.Errorf("finding of several lines: %+v", f)
			}
		}
		if result.Status == checks.Error {
			t.Errorf("%+v", result)
		}
	}
}

func FuzzDecodeDatabase(f *testing.F) {
	f.Add([]byte(`{"Version":2,"NextUpdate":"2026-11-24T06:00:00Z","UpdatedAt":"2026-11-22T07:00:00+01:00"}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		db, err := DecodeDatabase(bytes.NewReader(document), "here")
		if err == nil && (db.Version != "2" || db.UpdatedAt.IsZero()) {
			t.Errorf("decoded %+v", db)
		}
	})
}
