package source

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var instructionOrder = Check{
	Rule: checks.Rule{
		ID:        "source/instruction-order",
		Title:     "What changes seldom comes before what changes often",
		Severity:  checks.Medium,
		Why:       "A layer is rebuilt when one before it changes. Behind the source, system packages are installed again at every change of it. An ARG counts as used by every RUN behind it: behind a date or a commit, no RUN is ever taken from the cache.",
		Fix:       "Order the instructions from those that change least to those that change most: system packages, dependencies, source, then ARG and LABEL of the single build.",
		Reference: "https://docs.docker.com/build/cache/optimize/#order-your-layers",
	},
	Good: `
FROM python:3.12.1-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY . /app
ARG GIT_SHA
LABEL org.opencontainers.image.revision=$GIT_SHA
`,
	Bad: `
FROM python:3.12.1-slim-bookworm
COPY . /app
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		ends := map[*dockerfile.Stage]changes{}
		for _, stage := range s.Stages {
			state := ends[stage.Base]
			for _, in := range stage.Instructions {
				found := state.add(s, in)
				if stage.Reachable {
					findings = append(findings, found...)
				}
			}
			ends[stage] = state
		}
		return checks.Found(findings...)
	},
}

// changes are what an instruction finds before it that changes with every build.
type changes struct {
	source string // what a copy takes the source by; empty without one
	copied *dockerfile.Instruction
	args   []string // the names of ARGs of the single build, not used so far
	set    *dockerfile.Instruction
}

// add enters an instruction, and returns what is wrong with its place.
func (c *changes) add(s *dockerfile.Source, in *dockerfile.Instruction) []checks.Finding {
	if in.Keyword != "LABEL" && in.Keyword != "ENV" && in.Keyword != "ARG" && slices.ContainsFunc(c.args, func(arg string) bool { return mentions(s, in, arg) }) {
		c.args = nil // what follows depends on it with reason
	}
	switch cmd := in.Command.(type) {
	case *instructions.ArgCommand:
		for _, arg := range cmd.Args {
			if c.source != "" || !changesPerBuild(s, arg) {
				continue
			}
			if len(c.args) == 0 {
				c.set = in
			}
			c.args = append(slices.Clip(c.args), arg.Key)
		}
	case *instructions.CopyCommand, *instructions.AddCommand:
		copied, _ := in.Copy()
		if name := takesSource(copied); name != "" && c.source == "" {
			c.source, c.copied, c.args = name, in, nil
		}
	case *instructions.RunCommand:
		return c.judge(in)
	}
	return nil
}

func (c *changes) judge(run *dockerfile.Instruction) []checks.Finding {
	at := slices.IndexFunc(run.Calls, isCostly)
	if at < 0 {
		return nil
	}
	call := run.Calls[at]
	command := call.Program()
	if p, ok := parsePackages(call); ok {
		command = p.command
	}
	switch {
	case len(c.args) > 0:
		names := strings.Join(c.args, " and ARG ")
		f := checks.At(call.Location, "%s comes behind ARG %s (from line %d), so that every build that sets another value runs it again", command, names, c.set.Location.Line)
		f.Subject, f.Severity = command, checks.Low
		f.Fix = "Move ARG " + names + " behind this RUN, to the instructions that use it."
		f.Reference = "https://docs.docker.com/reference/dockerfile/#impact-on-build-caching"
		c.args = nil // said once
		return []checks.Finding{f}
	case c.source != "" && needsNoSource(run):
		f := checks.At(call.Location, "%s comes behind %s %s in line %d, so that every change of the source runs it again", command, c.copied.Keyword, c.source, c.copied.Location.Line)
		f.Subject = command
		f.Fix = "Move this RUN before the " + c.copied.Keyword + "."
		if hasCacheMount(run) {
			f.Severity = checks.Low
		}
		return []checks.Finding{f}
	}
	return nil
}

// sourceDirectories are names of directories that hold the source by tradition.
var sourceDirectories = []string{"src", "app", "source", "cmd", "internal", "pkg", "server", "client", "backend", "frontend"}

// takesSource returns the path by which a copy takes the source from the build
// context, and "" if it does not. What it puts over the system's own files is
// none: packages may depend on that.
func takesSource(c dockerfile.Copy) string {
	if c.Dest.Known && slices.Contains([]string{"/", "/etc", "/usr", "/usr/local"}, path.Clean(c.Dest.Text)) {
		return ""
	}
	for _, name := range c.ContextPaths() {
		if name == "." || slices.Contains(sourceDirectories, path.Base(name)) && !strings.Contains(path.Base(name), ".") {
			return name
		}
	}
	return ""
}

// perBuildArgs are arguments that have another value in every build, or at every
// commit.
var perBuildArgs = []string{
	"BUILD_DATE", "BUILDDATE", "BUILD_TIME", "BUILDTIME", "BUILD_TIMESTAMP", "BUILD_NUMBER", "BUILD_ID", "BUILD_SHA", "BUILD_COMMIT", "BUILD_REVISION",
	"CREATED", "TIMESTAMP", "SOURCE_DATE_EPOCH", "COMMIT", "COMMIT_SHA", "COMMIT_HASH", "COMMIT_ID", "COMMIT_REF", "SHA", "REVISION", "SOURCE_COMMIT",
	"VCS_REF", "VCS_SHA", "VCS_REVISION", "GIT_SHA", "GIT_COMMIT", "GIT_COMMIT_SHA", "GIT_COMMIT_HASH", "GIT_HASH", "GIT_REF", "GIT_REV", "GIT_REVISION", "GIT_DESCRIBE",
	"GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_RUN_NUMBER", "CI_COMMIT_SHA", "CI_COMMIT_SHORT_SHA", "CI_JOB_ID", "CI_PIPELINE_ID", "CI_PIPELINE_IID",
}

// versionArgs are arguments that change with every build if they have no default
// that says something: the version of what is built, not of what it is built with.
var versionArgs = []string{"VERSION", "APP_VERSION", "BUILD_VERSION", "RELEASE", "RELEASE_VERSION", "IMAGE_VERSION", "GIT_TAG", "GIT_VERSION"}

func changesPerBuild(s *dockerfile.Source, arg instructions.KeyValuePairOptional) bool {
	name := strings.ToUpper(arg.Key)
	if slices.Contains(perBuildArgs, name) {
		return true
	}
	if !slices.Contains(versionArgs, name) {
		return false
	}
	value := arg.ValueString()
	for _, in := range s.GlobalArgs {
		for _, global := range in.Command.(*instructions.ArgCommand).Args {
			if global.Key == arg.Key && arg.Value == nil {
				value = global.ValueString()
			}
		}
	}
	return slices.Contains([]string{"", "dev", "devel", "development", "unknown", "none", "local", "snapshot", "0.0.0", "0.0.0-dev"}, strings.ToLower(strings.Trim(value, `"'`)))
}

