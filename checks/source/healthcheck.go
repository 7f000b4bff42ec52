package source

import (
	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var healthcheck = Check{
	Rule: checks.Rule{
		ID:        "source/healthcheck",
		Title:     "The image has a HEALTHCHECK",
		Severity:  checks.Medium, // its base image may have one: image/healthcheck sees that, and blocks
		Why:       "Without a health check, an application that hangs counts as running: it is not restarted, and it goes on getting requests.",
		Fix:       "Add to the last stage, with a program that the image has: HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 CMD wget --no-verbose --tries=1 --spider http://localhost:8000/health/live || exit 1",
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
		Aliases:   []string{"DL3057", "DS-0026", "CKV_DOCKER_2", "CIS-DI-0006", "CIS-4.6"},
		Differs:   "DS-0026 and CKV_DOCKER_2 accept the HEALTHCHECK of any stage, and HEALTHCHECK NONE; DL3057 is ignored unless it is asked for. Here the one counts that the image ends with, and NONE turns it off.",
	},
	Good: `
FROM nginx:1.27-alpine
HEALTHCHECK --interval=30s --timeout=10s CMD wget --spider http://localhost/ || exit 1
`,
	Bad: `
FROM nginx:1.27-alpine
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		in := s.Final.Config.Healthcheck
		if in == nil {
			f := checks.At(s.Final.From.Location, "%s has no HEALTHCHECK", s.FinalName())
			f.Fix = addHealthcheck(s)
			return checks.Found(f)
		}
		test := in.Command.(*instructions.HealthCheckCommand).Health.Test
		if len(test) == 0 || test[0] == "NONE" {
			f := checks.At(in.Location, "HEALTHCHECK NONE turns the health check off")
			f.Severity = checks.High
			return checks.Found(f)
		}
		return checks.Passed("HEALTHCHECK in line %d", in.Location.Line)
	},
}
