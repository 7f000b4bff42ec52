package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var dockerignoreNeeded = Check{
	Rule: checks.Rule{
		ID:        "source/dockerignore-needed",
		Title:     "The ignore file leaves in what the build needs",
		Severity:  checks.Medium,
		Why:       "A file that the ignore file leaves out is not there for COPY: the build fails, or goes on without it. Without its lock file a package manager installs other versions than those that were tested.",
		Fix:       "Remove the pattern from the ignore file, or take the file back with a line !name behind it.",
		Reference: "https://docs.docker.com/build/concepts/context/#negating-matches",
	},
	Good: `
-- Dockerfile --
FROM node:20-alpine
COPY package*.json ./
RUN npm ci
COPY src ./src
-- package.json --
{}
-- package-lock.json --
{}
-- .dockerignore --
*
!package*.json
!src
`,
	Bad: `
-- Dockerfile --
FROM node:20-alpine
COPY package*.json ./
RUN npm install
COPY src ./src
-- package.json --
{}
-- package-lock.json --
{}
-- .dockerignore --
*
!package.json
!src
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		if len(s.Ignore.Lines) == 0 {
			return checks.Outcome{}
		}
		j := neededJudge{source: s, reported: map[string]bool{}}
		for _, stage := range s.Reachable() {
			j.judge(stage)
		}
		return checks.Found(j.findings...)
	},
}

type neededJudge struct {
	source   *dockerfile.Source
	reported map[string]bool // what is said of which path
	findings []checks.Finding
}

func (j *neededJudge) judge(stage *dockerfile.Stage) {
	var taken []dockerfile.Copy // from the context, so far
	for _, in := range stage.Instructions {
		if c, ok := in.Copy(); ok && len(c.ContextPaths()) > 0 {
			taken = append(taken, c)
			for _, name := range c.ContextPaths() {
				j.copied(c, name)
			}
		}
		for _, call := range in.Calls {
			if i, ok := parseInstall(call); ok {
				j.installed(taken, in, i)
			}
		}
	}
}

// copied judges a path or pattern that a COPY or ADD takes. Where no line is an
// exception, BuildKit's own rule does so for all that is written out.
func (j *neededJudge) copied(c dockerfile.Copy, name string) {
	if name == "." {
		return
	}
	if !strings.ContainsAny(name, "*?[") {
		if j.source.Ignore.Exceptions() && j.leftOut(name) {
			j.report(name, c.Keyword+" in line", c.Instruction)
		}
		return
	}
	if excluded, err := j.source.Ignore.Excludes(name); err != nil || excluded && !j.source.Ignore.Exceptions() {
		return
	}
	// What a pattern matches is known only where it is there.
	dir, base := path.Split(name)
	if strings.ContainsAny(dir, "*?[") {
		return
	}
	entries, err := j.source.ReadDir(path.Clean("./" + dir))
	if err != nil {
		return
	}
	var all []string
	for _, entry := range entries {
		if ok, err := path.Match(base, entry.Name()); err == nil && ok {
			file := dir + entry.Name()
			if c.Excludes(entry.Name()) || !j.leftOut(file) {
				return
			}
			all = append(all, file)
		}
	}
	if len(all) > 0 {
		j.report(all[0], c.Keyword+" "+name+" in line", c.Instruction)
	}
}

// installed judges a call that installs what a manifest lists: whether the
// manifest and lock file that are there get into the stage with the others.
func (j *neededJudge) installed(taken []dockerfile.Copy, in *dockerfile.Instruction, i install) {
	for _, manifest := range i.manifests {
		for _, c := range taken {
			for _, name := range c.ContextPaths() {
				dir, pattern := path.Split(name)
				matches, err := path.Match(pattern, manifest)
				switch {
				case name == ".":
					dir = ""
				case strings.ContainsAny(dir, "*?["):
					continue
				case err == nil && matches && strings.ContainsAny(pattern, "*?["):
				default:
					continue // written out, it is judged where it is copied
				}
				file := dir + manifest
				if !c.Excludes(manifest) && j.leftOut(file) && j.source.Exists(file) && !j.writtenOut(taken, manifest) {
					j.report(file, i.command+" in line", in)
				}
			}
		}
	}
}

// writtenOut reports whether one of the copies names a file of this name.
func (j *neededJudge) writtenOut(taken []dockerfile.Copy, base string) bool {
	return slices.ContainsFunc(taken, func(c dockerfile.Copy) bool {
		return slices.ContainsFunc(c.ContextPaths(), func(name string) bool { return path.Base(name) == base })
	})
}

// leftOut reports whether the ignore file leaves out a path and all below it.
func (j *neededJudge) leftOut(name string) bool {
	if excluded, err := j.source.Ignore.Excludes(name); err != nil || !excluded {
		return false
	}
	return !slices.ContainsFunc(j.source.Ignore.Lines, func(line dockerfile.IgnoreLine) bool {
		return line.Exception && line.MayMatchBelow(name)
	})
}

func (j *neededJudge) report(name, by string, in *dockerfile.Instruction) {
	line, ok := j.source.Ignore.Decides(name)
	if !ok || j.reported[name] {
		return
	}
	j.reported[name] = true
	f := checks.At(line.Location, "%s leaves out %s, which %s %d needs", line.Text, name, by, in.Location.Line)
	f.Subject = name
	f.Fix = "Write !" + name + " behind it"
	if line.Pattern == name {
		f.Fix = "Remove the line " + line.Text
	}
	j.findings = append(j.findings, f)
}
