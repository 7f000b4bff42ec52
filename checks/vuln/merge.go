package vuln

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// issue is a vulnerability of a package, and what each scanner says of it.
type issue struct {
	// at has it once for each place of the package that any scanner names: as the most
	// trusted one that has seen it reports it, with the worst severity of any and the
	// ids of all.
	at []Vulnerability
	// seen are those that have seen it, in the order of the reports.
	seen []sighting
}

// sighting is what one scanner says.
type sighting struct {
	scanner  string
	severity checks.Severity
	// fixed is empty where it says that there is no such version, or, with
	// fixUnknown, nothing of it.
	fixed      string
	fixUnknown bool
}

// issues merges the vulnerabilities of all reports: those of the same package in
// the same version that have an id or an alias in common are one, save that two CVEs
// never are, whatever stands for both. What a distribution calls a source package by
// one scanner and a binary package by another stays apart.
func (s *Scan) issues() []issue {
	type reported struct {
		report int
		Vulnerability
	}
	// The ids of a package are joined into sets: parent leads from each to its set's first.
	parent := map[string]string{}
	cves := map[string]string{} // the CVE of a set, by its first
	find := func(key string) string {
		for parent[key] != key {
			parent[key] = parent[parent[key]]
			key = parent[key]
		}
		return key
	}
	join := func(a, b string) {
		a, b = find(a), find(b)
		if a == b || cves[a] != "" && cves[b] != "" {
			return
		}
		parent[a], cves[b] = b, cmp.Or(cves[a], cves[b])
	}
	var all []reported
	var keys []string // of each of all
	for i, r := range s.Reports {
		for _, v := range r.Vulnerabilities {
			of := v.identity() + "\x00"
			all, keys = append(all, reported{i, v}), append(keys, of+v.ID)
			for _, id := range append([]string{v.ID}, v.Aliases...) {
				if parent[of+id] == "" {
					parent[of+id] = of + id
					if strings.HasPrefix(id, "CVE-") {
						cves[of+id] = id
					}
				}
				join(of+id, of+v.ID)
			}
		}
	}
	sets := map[string][]reported{}
	for i, v := range all {
		key := find(keys[i])
		sets[key] = append(sets[key], v)
	}
	var issues []issue
	for _, set := range sets {
		var merged issue
		ids := []string{set[0].ID} // each once: there may be thousands of places
		known := map[string]bool{set[0].ID: true}
		joint := set[0].Vulnerability // what any of them says
		worst := checks.Unknown
		last := -1
		for _, v := range set {
			for _, id := range slices.Concat([]string{v.ID}, v.Aliases, v.Advisories) {
				if !known[id] {
					known[id] = true
					ids = append(ids, id)
				}
			}
			joint.fill(v.Vulnerability)
			if v.Severity.AtLeast(worst) {
				worst = v.Severity
			}
			// One scanner may report it at several places.
			if v.report != last {
				merged.seen = append(merged.seen, sighting{s.Reports[v.report].Scanner.Name, v.Severity, v.Fixed, v.FixUnknown})
				last = v.report
			}
		}
		id, aliases, advisories := identifiers(ids)
		found := newPlaces()
		for _, v := range set {
			one := v.Vulnerability
			if v.report != set[0].report {
				// A package that the first has no place for is the distribution's, by
				// whatever file another one has found it.
				if v.Path == "" || len(found.at) == 0 || found.has(v.Path) {
					continue
				}
				one = set[0].Vulnerability
				one.Path, one.Layer = v.Path, v.Layer
			}
			found.add(one.Path)
			one.ID, one.Aliases, one.Advisories, one.Severity = id, aliases, advisories, worst
			one.fill(joint)
			merged.at = append(merged.at, one)
		}
		merged.at = sorted(merged.at)
		issues = append(issues, merged)
	}
	slices.SortFunc(issues, func(a, b issue) int {
		x, y := a.at[0], b.at[0]
		return cmp.Or(comparePackages(x.pkg(), y.pkg()), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Path, y.Path))
	})
	return issues
}

