package source

import (
	"fmt"
	"slices"
	"sync"

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
		clean := sync.OnceValue(func() cleanup { return newCleanup(s) })
		for _, l := range leftovers.Of(s) {
			if l.remover == nil || l.residue == residueCopy {
				continue
			}
			end, ok := clean().end(l)
			if !ok {
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
			switch {
			case l.in.Keyword == "ADD":
				f.Fix = "Download it in the RUN that uses it, by curl and with its checksum, and remove it there; or ADD it in a stage of its own"
			case l.residue == residueModules:
				f.Fix = fmt.Sprintf("Install and build in a stage of its own, run %s there, and take the result by COPY --from", l.remover)
			default:
				f.Fix = fmt.Sprintf("Move it to the end of the RUN of line %d", end.Location.Line)
			}
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// cleanup says where what a layer keeps is to be removed.
type cleanup struct {
	// built is whether multi-stage reports the image, tools what build-tools reports.
	built bool
	tools []keptPackages
	// headers is whether the image links to libraries by their headers.
	headers bool
}

func newCleanup(s *dockerfile.Source) cleanup {
	_, built := builtInOneStage(s)
	return cleanup{built: built, tools: keptBuildTools(s), headers: buildsExtensions(s.Final.Chain())}
}

// end returns the RUN at whose end it is to be removed. False if another check says
// that the layer is to be made in another way: to move the removal alone would break
// the build, or say the same twice.
func (c cleanup) end(l leftover) (*dockerfile.Instruction, bool) {
	switch l.residue {
	case residueLists:
		switch {
		case len(l.users) == 0:
			return l.in, true
		case len(l.users) > 1 || l.users[0] == l.removedIn || slices.ContainsFunc(l.in.Calls, func(call dockerfile.Call) bool {
			p, _ := parsePackages(call)
			return installsFromLists(p, l.manager)
		}):
			return nil, false // apt-update-alone
		}
		return l.users[0], true // to where apt-update-alone moves the update
	case residueModules:
		return l.in, !c.built
	case residuePackage:
		if c.built {
			return l.in, len(buildPackages(l.call, c.headers)) == 0
		}
		return l.in, !slices.ContainsFunc(c.tools, func(kept keptPackages) bool {
			return kept.in == l.in && kept.call.Location == l.call.Location && (slices.Contains(kept.names, l.name) || isGroupOf(l.call, l.name))
		})
	}
	return l.in, true
}

// isGroupOf reports whether a name is that of the virtual package that a call of
// apk makes.
func isGroupOf(install dockerfile.Call, name string) bool {
	p, _ := parsePackages(install)
	group, ok := p.value("-t", "--virtual")
	return ok && group == name && p.manager == "apk"
}
