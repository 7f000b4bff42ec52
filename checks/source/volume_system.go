package source

import (
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var volumeSystem = Check{
	Rule: checks.Rule{
		ID:        "source/volume-system",
		Title:     "No VOLUME over a directory of the system",
		Severity:  checks.Medium,
		Why:       "A volume keeps what the first container had there: programs, libraries and accounts below it stay old when the image is patched. Over /proc, /sys or /dev it hides the kernel's own.",
		Fix:       "Declare the directory of the application's data alone, as in VOLUME /var/lib/app, or none: who runs the container can mount one anywhere.",
		Reference: "https://docs.docker.com/reference/dockerfile/#volume",
		Aliases:   []string{"DKL-DI-0002"},
		Differs:   "DKL-DI-0002 judges /dev, /proc and /sys in the history of the image. Here directories of programs, libraries and accounts are judged too.",
	},
	Good: `
FROM alpine:3.20
VOLUME /var/lib/app
`,
	Bad: `
FROM alpine:3.20
VOLUME ["/etc"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, v := range imageVolumes(s) {
			if isKernelPath(v.path) || slices.Contains(packageDirectories, v.path) {
				findings = append(findings, checks.At(v.Find(v.raw), "VOLUME %s is a directory of the system", v.path))
			}
		}
		return checks.Found(findings...)
	},
}

// packageDirectories hold what the system's packages bring. What an application
// keeps below them, as in /etc/app, is its own.
var packageDirectories = []string{
	"/", "/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/sbin",
	"/usr", "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/sbin",
}

// volume is one path of a VOLUME, absolute and clean.
type volume struct {
	*dockerfile.Instruction
	path, raw string
}

// imageVolumes returns the volumes that the image has, as far as they are known.
func imageVolumes(s *dockerfile.Source) []volume {
	var all []volume
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			cmd, ok := in.Command.(*instructions.VolumeCommand)
			if !ok {
				continue
			}
			for _, name := range cmd.Volumes {
				if to := in.Before.Resolve(in.Expand(name)); to.Known {
					all = append(all, volume{in, to.Text, name})
				}
			}
		}
	}
	return all
}
