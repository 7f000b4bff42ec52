package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/util/suggest"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
)

// Check is a check of the policy itself.
type Check = checks.Check[*Problems]

// All returns the checks of the policy itself.
func All() []Check {
	return []Check{valid, noReason, expired, expiring, unknownCheck, unused, gone}
}

// Problems are what is wrong with a policy.
type Problems struct {
	// Err is why it cannot be read, and Absent whether there is none.
	Err    error
	Absent bool

	found map[string][]checks.Finding // by the id of the check
}

func (p *Problems) add(c string, f checks.Finding) {
	if p.found == nil {
		p.found = map[string][]checks.Finding{}
	}
	p.found[c] = append(p.found[c], f)
}

// problemsOf returns the judge of the check of an id: it finds its problems.
func problemsOf(id string) func(*Problems) checks.Outcome {
	return func(p *Problems) checks.Outcome {
		switch {
		case p.Err != nil:
			return checks.Skip("the policy cannot be read: policy/valid says why")
		case p.Absent && len(p.found) == 0:
			return checks.Skip("there is no %s: init writes one", File)
		}
		return checks.Found(p.found[id]...)
	}
}

// maxSuggested is for how many unknown names those that are near are looked for.
const maxSuggested = 100

// lintGate is the check by which the lint gate judges the waivers that are for it
// alone.
const lintGate = "suppress/waiver"

// Input is by what the gates are reviewed.
type Input struct {
	// Policy is that of the project, laid over that of its organisation; Absent is
	// whether there is neither.
	Policy Policy
	Absent bool
	// Err is why the policy cannot be read, or the baseline: the gates then stay as
	// they are.
	Err error
	// Baseline is that of the project, nil if it has none, and Image what it calls
	// the image: see ImageOf.
	Baseline *Baseline
	Image    string
	// Rules are those of the checks of all gates, whether or not they ran.
	Rules   []checks.Rule
	Profile checks.Profile
	Now     time.Time
}

// Review applies a policy to what all gates found, once all ran: the severities that
// it gives to checks, its waivers and its baseline. It returns the gates with one more
// behind them, that of the policy itself. The lint gate has applied the waivers to its
// own results: what it says of them counts here.
//
// A waiver is unused if all its checks were judged, and none found what it accepts:
// where the gate of one of them did not run, nothing tells. Waivers of the
// organisation are for all its projects, of which this one may need none.
func Review(gates []report.Gate, in Input) []report.Gate {
	start := time.Now()
	problems := &Problems{Err: in.Err, Absent: in.Absent && in.Baseline == nil}
	reviewed := slices.Clone(gates)
	if in.Err == nil {
		reviewed = in.apply(gates, problems)
	}
	results := checks.Run(checks.Select(All(), in.Profile), problems)
	results = in.Policy.Strictness(checks.NamesOf(in.Rules)).Apply(results, in.Profile)
	return append(reviewed, report.Gate{Name: "policy", Results: results, Time: time.Since(start)})
}

// terms is a waiver as it is applied.
type terms struct {
	Waiver
	// ids are those of its checks.
	ids  []string
	term Term
	used bool
}

func (in Input) apply(gates []report.Gate, problems *Problems) []report.Gate {
	names := checks.NamesOf(in.Rules)
	ran, judged := map[string]bool{}, map[string]bool{}
	for _, g := range gates {
		for _, res := range g.Results {
			_, seen := ran[res.Check]
			ran[res.Check] = true
			judged[res.Check] = (!seen || judged[res.Check]) && res.Status != checks.Skipped && res.Status != checks.Error
		}
	}
	var waivers []*terms
	for _, w := range in.Policy.Waivers {
		t := &terms{Waiver: w, ids: names.Find(w.Check)}
		waivers = append(waivers, t)
		in.judge(t, ran, problems)
	}
	if !ran[lintGate] {
		for _, f := range in.Policy.JudgeNames(names) {
			problems.add(unknownCheck.ID, f)
		}
	}
	severities := in.Policy.SeveritiesOf(names)
	var accepting *Accepting
	if in.Baseline != nil {
		accepting = in.Baseline.Accept(in.Image, in.Policy, names)
	}
	reviewed := make([]report.Gate, len(gates))
	for i, g := range gates {
		reviewed[i] = g
		reviewed[i].Results = severities.Apply(g.Results, in.Profile)
		for j, res := range reviewed[i].Results {
			reviewed[i].Results[j] = waive(res, waivers)
		}
		if accepting != nil {
			reviewed[i].Results = accepting.Apply(reviewed[i].Results)
		}
	}
	if accepting != nil {
		for _, f := range accepting.Gone(names) {
			problems.add(gone.ID, f)
		}
	}
	for _, t := range waivers {
		switch {
		case t.used, t.Organisation, t.term == Expired, t.term == NoReason, len(t.ids) == 0:
			continue
		case ran[lintGate] && ofSource(t.ids), slices.ContainsFunc(t.ids, func(id string) bool { return !judged[id] || isSettled(id) }):
			continue
		}
		f := checks.At(t.CheckLocation, "the waiver accepts a finding of %s%s, and there is none", t.Check, t.what())
		f.Subject = t.Check
		problems.add(unused.ID, f)
	}
	return reviewed
}

