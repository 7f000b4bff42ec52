package source

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var copyDestination = Check{
	Rule: checks.Rule{
		ID:        "source/copy-destination",
		Title:     "The destination of several files ends with a slash",
		Severity:  checks.Medium,
		Why:       "Without the slash, and where there is no such directory yet, the destination is the name of a file: each source replaces the one before it, and the build does not say so.",
		Fix:       "End the destination with a slash, as in COPY package.json package-lock.json ./.",
		Reference: "https://docs.docker.com/reference/dockerfile/#destination",
		Aliases:   []string{"DL3021", "DS-0011"},
		Differs:   "DL3021 and DS-0011 report a destination that is a directory already, as the WORKDIR, and sources that are directories, too.",
	},
	Good: `
FROM node:20.20.2-alpine3.22
COPY package.json package-lock.json /srv/app/
`,
	Bad: `
FROM node:20.20.2-alpine3.22
COPY package.json package-lock.json /srv/app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, c := range stage.Copies() {
				if c.Trigger || !c.Dest.Known || sourcesOf(c) < 2 || !namesFile(c.Dest.Text) || isDirectory(s, c) {
					continue
				}
				f := checks.At(c.Find(c.Dest.Raw), "%s of %d sources to %s, which is the name of a file if there is no such directory: the last source replaces the others",
					c.Keyword, sourcesOf(c), c.Dest.Text)
				f.Fix = "Write " + c.Dest.Raw + "/ as the destination."
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// sourcesOf counts what a copy takes, heredocs included.
func sourcesOf(c dockerfile.Copy) int {
	switch cmd := c.Command.(type) {
	case *instructions.CopyCommand:
		return len(c.Sources) + len(cmd.SourceContents)
	case *instructions.AddCommand:
		return len(c.Sources) + len(cmd.SourceContents)
	}
	return len(c.Sources)
}

// namesFile reports whether a destination may be taken for a file.
func namesFile(dest string) bool {
	last := dest[strings.LastIndexAny(dest, `/\`)+1:]
	return !slices.Contains([]string{"", ".", ".."}, last)
}

// systemDirectories are in every image of a distribution.
var systemDirectories = []string{"/bin", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/root", "/run", "/sbin", "/srv", "/tmp", "/usr", "/var"}

// isDirectory reports whether the destination of a copy is a directory when the
// copy is made, as far as the Dockerfile tells: one of the system, a WORKDIR, one
// that an earlier instruction makes, or one that the first source makes.
func isDirectory(s *dockerfile.Source, c dockerfile.Copy) bool {
	if paths := c.ContextPaths(); len(paths) > 0 && len(paths) == len(c.Sources) && s.IsDir(paths[0]) {
		return true
	}
	dest := path.Clean(c.Dest.Text)
	if slices.Contains(systemDirectories, dest) || strings.HasPrefix(dest, "/usr/local/") && strings.Count(dest, "/") == 3 || dest == "/usr/bin" {
		return true
	}
	for stage := c.Stage; stage != nil; stage = stage.Base {
		for _, in := range stage.Instructions {
			if stage == c.Stage && in == c.Instruction {
				break
			}
			if makesDirectory(in, dest) {
				return true
			}
		}
	}
	return false
}

// makesDirectory reports whether an instruction names the directory, or a path
// below it, as one to make.
func makesDirectory(in *dockerfile.Instruction, dir string) bool {
	within := func(name string) bool {
		name = path.Clean(name)
		return name == dir || strings.HasPrefix(name, dir+"/")
	}
	if workdir, ok := in.Command.(*instructions.WorkdirCommand); ok {
		return within(in.Expand(workdir.Path).Text)
	}
	if c, ok := in.Copy(); ok {
		return within(c.Dest.Text) && (!namesFile(c.Dest.Text) || path.Clean(c.Dest.Text) != dir)
	}
	for _, call := range in.Calls {
		if (call.Program() == "mkdir" || call.Program() == "install") && slices.ContainsFunc(call.Words[1:], within) {
			return true
		}
	}
	return false
}
