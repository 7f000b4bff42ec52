package image

import (
	"archive/tar"
	"maps"
	"path"
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
		Fix:       "npm: npm ci --omit=dev in the stage whose node_modules is copied, or npm prune --omit=dev; Python: install without the development group or requirements, as with uv sync --no-dev or poetry install --only main",
		Reference: "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
	},
	Good: `{
  "files": {
    "/app/package.json": "{\"dependencies\": {\"express\": \"4\"}, \"devDependencies\": {\"jest\": \"29\"}}",
    "/app/node_modules/express/package.json": "{}",
    "/venv/lib/python3.13/site-packages/flask-3.1.2.dist-info/METADATA": "Name: flask"
  },
  "source": {
    "pyproject.toml": "[project]\ndependencies = ['flask']\n[dependency-groups]\ndev = ['respx']"
  }
}`,
	Bad: `{
  "files": {
    "/app/node_modules/.package-lock.json": "{\"packages\": {\"node_modules/express\": {}, \"node_modules/jest\": {\"dev\": true}}}",
    "/app/node_modules/express/package.json": "{}",
    "/app/node_modules/jest/package.json": "{}",
    "/app/node_modules/jest/build/index.js": {"size": 5000},
    "/venv/lib/python3.13/site-packages/flask-3.1.2.dist-info/METADATA": "Name: flask",
    "/venv/lib/python3.13/site-packages/respx-0.22.0.dist-info/METADATA": "Name: respx"
  },
  "source": {
    "pyproject.toml": "[project]\ndependencies = ['flask']\n[dependency-groups]\ndev = ['respx']"
  }
}`,
	Judge: judgeDevDependencies,
}

// nodeTools and pythonTools are packages that nothing in production calls, as
// path.Match has them. Those of Node tell where no lock file does: what an application
// names as a dependency of its development, another package may need. Those of Python
// tell where no project names the package.
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

// pythonDevPackages returns the packages for development that are installed, by the
// directory they are installed in.
func pythonDevPackages(img *Image) groups {
	found, declared := groups{}, pythonPurposes(img)
	for e := range img.Tree.All() {
		dir, name, ok := installedPython(e.Path)
		if !ok || e.Type != tar.TypeReg || !declared.development(dir, name) {
			continue
		}
		module := path.Join("/", dir, strings.ReplaceAll(name, "-", "_"))
		found.add("/"+dir, Entry{Path: path.Join(dir, name), Size: sizeBelow(img.Tree, module) + e.Size, Layer: e.Layer})
	}
	return found
}

// pythonBases are packages that base images of Python bring, and pythonSystem is where
// Debian installs its own: a project that names one of them did not install those.
var pythonBases = []string{"pip", "setuptools", "wheel"}

const pythonSystem = "usr/lib/python3/dist-packages"

// purposes are what projects need Python packages for, by name.
type purposes struct {
	dev        map[string]bool
	production map[string]bool
	// needed are those that something else in the image requires.
	needed map[string]bool
}

// development reports whether a package that is installed in a directory is for
// development alone. What no project names is so if it is a known tool.
func (p purposes) development(dir, name string) bool {
	switch {
	case p.dev[name] && dir != pythonSystem && !slices.Contains(pythonBases, name):
		return !p.needed[name]
	case p.production[name]:
		return false
	}
	return matches(pythonTools, name)
}

// pythonPurposes works out what the projects in the image and in its source need
// packages for. What one project may need in production is not for development,
// whatever another one says.
func pythonPurposes(img *Image) purposes {
	projects := map[string]*PythonManifest{}
	var roots []PythonRequirement // of production
	for _, m := range img.PythonManifests {
		dir := path.Dir(m.Path)
		if projects[dir] == nil {
			projects[dir] = &PythonManifest{Packages: map[string][]PythonRequirement{}}
		}
		p := projects[dir]
		p.add(true, m.Production...)
		p.add(false, m.Development...)
		for name, requires := range m.Packages {
			p.Packages[name] = append(p.Packages[name], requires...)
		}
		roots = append(roots, m.Production...)
	}
	all, optional := purposes{dev: map[string]bool{}, production: map[string]bool{}}, map[string]bool{}
	for _, p := range projects {
		maps.Copy(all.dev, closure(p.Packages, p.Development, false))
		maps.Copy(optional, closure(p.Packages, p.Production, false))
		always := slices.DeleteFunc(p.Production, func(r PythonRequirement) bool { return r.For != "" })
		maps.Copy(all.production, closure(p.Packages, always, false))
	}
	maps.DeleteFunc(all.dev, func(name string, _ bool) bool { return optional[name] })

	// Without a lock file nobody says what packages pull in, and with one somebody may
	// have installed more: so whatever is installed for another reason is asked, too.
	// Which extras it was installed with is known only from a project.
	every := len(roots) == 0
	installed := map[string][]PythonRequirement{}
	for _, p := range img.PythonPackages {
		installed[p.Name] = append(installed[p.Name], p.Requires...)
		if !all.dev[p.Name] && (all.production[p.Name] || !matches(pythonTools, p.Name)) {
			roots = append(roots, PythonRequirement{Name: p.Name})
		}
	}
	all.needed = closure(installed, roots, every)
	return all
}
