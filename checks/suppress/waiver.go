package suppress

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/policy"
)

var waiver = Check{
	Rule: checks.Rule{
		ID:        "suppress/waiver",
		Title:     "Waivers in imagegate.yaml give a reason that still holds",
		Severity:  checks.Medium,
		Why:       "A waiver without a reason, past its day, or of a check that does not exist, hides a risk that nobody decided on; one that accepts nothing hides the next finding.",
		Fix:       "Give each waiver a reason: and, if it ends one day, expires: YYYY-MM-DD. Remove what is of no use any more.",
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
-- Dockerfile --
FROM scratch
COPY convert /
USER 65534:65534
HEALTHCHECK NONE
ENTRYPOINT ["/convert"]
-- imagegate.yaml --
waivers:
  - check: source/healthcheck
    path: Dockerfile
    reason: it converts one file, and ends
`,
	Bad: `
-- Dockerfile --
FROM scratch
COPY convert /
USER 65534:65534
HEALTHCHECK NONE
ENTRYPOINT ["/convert"]
-- imagegate.yaml --
waivers:
  - check: source/healthcheck
    path: Dockerfile
`,
	Judge: func(r *Review) checks.Outcome {
		if r.policyErr != nil {
			return checks.Broken(r.policyErr)
		}
		return outcome(r.waivers)
	},
}

// addPolicy adds the waivers of the policy file, if there is one.
func (r *Review) addPolicy(s *dockerfile.Source, files []file, today string) {
	text, err := s.ReadFile(policy.File)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var p policy.Policy
	if err == nil {
		p, err = policy.Parse(text)
	}
	if err != nil {
		r.policyErr = fmt.Errorf("read the policy: %w", err)
		return
	}
	options := s.Options()
	usual := len(options.BuildArgs) == 0 && options.Target == ""
	report := func(f checks.Finding) { add(&r.waivers, f) }
	for _, w := range p.Waivers {
		switch {
		case w.Reason == "":
			f := checks.At(w.Location, "the waiver gives no reason to accept %s, so that it accepts nothing", w.Check)
			f.Fix = "Add reason: and why it is accepted"
			report(f)
			continue
		case expired(w.Expires, today):
			f := checks.At(w.Location, "the waiver accepted %s until %s", w.Check, w.Expires)
			f.Fix = "Mend what it accepted and remove it, or give it a later day and say why"
			report(f)
			continue
		}
		r.resolve(&acceptance{
			ids:    []identifier{{text: w.Check, where: w.CheckLocation}},
			reason: w.Reason,
			covers: func(at checks.Location) bool { return w.Covers(at.Path) },
			own:    true,
			// A waiver for another file than those here is used where that is judged.
			judged: usual && slices.ContainsFunc(files, func(f file) bool { return w.Covers(f.path) }),
			report: report,
			kind:   "waiver",
		})
	}
}

// Results judges what accepts findings, by the checks of a profile. A policy
// that cannot be read is an Error in every profile.
func (r *Review) Results(p checks.Profile) []checks.Result {
	list := checks.Select(All(), p)
	if r.policyErr != nil && !p.Judges(waiver.Rule) {
		list = append(list, waiver)
	}
	return checks.Run(list, r)
}
