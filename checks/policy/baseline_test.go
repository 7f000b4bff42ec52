package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
)

// blocking returns a result with findings that have these messages.
func blocking(check string, messages ...string) checks.Result {
	res := checks.Result{Check: check, Status: checks.Pass}
	for i, m := range messages {
		res.Status = checks.Fail
		res.Findings = append(res.Findings, checks.Finding{Status: checks.Fail, Severity: checks.High, Message: m, Location: checks.Location{Path: "Dockerfile", Line: i + 1}})
	}
	return res
}

func baselineOf(t *testing.T, gates ...report.Gate) *Baseline {
	t.Helper()
	b, _, removed := (*Baseline)(nil).Update("Dockerfile", gates, Policy{}, rules(), true)
	if removed > 0 {
		t.Errorf("%d were taken out of nothing", removed)
	}
	text, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseBaseline(BaselineFile, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return read
}

func gate(results ...checks.Result) report.Gate { return report.Gate{Name: "lint", Results: results} }

func TestBaselineFile(t *testing.T) {
	skipped := checks.Result{Check: "runtime/user", Status: checks.Skipped}
	b := baselineOf(t, gate(
		blocking("source/user", "line 12 says <root>", "line 3 says <root>", "12.3 MB of 10.0 MB, uncompressed"),
		blocking("policy/expired", "never"), blocking("suppress/comment", "never"), skipped,
		checks.Result{Check: "image/size", Status: checks.Waived, Findings: []checks.Finding{{Status: checks.Waived, Message: "accepted"}}},
		checks.Result{Check: "vuln/vulnerability", Status: checks.Warn, Findings: []checks.Finding{{Status: checks.Warn, Subject: "CVE-1 @a/b@1.2", Message: "found"}}},
	))
	text, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "version": 1,
  "findings": [
    {"image":"Dockerfile","check":"source/user","path":"Dockerfile","message":"# of #, uncompressed","count":1},
    {"image":"Dockerfile","check":"source/user","path":"Dockerfile","message":"line # says <root>","count":2},
    {"image":"Dockerfile","check":"vuln/vulnerability","subject":"CVE-1 @a/b","message":"found","count":1}
  ]
}
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if b.Len() != 4 {
		t.Errorf("it accepts %d", b.Len())
	}
	empty, err := (&Baseline{}).JSON()
	if err != nil || string(empty) != "{\n  \"version\": 1,\n  \"findings\": []\n}\n" {
		t.Errorf("an empty one: %v %s", err, empty)
	}
}

