package source

import (
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var pinnedPackages = Check{
	Rule: checks.Rule{
		ID:        "source/pinned-packages",
		Title:     "Packages and tools of a language that a RUN names have a version",
		Severity:  checks.Medium,
		Why:       "Without a version a rebuild takes whatever was published last: the build breaks on a day when nobody changed anything, or a release that was taken over gets into the image.",
		Fix:       "Name the version, as in pip install flask==3.0.3, npm install -g pm2@5.4.2, gem install rails:7.1.3 or go install example.com/tool@v1.2.3; or install from a lock file.",
		Reference: "https://pip.pypa.io/en/stable/topics/repeatable-installs/",
		Aliases:   []string{"DL3013", "DL3016", "DL3028", "DL3062"},
		Differs:   "DL3013: a range is no version; pip, setuptools and wheel themselves weigh less. DL3016: a tag such as latest is no version. DL3062: a package without @ is built as go.mod says.",
	},
	Good: `
FROM node:20-alpine
RUN npm install -g pm2@5.4.2
`,
	Bad: `
FROM node:20-alpine
RUN npm install -g pm2
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, call := range runCalls(s) {
			if call.Program() == "corepack" {
				findings = append(findings, judgeCorepack(call)...)
				continue
			}
			p, ok := parsePackages(call)
			if !ok || p.system || !installsByName(p) {
				continue
			}
			for _, o := range p.operands {
				if o.pinned() && !movesWithBranch(p, o) {
					continue
				}
				findings = append(findings, unpinned(call, p, o))
			}
		}
		return checks.Found(findings...)
	},
}

// installsByName reports whether a call installs what its operands name, in
// versions that nothing else decides.
func installsByName(p packages) bool {
	switch {
	case p.action != actionInstall && p.action != actionDownload && p.action != "run":
		return false
	case p.has("--no-index", "--dry-run", "--help", "--version") && p.manager != "gem" && p.manager != "cargo":
		return false // from files that are there
	case p.manager == "pip" || p.manager == "uv":
		return !p.has("-c", "--constraint", "--constraints", "--no-index")
	}
	return true
}

// movesWithBranch reports whether an operand is a repository without a commit,
// tag or branch.
func movesWithBranch(p packages, o packageOperand) bool {
	if !o.elsewhere || o.unknown {
		return false
	}
	_, url, isGit := strings.Cut(o.word, "git+")
	switch p.manager {
	case "pip", "pipx", "uv":
		_, rest, _ := strings.Cut(url, "://")
		_, name, _ := strings.Cut(rest, "/") // behind the user and host
		return isGit && !strings.Contains(name, "@")
	case "npm", "yarn", "pnpm", "bun":
		shorthand := !strings.Contains(o.word, ":") && strings.Count(o.word, "/") == 1 && !isFileOrURL(o.word)
		return (isGit || shorthand || strings.HasPrefix(o.word, "github:")) && !strings.Contains(o.word, "#")
	}
	return false
}

func unpinned(call dockerfile.Call, p packages, o packageOperand) checks.Finding {
	where := call.WordLocation(o.index)
	var f checks.Finding
	switch {
	case o.elsewhere:
		f = checks.At(where, "%s takes the default branch of %s", p.command, o.word)
		f.Fix = "Name the tag or commit behind it"
		f.Subject = o.word
		return f
	case o.constraint == "":
		f = checks.At(where, "%s takes whatever version of %s is the newest", p.command, o.name)
	case strings.ContainsAny(o.constraint, "0123456789"):
		f = checks.At(where, "%s takes any version of %s in %s", p.command, o.name, o.constraint)
	default:
		f = checks.At(where, "%s takes %s of %s, which moves", p.command, o.constraint, o.name)
	}
	f.Subject = o.name
	if p.manager == "pip" && slices.Contains([]string{"pip", "setuptools", "wheel"}, o.name) {
		f.Severity = checks.Low
	}
	f.Fix = "Write " + o.name + versionForm(p) + " with the version that was tested"
	return f
}

// versionForm is how a manager takes a version behind a name.
func versionForm(p packages) string {
	switch p.manager {
	case "pip", "pipx", "uv":
		return "==VERSION"
	case "gem", "composer":
		return ":VERSION"
	case "go":
		return "@vVERSION"
	case "conda", "apt", "apk", "zypper":
		return "=VERSION"
	case "dnf", "yum", "microdnf", "tdnf":
		return "-VERSION"
	}
	return "@VERSION"
}

func judgeCorepack(call dockerfile.Call) []checks.Finding {
	var findings []checks.Finding
	for i, word := range call.Words {
		if name, ok := strings.CutSuffix(word, "@latest"); ok {
			f := checks.At(call.WordLocation(i), "corepack takes latest of %s, which moves", name)
			f.Subject = name
			f.Fix = "Name the version as packageManager in package.json, or write " + name + "@VERSION"
			findings = append(findings, f)
		}
	}
	return findings
}
