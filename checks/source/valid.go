package source

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var valid = Check{
	Rule: checks.Rule{
		ID:        "source/valid",
		Title:     "BuildKit accepts the Dockerfile",
		Severity:  checks.High,
		Why:       "What BuildKit rejects cannot be built. It stops at the first error; here all of them are named, and its rules are judged to the end.",
		Fix:       "Mend what the message names. If it is an ARG without a default, give it one or pass it with --build-arg.",
		Reference: "https://docs.docker.com/reference/dockerfile/",
		// A stage that copies from itself, a port out of range, a chained ONBUILD, and
		// an instruction before the first FROM.
		Aliases: []string{"DL3023", "DS-0006", "DL3011", "DS-0008", "DL3043", "DL3061"},
	},
	Good: `
FROM alpine:3.20 AS build
FROM scratch
COPY --from=build /etc/os-release /
`,
	Bad: `
FROM scratch
COPY --from=runtime /etc/os-release /
FROM scratch AS runtime
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		lint := s.Lint()
		if lint.Err != nil {
			return checks.Broken(lint.Err)
		}
		return checks.Found(lint.Rejected...)
	},
}
