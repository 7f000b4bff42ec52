package source

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var workdirSystem = Check{
	Rule: checks.Rule{
		ID:        "source/workdir-system",
		Title:     "No WORKDIR in a file system of the kernel",
		Severity:  checks.High,
		Why:       "/proc, /sys and /dev are mounted when the container starts, so that nothing in the image's is there; and a working directory below /proc has been the way out of the container, as in CVE-2024-21626.",
		Fix:       "Choose a directory of your own, as in WORKDIR /app.",
		Reference: "https://docs.docker.com/build/building/best-practices/#workdir",
		Aliases:   []string{"DS-0030"},
		Differs:   "DS-0030 refuses /boot, /initrd and /lost+found as well, which are ordinary directories in a container, and passes /sys.",
	},
	Good: `
FROM alpine:3.20
WORKDIR /app
`,
	Bad: `
FROM alpine:3.20
WORKDIR /proc/self/fd/8
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, in := range stage.Instructions {
				cmd, ok := in.Command.(*instructions.WorkdirCommand)
				if !ok {
					continue
				}
				if to := in.Before.Resolve(in.Expand(cmd.Path)); to.Known && isKernelPath(to.Text) {
					findings = append(findings, checks.At(in.Location, "WORKDIR %s is in a file system of the kernel, which is mounted when the container starts", to.Text))
				}
			}
		}
		return checks.Found(findings...)
	},
}

// isKernelPath reports whether an absolute path is in what every container has
// mounted by the kernel.
func isKernelPath(name string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	return first == "proc" || first == "sys" || first == "dev"
}
