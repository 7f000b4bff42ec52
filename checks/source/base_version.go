package source

import (
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var baseVersion = Check{
	Rule: checks.Rule{
		ID:        "source/base-version",
		Title:     "Every base image names a full version",
		Severity:  checks.Medium,
		Why:       "A tag such as 3.12, 20-alpine or bookworm-slim is moved to every new release: a rebuild of the same source takes other code than the one that was tested. That counts for distributions, too: alpine:3.20 moves on to 3.20.1, ubuntu:24.04 and debian:12 are replaced every few weeks, and distroless images have no other tags at all.",
		Fix:       "Name all numbers of the version, and the variant with its release, as in FROM python:3.12.1-slim-bookworm; or a dated tag, as in debian:bookworm-20240812-slim; or, where the publisher has neither, a digest.",
		Reference: "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
	},
	Good: `
FROM python:3.12.1-slim-bookworm
COPY --from=busybox:1.36.1 /bin/busybox /bin/busybox
`,
	Bad: `
FROM python:3.12
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, use := range images.Of(s) {
			if use.grade != gradeMoving || !use.Instruction.Stage.Reachable {
				continue
			}
			f := use.finding("image %s has a tag that moves with every release, not a full version", use.image)
			f.Fix = versionFix(use.named)
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// versionFix says what to write for an image whose publisher tags it in a way of
// its own; empty for others.
func versionFix(named reference.Named) string {
	name := reference.FamiliarName(named)
	switch {
	case name == "alpine":
		return "Name all three numbers, as in alpine:3.20.3."
	case name == "debian":
		return "Name a dated tag, as in debian:bookworm-20240812-slim."
	case name == "ubuntu":
		return "Name a dated tag, as in ubuntu:noble-20240827.1."
	case strings.HasPrefix(name, "gcr.io/distroless/"), strings.HasPrefix(name, "cgr.dev/chainguard/"):
		return "Its publisher has no tags with a version: append the digest that \"docker buildx imagetools inspect " + named.String() + "\" prints, as in " + named.String() + "@sha256:…."
	}
	return ""
}
