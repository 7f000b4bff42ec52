package source

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var devDependencies = Check{
	Rule: checks.Rule{
		ID:        "source/dev-dependencies",
		Title:     "The image has no dependencies of the development",
		Severity:  checks.High,
		Why:       "Test frameworks, linters, bundlers and their hundreds of dependencies are never used in production. They make the image several times as large, and each brings vulnerabilities that have to be triaged.",
		Fix:       "Install without them in the stage that becomes the image, or prune before COPY --from: npm ci --omit=dev, poetry install --only main, uv sync --no-dev, composer install --no-dev, BUNDLE_WITHOUT=development:test; keep those of pip in a requirements-dev.txt.",
		Reference: "https://docs.npmjs.com/cli/commands/npm-ci#omit",
	},
	Good: `
-- Dockerfile --
FROM node:22.12.0-alpine3.21 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev
FROM node:22.12.0-alpine3.21
WORKDIR /app
COPY --from=builder /app/node_modules ./node_modules
COPY --from=builder /app/dist ./dist
CMD ["node", "dist/main.js"]
-- package.json --
{"devDependencies": {"vite": "6.0.3"}}
-- package-lock.json --
{}
`,
	Bad: `
-- Dockerfile --
FROM node:22.12.0-alpine3.21 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build
FROM node:22.12.0-alpine3.21
WORKDIR /app
COPY --from=builder /app/node_modules ./node_modules
COPY --from=builder /app/dist ./dist
CMD ["node", "dist/main.js"]
-- package.json --
{"devDependencies": {"vite": "6.0.3"}}
-- package-lock.json --
{}
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		chain := s.Final.Chain()
		if !runsSomething(s.Final, chain) || isWorkbench(s.Final) {
			return checks.Outcome{}
		}
		_, builds := builtInOneStage(s)
		events := developmentEvents(s)
		var findings []checks.Finding
		reported := map[checks.Location]bool{}
		report := func(f checks.Finding, d development) {
			if reported[f.Location] {
				return
			}
			reported[f.Location] = true
			if f.Subject = d.command; !d.certain {
				f.Severity = checks.Medium
			}
			findings = append(findings, f)
		}
		ends := map[*dockerfile.Stage]map[string]development{}
		for _, stage := range s.Stages {
			trees := maps.Clone(ends[stage.Base])
			if trees == nil {
				trees = map[string]development{}
			}
			judged := slices.Contains(chain, stage)
			for _, in := range stage.Instructions {
				before := maps.Clone(trees)
				events[in].apply(trees)
				for tree, d := range trees {
					// A stage that builds needs what it builds with: source/multi-stage says so.
					if _, old := before[tree]; !judged || old || builds && d.node && !d.explicit || startsPackage(s.Final, d) {
						continue
					}
					f := checks.At(d.call.Location, "%s installs %s into the image", d.command, d.what)
					f.Fix = d.fix
					report(f, d)
				}
				for _, taken := range takenTrees(in, ends) {
					if judged && !startsPackage(s.Final, taken.development) {
						f := checks.At(in.Find(taken.source.Raw), "%s takes %s from the stage %s, where %s in line %d has installed %s", in.Keyword, taken.source.Raw, taken.stage,
							taken.command, taken.call.Location.Line, taken.what)
						f.Fix = taken.fix + " in a stage that only this COPY takes from"
						if taken.prune != "" {
							f.Fix = fmt.Sprintf("Write RUN %s at the end of the stage %s", taken.prune, taken.stage)
						}
						report(f, taken.development)
					}
					if taken.to != "" {
						trees[taken.to] = taken.development
					}
				}
			}
			ends[stage] = trees
		}
		return checks.Found(findings...)
	},
}

// development is an install of dependencies of the development.
type development struct {
	call    dockerfile.Call
	command string
	what    string // "the development dependencies", "pytest, black"
	fix     string
	prune   string // the command that removes them again, if there is one
	// packages are those that it installs, by name, if it names them.
	packages []string
	node     bool
	// explicit is whether the call itself asks for them, certain whether it or the
	// manifest says that there are any.
	explicit, certain bool
}

// developmentEvent is what a call does about them.
type developmentEvent struct {
	install *development
	tree    string // the directory that it installs into, or clears; a key of its own if that is not known
	// any is whether it may clear any directory, all whether that holds for those of
	// this base name.
	any, base bool
}

type developmentEventList []developmentEvent

// apply enters what a RUN does into the directories that hold dependencies of the
// development.
func (events developmentEventList) apply(trees map[string]development) {
	for _, e := range events {
		switch {
		case e.install != nil:
			trees[e.tree] = *e.install
		case e.any:
			clear(trees)
		case e.base:
			maps.DeleteFunc(trees, func(tree string, _ development) bool { return path.Base(tree) == e.tree })
		default:
			delete(trees, e.tree)
		}
	}
}

// sitePackages stands for the directory that pip installs into, whatever the
// version of Python.
const sitePackages = "/usr/local/lib/python3/site-packages"

// taken is a directory with dependencies of the development that a COPY takes.
type taken struct {
	development
	source dockerfile.Value
	stage  *dockerfile.Stage
	to     string // where it puts it; empty if that is not known
}

// takenTrees returns what a COPY --from takes of the directories that its stage
// ends with.
func takenTrees(in *dockerfile.Instruction, ends map[*dockerfile.Stage]map[string]development) []taken {
	c, ok := in.Copy()
	if !ok || c.From == "" {
		return nil
	}
	at := slices.IndexFunc(in.Stage.References, func(r dockerfile.Reference) bool { return r.Instruction == in })
	if at < 0 || in.Stage.References[at].Stage == nil {
		return nil
	}
	from := in.Stage.References[at].Stage
	dest := in.Before.Resolve(c.Dest)
	var found []taken
	for _, tree := range slices.Sorted(maps.Keys(ends[from])) {
		for _, src := range c.Sources {
			if !src.Known || strings.ContainsAny(src.Text, "*?[") {
				continue
			}
			name := path.Join("/", src.Text)
			rel, covered := within(name, tree)
			if tree == sitePackages && strings.HasPrefix(name, "/usr/local/lib/python3") {
				rel, covered = ".", path.Base(name) == "site-packages" || path.Dir(name) == "/usr/local/lib"
			}
			if !covered || c.Excludes(rel) {
				continue
			}
			t := taken{development: ends[from][tree], source: src, stage: from}
			if dest.Known {
				t.to = path.Join(dest.Text, rel)
			}
			if tree == sitePackages {
				t.to = sitePackages
			}
			found = append(found, t)
			break
		}
	}
	return found
}

// startsPackage reports whether the container starts one of the packages that an
// install names: an image of a linter has the linter.
func startsPackage(final *dockerfile.Stage, d development) bool {
	return slices.ContainsFunc(startCalls(final), func(call dockerfile.Call) bool {
		return slices.ContainsFunc(d.packages, func(name string) bool { return slices.Contains(call.Words, name) || call.Program() == name })
	})
}

// developmentEvents returns what every RUN does about dependencies of the
// development.
func developmentEvents(s *dockerfile.Source) map[*dockerfile.Instruction]developmentEventList {
	events := map[*dockerfile.Instruction]developmentEventList{}
	walkFiles(s, func(in *dockerfile.Instruction, files *stageFiles) {
		installs := 0
		for i, call := range in.Calls {
			if call.Program() == "bundle" && hasWord(call, "config") && hasWord(call, "without", "only", "with") {
				files.done["bundle without"] = true
			}
			e, ok := developmentEventOf(in, files, i, call)
			if !ok || isMounted(in, e.tree) {
				continue
			}
			if installs++; installs > maxInstalls {
				break
			}
			events[in] = append(events[in], e)
		}
	})
	return events
}

// isMounted reports whether a directory is a mount of the RUN, so that no layer
// has what is in it.
func isMounted(in *dockerfile.Instruction, dir string) bool {
	run, ok := in.Command.(*instructions.RunCommand)
	return ok && slices.ContainsFunc(instructions.GetMounts(run), func(m *instructions.Mount) bool {
		target := in.Before.Resolve(in.Expand(m.Target))
		_, below := within(target.Text, dir)
		return target.Known && m.Target != "" && below
	})
}

func developmentEventOf(in *dockerfile.Instruction, files *stageFiles, index int, call dockerfile.Call) (developmentEvent, bool) {
	dir := unknownDir
	if dirs := files.directories(in, index); len(dirs) > 0 {
		dir = dirs[0]
	}
	if to := directoryOption(call); to != "" {
		dir = files.resolve(in, in.Expand(to))
	}
	program := call.Program()
	switch {
	case program == "rm" && len(call.Words) > 2:
		for _, word := range call.Words[1:] {
			if base := path.Base(word); slices.Contains([]string{"node_modules", "vendor", ".venv", "venv"}, base) {
				return developmentEvent{tree: base, base: true}, true
			}
		}
		return developmentEvent{}, false
	case isScript(call), program == "npm" && hasWord(call, "run", "run-script") && strings.Contains(call.String(), "prune"):
		return developmentEvent{any: true}, true
	}
	tree := func(name string) string { return path.Join(dir, name) }
	d := development{call: call, command: program, what: "the development dependencies"}
	if d.command = commandName(call); d.command == program && len(call.Words) > 1 && !strings.HasPrefix(call.Words[1], "-") {
		d.command += " " + call.Words[1]
	}
	// Asked last: it looks through the whole script.
	uncertain := func() bool { return isConditional(call) || isOptional(call) }
	e := developmentEvent{install: &d}
	clears := developmentEvent{}
	switch program {
	case "npm", "yarn", "pnpm", "bun":
		e.tree, clears.tree, d.node = tree("node_modules"), tree("node_modules"), true
		omits, known := omitsNodeDevelopment(in, call)
		if !known {
			return developmentEvent{}, false
		}
		if p, _ := parsePackages(call); p.action == "prune" {
			return clears, omits
		}
		i, ok := parseInstall(call)
		switch {
		case !ok || i.builds || hasWord(call, "fetch", "--package-lock-only", "--lockfile-only", "--dry-run"):
			return developmentEvent{}, false
		case omits:
			return clears, true
		}
		d.prune = map[string]string{"npm": "npm prune --omit=dev", "pnpm": "pnpm prune --prod"}[program]
		d.fix = "Write " + better(call, yarnOf(files.context, call, "."), program == "yarn" || !lacksLock(files, in, dir), true)
		d.explicit = strings.Contains(call.String(), "--include=dev") || strings.Contains(call.String(), "--include dev")
		d.certain, ok = nodeManifestHas(files, in, path.Join(dir, "package.json"))
		d.certain = d.certain || d.explicit
		return e, (ok || d.explicit) && !uncertain()
	case "composer":
		e.tree, clears.tree = tree("vendor"), tree("vendor")
		if i, ok := parseInstall(call); !ok || i.builds || hasWord(call, "--dry-run") {
			return developmentEvent{}, false
		}
		if hasWord(call, "--no-dev") || setsVariable(in, call, "COMPOSER_NO_DEV") {
			return clears, true
		}
		d.fix, d.prune = "Write "+better(call, yarnUnknown, true, true), "composer install --no-dev"
		has, ok := manifestHas(files, in, path.Join(dir, "composer.json"), `"require-dev"`)
		d.certain = has
		return e, ok && !uncertain()
	case "bundle", "bundler":
		i, ok := parseInstall(call)
		switch {
		case hasWord(call, "clean"):
			return developmentEvent{any: true}, true
		case !ok || i.builds, files.done["bundle without"], hasOption(call, "--without", "--with"), setsVariable(in, call, "BUNDLE_WITHOUT"), setsVariable(in, call, "BUNDLE_ONLY"), !isPlainBase(in.Stage):
			return developmentEvent{}, false
		}
		if config, err := files.context.ReadFile(".bundle/config"); err == nil && strings.Contains(string(config), "WITHOUT") {
			return developmentEvent{}, false
		}
		e.tree = "/usr/local/bundle"
		if to, ok := in.Variable("BUNDLE_PATH"); ok {
			if e.tree = unknownDir + "bundle"; to.Known {
				e.tree = path.Clean(to.Text)
			}
		}
		d.command, d.fix = "bundle install", "Write ENV BUNDLE_WITHOUT=development:test before it"
		d.certain, ok = manifestHas(files, in, path.Join(dir, "Gemfile"), "group :development", "group :test", "group(:development", "group(:test", "group: :development", "group: :test", "group: [:", "groups: [:", ":group =>")
		return e, ok && !uncertain()
	case "uv", "poetry", "pdm":
		if f, ok := pythonProject(in, files, call, dir); ok {
			if f.install != nil {
				d.explicit, d.certain, d.fix = f.install.explicit, f.install.certain, f.install.fix
				f.install = &d
			}
			return f, f.install == nil || !uncertain()
		}
	}
	return pipEvent(in, files, index, d, uncertain)
}

// pipEvent judges an install of pip, uv pip or pipenv: by the names of its files,
// groups and packages, and by what the files name.
func pipEvent(in *dockerfile.Instruction, files *stageFiles, index int, d development, uncertain func() bool) (developmentEvent, bool) {
	call := d.call
	p, ok := parsePackages(call)
	isPip := ok && (p.manager == "pip" || p.manager == "uv" && hasWord(call, "pip")) && p.action == actionInstall
	if !isPip && call.Program() != "pipenv" && call.Program() != "pip-sync" && !(p.manager == "uv" && hasWord(call, "sync")) || uncertain() {
		return developmentEvent{}, false
	}
	d.explicit, d.fix = true, "Keep what only the development needs in a file or group of its own, and install it in a stage of the development alone"
	e := developmentEvent{install: &d, tree: pipTree(in, call)}
	if what := installsDevelopment(call); what != "" {
		d.command, d.certain = what, !strings.HasSuffix(what, "--all-extras")
		return e, true
	}
	if !isPip {
		return developmentEvent{}, false
	}
	where := ""
	for _, o := range p.operands {
		if isDevelopmentPackage(o.name) {
			d.packages = append(d.packages, o.name)
		}
	}
	for _, name := range files.requirements(in, index, p) {
		text, err := files.context.ReadFile(name)
		if err != nil {
			continue
		}
		file := requirementsFile{path: name}
		file.parse(string(text))
		for _, r := range file.lines {
			if name_ := strings.TrimSpace(r.name); isDevelopmentPackage(name_) && !slices.Contains(d.packages, name_) {
				d.packages, where = append(d.packages, name_), " of "+name
			}
		}
	}
	d.what = strings.Join(d.packages[:min(len(d.packages), 3)], ", ") + where + ", which only the development needs,"
	d.certain = len(d.packages) > 1 // one may be there by way of another package
	if where != "" {
		d.fix = "Move them to requirements-dev.txt, which only a stage of the development installs"
	}
	return e, len(d.packages) > 0
}

// pipTree returns the directory that a call of pip installs into.
func pipTree(in *dockerfile.Instruction, call dockerfile.Call) string {
	if p, ok := parsePackages(call); ok {
		if to, ok := p.value("-t", "--target", "--prefix"); ok {
			if dir := in.Before.Resolve(in.Expand(to)); dir.Known {
				return dir.Text
			}
			return unknownDir + "target"
		}
		if p.has("--user") {
			return "/root/.local"
		}
	}
	if environment, ok := strings.CutSuffix(path.Dir(call.Words[0]), "/bin"); ok && path.IsAbs(environment) && !strings.HasPrefix(environment, "/usr") {
		return environment
	}
	for _, name := range []string{"VIRTUAL_ENV", "PATH"} {
		value, ok := in.Variable(name)
		dir, _, _ := strings.Cut(strings.Trim(value.Raw, `"'`), ":")
		if name == "PATH" {
			environment, inside := strings.CutSuffix(dir, "/bin")
			ok, dir = ok && inside && environment != "/usr/local", environment
		}
		if expanded := in.Expand(dir); ok && expanded.Known && path.IsAbs(expanded.Text) {
			return path.Clean(expanded.Text)
		}
	}
	return sitePackages
}

