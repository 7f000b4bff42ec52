package source

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var lockedInstall = Check{
	Rule: checks.Rule{
		ID:        "source/locked-install",
		Title:     "Dependencies are installed as the lock file says",
		Severity:  checks.Medium,
		Why:       "An install that may change the lock file, or that does not find it, takes versions that nobody has tested, and other ones in every build. One that insists on the lock file fails without it.",
		Fix:       "Copy the lock file with the manifest, and install with the command that follows it or fails: npm ci, yarn install --immutable, pnpm install --frozen-lockfile, uv sync --locked, cargo build --locked.",
		Reference: "https://docs.npmjs.com/cli/commands/npm-ci",
	},
	Good: `
-- Dockerfile --
FROM node:20-alpine
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
-- package.json --
{}
-- package-lock.json --
{}
`,
	Bad: `
-- Dockerfile --
FROM node:20-alpine
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install
-- package.json --
{}
-- package-lock.json --
{}
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		walkFiles(s, func(in *dockerfile.Instruction, files *stageFiles) {
			installs := 0
			for i, call := range in.Calls {
				if call.Program() == "bundle" && len(call.Words) > 1 && call.Words[1] == "config" && slices.ContainsFunc(call.Words, func(w string) bool { return w == "frozen" || w == "deployment" }) {
					files.done["bundle config"] = true
				}
				if _, ok := parseInstall(call); !ok {
					continue
				}
				if installs++; installs > maxInstalls {
					break
				}
				f, ok := judgeLocked(in, files, i, call)
				if ok && in.Stage.Reachable && !in.Trigger {
					findings = append(findings, f)
				}
			}
		})
		return checks.Found(findings...)
	},
}

// maxInstalls is how many installs of one RUN are judged.
const maxInstalls = 16

// lockMode is what an install does with the lock file.
type lockMode int

const (
	updates lockMode = iota // uses it, and changes what does not fit the manifest
	follows                 // uses it, or resolves the versions where there is none
	insists                 // fails without it, or where it does not fit
	ignores                 // resolves the versions anew
)

// locking is how an install is locked.
type locking struct {
	mode     lockMode
	manifest string
	locks    []string // any of them will do
	fix      string   // the command to write instead
	// optional is whether a project may have no lock file, because it has no
	// dependencies or its kind does not use one.
	optional bool
}

// lockingOf says how a call that parseInstall recognizes is locked; false if its kind has
// no lock file, or a command before it has to do with that.
func lockingOf(in *dockerfile.Instruction, call dockerfile.Call, files *stageFiles) (locking, bool) {
	has := func(options ...string) bool {
		return slices.ContainsFunc(call.Words, func(w string) bool {
			name, value, _ := strings.Cut(w, "=")
			return slices.Contains(options, name) && !isFalse(value)
		})
	}
	on := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return isOn(in, call, name) })
	}
	insistsIf := func(yes bool) lockMode {
		if yes {
			return insists
		}
		return updates
	}
	switch program := call.Program(); program {
	case "npm":
		l := locking{manifest: "package.json", locks: []string{"package-lock.json", "npm-shrinkwrap.json"}, fix: better(call, yarnUnknown, true, false)}
		l.mode = insistsIf(has("ci", "clean-install"))
		return l, !has("--package-lock-only")
	case "yarn":
		l := locking{manifest: "package.json", locks: []string{"yarn.lock"}, fix: better(call, yarnOf(files.context, call, "."), true, false)}
		l.mode = insistsIf(has("--immutable", "--frozen-lockfile", "--immutable-cache") || on("CI", "YARN_ENABLE_IMMUTABLE_INSTALLS"))
		if l.mode == insists {
			l.mode = follows // Yarn 1 does not mind that there is none
		}
		return l, !has("--mode")
	case "pnpm":
		l := locking{manifest: "package.json", locks: []string{"pnpm-lock.yaml"}, fix: better(call, yarnUnknown, true, false)}
		l.mode = insistsIf(has("--frozen-lockfile", "--offline", "fetch") || on("CI"))
		return l, !has("--lockfile-only", "--no-lockfile")
	case "bun":
		l := locking{manifest: "package.json", locks: []string{"bun.lock", "bun.lockb"}, fix: better(call, yarnUnknown, true, false)}
		l.mode = insistsIf(has("--frozen-lockfile"))
		return l, true
	case "uv":
		if !slices.Contains(call.Words, "sync") {
			break
		}
		l := locking{manifest: "pyproject.toml", locks: []string{"uv.lock"}, fix: better(call, yarnUnknown, true, false)}
		l.mode = insistsIf(has("--frozen", "--locked") || on("UV_FROZEN", "UV_LOCKED"))
		return l, true
	case "poetry":
		return locking{mode: follows, manifest: "pyproject.toml", locks: []string{"poetry.lock"}, fix: "poetry install"}, true
	case "pdm":
		l := locking{manifest: "pyproject.toml", locks: []string{"pdm.lock"}, fix: better(call, yarnUnknown, true, false)}
		l.mode = insistsIf(has("sync", "--frozen-lockfile", "--no-lock", "--check") || on("PDM_FROZEN_LOCKFILE"))
		return l, true
	case "pipenv":
		l := locking{manifest: "Pipfile", locks: []string{"Pipfile.lock"}, fix: "pipenv sync"}
		l.mode = insistsIf(has("sync", "--deploy", "--ignore-pipfile"))
		return l, !has("--skip-lock")
	case "bundle", "bundler":
		l := locking{manifest: "Gemfile", locks: []string{"Gemfile.lock"}, fix: "BUNDLE_FROZEN=true bundle install"}
		l.mode = insistsIf(has("--frozen", "--deployment") || on("BUNDLE_FROZEN", "BUNDLE_DEPLOYMENT") || files.done["bundle config"])
		return l, true
	case "composer":
		l := locking{mode: follows, manifest: "composer.json", locks: []string{"composer.lock"}, fix: better(call, yarnUnknown, true, false)}
		if has("update") {
			l.mode = ignores
		}
		return l, !has("--lock")
	case "cargo":
		l := locking{manifest: "Cargo.toml", locks: []string{"Cargo.lock"}, fix: "cargo " + strings.Join(operands(call.Words[1:])[:1], "") + " --locked"}
		l.mode = insistsIf(has("--locked", "--frozen", "--offline"))
		if has("install") { // from a directory, or it would be no install of a manifest
			if l.fix = "cargo install --locked --path ."; l.mode == updates {
				l.mode = ignores
			}
			return l, slices.Contains(call.Words, "--path=.") || slices.Index(call.Words, ".") > 1
		}
		return l, !has("chef", "test", "--manifest-path")
	case "go":
		l := locking{mode: follows, manifest: "go.mod", locks: []string{"go.sum"}, fix: "go mod download", optional: true}
		if has("-mod") && slices.Contains(call.Words, "-mod=mod") {
			l.mode, l.fix = updates, "go build"
		}
		return l, !slices.Contains(call.Words, "-mod=vendor")
	case "mix":
		return locking{mode: follows, manifest: "mix.exs", locks: []string{"mix.lock"}, fix: "mix deps.get", optional: true}, true
	case "dotnet":
		l := locking{mode: updates, locks: []string{"packages.lock.json"}, fix: "dotnet restore --locked-mode", optional: true}
		if has("--locked-mode", "-p:RestoreLockedMode", "/p:RestoreLockedMode") {
			l.mode = insists
		}
		return l, has("restore")
	}
	return locking{}, false
}

// isOn reports whether a variable is set to something else than a no.
func isOn(in *dockerfile.Instruction, call dockerfile.Call, name string) bool {
	if call.Node != nil {
		for _, a := range call.Node.Assigns {
			if a.Name != nil && a.Name.Value == name && a.Value != nil {
				return !isFalse(call.Script.Word(a.Value))
			}
		}
	}
	value := in.Expand("${" + name + "}")
	return value.Known && value.Text != "" && !isFalse(value.Text)
}

func judgeLocked(in *dockerfile.Instruction, files *stageFiles, index int, call dockerfile.Call) (checks.Finding, bool) {
	s := files.context
	l, ok := lockingOf(in, call, files)
	if !ok {
		return checks.Finding{}, false
	}
	i, _ := parseInstall(call)
	if isConditional(call) || slices.ContainsFunc(in.Calls[:index], func(c dockerfile.Call) bool { return testsFile(c, l.locks) }) {
		return checks.Finding{}, false // only where the lock file is there
	}
	dirs := files.directories(in, index)
	for n, dir := range dirs {
		if to := directoryOption(call); to != "" {
			dirs[n] = path.Join(dir, to)
			if path.IsAbs(to) {
				dirs[n] = path.Clean(to)
			}
		}
	}
	if len(dirs) == 0 || strings.ContainsAny(dirs[0], "$`") {
		return checks.Finding{}, false
	}
	key := call.Program() + " " + dirs[0]
	if files.done[key] {
		return checks.Finding{}, false // what is locked, or found, counts for those behind it
	}
	files.done[key] = true
	if l.manifest == "" {
		return judgeRestore(s, call, l)
	}
	lock := findLock(in, files, dirs, l)
	if lock.presence == absent && writesProject(in.Calls[:index]) {
		return checks.Finding{}, false
	}
	manifest := files.find(in, path.Join(dirs[0], l.manifest))
	name := l.locks[0]
	if lock.presence == present {
		name = path.Base(lock.path)
	}
	if l.mode == updates && configuredToInsist(s, call, path.Dir(manifest.path)) {
		l.mode = insists
	}
	inSource := manifest.presence == present && s.Exists(manifest.path)
	finding := func(severity checks.Severity, fix, format string, args ...any) (checks.Finding, bool) {
		f := checks.At(call.Location, format, args...)
		f.Subject, f.Severity, f.Fix = i.command, severity, fix
		return f, true
	}
	switch {
	case l.mode == ignores && lock.presence != present && call.Program() == "cargo":
		return checks.Finding{}, false
	case l.mode == ignores:
		return finding(checks.Medium, "Write "+l.fix, "%s resolves the versions anew, whatever %s says", i.command, name)
	case lock.presence == present && l.mode == updates, lock.awaited && l.mode == updates && !inSource && manifest.awaited:
		return finding(checks.Medium, "Write "+l.fix, "%s changes what %s says where %s asks for something else, instead of failing", i.command, name, l.manifest)
	case lock.presence != absent, manifest.presence != present && !manifest.awaited:
		return checks.Finding{}, false
	case lock.awaited && !lock.ignored && l.mode == insists:
		return checks.Finding{}, false // the build itself says that there is none
	}
	// The manifest is there, the lock file is not.
	severity, consequence := checks.Medium, i.command+" resolves the versions anew"
	if l.mode == insists {
		severity, consequence = checks.High, i.command+" fails"
	}
	there := slices.ContainsFunc(l.locks, func(lock string) bool { return s.Exists(path.Join(path.Dir(manifest.path), lock)) })
	switch {
	case lock.ignored && (there || l.mode == insists):
		by := s.Ignore.Path
		if by == "" {
			by = "--exclude"
		}
		return finding(severity, "Take "+name+" out of "+by, "%s: %s leaves out %s", consequence, by, name)
	case there || l.mode == insists:
		fix := "Write COPY " + l.manifest + " " + name + " ./ before it"
		if l.mode == updates {
			fix += ", and " + l.fix
		}
		return finding(severity, fix, "%s: no instruction before it copies %s", consequence, name)
	case inSource && !l.optional:
		return finding(severity, "Commit "+name+", copy it with "+l.manifest+", and write "+l.fix, "%s: the source has no %s", consequence, name)
	}
	return checks.Finding{}, false
}

