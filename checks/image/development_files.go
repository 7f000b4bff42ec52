package image

import (
	"archive/tar"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var developmentFiles = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/development-files",
		Title:     "The application comes without its tests, Dockerfiles and editor files",
		Severity:  checks.Low,
		Why:       "What only developers read tells an attacker how the application is built and where it is weak, and every change of it makes a new layer; source maps hand out the source itself.",
		Fix:       "list these files in .dockerignore, or copy only what runs into the final stage",
		Reference: "https://docs.docker.com/build/concepts/context/#dockerignore-files",
		Aliases:   []string{"DKL-LI-0003"},
	},
	Good: `{
  "image": {"os": "linux", "config": {"WorkingDir": "/app"}},
  "files": {"/app/dist/server.js": {"size": 20000}, "/app/node_modules/x/test/x.test.js": "1"}
}`,
	Bad: `{
  "image": {"os": "linux", "config": {"WorkingDir": "/app", "Env": ["NODE_ENV=production"]}},
  "files": {
    "/app/dist/server.js": {"size": 20000},
    "/app/dist/server.js.map": {"size": 60000},
    "/app/Dockerfile": "FROM node",
    "/app/tests/server.test.js": "1"
  }
}`,
	Judge: judgeDevelopmentFiles,
}

// The kinds of such files, as findings call them.
const (
	testFiles   = "tests"
	editorFiles = "files of editors"
	buildFiles  = "files of the build and of its pipelines"
	sourceMaps  = "source maps"
)

func judgeDevelopmentFiles(img *Image) checks.Outcome {
	app := strings.Trim(path.Clean("/"+img.Config.Config.WorkingDir), "/")
	if app == "" {
		return checks.Outcome{} // where the application lies is not known
	}
	production := !slices.ContainsFunc(img.Config.Config.Env, func(v string) bool { return v == "NODE_ENV=development" || v == "NODE_ENV=test" })
	found := groups{}
	for e := range img.Tree.All() {
		name, ok := strings.CutPrefix(e.Path, app+"/")
		if !ok || e.Type != tar.TypeReg || published(e.Path) {
			continue
		}
		if kind := developmentKind(name); kind != "" && (kind != sourceMaps || production) {
			found.add(kind, e)
		}
	}
	return checks.Found(found.findings(func(g *group) checks.Finding {
		f := checks.At(checks.Location{Path: g.samples[0].Path}, "%s in the application's directory, %s; from %s", g.name, g, img.layerName(g.layer))
		f.Subject = g.name
		return f
	})...)
}

// developmentKind returns which kind a file is, by its path in the application's
// directory; empty for one that may well be needed.
func developmentKind(name string) string {
	base := path.Base(name)
	if _, ok := within(name, func(step string) bool { return step == ".vscode" || step == ".idea" }); ok {
		return editorFiles
	}
	if _, ok := within(name, func(step string) bool {
		return slices.Contains([]string{"__tests__", ".pytest_cache", ".nyc_output", ".mypy_cache", ".ruff_cache"}, step)
	}); ok {
		return testFiles
	}
	if _, ok := within(name, func(step string) bool { return step == ".github" || step == ".circleci" || step == ".gitlab" }); ok {
		return buildFiles
	}
	switch {
	case base == ".DS_Store", base == ".editorconfig", strings.HasSuffix(base, ".swp"), strings.HasSuffix(base, "~"):
		return editorFiles
	case base == "Dockerfile", strings.HasPrefix(base, "Dockerfile."), base == ".dockerignore", base == ".gitlab-ci.yml", base == "Jenkinsfile",
		base == "imagegate.yaml", base == "imagegate.yml", base == ".imagegate-baseline.json",
		matches([]string{"docker-compose*.y*ml", "compose.y*ml", "compose.*.y*ml"}, base):
		return buildFiles
	case matches([]string{"*.js.map", "*.mjs.map", "*.cjs.map", "*.css.map", "*.d.ts.map"}, base):
		return sourceMaps
	case matches([]string{"*.test.[jt]s", "*.test.[jt]sx", "*.spec.[jt]s", "*.spec.[jt]sx", "*_test.go", "*_test.py", "test_*.py", "conftest.py", "*_spec.rb"}, base):
		return testFiles
	}
	return ""
}
