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
		images := 0
		for _, stage := range s.Stages {
			for _, ref := range stage.References {
				image, ok := ref.Image()
				if !ok {
					continue
				}
				named, err := reference.ParseNormalizedNamed(image)
				if err != nil {
					continue // source/valid reports it
				}
				images++
				fault := tagFault(named)
				if fault == "" {
					continue
				}
				f := checks.At(ref.Instruction.Find(ref.Name.Raw), "image %s %s", image, fault)
				f.Subject = image
				findings = append(findings, f)
			}
		}
		if len(findings) == 0 {
			return checks.Passed("%d external images, each with a version", images)
		}
		return checks.Found(findings...)
	},
}

// tagFault says what is wrong with the tag of an image, if anything.
func tagFault(named reference.Named) string {
	if _, ok := named.(reference.Digested); ok {
		return ""
	}
	tagged, ok := named.(reference.Tagged)
	switch {
	case !ok:
		return "has no tag, which means latest"
	case tagged.Tag() == "latest":
		return "has the tag latest, which moves"
	}
	return ""
}
