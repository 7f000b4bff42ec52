package source

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var packageLists = Check{
	Rule: checks.Rule{
		ID:        "source/package-lists",
		Title:     "No layer of the image keeps the package lists",
		Severity:  checks.Medium,
		Why:       "The lists of what there is to install are tens of megabytes that a container never reads, are out of date a day later, and let a later install take old versions from them.",
		Fix:       "End the RUN of apt-get update with && rm -rf /var/lib/apt/lists/*, or mount them by --mount=type=cache,target=/var/lib/apt/lists,sharing=locked; for Alpine write apk add --no-cache.",
		Reference: "https://docs.docker.com/build/building/best-practices/#apt-get",
		Aliases:   []string{"DL3009", "DL3019", "DS-0025", "DKL-DI-0004", "DKL-DI-0005"},
		Differs:   "DL3009, DL3019, DS-0025, DKL-DI-0004, DKL-DI-0005: only layers of the image itself count, not those of stages that it copies from; lists on a mount are in no layer; what a later instruction removes is a finding of source/late-cleanup. DKL-DI-0005: apt-get clean leaves the lists where they are.",
	},
	Good: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && apt-get clean
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, l := range leftovers.Of(s) {
			if l.residue != residueLists || l.remover != nil {
				continue
			}
			f := checks.At(l.call.Location, "%s leaves the package lists in the layer: the RUN does not remove %s", commandOf(l.call), l.paths[0])
			f.Subject = l.manager
			if l.manager == "apk" {
				f.Fix = "Write apk add --no-cache, without apk update"
			} else {
				f.Fix = "End the RUN with && rm -rf /var/lib/apt/lists/*, or keep them out of the layer by RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked"
			}
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
