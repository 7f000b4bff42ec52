package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// ecosystem is a kind of dependencies that are installed together.
type ecosystem string

// install is a call that installs the dependencies that a manifest lists.
type install struct {
	ecosystem ecosystem
	command   string   // without its options
	manifests []string // names, or patterns of them
	// copies are what it needs of the context: names, or patterns of them. Optional is
	// what it needs where there is any of it; a name with a slash at its end is a
	// directory.
	copies, optional []string
	// run is the command that installs, where it is not the call itself, and option
	// one by which the call leaves out the project itself.
	run, option string
	// builds is whether it compiles the source, and installs only on the way.
	builds bool
	// alone is whether it needs nothing but the manifests: neither the source, nor
	// the manifests of parts that lie in it.
	alone bool
}

// isManifest reports whether a file of this name is one of the manifests.
func (i install) isManifest(name string) bool {
	return slices.ContainsFunc(i.manifests, func(pattern string) bool {
		match, err := path.Match(pattern, name)
		return err == nil && match
	})
}

// parseInstall recognizes the calls that install dependencies from a manifest.
// A call that names the packages itself (npm install express) is none.
func parseInstall(call dockerfile.Call) (install, bool) {
	program, args := call.Program(), call.Words[1:]
	if strings.HasPrefix(program, "python") && len(args) > 1 && args[0] == "-m" {
		program, args = args[1], args[2:]
	}
	words := operands(args)
	sub := ""
	if len(words) > 0 {
		sub = words[0]
	}
	is := func(names ...string) bool { return slices.Contains(names, sub) }
	found := install{command: strings.TrimSpace(program + " " + sub)}
	whole := false // whether it installs the project itself, too
	// with completes it: what to copy and to run before the source is copied, the call
	// itself if that is empty.
	with := func(e ecosystem, copies, run string, manifests ...string) (install, bool) {
		found.ecosystem, found.manifests = e, manifests
		found.alone = (e == "node" || e == "python" || e == "go" || e == "ruby") && !found.builds && !whole
		found.copies, found.run = strings.Fields(copies), run
		return found, true
	}
	switch program {
	case "npm":
		global := slices.Contains(args, "-g") || slices.Contains(args, "--global")
		if is("ci", "clean-install") || is("install", "i") && len(words) == 1 && !global {
			found.optional = []string{"npm-shrinkwrap.json"}
			return with("node", "package*.json", "", "package.json", "package-lock.json")
		}
	case "yarn":
		focus := is("workspaces") && len(words) > 1 && words[1] == "focus"
		if focus || is("", "install") && !slices.Contains(args, "--version") && !slices.Contains(args, "-v") {
			found.optional = []string{".yarnrc.yml", ".yarn/"}
			return with("node", "package.json yarn.lock", "", "package.json", "yarn.lock")
		}
	case "pnpm", "bun":
		global := slices.Contains(args, "-g") || slices.Contains(args, "--global")
		if is("install", "i", "fetch", "ci") && len(words) == 1 && !global {
			lock := map[string]string{"pnpm": "pnpm-lock.yaml", "bun": "bun.lock"}[program]
			found.optional = map[string][]string{"pnpm": {"pnpm-workspace.yaml"}, "bun": {"bun.lockb"}}[program]
			return with("node", "package.json "+lock, "", "package.json", lock)
		}
	case "pip", "pip3":
		if file := requirements(args); is("install", "wheel", "download") && file != "" {
			found.command += " -r " + file
			return with("python", file, "", path.Base(file))
		}
	case "pip-sync":
		file := "requirements.txt"
		if len(words) > 0 {
			file = words[0]
		}
		return with("python", file, "", path.Base(file))
	case "uv":
		file := requirements(args)
		if is("pip") && len(words) > 2 && words[1] == "sync" {
			file = words[2]
		}
		switch {
		case is("sync"):
			whole = !slices.Contains(args, "--no-install-project")
			found.option = "--no-install-project"
			return with("python", "pyproject.toml uv.lock", "", "pyproject.toml", "uv.lock")
		case is("pip") && file != "":
			found.command = "uv pip " + strings.Join(words[1:2], "") + " -r " + file
			if words[1] == "sync" {
				found.command = "uv pip sync " + file
			}
			return with("python", file, "", path.Base(file))
		}
	case "poetry":
		if is("install", "sync") {
			whole = !slices.Contains(args, "--no-root")
			found.option = "--no-root"
			return with("python", "pyproject.toml poetry.lock", "", "pyproject.toml", "poetry.lock")
		}
	case "pipenv":
		if is("install", "sync") && len(words) == 1 {
			return with("python", "Pipfile Pipfile.lock", "", "Pipfile", "Pipfile.lock")
		}
	case "pdm":
		if is("install", "sync") {
			whole = !slices.Contains(args, "--no-self")
			found.option = "--no-self"
			return with("python", "pyproject.toml pdm.lock", "", "pyproject.toml", "pdm.lock")
		}
	case "go":
		found.builds = is("build", "install", "test", "vet") && !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "@") })
		if found.builds || is("mod") && len(words) > 1 && slices.Contains([]string{"download", "tidy", "vendor"}, words[1]) {
			if !found.builds {
				found.command = "go mod " + words[1]
			}
			found.builds = found.builds || words[1] != "download" // the others read the source
			return with("go", "go.mod go.sum", "go mod download", "go.mod", "go.sum")
		}
	case "cargo":
		tool := is("install") && !slices.Contains(args, "--path")
		found.builds = is("build", "rustc", "test", "install") && !tool
		cooks := is("chef") && len(words) > 1 && words[1] == "cook"
		if found.builds || cooks || is("fetch", "vendor") {
			return with("rust", "Cargo.toml Cargo.lock", "mkdir src && echo 'fn main() {}' > src/main.rs && cargo fetch", "Cargo.toml", "Cargo.lock")
		}
	case "bundle", "bundler":
		if is("", "install") {
			found.optional = []string{".ruby-version"}
			return with("ruby", "Gemfile Gemfile.lock", "", "Gemfile", "Gemfile.lock")
		}
	case "composer":
		if is("install", "update", "i") {
			found.option = "--no-scripts --no-autoloader"
			return with("php", "composer.json composer.lock", "", "composer.json", "composer.lock")
		}
	case "mvn", "mvnw":
		resolves := slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "dependency:") })
		found.builds = !resolves
		if resolves || slices.ContainsFunc(words, func(w string) bool {
			return slices.Contains([]string{"compile", "test", "package", "verify", "install", "deploy"}, w)
		}) {
			goals := []string{"dependency:go-offline"}
			if resolves {
				goals = words
			}
			copies := "pom.xml"
			if program == "mvnw" {
				copies, found.optional = "mvnw pom.xml .mvn/", nil
			}
			return with("maven", copies, wrapped(call)+wordOptions(args, "-B", "--batch-mode", "-q", "--quiet", "-ntp", "--no-transfer-progress", "-D", "-P")+" "+strings.Join(goals, " "), "pom.xml")
		}
	case "gradle", "gradlew":
		found.builds = !is("dependencies")
		if len(words) > 0 {
			copies := "*.gradle*"
			if found.optional = []string{"gradle.properties", "gradle/"}; program == "gradlew" {
				copies, found.optional = "gradlew *.gradle* gradle/", found.optional[:1]
			}
			return with("gradle", copies, wrapped(call)+wordOptions(args, "--no-daemon", "--console", "--stacktrace", "--info", "-q", "--quiet", "-D", "-P")+" dependencies", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "libs.versions.toml")
		}
	case "dotnet":
		found.builds = is("build", "publish", "test")
		if found.builds || is("restore") {
			found.optional = []string{"*.slnx", "*.fsproj", "*.vbproj", "Directory.Build.props", "Directory.Packages.props", "global.json", "nuget.config", "NuGet.config", "packages.lock.json"}
			return with("dotnet", "*.sln *.csproj", "dotnet restore", "*.csproj", "*.fsproj", "*.vbproj", "*.sln", "*.slnx", "Directory.Packages.props", "packages.lock.json")
		}
	case "mix":
		if is("deps.get") {
			return with("elixir", "mix.exs mix.lock", "", "mix.exs", "mix.lock")
		}
	}
	return install{}, false
}