// TestBaselineReview reviews gates by the baseline of what they found before.
func TestBaselineReview(t *testing.T) {
	old := gate(blocking("source/user", "line 12 says root"), blocking("image/size", "12 MB", "13 MB"))
	for name, test := range map[string]struct {
		now    []report.Gate
		policy string
		image  string
		want   []string
	}{
		"the same":      {now: []report.Gate{old}, want: []string{"waived image/size", "waived image/size", "waived source/user"}},
		"lines move":    {now: []report.Gate{gate(blocking("source/user", "line 14 says root"), old.Results[1])}, want: []string{"waived image/size", "waived image/size", "waived source/user"}},
		"one more":      {now: []report.Gate{gate(old.Results[0], blocking("image/size", "12 MB", "13 MB", "14 MB"))}, want: []string{"fail image/size", "waived image/size", "waived image/size", "waived source/user"}},
		"a new one":     {now: []report.Gate{gate(blocking("source/user", "line 12 says 0"), old.Results[1])}, want: []string{"fail source/user", "waived image/size", "waived image/size", "warn policy/gone .imagegate-baseline.json:5: the baseline accepts 1 of source/user in Dockerfile, and there are 0: line # says root"}},
		"one less":      {now: []report.Gate{gate(old.Results[0], blocking("image/size", "9 MB"))}, want: []string{"waived image/size", "waived source/user", "warn policy/gone .imagegate-baseline.json:4: the baseline accepts 2 of image/size in Dockerfile, and there are 1: #"}},
		"another image": {now: []report.Gate{old}, image: "other.Dockerfile", want: []string{"fail image/size", "fail image/size", "fail source/user"}},
		"not judged":    {now: []report.Gate{gate(old.Results[0], checks.Result{Check: "image/size", Status: checks.Skipped})}, want: []string{"waived source/user"}},
		"did not run":   {now: []report.Gate{gate(old.Results[0])}, want: []string{"waived source/user"}},
		"two platforms": {now: []report.Gate{gate(old.Results[1]), gate(old.Results[1])}, want: []string{"waived image/size", "waived image/size", "waived image/size", "waived image/size"}},
		"one platform could not be judged": {
			now:  []report.Gate{gate(blocking("image/size")), gate(checks.Result{Check: "image/size", Status: checks.Error, Detail: "broken"})},
			want: []string{"error image/size broken"},
		},
		"locked": {now: []report.Gate{old}, policy: "locked: [source/user]", want: []string{"fail source/user", "waived image/size", "waived image/size", "warn policy/gone .imagegate-baseline.json:5: the baseline accepts 1 of source/user in Dockerfile, and there are 0: line # says root"}},
		"a waiver goes first": {
			now: []report.Gate{old}, policy: "waivers: [{check: image/size, reason: a}]",
			want: []string{"waived image/size", "waived image/size", "waived source/user", "warn policy/gone .imagegate-baseline.json:4: the baseline accepts 2 of image/size in Dockerfile, and there are 0: #"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.image == "" {
				test.image = "Dockerfile"
			}
			in := Input{Rules: rules(), Policy: parsed(t, File, test.policy), Baseline: baselineOf(t, old), Image: test.image}
			var got []string
			for _, line := range lines(Review(test.now, in)) {
				line, _, _ = strings.Cut(line, " :")
				for _, status := range []string{"fail ", "waived ", "warn "} {
					if rest, ok := strings.CutPrefix(line, status); ok && !strings.HasPrefix(rest, "policy/") {
						check, _, _ := strings.Cut(rest, " ")
						line = status + check
					}
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestBaselineUpdate(t *testing.T) {
	old := gate(blocking("source/user", "root"), blocking("image/size", "12 MB", "13 MB"), blocking("runtime/user", "root"))
	for name, test := range map[string]struct {
		now            []report.Gate
		image, policy  string
		add            bool
		added, removed int
		len            int
	}{
		"the same":                {now: []report.Gate{old}, len: 4},
		"the same, adding":        {now: []report.Gate{old}, add: true, len: 4},
		"one gone":                {now: []report.Gate{gate(blocking("source/user"), old.Results[1], old.Results[2])}, removed: 1, len: 3},
		"one of two gone":         {now: []report.Gate{gate(blocking("image/size", "1 MB"))}, removed: 1, len: 3},
		"one more of two":         {now: []report.Gate{gate(blocking("image/size", "1 MB", "2 MB", "3 MB"))}, len: 4},
		"one more of two, adding": {now: []report.Gate{gate(blocking("image/size", "1 MB", "2 MB", "3 MB"))}, add: true, added: 1, len: 5},
		"a new one":               {now: []report.Gate{gate(blocking("image/healthcheck", "none"))}, len: 4},
		"a new one, adding":       {now: []report.Gate{gate(blocking("image/healthcheck", "none"))}, add: true, added: 1, len: 5},
		"a new one, locked":       {now: []report.Gate{gate(blocking("image/healthcheck", "none"))}, policy: "locked: [image/healthcheck]", add: true, len: 4},
		"locked since":            {now: []report.Gate{old}, policy: "locked: [source/user]", removed: 1, len: 3},
		"another image":           {now: []report.Gate{gate(blocking("source/user"))}, image: "other", len: 4},
		"another image, adding":   {now: []report.Gate{old}, image: "other", add: true, added: 4, len: 8},
		"not judged":              {now: []report.Gate{gate(checks.Result{Check: "source/user", Status: checks.Error})}, len: 4},
		"nothing to judge":        {now: []report.Gate{gate(checks.Result{Check: "source/user", Status: checks.Skipped})}, removed: 1, len: 3},
		"nothing could be read": {
			now: []report.Gate{gate(checks.Result{Check: "source/user", Status: checks.Skipped}, checks.Result{Check: "source/valid", Status: checks.Error})}, len: 4,
		},
		"an image that does not run here": {now: []report.Gate{gate(checks.Result{Check: "runtime/user", Status: checks.Skipped})}, len: 4},
		"one platform that does not run":  {now: []report.Gate{gate(checks.Result{Check: "runtime/user", Status: checks.Skipped}), gate(blocking("runtime/user"))}, len: 4},
		"all gone":                        {now: []report.Gate{gate(blocking("source/user"), blocking("image/size"), blocking("runtime/user"))}, removed: 4},
	} {
		t.Run(name, func(t *testing.T) {
			if test.image == "" {
				test.image = "Dockerfile"
			}
			b, added, removed := baselineOf(t, old).Update(test.image, test.now, parsed(t, File, test.policy), rules(), test.add)
			if added != test.added || removed != test.removed || b.Len() != test.len {
				t.Errorf("%d added, %d removed, %d left; want %d, %d and %d", added, removed, b.Len(), test.added, test.removed, test.len)
			}
		})
	}
	b := baselineOf(t, gate(blocking("no/check", "a"), blocking("source/user", "a")))
	if b, _, removed := b.Update("Dockerfile", nil, Policy{}, rules(), false); removed != 1 || b.Len() != 1 {
		t.Errorf("a check that is no more: %d removed", removed)
	}
}

func TestWithoutNumbers(t *testing.T) {
	for message, want := range map[string]string{
		"612.3 MB uncompressed, 112.3MB over the budget": "# uncompressed, # over the budget",
		"612.3 MB; 1 B, (1.5 GiB). 7 MB MB B":            "#; #, (#). #",
		"# MB uncompressed, # kB":                        "# uncompressed, #",
		"a B of MB: 3: MB, 4 (MB)":                       "a B of MB: #: MB, # (MB)",
		"layer 3 of 12 (12%) took 1.5s":                  "layer # of # (#) took #",
		"image alpine:3.20 has DL3006 and 2 names":       "image alpine:3.20 has DL3006 and # names",
		"as in docker/Dockerfile:12:3, and a.yaml:4":     "as in docker/Dockerfile:#, and a.yaml:#",
		"sha256:0123abcd is\nno digest":                  "sha256:# is no digest",
		"the tag is 3.12":                                "the tag is #",
		"user 0:0 and node:18":                           "user 0:0 and node:18",
	} {
		if got := withoutNumbers(message); got != want {
			t.Errorf("%q became %q, want %q", message, got, want)
		}
		if got := withoutNumbers(want); got != want {
			t.Errorf("%q became %q", want, got)
		}
	}
}

func TestParseBaselineErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "b.json:1: the file is no baseline: EOF",
		"{\n\"version\": }":           "b.json:2: the file is no baseline: ",
		"[]":                          "b.json:1: the file is no baseline: ",
		`{"version": 2}`:              "b.json:1: the baseline has version 2, and 1 is read here",
		`{"findings": []}`:            "b.json:1: the baseline has version 0",
		`{"version": 1, "other": []}`: "b.json:1: the file is no baseline: json: unknown field",
		"{\"version\": 1}\n{}":        "b.json:2: something stands behind the baseline",
		"{\"version\": 1, \"findings\": [\n{\"image\": \"a\", \"check\": \"b\", \"message\": \"c\", \"count\": 1},\n{\"image\": \"a\"}]}":                                                   "b.json:3: the finding cannot be read: it needs image, check and message",
		"{\"version\": 1, \"findings\": [\n{\"image\": \"a\", \"check\": \"b\", \"message\": \"c\"}]}":                                                                                      "b.json:2: the finding cannot be read: its count is 0: it is 1 or more",
		"{\"version\": 1, \"findings\": [\n{\"image\": \"a\", \"check\": \"b\", \"message\": \"c\", \"count\": 1, \"line\": 3}]}":                                                           "b.json:2: the finding cannot be read: json: unknown field",
		"{\"version\": 1, \"findings\": [{\"image\": \"a\", \"check\": \"b\", \"message\": \"c\", \"count\": 1},\n{\"image\": \"a\", \"check\": \"b\", \"message\": \"c\", \"count\": 2}]}": "b.json:2: the finding cannot be read: it stands there twice",
	} {
		_, err := ParseBaseline("b.json", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		// imagegate baseline reads it first: it has to go before it is written anew.
		var located *checks.FileError
		if !errors.As(err, &located) || !strings.Contains(located.Fix, "remove it, and write it anew") {
			t.Errorf("%q: the fix of %#v", text, err)
		}
	}
}

func FuzzParseBaseline(f *testing.F) {
	f.Add([]byte("{\"version\": 1, \"findings\": [\n{\"image\": \"a\", \"check\": \"b\", \"path\": \"p\", \"message\": \"c\", \"count\": 3}]}"))
	f.Add([]byte(`{"version": 1, "findings": [{}, null, []]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := ParseBaseline("b.json", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "b.json:") {
				t.Errorf("%v names no file", err)
			}
			return
		}
		out, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseBaseline("b.json", out)
		if err != nil || again.Len() != b.Len() {
			t.Errorf("written as %s, read as %v: %v", out, again, err)
		}
	})
}

func TestBaselineTooLarge(t *testing.T) {
	b := &Baseline{}
	for i := range 20_000 {
		b.entries = append(b.entries, baselined{fingerprint: fingerprint{Image: "Dockerfile", Check: "source/user", Message: fmt.Sprint("a", i)}, Count: 1})
	}
	if _, err := b.JSON(); err == nil || !strings.Contains(err.Error(), "at most 1048576 are read again") {
		t.Errorf("a baseline that nobody can read: %v", err)
	}
}

// A message may say what changes by the day: what is known of it counts.
func TestBaselineKnown(t *testing.T) {
	of := func(message, known string) report.Gate {
		res := blocking("vuln/vulnerability", message)
		res.Findings[0].Known = known
		return gate(res)
	}
	b := baselineOf(t, of("HIGH in a 3.0.9-1, newly published", "HIGH in a"))
	for known, want := range map[string]checks.Status{"HIGH in a": checks.Waived, "CRITICAL in a": checks.Fail, "": checks.Fail} {
		reviewed := Review([]report.Gate{of("HIGH in a 3.0.10-1", known)}, Input{Rules: rules(), Baseline: b, Image: "Dockerfile"})
		if got := reviewed[0].Results[0].Status; got != want {
			t.Errorf("%q is %s, want %s", known, got, want)
		}
	}
}
