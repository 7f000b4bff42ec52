package compose

import (
	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/source"
)

var imageTag = Check{
	Rule: checks.Rule{
		ID:        "compose/image-tag",
		Title:     "Images of services name a version",
		Severity:  checks.High,
		Why:       "An image without a tag, or with the tag latest, is another one with every pull: a new major version of a database does not even start on the data of the old one. A tag such as 16-alpine moves within its version.",
		Fix:       "Name the version, as in postgres:16.4-alpine3.20, or a digest.",
		Reference: "https://docs.docker.com/reference/compose-file/services/#image",
		Aliases:   []string{"service-image-require-explicit-tag"},
		Differs:   "service-image-require-explicit-tag asks for a tag other than latest and stable. A tag that is no full version warns, too, outside of development; there it passes, and latest warns. An image that the service builds, or that is given by a variable without a default, is not judged.",
	},
	Good: `
services:
  db:
    image: postgres:16.4-alpine3.20
  app:
    image: registry.example.com/app:${TAG}
`,
	Bad: `
services:
  db:
    image: postgres
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			named, n, ok := service.Image()
			if !ok || service.Get("pull_policy").Text().Text == "never" || s.built[named.String()] {
				return nil
			}
			image := n.Text()
			if source.IsLatest(named) {
				fault := "has the tag latest, which moves"
				if reference.IsNameOnly(named) {
					fault = "has no tag, which means latest"
				}
				severity := s.severity(checks.High)
				if image.Default {
					severity = s.severity(checks.Medium)
					fault += ", where its variable is not set"
				}
				return []checks.Finding{service.find(severity, n.Location, "runs the image %s, which %s", image.Text, fault)}
			}
			fix, moves := source.Moves(named)
			if !moves || s.Development() {
				return nil
			}
			f := service.find(checks.Low, n.Location, "runs the image %s, whose tag moves with every release", image.Text)
			f.Fix = fix
			return []checks.Finding{f}
		})
	},
}
