package source

import (
	"path"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var dockerignore = Check{
	Rule: checks.Rule{
		ID:        "source/dockerignore",
		Title:     "The ignore file keeps .git, .env and node_modules out of the image",
		Severity:  checks.High,
		Why:       "Copying the whole context copies the history of the repository, local secrets and the dependencies of the developer's machine into the image, and every change of them rebuilds it.",
		Fix:       "Add a .dockerignore with .git, .env, .env.*, node_modules, Dockerfile* and .dockerignore.",
		Reference: "https://docs.docker.com/build/concepts/context/#dockerignore-files",
	},
	Good: `
-- Dockerfile --
FROM node:20-alpine
COPY . .
-- package.json --
{}
-- .dockerignore --
.git
.env
.env.*
node_modules
`,
	Bad: `
-- Dockerfile --
FROM node:20-alpine
COPY . .
-- package.json --
{}
-- .dockerignore --
.git
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var probes []probe
		var first *dockerfile.Copy
		for _, stage := range s.Reachable() {
			for _, c := range stage.Copies() {
				found := probesOf(s, c)
				if len(found) > 0 && first == nil {
					first = &c
				}
				probes = append(probes, found...)
			}
		}
		if first == nil {
			return checks.Skip("no COPY or ADD takes the whole context, or a directory with .git, .env or node_modules")
		}
		if s.Ignore.Path == "" {
			lines := missingLines(probes)
			wasted, err := wasteOf(s)
			if err != nil {
				return checks.Broken(err)
			}
			for _, severity := range []checks.Severity{checks.Medium, checks.Low} {
				more, _ := wasteLines(wasted, severity)
				lines = append(lines, more...)
			}
			f := checks.At(first.Location, "%s copies %s of the build context, and there is no .dockerignore", first.Keyword, first.ContextPaths()[0])
			f.Fix = "Add a .dockerignore with the lines " + strings.Join(lines, ", ")
			return checks.Found(f)
		}
		var findings []checks.Finding
		reported := map[string]bool{}
		for _, p := range probes {
			excluded, err := s.Ignore.Excludes(p.path)
			if err != nil {
				return checks.Broken(err)
			}
			if excluded || reported[p.line] {
				continue
			}
			reported[p.line] = true
			f := checks.At(checks.Location{Path: s.Ignore.Path}, "%s is not left out: %s in line %d copies it wherever it is there", p.path, p.copy.Keyword, p.copy.Location.Line)
			f.Subject = p.line
			f.Fix = "Add the line " + p.line + " to " + s.Ignore.Path
			findings = append(findings, f)
		}
		if len(findings) == 0 {
			return checks.Passed("%s leaves them out", s.Ignore.Path)
		}
		return checks.Found(findings...)
	},
}

// probe is a path that must not get into the image, and the line of an ignore
// file that keeps it out.
type probe struct {
	path, line string
	copy       dockerfile.Copy
}

// probesOf returns what a COPY or ADD would bring that it should not, if no ignore
// file kept it out. Of the whole context that is all that may be there on some
// machine; of a directory it is what is there.
func probesOf(s *dockerfile.Source, c dockerfile.Copy) []probe {
	var found []probe
	for _, dir := range c.ContextPaths() {
		whole := dir == "."
		for _, p := range []struct{ within, top, line string }{
			{".git/HEAD", ".git", ".git"},
			{".env", ".env", ".env"},
			{".env.local", ".env.local", ".env.*"},
			{"node_modules/x/index.js", "node_modules", "node_modules"},
		} {
			there := s.Exists(path.Join(dir, p.top))
			if whole && (p.top != "node_modules" || s.Exists("package.json")) {
				there = true
			}
			if !there || c.Excludes(p.within) {
				continue
			}
			found = append(found, probe{path.Join(dir, p.within), path.Join(dir, p.line), c})
		}
	}
	return found
}

func missingLines(probes []probe) []string {
	var lines []string
	seen := map[string]bool{}
	for _, p := range probes {
		if !seen[p.line] {
			seen[p.line] = true
			lines = append(lines, p.line)
		}
	}
	return lines
}
