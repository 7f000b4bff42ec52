package source

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var sudo = Check{
	Rule: checks.Rule{
		ID:        "source/sudo",
		Title:     "Neither the build nor the image has a use for sudo",
		Severity:  checks.Medium,
		Why:       "sudo is a setuid program with a history of holes. In the image it is a way for the application's user back to root; in a RUN it does nothing, since the build is root unless USER says otherwise, and it changes the environment and hides the signals.",
		Fix:       "Leave sudo out; write USER root before what has to be done by root, and USER 10001 behind it. Where a script changes the user at start, use gosu, su-exec or setpriv.",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Aliases:   []string{"DL3004", "DS-0010", "CKV2_DOCKER_1", "DKL-DI-0001"},
		Differs:   "DL3004, DS-0010, CKV2_DOCKER_1, DKL-DI-0001 find calls. Here these are of low severity; what the image keeps is worse: the package, an entry in /etc/sudoers, and a command that is started by sudo.",
	},
	Good: `
FROM debian:12.8-slim
USER root
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
USER nobody
`,
	Bad: `
FROM debian:12.8-slim
RUN apt-get update && apt-get install -y --no-install-recommends sudo && rm -rf /var/lib/apt/lists/*
RUN echo "nobody ALL=(ALL) NOPASSWD:ALL" > /etc/sudoers.d/nobody
USER nobody
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		add := func(severity checks.Severity, where checks.Location, fix, format string, args ...any) {
			f := checks.At(where, format, args...)
			f.Severity, f.Fix = severity, fix
			findings = append(findings, f)
		}
		for _, stage := range s.Reachable() {
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" {
					continue
				}
				if at := slices.IndexFunc(in.Calls, runsBySudo); at >= 0 {
					call := in.Calls[at]
					fix := "Leave sudo out: the RUN is root already"
					if user := in.Before.User; user != nil {
						fix = "Write USER root before it instead, and " + strings.Join(strings.Fields(strings.Join(user.Text(), " ")), " ") + " behind it"
					}
					add(checks.Low, call.Location, fix, "the build calls %s: %s", sudoOf(call), call)
				}
			}
		}
		for _, call := range startCalls(s.Final) {
			if runsBySudo(call) {
				add(checks.Medium, call.Location, "Start it as the USER that it is to run as", "the container starts %s by %s, so that its USER does not count", call.Program(), sudoOf(call))
			}
		}
		if isWorkbench(s.Final) {
			return checks.Found(findings...)
		}
		chain := s.Final.Chain()
		for _, kept := range packagesKept(chain, func(_ dockerfile.Call, p packages) []string { return packagesNamed(p, "sudo", "doas") }) {
			add(checks.Medium, kept.call.Location, "Leave it out; write USER for the build, and gosu, su-exec or setpriv in an entrypoint that changes the user", "the image gets %s, a way for its user back to root", kept.names[0])
		}
		for _, stage := range chain {
			for _, in := range stage.Instructions {
				if where, ok := grantsRoot(in); ok {
					add(checks.Medium, where, "Leave it out: the application needs no rights of root, or the image is to say USER root", "%s lets a user of the image become root", in.Keyword)
				}
			}
		}
		return checks.Found(findings...)
	},
}

func runsBySudo(call dockerfile.Call) bool { return sudoOf(call) != "" }

// sudoOf returns the program by which a call becomes root; empty if none.
func sudoOf(call dockerfile.Call) string {
	for _, program := range append(slices.Clip(call.Through), call.Program()) {
		if program == "sudo" || program == "doas" {
			return program
		}
	}
	return ""
}

// grantsRoot reports whether an instruction writes into the configuration of sudo,
// or makes a user a member of its group, and where.
func grantsRoot(in *dockerfile.Instruction) (checks.Location, bool) {
	isConfig := func(name string) bool { return strings.HasPrefix(name, "/etc/sudoers") || name == "/etc/doas.conf" }
	switch in.Command.(type) {
	case *instructions.CopyCommand, *instructions.AddCommand:
		c, _ := in.Copy()
		return in.Location, c.Dest.Known && isConfig(c.Dest.Text)
	case *instructions.RunCommand:
	default:
		return checks.Location{}, false
	}
	for _, call := range in.Calls {
		switch call.Program() {
		case "tee":
			if slices.ContainsFunc(call.Words[1:], isConfig) {
				return call.Location, true
			}
		case "usermod", "adduser", "addgroup", "gpasswd", "useradd":
			for _, word := range call.Words[1:] {
				if slices.Contains(strings.Split(word, ","), "sudo") && len(call.Words) > 2 {
					return call.Location, true
				}
			}
		}
	}
	if in.Script == nil || in.Script.File == nil {
		return checks.Location{}, false
	}
	var where checks.Location
	found := false
	syntax.Walk(in.Script.File, func(node syntax.Node) bool {
		if r, ok := node.(*syntax.Redirect); ok && !found && (r.Op == syntax.RdrOut || r.Op == syntax.AppOut || r.Op == syntax.RdrClob) && isConfig(in.Script.Word(r.Word)) {
			found, where = true, in.Script.Location(r)
		}
		return !found
	})
	return where, found
}
