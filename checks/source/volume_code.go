package source

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var volumeCode = Check{
	Rule: checks.Rule{
		ID:        "source/volume-code",
		Title:     "No VOLUME over the application's code",
		Severity:  checks.Medium,
		Why:       "A volume is filled from the image once. The container of the next version gets the volume of the last one, as Compose hands it on, and runs the old code.",
		Fix:       "Declare only the directory of the data, as in VOLUME /app/data, or none.",
		Reference: "https://docs.docker.com/reference/dockerfile/#volume",
	},
	Good: `
FROM node:22-alpine
WORKDIR /app
COPY . .
VOLUME /app/data
`,
	Bad: `
FROM node:22-alpine
WORKDIR /app
COPY . .
VOLUME /app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		directory := s.Final.Config.Directory
		list := imageVolumes(s)
		if len(list) == 0 || !directory.Known {
			return checks.Outcome{}
		}
		var findings []checks.Finding
		for _, v := range list {
			if v.path == "/" || !liesIn(directory.Text, v.path) {
				continue
			}
			if c, to, ok := copyInto(s, v.path); ok {
				findings = append(findings, checks.At(v.Find(v.raw), "VOLUME %s holds the working directory %s, and what line %d copies to %s", v.path, directory.Text, c.Location.Line, to))
			}
		}
		return checks.Found(findings...)
	},
}

// copyInto returns the first copy of the image's stages that writes into a
// directory, and where to.
func copyInto(s *dockerfile.Source, directory string) (dockerfile.Copy, string, bool) {
	for _, stage := range s.Final.Chain() {
		for _, c := range stage.Copies() {
			if to := c.Before.Resolve(c.Dest); to.Known && liesIn(to.Text, directory) {
				return c, to.Text, true
			}
		}
	}
	return dockerfile.Copy{}, "", false
}

// liesIn reports whether a path is a directory or lies in it; both are clean.
func liesIn(name, directory string) bool {
	return name == directory || strings.HasPrefix(name, strings.TrimSuffix(directory, "/")+"/")
}
