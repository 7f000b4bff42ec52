package source

import (
	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var baseTag = Check{
	Rule: checks.Rule{
		ID:        "source/base-tag",
		Title:     "Every base image names a version, not latest",
		Severity:  checks.High,
		Why:       "An image without a tag, or with the tag latest, is another image tomorrow: a rebuild of the same source may break, and nobody can tell what it was built from.",
		Fix:       "Name a version and a variant, as in FROM python:3.12.1-slim-bookworm, or a digest.",
		Reference: "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
		Aliases:   []string{"DL3006", "DL3007", "DS-0001", "CKV_DOCKER_7"},
	},
	Good: `
ARG VERSION=3.12.1-slim-bookworm
FROM python:${VERSION} AS build
COPY --from=busybox:1.36 /bin/busybox /bin/busybox

FROM build
`,
	Bad: `
FROM python:latest
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		uses := images.Of(s)
		for _, use := range uses {
			if use.grade > gradeLatest {
				continue
			}
			fault := "has the tag latest, which moves"
			if reference.IsNameOnly(use.named) {
				fault = "has no tag, which means latest"
			}
			f := use.finding("image %s %s", use.image, fault)
			f.Fix = versionFix(use.named)
			findings = append(findings, f)
		}
		if len(findings) == 0 {
			return checks.Passed("every external image has a version: %d", len(uses))
		}
		return checks.Found(findings...)
	},
}
