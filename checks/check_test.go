package checks

import (
	"errors"
	"testing"
)

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		in   []Status
		want Status
	}{
		{nil, Pass},
		{[]Status{Pass, Skipped}, Skipped},
		{[]Status{Warn, Pass, Waived}, Warn},
		{[]Status{Fail, Warn}, Fail},
		{[]Status{Fail, Error, Pass}, Error},
		{[]Status{Pass, "passed"}, Error},
	} {
		if got := Worst(c.in...); got != c.want {
			t.Errorf("Worst(%v) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	for s, want := range map[Status]bool{Pass: false, Skipped: false, Waived: false, Warn: false, Fail: true, Error: true, "": true, "ok": true} {
		if got := s.Blocks(); got != want {
			t.Errorf("Status(%q).Blocks() = %v, want %v", s, got, want)
		}
	}
}

func TestRun(t *testing.T) {
	rule := func(id string, s Severity) Rule {
		return Rule{ID: id, Severity: s, Fix: "mend it", Reference: "https://example.com"}
	}
	list := []Check[int]{
		{Rule: rule("x/pass", High), Judge: func(int) Outcome { return Passed("saw %d", 1) }},
		{Rule: rule("x/skip", High), Judge: func(int) Outcome { return Skip("not here") }},
		{Rule: rule("x/broken", Low), Judge: func(int) Outcome { return Broken(errors.New("no output")) }},
		{Rule: rule("x/panic", Low), Judge: func(in int) Outcome { return Passed("%d", 1/in) }},
		{Rule: rule("x/high", High), Judge: func(int) Outcome {
			return Found(At(Location{Path: "b"}, "second"), At(Location{Path: "a", Line: 2}, "first"))
		}},
		{Rule: rule("x/low", Low), Judge: func(int) Outcome { return Found(At(Location{}, "meh")) }},
		{Rule: rule("x/own", Critical), Judge: func(int) Outcome {
			return Found(Finding{Status: Warn, Severity: Critical, Message: "no fix yet", Fix: "wait"})
		}},
	}
	want := map[string]Status{"x/pass": Pass, "x/skip": Skipped, "x/broken": Error, "x/panic": Error, "x/high": Fail, "x/low": Warn, "x/own": Warn}
	for _, res := range Run(list, 0) {
		if res.Status != want[res.Check] {
			t.Errorf("%s: status %s, want %s (%s)", res.Check, res.Status, want[res.Check], res.Detail)
		}
		switch res.Check {
		case "x/high":
			if first := res.Findings[0]; first.Message != "first" || first.Fix != "mend it" || first.Reference == "" || first.Severity != High {
				t.Errorf("findings are not sorted or not filled in: %+v", res.Findings)
			}
		case "x/own":
			if res.Findings[0].Fix != "wait" {
				t.Errorf("a finding's own fix was overwritten: %+v", res.Findings[0])
			}
		case "x/pass", "x/skip", "x/broken", "x/panic":
			if res.Detail == "" {
				t.Errorf("%s: no detail", res.Check)
			}
		}
	}
	for _, res := range Errors(list, errors.New("no image")) {
		if res.Status != Error || res.Detail != "no image" {
			t.Errorf("Errors: %+v", res)
		}
	}
}
