package source

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var debianFrontend = Check{
	Rule: checks.Rule{
		ID:        "source/debian-frontend",
		Title:     "DEBIAN_FRONTEND is set for the build alone",
		Severity:  checks.Low,
		Why:       "An ENV stays in every container, and in every image that is built on this one: whoever installs something there is never asked, and gets defaults without knowing.",
		Fix:       "Write ARG DEBIAN_FRONTEND=noninteractive, which ends with the stage, or set it for the one call: DEBIAN_FRONTEND=noninteractive apt-get install -y ….",
		Reference: "https://docs.docker.com/reference/dockerfile/#env",
	},
	Good: `
FROM debian:12-slim
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends tzdata && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends tzdata && rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		for _, v := range s.Final.Env() {
			if v.Name == "DEBIAN_FRONTEND" && strings.EqualFold(v.Value.Text, "noninteractive") {
				return checks.Found(checks.At(v.Instruction.Find(v.Name), "ENV DEBIAN_FRONTEND=%s stays in every container of the image", v.Value.Text))
			}
		}
		return checks.Outcome{}
	},
}
