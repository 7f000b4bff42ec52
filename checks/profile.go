package checks

import "fmt"

// Profile says how strict a judge of sources is. The zero value is
// DefaultProfile.
type Profile string

// The profiles, from lenient to strict.
const (
	// MinimalProfile judges only what makes an image dangerous or broken: findings
	// of High and above.
	MinimalProfile Profile = "minimal"
	// DefaultProfile judges by all rules but the strict ones; findings of High and
	// above block, those below warn.
	DefaultProfile Profile = "default"
	// StrictProfile judges by all rules, and findings of Medium block as well.
	StrictProfile Profile = "strict"
)

// ParseProfile returns the profile of a name; DefaultProfile for none.
func ParseProfile(name string) (Profile, error) {
	switch p := Profile(name); p {
	case "":
		return DefaultProfile, nil
	case MinimalProfile, DefaultProfile, StrictProfile:
		return p, nil
	}
	return "", fmt.Errorf("there is no profile %q: choose %s, %s or %s", name, MinimalProfile, DefaultProfile, StrictProfile)
}

// Judges reports whether the profile judges by a rule.
func (p Profile) Judges(r Rule) bool {
	switch p {
	case StrictProfile:
		return true
	case MinimalProfile:
		return !r.Strict && r.Severity.AtLeast(High)
	}
	return !r.Strict
}

// Status returns what a finding of a severity means in the profile: Fail from High
// up, and from Medium up in StrictProfile, else Warn.
func (p Profile) Status(s Severity) Status {
	if p == StrictProfile && s.AtLeast(Medium) {
		return Fail
	}
	return s.Status()
}

// Select returns the checks of the list by which a profile judges.
func Select[T any](list []Check[T], p Profile) []Check[T] {
	var selected []Check[T]
	for _, c := range list {
		if p.Judges(c.Rule) {
			selected = append(selected, c)
		}
	}
	return selected
}

// Apply returns the result as the profile has it: MinimalProfile drops findings
// below High that only warn or are accepted, StrictProfile lets those from Medium up
// block. What could not be judged stays an Error.
func (p Profile) Apply(res Result) Result {
	if len(res.Findings) == 0 {
		return res
	}
	var findings []Finding
	for _, f := range res.Findings {
		switch {
		case p == MinimalProfile && !f.Status.Blocks() && !f.Severity.AtLeast(High):
			continue
		case p == StrictProfile && f.Status == Warn && f.Severity.AtLeast(Medium):
			f.Status = Fail
		}
		findings = append(findings, f)
	}
	res.Findings = findings
	if res.Status != Error {
		res.Status = res.Worst()
	}
	return res
}

// Worst returns the status that the result's findings give it.
func (r Result) Worst() Status {
	worst := Pass
	for _, f := range r.Findings {
		worst = Worst(worst, f.Status)
	}
	return worst
}