// mentions reports whether a name stands anywhere in the text of an instruction.
func mentions(s *dockerfile.Source, in *dockerfile.Instruction, name string) bool {
	if in.Location.Line < 1 || in.Location.EndLine > len(s.Lines) {
		return false
	}
	return slices.ContainsFunc(s.Lines[in.Location.Line-1:in.Location.EndLine], func(line string) bool {
		return strings.Contains(line, name)
	})
}

// isCostly reports whether a call installs packages: what a cache is for.
func isCostly(call dockerfile.Call) bool {
	if p, ok := parsePackages(call); ok && (p.action == actionInstall || p.action == actionUpgrade) {
		return p.system || len(p.operands) > 0
	}
	i, ok := parseInstall(call)
	return ok && !i.builds
}

// needsNoSource reports whether all that a RUN does can be done before the source
// is copied: it installs packages by their names, and what else it calls is known
// to have nothing to do with the source.
func needsNoSource(run *dockerfile.Instruction) bool {
	return run.ShellError == nil && !slices.ContainsFunc(run.Calls, usesSource)
}

// sourceless are programs that read no source, or only what a pipe gives them.
var sourceless = []string{
	"set", "true", ":", "echo", "printf", "export", "[", "test", "mkdir", "rm", "ln", "command", "which", "dpkg", "gpg", "apt-key", "locale-gen", "ldconfig",
	"update-ca-certificates", "update-locale", "groupadd", "useradd", "addgroup", "adduser", "usermod", "uname", "exit", "find",
	"add-apt-repository", "dpkg-reconfigure", "debconf-set-selections", "rpm", "sleep",
}

func usesSource(call dockerfile.Call) bool {
	remote := func(word string) bool { return strings.Contains(word, "://") }
	if p, ok := parsePackages(call); ok {
		if p.system {
			return p.action == "build-dep" || slices.ContainsFunc(p.operands, func(o packageOperand) bool { return o.elsewhere && !remote(o.word) })
		}
		named := p.action == actionInstall && len(p.operands) > 0 && !p.has("-r", "--requirement", "-c", "--constraint", "-e", "--editable") &&
			!slices.ContainsFunc(p.operands, func(o packageOperand) bool { return o.elsewhere })
		// Without -g, npm install express installs the manifest's packages, too.
		alone := p.global || slices.Contains([]string{"pip", "gem", "cargo", "conda", "uv"}, p.manager)
		return p.action != actionClean && !(named && alone)
	}
	switch program := call.Program(); program {
	case "curl", "wget":
		return !slices.ContainsFunc(call.Words, remote)
	case "tar", "tee", "bash", "sh", "gunzip", "unzip":
		return len(call.Input) == 0
	case "cd", "sed", "chmod":
		return !slices.ContainsFunc(call.Words[1:], func(w string) bool {
			return strings.HasPrefix(w, "/tmp") || strings.HasPrefix(w, "/etc/") || strings.HasPrefix(w, "/usr/")
		})
	default:
		return !slices.Contains(sourceless, program)
	}
}
