package policy

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// Load reads the policy file of a directory, whose places carry a name. It reports
// whether there is one.
func Load(files fs.FS, name string) (p Policy, found bool, err error) {
	text, err := dockerfile.ReadFile(files, File)
	var unreadable *checks.FileError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Policy{}, false, nil
	case errors.As(err, &unreadable):
		unreadable.Location.Path = name
		return Policy{}, true, unreadable
	case err != nil:
		return Policy{}, true, fmt.Errorf("read %s: %w", name, err)
	}
	p, err = Parse(name, text)
	return p, true, err
}

// OfOrganisation returns the policy as that of an organisation: what its waivers
// accept is no matter of one project.
func (p Policy) OfOrganisation() Policy {
	p.Waivers = slices.Clone(p.Waivers)
	for i := range p.Waivers {
		p.Waivers[i].Organisation = true
	}
	return p
}

// Set marks a key, by its name as in budgets.max-size, as one whose value the fields
// of the policy have, from a place: a flag of the command line.
func (p *Policy) Set(key string, from checks.Location) {
	p.places = maps.Clone(p.places)
	if p.places == nil {
		p.places = map[string]checks.Location{}
	}
	p.places[key] = from
}

// Merge lays a policy over the one that it has to keep to: that of a project over
// that of its organisation, or flags over both. A key that the upper one sets has its
// value; severities and waivers come together, and of two severities of a check the
// upper one's holds.
//
// Where the lower policy locks a key that it sets, the upper one may only tighten it.
// Where it locks a section, a key in it that it does not set holds its default; where it
// locks a key by name that it does not set, the upper one may not set it. For sizes,
// counts and times tighter is less, and 0 where it means no limit is more than any;
// for profile and scan.threshold it is what lets less pass; a list has to hold all
// that the lower one has, but run.tmpfs nothing else; what has no order
// (run.slow-path, run.metrics-path, run.healthcheck-interval) has to be the same. A
// check that is locked may have no waiver in the upper policy, and no severity lower
// than it has in the lower one or, without one there, than its own and HIGH. One that
// judges by a key which is locked may have none lower than it has otherwise, and where
// the profile is locked what blocks may not come to warn.
// What is looser is a checks.FileError that names both places, and all that is: it is
// at the first, or for a flag, which is in no file, at the lock.
func Merge(lower, upper Policy, rules []checks.Rule) (Policy, error) {
	merged := lower
	merged.places = maps.Clone(lower.places)
	if merged.places == nil {
		merged.places = map[string]checks.Location{}
	}
	initial, err := Defaults()
	if err != nil {
		return Policy{}, err
	}
	var refused []*checks.FileError
	for _, k := range keys {
		if !upper.Sets(k.name) {
			continue
		}
		at := upper.Place(k.name)
		lock, locked := lower.locks(k.name)
		switch {
		case !locked:
		case lower.Sets(k.name) && k.looser(lower, upper):
			refused = append(refused, looser(at, lock, orRemove(at, k.tighter(lower)), "%s allows more than %s, which", k.name, lower.Place(k.name)))
		case !lower.Sets(k.name) && lock.Name == k.name:
			refused = append(refused, looser(at, lock, "remove it: it stays as it is", "%s", k.name))
		case !lower.Sets(k.name) && k.initial && k.looser(initial, upper):
			refused = append(refused, looser(at, lock, orRemove(at, k.tighter(initial)), "%s allows more than its default, %s, and %s", k.name, k.example, lock.Name))
		}
		k.copy(&merged, upper)
		merged.places[k.name] = at
	}
	if len(lower.Locked) > 0 {
		refused = append(refused, lower.refuses(upper, checks.NamesOf(rules), rules)...)
	}
	if len(refused) > 0 {
		return Policy{}, together(refused)
	}
	merged.Severities = slices.Concat(lower.Severities, upper.Severities)
	merged.Locked = slices.Concat(lower.Locked, upper.Locked)
	merged.Waivers = slices.Concat(lower.Waivers, upper.Waivers)
	return merged, nil
}

// refuses returns why a policy may not lie over this one by what it says of checks
// that are locked, or that judge by what is locked.
func (p Policy) refuses(upper Policy, names checks.Names, rules []checks.Rule) []*checks.FileError {
	var refused []*checks.FileError
	floors := p.floors(names, rules)
	for _, s := range upper.Severities {
		for _, id := range names.Find(s.Check) {
			if f, ok := floors[id]; ok && !s.Severity.AtLeast(f.severity) {
				refused = append(refused, looser(s.Location, f.lock, fmt.Sprintf("write %s or higher, or remove it", f.severity),
					"severity: %s has %s, lower than %s, and %s", s.Check, s.Severity, f.severity, f.what))
				break
			}
		}
	}
	for _, w := range upper.Waivers {
		for _, id := range names.Find(w.Check) {
			if lock, locked := p.Lock(id, names); locked {
				refused = append(refused, looser(w.CheckLocation, lock, "mend what it accepts and remove it, or ask who owns that policy",
					"the waiver accepts findings of %s, which", id))
				break
			}
		}
	}
	return refused
}

