package vuln

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
)

func grypeFile(t *testing.T, name string) *Report {
	t.Helper()
	document, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	report, err := DecodeGrype(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Each line is a vulnerability: its ids, its package, places, severity, fix, and
// who has seen it.
func TestMerge(t *testing.T) {
	v := func(id, aliases, name, version, purl string, severity checks.Severity, fixed, path string) Vulnerability {
		return Vulnerability{ID: id, Aliases: strings.Fields(aliases), Package: name, Installed: version, PURL: purl, Severity: severity, Fixed: fixed, Path: path}
	}
	const cve, other, ghsa = "CVE-2021-0001", "CVE-2021-0002", "GHSA-aaaa-bbbb-cccc"
	for name, test := range map[string]struct {
		trivy, grype []Vulnerability
		want         string
	}{
		"same id": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/a")},
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/b")},
			"CVE-2021-0001 [] a 1 /a,/b HIGH 2; seen by Trivy and Grype []",
		},
		"alias of the first": {
			[]Vulnerability{v(cve, ghsa, "a", "1", "", checks.High, "2", "")},
			[]Vulnerability{v(ghsa, "", "a", "1", "", checks.High, "2", "")},
			"CVE-2021-0001 [GHSA-aaaa-bbbb-cccc] a 1  HIGH 2; seen by Trivy and Grype []",
		},
		"alias of the second": {
			[]Vulnerability{v(ghsa, "", "a", "1", "", checks.Medium, "", "")},
			[]Vulnerability{v(cve, ghsa, "a", "1", "", checks.Critical, "2", "")},
			"CVE-2021-0001 [GHSA-aaaa-bbbb-cccc] a 1  CRITICAL 2; seen by Trivy and Grype [MEDIUM by Trivy, CRITICAL by Grype no fixed version by Trivy, 2 by Grype]",
		},
		"other version": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "")},
			[]Vulnerability{v(cve, "", "a", "1.1", "", checks.High, "2", "")},
			"CVE-2021-0001 [] a 1  HIGH 2; seen by Trivy, not by Grype []\nCVE-2021-0001 [] a 1.1  HIGH 2; seen by Grype, not by Trivy []",
		},
		"other vulnerability": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "")},
			[]Vulnerability{v(other, "", "a", "1", "", checks.High, "2", "")},
			"CVE-2021-0001 [] a 1  HIGH 2; seen by Trivy, not by Grype []\nCVE-2021-0002 [] a 1  HIGH 2; seen by Grype, not by Trivy []",
		},
		"several places": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/b"), v(cve, "", "a", "1", "", checks.High, "2", "/d")},
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/a"), v(cve, "", "a", "1", "", checks.High, "2", "/c"), v(cve, "", "a", "1", "", checks.High, "2", "/d")},
			"CVE-2021-0001 [] a 1 /a,/b,/c,/d HIGH 2; seen by Trivy and Grype []",
		},
		"a place within an archive": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/app.jar/lib/a.jar"), v(cve, "", "a", "1", "", checks.High, "2", "/b.jar")},
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/app.jar"), v(cve, "", "a", "1", "", checks.High, "2", "/b.jar/a.jar"), v(cve, "", "a", "1", "", checks.High, "2", "/b.jar2")},
			"CVE-2021-0001 [] a 1 /app.jar/lib/a.jar,/b.jar,/b.jar2 HIGH 2; seen by Trivy and Grype []",
		},
		"a distribution's package": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "")},
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/var/lib/dpkg/status")},
			"CVE-2021-0001 [] a 1  HIGH 2; seen by Trivy and Grype []",
		},
		"a place that one does not know": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "/a")},
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", "")},
			"CVE-2021-0001 [] a 1 /a HIGH 2; seen by Trivy and Grype []",
		},
		"names of Python": {
			[]Vulnerability{v(cve, "", "typing_extensions", "1", "pkg:pypi/typing-extensions@1", checks.High, "2", "")},
			[]Vulnerability{v(cve, "", "typing.Extensions", "1", "pkg:pypi/typing.Extensions@1", checks.High, "2", "")},
			"CVE-2021-0001 [] typing_extensions 1  HIGH 2; seen by Trivy and Grype []",
		},
		"versions of Go": {
			[]Vulnerability{v(cve, "", "stdlib", "v1.26.0", "pkg:golang/stdlib@1.26.0", checks.High, "1.26.1", "")},
			[]Vulnerability{v(cve, "", "stdlib", "go1.26.0", "pkg:golang/stdlib@1.26.0", checks.High, "1.26.1", "")},
			"CVE-2021-0001 [] stdlib v1.26.0  HIGH 1.26.1; seen by Trivy and Grype []",
		},
		"names of Maven": {
			[]Vulnerability{v(cve, "", "org.x:a", "1", "pkg:maven/org.x/a@1", checks.High, "2", "")},
			[]Vulnerability{v(cve, "", "a", "1", "pkg:maven/org.x/a@1", checks.High, "2", "")},
			"CVE-2021-0001 [] org.x:a 1  HIGH 2; seen by Trivy and Grype []",
		},
		"two CVEs with an advisory in common": {
			[]Vulnerability{v(cve, ghsa, "a", "1", "", checks.High, "2", ""), v(other, ghsa, "a", "1", "", checks.Critical, "2", "")},
			[]Vulnerability{v(ghsa, "", "a", "1", "", checks.High, "2", "")},
			"CVE-2021-0001 [GHSA-aaaa-bbbb-cccc] a 1  HIGH 2; seen by Trivy and Grype []\n" +
				"CVE-2021-0002 [GHSA-aaaa-bbbb-cccc] a 1  CRITICAL 2; seen by Trivy, not by Grype []",
		},
		"two CVEs that a later report joins": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2", ""), v(other, "", "a", "1", "", checks.Critical, "2", "")},
			[]Vulnerability{v(cve, ghsa, "a", "1", "", checks.High, "2", ""), v(other, ghsa, "a", "1", "", checks.Critical, "2", "")},
			"CVE-2021-0001 [GHSA-aaaa-bbbb-cccc] a 1  HIGH 2; seen by Trivy and Grype []\n" +
				"CVE-2021-0002 [GHSA-aaaa-bbbb-cccc] a 1  CRITICAL 2; seen by Trivy and Grype []",
		},
		"order of fixes": {
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "2.1, v1.5", "")},
			[]Vulnerability{v(cve, "", "a", "1", "", checks.High, "1.5,2.1", "")},
			"CVE-2021-0001 [] a 1  HIGH 2.1, v1.5; seen by Trivy and Grype []",
		},
	} {
		s := scan(&Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: test.trivy}, &Report{Scanner: Scanner{Name: "Grype"}, Vulnerabilities: test.grype})
		var got []string
		for _, i := range s.issues() {
			var paths []string
			for _, at := range i.at {
				paths = append(paths, at.Path)
			}
			at := i.at[0]
			got = append(got, fmt.Sprintf("%s %v %s %s %s %s %s; %s %v", at.ID, at.Aliases, at.Package, at.Installed, strings.Join(paths, ","), at.Severity, at.Fixed, i.by(s.lookers()), i.differences()))
		}
		if g := strings.Join(got, "\n"); g != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, g, test.want)
		}
	}
}

