package policy

import (
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// Severities are those that a policy gives to checks, by the ids of these.
type Severities map[string]checks.Severity

// SeveritiesOf returns the severities that the policy gives to checks with these
// names.
func (p Policy) SeveritiesOf(names checks.Names) Severities {
	severities := Severities{}
	for _, s := range p.Severities {
		for _, id := range names.Find(s.Check) {
			severities[id] = s.Severity
		}
	}
	return severities
}

// Apply returns results with the findings at these severities. What is waived stays
// so, and a build that failed blocks.
func (s Severities) Apply(results []checks.Result, p checks.Profile) []checks.Result {
	results = slices.Clone(results)
	for i, res := range results {
		severity, ok := s[res.Check]
		if !ok || len(res.Findings) == 0 || strings.HasPrefix(res.Check, "build/") {
			continue
		}
		res.Findings = slices.Clone(res.Findings)
		for j := range res.Findings {
			f := &res.Findings[j]
			f.Severity = severity
			if f.Status != checks.Waived && f.Status != checks.Error {
				f.Status = p.Status(severity)
			}
		}
		if res.Status != checks.Error {
			res.Status = res.Worst()
		}
		results[i] = res
	}
	return results
}
