package vuln

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

var endOfLife = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/end-of-life",
		Title:     "The image's distribution still publishes security fixes",
		Severity:  checks.High,
		Why:       "A distribution at its end of life publishes neither fixes nor advisories: its newer vulnerabilities stay open, and a scanner that finds none has only nowhere to look them up.",
		Fix:       "build on a supported release of the distribution",
		Reference: "https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Metadata": {"OS": {"Family": "debian", "Name": "12.15"}},
    "Results": [{"Target": "image.tar (debian 12.15)", "Class": "os-pkgs", "Packages": [{"Name": "zlib1g"}]}]
  }
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Metadata": {"OS": {"Family": "debian", "Name": "10.13", "EOSL": true}},
    "Results": [{"Target": "image.tar (debian 10.13)", "Class": "os-pkgs", "Packages": [{"Name": "zlib1g"}]}]
  }
}`,
	Judge: judgeEndOfLife,
}

func judgeEndOfLife(s *Scan) checks.Outcome {
	reports, err := s.reports()
	if err != nil {
		return checks.Broken(err)
	}
	evidence, supported, unknown := "no distribution is recognised in the image", false, ""
	for _, r := range reports {
		switch {
		case r.EndOfLife:
			f := checks.At(checks.Location{}, "%s is at its end of life, so that its newer vulnerabilities are neither fixed nor known", r.OS)
			f.Subject = r.OS
			return checks.Found(f)
		case r.LifeUnknown:
			unknown = fmt.Sprintf("%s does not say whether %s is supported: add trivy to the scanners", r.Scanner.Name, r.OS)
		case r.OS != "":
			evidence, supported = r.OS+" is supported", true
		}
	}
	if unknown != "" && !supported {
		return checks.Skip("%s", unknown)
	}
	return checks.Passed("%s", evidence)
}
