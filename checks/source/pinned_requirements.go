package source

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var pinnedRequirements = Check{
	Rule: checks.Rule{
		ID:        "source/pinned-requirements",
		Title:     "The requirements that pip installs have a version each",
		Severity:  checks.Medium,
		Why:       "A requirement without a version, or with a range, is another one in every build: an update that nobody has tested gets into the image, and the image that worked cannot be built again.",
		Fix:       "Keep the ranges in requirements.in, and write the versions by pip-compile or uv pip compile: flask==3.0.3.",
		Reference: "https://pip.pypa.io/en/stable/topics/repeatable-installs/",
	},
	Good: `
-- Dockerfile --
FROM python:3.12-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
-- requirements.txt --
flask==3.0.3
`,
	Bad: `
-- Dockerfile --
FROM python:3.12-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
-- requirements.txt --
flask>=3
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, file := range requirementsFiles(s) {
			if file.constrained {
				continue
			}
			for _, r := range file.lines {
				if r.pinned() && !movesWithBranch(packages{manager: "pip"}, r.packageOperand) {
					continue
				}
				f := checks.At(r.location, "%s has no version, so that line %d of %s installs the newest", r.name, file.call.Location.Line, s.Path)
				switch {
				case r.elsewhere:
					f.Message = r.word + " names no tag or commit"
					f.Fix = "Add the commit behind the address, as in …@COMMIT"
				case r.constraint != "":
					f.Message = r.name + " may have any version in " + r.constraint
				}
				f.Subject = strings.TrimSpace(r.name)
				if f.Fix == "" {
					f.Fix = "Write " + f.Subject + "==VERSION with the version that was tested; pip-compile does it for all"
				}
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}
