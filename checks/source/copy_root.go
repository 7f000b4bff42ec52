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
		Title:     "COPY --from takes files, not a whole file system",
		Severity:  checks.Medium,
		Why:       "The whole file system of a stage over that of the base image brings its compilers, caches and secrets into the image, replaces libraries of the base by those of another, and is one layer that no two builds share.",
		Fix:       "Copy what runs, as in COPY --from=build /app/dist ./dist; to build on the stage, name it in FROM.",
		Reference: "https://docs.docker.com/build/building/multi-stage/",
		Aliases:   []string{"DL3067"},
		Differs:   "DL3067 refuses it in FROM scratch as well, where nothing is overwritten: there it is how a file system is made one layer.",
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
			for _, c := range stage.Copies() {
				if to := c.Resolve(c.Dest); c.From == "" || to.Text != "/" {
					continue
				}
				for _, src := range c.Sources {
					if src.Known && takesRoot(src.Text) {
						findings = append(findings, checks.At(c.Location, "COPY --from=%s %s takes the whole file system, over that of the stage %s", c.From, src.Text, stage))
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// takesRoot reports whether a source of COPY --from is a whole file system. It
// starts at the root, with a slash or without.
func takesRoot(src string) bool {
	return path.Clean("/"+strings.TrimSuffix(src, "*")) == "/"
}
