package vuln

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// sameVulnerability matches ids that name one vulnerability: two reports of a
// package that share such an id are of the same one. An id of a distributor, as
// in DSA-5532-1, may stand for several.
var sameVulnerability = regexp.MustCompile(`^(CVE-[0-9]{4}-[0-9]{4,}|GHSA(-[0-9a-zA-Z]{4}){3}|GO-[0-9]{4}-[0-9]{4,}|PYSEC-[0-9]{4}-[0-9]+|RUSTSEC-[0-9]{4}-[0-9]{4,}|MAL-[0-9]{4}-[0-9]+)$`)

// identifiers sorts the ids that a scanner gives a vulnerability: the first of
// them is the scanner's own. It returns the CVE where there is one alone, else
// the scanner's own, the other names of the same vulnerability, and the ids of
// advisories.
func identifiers(ids []string) (id string, aliases, advisories []string) {
	id = ids[0]
	var cves []string
	for _, name := range ids {
		if strings.HasPrefix(name, "CVE-") {
			cves = append(cves, name)
		}
	}
	slices.Sort(cves)
	if cves = slices.Compact(cves); len(cves) == 1 && sameVulnerability.MatchString(id) {
		id = cves[0]
	}
	for _, name := range ids {
		switch {
		case name == id || name == "":
		case len(cves) > 1 && strings.HasPrefix(name, "CVE-"):
			advisories = append(advisories, name) // one id for several CVEs is none of them
		case sameVulnerability.MatchString(name) || name == ids[0]:
			aliases = append(aliases, name)
		default:
			advisories = append(advisories, name)
		}
	}
	slices.Sort(aliases)
	slices.Sort(advisories)
	return id, slices.Compact(aliases), slices.Compact(advisories)
}

// pkg is a package in one version.
type pkg struct{ name, version string }

func (v Vulnerability) pkg() pkg { return pkg{v.Package, v.Installed} }

// String returns the package as a sentence names it.
func (p pkg) String() string { return strings.TrimSpace(p.name + " " + p.version) }

// subject returns the package as a finding and a waiver name it.
func (p pkg) subject() string {
	if p.version == "" {
		return p.name
	}
	return p.name + "@" + p.version
}

func comparePackages(a, b pkg) int {
	return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version))
}

// otherIDs are those by which a waiver may name a vulnerability of a package
// besides the subject of its finding, which has the id and the package. Where one id
// stands for several CVEs, who accepts one of these has not accepted the others.
func (v Vulnerability) otherIDs() []string {
	return slices.DeleteFunc(slices.Concat(v.Aliases, v.Advisories), func(id string) bool {
		return strings.HasPrefix(id, "CVE-") && slices.Contains(v.Advisories, id)
	})
}
