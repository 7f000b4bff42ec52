package image

import (
	"archive/tar"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var devDependencies = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/dev-dependencies",
		Title:     "No package that only development needs is in the image",
		Severity:  checks.Medium,
		Why:       "Test runners, linters and bundlers are often most of an installation and most of its vulnerabilities, and nothing in production calls them.",
		Fix:       "npm: npm ci --omit=dev in the stage whose node_modules is copied, or npm prune --omit=dev; Python: install without the development group or requirements",
		Reference: "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
	},
	Good: `{
  "files": {
    "/app/package.json": "{\"dependencies\": {\"express\": \"4\"}, \"devDependencies\": {\"jest\": \"29\"}}",
    "/app/node_modules/express/package.json": "{}"
  }
}`,
	Bad: `{
  "files": {
    "/app/node_modules/.package-lock.json": "{\"packages\": {\"node_modules/express\": {}, \"node_modules/jest\": {\"dev\": true}}}",
    "/app/node_modules/express/package.json": "{}",
    "/app/node_modules/jest/package.json": "{}",
    "/app/node_modules/jest/build/index.js": {"size": 5000}
  }
}`,
	Judge: judgeDevDependencies,
}

// nodeTools and pythonTools are packages that nothing in production calls, as
// path.Match has them. They tell where no lock file does: what an application
// names as a dependency of its development, another package may need.
var (
	nodeTools = []string{
		"@types/*", "typescript", "ts-node", "ts-node-dev", "tsx", "nodemon", "jest", "ts-jest", "babel-jest", "vitest", "mocha", "chai", "sinon", "nyc", "c8", "ava", "tap", "supertest",
		"cypress", "playwright", "@playwright/test", "eslint", "prettier", "husky", "lint-staged", "webpack", "webpack-cli", "vite", "rollup", "parcel", "gulp", "grunt",
		"@babel/core", "@babel/cli", "storybook", "semantic-release", "rimraf", "concurrently",
	}
	pythonTools = []string{
		"pytest", "pytest-*", "tox", "nox", "coverage", "hypothesis", "black", "ruff", "flake8", "flake8-*", "pylint", "isort", "mypy", "pyright", "bandit", "autopep8", "yapf", "pre-commit",
		"sphinx", "mkdocs", "ipython", "ipdb", "debugpy", "pdbpp", "jupyter", "jupyterlab", "notebook", "twine", "types-*", "factory-boy", "faker", "locust", "pip-tools", "pyinstaller",
	}
)

func judgeDevDependencies(img *Image) checks.Outcome {
	found := groups{}
	packages := nodeDevPackages(img)
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		found.add(packages[pkg], Entry{Path: pkg[1:], Size: sizeBelow(img.Tree, pkg)})
	}
	return checks.Found(slices.Concat(devFindings(found, "npm"), devFindings(pythonDevPackages(img), "Python"))...)
}

func devFindings(found groups, kind string) []checks.Finding {
	return found.findings(func(g *group) checks.Finding {
		f := checks.At(checks.Location{Path: g.name}, "%s for development alone, %s: %s", count(g.Files, kind+" package"), humanSize(g.Bytes), named(g.samples, g.Files))
		f.Subject = kind
		return f
	})
}

// nodeDevPackages returns the directories of the packages for development that are
// installed, each with that of the application, absolute.
func nodeDevPackages(img *Image) map[string]string {
	locked := map[string]bool{}
	for _, m := range img.NodeManifests {
		locked[m.Directory] = locked[m.Directory] || m.Lock
	}
	found := map[string]string{}
	for _, m := range img.NodeManifests {
		if locked[m.Directory] && !m.Lock {
			continue
		}
		for _, pkg := range m.Dev {
			if !m.Lock && !matches(nodeTools, strings.TrimPrefix(pkg, "node_modules/")) {
				continue
			}
			dir := path.Join(m.Directory, pkg)
			if e, err := img.Tree.Lookup(path.Join(dir, "package.json")); err == nil && e.Type == tar.TypeReg {
				found[dir] = m.Directory
			}
		}
	}
	return found
}

// sizeBelow returns the bytes of the files below a directory, without packages
// that are installed in it.
func sizeBelow(t *Tree, dir string) int64 {
	var sum int64
	for e := range t.Below(dir, func(e Entry) bool { return path.Base(e.Path) != "node_modules" }) {
		if e.Type == tar.TypeReg && !e.HardLink {
			sum += e.Size
		}
	}
	return sum
}

// distInfo is the directory in which a Python package is described, by its name
// and version.
var distInfo = regexp.MustCompile(`^([A-Za-z0-9._]+)-[^-/]+\.dist-info$`)

// pythonDevPackages returns the tools of development that are installed, by the
// directory they are installed in.
func pythonDevPackages(img *Image) groups {
	found := groups{}
	for e := range img.Tree.All() {
		dir, base := path.Split(e.Path)
		if base != "METADATA" || e.Type != tar.TypeReg {
			continue
		}
		dir, info := path.Split(strings.TrimSuffix(dir, "/"))
		dir = strings.TrimSuffix(dir, "/")
		m := distInfo.FindStringSubmatch(info)
		if m == nil || !slices.Contains([]string{"site-packages", "dist-packages"}, path.Base(dir)) {
			continue
		}
		name := strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(m[1]))
		if !matches(pythonTools, name) {
			continue
		}
		module := path.Join("/", dir, strings.ReplaceAll(name, "-", "_"))
		found.add("/"+dir, Entry{Path: path.Join(dir, name), Size: sizeBelow(img.Tree, module) + e.Size, Layer: e.Layer})
	}
	return found
}
