package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// yarnKind is which of the two kinds of Yarn a project uses: their options differ.
type yarnKind int

const (
	yarnUnknown yarnKind = iota
	yarnClassic
	yarnBerry
)

// yarnOf returns the kind of Yarn of a call, in a project of this directory of the
// build context.
func yarnOf(s interface{ Exists(string) bool }, call dockerfile.Call, dir string) yarnKind {
	switch {
	case hasOption(call, "--immutable", "--immutable-cache", "workspaces", "--inline-builds"), s.Exists(path.Join(dir, ".yarnrc.yml")):
		return yarnBerry
	case hasOption(call, "--frozen-lockfile", "--production", "--prod", "--pure-lockfile", "--non-interactive"), s.Exists(path.Join(dir, ".yarnrc")):
		return yarnClassic
	}
	return yarnUnknown
}

// lockFiles are those of the commands that can be told to insist on one.
var lockFiles = []string{"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "uv.lock", "pdm.lock", "composer.lock"}

// better returns the command that an install of dependencies is to be instead, with
// all of its options: one that insists on the lock file, or leaves out what only the
// development needs, or both.
func better(call dockerfile.Call, yarn yarnKind, locked, production bool) string {
	words := slices.Clone(call.Words)
	add := func(wanted bool, options ...string) {
		if wanted && !hasOption(dockerfile.Call{Words: words}, options...) {
			words = append(words, options[0])
		}
	}
	switch call.Program() {
	case "npm":
		if at := slices.IndexFunc(words, func(w string) bool { return w == "install" || w == "i" }); at > 0 && locked {
			words[at] = "ci"
		}
		add(production, "--omit=dev")
	case "yarn":
		if len(operands(words[1:])) == 0 {
			words = slices.Insert(words, 1, "install")
		}
		classic := slices.Clone(words)
		if add(locked, "--immutable", "--immutable-cache"); production {
			words = []string{words[0], "workspaces", "focus", "--production"}
		}
		berry := strings.Join(words, " ")
		if yarn == yarnBerry {
			return berry
		}
		words = slices.DeleteFunc(classic, func(w string) bool { return w == "--immutable" })
		add(production, "--production", "--prod")
		add(locked, "--frozen-lockfile")
		if yarn == yarnClassic {
			break
		}
		if production {
			return strings.Join(words, " ") + ", or " + berry + " for a newer Yarn"
		}
		return berry + ", or " + strings.Join(words[len(words)-1:], "") + " for Yarn 1"
	case "pnpm":
		add(production, "--prod", "--production", "-P")
		add(locked, "--frozen-lockfile")
	case "bun":
		add(production, "--production")
		add(locked, "--frozen-lockfile")
	case "uv":
		add(locked, "--locked", "--frozen")
		add(production, "--no-dev")
	case "poetry":
		if production && !hasOption(call, "--only") {
			words = append(words, "--only", "main")
		}
	case "pdm":
		if at := slices.Index(words, "install"); at > 0 && locked {
			words[at] = "sync"
		}
		add(production, "--prod", "--production")
	case "composer":
		if at := slices.IndexFunc(words, func(w string) bool { return w == "update" || w == "u" }); at > 0 && locked {
			words[at] = "install"
		}
		add(production, "--no-dev")
	}
	return strings.Join(words, " ")
}