// pythonProject judges uv sync, poetry install and pdm install; false if the call
// is none of them.
func pythonProject(in *dockerfile.Instruction, files *stageFiles, call dockerfile.Call, dir string) (developmentEvent, bool) {
	program := call.Program()
	i, ok := parseInstall(call)
	if !ok || i.builds || hasWord(call, "pip", "--dry-run") {
		return developmentEvent{}, false
	}
	environment := path.Join(dir, ".venv")
	if to, ok := in.Variable("UV_PROJECT_ENVIRONMENT"); ok && program == "uv" {
		if environment = unknownDir + "venv"; to.Known {
			environment = in.Before.Resolve(to).Text
		}
	}
	d := development{}
	e := developmentEvent{install: &d, tree: environment}
	if installsDevelopment(call) != "" || hasWord(call, "--dev", "--only-dev") && program != "pdm" {
		d.explicit, d.certain, d.fix = true, true, "Install without them in the image; install them in a stage of the development alone"
		return e, true
	}
	omits, marks := false, []string{"[dependency-groups]"}
	switch program {
	case "uv":
		omits = hasOption(call, "--no-dev", "--no-default-groups", "--only-group", "--no-group") || setsVariable(in, call, "UV_NO_DEV") || setsVariable(in, call, "UV_NO_DEFAULT_GROUPS")
		d.fix, marks = "Write "+better(call, yarnUnknown, false, true), []string{"\ndev =", "\ndev=", "dev-dependencies"}
	case "poetry":
		omits = hasOption(call, "--only", "--without", "--no-dev", "--only-root")
		d.fix, marks = "Write "+better(call, yarnUnknown, false, true), append(marks, "[tool.poetry.group.", "[tool.poetry.dev-dependencies]")
	case "pdm":
		omits = hasOption(call, "--prod", "--production", "--no-dev")
		d.fix, marks = "Write "+better(call, yarnUnknown, true, true), append(marks, "[tool.pdm.dev-dependencies]")
	}
	if omits {
		return developmentEvent{tree: environment}, true
	}
	has, ok := manifestHas(files, in, path.Join(dir, "pyproject.toml"), marks...)
	if has {
		// Groups that are optional, or none by default.
		optional, _ := manifestHas(files, in, path.Join(dir, "pyproject.toml"), "optional = true", "default-groups")
		ok = !optional
	}
	d.certain = has
	return e, ok
}

