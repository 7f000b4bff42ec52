package checks

import "testing"

func TestProfile(t *testing.T) {
	list := []Check[int]{
		{Rule: Rule{ID: "x/high", Severity: High}, Judge: func(int) Outcome {
			return Found(At(Location{}, "high"), Finding{Severity: Medium, Message: "not so high"})
		}},
		{Rule: Rule{ID: "x/medium", Severity: Medium}, Judge: func(int) Outcome { return Found(At(Location{}, "medium")) }},
		{Rule: Rule{ID: "x/low", Severity: Low}, Judge: func(int) Outcome { return Found(At(Location{}, "low")) }},
		{Rule: Rule{ID: "x/strict", Severity: High, Strict: true}, Judge: func(int) Outcome { return Found(At(Location{}, "strict")) }},
		{Rule: Rule{ID: "x/softened", Severity: High}, Judge: func(int) Outcome { return Found(Finding{Severity: Low, Message: "low"}) }},
	}
	type verdict struct {
		status   Status
		findings int
	}
	for profile, want := range map[Profile]map[string]verdict{
		MinimalProfile: {"x/high": {Fail, 1}, "x/softened": {Pass, 0}},
		DefaultProfile: {"x/high": {Fail, 2}, "x/medium": {Warn, 1}, "x/low": {Warn, 1}, "x/softened": {Warn, 1}},
		StrictProfile:  {"x/high": {Fail, 2}, "x/medium": {Fail, 1}, "x/low": {Warn, 1}, "x/strict": {Fail, 1}, "x/softened": {Warn, 1}},
	} {
		got := map[string]verdict{}
		for _, res := range Run(Select(list, profile), 0) {
			res = profile.Apply(res)
			got[res.Check] = verdict{res.Status, len(res.Findings)}
		}
		if len(got) != len(want) {
			t.Errorf("%s judges by %v, want %v", profile, got, want)
		}
		for id := range want {
			if got[id] != want[id] {
				t.Errorf("%s: %s came to %v, want %v", profile, id, got[id], want[id])
			}
		}
	}
	skipped := Result{Status: Skipped, Detail: "not here"}
	if got := StrictProfile.Apply(skipped); got.Status != Skipped {
		t.Errorf("a skipped result became %s", got.Status)
	}
	broken := Result{Status: Error, Findings: []Finding{{Status: Warn, Severity: Low}}}
	for _, profile := range []Profile{MinimalProfile, DefaultProfile, StrictProfile} {
		if got := profile.Apply(broken); got.Status != Error {
			t.Errorf("%s makes an error with a finding %s", profile, got.Status)
		}
	}
	accepted := Result{Status: Waived, Findings: []Finding{{Status: Waived, Severity: High}, {Status: Waived, Severity: Medium}}}
	for profile, findings := range map[Profile]int{MinimalProfile: 1, DefaultProfile: 2, StrictProfile: 2} {
		if got := profile.Apply(accepted); got.Status != Waived || len(got.Findings) != findings {
			t.Errorf("%s makes what is accepted %s, with %d findings", profile, got.Status, len(got.Findings))
		}
	}
}

func TestParseProfile(t *testing.T) {
	for name, want := range map[string]Profile{"": DefaultProfile, "strict": StrictProfile, "minimal": MinimalProfile} {
		if got, err := ParseProfile(name); err != nil || got != want {
			t.Errorf("%q is %q, %v", name, got, err)
		}
	}
	if _, err := ParseProfile("lax"); err == nil {
		t.Error("an unknown profile was taken")
	}
}
