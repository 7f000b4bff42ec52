package checks

import (
	"errors"
	"testing"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"plain, äö, 日本, a\u00a0b": "plain, äö, 日本, a\u00a0b",
		"a\nb\tc":                 "a\nb\tc",
		"\x1b[2J\r":               "\ufffd[2J\ufffd",
		"a\u202eb\ufeff\x00":      "a\ufffdb\ufffd\ufffd",
		"\xff":                    "\ufffd",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// Whoever made an image chose the names of its files.
func TestRunPrintable(t *testing.T) {
	const hostile = "a\x1b[2Jb"
	list := []Check[int]{
		{Rule: Rule{ID: "x/found", Severity: High}, Judge: func(int) Outcome {
			f := At(Location{Path: hostile + "\nc"}, "%s", hostile)
			f.Subject, f.Fix = hostile+"\n", hostile
			return Found(f)
		}},
		{Rule: Rule{ID: "x/broken"}, Judge: func(int) Outcome { return Broken(errors.New(hostile)) }},
		{Rule: Rule{ID: "x/passed"}, Judge: func(int) Outcome { return Passed(hostile) }},
	}
	const want = "a\ufffd[2Jb"
	results := Run(list, 0)
	f := results[0].Findings[0]
	if f.Location.Path != want+"\ufffdc" || f.Message != want || f.Subject != want+"\ufffd" || f.Fix != want {
		t.Errorf("%+q", f)
	}
	for _, res := range results[1:] {
		if res.Detail != want {
			t.Errorf("%s: %q", res.Check, res.Detail)
		}
	}
}
