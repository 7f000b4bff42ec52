package source

import (
	"path"
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var shellInstruction = Check{
	Rule: checks.Rule{
		ID:        "source/shell-instruction",
		Title:     "SHELL chooses the shell of the build, and /bin/sh stays what it is",
		Severity:  checks.Low,
		Why:       "The packages of the distribution rely on its own /bin/sh, in their scripts for installation and at run time, and the next update of it puts it back. SHELL changes the shell of RUN, CMD and ENTRYPOINT alone, and says so where it is read.",
		Fix:       `Write SHELL ["/bin/bash", "-o", "pipefail", "-c"].`,
		Reference: "https://docs.docker.com/reference/dockerfile/#shell",
		Aliases:   []string{"DL4005"},
	},
	Good: `
FROM debian:12.8-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
`,
	Bad: `
FROM debian:12.8-slim
RUN ln -sf /bin/bash /bin/sh
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, call := range runCalls(s) {
			words := operands(call.Words[1:])
			if !slices.Contains([]string{"ln", "cp", "mv"}, call.Program()) || len(words) != 2 || !slices.Contains([]string{"/bin/sh", "/usr/bin/sh"}, path.Clean(words[1])) {
				continue
			}
			if name := path.Base(words[0]); dockerfile.IsShell(name) && name != "sh" {
				f := checks.At(call.Location, "%s makes %s the /bin/sh of the whole image", call.Program(), name)
				f.Subject, f.Fix = name, `Write SHELL ["/bin/`+name+`", "-o", "pipefail", "-c"] instead`
				if name == "dash" {
					f.Fix = `Write SHELL ["/bin/dash", "-c"] instead`
				}
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}