// hasOption reports whether one of these options is given, with or without a value.
func hasOption(call dockerfile.Call, options ...string) bool {
	return slices.ContainsFunc(call.Words[1:], func(w string) bool {
		name, _, _ := strings.Cut(w, "=")
		return slices.Contains(options, name)
	})
}

// setsVariable reports whether a variable may be set to something else than a no,
// where a call runs.
func setsVariable(in *dockerfile.Instruction, call dockerfile.Call, name string) bool {
	value, ok := variableOf(in, call, name)
	return ok && (!value.Known || value.Text != "" && !isFalse(value.Text))
}

// variableOf returns the value of a variable where a call runs: the script's own,
// else that of the Dockerfile.
func variableOf(in *dockerfile.Instruction, call dockerfile.Call, name string) (dockerfile.Value, bool) {
	if call.Node != nil {
		for _, a := range call.Node.Assigns {
			if a.Name != nil && a.Name.Value == name && a.Value != nil {
				return in.Expand(call.Script.Word(a.Value)), true
			}
		}
	}
	for _, line := range in.Text() {
		if strings.Contains(line, name+"=") {
			return dockerfile.Value{}, true // exported, or given by env
		}
	}
	return in.Variable(name)
}

// omitsNodeDevelopment reports whether a call of npm, Yarn, pnpm or Bun leaves out
// the development dependencies; not known if a variable decides that nobody knows.
func omitsNodeDevelopment(in *dockerfile.Instruction, call dockerfile.Call) (omits, known bool) {
	p, ok := parsePackages(call)
	if !ok {
		return false, false
	}
	for _, flag := range p.flags {
		switch name, value, joined := strings.Cut(flag, "="); name {
		case "--production", "--prod", "-P":
			return !isFalse(value) || !joined, true
		case "--omit", "--only", "--include":
			switch {
			case name == "--include" && value == "dev":
				return false, true
			case name == "--omit" && value == "dev", name == "--only" && strings.HasPrefix(value, "prod"):
				return true, true
			}
		}
	}
	if hasWord(call, "--only") && hasWord(call, "prod", "production") {
		return true, true
	}
	for _, name := range []string{"NODE_ENV", "NPM_CONFIG_OMIT", "npm_config_omit", "NPM_CONFIG_PRODUCTION", "npm_config_production", "NPM_CONFIG_ONLY", "YARN_PRODUCTION"} {
		value, ok := variableOf(in, call, name)
		if ok && (!value.Known || strings.HasPrefix(value.Text, "prod") || value.Text == "dev" || value.Text == "true") {
			return value.Known, value.Known
		}
	}
	return false, isPlainBase(in.Stage)
}

