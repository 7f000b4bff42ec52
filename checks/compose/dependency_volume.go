package compose

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

var dependencyVolume = Check{
	Rule: checks.Rule{
		ID:        "compose/dependency-volume",
		Title:     "A mount of the source does not hide the dependencies that the image has",
		Severity:  checks.Medium,
		Why:       "A mount of the source over the directory of the application hides what the build has installed there: the application does not start, or it runs with what was installed on the machine, for another system and in other versions.",
		Fix:       "Add a volume for the directory, as in - /app/node_modules below - .:/app.",
		Reference: "https://docs.docker.com/reference/compose-file/services/#volumes",
	},
	Good: `
-- compose.yaml --
services:
  app:
    build: .
    volumes:
      - .:/app
      - /app/node_modules
-- Dockerfile --
FROM node:20.20.2-alpine3.22
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
`,
	Bad: `
-- compose.yaml --
services:
  app:
    build: .
    volumes:
      - .:/app
-- Dockerfile --
FROM node:20.20.2-alpine3.22
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(_ *Stack, service *Service) []checks.Finding {
			stage := p.stage(service)
			b, _ := service.Build()
			if stage == nil || service.Partial || p.installs(service, stage, b.Context) {
				return nil
			}
			mounts := service.Mounts()
			if slices.ContainsFunc(mounts, func(m Mount) bool { return !m.Known }) {
				return nil
			}
			var findings []checks.Finding
			for _, m := range mounts {
				from, ok := m.sourcePath()
				if !ok || !p.isDir(from) {
					continue
				}
				for _, dir := range p.dependencies(stage, b.Context) {
					if !isBelow(dir, m.Target) || nearest(mounts, dir).Target != m.Target {
						continue
					}
					f := service.find(checks.Medium, m.Location, "mounts %s over %s, and so hides the %s that the image has", m.Source, m.Target, dir)
					f.Fix = "Add the volume " + dir + " to the service"
					findings = append(findings, f)
					break
				}
			}
			return findings
		})
	},
}

// installs reports whether a service may install its dependencies when it starts:
// by its command, or by a script of the source or one that is not known.
func (p *Project) installs(s *Service, stage *dockerfile.Stage, context string) bool {
	var words []string
	for _, key := range []string{"entrypoint", "command"} {
		for _, item := range s.Get(key).Items() {
			words = append(words, strings.Fields(item.text)...)
		}
	}
	for _, in := range []*dockerfile.Instruction{stage.Config.Entrypoint, stage.Config.Cmd} {
		if in != nil {
			for _, call := range in.Calls {
				words = append(words, call.Words...)
			}
		}
	}
	for _, w := range words {
		if slices.Contains(installWords, w) {
			return true
		}
		if strings.HasSuffix(w, ".sh") && p.scriptInstalls(context, path.Base(w)) {
			return true
		}
	}
	return false
}

// installWords are the words of a command that may install dependencies.
var installWords = []string{"install", "ci", "i", "sync", "yarn"}

// scriptInstalls reports whether a script of the source may install dependencies;
// one that is not found may.
func (p *Project) scriptInstalls(context, name string) bool {
	for _, dir := range []string{".", "bin", "docker", ".docker", "scripts"} {
		script, err := fs.ReadFile(p.files, path.Join(context, dir, name))
		if err == nil {
			return slices.ContainsFunc(strings.Fields(string(script)), func(w string) bool { return slices.Contains(installWords, w) })
		}
	}
	return true
}

// nearest returns the mount that a path is in: of those that it is below, the
// deepest.
func nearest(mounts []Mount, name string) Mount {
	var best Mount
	for _, m := range mounts {
		if m.Target != "" && isBelow(name, m.Target) && len(m.Target) > len(best.Target) {
			best = m
		}
	}
	return best
}

// isBelow reports whether a path of a container is another one, or below it.
func isBelow(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

// isDir reports whether the source has a directory.
func (p *Project) isDir(name string) bool {
	info, err := fs.Stat(p.files, name)
	return err == nil && info.IsDir()
}

// dependencies returns the directories of a stage into which its own instructions,
// and those of the local stages that it is built from, install the dependencies
// of the application.
func (p *Project) dependencies(stage *dockerfile.Stage, context string) []string {
	var dirs []string
	for _, of := range stage.Chain() {
		for _, in := range of.Instructions {
			if c, ok := in.Copy(); ok && c.From != "" {
				dest := in.Before.Resolve(c.Dest)
				if dest.Known && slices.Contains([]string{"node_modules", "vendor", ".venv"}, path.Base(dest.Text)) {
					dirs = append(dirs, dest.Text)
				}
			}
			_, elsewhere := in.Variable("UV_PROJECT_ENVIRONMENT")
			moves := slices.ContainsFunc(in.Calls, func(c dockerfile.Call) bool { return c.Program() == "cd" || c.Program() == "pushd" })
			if in.Keyword != "RUN" || !in.Before.Directory.Known || elsewhere || moves {
				continue
			}
			for _, call := range in.Calls {
				dir := source.DependencyDirectory(call)
				if dir != "" && !(strings.HasPrefix(call.Program(), "yarn") && p.plugAndPlay(context)) {
					dirs = append(dirs, path.Join(in.Before.Directory.Text, dir))
				}
			}
		}
	}
	return dirs
}

// plugAndPlay reports whether Yarn installs without node_modules, as it does from
// its second version on if its settings do not say otherwise.
func (p *Project) plugAndPlay(context string) bool {
	if p.exists(path.Join(context, ".pnp.cjs")) {
		return true
	}
	settings, err := fs.ReadFile(p.files, path.Join(context, ".yarnrc.yml"))
	return err == nil && !strings.Contains(string(settings), "node-modules") && !strings.Contains(string(settings), "nodeLinker: pnpm")
}
