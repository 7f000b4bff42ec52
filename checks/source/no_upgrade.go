package source

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var noUpgrade = Check{
	Rule: checks.Rule{
		ID:        "source/no-upgrade",
		Title:     "The packages of the base image are updated by a newer base image",
		Severity:  checks.Low,
		Why:       "An upgrade of everything makes another image of the same source every day, writes the upgraded packages a second time, and looks safer than it is: its layer stays in the build cache, so that nothing is upgraded until a line before it changes.",
		Fix:       "Take a newer version or digest of the base image, by a bot such as Renovate, and rebuild; upgrade one package by its name where the base image lags behind.",
		Reference: "https://docs.docker.com/build/building/best-practices/#rebuild-your-images-often",
		Aliases:   []string{"DL3005", "DL3017", "DL3035", "DS-0024", "DKL-DI-0003"},
		Differs:   "DL3005, DL3017, DL3035, DS-0024, DKL-DI-0003: advice for who wants reproducible builds, in the strict profile alone, and never more than a warning, since others upgrade on purpose to get security updates sooner.",
		Strict:    true,
	},
	Good: `
FROM debian:12.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12.11-slim
RUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, call := range runCalls(s) {
			p, ok := parsePackages(call)
			// Named packages are meant, and security updates alone are not everything.
			if !ok || !p.system || p.action != actionUpgrade || len(p.operands) > 0 || p.has("--security", "--category", "--patch") {
				continue
			}
			f := checks.At(call.Location, "%s upgrades every package of the base image", p.command)
			f.Subject = p.command
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