// isConditional reports whether a call depends on a condition of its script, or
// may fail without harm.
func isConditional(call dockerfile.Call) bool {
	if call.Node == nil {
		return false
	}
	found := false
	holds := func(node syntax.Node) bool {
		return node.Pos().Offset() <= call.Node.Pos().Offset() && call.Node.Pos().Offset() < node.End().Offset()
	}
	syntax.Walk(call.Script.File, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.IfClause, *syntax.CaseClause:
			found = found || holds(node)
		case *syntax.BinaryCmd:
			found = found || node.Op == syntax.OrStmt && holds(node.X)
		}
		return !found
	})
	return found
}

// testsFile reports whether a call is a test that is about one of the files.
func testsFile(call dockerfile.Call, names []string) bool {
	return (call.Program() == "[" || call.Program() == "test") && slices.ContainsFunc(call.Words, func(w string) bool {
		return slices.Contains(names, path.Base(w))
	})
}

// insisting are the files, by program, whose setting lets an install fail where
// the lock file does not fit.
var insisting = map[string]struct {
	file     string
	settings []string
}{
	"yarn":   {".yarnrc.yml", []string{"enableImmutableInstalls: true"}},
	"pnpm":   {".npmrc", []string{"frozen-lockfile=true"}},
	"bun":    {"bunfig.toml", []string{"frozenLockfile = true"}},
	"bundle": {".bundle/config", []string{"BUNDLE_FROZEN", "BUNDLE_DEPLOYMENT"}},
}

