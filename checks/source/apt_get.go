package source

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var aptGet = Check{
	Rule: checks.Rule{
		ID:        "source/apt-get",
		Title:     "Scripts call apt-get and apt-cache, not apt",
		Severity:  checks.Low,
		Why:       "apt is for people at a terminal: its output and options change from release to release, as it warns itself, so that a newer base image can break the build or what reads its output.",
		Fix:       "Write apt-get for install, update, upgrade and remove, and apt-cache for search and show.",
		Reference: "https://manpages.debian.org/stable/apt/apt.8.en.html#SCRIPT_USAGE_AND_DIFFERENCES_FROM_OTHER_APT_TOOLS",
		Aliases:   []string{"DL3027", "CKV_DOCKER_9"},
		Differs:   "DL3027, CKV_DOCKER_9: one finding for each RUN.",
	},
	Good: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
RUN apt update && apt install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		var last *dockerfile.Instruction
		for in, call := range runCalls(s) {
			p, ok := parsePackages(call)
			if !ok || in == last || call.Program() != "apt" || p.action == "" {
				continue
			}
			last = in
			instead := "apt-get"
			switch p.action {
			case "search", "show", "list", "policy", "depends", "rdepends", "showsrc":
				instead = "apt-cache"
			}
			f := checks.At(call.WordLocation(0), "%s has no stable interface for scripts", p.command)
			f.Subject = p.command
			f.Fix = "Write " + instead + strings.TrimPrefix(p.command, "apt")
			if p.action == "list" {
				f.Fix = "Write dpkg-query --list, or apt-cache pkgnames"
			}
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
