package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var buildTools = Check{
	Rule: checks.Rule{
		ID:        "source/build-tools",
		Title:     "The image keeps no tools to build with",
		Severity:  checks.Medium,
		Why:       "Compilers, make and headers are hundreds of megabytes that the application never uses. They bring vulnerabilities of their own, and whoever gets into the container finds all that an exploit needs to be compiled.",
		Fix:       "Install them in the stage that builds; or remove them in the RUN that installs them: apk add --virtual .build gcc musl-dev && … && apk del .build, or apt-get purge -y --auto-remove gcc.",
		Reference: "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
		Aliases:   []string{"CIS-4.3"},
		Differs:   "CIS-4.3 has every package checked by hand. Here it is those that only a build needs; what else the image does not use is left to source/interactive-tools and to the scanner.",
	},
	Good: `
FROM python:3.12.8-slim AS builder
RUN apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip wheel --wheel-dir /wheels -r requirements.txt

FROM python:3.12.8-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/*
RUN --mount=from=builder,source=/wheels,target=/wheels pip install --no-cache-dir /wheels/*
CMD ["python", "-m", "app"]
`,
	Bad: `
FROM python:3.12.8-slim AS builder
COPY requirements.txt .
RUN pip wheel --wheel-dir /wheels -r requirements.txt

FROM python:3.12.8-slim
RUN apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev \
    && rm -rf /var/lib/apt/lists/*
RUN --mount=from=builder,source=/wheels,target=/wheels pip install --no-cache-dir /wheels/*
CMD ["python", "-m", "app"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		chain := s.Final.Chain()
		var findings []checks.Finding
		for _, kept := range keptBuildTools(s) {
			names := strings.Join(kept.names, ", ")
			f := checks.At(kept.call.Location, "the image keeps %s, which only a build needs", names)
			if names == "git" {
				f.Message = "the image keeps git, which a RUN clones with, and the container does not start"
			}
			f.Subject = names
			f.Fix = "Install them in the stage that builds, and copy the result by COPY --from; or remove them at the end of this RUN, by " + removalOf(kept.call)
			if line := removalLine(chain, kept); line > 0 {
				f.Message += fmt.Sprintf("; that line %d removes them does not take them out of the layer", line)
			}
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// keptBuildTools returns the packages that only a build needs, and the image keeps.
func keptBuildTools(s *dockerfile.Source) []keptPackages {
	chain := s.Final.Chain()
	if _, ok := builtInOneStage(s); ok || !runsSomething(s.Final, chain) || isWorkbench(s.Final) {
		return nil
	}
	extensions := buildsExtensions(chain)
	clones := clonesRepositories(chain)
	return packagesKept(chain, func(call dockerfile.Call, p packages) []string {
		names := buildPackages(call, extensions)
		if clones {
			names = append(names, packagesNamed(p, "git")...)
		}
		return names
	})
}

// runsSomething reports whether an image is one to run: it says how, has the source
// in it, or takes what another stage has made.
func runsSomething(final *dockerfile.Stage, chain []*dockerfile.Stage) bool {
	if isApplication(final, chain) {
		return true
	}
	for _, stage := range chain {
		for _, ref := range stage.References {
			if ref.Instruction.Keyword != "COPY" || ref.Stage == nil {
				continue
			}
			if slices.ContainsFunc(ref.Stage.Chain(), func(from *dockerfile.Stage) bool {
				return slices.ContainsFunc(from.Instructions, func(in *dockerfile.Instruction) bool { return in.Keyword == "RUN" })
			}) {
				return true
			}
		}
	}
	return false
}

// workNames are words of the names of stages to work in, beside those of the
// development.
var workNames = []string{"devcontainer", "lint", "ci", "debug"}

// isWorkName reports whether a word says that a stage is there to work in.
func isWorkName(word string) bool { return isDevelopmentName(word) || slices.Contains(workNames, word) }

// isWorkbench reports whether an image says that it is there to build, to test or
// to work in: by its name, or by a command that is a build, a test or a shell.
func isWorkbench(final *dockerfile.Stage) bool {
	words := strings.FieldsFunc(final.Name, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	if slices.ContainsFunc(words, isWorkName) {
		return true
	}
	calls := startCalls(final)
	return slices.ContainsFunc(calls, func(call dockerfile.Call) bool {
		program := call.Program()
		_, builds := buildProgramsWith[program]
		switch {
		case slices.Contains(buildPrograms, program), builds && program != "next" && program != "nuxt" && program != "vite" && program != "ng" && program != "mix":
			return true
		case dockerfile.IsShell(program):
			return len(call.Words) == 1 || call.Words[1] == "-l" || call.Words[1] == "-i" || call.Words[1] == "--login"
		case slices.Contains([]string{"pytest", "tox", "nox", "jest", "vitest", "mocha", "phpunit", "rspec", "playwright", "cypress", "protoc", "buf"}, program):
			return true
		case len(call.Words) == 1:
			return slices.Contains([]string{"go", "cargo", "mvn", "gradle", "dotnet", "npm", "yarn", "pnpm", "rustc", "composer"}, program)
		case program == "sleep" || program == "tail":
			return call.Words[1] == "infinity" || call.Words[len(call.Words)-1] == "/dev/null"
		}
		goals := operands(call.Words[1:])
		if len(goals) == 0 {
			return false
		}
		switch program {
		case "npm", "yarn", "pnpm", "bun", "npx", "go", "cargo", "mvn", "mvnw", "gradle", "gradlew", "dotnet", "python", "python3", "uv", "poetry", "bundle":
			last := goals[min(len(goals)-1, 1)]
			return slices.ContainsFunc([]string{goals[0], last}, func(goal string) bool {
				word, _, _ := strings.Cut(goal, ":")
				return slices.Contains([]string{"test", "tests", "build", "lint", "check", "vet", "verify", "package", "dev", "watch", "pytest", "rspec"}, word)
			})
		}
		return false
	})
}

// startCalls are the programs that the container starts, as far as the Dockerfile
// says.
func startCalls(final *dockerfile.Stage) []dockerfile.Call {
	var calls []dockerfile.Call
	for _, in := range []*dockerfile.Instruction{final.Config.Entrypoint, final.Config.Cmd} {
		if in != nil {
			calls = append(calls, in.Calls...)
		}
	}
	return calls
}

// clonesRepositories reports whether the stages get something by git, and the
// image does not start it.
func clonesRepositories(chain []*dockerfile.Stage) bool {
	clones := func(call dockerfile.Call) bool {
		return call.Program() == "git" && hasWord(call, "clone", "fetch", "submodule")
	}
	isGit := func(call dockerfile.Call) bool { return call.Program() == "git" }
	return !slices.ContainsFunc(startCalls(chain[len(chain)-1]), isGit) && slices.ContainsFunc(chain, func(stage *dockerfile.Stage) bool {
		return slices.ContainsFunc(stage.Instructions, func(in *dockerfile.Instruction) bool {
			return in.Keyword == "RUN" && slices.ContainsFunc(in.Calls, clones)
		})
	})
}

// removalLine returns the line of the call that removes one of the packages in a
// later instruction; 0 if none does.
func removalLine(chain []*dockerfile.Stage, kept keptPackages) int {
	names := kept.names
	if p, _ := parsePackages(kept.call); p.manager == "apk" {
		if group, ok := p.value("-t", "--virtual"); ok {
			names = append(slices.Clone(names), group)
		}
	}
	behind := false
	for _, stage := range chain {
		for _, in := range stage.Instructions {
			if in == kept.in || !behind || in.Keyword != "RUN" {
				behind = behind || in == kept.in
				continue
			}
			for _, call := range in.Calls {
				if p, ok := parsePackages(call); ok && p.action == actionRemove && len(packagesNamed(p, names...)) > 0 {
					return call.Location.Line
				}
			}
		}
	}
	return 0
}

// removalOf returns the command that removes what a call installs.
func removalOf(call dockerfile.Call) string {
	p, _ := parsePackages(call)
	switch p.manager {
	case "apt":
		return "apt-get purge -y --auto-remove"
	case "apk":
		if group, ok := p.value("-t", "--virtual"); ok {
			return "apk del " + group
		}
		return "apk add --virtual .build and apk del .build"
	}
	return call.Program() + " remove"
}
