package vuln

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var license = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/license",
		Title:     "No package comes under a license that the policy denies",
		Severity:  checks.High,
		Why:       "Who ships an image distributes all that is in it, and has to keep the terms of every license: some ask for the source of the whole application.",
		Fix:       "replace the package by one under another license, or accept it by a waiver that says why",
		Reference: "https://spdx.org/licenses/",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "policy": {"deniedLicenses": ["AGPL-*"]},
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Results": [{"Target": "Node.js", "Class": "license", "Licenses": [{"PkgName": "lodash", "FilePath": "app/node_modules/lodash/package.json", "Name": "MIT"}]}]
  }
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "policy": {"deniedLicenses": ["AGPL-*"]},
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Results": [{"Target": "Node.js", "Class": "license", "Licenses": [{"PkgName": "some-package", "FilePath": "app/node_modules/some-package/package.json", "Name": "AGPL-3.0-only"}]}]
  }
}`,
	Judge: ofContent(judgeLicense),
}

func judgeLicense(s *Scan, content *Content) checks.Outcome {
	for _, denied := range s.Policy.DeniedLicenses {
		if _, err := path.Match(denied, ""); err != nil || strings.TrimSpace(denied) == "" {
			return checks.Broken(fmt.Errorf("the denied license %q is no identifier: write it as in GPL-3.0-only or AGPL-*", denied))
		}
	}
	if content.Licenses == nil {
		if len(s.Policy.DeniedLicenses) > 0 && s.packages() > 0 {
			return checks.Broken(errors.New("the scanner did not look for licenses, and some are denied; scan with --scanners license"))
		}
		return checks.Passed("no license found")
	}
	var findings []checks.Finding
	names, packages := map[string]bool{}, map[string]bool{}
	for _, l := range content.Licenses {
		names[l.Name], packages[l.Package+"\x00"+l.Path] = true, true
		term := denies(s.Policy.DeniedLicenses, l.Name)
		if term == "" {
			continue
		}
		f := checks.At(checks.Location{Path: l.Path}, "%s comes under %s, and %s is denied", l.Package, l.Name, term)
		f.Subject = l.Name + " " + l.Package
		findings = append(findings, f)
	}
	out := checks.Found(findings...)
	out.Evidence = fmt.Sprintf("%d licenses of %d packages", len(names), len(packages))
	if len(s.Policy.DeniedLicenses) == 0 {
		out.Evidence += "; the policy denies none"
	}
	return out
}

// packages is how many packages were looked up.
func (s *Scan) packages() int {
	n := 0
	for _, r := range s.Reports {
		n = max(n, r.Packages)
	}
	return n
}

// maxLicenseDepth is how deep the brackets of an expression may be nested.
const maxLicenseDepth = 16

// denies returns the identifier in an SPDX expression for which it is denied;
// empty if it is not. Of the alternatives of OR one that is not denied is
// enough. A text that is no expression is denied as a whole or for any word of it:
// what holds them together is not known.
func denies(denied []string, expression string) string {
	p := &licenseParser{denied: denied, words: strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expression))}
	term, ok := p.alternatives(0)
	if ok && len(p.words) == 0 {
		return term
	}
	for _, name := range append([]string{expression}, strings.FieldsFunc(expression, isNoIdentifier)...) {
		if term := matchLicense(denied, name); term != "" {
			return term
		}
	}
	return ""
}

// isNoIdentifier reports whether no SPDX identifier has the character.
func isNoIdentifier(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-.+:", r))
}

// licenseParser reads an expression of the form that SPDX 2.3, annex D, gives.
type licenseParser struct {
	denied []string
	words  []string
}

func (p *licenseParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *licenseParser) take(word string) bool {
	if !strings.EqualFold(p.next(), word) {
		return false
	}
	p.words = p.words[1:]
	return true
}

func (p *licenseParser) alternatives(depth int) (term string, ok bool) {
	term, ok = p.together(depth)
	for ok && p.take("OR") {
		var other string
		if other, ok = p.together(depth); other == "" {
			term = ""
		}
	}
	return term, ok
}

func (p *licenseParser) together(depth int) (term string, ok bool) {
	term, ok = p.one(depth)
	for ok && p.take("AND") {
		var other string
		if other, ok = p.one(depth); term == "" {
			term = other
		}
	}
	return term, ok
}

func (p *licenseParser) one(depth int) (term string, ok bool) {
	if p.take("(") {
		if depth == maxLicenseDepth {
			return "", false
		}
		term, ok = p.alternatives(depth + 1)
		return term, ok && p.take(")")
	}
	name := p.next()
	switch strings.ToUpper(name) {
	case "", ")", "AND", "OR", "WITH":
		return "", false
	}
	p.take(name)
	term = matchLicense(p.denied, name)
	if p.take("WITH") {
		exception := p.next()
		if exception == "" || !p.take(exception) {
			return "", false
		}
		if t := matchLicense(p.denied, name+" WITH "+exception); t != "" {
			term = t
		}
	}
	return term, true
}

func matchLicense(denied []string, name string) string {
	for _, d := range denied {
		if ok, _ := path.Match(strings.ToUpper(d), strings.ToUpper(name)); ok {
			return name
		}
	}
	return ""
}
