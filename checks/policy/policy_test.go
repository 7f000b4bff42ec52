package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/report"
)

func TestParseWaivers(t *testing.T) {
	at := func(line, column, endColumn int) checks.Location {
		l := checks.Location{Path: File, Line: line, Column: column}
		if endColumn > 0 {
			l.EndLine, l.EndColumn = line, endColumn
		}
		return l
	}
	for name, test := range map[string]struct {
		text string
		want []Waiver
	}{
		"empty":      {text: ""},
		"comment":    {text: "# nothing yet\n"},
		"marker":     {text: "---\n"},
		"no waivers": {text: "waivers:\n"},
		"empty list": {text: "waivers: []\n"},
		"template":   {text: Template()},
		"JSON":       {text: `{"waivers": [{"check": "source/user", "reason": "a"}]}`, want: []Waiver{{Check: "source/user", Reason: "a", Location: at(1, 14, 0), CheckLocation: at(1, 24, 0)}}},
		"no reason":  {text: "waivers:\n- check: a\n  reason:\n", want: []Waiver{{Check: "a", Location: at(2, 3, 0), CheckLocation: at(2, 10, 11)}}},
		"all": {
			text: "waivers:\n  - check: DL3002\n    subject: CVE-2021-23337\n    path: docker/**\n    reason: >\n      it is\n      a test\n    expires: 2027-01-31 # a day\n    owner: team-a\n",
			want: []Waiver{{Check: "DL3002", Subject: "CVE-2021-23337", Path: "docker/**", Reason: "it is a test", Expires: "2027-01-31", Owner: "team-a", Location: at(2, 5, 0), CheckLocation: at(2, 12, 18)}},
		},
		"a line": {
			text: "waivers:\n- {check: a, path: /docker/Dockerfile:12}\n",
			want: []Waiver{{Check: "a", Path: "docker/Dockerfile", Line: 12, Location: at(2, 3, 0), CheckLocation: at(2, 11, 12)}},
		},
		"aliases": {
			text: "waivers:\n- &one {check: &name a, reason: &why b}\n- {check: *name, path: /docker, reason: *why}\n- *one\n",
			want: []Waiver{
				{Check: "a", Reason: "b", Location: at(2, 3, 0), CheckLocation: at(2, 16, 17)},
				{Check: "a", Path: "docker", Reason: "b", Location: at(3, 3, 0), CheckLocation: at(2, 16, 17)},
				{Check: "a", Reason: "b", Location: at(4, 3, 0), CheckLocation: at(2, 16, 17)},
			},
		},
		"quoted date": {text: "waivers:\n- {check: a, expires: '2027-01-31'}\n", want: []Waiver{{Check: "a", Expires: "2027-01-31", Location: at(2, 3, 0), CheckLocation: at(2, 11, 12)}}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(File, []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, p.Waivers, cmpopts.IgnoreUnexported(Waiver{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParse(t *testing.T) {
	p, err := Parse("a/b.yaml", []byte(`
profile: strict
severity:
  DL3002: LOW
  image/size: CRITICAL
budgets:
  max-size: 1.5 GB
  max-compressed-size: 64MiB
  max-layer-size: 300000B
  max-layers: 12
  max-growth: 7 %
  max-wasted-size: 5MB
scan:
  scanners: [grype, trivy]
  threshold: MEDIUM
  ignore-unfixed: true
  database-max-age: 7d
  licenses:
    deny:
    - SSPL-1.0
run:
  required: [A, B_1]
  max-memory: 512MB
  max-processes: 0
  grace-period: 1m30s
  start-timeout: 500ms
  healthcheck-interval: 2s
  slow-path: /slow
  metrics-path: /metrics
  tmpfs: [/tmp/]
limits:
  time: 5m
  memory: 1GiB
  entries: 5
  uncompressed-size: 1TB
  ratio: 100
  path-length: 255
locked: [profile, budgets, source/user]
`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column, endColumn int) checks.Location {
		return checks.Location{Path: "a/b.yaml", Line: line, Column: column, EndLine: line, EndColumn: endColumn}
	}
	want := Policy{
		Profile:    checks.StrictProfile,
		Severities: []Severity{{"DL3002", checks.Low, at(4, 3, 9)}, {"image/size", checks.Critical, at(5, 3, 13)}},
		Budgets:    Budgets{MaxSize: 1.5e9, MaxCompressedSize: 64 << 20, MaxLayerSize: 300000, MaxLayers: 12, MaxWastedSize: 5e6, MaxGrowth: 7},
		Scan: Scan{
			Scanners: []string{"grype", "trivy"}, Threshold: checks.Medium, IgnoreUnfixed: true,
			DatabaseMaxAge: 168 * time.Hour, DeniedLicenses: []string{"SSPL-1.0"},
		},
		Run: Run{
			Required: []string{"A", "B_1"}, MaxMemory: 512 << 20, GracePeriod: 90 * time.Second, StartTimeout: 500 * time.Millisecond,
			HealthcheckInterval: 2 * time.Second, SlowPath: "/slow", MetricsPath: "/metrics", Tmpfs: []string{"/tmp"},
		},
		Limits: Limits{Time: 5 * time.Minute, Memory: 1 << 30, Entries: 5, UncompressedSize: 1e12, Ratio: 100, PathLength: 255},
		Locked: []Lock{{"profile", at(38, 10, 17)}, {"budgets", at(38, 19, 26)}, {"source/user", at(38, 28, 39)}},
	}
	if diff := cmp.Diff(want, p, cmpopts.IgnoreUnexported(Policy{}, Waiver{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, k := range keys {
		if !p.Sets(k.name) || p.Place(k.name).Path != "a/b.yaml" || p.Place(k.name).Line == 0 {
			t.Errorf("%s is not set: %v", k.name, p.Place(k.name))
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"waivers: [\n":                                         "imagegate.yaml:2:1: the file is not YAML: did",
		"a: b: c\n":                                            "imagegate.yaml:1:5: the file is not YAML: mapping",
		"- a\n":                                                "imagegate.yaml:1:1: the policy is no mapping: write profile: …",
		"waiver: []\n":                                         `imagegate.yaml:1:1: the policy has no key "waiver": write waivers`,
		"nothing-like-it: []\n":                                `imagegate.yaml:1:1: the policy has no key "nothing-like-it": write one of profile, severity, budgets, scan, run, limits, locked, waivers`,
		"waivers: []\nwaivers: []\n":                           "imagegate.yaml:2:1: the policy has waivers twice: remove one",
		"? [a]\n: b\n":                                         "imagegate.yaml:1:3: the policy has a key that is no text: ",
		"waivers: a\n":                                         "imagegate.yaml:1:10: waivers is no list: write - check: … for each",
		"waivers: {check: a}\n":                                "imagegate.yaml:1:10: waivers is no list: write - check: … for each",
		"waivers:\n- source/user\n":                            "imagegate.yaml:2:3: a waiver is no mapping: write check: …",
		"waivers:\n- reason: a\n":                              "imagegate.yaml:2:3: the waiver names no check: add check: with the id of one, as in source/user",
		"waivers:\n- check:\n":                                 "imagegate.yaml:2:3: the waiver names no check: ",
		"waivers:\n- check: '*'\n":                             "imagegate.yaml:2:10: a waiver accepts findings of one check, not of all: ",
		"waivers:\n- check: [a, b]\n":                          "imagegate.yaml:2:10: check is no text",
		"waivers:\n- check: a\n  expire: b\n":                  `imagegate.yaml:3:3: a waiver has no key "expire": write expires`,
		"waivers:\n- check: a\n  expires: 2027-02-30\n":        "imagegate.yaml:3:12: expires: 2027-02-30 is no date: write it as in 2027-01-31",
		"waivers:\n- check: a\n  expires: next year\n":         "imagegate.yaml:3:12: expires: next year is no date: ",
		"waivers:\n- check: a\n  path: '[z-a]'\n":              "imagegate.yaml:3:9: path: [z-a] is no pattern: ",
		"waivers:\n- check: a\n  path: '!a'\n":                 "imagegate.yaml:3:9: path: !a is no pattern: ",
		"waivers:\n- check: a\n  path: /\n":                    "imagegate.yaml:3:9: path: / is no pattern: ",
		"waivers: []\n---\nwaivers: []\n":                      "imagegate.yaml: the file holds more than one document: ",
		"waivers: &a\n- *a\n":                                  "imagegate.yaml:1:10: a waiver is no mapping: ",
		"waivers:\n- <<: {check: b}\n  reason: merged\n":       `imagegate.yaml:2:3: a waiver has no key "<<": `,
		"profile: lax\n":                                       `imagegate.yaml:1:10: profile: "lax" is not one of them: write one of minimal, default, strict`,
		"profile: Strict\n":                                    `imagegate.yaml:1:10: profile: "Strict" is not one of them: write strict`,
		"profile:\n":                                           "imagegate.yaml:1:9: profile is not one of them: write one of minimal, default, strict",
		"budgets: 5\n":                                         "imagegate.yaml:1:10: budgets is no mapping: write max-size: …",
		"budgets:\n  maxsize: 5\n":                             `imagegate.yaml:2:3: budgets has no key "maxsize": write max-size`,
		"budgets:\n  max-size: big\n":                          `imagegate.yaml:2:13: budgets.max-size: "big" is not a size: write it as in 500MB`,
		"budgets:\n  max-size: 0\n":                            `imagegate.yaml:2:13: budgets.max-size: "0" is no size that an image can have: `,
		"budgets:\n  max-size: 200\n":                          `imagegate.yaml:2:13: budgets.max-size: "200" has no unit, such as MB: write it as in 500MB`,
		"budgets:\n  max-size: 1e9\n":                          `imagegate.yaml:2:13: budgets.max-size: "1e9" is not a size: `,
		"run:\n  max-memory: 512\n":                            `imagegate.yaml:2:15: run.max-memory: "512" has no unit, such as MB: write it as in 512MB`,
		"budgets:\n  max-size: -5MB\n":                         `imagegate.yaml:2:13: budgets.max-size: "-5MB" is not a size: `,
		"budgets:\n  max-size: 99999999999TB\n":                `imagegate.yaml:2:13: budgets.max-size: "99999999999TB" is more than any image has: `,
		"budgets:\n  max-size: [1MB]\n":                        "imagegate.yaml:2:13: budgets.max-size is not a size: write it as in 500MB",
		"budgets:\n  max-size:\n":                              "imagegate.yaml:2:12: budgets.max-size is not a size: write it as in 500MB",
		"budgets:\n  max-layers: 0\n":                          `imagegate.yaml:2:15: budgets.max-layers: "0" is not a whole number from 1 on: write it as in 40`,
		"budgets:\n  max-growth: a lot\n":                      `imagegate.yaml:2:15: budgets.max-growth: "a lot" is not a whole percentage from 1 on: write it as in 10%`,
		"limits:\n  memory: 0\n":                               `imagegate.yaml:2:11: limits.memory: "0" is not a size: write it as in 512MB`,
		"scan:\n  scanners: trivy\n":                           "imagegate.yaml:2:13: scan.scanners is no list: write it in brackets, as in [a, b]",
		"scan:\n  scanners: []\n":                              "imagegate.yaml:2:13: scan.scanners is empty: name at least one, as in [trivy], or remove the key",
		"scan:\n  scanners: [trivi]\n":                         `imagegate.yaml:2:14: scan.scanners: "trivi" is not one of them: write trivy`,
		"scan:\n  scanners: [trivy, trivy]\n":                  "imagegate.yaml:2:21: scan.scanners names trivy twice: remove one",
		"scan:\n  threshold: high\n":                           `imagegate.yaml:2:14: scan.threshold: "high" is not a severity: write HIGH`,
		"scan:\n  ignore-unfixed: maybe\n":                     "imagegate.yaml:2:19: scan.ignore-unfixed is neither true nor false: write one of them",
		"scan:\n  database-max-age: a week\n":                  `imagegate.yaml:2:21: scan.database-max-age: "a week" is not a duration: write it as in 10s, 2m or 7d`,
		"scan:\n  licenses:\n    allow: [MIT]\n":               `imagegate.yaml:3:5: scan.licenses has no key "allow": write one of deny`,
		"run:\n  required: [A-B]\n":                            `imagegate.yaml:2:14: run.required: "A-B" is not the name of an environment variable: write it as in DATABASE_URL`,
		"run:\n  grace-period: 10\n":                           `imagegate.yaml:2:17: run.grace-period: "10" is not a duration: `,
		"run:\n  grace-period: 1us\n":                          `imagegate.yaml:2:17: run.grace-period: "1us" is not a duration: `,
		"run:\n  grace-period: 0s\n":                           `imagegate.yaml:2:17: run.grace-period: "0s" is shorter than 1ms: `,
		"run:\n  slow-path: slow\n":                            `imagegate.yaml:2:14: run.slow-path: "slow" is not a path: write it as in /path`,
		"run:\n  tmpfs: [tmp]\n":                               `imagegate.yaml:2:11: run.tmpfs: "tmp" is not an absolute path: write it as in /tmp`,
		"severity: HIGH\n":                                     "imagegate.yaml:1:11: severity is no mapping: write source/user: HIGH",
		"severity:\n  source/user: off\n":                      "imagegate.yaml:2:16: severity: a check is not turned off, source/user: accept what it finds with a waiver, which has a reason",
		"severity:\n  source/user: HIHG\n":                     `imagegate.yaml:2:16: severity: source/user: "HIHG" is not a severity: write HIGH`,
		"severity:\n  source/user: HIGH\n  Source/User: LOW\n": "imagegate.yaml:3:3: severity has Source/User twice: remove one",
		"severity:\n  '*': HIGH\n":                             "imagegate.yaml:2:3: severity: * is no check: ",
		"locked: profile\n":                                    "imagegate.yaml:1:9: locked is no list: ",
		"locked: [budgets.max-sise]\n":                         `imagegate.yaml:1:10: locked: there is no key "budgets.max-sise": write budgets.max-size`,
		"locked: [waivers]\n":                                  "imagegate.yaml:1:10: locked: waivers is locked check by check: ",
		"locked: [profile, profile]\n":                         "imagegate.yaml:1:19: locked names profile twice: remove one",
	} {
		p, err := Parse(File, []byte(text))
		if err == nil {
			t.Errorf("%q: read as %+v", text, p)
			continue
		}
		if got := err.Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, test := range []struct {
		pattern string
		at      checks.Location
		want    bool
	}{
		{"", checks.Location{Path: "Dockerfile"}, true},
		{"", checks.Location{}, true},
		{"Dockerfile", checks.Location{Path: "Dockerfile"}, true},
		{"Dockerfile", checks.Location{Path: "docker/Dockerfile"}, false},
		{"docker", checks.Location{Path: "docker/Dockerfile"}, true},
		{"**/*.Dockerfile", checks.Location{Path: "docker/prod.Dockerfile"}, true},
		{"*.Dockerfile", checks.Location{Path: "docker/prod.Dockerfile"}, false},
		{"/usr/bin/*", checks.Location{Path: "/usr/bin/su"}, true},
		{"**", checks.Location{}, false},
		{"config.User", checks.Location{Path: "config.User"}, true},
		{"Dockerfile:3", checks.Location{Path: "Dockerfile", Line: 3}, true},
		{"Dockerfile:3", checks.Location{Path: "Dockerfile", Line: 2, EndLine: 4}, true},
		{"Dockerfile:3", checks.Location{Path: "Dockerfile", Line: 4}, false},
		{"Dockerfile:3", checks.Location{Path: "Dockerfile", Line: 1, EndLine: 2}, false},
		{"Dockerfile:3", checks.Location{Path: "Dockerfile"}, false},
	} {
		if got := waiver(t, "path: '"+test.pattern+"'").Covers(test.at); got != test.want {
			t.Errorf("%q covers %s: %v", test.pattern, test.at, got)
		}
	}
}

func TestAbout(t *testing.T) {
	npm := checks.Finding{Subject: "CVE-2021-23337 @a/lodash@4.17.20", Aliases: []string{"GHSA-35jh-r3h4-6jhm"}}
	for _, test := range []struct {
		subject string
		finding checks.Finding
		want    bool
	}{
		{"", npm, true},
		{"CVE-2021-23337", npm, true},
		{"cve-2021-23337", npm, true},
		{"GHSA-35jh-r3h4-6jhm", npm, true},
		{"@a/lodash", npm, true},
		{"@a/lodash@4.17.20", npm, true},
		{"CVE-2021-23337 @a/lodash@4.17.20", npm, true},
		{"@a/lodash@4.17.21", npm, false},
		{"lodash", npm, false},
		{"CVE-2021-2333", npm, false},
		{"DATABASE_URL", checks.Finding{Subject: "DATABASE_URL"}, true},
		{"DATABASE_URL", checks.Finding{}, false},
		{"useradd -m app", checks.Finding{Subject: "useradd -m app"}, true},
	} {
		if got := waiver(t, "subject: '"+test.subject+"'").About(test.finding); got != test.want {
			t.Errorf("%q is about %s: %v", test.subject, test.finding.Subject, got)
		}
	}
}

// waiver returns a waiver with one more key.
func waiver(t *testing.T, key string) Waiver {
	t.Helper()
	p, err := Parse(File, []byte("waivers:\n- check: a\n  "+key+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p.Waivers[0]
}

func TestTerm(t *testing.T) {
	now := time.Date(2027, 1, 20, 23, 0, 0, 0, time.UTC)
	for expires, want := range map[string]Term{
		"": Holds, "2027-01-19": Expired, "2027-01-20": Expiring, "2027-02-02": Expiring, "2027-02-03": Holds,
	} {
		term, f := (Waiver{Check: "a", Reason: "b", Expires: expires, Owner: "c"}).Term(now)
		if term != want || (f.Message == "") != (term == Holds) || term != Holds && !strings.Contains(f.Message, "owner: c") {
			t.Errorf("expires %q: %q %q, want %q", expires, term, f.Message, want)
		}
	}
	if term, _ := (Waiver{Check: "a", Expires: "2027-06-01"}).Term(now); term != NoReason {
		t.Errorf("without a reason: %q", term)
	}
}

// TestLarge reads policies of the size up to which they are read at all.
func TestLarge(t *testing.T) {
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < dockerfile.MaxFileSize-100; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"severities": "severity:\n" + numbered("  a/%d: LOW\n"),
		"locks":      "locked:\n" + numbered("- a/%d\n"),
		"a list":     "run:\n  required:\n" + numbered("  - A%d\n"),
		"waivers":    "waivers:\n" + numbered("- {check: image/size, path: 'a*/%d', reason: b}\n"),
		"one key":    numbered("a%d"),
		"aliases":    "waivers:\n- &a {check: b}\n" + numbered("- *a # %d\n"),
		"nested":     strings.Repeat("[", dockerfile.MaxFileSize-100),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			p, err := Parse(File, []byte(text))
			if err == nil {
				gates := []report.Gate{{Name: "image", Results: []checks.Result{result("image/size", strings.Fields(strings.Repeat("a ", 100))...)}}}
				Review(gates, Input{Policy: p, Rules: rules()})
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Template()))
	f.Add([]byte(uncommented()))
	f.Add([]byte("waivers:\n- check: a\n  path: b*\n  reason: c\n  expires: 2027-01-31\n"))
	f.Add([]byte("waivers: &a [*a]\n"))
	f.Add([]byte("severity: {a: HIGH}\nlocked: [a]\nbudgets: {max-size: 1e9}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(File, text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), File+":") {
				t.Errorf("%v names no file", err)
			}
			return
		}
		for _, w := range p.Waivers {
			if w.Check == "" || w.Location.Line < 1 || w.CheckLocation.Line < 1 {
				t.Errorf("%+v", w)
			}
			w.Covers(checks.Location{Path: "a/b"})
		}
	})
}