func configuredToInsist(s *dockerfile.Source, call dockerfile.Call, dir string) bool {
	config, ok := insisting[call.Program()]
	if !ok {
		return false
	}
	text, err := s.ReadFile(path.Join(dir, config.file))
	return err == nil && slices.ContainsFunc(config.settings, func(setting string) bool { return strings.Contains(string(text), setting) })
}

// findLock looks for a lock file where an install may run, and above: that of a
// workspace is at its root.
func findLock(in *dockerfile.Instruction, files *stageFiles, dirs []string, l locking) contextFile {
	best := contextFile{presence: absent}
	for _, dir := range dirs {
		for {
			for _, name := range l.locks {
				if best.settle(files.find(in, path.Join(dir, name))) {
					return best
				}
			}
			up := path.Dir(dir)
			if up == dir {
				break
			}
			dir = up
		}
	}
	return best
}

// directoryOption returns the directory that a call is told to run in, if any.
func directoryOption(call dockerfile.Call) string {
	for i, word := range call.Words {
		name, value, assigned := strings.Cut(word, "=")
		switch name {
		case "--prefix", "--cwd", "--dir", "-C", "--working-dir", "--project", "--directory":
			if assigned {
				return value
			}
			if i+1 < len(call.Words) {
				return call.Words[i+1]
			}
		}
	}
	return ""
}

// judgeRestore judges dotnet restore, whose lock file stands beside each project.
func judgeRestore(s *dockerfile.Source, call dockerfile.Call, l locking) (checks.Finding, bool) {
	words := operands(call.Words[1:])
	if l.mode == insists || len(words) > 1 && strings.ContainsAny(words[1], "$*/\\") && !strings.HasSuffix(words[1], "proj") {
		return checks.Finding{}, false
	}
	dir, project := ".", ""
	if len(words) > 1 && strings.HasSuffix(words[1], "proj") {
		project = clean(words[1])
		dir = path.Dir(project)
	}
	if !s.Exists(path.Join(dir, l.locks[0])) {
		return checks.Finding{}, false
	}
	for _, name := range []string{"Directory.Build.props", project} {
		if name == "" {
			continue
		}
		if text, err := s.ReadFile(name); err == nil && strings.Contains(string(text), "RestoreLockedMode") {
			return checks.Finding{}, false
		}
	}
	f := checks.At(call.Location, "dotnet restore changes what %s says where the project asks for something else, instead of failing", l.locks[0])
	f.Subject = "dotnet restore"
	f.Fix = "Write " + l.fix
	return f, true
}
