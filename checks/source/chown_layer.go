package source

import (
	"fmt"
	"path"
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var chownLayer = Check{
	Rule: checks.Rule{
		ID:        "source/chown-layer",
		Title:     "COPY sets owner and mode by itself",
		Severity:  checks.Medium,
		Why:       "A RUN that changes the owner or the mode of files of an earlier layer writes each of them once more: the image holds them twice.",
		Fix:       "Write COPY --chown=app:app or COPY --chmod=0755, and remove the RUN.",
		Reference: "https://docs.docker.com/reference/dockerfile/#copy---chown---chmod",
	},
	Good: `
FROM node:22.12.0-alpine
WORKDIR /app
COPY --chown=node:node . .
USER node
`,
	Bad: `
FROM node:22.12.0-alpine
WORKDIR /app
COPY . .
RUN chown -R node:node /app
USER node
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		var copies []dockerfile.Copy
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				if c, ok := in.Copy(); ok {
					if weighs(s, c) {
						copies = append(copies, c)
					}
					continue
				}
				if in.Keyword != "RUN" {
					continue
				}
				for i, call := range in.Calls {
					o, ok := parseOwnership(in, i)
					if !ok || !o.recursive {
						continue
					}
					if c, name, ok := o.rewrites(in, copies); ok {
						f := checks.At(call.Location, "%s -R writes what line %d copies to %s once more, into another layer", o.program, c.Location.Line, name)
						f.Subject = name
						flag := map[string]string{"chown": "--chown=", "chgrp": "--chown=:", "chmod": "--chmod="}[o.program] + o.value
						f.Fix = fmt.Sprintf("Write %s %s in line %d, and take %s out of the %s.", c.Keyword, flag, c.Location.Line, name, o.program)
						findings = append(findings, f)
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// weighs reports whether a copy may bring more than a few small files: manifests
// and configuration that it names are not worth a word.
func weighs(s *dockerfile.Source, c dockerfile.Copy) bool {
	if c.From != "" {
		return true
	}
	return slices.ContainsFunc(c.ContextPaths(), func(name string) bool {
		switch ext := path.Ext(name); {
		case s.IsDir(name):
			return true
		case name != "." && s.Exists(name), ext != "" && name != ".":
			return slices.Contains([]string{".jar", ".war", ".ear", ".zip", ".gz", ".tgz", ".xz", ".bz2", ".tar", ".whl", ".deb", ".rpm", ".bin"}, ext)
		}
		return true
	})
}

// rewrites returns the first of the copies all of whose files it changes, and
// where they are.
func (o ownership) rewrites(in *dockerfile.Instruction, copies []dockerfile.Copy) (dockerfile.Copy, string, bool) {
	for _, target := range o.paths {
		if mounted(in, target) {
			continue
		}
		for _, c := range copies {
			to := c.Before.Resolve(c.Dest)
			if to.Known && liesIn(to.Text, target) {
				return c, to.Text, true
			}
		}
	}
	return dockerfile.Copy{}, "", false
}