// One scanner that calls a package not affected does not outvote another.
func TestNotAffectedByAll(t *testing.T) {
	v := Vulnerability{ID: "CVE-2021-0001", Package: "a", Installed: "1", Fixed: "2", Severity: checks.High, Status: "not_affected"}
	for other, want := range map[string]string{"not_affected": "waived", "affected": "fail", "": "fail"} {
		w := v
		w.Status = other
		s := scan(&Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: []Vulnerability{v}}, &Report{Scanner: Scanner{Name: "Grype"}, Vulnerabilities: []Vulnerability{w}})
		if got := lines(vulnerability, s); !strings.HasPrefix(got, want+" ") {
			t.Errorf("the other says %q: %s", other, got)
		}
		s.Reports[0], s.Reports[1] = s.Reports[1], s.Reports[0]
		if got := lines(vulnerability, s); !strings.HasPrefix(got, want+" ") {
			t.Errorf("the first says %q: %s", other, got)
		}
	}
}

// A package may lie in as many places as whoever made the image likes.
func TestMergeManyPlaces(t *testing.T) {
	var list []Vulnerability
	for i := range 20_000 {
		list = append(list, Vulnerability{ID: "CVE-2021-0001", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, Package: "a", Installed: "1", Severity: checks.High, Path: fmt.Sprintf("/%05d", i)})
	}
	others := slices.Clone(list)
	for i := range others {
		others[i].Path += "/b"
	}
	others = append(others, list...)
	for i := range list {
		list[i].Path += "/a"
	}
	start := time.Now()
	issues := scan(&Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: list}, &Report{Scanner: Scanner{Name: "Grype"}, Vulnerabilities: others}).issues()
	if len(issues) != 1 || len(issues[0].at) != 2*len(list) {
		t.Errorf("%d issues, %d places", len(issues), len(issues[0].at))
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Each place is one to be mended: the findings of other scanners' places are called as
// the first one calls the package, with the layer that they name.
func TestMergedPlaces(t *testing.T) {
	v := func(name, version, path string, layer int, severity checks.Severity) Vulnerability {
		return Vulnerability{ID: "CVE-2021-0001", Package: name, Installed: version, PURL: "pkg:golang/stdlib@1.26.0", Fixed: "1.26.1", Severity: severity, Path: path, Layer: layer}
	}
	trivy := []Vulnerability{v("stdlib", "v1.26.0", "/b", 1, checks.High)}
	grype := []Vulnerability{v("stdlib", "go1.26.0", "/a", 2, checks.Low), v("stdlib", "go1.26.0", "/b", 1, checks.Low), v("stdlib", "go1.26.0", "/c", 3, checks.Low)}
	for _, i := range scan(&Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: trivy}, &Report{Scanner: Scanner{Name: "Grype"}, Vulnerabilities: grype}).issues() {
		var got []string
		for _, at := range i.at {
			got = append(got, fmt.Sprintf("%s %s of layer %d, %s", at.Path, at.Installed, at.Layer, at.Severity))
		}
		if want := "/a v1.26.0 of layer 2, HIGH; /b v1.26.0 of layer 1, HIGH; /c v1.26.0 of layer 3, HIGH"; strings.Join(got, "; ") != want {
			t.Errorf("got %s, want %s", strings.Join(got, "; "), want)
		}
	}
}

