package source

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var multiStage = Check{
	Rule: checks.Rule{
		ID:        "source/multi-stage",
		Title:     "What is built is built in a stage of its own",
		Severity:  checks.Medium,
		Why:       "An image that is built in one stage ships its compiler, headers, sources and development dependencies: it is several times as large, slower to pull, and each of them is one more thing to patch and to attack. Removing them in a later instruction does not take them out of the layers.",
		Fix:       "Build in a stage with a name, and begin a second one that copies the result alone: FROM golang:1.26.8 AS builder …, then FROM gcr.io/distroless/static and COPY --from=builder /app /app.",
		Reference: "https://docs.docker.com/build/building/multi-stage/",
	},
	Good: `
FROM golang:1.26.8 AS builder
COPY . .
RUN go build -o /app ./cmd/app
FROM gcr.io/distroless/static:nonroot
COPY --from=builder /app /app
ENTRYPOINT ["/app"]
`,
	Bad: `
FROM golang:1.26.8
COPY . .
RUN go build -o /app ./cmd/app
ENTRYPOINT ["/app"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		if f, ok := builtInOneStage(s); ok {
			return checks.Found(f)
		}
		return checks.Outcome{}
	},
}

// builtInOneStage returns what there is to say of an image that no other stage is
// built for; false if nothing.
func builtInOneStage(s *dockerfile.Source) (checks.Finding, bool) {
	chain := s.Final.Chain()
	if len(s.Reachable()) > len(chain) || !isApplication(s.Final, chain) {
		return checks.Finding{}, false
	}
	stage, evidence := buildEvidence(chain)
	if evidence == "" {
		return checks.Finding{}, false
	}
	f := checks.At(s.Final.From.Location, "no stage to build in comes before the image: %s", evidence)
	switch {
	case stage != s.Final:
		f.Fix = fmt.Sprintf("Build the last stage from an image without build tools instead of %s, and copy the result alone by COPY --from=%s.", stage, stage)
	case stage.Name == "":
		f.Fix = fmt.Sprintf("Name the stage of line %d with AS builder, and begin a second stage behind the build, from an image without build tools, that copies the result alone by COPY --from=builder.", f.Location.Line)
	default:
		f.Fix = fmt.Sprintf("Begin a second stage behind the build, from an image without build tools, that copies the result alone by COPY --from=%s.", stage)
	}
	return f, true
}

// isApplication reports whether the image is one to run: it says how, or has the
// source in it. One with nothing but tools may be there to build others.
func isApplication(final *dockerfile.Stage, chain []*dockerfile.Stage) bool {
	if final.Config.Cmd != nil || final.Config.Entrypoint != nil {
		return true
	}
	return slices.ContainsFunc(chain, func(stage *dockerfile.Stage) bool {
		return slices.ContainsFunc(stage.Copies(), func(c dockerfile.Copy) bool { return takesSource(c) != "" })
	})
}

// buildEvidence returns the stage that builds, or installs what only a build
// needs, and by which call; nothing if there is none. A RUN that removes packages
// again is left out: it has what it builds with for its own time only.
func buildEvidence(stages []*dockerfile.Stage) (by *dockerfile.Stage, evidence string) {
	weight := 0 // the more, the plainer
	saw := func(stage *dockerfile.Stage, w int, format string, args ...any) {
		if w > weight {
			by, evidence, weight = stage, fmt.Sprintf(format, args...), w
		}
	}
	extensions := buildsExtensions(stages)
	for _, stage := range stages {
		for _, in := range stage.Instructions {
			if in.Keyword != "RUN" || slices.ContainsFunc(in.Calls, removesPackages) {
				continue
			}
			for _, call := range in.Calls {
				line := call.Location.Line
				if what := compiles(call); what != "" {
					saw(stage, 2, "line %d runs %s", line, what)
				}
				if names := buildPackages(call, extensions); len(names) > 0 {
					saw(stage, 1, "line %d installs the build tools %s", line, strings.Join(names, ", "))
				}
			}
		}
	}
	return by, evidence
}

// buildsExtensions reports whether the stages build extensions of PHP, in the image
// that runs them: these link to libraries that come with their headers.
func buildsExtensions(stages []*dockerfile.Stage) bool {
	return slices.ContainsFunc(stages, func(stage *dockerfile.Stage) bool {
		return slices.ContainsFunc(stage.Instructions, func(in *dockerfile.Instruction) bool {
			return slices.ContainsFunc(in.Calls, func(call dockerfile.Call) bool { return call.Program() == "docker-php-ext-install" })
		})
	})
}

// removesPackages reports whether a call removes packages of the operating system.
func removesPackages(call dockerfile.Call) bool {
	switch call.Program() {
	case "dpkg":
		return hasWord(call, "-P", "--purge", "-r", "--remove")
	case "rpm":
		return hasWord(call, "-e", "--erase")
	}
	p, ok := parsePackages(call)
	return ok && p.system && (p.action == actionRemove || p.action == "history" && hasWord(call, "undo", "rollback"))
}

// hasWord reports whether one of the words is an argument of a call.
func hasWord(call dockerfile.Call, words ...string) bool {
	return slices.ContainsFunc(call.Words[1:], func(w string) bool { return slices.Contains(words, w) })
}

// buildPrograms are programs that only a build calls, buildProgramsWith those that
// do where they are given one of the words.
var (
	buildPrograms     = []string{"gcc", "g++", "cc", "c++", "clang", "clang++", "rustc", "javac", "tsc", "ninja", "webpack", "esbuild", "rollup"}
	buildProgramsWith = map[string][]string{
		"make": {"", "all", "build", "install", "compile", "release", "dist"}, "gmake": {"", "all", "install"}, "cmake": {"--build"},
		"vite": {"build"}, "ng": {"build"}, "next": {"build"}, "nuxt": {"build", "generate"}, "swift": {"build"}, "stack": {"build", "install"},
		"cabal": {"build", "install", "v2-build", "v2-install"}, "mix": {"release", "compile"}, "zig": {"build"}, "lein": {"uberjar"}, "ant": {"", "build", "dist", "jar", "war"},
		"sbt": {"assembly", "compile", "dist", "package", "stage"}, "bazel": {"build"}, "flutter": {"build"}, "dart": {"compile"}, "meson": {"compile", "install"},
	}
)

// compiles returns the build that a call runs, as it stands there; empty if it is
// none. Tests are none: an image may be there to run them.
func compiles(call dockerfile.Call) string {
	words := call.Words
	program := call.Program()
	switch program {
	case "npx", "pnpx", "bunx":
		if words = operands(words[1:]); len(words) > 0 {
			program = path.Base(words[0])
		}
	case "npm", "yarn", "pnpm", "bun":
		script := operands(words[1:])
		if len(script) > 1 && (script[0] == "run" || script[0] == "run-script") {
			script = script[1:]
		} else if program == "npm" {
			return "" // npm build is nothing that builds
		}
		if len(script) > 0 && (script[0] == "build" || strings.HasPrefix(script[0], "build:")) {
			return call.String()
		}
		return ""
	}
	if len(words) == 0 || slices.Contains(words, "--version") {
		return ""
	}
	if slices.Contains(buildPrograms, program) {
		return program
	}
	if with, ok := buildProgramsWith[program]; ok {
		targets := slices.DeleteFunc(operands(words[1:]), func(w string) bool { return strings.Contains(w, "=") })
		at := slices.IndexFunc(words[1:], func(w string) bool { return slices.Contains(with, w) })
		switch {
		case at >= 0:
			return program + " " + words[1+at]
		case len(targets) == 0 && slices.Contains(with, ""):
			return program
		}
		return ""
	}
	i, ok := parseInstall(call)
	goals := operands(words[1:])
	switch {
	case !ok || !i.builds:
		return ""
	case i.ecosystem == "maven" || i.ecosystem == "gradle":
		if !slices.ContainsFunc(goals, func(goal string) bool { return !slices.Contains([]string{"clean", "test", "check"}, goal) }) {
			return ""
		}
	case slices.Contains([]string{"test", "vet", "mod"}, goals[0]):
		return ""
	}
	return i.command
}

// buildPackages returns the packages of the operating system that a call installs
// and only a build needs: compilers, their tools, and headers, unless the image
// needs these to be linked with.
func buildPackages(call dockerfile.Call, headers bool) []string {
	p, ok := parsePackages(call)
	if !ok || !p.system || p.action != actionInstall {
		return nil
	}
	var names []string
	for _, o := range p.operands {
		if isBuildPackage(o.name) && !(headers && isHeaders(o.name)) {
			names = append(names, o.name)
		}
	}
	return names
}

func isBuildPackage(name string) bool {
	switch {
	case slices.Contains([]string{
		"build-essential", "build-base", "base-devel", "alpine-sdk", "make", "cmake", "automake", "autoconf", "libtool", "ninja-build", "ninja", "meson",
		"gcc", "g++", "gcc-c++", "clang", "gfortran", "cargo", "rust", "rustc", "golang", "golang-go", "go", "maven", "gradle", "ant", "ghc", "nasm", "yasm",
		"bison", "flex", "default-jdk", "default-jdk-headless", "linux-headers", "kernel-headers", "python3-dev", "rpm-build",
	}, name):
		return true
	case strings.HasPrefix(name, "openjdk"):
		return strings.Contains(name[len("openjdk"):], "-jdk") || isNumber(name[len("openjdk"):]) // Alpine's openjdk21
	}
	// gcc-12, golang-1.22
	compiler, version, _ := strings.Cut(name, "-")
	if version != "" && isDigit(version[0]) && slices.Contains([]string{"gcc", "g++", "clang", "golang", "rustc", "cargo"}, compiler) {
		return true
	}
	return isHeaders(name)
}

// isHeaders reports whether a package has the headers of a library.
func isHeaders(name string) bool {
	if _, version, ok := strings.Cut(name, "-dev-"); ok && isNumber(version) {
		return true // postgresql-server-dev-17
	}
	return strings.HasSuffix(name, "-dev") || strings.HasSuffix(name, "-devel")
}
