package source

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var removedCopy = Check{
	Rule: checks.Rule{
		ID:        "source/removed-copy",
		Title:     "What only one RUN needs is mounted, not copied and removed",
		Severity:  checks.Low,
		Why:       "The layer of a COPY keeps what a later RUN removes: the wheels, archives or packages that were installed from are in the image a second time.",
		Fix:       "Mount it for the RUN that needs it: RUN --mount=type=bind,from=builder,source=/app/wheels,target=/wheels pip install --no-cache-dir /wheels/*.",
		Reference: "https://docs.docker.com/build/building/best-practices/#add-or-copy",
		Strict:    true,
	},
	Good: `
FROM python:3.12-slim AS builder
RUN pip wheel --no-cache-dir --wheel-dir /wheels flask==3.0.3
FROM python:3.12-slim
RUN --mount=type=bind,from=builder,source=/wheels,target=/wheels pip install --no-cache-dir /wheels/*
`,
	Bad: `
FROM python:3.12-slim AS builder
RUN pip wheel --no-cache-dir --wheel-dir /wheels flask==3.0.3
FROM python:3.12-slim
COPY --from=builder /wheels /wheels
RUN pip install --no-cache-dir /wheels/* && rm -rf /wheels
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, l := range leftovers.Of(s) {
			if l.residue != residueCopy || l.remover == nil {
				continue
			}
			f := checks.At(l.remover.Location, "%s removes %s, which the layer of the %s in line %d keeps", l.remover.Program(), l.name, l.in.Keyword, l.in.Location.Line)
			f.Subject = l.name
			c, _ := l.in.Copy()
			from := ""
			if c.From != "" {
				from = ",from=" + c.From
			}
			f.Fix = fmt.Sprintf("Instead of the %s, write RUN --mount=type=bind%s,source=%s,target=%s", l.in.Keyword, from, l.name, l.removed)
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
