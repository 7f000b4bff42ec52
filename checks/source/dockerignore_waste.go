package source

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var dockerignoreWaste = Check{
	Rule: checks.Rule{
		ID:        "source/dockerignore-waste",
		Title:     "The ignore file keeps build results, caches, logs and project files out of the image",
		Severity:  checks.Medium,
		Why:       "What lies about on the machine that builds gets into the image with COPY . .: it is larger, differs from machine to machine, and is rebuilt whenever one of these files changes.",
		Fix:       "Add the directories of build results, caches, editors and tests, and *.log, *.md, Dockerfile*, .dockerignore and docker-compose*, to the ignore file.",
		Reference: "https://docs.docker.com/build/concepts/context/#dockerignore-files",
	},
	Good: `
-- Dockerfile --
FROM python:3.12-slim
COPY . .
-- requirements.txt --
-- .dockerignore --
.git
.env
.env.*
**/__pycache__
.venv
Dockerfile*
`,
	Bad: `
-- Dockerfile --
FROM python:3.12-slim
COPY . .
-- requirements.txt --
-- .dockerignore --
.git
.env
.env.*
Dockerfile*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		if s.Ignore.Path == "" {
			return checks.Outcome{} // source/dockerignore says so, and names these lines too
		}
		wasted, err := wasteOf(s)
		if err != nil {
			return checks.Broken(err)
		}
		var findings []checks.Finding
		for _, severity := range []checks.Severity{checks.Medium, checks.Low} {
			lines, first := wasteLines(wasted, severity)
			if len(lines) == 0 {
				continue
			}
			list := strings.Join(lines, ", ")
			f := checks.At(checks.Location{Path: s.Ignore.Path}, "%s not left out, and %s in line %d copies it: %s",
				map[checks.Severity]string{checks.Medium: "what tools make is", checks.Low: "what only people need is"}[severity],
				first.Keyword, first.Location.Line, list)
			f.Severity = severity
			f.Subject = list
			f.Fix = "Add to " + s.Ignore.Path + ", on a line each: " + list
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// waste is what a COPY or ADD would bring that the image does not need, and the
// line of an ignore file that keeps it out.
type waste struct {
	line     string
	severity checks.Severity
	copy     dockerfile.Copy
}

// wasteLines returns the lines of a severity, each once, and the first copy that
// they are about.
func wasteLines(wasted []waste, severity checks.Severity) (lines []string, first dockerfile.Copy) {
	for _, w := range wasted {
		if w.severity != severity || slices.Contains(lines, w.line) {
			continue
		}
		if len(lines) == 0 {
			first = w.copy
		}
		lines = append(lines, w.line)
	}
	return lines, first
}

// left are what tools leave behind in a project, by pattern: waste where it is
// there. The second list is of what only people need, without imagegate's own files: a
// baseline that is written would add a finding to those that it accepts.
var (
	left = []string{
		".venv", "venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", ".coverage", "htmlcov", "*.egg-info",
		".nyc_output", "coverage", ".turbo", ".parcel-cache", ".eslintcache", ".gradle", ".terraform", ".DS_Store", ".svn", ".hg",
		"*.log", "logs", "*.swp", ".idea", ".vscode",
	}
	forPeople = []string{
		"docker-compose*.yml", "docker-compose*.yaml", "compose*.yml", "compose*.yaml", ".gitignore", ".gitattributes", ".github",
		".gitlab-ci.yml", ".editorconfig", ".pre-commit-config.yaml",
	}
	tests = []string{"tests", "test", "__tests__", "spec"}
)

// dockerignoreFile is the ignore file of all Dockerfiles that have none of their own.
const dockerignoreFile = ".dockerignore"

// project is what the Dockerfile says of a project that its files do not.
type project struct {
	source  *dockerfile.Source
	copied  []string // paths of the context that are copied by name
	results []string // names in the working directory of a stage that another one takes
	built   map[ecosystem]bool
	builds  bool // with a bundler or compiler of JavaScript
	tested  bool
}

func projectOf(s *dockerfile.Source) project {
	p := project{source: s, built: map[ecosystem]bool{}}
	for _, stage := range s.Stages {
		for _, in := range stage.Instructions {
			if c, ok := in.Copy(); ok && stage.Reachable {
				p.copied = append(p.copied, c.ContextPaths()...)
				p.results = append(p.results, resultsOf(c)...)
			}
			if in.Keyword != "RUN" {
				continue
			}
			for _, call := range in.Calls {
				p.called(call, stage.Reachable)
			}
		}
	}
	return p
}

// resultsOf returns the names in the working directory of another stage that a
// COPY takes: dist for COPY --from=build /app/dist.
func resultsOf(c dockerfile.Copy) []string {
	at := slices.IndexFunc(c.Stage.References, func(r dockerfile.Reference) bool { return r.Instruction == c.Instruction && r.Stage != nil })
	if at < 0 {
		return nil
	}
	workdir := c.Stage.References[at].Stage.Config.Directory
	if !workdir.Known {
		return nil
	}
	var names []string
	for _, src := range c.Sources {
		if rel, ok := strings.CutPrefix(path.Join("/", src.Text), workdir.Text+"/"); ok {
			name, _, _ := strings.Cut(rel, "/")
			names = append(names, name)
		}
	}
	return names
}

func (p *project) called(call dockerfile.Call, reachable bool) {
	program := call.Program()
	if strings.Contains(program, "test") || slices.ContainsFunc(call.Words[1:], func(w string) bool {
		return w == "rspec" || w == "jest" || strings.Contains(w, "test") && !strings.Contains(w, "/") && !strings.Contains(w, "latest")
	}) {
		p.tested = true
	}
	if !reachable {
		return
	}
	if i, ok := parseInstall(call); ok && (i.builds || i.ecosystem == "php") {
		p.built[i.ecosystem] = true
	}
	switch program {
	case "npm", "pnpm", "yarn", "bun", "npx", "turbo", "nx":
		p.builds = p.builds || slices.ContainsFunc(call.Words[1:], func(w string) bool { return strings.HasPrefix(w, "build") })
	case "tsc", "vite", "webpack", "rollup", "esbuild":
		p.builds = true
	}
}

// wanted reports whether the Dockerfile copies a path of the context by name.
func (p *project) wanted(name string) bool {
	return slices.ContainsFunc(p.copied, func(c string) bool { return c == name || strings.HasPrefix(c, name+"/") })
}

// wasteOf returns what the copies of the stages in use bring without need. Of the
// whole context that is what the tools of its project will make there as well; of
// a directory it is what is there.
func wasteOf(s *dockerfile.Source) ([]waste, error) {
	var found []waste
	var p project
	seen := map[string]bool{}
	for _, stage := range s.Reachable() {
		for _, c := range stage.Copies() {
			for _, dir := range c.ContextPaths() {
				if seen[dir] || dir != "." && (strings.ContainsAny(dir, "*?[") || path.Ext(dir) != "") {
					continue // what has an extension is hardly a directory
				}
				entries, err := s.ReadDir(dir)
				if err != nil {
					continue
				}
				seen[dir] = true
				if p.source == nil {
					p = projectOf(s)
				}
				more, err := p.wasteIn(c, dir, entries)
				if err != nil {
					return nil, err
				}
				found = append(found, more...)
			}
		}
	}
	return found, nil
}

func (p *project) wasteIn(c dockerfile.Copy, dir string, entries []fs.DirEntry) ([]waste, error) {
	w := wasteJudge{project: p, copy: c, dir: dir, entries: entries}
	for _, pattern := range left {
		w.there(pattern, checks.Medium)
	}
	if dir == "." {
		w.willBe()
		before := len(w.found)
		if name := p.source.Path; !strings.Contains(name, "/") {
			w.missing("Dockerfile*", checks.Low, name)
		} else {
			w.missing(name, checks.Low, name)
		}
		// Of the files that only the build reads it is the least: alone it is no finding.
		if ignore := p.source.Ignore.Path; len(w.found) > before && (ignore == "" || ignore == dockerignoreFile) {
			w.missing(dockerignoreFile, checks.Low, dockerignoreFile)
		}
		for _, pattern := range forPeople {
			w.there(pattern, checks.Low)
		}
		if !p.tested {
			for _, pattern := range tests {
				w.there(pattern, checks.Low)
			}
		}
		w.documentation()
	}
	return w.found, w.err
}

// wasteJudge judges one directory of the context that is copied.
type wasteJudge struct {
	*project
	copy    dockerfile.Copy
	dir     string
	entries []fs.DirEntry
	found   []waste
	err     error
}

// has returns the first entry of the directory that one of the patterns matches.
func (w *wasteJudge) has(patterns ...string) (fs.DirEntry, bool) {
	for _, entry := range w.entries {
		for _, pattern := range patterns {
			if ok, err := path.Match(pattern, entry.Name()); err == nil && ok {
				return entry, true
			}
		}
	}
	return nil, false
}

// there reports an entry that is there.
func (w *wasteJudge) there(pattern string, severity checks.Severity) {
	entry, ok := w.has(pattern)
	if !ok {
		return
	}
	name := entry.Name()
	if entry.IsDir() {
		name += "/x" // a pattern may leave out what a directory holds
	}
	line := pattern
	if pattern == "__pycache__" {
		line = "**/__pycache__"
	}
	w.missing(line, severity, name)
}

// missing reports a line if none of the paths, relative to the directory, is left
// out; nor if the Dockerfile or the ignore file wants one of them.
func (w *wasteJudge) missing(line string, severity checks.Severity, names ...string) {
	for _, name := range names {
		full := path.Join(w.dir, name)
		excluded, err := w.source.Ignore.Excludes(full)
		if err != nil {
			w.err = err
			return
		}
		first, _, _ := strings.Cut(name, "/")
		if excluded || w.copy.Excludes(name) || w.wanted(path.Join(w.dir, first)) || w.takenBack(full) {
			return
		}
	}
	if !strings.HasPrefix(line, "**/") {
		line = path.Join(w.dir, line)
	}
	w.found = append(w.found, waste{line, severity, w.copy})
}

// takenBack reports whether an exception of the ignore file names a path.
func (w *wasteJudge) takenBack(name string) bool {
	return w.source.Ignore.Exceptions() && slices.ContainsFunc(w.source.Ignore.Lines, func(line dockerfile.IgnoreLine) bool {
		return line.Exception && line.Matches(name)
	})
}

// willBe reports what the tools of the project make, there or not.
func (w *wasteJudge) willBe() {
	if _, ok := w.has("requirements*.txt", "pyproject.toml", "setup.py", "Pipfile", "manage.py"); ok {
		w.missing("**/__pycache__", checks.Medium, w.beside("*.py", "__pycache__/x.cpython-312.pyc")...)
		w.missing(".venv", checks.Medium, ".venv/x")
	}
	if _, ok := w.has("package.json"); ok && w.measuresCoverage() {
		w.missing("coverage", checks.Medium, "coverage/x")
	}
	if w.builds {
		for _, name := range []string{"dist", "build", "out", ".next", ".output", ".nuxt", ".svelte-kit"} {
			if _, there := w.has(name); there || slices.Contains(w.results, name) {
				w.missing(name, checks.Medium, name+"/x")
			}
		}
	}
	if w.built["rust"] || w.built["maven"] {
		w.missing("target", checks.Medium, "target/x")
	}
	if w.built["gradle"] {
		w.missing("build", checks.Medium, "build/x")
		w.missing(".gradle", checks.Medium, ".gradle/x")
	}
	if w.built["php"] {
		w.missing("vendor", checks.Medium, "vendor/x")
	}
	if w.built["dotnet"] {
		w.missing("**/bin", checks.Medium, w.beside("*.*proj", "bin/Debug/x")...)
		w.missing("**/obj", checks.Medium, w.beside("*.*proj", "obj/x")...)
	}
}

// beside returns a path in each directory of the context that has such a file; in
// the root where none is known to.
func (w *wasteJudge) beside(pattern, name string) []string {
	var paths []string
	for _, file := range w.source.Files() {
		dir, base := path.Split(file)
		if ok, err := path.Match(pattern, base); err == nil && ok && !slices.Contains(paths, dir+name) {
			paths = append(paths, dir+name)
		}
	}
	if len(paths) == 0 {
		paths = []string{name}
	}
	return paths
}

// measuresCoverage reports whether package.json names a tool that writes the
// coverage of tests.
func (w *wasteJudge) measuresCoverage() bool {
	text, err := w.source.ReadFile("package.json")
	return err == nil && slices.ContainsFunc([]string{`"jest"`, `"vitest"`, `"nyc"`, `"c8"`}, func(tool string) bool {
		return bytes.Contains(text, []byte(tool))
	})
}

// documentation reports Markdown in the root, but a README that the build reads.
func (w *wasteJudge) documentation() {
	_, readByBuild := w.has("pyproject.toml", "setup.py", "Cargo.toml", "*.gemspec", "*.cabal")
	for _, entry := range w.entries {
		name := entry.Name()
		if path.Ext(name) != ".md" || entry.IsDir() || readByBuild && strings.EqualFold(name, "README.md") {
			continue
		}
		before := len(w.found)
		w.missing("*.md", checks.Low, name)
		if len(w.found) == before {
			continue
		}
		if _, ok := w.has("README.md"); ok && readByBuild {
			w.found = append(w.found, waste{"!README.md", checks.Low, w.copy})
		}
		return
	}
}
