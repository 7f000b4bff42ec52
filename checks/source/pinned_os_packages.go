package source

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var pinnedOSPackages = Check{
	Rule: checks.Rule{
		ID:        "source/pinned-os-packages",
		Title:     "Packages of the operating system have a version, or come from a dated repository",
		Severity:  checks.Medium,
		Why:       "apt-get install curl takes whatever the distribution has on that day: two builds of the same source differ, and what was tested is not what is deployed.",
		Fix:       "Name the version, as in apt-get install -y curl=7.88.1-10+deb12u5, or take the packages from snapshot.debian.org or snapshot.ubuntu.com of one day.",
		Reference: "https://docs.docker.com/build/building/best-practices/#apt-get",
		Aliases:   []string{"DL3008", "DL3018", "DL3033", "DL3037", "DL3041"},
		Differs:   "DL3008, DL3018, DL3033, DL3037, DL3041: in the strict profile alone, since distributions remove old versions, so that pinned ones have to be kept up by a bot; one finding for each call; a repository of one day counts as a version, a range and a release do not.",
		Strict:    true,
	},
	Good: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.1-10+deb12u5 && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		dated := map[*dockerfile.Stage]bool{}
		for _, stage := range s.Stages {
			dated[stage] = dated[stage.Base]
			for _, in := range stage.Instructions {
				dated[stage] = dated[stage] || namesSnapshot(s, in)
				if !stage.Reachable || in.Keyword != "RUN" || dated[stage] {
					continue
				}
				for _, call := range in.Calls {
					if f, ok := judgeOSPackages(call); ok {
						findings = append(findings, f)
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// namesSnapshot reports whether an instruction speaks of a repository as it was
// on one day.
func namesSnapshot(s *dockerfile.Source, in *dockerfile.Instruction) bool {
	for n := in.Location.Line; n >= 1 && n <= in.Location.EndLine && n <= len(s.Lines); n++ {
		line := s.Lines[n-1]
		for _, name := range []string{"snapshot.debian.org", "snapshot.ubuntu.com", "snapshot-cloudflare.debian.org", "APT::Snapshot", "--snapshot"} {
			if strings.Contains(line, name) {
				return true
			}
		}
	}
	return false
}

func judgeOSPackages(call dockerfile.Call) (checks.Finding, bool) {
	p, ok := parsePackages(call)
	if !ok || !p.system || p.action != actionInstall {
		return checks.Finding{}, false
	}
	var names []string
	first := packageOperand{}
	for _, o := range p.operands {
		if o.pinned() || strings.HasPrefix(o.word, ".") {
			continue // a name with a dot is one of apk's virtual packages
		}
		if names = append(names, o.name); len(names) == 1 {
			first = o
		}
	}
	if len(names) == 0 {
		return checks.Finding{}, false
	}
	f := checks.At(call.WordLocation(first.index), "%s takes whatever version there is of %s", p.command, strings.Join(names, ", "))
	f.Subject = strings.Join(names, " ")
	f.Fix = "Write " + first.name + versionForm(p) + " with the version that was tested, or install from a repository of one day"
	return f, true
}