// judge reports what is wrong with a waiver itself.
func (in Input) judge(t *terms, ran map[string]bool, problems *Problems) {
	var f checks.Finding
	t.term, f = t.Term(in.Now)
	if len(t.ids) == 0 {
		if !ran[lintGate] { // which would have reported it
			f = checks.At(t.CheckLocation, "the waiver names %s, and no check has that name", t.Check)
			f.Subject = t.Check
			problems.add(unknownCheck.ID, f)
		}
		return
	}
	if i := slices.IndexFunc(t.ids, isSettled); i >= 0 {
		f = checks.At(t.CheckLocation, "the waiver names %s, and what that finds cannot be accepted", t.ids[i])
		f.Subject, f.Fix = t.Check, "Remove the waiver, and mend what the check finds"
		problems.add(unknownCheck.ID, f)
		return
	}
	applies := slices.ContainsFunc(t.ids, func(id string) bool { return ran[id] })
	if !applies || ran[lintGate] && slices.ContainsFunc(t.ids, isOfSource) {
		return
	}
	switch t.term {
	case NoReason:
		problems.add(noReason.ID, f)
	case Expired:
		if t.Organisation { // the project cannot mend it, and may not need it
			f.Status = checks.Warn
		}
		problems.add(expired.ID, f)
	case Expiring:
		if !t.Organisation {
			problems.add(expiring.ID, f)
		}
	}
}

// JudgeNames returns a finding for each name in severity and locked that no check has,
// and for each severity of a check that has one under another name in the same file.
func (p Policy) JudgeNames(names checks.Names) []checks.Finding {
	var found []checks.Finding
	add := func(name string, at checks.Location, fix, format string, args ...any) {
		f := checks.At(at, format, args...)
		f.Subject, f.Fix = name, fix
		found = append(found, f)
	}
	const other = "Write the id of a check, as in source/user, or another tool's name for it, as in DL3002: imagegate checks lists them all"
	fixOf := func(near string) string {
		if near == "" {
			return other
		}
		return "Write " + near + ", if that is meant; imagegate checks lists all checks"
	}
	near := func(name string) string {
		if len(found) < maxSuggested {
			return names.Nearest(name)
		}
		return ""
	}
	given := map[[2]string]Severity{} // by file and check
	for _, s := range p.Severities {
		ids := names.Find(s.Check)
		if len(ids) == 0 {
			add(s.Check, s.Location, fixOf(near(s.Check)), "severity names %s, and no check has that name", s.Check)
		}
		for _, id := range ids {
			if before, ok := given[[2]string{s.Location.Path, id}]; ok && before.Severity != s.Severity {
				add(s.Check, s.Location, "Remove one of them", "severity has %s for %s, which has %s as %s", s.Severity, id, before.Severity, before.Check)
			}
			given[[2]string{s.Location.Path, id}] = s
		}
	}
	for _, l := range p.Locked {
		if !isKey(l.Name) && len(names.Find(l.Name)) == 0 {
			add(l.Name, l.Location, fixOf(cmp.Or(nearKey(l.Name), near(l.Name))), "locked names %s, and no check has that name", l.Name)
		}
	}
	return found
}

// nearKey returns the key or section that a name was probably meant for; empty where
// none is near enough.
func nearKey(name string) string {
	if len(name) > 64 || strings.Contains(name, "/") {
		return ""
	}
	key, _ := suggest.Search(name, lockable(), true)
	return key
}

// what says which findings of its check a waiver means.
func (w Waiver) what() string {
	var b strings.Builder
	if w.Subject != "" {
		fmt.Fprintf(&b, " about %s", w.Subject)
	}
	if w.Path != "" {
		fmt.Fprintf(&b, " in %s", w.Path)
	}
	if w.Line > 0 {
		fmt.Fprintf(&b, ":%d", w.Line)
	}
	return b.String()
}

// waive returns a result with the findings waived that the waivers accept.
func waive(res checks.Result, waivers []*terms) checks.Result {
	if isSettled(res.Check) {
		return res
	}
	res.Findings = slices.Clone(res.Findings)
	changed := false
	for i := range res.Findings {
		f := &res.Findings[i]
		for _, t := range waivers {
			if slices.Contains(f.AcceptedBy, t.CheckLocation) {
				t.used = true
				continue
			}
			if t.term == Expired || t.term == NoReason || !slices.Contains(t.ids, res.Check) || !t.Covers(f.Location) || !t.About(*f) {
				continue
			}
			t.used = true
			if f.Status != checks.Waived {
				*f, changed = t.Accept(*f), true
			}
			f.AcceptedBy = append(slices.Clip(f.AcceptedBy), t.CheckLocation)
		}
	}
	if changed && res.Status != checks.Error {
		res.Status = res.Worst()
	}
	return res
}

// ofSource reports whether all of these are ids of checks of the source, which the
// lint gate judges.
func ofSource(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return !isOfSource(id) })
}

// MayAccept reports whether what a check finds can be accepted at all.
func MayAccept(id string) bool { return !isSettled(id) }

// isSettled reports whether a policy has no say in a check: where the build failed there
// is no image that could be let out, and what is wrong with what accepts findings is not
// accepted by that.
func isSettled(id string) bool {
	family, _, _ := strings.Cut(id, "/")
	return slices.Contains([]string{"build", "policy", "suppress"}, family)
}

func isOfSource(id string) bool {
	family, _, _ := strings.Cut(id, "/")
	return slices.Contains([]string{"source", "buildkit", "compose", "suppress"}, family)
}
