package source

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var unusedStage = Check{
	Rule: checks.Rule{
		ID:        "source/unused-stage",
		Title:     "Every stage without a name is used",
		Severity:  checks.Low,
		Why:       "BuildKit leaves out a stage that the image does not take from: tests in it are not run, and what it makes is not in the image. A stage with a name may be the target of another build, one without a name is hardly meant so.",
		Fix:       "Name the stage with AS and take from it by COPY --from, or remove it.",
		Reference: "https://docs.docker.com/build/building/multi-stage/#differences-between-legacy-builder-and-buildkit",
	},
	Good: `
FROM golang:1.26.8 AS builder
RUN go build -o /app .
FROM golang:1.26.8 AS test
RUN go test ./...
FROM scratch
COPY --from=builder /app /app
`,
	Bad: `
FROM golang:1.26.8
RUN go test ./...
FROM scratch
COPY app /app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Stages[:len(s.Stages)-1] {
			if !stage.Reachable && stage.Name == "" && stage.Index < s.Final.Index {
				findings = append(findings, checks.At(stage.From.Location, "stage %s has no name and is not used by %s: it is not built", stage, s.FinalName()))
			}
		}
		return checks.Found(findings...)
	},
}
