package source

import (
	"path"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var copyRoot = Check{
	Rule: checks.Rule{
		ID:        "source/copy-root",
		Title:     "COPY --from takes what a stage has built, not its whole file system",
		Severity:  checks.Medium,
		Why:       "The whole file system of a stage over that of the base image brings its compilers, caches and secrets into the image, replaces libraries of the base by those of another, and is one layer that no two builds share.",
		Fix:       "Copy what runs, as in COPY --from=build /app/dist ./dist; to build on the stage, name it in FROM.",
		Reference: "https://docs.docker.com/build/building/multi-stage/",
		Aliases:   []string{"DL3067"},
		Differs:   "DL3067 refuses it everywhere. Here it must come from a stage that runs something, as one does that builds: COPY --from=xx / / of an image that is made for it passes. So does it in FROM scratch, where nothing is overwritten and a file system is made one layer.",
	},
	Good: `
FROM golang:1.25 AS build
RUN go build -o /out/app ./cmd/app
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/app /app
`,
	Bad: `
FROM golang:1.25 AS build
RUN go build -o /out/app ./cmd/app
FROM debian:12.8-slim
COPY --from=build / /
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			if root := stage.Root().BaseName; !root.Known || root.Text == dockerfile.Scratch {
				continue
			}
			for _, ref := range stage.References {
				c, ok := ref.Instruction.Copy()
				if !ok || ref.Stage == nil || c.Before.Resolve(c.Dest).Text != "/" || !runsAnything(ref.Stage) {
					continue
				}
				for _, src := range c.Sources {
					if src.Known && takesRoot(src.Text) {
						findings = append(findings, checks.At(c.Location, "COPY --from=%s %s takes the whole file system of the stage, over that of the stage %s", c.From, src.Text, stage))
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// runsAnything reports whether a stage, or one that it is built from, has a RUN.
func runsAnything(stage *dockerfile.Stage) bool {
	for ; stage != nil; stage = stage.Base {
		for _, in := range stage.Instructions {
			if in.Keyword == "RUN" {
				return true
			}
		}
	}
	return false
}

// takesRoot reports whether a source of COPY --from is a whole file system. It
// starts at the root, with a slash or without.
func takesRoot(src string) bool {
	return path.Clean("/"+strings.TrimSuffix(src, "*")) == "/"
}
