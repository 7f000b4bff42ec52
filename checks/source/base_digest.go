package source

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var baseDigest = Check{
	Rule: checks.Rule{
		ID:        "source/base-digest",
		Title:     "Every base image is pinned by its digest",
		Severity:  checks.Medium,
		Why:       "Even the tag of a full version is built again for updates of what lies below, and whoever gets into the publisher's account can put another image behind it. Only a digest names the bytes that were tested.",
		Fix:       "Append the digest to the tag, as in FROM python:3.12.1-slim-bookworm@sha256:…, and let a bot such as Renovate or Dependabot renew both.",
		Reference: "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
		Strict:    true,
	},
	Good: `
FROM python:3.12.1-slim-bookworm@sha256:a64ac5be6928c6a94f00b16e09cdf3ba3edd44452d10ffa4516a58004873573e
`,
	Bad: `
FROM python:3.12.1-slim-bookworm
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, use := range images.Of(s) {
			if use.grade == gradeDigest || !use.Instruction.Stage.Reachable {
				continue
			}
			f := use.finding("image %s is not pinned by a digest", use.image)
			f.Fix = "Write " + use.image + "@ and the digest that \"docker buildx imagetools inspect " + use.image + "\" prints; let a bot such as Renovate or Dependabot renew both."
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