// floor is the lowest severity that an upper policy may give a check, by a lock on what
// that calls.
type floor struct {
	severity checks.Severity
	lock     Lock
	what     string
}

// floors returns those of the checks that have one, by their ids. Of several locks the
// first counts: of the check itself, of a key that it judges by, of the profile, which
// says what a severity means.
func (p Policy) floors(names checks.Names, rules []checks.Rule) map[string]floor {
	locked, floors := map[string]Lock{}, map[string]floor{}
	for _, l := range slices.Backward(p.Locked) {
		for _, id := range names.Find(l.Name) {
			locked[id] = l
		}
	}
	profile := cmp.Or(p.Profile, checks.DefaultProfile)
	blocks := checks.High
	if profile.Status(checks.Medium).Blocks() {
		blocks = checks.Medium
	}
	given := p.SeveritiesOf(names)
	for _, r := range rules {
		severity := cmp.Or(given[r.ID], r.Severity)
		if given[r.ID] == "" && slices.Contains(blockingBelowHigh, r.ID) {
			severity = checks.High
		}
		if lock, ok := p.locks("profile"); ok && severity.AtLeast(blocks) && profile.Judges(r) {
			floors[r.ID] = floor{blocks, lock, "the profile, by which that blocks,"}
		}
		for _, k := range slices.Backward(keys) {
			lock, ok := p.locks(k.name)
			if ok && slices.Contains(k.checks, r.ID) && (p.Sets(k.name) || k.initial || lock.Name == k.name) {
				floors[r.ID] = floor{severity, lock, k.name + ", which it judges by,"}
			}
		}
		if lock, ok := locked[r.ID]; ok {
			// Single findings of it may block whatever the severity of the rule is.
			if given[r.ID] == "" && !severity.AtLeast(checks.High) {
				severity = checks.High
			}
			floors[r.ID] = floor{severity, lock, "the check"}
		}
	}
	return floors
}

// blockingBelowHigh are the checks with findings that block although the severity of their rule
// is lower: a budget that is exceeded, or the worse of two things that they find.
var blockingBelowHigh = []string{
	"compose/published-port", "image/growth", "image/size",
	"source/healthcheck", "source/locked-install", "source/remote-add", "source/stop-signal", "source/verified-download",
}

// Refuse returns why something that is no waiver, from a place such as a flag, may not
// accept findings of a check: it is locked. Nil where it is not.
func (p Policy) Refuse(from checks.Location, check string, names checks.Names) error {
	lock, locked := p.Lock(check, names)
	if !locked {
		return nil
	}
	return looser(from, lock, "leave it out, or ask who owns that policy", "it accepts findings of %s, which", check)
}

// looser returns the error of what stands at a place, and is locked; the fix is said in
// it as well.
func looser(at checks.Location, lock Lock, fix, format string, args ...any) *checks.FileError {
	what := fmt.Sprintf(format, args...)
	if isFlag(at) {
		return &checks.FileError{Location: lock.Location, Err: fmt.Errorf("%s: %s is locked here: %s", at.Path, what, fix), Fix: fix}
	}
	return &checks.FileError{Location: at, Err: fmt.Errorf("%s is locked at %s: %s", what, lock.Location, fix), Fix: fix}
}

// isFlag reports whether a place is a flag of the command line.
func isFlag(at checks.Location) bool { return at.Line == 0 && strings.HasPrefix(at.Path, "--") }

// orRemove says how to mend the value at a place.
func orRemove(at checks.Location, tighter string) string {
	if isFlag(at) {
		return "remove " + at.Path + ", or write " + tighter
	}
	return "write " + tighter + ", or remove it"
}

// maxTogether is how many errors one says.
const maxTogether = 20

// together returns one error that says what all say, at the place of the first.
func together(all []*checks.FileError) *checks.FileError {
	first := *all[0]
	var more strings.Builder
	fixes := []string{first.Fix}
	for i, e := range all[1:] {
		if i == maxTogether {
			fmt.Fprintf(&more, "; and %d more", len(all)-1-i)
			break
		}
		fmt.Fprintf(&more, "; and %s", e)
		if !slices.Contains(fixes, e.Fix) {
			fixes = append(fixes, e.Fix)
		}
	}
	if more.Len() > 0 {
		first.Err, first.Fix = fmt.Errorf("%w%s", first.Err, &more), strings.Join(fixes, "; ")
	}
	return &first
}
