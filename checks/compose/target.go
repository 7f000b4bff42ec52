package compose

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var target = Check{
	Rule: checks.Rule{
		ID:        "compose/target",
		Title:     "Services are built from a context, a Dockerfile and a stage that there are",
		Severity:  checks.Medium,
		Why:       "A stage that was renamed, or a Dockerfile that was moved, lets the build fail for the next one who runs it: the Compose file is not built in the pipeline that publishes the image.",
		Fix:       "Name a stage of the Dockerfile in build.target, and paths relative to the Compose file and to the context.",
		Reference: "https://docs.docker.com/reference/compose-file/build/#target",
	},
	Good: `
-- compose.yaml --
services:
  app:
    build:
      context: .
      target: builder
-- Dockerfile --
FROM node:20.20.2-alpine3.22 AS builder
FROM node:20.20.2-alpine3.22 AS production
`,
	Bad: `
-- compose.yaml --
services:
  app:
    build:
      context: .
      target: build
-- Dockerfile --
FROM node:20.20.2-alpine3.22 AS builder
FROM node:20.20.2-alpine3.22 AS production
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			b, ok := service.Build()
			if !ok || b.Context == "" {
				return nil
			}
			find := func(at checks.Location, fix, format string, args ...any) []checks.Finding {
				f := service.find(checks.Medium, at, format, args...)
				f.Fix = fix
				return []checks.Finding{f}
			}
			if isInstalled(b.Context) {
				return nil
			}
			if !p.exists(b.Context) {
				return find(b.context.Location, "Correct the path: it is relative to the directory of "+b.context.Location.Path,
					"is built from the directory %s, which the source does not have", b.Context)
			}
			if b.Dockerfile == "" {
				return nil
			}
			if !p.exists(b.Dockerfile) {
				if b.dockerfile != nil {
					return find(b.dockerfile.Location, "Correct the path: it is relative to the build context",
						"is built from %s, which the source does not have", b.Dockerfile)
				}
				return find(b.context.Location, "Name the Dockerfile in build.dockerfile", "is built from %s, which has no %s", b.Context, path.Base(b.Dockerfile))
			}
			d := p.dockerfiles[b.Dockerfile]
			t := b.Target.Text()
			if d == nil || !t.Known || t.Text == "" || d.Stage(t.Text) != nil {
				return nil
			}
			return find(b.Target.Location, "Name one of its stages: "+d.StageNames(), "builds the stage %s, which %s does not have", t.Text, b.Dockerfile)
		})
	},
}

// isInstalled reports whether a path is in a directory that is not kept with the
// source: a package manager fills it.
func isInstalled(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(dir string) bool { return dir == "vendor" || dir == "node_modules" })
}