// isPlainBase reports whether a stage is built from an image that is known not to
// set the variables by which package managers leave out dependencies.
func isPlainBase(stage *dockerfile.Stage) bool {
	image, ok := stage.Root().References[0].Image()
	if !ok {
		return false
	}
	n, ok := parseImage(image)
	if !ok {
		return false
	}
	official := n.official()
	return n.path() == "oven/bun" || slices.Contains(distributions, official) || slices.Contains([]string{"node", "python", "ruby", "php", "golang", "buildpack-deps"}, official)
}

// nodeManifestHas reports whether a package.json has development dependencies, and
// whether there may be any.
func nodeManifestHas(files *stageFiles, in *dockerfile.Instruction, name string) (has, maybe bool) {
	if config, err := files.context.ReadFile(".npmrc"); err == nil && (strings.Contains(string(config), "omit") || strings.Contains(string(config), "production")) {
		return false, false
	}
	return manifestHas(files, in, name, `"devDependencies"`)
}

// lacksLock reports whether a package.json of the build context has no lock file beside
// it: an install that insists on one would fail.
func lacksLock(files *stageFiles, in *dockerfile.Instruction, dir string) bool {
	manifest := files.find(in, path.Join(dir, "package.json"))
	return manifest.presence == present && files.context.Exists(manifest.path) && !slices.ContainsFunc(lockFiles, func(name string) bool {
		return files.context.Exists(path.Join(path.Dir(manifest.path), name))
	})
}

