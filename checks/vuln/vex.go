package vuln

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

var vex = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/vex",
		Title:     "Every VEX statement that accepts a vulnerability is of one that the image has",
		Severity:  checks.Low,
		Why:       "A statement about something that is not in the image, or not any more, accepts nothing today and may accept the wrong thing tomorrow. Often it names the product in another way than the scanner does.",
		Fix:       "name the package by its URL as the scanner does, or the image by its digest or with --vex-product; take out what is settled",
		Reference: "https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Results": [
      {
        "Target": "Node.js",
        "Class": "lang-pkgs",
        "Vulnerabilities": [
          {"VulnerabilityID": "CVE-2021-23337", "PkgName": "lodash", "InstalledVersion": "4.17.20", "FixedVersion": "4.17.21", "Severity": "HIGH", "PkgIdentifier": {"PURL": "pkg:npm/lodash@4.17.20"}}
        ]
      }
    ]
  },
  "vex": {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.com/vex/1",
    "author": "Example",
    "timestamp": "2026-11-20T12:00:00Z",
    "version": 1,
    "statements": [
      {"vulnerability": {"name": "CVE-2021-23337"}, "products": [{"@id": "pkg:npm/lodash@4.17.20"}], "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}
    ]
  }
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "policy": {"threshold": "CRITICAL"},
  "report": {"SchemaVersion": 2, "ArtifactName": "image.tar", "ArtifactType": "container_image"},
  "vex": {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.com/vex/1",
    "author": "Example",
    "timestamp": "2026-11-20T12:00:00Z",
    "version": 1,
    "statements": [
      {"vulnerability": {"name": "CVE-2021-23337"}, "products": [{"@id": "pkg:npm/lodash@4.17.20"}], "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}
    ]
  }
}`,
	Judge: judgeVEX,
}

func judgeVEX(s *Scan) checks.Outcome {
	if len(s.Statements) == 0 {
		return checks.Skip("no VEX document was given: --vex takes them")
	}
	if _, err := s.reports(); err != nil {
		return checks.Broken(err)
	}
	var all []Vulnerability
	for _, i := range s.issues() {
		all = append(all, i.at...)
	}
	var findings []checks.Finding
	accepting := 0
	for i := range s.Statements {
		statement := &s.Statements[i]
		if !statement.accepts() {
			continue
		}
		accepting++
		if reason := s.unused(statement, all); reason != "" {
			f := checks.At(checks.Location{Path: statement.Document}, "%s is stated to be %s, and %s", statement.Vulnerability, statement.Status, reason)
			f.Subject = statement.Vulnerability
			findings = append(findings, f)
		}
	}
	out := checks.Found(findings...)
	out.Evidence = fmt.Sprintf("VEX statements: %d, of which %d accept a vulnerability", len(s.Statements), accepting)
	return out
}

// unused says why a statement accepts none of the vulnerabilities; empty if it
// does accept one.
func (s *Scan) unused(statement *Statement, all []Vulnerability) string {
	seen := false
	for _, v := range all {
		if !statement.names(v) {
			continue
		}
		seen = true
		if s.statement(v) == statement {
			return ""
		}
		if s.concerns(statement, v) {
			return "a later statement says otherwise"
		}
	}
	if seen {
		return fmt.Sprintf("none of its products (%s) is the image or the package that has it", statement.productNames())
	}
	return "no scanner finds it in the image"
}