// wrapped returns the program of a call as it can be run: that of a wrapper, such as
// gradlew, is not on the search path.
func wrapped(call dockerfile.Call) string {
	if strings.HasSuffix(call.Words[0], "w") && !strings.Contains(call.Words[0], "/") {
		return "./" + call.Words[0]
	}
	return call.Words[0]
}

// wordOptions returns those of the arguments, each with a space before it, that are
// one of the options, or begin with one that has its value in the same word.
func wordOptions(args []string, options ...string) string {
	text := ""
	for _, arg := range args {
		if slices.ContainsFunc(options, func(option string) bool {
			return arg == option || strings.HasPrefix(arg, option+"=") || (option == "-D" || option == "-P") && len(arg) > 2 && strings.HasPrefix(arg, option)
		}) {
			text += " " + arg
		}
	}
	return text
}

// operands returns the arguments that are not options, as far as that can be
// told without the program: an option that takes a value by tradition takes the
// next argument with it.
func operands(args []string) []string {
	var words []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case slices.Contains([]string{
			"--prefix", "-C", "--cwd", "--dir", "--registry", "--cache", "--loglevel", "--omit", "--include",
			"--workspace", "-w", "--filter", "-F", "-f", "--file", "-pl", "-P", "-p", "-o", "--python", "--manifest-path",
		}, arg):
			i++
		case !strings.HasPrefix(arg, "-"):
			words = append(words, arg)
		}
	}
	return words
}

// requirements returns the file that pip reads the packages from, if any.
func requirements(args []string) string {
	for i, arg := range args {
		if (arg == "-r" || arg == "--requirement" || arg == "--requirements") && i+1 < len(args) {
			return args[i+1]
		}
		for _, prefix := range []string{"--requirement=", "--requirements=", "-r"} {
			if file, ok := strings.CutPrefix(arg, prefix); ok && file != "" {
				return file
			}
		}
	}
	return ""
}
