package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
)

// rules are those of some checks of all gates.
func rules() []checks.Rule {
	return append(checks.Rules(All()),
		checks.Rule{ID: "source/user", Severity: checks.High, Aliases: []string{"DL3002"}},
		checks.Rule{ID: "source/healthcheck", Severity: checks.High, Aliases: []string{"CKV_DOCKER_2"}},
		checks.Rule{ID: "image/healthcheck", Severity: checks.High, Aliases: []string{"CKV_DOCKER_2"}},
		checks.Rule{ID: "image/size", Severity: checks.Medium},
		checks.Rule{ID: "vuln/vulnerability", Severity: checks.High},
		checks.Rule{ID: "runtime/user", Severity: checks.High},
		checks.Rule{ID: "build/image", Severity: checks.Critical},
		checks.Rule{ID: "suppress/comment", Severity: checks.Medium},
	)
}

func TestExamples(t *testing.T) {
	for _, check := range All() {
		bad := check.Severity.Status()
		if check.ID == "policy/valid" {
			bad = checks.Error
		}
		for what, test := range map[string]struct {
			text string
			want checks.Status
		}{"good": {check.Good, checks.Pass}, "bad": {check.Bad, bad}} {
			gates, err := Example(test.text, rules())
			if err != nil {
				t.Errorf("%s, %s example: %v", check.ID, what, err)
				continue
			}
			own := gates[len(gates)-1].Results
			for _, res := range own {
				want := checks.Pass
				switch {
				case res.Check == check.ID:
					want = test.want
				case test.want == checks.Error:
					want = checks.Skipped
				}
				if res.Status != want {
					t.Errorf("%s, %s example: %s is %s %s %+v, want %s", check.ID, what, res.Check, res.Status, res.Detail, res.Findings, want)
				}
			}
		}
	}
}

// result returns one of a check with findings about these subjects; with none it
// passes.
func result(check string, subjects ...string) checks.Result {
	res := checks.Result{Check: check, Status: checks.Pass}
	for _, s := range subjects {
		res.Status = checks.Fail
		res.Findings = append(res.Findings, checks.Finding{Status: checks.Fail, Severity: checks.High, Subject: s, Message: "found", Location: checks.Location{Path: "/app/" + s}})
	}
	return res
}

