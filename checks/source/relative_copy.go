package source

import (
	"path"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var relativeCopy = Check{
	Rule: checks.Rule{
		ID:        "source/relative-copy",
		Title:     "A copy to a relative path has a WORKDIR before it",
		Severity:  checks.Medium,
		Why:       "Without a WORKDIR the working directory is the base image's: its next version may have another one, and the files land where nobody looks for them.",
		Fix:       "Set WORKDIR /app before the copy, or copy to an absolute path.",
		Reference: "https://docs.docker.com/reference/dockerfile/#copy---destination",
		Aliases:   []string{"DL3045"},
		Differs:   "DL3045 judges COPY alone, in every stage, FROM scratch as well. Here ADD is judged too, stages that the image is not made from are not, and in FROM scratch the working directory is known to be the root.",
	},
	Good: `
FROM node:22-alpine
WORKDIR /app
COPY package.json .
`,
	Bad: `
FROM node:22-alpine
COPY package.json .
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, c := range stage.Copies() {
				if c.Before.Workdir != nil || c.Dir.Known || !c.Dest.Known || isAbsolute(c.Dest.Text) {
					continue
				}
				f := checks.At(c.Location, "%s to %s depends on the working directory of the base image: there is no WORKDIR before it", c.Keyword, c.Dest.Text)
				f.Fix = "Set WORKDIR /app before it, or copy to an absolute path, as in " + path.Join("/app", c.Dest.Text)
				if strings.HasSuffix(c.Dest.Text, "/") || path.Clean(c.Dest.Text) == "." {
					f.Fix += "/"
				}
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// isAbsolute reports whether a path of a container is absolute, on Linux or
// Windows.
func isAbsolute(name string) bool {
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`) || len(name) > 1 && name[1] == ':'
}
