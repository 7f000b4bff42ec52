package source

import (
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var dependencyOrder = Check{
	Rule: checks.Rule{
		ID:        "source/dependency-order",
		Title:     "Dependencies are installed before the source is copied",
		Severity:  checks.High,
		Why:       "A layer is rebuilt when one before it changes. Where the source is copied first, every change of it installs all dependencies again.",
		Fix:       "Copy the manifest and lock file alone, install the dependencies, then copy the source: COPY package*.json ./, RUN npm ci, COPY . .",
		Reference: "https://docs.docker.com/build/cache/optimize/#order-your-layers",
	},
	Good: `
FROM node:20-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
`,
	Bad: `
FROM node:20-alpine
WORKDIR /app
COPY . .
RUN npm ci
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		ends := map[*dockerfile.Stage]layers{}
		reports := sync.OnceValue(func() installReports { return newInstallReports(s) })
		for _, stage := range s.Stages {
			state := ends[stage.Base].clone()
			for _, in := range stage.Instructions {
				if c, ok := in.Copy(); ok && len(c.ContextPaths()) > 0 {
					state.copies = append(state.copies, c)
				}
				for _, call := range in.Calls {
					found, ok := judgeInstall(s, &state, in, call, reports)
					if ok && stage.Reachable {
						findings = append(findings, found)
					}
				}
			}
			ends[stage] = state
		}
		return checks.Found(findings...)
	},
}

// layers is what a stage has done so far, as its next instruction sees it.
type layers struct {
	copies    []dockerfile.Copy  // of the build context
	installed map[ecosystem]bool // dependencies installed or judged
}

func (l layers) clone() layers {
	c := layers{copies: slices.Clone(l.copies), installed: map[ecosystem]bool{}}
	for e := range l.installed {
		c.installed[e] = true
	}
	return c
}

func judgeInstall(s *dockerfile.Source, state *layers, in *dockerfile.Instruction, call dockerfile.Call, reports func() installReports) (checks.Finding, bool) {
	i, ok := parseInstall(call)
	if !ok || state.installed[i.ecosystem] {
		return checks.Finding{}, false
	}
	state.installed[i.ecosystem] = true
	at := slices.IndexFunc(state.copies, func(c dockerfile.Copy) bool { return copiesSource(s, c, i) })
	if at >= 0 && i.ecosystem == "go" && i.builds && isVendored(s, call) {
		return checks.Finding{}, false
	}
	beside := at < 0
	if beside && i.alone && slices.ContainsFunc(state.copies, func(c dockerfile.Copy) bool { return copiesManifest(c, i) }) {
		at = slices.IndexFunc(state.copies, func(c dockerfile.Copy) bool { return takesSource(c) != "" && !c.TakesContext() })
	}
	if at < 0 {
		return checks.Finding{}, false
	}
	c := state.copies[at]
	source, fix := c.ContextPaths()[0], ""
	if !beside {
		fix = orderFix(s, c, i, call, reports())
	} else {
		source = takesSource(c)
		fix = "Move the " + c.Keyword + " of " + source + " behind this RUN, which needs the manifest and lock file only."
	}
	f := checks.At(call.Location, "%s comes behind %s %s in line %d, so that every change of the source installs the dependencies again",
		i.command, c.Keyword, source, c.Location.Line)
	f.Subject, f.Fix = i.command, fix
	if beside || i.builds || hasCacheMount(in) {
		f.Severity = checks.Medium
	}
	return f, true
}

// installReports are the places of the installs that other checks report.
type installReports struct{ unlocked, development map[checks.Location]bool }

func newInstallReports(s *dockerfile.Source) installReports {
	places := func(check Check) map[checks.Location]bool {
		found := map[checks.Location]bool{}
		for _, f := range check.Judge(s).Findings {
			found[f.Location] = true
		}
		return found
	}
	return installReports{unlocked: places(lockedInstall), development: places(devDependencies)}
}

// orderFix says what to copy and to run before a copy brings the source: the files
// that are there, and the install as it is written, or as the checks of installs want
// it to be.
func orderFix(s *dockerfile.Source, c dockerfile.Copy, i install, call dockerfile.Call, reports installReports) string {
	dir := c.ContextPaths()[0]
	names, dest := []string{}, c.Dest.Raw
	if entries, err := s.ReadDir(dir); err == nil {
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
	}
	has := func(pattern string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			match, err := path.Match(strings.TrimSuffix(pattern, "/"), name)
			return err == nil && match
		})
	}
	known := slices.ContainsFunc(names, i.isManifest) // whether the context is there
	var files, copies []string
	for n, name := range slices.Concat(i.copies, i.optional) {
		optional := n >= len(i.copies)
		switch below, isDir := strings.CutSuffix(name, "/"); {
		case (optional || known) && !has(name):
		case isDir:
			copies = append(copies, "COPY "+path.Join(dir, below)+" "+path.Join(dest, below))
		case name == "bun.lockb" && slices.ContainsFunc(files, func(f string) bool { return path.Base(f) == "bun.lock" }) && has("bun.lock"):
		default:
			if path.IsAbs(name) { // where it is in the image
				to := c.Before.Resolve(c.Dest)
				if rel, below := within(to.Text, name); to.Known && below {
					name = rel
				} else {
					name = path.Base(name)
				}
			}
			files = append(files, path.Join(dir, name))
		}
	}
	if dest = strings.TrimSuffix(dest, "/") + "/"; len(files) > 0 {
		copies = slices.Insert(copies, 0, "COPY "+strings.Join(files, " ")+" "+dest)
	}
	run := i.run
	if run == "" {
		locked := reports.unlocked[call.Location] && (!known || slices.ContainsFunc(lockFiles, has))
		run = better(call, yarnOf(s, call, dir), locked, reports.development[call.Location])
		for option := range strings.FieldsSeq(i.option) {
			if !hasOption(call, option) {
				run += " " + option
			}
		}
	}
	return "Before it, write " + strings.Join(append(copies, ""), ", ") + "RUN " + run + "; copy the rest of the source behind that"
}

// isVendored reports whether the modules that a go command needs lie in the source.
func isVendored(s *dockerfile.Source, call dockerfile.Call) bool {
	return slices.Contains(call.Words, "-mod=vendor") || s.Exists("vendor/modules.txt")
}

// copiesManifest reports whether a copy of the context names the manifest.
func copiesManifest(c dockerfile.Copy, i install) bool {
	return slices.ContainsFunc(c.ContextPaths(), func(name string) bool {
		return i.isManifest(path.Base(name)) || slices.ContainsFunc(i.manifests, func(manifest string) bool {
			match, err := path.Match(path.Base(name), manifest)
			return err == nil && match
		})
	})
}

// copiesSource reports whether a copy of the context brings the manifest among
// other files, so that it changes more often than the manifest.
func copiesSource(s *dockerfile.Source, c dockerfile.Copy, i install) bool {
	for _, name := range c.ContextPaths() {
		if name == "." {
			if !slices.ContainsFunc(i.manifests, func(m string) bool { return !c.Excludes(m) }) {
				continue
			}
			return true
		}
		if strings.ContainsAny(name, "*?[") || !s.IsDir(name) {
			continue
		}
		entries, err := s.ReadDir(name)
		if err != nil {
			continue
		}
		brings, other := false, false
		for _, entry := range entries {
			switch {
			case i.isManifest(entry.Name()):
				brings = brings || !c.Excludes(entry.Name())
			case entry.IsDir() || !slices.Contains([]string{".txt", ".in", ".lock", ".toml", ".json"}, path.Ext(entry.Name())):
				other = true
			}
		}
		if brings && other {
			return true
		}
	}
	return false
}

// hasCacheMount reports whether a RUN keeps what it downloads between builds.
func hasCacheMount(in *dockerfile.Instruction) bool {
	run, ok := in.Command.(*instructions.RunCommand)
	return ok && slices.ContainsFunc(instructions.GetMounts(run), func(m *instructions.Mount) bool {
		return m.Type == instructions.MountTypeCache
	})
}
