package source

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var toolchainBase = Check{
	Rule: checks.Rule{
		ID:        "source/toolchain-base",
		Title:     "The image is based on a runtime, not on a toolchain",
		Severity:  checks.Medium,
		Why:       "The images of compilers and SDKs weigh up to a gigabyte: compilers, package managers and their caches, which the application never uses, and each of which has to be patched and can be used in an attack.",
		Fix:       "Begin the last stage with an image that only runs the application: distroless or scratch for Go and Rust, eclipse-temurin with -jre for Java, mcr.microsoft.com/dotnet/aspnet for .NET; build in a stage before it.",
		Reference: "https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image",
	},
	Good: `
FROM eclipse-temurin:21.0.5_11-jdk AS builder
COPY . .
RUN ./mvnw package
FROM eclipse-temurin:21.0.5_11-jre
COPY --from=builder /target/app.jar /app.jar
ENTRYPOINT ["java", "-jar", "/app.jar"]
`,
	Bad: `
FROM eclipse-temurin:21.0.5_11-jdk AS builder
COPY . .
RUN ./mvnw package
FROM eclipse-temurin:21.0.5_11-jdk
COPY --from=builder /target/app.jar /app.jar
ENTRYPOINT ["java", "-jar", "/app.jar"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		config := s.Final.Config
		_, reported := builtInOneStage(s)
		if reported || config.Entrypoint == nil && config.Cmd == nil || isWorkbench(s.Final) {
			return checks.Outcome{}
		}
		root := s.Final.Root()
		image, ok := root.References[0].Image()
		if !ok {
			return checks.Outcome{}
		}
		named, ok := parseImage(image)
		if !ok {
			return checks.Outcome{}
		}
		t, ok := toolchainOf(named)
		if !ok || slices.ContainsFunc(startCalls(s.Final), func(call dockerfile.Call) bool { return startsTool(s, call, t) }) {
			return checks.Outcome{}
		}
		f := checks.At(root.From.Find(root.BaseName.Raw), "the image is based on %s, which brings %s", image, t.brings)
		f.Subject = image
		if t.instead == jre {
			t.instead = javaRuntime(named)
		}
		f.Fix = "Begin the last stage with " + t.instead + ", and copy the result from the stage that builds"
		return checks.Found(f)
	},
}

// toolchain is an image to build with.
type toolchain struct {
	// name is the last part of the image's name, or more of it.
	name string
	// runtimes are words of a tag that say that it only runs; kits those without
	// which it does, if any.
	runtimes, kits []string
	// brings is what it has for a build, instead an image to run with.
	brings, instead string
	// programs are what the image is there for, if the container starts it.
	programs []string
}

const (
	static = "gcr.io/distroless/static:nonroot, gcr.io/distroless/cc:nonroot or scratch"
	jre    = "eclipse-temurin with -jre"
	jdk    = "the compiler and the tools of the JDK"
)

var jreTags = []string{"jre", "headless"}

var toolchains = []toolchain{
	{name: "golang", brings: "the Go toolchain", instead: "gcr.io/distroless/static:nonroot or scratch", programs: []string{"gopls", "dlv"}},
	{name: "rust", brings: "the Rust toolchain", instead: static},
	{name: "cargo-chef", brings: "the Rust toolchain", instead: static},
	{name: "muslrust", brings: "the Rust toolchain", instead: "scratch"},
	{name: "gcc", brings: "the GNU compilers", instead: "gcr.io/distroless/cc:nonroot or debian with -slim"},
	{name: "haskell", brings: "the Haskell toolchain", instead: "debian with -slim", programs: []string{"ghci", "stack", "cabal"}},
	{name: "swift", runtimes: []string{"slim"}, brings: "the Swift toolchain", instead: "the same tag with -slim", programs: []string{"sourcekit-lsp"}},
	{name: "maven", brings: "Maven and a JDK", instead: jre},
	{name: "gradle", brings: "Gradle and a JDK", instead: jre},
	{name: "openjdk", runtimes: jreTags, brings: jdk, instead: jre},
	{name: "eclipse-temurin", runtimes: jreTags, brings: jdk, instead: "the same tag with -jre"},
	{name: "zulu-openjdk", runtimes: jreTags, brings: jdk, instead: "the same tag with -jre"},
	{name: "zulu-openjdk-alpine", runtimes: jreTags, brings: jdk, instead: "the same tag with -jre"},
	{name: "sapmachine", runtimes: jreTags, brings: jdk, instead: "the same tag with -jre"},
	{name: "ibm-semeru-runtimes", kits: []string{"jdk"}, brings: jdk, instead: "the same tag with jre"},
	{name: "liberica-openjdk-debian", brings: jdk, instead: "bellsoft/liberica-openjre-debian"},
	{name: "liberica-openjdk-alpine", brings: jdk, instead: "bellsoft/liberica-openjre-alpine"},
	{name: "dotnet/sdk", brings: "the SDK of .NET", instead: "mcr.microsoft.com/dotnet/aspnet or mcr.microsoft.com/dotnet/runtime", programs: []string{"msbuild"}},
	{name: "dotnet/framework/sdk", brings: "the SDK of the .NET Framework", instead: "mcr.microsoft.com/dotnet/framework/aspnet or runtime", programs: []string{"msbuild"}},
	{name: "cuda", kits: []string{"devel"}, brings: "the compiler and headers of CUDA", instead: "the same tag with -runtime or -base"},
}

// javaRuntime returns the images that run what an image has compiled: of
// the same version of Java, the newest one with long-term support where its tag
// does not tell.
func javaRuntime(image imageName) string {
	version := ""
	words := strings.FieldsFunc(image.tag, func(r rune) bool { return strings.ContainsRune("-_.", r) })
	for i, word := range words {
		number := strings.TrimPrefix(word, "jdk")                                  // jdk21
		if major, update, ok := strings.Cut(number, "u"); ok && isNumber(update) { // 8u432
			number = major
		}
		// The tags of openjdk begin with it, those of others with a version of their own.
		leads := i == 0 && strings.HasSuffix(image.path(), "openjdk")
		named := number != word || i > 0 && slices.Contains([]string{"temurin", "jdk", "openjdk", "corretto", "sapmachine"}, words[i-1])
		if version == "" && (leads || named) && isNumber(number) {
			version = number
		}
	}
	switch version {
	case "":
		return "eclipse-temurin:21-jre, or the -jre of the Java version that it is built for, or a runtime that jlink makes"
	case "17", "21", "25":
		return "eclipse-temurin:" + version + "-jre, gcr.io/distroless/java" + version + ":nonroot, or a runtime that jlink makes"
	case "8":
		return "eclipse-temurin:8-jre"
	}
	return "eclipse-temurin:" + version + "-jre, or a runtime that jlink makes"
}

// toolchainOf returns the toolchain that an image is, by its name and tag.
func toolchainOf(named imageName) (toolchain, bool) {
	name, tag := "/"+named.path(), named.tag
	words := strings.FieldsFunc(tag, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(word string) bool {
			return slices.ContainsFunc(list, func(head string) bool { return strings.HasPrefix(word, head) }) // jre, jre11
		})
	}
	_, digested := named.Named.(reference.Digested)
	for _, t := range toolchains {
		if !strings.HasSuffix(name, "/"+t.name) {
			continue
		}
		if tag == "" && digested && (len(t.runtimes) > 0 || len(t.kits) > 0) {
			return toolchain{}, false // the digest does not tell which variant it is
		}
		return t, !has(t.runtimes) && (len(t.kits) == 0 || has(t.kits))
	}
	return toolchain{}, false
}

// startsTool reports whether the container starts a program of the toolchain, or a
// script that does.
func startsTool(s *dockerfile.Source, call dockerfile.Call, t toolchain) bool {
	if slices.Contains(t.programs, call.Program()) {
		return true
	}
	if path.Ext(call.Words[0]) != ".sh" && !dockerfile.IsShell(call.Words[0]) {
		return false
	}
	name := path.Base(call.Words[len(call.Words)-1])
	if path.Ext(call.Words[0]) == ".sh" {
		name = call.Program()
	}
	tools := append([]string{"go ", "cargo ", "mvn ", "gradle ", "dotnet build", "dotnet test", "dotnet publish", "javac ", "make", "gcc", "swift ", "nvcc"}, t.programs...)
	for _, file := range s.Files() {
		if path.Base(file) != name {
			continue
		}
		text, err := s.ReadFile(file)
		return err != nil || slices.ContainsFunc(tools, func(tool string) bool { return strings.Contains(string(text), tool) })
	}
	return false
}
