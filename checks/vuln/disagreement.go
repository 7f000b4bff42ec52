package vuln

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var disagreement = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/disagreement",
		Title:     "The scanners agree on what they find",
		Severity:  checks.Low,
		Why:       "Where one scanner sees a vulnerability that another does not, or calls it harmless, one of them is wrong: the worst that any says is what counts here, and this says where to look.",
		Fix:       "read both advisories; accept what is wrong by a waiver or a VEX statement, with the reason",
		Reference: "https://docs.docker.com/build/building/best-practices/#build-and-test-your-images-in-ci",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {"SchemaVersion": 2, "ArtifactName": "image.tar", "ArtifactType": "container_image"},
  "grype": {"matches": [], "source": {"type": "image", "target": {}}, "descriptor": {"name": "grype", "version": "0.100.0", "db": {"status": {"schemaVersion": "v6.1.0", "built": "2026-11-22T06:00:00Z"}}}}
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "policy": {"threshold": "CRITICAL"},
  "report": {"SchemaVersion": 2, "ArtifactName": "image.tar", "ArtifactType": "container_image"},
  "grype": {
    "matches": [
      {
        "vulnerability": {"id": "GHSA-35jh-r3h4-6jhm", "severity": "High", "fix": {"versions": ["4.17.21"], "state": "fixed"}},
        "relatedVulnerabilities": [{"id": "CVE-2021-23337"}],
        "artifact": {"name": "lodash", "version": "4.17.20", "type": "npm", "purl": "pkg:npm/lodash@4.17.20"}
      }
    ],
    "source": {"type": "image", "target": {}},
    "descriptor": {"name": "grype", "version": "0.100.0", "db": {"status": {"schemaVersion": "v6.1.0", "built": "2026-11-22T06:00:00Z"}}}
  }
}`,
	Judge: judgeDisagreement,
}

func judgeDisagreement(s *Scan) checks.Outcome {
	if _, err := s.reports(); err != nil {
		return checks.Broken(err)
	}
	lookers := s.lookers()
	if len(lookers) < 2 {
		return checks.Skip("one scanner was asked: --scanner=trivy,grype asks two")
	}
	said := map[pkg][]string{}
	agreed, lesser := 0, 0
	for _, i := range s.issues() {
		var words []string
		if who := i.by(lookers); strings.Contains(who, ", not by ") {
			words = append(words, who)
		}
		words = append(words, i.differences()...)
		v := i.at[0]
		switch {
		case len(words) == 0:
			agreed++
		case v.Severity.AtLeast(s.Policy.threshold()):
			said[v.pkg()] = append(said[v.pkg()], v.ID+" "+strings.Join(words, "; "))
		default:
			lesser++
		}
	}
	var packages []pkg
	for p := range said {
		packages = append(packages, p)
	}
	slices.SortFunc(packages, comparePackages)
	var findings []checks.Finding
	for _, p := range packages {
		list := said[p]
		f := checks.At(checks.Location{}, "%s: %s", p, strings.Join(list[:min(maxIDs, len(list))], ", "))
		if more := len(list) - maxIDs; more > 0 {
			f.Message += fmt.Sprintf(" and %d more", more)
		}
		f.Subject = p.subject()
		findings = append(findings, f)
	}
	// Scanners differ on hundreds of these in any distribution.
	if lesser > 0 {
		below := fmt.Sprintf("below %s", s.Policy.threshold())
		f := checks.At(checks.Location{}, "vulnerabilities %s that they see otherwise or not all: %d", below, lesser)
		f.Subject = below
		findings = append(findings, f)
	}
	if len(findings) > 0 {
		return checks.Found(findings...)
	}
	return checks.Passed("%s agree on all %d vulnerabilities", strings.Join(lookers, " and "), agreed)
}