// manifestHas reports whether a file of the build context holds one of the marks,
// and whether it may do: where the file is not there, nobody knows.
func manifestHas(files *stageFiles, in *dockerfile.Instruction, name string, marks ...string) (has, maybe bool) {
	found := files.find(in, name)
	if found.presence != present {
		return false, true
	}
	text, err := files.context.ReadFile(found.path)
	if err != nil {
		return false, true
	}
	for _, mark := range marks {
		_, behind, ok := strings.Cut(string(text), mark)
		// An empty object is none.
		if ok && !strings.HasPrefix(strings.Join(strings.Fields(behind), ""), ":{}") {
			return true, true
		}
	}
	return false, false
}

// isScript reports whether a call runs a script, which may do anything.
func isScript(call dockerfile.Call) bool {
	return mayUpdate(call) && !strings.Contains(call.Words[0], "node_modules/.bin/") && !strings.HasSuffix(path.Dir(call.Words[0]), "/bin")
}

// developmentPackages are packages of Python that only tests and reviews need.
var developmentPackages = []string{
	"pytest", "black", "flake8", "mypy", "pylint", "isort", "tox", "nox", "pre-commit", "ruff", "autopep8", "yapf", "pyright", "pdbpp", "ipdb", "coverage", "nose", "nose2", "pycodestyle", "pydocstyle", "pyflakes",
}

