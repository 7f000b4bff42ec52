package source

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var writableApplication = Check{
	Rule: checks.Rule{
		ID:        "source/writable-application",
		Title:     "The application cannot change its own code",
		Severity:  checks.Low,
		Why:       "The run-time user only has to read the code. If it owns the files, whoever takes the application over can change them, and stays there until the container is replaced.",
		Fix:       "Leave the code to root, by COPY without --chown, and give the run-time user only the directories that it writes to: RUN install -d -o app -g app /app/data.",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Strict:    true,
	},
	Good: `
FROM node:22.12.0-alpine
WORKDIR /app
COPY . .
COPY --chown=node:node seed/ data/
USER node
`,
	Bad: `
FROM node:22.12.0-alpine
WORKDIR /app
COPY --chown=node:node . .
USER node
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		_, user, _, ok := finalUser(s)
		if !ok || isRoot(user) || s.Windows() {
			return checks.Outcome{}
		}
		accounts := createdAccounts(s)
		volumes := imageVolumes(s)
		data := func(name string) bool {
			return isData(name) || slices.ContainsFunc(volumes, func(v volume) bool { return liesIn(name, v.path) })
		}
		var findings []checks.Finding
		report := func(where checks.Location, what, name, fix string) {
			f := checks.At(where, "%s gives %s to %s, the user that the application runs as", what, name, user)
			f.Subject, f.Fix = name, fix
			findings = append(findings, f)
		}
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				if c, ok := in.Copy(); ok {
					owner := chownOf(in)
					if to := c.Before.Resolve(c.Dest); owner != "" && to.Known && sameUser(owner, user, accounts) && !data(to.Text) {
						report(in.Location, c.Keyword+" --chown", to.Text, "Leave --chown out, and give "+user+" only the directories that it writes to.")
					}
					continue
				}
				if in.Keyword != "RUN" {
					continue
				}
				for i, call := range in.Calls {
					o, ok := parseOwnership(in, i)
					if !ok || !o.recursive || o.owner() == "" || !sameUser(o.owner(), user, accounts) {
						continue
					}
					for _, name := range o.paths {
						if c, to, ok := copiedInto(s, name); ok && !data(name) && !data(to) && !mounted(in, name) {
							report(call.Location, "chown -R", name, fmt.Sprintf("Leave what line %d copies to root, and name only the directories that %s writes to.", c.Location.Line, user))
							break
						}
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// chownOf returns the user that a COPY or ADD gives its files to; empty if it is
// root, or not known.
func chownOf(in *dockerfile.Instruction) string {
	flag := ""
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		flag = cmd.Chown
	case *instructions.AddCommand:
		flag = cmd.Chown
	}
	value := in.Expand(flag)
	name, _, _ := strings.Cut(value.Text, ":")
	if !value.Known || isRoot(name) {
		return ""
	}
	return name
}

// copiedInto returns a copy of the image's stages into a directory, that is none
// of data.
func copiedInto(s *dockerfile.Source, directory string) (dockerfile.Copy, string, bool) {
	for _, stage := range s.Final.Chain() {
		for _, c := range stage.Copies() {
			if to := c.Before.Resolve(c.Dest); to.Known && liesIn(to.Text, directory) && !isData(to.Text) {
				return c, to.Text, true
			}
		}
	}
	return dockerfile.Copy{}, "", false
}

// isData reports whether a path is one of what an application writes, going by the
// names that stand for it.
func isData(name string) bool {
	for _, dir := range []string{"/var/lib", "/var/log", "/var/cache", "/var/run", "/var/spool", "/var/tmp", "/run", "/tmp", "/data", "/srv/data"} {
		if liesIn(name, dir) {
			return true
		}
	}
	return slices.ContainsFunc(strings.Split(strings.ToLower(path.Clean(name)), "/"), func(part string) bool {
		return slices.Contains([]string{
			"data", "storage", "uploads", "upload", "log", "logs", "tmp", "temp", "cache", ".cache", "caches", "media", "run", "state", "db", "database", "backups", "sessions", ".config", "spool", "work", "workspace",
		}, part)
	})
}
