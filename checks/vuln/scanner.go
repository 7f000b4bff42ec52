package vuln

import (
	"errors"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var scanner = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/scanner",
		Title:     "Every scanner that was asked for has reported",
		Severity:  checks.High,
		Why:       "A scanner that broke has found nothing, which reads like an image that has nothing. Several scanners are asked because each misses some: without one of them the others are no answer.",
		Fix:       "read the scanner's own message, and run it again; or leave it out of the scanners on purpose",
		Reference: "https://docs.docker.com/build/building/best-practices/#build-and-test-your-images-in-ci",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {"SchemaVersion": 2, "Trivy": {"Version": "0.69.3"}, "ArtifactName": "image.tar", "ArtifactType": "container_image"}
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {"SchemaVersion": 2, "Trivy": {"Version": "0.69.3"}, "ArtifactName": "image.tar", "ArtifactType": "container_image"},
  "failures": ["run the scanner anchore/grype: it was killed by signal 9"]
}`,
	Judge: judgeScanner,
}

func judgeScanner(s *Scan) checks.Outcome {
	if len(s.Failures) > 0 {
		var reasons []string
		for _, err := range s.Failures {
			reasons = append(reasons, err.Error())
		}
		return checks.Broken(errors.New(strings.Join(reasons, "; ")))
	}
	if _, err := s.reports(); err != nil {
		return checks.Broken(err)
	}
	return checks.Outcome{}
}
