package vuln

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

var secret = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/secret",
		Title:     "The scanner finds no secret in the image's files and configuration",
		Severity:  checks.High,
		Why:       "Whoever can pull an image reads all of its layers, also files that a later layer deletes, and its environment: a secret in them is a secret no more.",
		Fix:       "take it out of the build context and the Dockerfile, give it at run time, and replace it: it has to be taken as known",
		Reference: "https://docs.docker.com/build/building/secrets/",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {"SchemaVersion": 2, "ArtifactName": "image.tar", "ArtifactType": "container_image"}
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "report": {
    "SchemaVersion": 2,
    "ArtifactName": "image.tar",
    "ArtifactType": "container_image",
    "Results": [
      {
        "Target": "/app/config.env",
        "Class": "secret",
        "Secrets": [{"RuleID": "aws-access-key-id", "Severity": "CRITICAL", "Title": "AWS Access Key ID", "StartLine": 1, "EndLine": 1}]
      }
    ]
  }
}`,
	Judge: ofContent(judgeSecret),
}

func judgeSecret(s *Scan, content *Content) checks.Outcome {
	type place struct{ rule, path string }
	found := map[place][]Secret{}
	var places []place
	for _, secret := range content.Secrets {
		at := place{secret.Rule, secret.Path}
		if found[at] == nil {
			places = append(places, at)
		}
		found[at] = append(found[at], secret)
	}
	var findings []checks.Finding
	for _, at := range places {
		secret := found[at][0]
		where := checks.Location{Path: secret.Path, Line: secret.Line}
		message := secret.Title
		switch {
		case secret.Path == "":
			where = checks.Location{Path: "config"}
			message += " in the image's configuration"
		case secret.Layer > 0:
			message += fmt.Sprintf(" in layer %d", secret.Layer)
		}
		if n := len(found[at]); n > 1 {
			message += fmt.Sprintf(", and %d more there", n-1)
		}
		f := checks.At(where, "%s", message)
		f.Severity, f.Status, f.Subject = secret.Severity, s.Policy.status(secret.Severity), secret.Rule
		findings = append(findings, f)
	}
	return checks.Found(findings...)
}
