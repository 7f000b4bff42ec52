package source

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var lateCleanup = Check{
	Rule: checks.Rule{
		ID:        "source/late-cleanup",
		Title:     "What a layer brings only for the build is removed in the same layer",
		Severity:  checks.Medium,
		Why:       "A layer only hides what the layers before it hold. What a later instruction removes still is in the image, is pulled with it, and can be read by whoever has it: the clean-up looks as if it worked.",
		Fix:       "Remove it at the end of the RUN that brings it; better, bring it in a stage of its own, or on a mount, as by RUN --mount=type=cache.",
		Reference: "https://docs.docker.com/build/building/best-practices/#run",
	},
	Good: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl
RUN rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		type removal struct {
			remover *dockerfile.Call
			line    int
		}
		reported := map[removal]bool{}
		for _, l := range leftovers(s) {
			if l.remover == nil || l.residue == residueCopy {
				continue
			}
			line := l.in.Location.Line
			if len(l.call.Words) > 0 {
				line = l.call.Location.Line
			}
			if at := (removal{l.remover, line}); reported[at] {
				continue
			} else {
				reported[at] = true
			}
			what := map[residue]string{
				residueLists: "the package lists", residueCache: "the cache of " + l.manager, residuePackage: "the package " + l.name, residueModules: "the development dependencies",
			}[l.residue]
			if what == "" {
				what = l.name
			}
			f := checks.At(l.remover.Location, "%s removes %s too late: the layer of line %d keeps them", l.remover.Program(), what, line)
			f.Subject = l.name
			if l.residue == residueDownload || l.residue == residuePackage || l.residue == residueCache {
				f.Message = fmt.Sprintf("%s removes %s too late: the layer of line %d keeps it", l.remover.Program(), what, line)
			}
			if l.in.Keyword == "ADD" {
				f.Fix = "Download it in the RUN that uses it, by curl and with its checksum, and remove it there; or ADD it in a stage of its own"
			} else {
				f.Fix = fmt.Sprintf("Move it to the end of the RUN of line %d", l.in.Location.Line)
			}
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