// places are those at which scanners have found a package, and all that is above them.
type places struct {
	at, above map[string]bool
}

func newPlaces() places { return places{map[string]bool{}, map[string]bool{}} }

func (p places) add(place string) {
	if place == "" {
		return
	}
	p.at[place] = true
	for dir := path.Dir(place); dir != "/" && dir != "."; dir = path.Dir(dir) {
		p.above[dir] = true
	}
}

// has reports whether a place is one of these. Of what is in an archive, one scanner
// names the archive and another the path in it.
func (p places) has(place string) bool {
	for at := place; at != "/" && at != "."; at = path.Dir(at) {
		if p.at[at] {
			return true
		}
	}
	return p.above[place]
}

// fill takes from another report of the same what this one does not say. That the
// package is not affected all have to say.
func (v *Vulnerability) fill(other Vulnerability) {
	switch {
	case other.Status == notAffected:
	case v.Status == notAffected:
		v.Status = cmp.Or(other.Status, affected)
	default:
		v.Status = cmp.Or(v.Status, other.Status)
	}
	v.PURL = cmp.Or(v.PURL, other.PURL)
	v.Fixed = cmp.Or(v.Fixed, other.Fixed)
	v.FixUnknown = v.FixUnknown && other.FixUnknown
	v.Title = cmp.Or(v.Title, other.Title)
	v.URL = cmp.Or(v.URL, other.URL)
	if v.Published.IsZero() {
		v.Published = other.Published
	}
}

// identity is what a package in a version has in common in all reports.
func (v Vulnerability) identity() string {
	name, version := v.Package, v.Installed
	if p, err := parsePURL(v.PURL); err == nil {
		p.name = p.folded()
		name = p.packageName()
		if p.kind == "golang" { // the standard library's is v1.26.0 for one, go1.26.0 for another
			version = strings.TrimPrefix(strings.TrimPrefix(version, "v"), "go")
		}
	}
	return strings.ToLower(name) + "\x00" + version
}

// looked reports whether a scanner has looked at packages: of another tool, that is
// known where it has found a vulnerability in one.
func (r *Report) looked() bool { return !r.Given || r.Asked || len(r.Vulnerabilities) > 0 }

// lookers are the scanners that have looked at packages.
func (s *Scan) lookers() []string {
	var names []string
	for _, r := range s.Reports {
		if r.looked() && !slices.Contains(names, r.Scanner.Name) {
			names = append(names, r.Scanner.Name)
		}
	}
	return names
}

// by says who has seen an issue, and who has looked and has not; empty where one
// scanner alone has looked.
func (i issue) by(lookers []string) string {
	if len(lookers) < 2 {
		return ""
	}
	var seen, missed []string
	for _, name := range lookers {
		if slices.ContainsFunc(i.seen, func(s sighting) bool { return s.scanner == name }) {
			seen = append(seen, name)
		} else {
			missed = append(missed, name)
		}
	}
	text := "seen by " + strings.Join(seen, " and ")
	if len(missed) > 0 {
		text += ", not by " + strings.Join(missed, " or ")
	}
	return text
}

// differences says what the scanners that have seen an issue do not agree on.
func (i issue) differences() []string {
	severity := func(s sighting) string { return string(s.severity) }
	fix := func(s sighting) string {
		if s.fixUnknown {
			return ""
		}
		return cmp.Or(versions(s.fixed), "no fixed version")
	}
	var all []string
	for _, of := range []func(sighting) string{severity, fix} {
		var words []string
		distinct := map[string]bool{}
		for _, s := range i.seen {
			if said := of(s); said != "" {
				distinct[said] = true
				words = append(words, said+" by "+s.scanner)
			}
		}
		if len(distinct) > 1 {
			all = append(all, strings.Join(words, ", "))
		}
	}
	return all
}

// versions returns a list of versions in one order.
func versions(list string) string {
	all := strings.Split(list, ",")
	for i := range all {
		all[i] = strings.TrimPrefix(strings.TrimSpace(all[i]), "v")
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}