func TestDisagreement(t *testing.T) {
	v := func(id, name string, severity checks.Severity) Vulnerability {
		return Vulnerability{ID: id, Package: name, Installed: "1", Severity: severity}
	}
	s := scan(
		&Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: []Vulnerability{v("CVE-2021-0001", "a", checks.High), v("CVE-2021-0002", "b", checks.Low), v("CVE-2021-0003", "c", checks.Low)}},
		&Report{Scanner: Scanner{Name: "Grype"}, Vulnerabilities: []Vulnerability{v("CVE-2021-0001", "a", checks.Low), v("CVE-2021-0003", "c", checks.Medium), v("CVE-2021-0004", "a", checks.Critical)}},
	)
	want := "warn LOW : a@1: a 1: CVE-2021-0001 HIGH by Trivy, LOW by Grype, CVE-2021-0004 seen by Grype, not by Trivy\n" +
		"warn LOW : below HIGH: vulnerabilities below HIGH that they see otherwise or not all: 2\n"
	if got := lines(disagreement, s); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Both documents are of the same image.
func TestTwoScanners(t *testing.T) {
	s := scan(decodeFile(t, "trivy-app.json"))
	s.Reports = append(s.Reports, grypeFile(t, "grype-app.json"))
	s.ImageID = s.Reports[0].ImageID
	golden(t, "two-scanners.golden", s)
}

func TestDisagreementNeedsTwo(t *testing.T) {
	if got := lines(disagreement, scan(decodeFile(t, "trivy-debian.json"))); !strings.HasPrefix(got, "skipped one scanner was asked") {
		t.Error(got)
	}
	same := []Vulnerability{{ID: "CVE-2021-0001", Package: "a", Severity: checks.Low}}
	agreed := scan(&Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: same}, &Report{Scanner: Scanner{Name: "Grype"}, Vulnerabilities: same})
	if got := lines(disagreement, agreed); got != "pass Trivy and Grype agree on all 1 vulnerabilities\n" {
		t.Error(got)
	}
}

// grypeDocuments are those that Grype itself has written.
func grypeDocuments(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/grype-*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	return files
}

func TestGrypeGolden(t *testing.T) {
	for _, file := range grypeDocuments(t) {
		name := strings.TrimSuffix(file, ".json")
		t.Run(name, func(t *testing.T) {
			s := scan()
			s.Reports = []*Report{grypeFile(t, file)}
			golden(t, name+".golden", s)
		})
	}
}

