package compose

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var developmentTarget = Check{
	Rule: checks.Rule{
		ID:        "compose/development-target",
		Title:     "Development builds the stage for development, production another one",
		Severity:  checks.Medium,
		Why:       "The stage for development has compilers, test tools and debuggers, and reloads the source: in production it is large, slow and open to attack. The one for production lacks what development needs.",
		Fix:       "Set build.target to the stage for development in the Compose file for development, and to the last stage in the one for production.",
		Reference: "https://docs.docker.com/build/building/multi-stage/#stop-at-a-specific-build-stage",
	},
	Good: `
-- compose.yaml --
services:
  app:
    build: {context: ., target: dev}
    volumes: [".:/app", /app/node_modules]
-- compose.prod.yaml --
services:
  app:
    build: {context: ., target: production}
-- Dockerfile --
FROM node:20.20.2-alpine3.22 AS dev
FROM node:20.20.2-alpine3.22 AS production
`,
	Bad: `
-- compose.yaml --
services:
  app:
    build: {context: ., target: dev}
    volumes: [".:/app", /app/node_modules]
-- compose.prod.yaml --
services:
  app:
    build: {context: ., target: dev}
-- Dockerfile --
FROM node:20.20.2-alpine3.22 AS dev
FROM node:20.20.2-alpine3.22 AS production
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			stage := p.stage(service)
			if stage == nil {
				return nil
			}
			b, _ := service.Build()
			at := b.Location
			if b.Target != nil {
				at = b.Target.Location
			}
			if s.base != nil && at.Path == s.base.Path {
				at = service.Location // the place that can say otherwise
			}
			stages := p.dockerfiles[b.Dockerfile].Stages
			last := stages[len(stages)-1]
			switch {
			case s.Production() && stage != last && (isDevelopment(stage.Name) || p.developedIn(service.Name, stage)):
				f := service.find(checks.Medium, at, "of %s builds the stage %s, which is the one for development", s.Top().Path, stage)
				f.Fix = "Set build.target: " + last.String()
				return []checks.Finding{f}
			case s.Development() && stage == last && !isDevelopment(stage.Name):
				dev := developmentStage(stages)
				if _, mounts := p.sourceMount(service); dev == nil || !mounts {
					return nil
				}
				f := service.find(checks.Low, at, "runs the source as it is developed, and builds the stage %s rather than %s", stage, dev)
				f.Fix = "Set build.target: " + dev.String()
				return []checks.Finding{f}
			}
			return nil
		})
	},
}

// developedIn reports whether a service of this name is developed in a stage.
func (p *Project) developedIn(name string, stage *dockerfile.Stage) bool {
	return slices.ContainsFunc(p.Stacks, func(s *Stack) bool {
		service := s.Service(name)
		if service == nil || !s.Development() {
			return false
		}
		_, mounts := p.sourceMount(service)
		return mounts && p.stage(service) == stage
	})
}

// developmentStage returns the stage whose name says that it is to be developed
// in; nil if there is none.
func developmentStage(stages []*dockerfile.Stage) *dockerfile.Stage {
	for _, stage := range stages {
		if slices.Contains([]string{"dev", "devel", "develop", "development", "local"}, stage.Name) {
			return stage
		}
	}
	return nil
}