func TestReview(t *testing.T) {
	scan := report.Gate{Name: "scan", Results: []checks.Result{result("vuln/vulnerability", "CVE-1 lodash@4.17.20", "CVE-2 lodash@4.17.20")}}
	image := report.Gate{Name: "image", Results: []checks.Result{result("image/size", "size"), result("image/healthcheck")}}
	lint := report.Gate{Name: "lint", Results: []checks.Result{result("source/user"), result("source/healthcheck"), result("suppress/waiver")}}
	broken := report.Gate{Name: "scan", Results: []checks.Result{{Check: "vuln/vulnerability", Status: checks.Error, Detail: "killed"}}}
	for name, test := range map[string]struct {
		policy  string
		gates   []report.Gate
		profile checks.Profile
		want    []string
	}{
		"nothing": {gates: []report.Gate{scan}, want: []string{"fail vuln/vulnerability CVE-1 lodash@4.17.20", "fail vuln/vulnerability CVE-2 lodash@4.17.20"}},
		"one of two": {
			policy: "waivers: [{check: vuln/vulnerability, subject: CVE-1, reason: never called, owner: team, expires: 2027-06-01}]", gates: []report.Gate{scan},
			want: []string{"fail vuln/vulnerability CVE-2 lodash@4.17.20", "waived vuln/vulnerability CVE-1 lodash@4.17.20: never called (team, until 2027-06-01)"},
		},
		"a package": {
			policy: "waivers: [{check: vuln/vulnerability, subject: lodash, reason: a}]", gates: []report.Gate{scan},
			want: []string{"waived vuln/vulnerability CVE-1 lodash@4.17.20: a", "waived vuln/vulnerability CVE-2 lodash@4.17.20: a"},
		},
		"a path": {
			policy: "waivers: [{check: vuln/vulnerability, path: app/CVE-1*, reason: a}]", gates: []report.Gate{scan},
			want: []string{"fail vuln/vulnerability CVE-2 lodash@4.17.20", "waived vuln/vulnerability CVE-1 lodash@4.17.20: a"},
		},
		"no reason": {
			policy: "waivers: [{check: image/size}]", gates: []report.Gate{image},
			want: []string{"fail image/size size", "fail policy/no-reason imagegate.yaml:1:11: the waiver gives no reason to accept image/size, so that it accepts nothing"},
		},
		"expired": {
			policy: "waivers: [{check: image/size, reason: a, expires: 2027-01-01}]", gates: []report.Gate{image},
			want: []string{"fail image/size size", "fail policy/expired imagegate.yaml:1:11: the waiver accepted image/size until 2027-01-01"},
		},
		"expiring": {
			policy: "waivers: [{check: image/size, reason: a, expires: 2027-01-31}]", gates: []report.Gate{image},
			want: []string{"waived image/size size: a (until 2027-01-31)", "warn policy/expiring imagegate.yaml:1:11: the waiver accepts image/size until 2027-01-31, and no longer"},
		},
		"unused": {
			policy: "waivers: [{check: image/size, subject: b, path: c, reason: a}]", gates: []report.Gate{image},
			want: []string{"fail image/size size", "warn policy/unused imagegate.yaml:1:19: the waiver accepts a finding of image/size about b in c, and there is none"},
		},
		"unused, strictly": {
			policy: "waivers: [{check: image/healthcheck, reason: a}]", gates: []report.Gate{image}, profile: checks.StrictProfile,
			want: []string{"fail image/size size", "fail policy/unused imagegate.yaml:1:19: the waiver accepts a finding of image/healthcheck, and there is none"},
		},
		"of a gate that did not run": {
			policy: "waivers: [{check: runtime/user, reason: a}, {check: runtime/user}]", gates: []report.Gate{image}, want: []string{"fail image/size size"},
		},
		"of a check that could not be judged": {
			policy: "waivers: [{check: vuln/vulnerability, reason: a}]", gates: []report.Gate{broken}, want: []string{"error vuln/vulnerability killed"},
		},
		"of two checks, one of which did not run": {
			policy: "waivers: [{check: CKV_DOCKER_2, reason: a}]", gates: []report.Gate{image}, want: []string{"fail image/size size"},
		},
		"of two checks, both judged": {
			policy: "waivers: [{check: CKV_DOCKER_2, reason: a}]", gates: []report.Gate{lint, image},
			want: []string{"fail image/size size", "warn policy/unused imagegate.yaml:1:19: the waiver accepts a finding of CKV_DOCKER_2, and there is none"},
		},
		"of the source, which the lint gate judges": {
			policy: "waivers: [{check: DL3002, reason: a}, {check: DL3002}, {check: no/such}]", gates: []report.Gate{lint, image}, want: []string{"fail image/size size"},
		},
		"unknown": {
			policy: "waivers: [{check: no/such, reason: a}]\nseverity: {no/one: HIGH}\nlocked: [no/body, budgets]", gates: []report.Gate{image},
			want: []string{
				"fail image/size size",
				"fail policy/unknown-check imagegate.yaml:1:19: the waiver names no/such, and no check has that name",
				"fail policy/unknown-check imagegate.yaml:2:12: severity names no/one, and no check has that name",
				"fail policy/unknown-check imagegate.yaml:3:10: locked names no/body, and no check has that name",
			},
		},
		"what cannot be accepted": {
			policy: "waivers: [{check: build/image, reason: a}, {check: suppress/comment, reason: a}, {check: policy/unused, reason: a}]\nseverity: {build/image: LOW}",
			gates:  []report.Gate{{Name: "build", Results: []checks.Result{result("build/image", "build"), result("suppress/comment", "comment")}}},
			want: []string{
				"fail build/image build",
				"fail policy/unknown-check imagegate.yaml:1:19: the waiver names build/image, and what that finds cannot be accepted",
				"fail policy/unknown-check imagegate.yaml:1:52: the waiver names suppress/comment, and what that finds cannot be accepted",
				"fail policy/unknown-check imagegate.yaml:1:90: the waiver names policy/unused, and what that finds cannot be accepted",
				"fail suppress/comment comment",
			},
		},
		"used by the lint gate": {
			policy: "waivers: [{check: CKV_DOCKER_2, reason: a}]",
			gates: []report.Gate{{Name: "lint", Results: []checks.Result{{Check: "source/healthcheck", Status: checks.Waived, Findings: []checks.Finding{{
				Status: checks.Waived, Subject: "none", Reason: "a",
				AcceptedBy: []checks.Location{{Path: File, Line: 1, Column: 19, EndLine: 1, EndColumn: 31}},
			}}}}}, image},
			want: []string{"fail image/size size", "waived source/healthcheck none: a"},
		},
		"severity by two names": {
			policy: "severity: {DL3002: HIGH, source/user: LOW, CKV_DOCKER_2: LOW, image/healthcheck: LOW}", gates: []report.Gate{{}},
			want: []string{"fail policy/unknown-check imagegate.yaml:1:26: severity has LOW for source/user, which has HIGH as DL3002"},
		},
		"severity": {policy: "severity: {image/size: LOW}", gates: []report.Gate{image}, want: []string{"warn image/size size"}},
		"severity of the policy's own": {
			policy: "severity: {policy/unused: HIGH}\nwaivers: [{check: image/healthcheck, reason: a}]", gates: []report.Gate{image},
			want: []string{"fail image/size size", "fail policy/unused imagegate.yaml:2:19: the waiver accepts a finding of image/healthcheck, and there is none"},
		},
		"severity, strictly": {policy: "severity: {image/size: MEDIUM}", gates: []report.Gate{image}, profile: checks.StrictProfile, want: []string{"fail image/size size"}},
		"two platforms": {
			policy: "waivers: [{check: image/size, reason: a}]",
			gates:  []report.Gate{image, {Name: "image", Platform: "linux/arm64", Results: []checks.Result{result("image/size")}}},
			want:   []string{"waived image/size size: a"},
		},
		"an error stays one": {
			policy: "waivers: [{check: vuln/vulnerability, reason: a}]",
			gates:  []report.Gate{{Name: "scan", Results: []checks.Result{{Check: "vuln/vulnerability", Status: checks.Error, Detail: "killed", Findings: scan.Results[0].Findings[:1]}}}},
			want:   []string{"error vuln/vulnerability killed", "waived vuln/vulnerability CVE-1 lodash@4.17.20: a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := reviewed(t, test.gates, test.policy, test.profile)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if res := scan.Results[0]; res.Status != checks.Fail || res.Findings[0].Status != checks.Fail {
		t.Errorf("the gates that were given changed: %+v", res)
	}
}

func reviewed(t *testing.T, gates []report.Gate, text string, profile checks.Profile) []string {
	t.Helper()
	in := Input{Rules: rules(), Profile: profile, Now: time.Date(2027, 1, 20, 0, 0, 0, 0, time.UTC)}
	in.Policy, in.Err = Parse(File, []byte(text))
	if in.Err != nil {
		t.Fatal(in.Err)
	}
	return lines(Review(gates, in))
}

// lines writes what blocks, warns or is waived.
func lines(gates []report.Gate) []string {
	var out []string
	for _, g := range gates {
		for _, res := range g.Results {
			if res.Status == checks.Error {
				out = append(out, "error "+res.Check+" "+res.Detail)
			}
			for _, f := range res.Findings {
				switch {
				case strings.HasPrefix(res.Check, "policy/"):
					out = append(out, fmt.Sprintf("%s %s %s: %s", f.Status, res.Check, f.Location, f.Message))
				case f.Status == checks.Waived:
					out = append(out, fmt.Sprintf("%s %s %s: %s", f.Status, res.Check, f.Subject, f.Accepted()))
				default:
					out = append(out, fmt.Sprintf("%s %s %s", f.Status, res.Check, f.Subject))
				}
			}
			if worst := res.Worst(); len(res.Findings) > 0 && res.Status != checks.Error && res.Status != worst {
				out = append(out, fmt.Sprintf("%s is %s and its findings are %s", res.Check, res.Status, worst))
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestReviewOfNoPolicy(t *testing.T) {
	gates := []report.Gate{{Name: "image", Results: []checks.Result{result("image/size", "size")}}}
	for name, test := range map[string]struct {
		in   Input
		want checks.Status
	}{
		"absent":     {Input{Absent: true}, checks.Skipped},
		"unreadable": {Input{Err: errors.New("no YAML")}, checks.Error},
	} {
		for _, profile := range []checks.Profile{checks.MinimalProfile, checks.DefaultProfile, checks.StrictProfile} {
			test.in.Profile, test.in.Rules = profile, rules()
			got := Review(gates, test.in)
			if len(got) != 2 || got[1].Name != "policy" || got[1].Status() != test.want || got[0].Status() != checks.Fail {
				t.Errorf("%s, profile %s: %+v", name, profile, got)
			}
		}
	}
}

// TestReviewOfOrganisation has waivers that are for many projects.
func TestReviewOfOrganisation(t *testing.T) {
	image := report.Gate{Name: "image", Results: []checks.Result{result("image/size", "size"), result("image/healthcheck")}}
	in := Input{Rules: rules(), Now: time.Date(2027, 1, 20, 0, 0, 0, 0, time.UTC)}
	in.Policy = parsed(t, "o.yaml", `
waivers:
- {check: image/size, reason: a, expires: 2027-01-01}
- {check: image/size, subject: size, reason: b, expires: 2027-01-25}
- {check: image/healthcheck, reason: nothing needs it}
- {check: image/healthcheck}
`).OfOrganisation()
	want := []string{
		"fail policy/no-reason o.yaml:6:3: the waiver gives no reason to accept image/healthcheck, so that it accepts nothing",
		"waived image/size size: b (until 2027-01-25)",
		"warn policy/expired o.yaml:3:3: the waiver accepted image/size until 2027-01-01",
	}
	if diff := cmp.Diff(want, lines(Review([]report.Gate{image}, in))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A name that no check has says which one is near.
func TestUnknownNameFix(t *testing.T) {
	p := parsed(t, File, "severity: {source/usr: HIGH, DL9: LOW}\nlocked: [budget, image/sise]\n")
	var got []string
	for _, f := range p.JudgeNames(checks.NamesOf(append(rules(), checks.Rule{ID: "image/size"}))) {
		word, _, _ := strings.Cut(strings.TrimPrefix(f.Fix, "Write "), ",")
		got = append(got, f.Subject+" "+word)
	}
	if want := []string{"source/usr source/user", "DL9 the id of a check", "budget budgets", "image/sise image/size"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