// Grype's report has the image's configuration, with its environment, in base64:
// DB_PASSWORD of these. Nothing that comes of it may.
func TestGrypeReportHasNoEnvironment(t *testing.T) {
	const secret = "hunter2hunter2"
	for _, file := range grypeDocuments(t) {
		document, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Source struct{ Target struct{ Config []byte } }
		}
		if err := json.Unmarshal(document, &doc); err != nil {
			t.Fatal(err)
		}
		config := doc.Source.Target.Config
		if !bytes.Contains(config, []byte(secret)) {
			t.Fatalf("%s has no secret to lose", file)
		}
		s := scan()
		s.Reports = []*Report{grypeFile(t, file)}
		said := fmt.Sprintf("%+v %+v", *s.Reports[0], checks.Run(All(), s))
		if encoded := base64.StdEncoding.EncodeToString(config); strings.Contains(said, secret) || strings.Contains(said, encoded[len(encoded)/2:]) {
			t.Errorf("%s: the configuration is in the report or the results", file)
		}
	}
}

func TestDecodeGrype(t *testing.T) {
	list := func(report *Report) string {
		var got []string
		for _, v := range report.Vulnerabilities {
			got = append(got, fmt.Sprintf("%s %v %v %s %s %q %q %t %s %d", v.ID, v.Aliases, v.Advisories, v.Package, v.Severity, v.Status, v.Fixed, v.FixUnknown, v.Path, v.Layer))
		}
		return strings.Join(got, "\n")
	}
	for file, test := range map[string]struct{ os, vulnerabilities string }{
		"grype-app.json": {"debian 12.5", `CVE-2011-3374 [] [] apt LOW "affected" "" false  0
CVE-2023-39325 [GHSA-4374-p667-p6c8] [] golang.org/x/net HIGH "fixed" "0.17.0" false /usr/local/bin/vulngo 3
CVE-2024-1135 [GHSA-w3h3-4rj7-4ph4] [] gunicorn HIGH "fixed" "22.0.0" false /app/venv/lib/python3.12/site-packages/gunicorn-21.2.0.dist-info/METADATA 2
CVE-2023-5363 [] [DSA-5532-1] libssl3 HIGH "fixed" "3.0.11-1~deb12u2" false  0
CVE-2021-23337 [GHSA-35jh-r3h4-6jhm] [] lodash HIGH "fixed" "4.17.21" false /app/node_modules/lodash/package.json 2
CVE-2023-4641 [] [] login MEDIUM "will_not_fix" "" false  0`},
		"grype-end-of-life.json": {"debian 10", `CVE-2018-25032 [] [] zlib1g CRITICAL "" "" true  0
CVE-2022-37434 [] [] zlib1g CRITICAL "fixed" "1:1.2.11.dfsg-1+deb10u2" false  0`},
		"grype-clean.json": {"debian 12.5", ""},
	} {
		report := grypeFile(t, file)
		if got := list(report); got != test.vulnerabilities {
			t.Errorf("%s: got\n%s\nwant\n%s", file, got, test.vulnerabilities)
		}
		if report.OS != test.os || report.EndOfLife == report.LifeUnknown || report.Scanner != (Scanner{"Grype", "0.121.2"}) || !strings.HasPrefix(report.ImageID, "sha256:") {
			t.Errorf("%s: %+v", file, *report)
		}
		want := Database{Source: "https://grype.anchore.io/databases/v6/vulnerability-db_v6.1.10_2026-11-22T06:00:00Z.tar.zst", Version: "v6.1.10", UpdatedAt: time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)}
		if *report.Database != want {
			t.Errorf("%s: database %+v", file, *report.Database)
		}
	}
	old, err := DecodeGrype(strings.NewReader(`{"matches": [], "source": {"type": "image", "target": {}}, "descriptor": {"name": "grype", "db": {"schemaVersion": 5, "built": "2024-01-01T00:00:00Z"}}}`))
	if err != nil || old.Database.Version != "5" {
		t.Errorf("of an older Grype: %+v, %v", old, err)
	}
}

