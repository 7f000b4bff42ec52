// Package suppress accepts findings for a stated reason: by comments in the
// files of the source, ours and those of other tools, and by the waivers of its
// policy file. What is accepted stays in the results as Waived; what accepts
// without a reason, for longer than it was meant to, or nothing at all, is itself
// a finding of the checks here.
package suppress

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/policy"
)

// maxProblems is how many findings each check here reports: who reads the first
// thousand knows that something is wrong.
const maxProblems = 1000

// maxSuggested is for how many unknown names those that are near are looked for.
const maxSuggested = 100

// Check is a check of what accepts findings.
type Check = checks.Check[*Review]

// All returns the checks of what accepts findings.
func All() []Check { return []Check{comment, waiver} }

// Review is what accepts findings of one source, and what it came to.
type Review struct {
	acceptances []*acceptance
	// problems are what is wrong with comments and with waivers of the policy.
	comments, waivers []checks.Finding
	policyErr         error
	rules, allRules   checks.Names
	// unknown is how many names were reported that no check of the source has.
	unknown int
	policy  *policy.Policy // nil where it cannot be read
}

// acceptance is a comment or a waiver of the policy.
type acceptance struct {
	ids []identifier
	// accept returns a finding as it accepts it.
	accept func(checks.Finding) checks.Finding
	// covers reports whether a finding there is meant, and about, if there is one,
	// whether that very finding is.
	covers func(checks.Location) bool
	about  func(checks.Finding) bool
	// free is whether it may accept what a policy has locked: whoever read the policy
	// has refused the waivers that may not.
	free bool
	// own is whether it is written for imagegate: it is a finding if it is not used.
	own bool
	// where is its place.
	where checks.Location
	// judged is whether all that it is meant for was judged: else nothing tells
	// whether it is of use. elsewhere, if there is one, says whether findings of
	// these checks are meant in files that are not judged here.
	judged    bool
	elsewhere func(rules []string) bool
	// report notes what is wrong with it, and unknown a name that no check has.
	report, unknown func(checks.Finding)
	// kind is "comment" or "waiver".
	kind string
}

// identifier is the name of a check, as written.
type identifier struct {
	text  string
	where checks.Location
	// rules are the ids of the checks that have the name.
	rules []string
	used  bool
}

// Input is what is judged, and how.
type Input struct {
	Files   fs.FS
	Options dockerfile.Options
	// Dockerfile is nil where there is none, or none that can be read; so is Compose
	// where a Compose file cannot be read.
	Dockerfile *dockerfile.Source
	Compose    *compose.Project
	// Names are those of all checks that judge the source, in whichever profile, and
	// AllNames those of the checks of all gates.
	Names, AllNames checks.Names
	// Policy is that of the source.
	Policy Policy
}

// Read returns what accepts findings of a source on this day.
func Read(in Input, now time.Time) *Review {
	in.Policy = in.Policy.Load(in.Files)
	r := &Review{rules: in.Names, allRules: in.AllNames, policy: in.Policy.Read}
	today := now.UTC().Format(time.DateOnly)
	files := filesOf(in)
	for _, f := range files {
		for _, c := range f.comments {
			r.addComment(c, today)
		}
		for _, c := range f.unseen {
			r.addUnseen(c)
		}
	}
	r.addPolicy(in, files, now)
	// Ours have the better reasons.
	slices.SortStableFunc(r.acceptances, func(a, b *acceptance) int {
		switch {
		case a.own == b.own:
			return 0
		case a.own:
			return -1
		}
		return 1
	})
	return r
}

// Apply returns the results with the accepted findings waived.
func (r *Review) Apply(results []checks.Result) []checks.Result {
	judged := map[string]bool{}
	applied := make([]checks.Result, len(results))
	for i, res := range results {
		judged[res.Check] = res.Status != checks.Skipped && res.Status != checks.Error
		applied[i] = r.waive(res)
	}
	for _, a := range r.acceptances {
		r.findUnused(a, judged)
	}
	return applied
}