func isDevelopmentPackage(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	return slices.Contains(developmentPackages, name) || strings.HasPrefix(name, "pytest-") || strings.HasPrefix(name, "flake8-")
}

// installsDevelopment returns how a call says that it installs dependencies of
// the development, too; empty if it does not say so.
func installsDevelopment(call dockerfile.Call) string {
	command := commandName(call)
	if i, ok := parseInstall(call); ok {
		if command = i.command; i.builds {
			return ""
		}
	}
	if file := requirements(call.Words); file != "" || call.Program() == "pip-sync" {
		if file == "" {
			file = call.Words[len(call.Words)-1]
		}
		if slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(file), func(r rune) bool { return strings.ContainsRune("/-_.", r) }), isDevelopmentName) {
			return command
		}
	}
	for n, word := range call.Words[1:] {
		name, value, joined := strings.Cut(word, "=")
		if !joined && n+2 < len(call.Words) {
			value = call.Words[n+2]
		}
		switch name {
		case "--dev":
			if call.Program() == "pipenv" {
				return command + " --dev"
			}
		case "--include", "--with", "--group", "--extra":
			if slices.ContainsFunc(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }), isDevelopmentName) {
				return command + " " + name + " " + value
			}
		case "--all-groups", "--all-extras":
			return command + " " + name
		}
		// .[dev,test]
		if _, extras, ok := strings.Cut(strings.TrimSuffix(word, "]"), "["); ok && n > 0 && slices.ContainsFunc(strings.Split(extras, ","), isDevelopmentName) && strings.HasPrefix(word, ".") {
			return command + " " + word
		}
	}
	return ""
}

// isDevelopmentName reports whether a word names what belongs to the development:
// dependencies, or a stage.
func isDevelopmentName(word string) bool {
	return slices.Contains([]string{"dev", "devel", "develop", "development", "test", "tests", "testing"}, word)
}
