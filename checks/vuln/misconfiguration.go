package vuln

import (
	"fmt"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

// answered are the scanner's rules that checks of imagegate answer, by the
// Dockerfile or by the image: each is among the aliases of one. They are not
// reported twice.
var answered = []string{
	"DS-0001", "DS-0002", "DS-0004", "DS-0005", "DS-0006", "DS-0007", "DS-0008", "DS-0009", "DS-0010", "DS-0011",
	"DS-0012", "DS-0013", "DS-0014", "DS-0015", "DS-0016", "DS-0017", "DS-0019", "DS-0020", "DS-0021", "DS-0022",
	"DS-0023", "DS-0024", "DS-0025", "DS-0026", "DS-0027", "DS-0029", "DS-0030", "DS-0031",
}

var misconfiguration = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/misconfiguration",
		Title:     "The image breaks no rule of the scanner's that no other check answers",
		Severity:  checks.High,
		Why:       "Scanners have rules of their own on how images are configured. The checks of source and image answer those that are known; a newer scanner may know more.",
		Fix:       "do what the scanner's own page on the rule says",
		Reference: "https://avd.aquasec.com/misconfig/dockerfile/general/",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Results": [
      {
        "Target": "Dockerfile",
        "Class": "config",
        "Type": "dockerfile",
        "MisconfSummary": {"Successes": 26, "Failures": 1},
        "Misconfigurations": [{"ID": "DS-0002", "Title": "Image user should not be 'root'", "Severity": "HIGH", "Status": "FAIL"}]
      }
    ]
  }
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Results": [
      {
        "Target": "Dockerfile",
        "Class": "config",
        "Type": "dockerfile",
        "MisconfSummary": {"Successes": 26, "Failures": 1},
        "Misconfigurations": [
          {"ID": "DS-0099", "Title": "A rule of a later version", "Message": "The image breaks it", "Severity": "HIGH", "Status": "FAIL", "Resolution": "Keep the rule"}
        ]
      }
    ]
  }
}`,
	Judge: ofContent(judgeMisconfiguration),
}

func judgeMisconfiguration(s *Scan, content *Content) checks.Outcome {
	if content.Rules == 0 {
		return checks.Skip("imagegate judges by its own rules: --scanner-rules adds Trivy's, where the image has a history")
	}
	var findings []checks.Finding
	elsewhere := 0
	for _, m := range content.Misconfigurations {
		if slices.Contains(answered, m.ID) {
			elsewhere++
			continue
		}
		f := checks.At(checks.Location{}, "%s", m.Message)
		f.Severity, f.Status, f.Subject = m.Severity, s.Policy.status(m.Severity), m.ID
		f.Fix, f.Reference = m.Resolution, m.URL
		findings = append(findings, f)
	}
	out := checks.Found(findings...)
	out.Evidence = fmt.Sprintf("%d rules of the scanner judged", content.Rules)
	if elsewhere > 0 {
		out.Evidence += fmt.Sprintf("; %d broken are left to the checks of source and image that answer them", elsewhere)
	}
	return out
}