func (r *Review) waive(res checks.Result) checks.Result {
	if len(r.acceptances) == 0 || len(res.Findings) == 0 {
		return res
	}
	res.Findings = slices.Clone(res.Findings)
	var statuses []checks.Status
	for i := range res.Findings {
		f := &res.Findings[i]
		accepted := false
		for _, a := range r.acceptances {
			if !a.covers(f.Location) || a.about != nil && !a.about(*f) {
				continue
			}
			for j := range a.ids {
				if !slices.Contains(a.ids[j].rules, res.Check) {
					continue
				}
				if !accepted || !a.ids[j].used { // each is named once, at least
					f.AcceptedBy = append(f.AcceptedBy, cmp.Or(a.ids[j].where, a.where))
				}
				a.ids[j].used = true
				if !accepted {
					accepted = true
					*f = a.accept(*f)
				}
			}
		}
		statuses = append(statuses, f.Status)
	}
	if res.Status != checks.Error {
		res.Status = checks.Worst(statuses...)
	}
	return res
}

func (r *Review) findUnused(a *acceptance, judged map[string]bool) {
	if !a.own || !a.judged {
		return
	}
	for _, id := range a.ids {
		all := !slices.ContainsFunc(id.rules, func(rule string) bool { return !judged[rule] })
		if id.used || !all || a.elsewhere != nil && a.elsewhere(id.rules) {
			continue
		}
		f := checks.At(id.where, "the %s accepts a finding of %s, and there is none", a.kind, id.text)
		f.Subject = id.text
		f.Fix = fmt.Sprintf("Remove %s from the %s, or the %s with it", id.text, a.kind, a.kind)
		a.report(f)
	}
}

// resolve finds the checks of the names; it reports and drops a name that none has.
func (r *Review) resolve(a *acceptance) {
	known := a.ids[:0]
	for _, id := range a.ids {
		if slices.ContainsFunc(known, func(k identifier) bool { return k.text == id.text }) {
			continue
		}
		if id.rules = r.rules.Find(id.text); len(id.rules) > 0 {
			if r.unlocked(a, &id); len(id.rules) > 0 {
				known = append(known, id)
			}
			continue
		}
		if a.unknown == nil {
			continue
		}
		r.unknown++
		a.unknown(r.unknownName(a.kind, id))
	}
	a.ids = known
	if len(known) > 0 {
		r.acceptances = append(r.acceptances, a)
	}
}

// unknownName returns the finding of a name that no check of the source has.
func (r *Review) unknownName(kind string, id identifier) checks.Finding {
	others := r.allRules.Find(id.text)
	var f checks.Finding
	switch {
	case len(others) == 0:
		f = checks.At(id.where, "the %s names %s, and no check has that name", kind, id.text)
		f.Fix = "Write the id of a check, as in source/user, or the name that another tool gives it, as in DL3002"
		if r.unknown <= maxSuggested {
			if near := r.allRules.Nearest(id.text); near != "" {
				f.Fix = fmt.Sprintf("Write %s, if that is meant; imagegate checks lists all checks", near)
			}
		}
	case !policy.MayAccept(others[0]):
		f = checks.At(id.where, "the %s names %s, and what that finds cannot be accepted", kind, id.text)
		f.Fix = fmt.Sprintf("Remove %s from the %s, and mend what it finds", id.text, kind)
	default:
		f = checks.At(id.where, "the %s names %s, which does not judge the source: a %[1]s accepts nothing there", kind, id.text)
		f.Fix = fmt.Sprintf("Accept it with a waiver in %s: check: %s and a reason", policy.File, id.text)
	}
	f.Subject = id.text
	return f
}

// unlocked takes the checks out of a name that no comment may accept, since a policy has
// locked them.
func (r *Review) unlocked(a *acceptance, id *identifier) {
	if a.free || r.policy == nil || len(r.policy.Locked) == 0 {
		return
	}
	id.rules = slices.DeleteFunc(slices.Clone(id.rules), func(rule string) bool {
		lock, locked := r.policy.Lock(rule, r.rules)
		if locked && a.report != nil {
			f := checks.At(id.where, "the %s accepts %s, which is locked by %s: it accepts nothing", a.kind, rule, lock.Location)
			f.Subject, f.Fix = id.text, fmt.Sprintf("Mend what %s finds, and remove it from the %s; or ask who owns that policy", rule, a.kind)
			a.report(f)
		}
		return locked
	})
}

// add adds a finding to those of a check.
func add(problems *[]checks.Finding, f checks.Finding) {
	if len(*problems) < maxProblems {
		*problems = append(*problems, f)
	}
}

// outcome is what a check says of the problems.
func outcome(problems []checks.Finding) checks.Outcome {
	return checks.Found(slices.SortedFunc(slices.Values(problems), func(a, b checks.Finding) int {
		return cmp.Or(cmp.Compare(a.Location.Line, b.Location.Line), cmp.Compare(a.Location.Column, b.Location.Column))
	})...)
}
