package source

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var execForm = Check{
	Rule: checks.Rule{
		ID:        "source/exec-form",
		Title:     "CMD and ENTRYPOINT are in exec form",
		Severity:  checks.High,
		Why:       "In shell form a shell is the main process. It gets the stop signal and does not pass it on, so that the application is killed after the grace period with its requests open.",
		Fix:       `Write the command as a JSON array, as in CMD ["node", "dist/main.js"].`,
		Reference: "https://docs.docker.com/reference/build-checks/json-args-recommended/",
		Aliases:   []string{"DL3025", "JSONArgsRecommended"},
	},
	Good: `
FROM node:20-alpine
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node", "dist/main.js"]
`,
	Bad: `
FROM node:20-alpine
CMD node dist/main.js
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		config := s.Final.Config
		if config.Entrypoint == nil && config.Cmd == nil {
			return checks.Skip("the Dockerfile has neither CMD nor ENTRYPOINT; the base image's count")
		}
		var findings []checks.Finding
		st := newStart(s)
		for _, in := range []*dockerfile.Instruction{config.Entrypoint, config.Cmd} {
			if in == nil {
				continue
			}
			if line := commandLine(in); line.PrependShell && !st.endsInExec(in) {
				f := checks.At(in.Location, "%s is in shell form: the stop signal goes to the shell, not to the application", in.Keyword)
				f.Subject = in.Keyword
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// commandLine returns the command line of a CMD or ENTRYPOINT.
func commandLine(in *dockerfile.Instruction) instructions.ShellDependantCmdLine {
	if cmd, ok := in.Command.(*instructions.EntrypointCommand); ok {
		return cmd.ShellDependantCmdLine
	}
	return in.Command.(*instructions.CmdCommand).ShellDependantCmdLine
}

// isExec reports whether a shell's command line replaces the shell by the
// application, which then gets the signals.
func isExec(line []string) bool {
	fields := strings.Fields(strings.Join(line, " "))
	return len(fields) > 1 && fields[0] == "exec"
}