func TestDecodeGrypeErrors(t *testing.T) {
	image := func(match string) string {
		return `{"matches": [` + match + `], "source": {"type": "image", "target": {}}, "descriptor": {"name": "grype", "db": {"status": {"built": "2026-11-22T06:00:00Z"}}}}`
	}
	for text, want := range map[string]string{
		"":                                  "it is empty",
		"{":                                 "it is cut short",
		"{}":                                `of the tool ""`,
		"[]":                                "cannot unmarshal array",
		`{"descriptor": {"name": "grype"}}`: "no list of matches",
		`{"descriptor": {"name": "grype"}, "matches": []}`:                                                                                                                  "not of a container image",
		`{"descriptor": {"name": "grype"}, "matches": [], "source": {"type": "directory", "target": "/src"}}`:                                                               "not of a container image",
		`{"descriptor": {"name": "grype"}, "matches": [], "source": {"type": "image", "target": "/src"}}`:                                                                   "not that of an image",
		`{"descriptor": {"name": "grype"}, "matches": [], "source": {"type": "image", "target": {}}}`:                                                                       "does not say when it was built",
		`{"descriptor": {"name": "grype", "db": {"status": {"built": "2026-11-22T06:00:00Z"}, "providers": {}}}, "matches": [], "source": {"type": "image", "target": {}}}`: "has advisories of nobody",
		image(`{"artifact": {"name": "a"}}`):                                                                                "without a vulnerability",
		image(`{"vulnerability": {"id": "CVE-1"}}`):                                                                         "without a package",
		image(`{"vulnerability": {"id": "CVE-1", "severity": "Bad"}, "artifact": {"name": "a"}}`):                           `CVE-1 has the unknown severity "BAD"`,
		image(`{"vulnerability": {"id": "CVE-1", "severity": "Low", "fix": {"state": "soon"}}, "artifact": {"name": "a"}}`): `unknown state of a fix "soon"`,
	} {
		if report, err := DecodeGrype(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.120q: %+v, error %v, want one with %q", text, report, err, want)
		}
	}
}

func TestPURL(t *testing.T) {
	for text, want := range map[string]string{
		"pkg:npm/lodash@4.17.20":                        "npm||lodash|4.17.20|lodash",
		"pkg:npm/%40types/node@1":                       "npm|@types|node|1|@types/node",
		"pkg:golang/golang.org/x/net@v0.16.0":           "golang|golang.org/x|net|v0.16.0|golang.org/x/net",
		"pkg:deb/debian/libstdc%2B%2B6@12-1?arch=amd64": "deb|debian|libstdc++6|12-1|libstdc++6",
		"pkg:maven/org.x/a@1#sub/path":                  "maven|org.x|a|1|org.x:a",
		"pkg:oci/app@sha256%3Aaa":                       "oci||app|sha256:aa|app",
		"pkg:NPM/a":                                     "npm||a||a",
		"pkg://npm/a":                                   "npm||a||a",
	} {
		p, err := parsePURL(text)
		if got := strings.Join([]string{p.kind, p.namespace, p.name, p.version, p.packageName()}, "|"); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "npm/a", "pkg:", "pkg:npm", "pkg:npm/", "pkg:/a", "pkg:npm/a%zz", "pkg:npm/a?x=%zz", "pkg:npm/@1"} {
		if p, err := parsePURL(text); err == nil {
			t.Errorf("%q is %+v, want an error", text, p)
		}
	}
	for _, test := range []struct {
		p, q string
		want bool
	}{
		{"pkg:npm/a@1", "pkg:npm/a@1", true},
		{"pkg:npm/a", "pkg:npm/a@1", true},
		{"pkg:npm/a@2", "pkg:npm/a@1", false},
		{"pkg:npm/b", "pkg:npm/a@1", false},
		{"pkg:npm/%40x/a", "pkg:npm/a@1", false},
		{"pkg:pypi/A_b", "pkg:pypi/a.b@1", true},
		{"pkg:deb/debian/a@1", "pkg:deb/debian/a@1?arch=amd64", true},
		{"pkg:deb/debian/a@1?arch=arm64", "pkg:deb/debian/a@1?arch=amd64", false},
		{"pkg:deb/ubuntu/a@1", "pkg:deb/debian/a@1", false},
	} {
		p, _ := parsePURL(test.p)
		q, _ := parsePURL(test.q)
		if p.covers(q) != test.want {
			t.Errorf("%s covers %s: %t", test.p, test.q, !test.want)
		}
	}
}

func FuzzDecodeGrype(f *testing.F) {
	for _, name := range []string{"grype-app", "grype-end-of-life", "grype-clean"} {
		document, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		report, err := DecodeGrype(bytes.NewReader(document))
		if (report == nil) == (err == nil) {
			t.Fatalf("report %v, error %v", report, err)
		}
		if err == nil {
			s := scan(report, &Report{Scanner: Scanner{Name: "Trivy"}, Vulnerabilities: report.Vulnerabilities})
			s.Reports[0].Database.UpdatedAt = now
			judgedCleanly(t, s)
		}
	})
}

func FuzzPURL(f *testing.F) {
	f.Add("pkg:deb/debian/libstdc%2B%2B6@12-1?arch=amd64#x")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parsePURL(text); err == nil && (p.kind == "" || p.name == "" || !p.covers(p)) {
			t.Errorf("%q is %+v", text, p)
		}
	})
}
