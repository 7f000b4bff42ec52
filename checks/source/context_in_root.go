package source

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var contextInRoot = Check{
	Rule: checks.Rule{
		ID:        "source/context-in-root",
		Title:     "The build context is copied into a directory of its own",
		Severity:  checks.Medium,
		Why:       "In the root directory the files of the project lie between those of the system: a directory bin, lib or etc of the project is merged into the system's, nothing can be given to a user as a whole, and a tool that walks the project walks /proc and /usr as well.",
		Fix:       "Write WORKDIR /app and COPY . . instead.",
		Reference: "https://docs.docker.com/build/building/best-practices/#workdir",
	},
	Good: `
FROM python:3.12.8-slim
WORKDIR /app
COPY . .
`,
	Bad: `
FROM python:3.12.8-slim
COPY . /
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		if root := s.Final.Root().BaseName; s.Windows() || root.Text == dockerfile.Scratch || isRootFileSystem(s) {
			return checks.Outcome{}
		}
		var findings []checks.Finding
		for _, stage := range s.Final.Chain() {
			for _, c := range stage.Copies() {
				if !c.TakesContext() || c.Before.Resolve(c.Dest).Text != "/" {
					continue
				}
				f := checks.At(c.Location, "%s puts the build context into the root directory, between the files of the system", c.Keyword)
				if c.Dest.Text != "/" {
					f.Fix = "Write WORKDIR /app before it."
				}
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// isRootFileSystem reports whether the build context is laid out as what lies in the
// root directory of a system, and so is meant to lie there.
func isRootFileSystem(s *dockerfile.Source) bool {
	return slices.ContainsFunc([]string{"etc", "usr", "opt", "var", "root"}, s.IsDir)
}
