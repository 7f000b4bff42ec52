package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

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
// Where the lower policy locks a key that it sets, the upper one may only tighten it;
// where it locks a key that it does not set, the upper one may not set it. For sizes,
// counts and times tighter is less, and 0 where it means no limit is more than any;
// for profile and scan.threshold it is what lets less pass; a list has to hold all
// that the lower one has, but run.tmpfs nothing else; what has no order
// (run.slow-path, run.metrics-path, run.healthcheck-interval) has to be the same. A
// check that is locked may have no waiver in the upper policy, and no severity lower
// than it has in the lower one or, without one there, than its own and HIGH.
// What is looser is a checks.FileError that names both places.
func Merge(lower, upper Policy, rules []checks.Rule) (Policy, error) {
	merged := lower
	merged.places = maps.Clone(lower.places)
	if merged.places == nil {
		merged.places = map[string]checks.Location{}
	}
	for _, k := range keys {
		if !upper.Sets(k.name) {
			continue
		}
		lock, locked := lower.locks(k.name)
		switch {
		case !locked:
		case lower.Sets(k.name) && k.looser(lower, upper):
			return Policy{}, looser(upper.Place(k.name), "write "+k.tighter+", or remove it",
				"%s allows more than %s, which is locked at %s", k.name, lower.Place(k.name), lock.Location)
		case !lower.Sets(k.name) && lock.Name == k.name:
			return Policy{}, looser(upper.Place(k.name), "remove it",
				"%s is locked at %s, which leaves it as it is", k.name, lock.Location)
		}
		k.copy(&merged, upper)
		merged.places[k.name] = upper.Place(k.name)
	}
	if len(lower.Locked) > 0 {
		if err := lower.refuses(upper, checks.NamesOf(rules), rules); err != nil {
			return Policy{}, err
		}
	}
	merged.Severities = slices.Concat(lower.Severities, upper.Severities)
	merged.Locked = slices.Concat(lower.Locked, upper.Locked)
	merged.Waivers = slices.Concat(lower.Waivers, upper.Waivers)
	return merged, nil
}

// refuses returns why a policy may not lie over this one by what it says of checks
// that are locked.
func (p Policy) refuses(upper Policy, names checks.Names, rules []checks.Rule) error {
	severities := Severities{}
	for _, r := range rules {
		severities[r.ID] = r.Severity
		// Its findings may block whatever its severity is, as those of image/size do.
		if !r.Severity.AtLeast(checks.High) {
			severities[r.ID] = checks.High
		}
	}
	maps.Copy(severities, p.SeveritiesOf(names))
	for _, s := range upper.Severities {
		for _, id := range names.Find(s.Check) {
			lock, locked := p.Lock(id, names)
			if locked && !s.Severity.AtLeast(severities[id]) {
				return looser(s.Location, fmt.Sprintf("write %s or higher, or remove it", severities[id]),
					"severity: %s has %s, lower than %s, and the check is locked at %s", s.Check, s.Severity, severities[id], lock.Location)
			}
		}
	}
	for _, w := range upper.Waivers {
		for _, id := range names.Find(w.Check) {
			if lock, locked := p.Lock(id, names); locked {
				return looser(w.CheckLocation, "mend what it accepts and remove it, or ask who owns that policy",
					"the waiver accepts findings of %s, which is locked at %s", id, lock.Location)
			}
		}
	}
	return nil
}

// Refuse returns why something that is no waiver, from a place such as a flag, may not
// accept findings of a check: it is locked. Nil where it is not.
func (p Policy) Refuse(from checks.Location, check string, names checks.Names) error {
	lock, locked := p.Lock(check, names)
	if !locked {
		return nil
	}
	return looser(from, "leave it out, or ask who owns that policy", "it accepts findings of %s, which is locked at %s", check, lock.Location)
}

func looser(at checks.Location, fix, format string, args ...any) error {
	return &checks.FileError{Location: at, Err: fmt.Errorf(format+": %s", append(args, fix)...), Fix: fix}
}
