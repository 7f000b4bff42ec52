package policy

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
)

// Strictness is what a policy says of single checks, beside its profile: at which
// severity they judge, and which of them judge in every profile.
type Strictness struct {
	severities Severities
	// asked are the checks that judge by a key which the policy sets.
	asked map[string]bool
}

// Strictness returns what the policy says of checks with these names.
func (p Policy) Strictness(names checks.Names) Strictness {
	s := Strictness{p.SeveritiesOf(names), map[string]bool{}}
	for _, k := range keys {
		for _, check := range k.checks {
			s.asked[check] = s.asked[check] || p.Sets(k.name)
		}
	}
	return s
}

// profile returns the one by which a check is judged: what somebody set explicitly is
// judged in the minimal profile as well.
func (s Strictness) profile(check string, p checks.Profile) checks.Profile {
	if p == checks.MinimalProfile && s.asked[check] {
		return checks.DefaultProfile
	}
	return p
}

// Select returns the checks of the list by which a profile judges. One that has a
// severity of its own here is judged by that, in every profile but minimal.
func Select[T any](list []checks.Check[T], s Strictness, p checks.Profile) []checks.Check[T] {
	return slices.DeleteFunc(slices.Clone(list), func(c checks.Check[T]) bool {
		rule := c.Rule
		if severity, ok := s.severities[rule.ID]; ok {
			rule.Severity, rule.Strict = severity, false
		}
		return !s.profile(rule.ID, p).Judges(rule)
	})
}

// Apply returns results at the severities that the policy gives to their checks, as
// the profile has them.
func (s Strictness) Apply(results []checks.Result, p checks.Profile) []checks.Result {
	results = s.severities.Apply(results, p)
	for i, res := range results {
		results[i] = s.profile(res.Check, p).Apply(res)
	}
	return results
}
