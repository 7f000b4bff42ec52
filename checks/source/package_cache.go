package source

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var packageCache = Check{
	Rule: checks.Rule{
		ID:        "source/package-cache",
		Title:     "No layer of the image keeps the cache of a package manager",
		Severity:  checks.Medium,
		Why:       "What a package manager keeps of its downloads, for a next time that a container never has, makes the image larger by as much as it installed, and every pull slower.",
		Fix:       "Mount the cache, as in RUN --mount=type=cache,target=/root/.cache/pip pip install …, switch it off, as by pip install --no-cache-dir, or empty it at the end of the same RUN, as by dnf clean all or rm -rf /root/.npm, since npm cache clean leaves the logs of npm there.",
		Reference: "https://docs.docker.com/build/cache/optimize/#use-cache-mounts",
		Aliases:   []string{"DL3032", "DL3036", "DL3040", "DL3042", "DL3060", "DS-0015", "DS-0019", "DS-0020", "DS-0027"},
		Differs:   "DL3032, DL3036, DL3040, DL3042, DL3060, DS-0015, DS-0019, DS-0020, DS-0027: only layers of the image itself count, not those of stages that it copies from; a cache that a mount holds, a setting switches off or rm removes is none; npm, uv, Poetry, Composer, conda, go install, cargo install and gem are judged, too. DL3060: not for Yarn 2 and later, which run from the cache.",
	},
	Good: `
FROM python:3.12-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
`,
	Bad: `
FROM python:3.12-slim
COPY requirements.txt .
RUN pip install -r requirements.txt
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, l := range leftovers.Of(s) {
			if l.residue != residueCache || l.remover != nil {
				continue
			}
			c := caches[l.manager]
			f := checks.At(l.call.Location, "%s leaves its cache in the layer", l.name)
			f.Subject, f.Severity, f.Fix = l.manager, c.severity, c.fix
			if c.logs {
				dir := strings.Replace(l.paths[0], "~", "/root", 1)
				f.Message = fmt.Sprintf("%s leaves its cache %s in the layer", l.name, l.paths[0])
				f.Fix = fmt.Sprintf("Keep it out of the layer by RUN --mount=type=cache,target=%s, or end the RUN with && rm -rf %[1]s: %s cache clean leaves logs there, which differ in every build", dir, l.manager)
			} else if len(c.traces) == 0 || !slices.Equal(l.paths, c.paths) { // where it is, is known
				f.Message = fmt.Sprintf("%s leaves its cache %s in the layer", l.name, l.paths[0])
				f.Fix += ", or keep it out of the layer by RUN --mount=type=cache,target=" + strings.Replace(l.paths[0], "~", "/root", 1)
			}
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// cache is what a package manager keeps of its downloads.
type cache struct {
	// paths are where it is, unless one of moves says otherwise: options, and
	// variables of the environment.
	paths []string
	moves []string
	// traces are parts of paths that tell of the cache where the base image decides
	// on its place; paths are then those of the usual ones.
	traces []string
	// off are options and variables that switch it off.
	off []string
	// setting is what the manager's configuration calls it, in one of the files.
	setting string
	files   []string
	// fix is how to switch it off, or to empty it.
	fix string
	// logs is whether the manager writes logs into the cache, with times in them, which
	// its own command leaves there: there is no fix then but to remove or mount it all.
	logs     bool
	severity checks.Severity // if not the check's
}

// caches are those of the managers. pnpm and bun are none: what they install are
// links to what their cache holds, so that it takes no further space.
var caches = map[string]cache{
	"dnf":      rpmCache("dnf"),
	"yum":      rpmCache("yum"),
	"microdnf": rpmCache("microdnf"),
	"tdnf":     rpmCache("tdnf"),
	"zypper": {
		paths: []string{"/var/cache/zypp"}, moves: []string{"--cache-dir", "-C", "--pkg-cache-dir", "--root", "-R", "--installroot"},
		fix: "End the RUN with && zypper clean --all",
	},
	"apt": {
		paths: []string{"/var/cache/apt/archives"}, moves: []string{"-o", "--option"},
		fix: "End the RUN with && apt-get clean",
	},
	"pip": {
		paths: []string{"~/.cache/pip"}, moves: []string{"--cache-dir", "PIP_CACHE_DIR", "XDG_CACHE_HOME"}, off: []string{"--no-cache-dir", "PIP_NO_CACHE_DIR"},
		setting: "cache-dir", files: []string{"pip.conf"}, fix: "Write pip install --no-cache-dir",
	},
	"uv": {
		paths: []string{"~/.cache/uv"}, moves: []string{"--cache-dir", "UV_CACHE_DIR", "XDG_CACHE_HOME"}, off: []string{"--no-cache", "--no-cache-dir", "-n", "UV_NO_CACHE"},
		setting: "cache", files: []string{"uv.toml"}, fix: "Add --no-cache",
	},
	"poetry": {
		paths: []string{"~/.cache/pypoetry"}, moves: []string{"POETRY_CACHE_DIR", "XDG_CACHE_HOME"}, off: []string{"--no-cache"},
		setting: "cache-dir", files: []string{"poetry.toml"}, fix: "Add --no-cache",
	},
	"npm": {
		paths: []string{"~/.npm"}, moves: []string{"--cache", "npm_config_cache", "NPM_CONFIG_CACHE"},
		setting: "cache", files: []string{".npmrc"}, logs: true,
	},
	"yarn": {
		paths: []string{"/usr/local/share/.cache/yarn", "~/.cache/yarn"}, traces: []string{"/yarn"}, moves: []string{"--cache-folder", "YARN_CACHE_FOLDER"},
		setting: "cache-folder", files: []string{".yarnrc"}, fix: "End the RUN with && yarn cache clean",
	},
	"composer": {
		paths: []string{"~/.composer/cache", "~/.cache/composer", "/tmp/cache"}, traces: []string{"composer"}, moves: []string{"COMPOSER_CACHE_DIR", "XDG_CACHE_HOME"}, off: []string{"--no-cache"},
		setting: "cache-dir", files: []string{"config.json"}, fix: "Add --no-cache",
	},
	"conda": {
		paths: []string{"/opt/conda/pkgs"}, traces: []string{"/pkgs"}, moves: []string{"CONDA_PKGS_DIRS", "MAMBA_ROOT_PREFIX", "-r", "--root-prefix"},
		setting: "pkgs_dirs", files: []string{".condarc", ".mambarc"}, fix: "End the RUN with && conda clean --all --yes",
	},
	"go": {
		paths: []string{"/go/pkg/mod", "~/go/pkg/mod"}, traces: []string{"/pkg/mod", "/go"}, moves: []string{"GOMODCACHE", "GOPATH"},
		fix: "Build the tool in a stage of its own, or end the RUN with && go clean -cache -modcache",
	},
	"cargo": {
		paths: []string{"/usr/local/cargo/registry", "~/.cargo/registry"}, traces: []string{"registry", "cargo"}, moves: []string{"CARGO_HOME"},
		fix: `Build the tool in a stage of its own, or end the RUN with && rm -rf "$CARGO_HOME/registry"`,
	},
	"gem": {
		paths: []string{"/usr/local/bundle/cache"}, traces: []string{"/gems/", "/bundle", ".gem"}, moves: []string{"GEM_HOME", "-i", "--install-dir"},
		fix: `End the RUN with && rm -rf "$(gem env gemdir)/cache"`, severity: checks.Low,
	},
}

func rpmCache(program string) cache {
	paths := []string{"/var/cache/" + program}
	for _, other := range []string{"dnf", "yum", "libdnf5", "microdnf", "tdnf"} {
		if other != program { // which of them it is differs from release to release
			paths = append(paths, "/var/cache/"+other)
		}
	}
	return cache{
		paths: paths, traces: []string{"/dnf", "/yum"}, moves: []string{"--setopt", "--installroot"},
		setting: "cachedir", files: []string{"dnf.conf", "yum.conf"}, fix: "End the RUN with && " + program + " clean all",
	}
}

// rpmManagers share their caches where one is a link to the other.
var rpmManagers = []string{"dnf", "yum", "microdnf", "tdnf"}

// fillsCache returns the manager whose cache a call fills; empty if it fills none.
func fillsCache(call dockerfile.Call, p packages) string {
	if call.Program() == "poetry" {
		if i, ok := parseInstall(call); ok && i.ecosystem == "python" && !slices.Contains(call.Words, "--dry-run") {
			return "poetry"
		}
		return ""
	}
	if p.has("--dry-run", "--help", "--version") && p.manager != "gem" && p.manager != "cargo" {
		return ""
	}
	installs := p.action == actionInstall || p.action == actionUpgrade
	fills := false
	switch p.manager {
	case "dnf", "yum", "microdnf", "tdnf", "zypper":
		fills = (installs || p.action == actionUpdate) && !p.has("-C", "--cacheonly", "--assumeno")
	case "apt":
		fills = installs && !p.has("-s", "--simulate", "--print-uris") && !onlyFiles(p)
	case "pip":
		local := len(p.operands) > 0 && !slices.ContainsFunc(p.operands, func(o packageOperand) bool { return !o.elsewhere || isRemoteURL(o.word) })
		fills = (installs || p.action == actionDownload) && !p.has("--no-index") && !(local && p.has("--no-deps"))
	case "uv":
		fills = (installs || p.action == "sync") && !p.has("--offline", "--no-index")
	case "npm":
		fills = (installs || p.action == "ci") && !p.has("--offline", "--package-lock-only") && (len(p.operands) == 0 || !onlyFiles(p))
	case "yarn":
		fills = installs && !p.has("--offline", "--immutable", "--inline-builds", "--mode")
	case "composer":
		fills = installs || p.action == "create-project"
	case "conda":
		fills = installs && !p.has("--offline")
	case "go":
		fills = p.global && p.action == actionInstall
	case "cargo":
		fills = p.action == actionInstall && len(p.operands) > 0 && !onlyFiles(p) && !strings.HasSuffix(p.command, " binstall")
	case "gem":
		fills = installs && slices.ContainsFunc(p.operands, func(o packageOperand) bool { return !o.elsewhere && o.name != "bundler" })
	}
	if !fills {
		return ""
	}
	return p.manager
}

// cleansCache reports whether a call empties the cache of a manager.
func cleansCache(call dockerfile.Call, p packages, manager string) bool {
	switch {
	case manager == "poetry":
		return call.Program() == "poetry" && slices.Contains(call.Words, "cache") && slices.Contains(call.Words, "clear")
	case manager == "cargo":
		return p.manager == "cargo" && p.action == "cache" || call.Program() == "cargo-cache"
	case slices.Contains(rpmManagers, manager):
		return slices.Contains(rpmManagers, p.manager) && p.action == actionClean
	}
	return p.manager == manager && p.action == actionClean
}

// caches returns the caches that the RUN leaves.
func (r *runLayer) caches(config *cacheConfig) []leftover {
	type use struct {
		first, last int // calls that fill it; what empties it behind the last one empties all
		paths       []string
	}
	uses := map[string]use{}
	var filled []string
	archives := config.archives || letsAptKeep(r.in)
	for i, call := range r.in.Calls {
		manager := fillsCache(call, r.calls[i])
		c, ok := caches[manager]
		if !ok || config.unsure[manager] || manager == "apt" && !archives {
			continue
		}
		paths, ok := r.findCache(c, call, r.calls[i])
		if !ok {
			continue
		}
		u, seen := uses[manager]
		if !seen {
			u.first = i
			filled = append(filled, manager)
		}
		u.last, u.paths = i, paths
		uses[manager] = u
	}
	var all []leftover
	for _, manager := range filled {
		u := uses[manager]
		emptied := false
		for i := u.last + 1; i < len(r.calls); i++ {
			emptied = emptied || cleansCache(r.in.Calls[i], r.calls[i], manager)
		}
		if emptied || !r.keeps(u.last, u.paths...) || r.traces(u.last, caches[manager].traces) {
			continue
		}
		call, name := r.in.Calls[u.first], r.calls[u.first].command
		if name == "" {
			name = strings.Join(call.Words[:min(2, len(call.Words))], " ")
		}
		all = append(all, leftover{residue: residueCache, in: r.in, call: call, manager: manager, paths: u.paths, name: name})
	}
	return all
}

// traces reports whether a mount, or what is removed behind a call, has one of the
// parts in its path.
func (r *runLayer) traces(index int, parts []string) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
	}
	return slices.ContainsFunc(r.mounts, has) || slices.ContainsFunc(r.removals, func(rm removal) bool {
		return (rm.index > index || rm.anytime) && slices.ContainsFunc(rm.paths, has)
	})
}

// findCache returns where a call has its cache; false if it has none, or if that is not
// known.
func (r *runLayer) findCache(c cache, call dockerfile.Call, p packages) (paths []string, ok bool) {
	has := func(option string) (string, bool) {
		if p.manager != "" {
			return p.value(option)
		}
		return "", slices.Contains(call.Words, option)
	}
	for _, name := range c.off {
		if strings.HasPrefix(name, "-") {
			if _, ok := has(name); ok {
				return nil, false
			}
		} else if value, ok := r.variable(call, name); ok && (!value.Known || value.Text != "") {
			return nil, false
		}
	}
	for _, name := range c.moves {
		if strings.HasPrefix(name, "-") {
			value, ok := has(name)
			switch {
			case !ok:
			case !strings.Contains(name, "cache"), value == "":
				return nil, false // it says where all is, or more than one thing
			default:
				text, known := r.word(call, value)
				return []string{text}, known && path.IsAbs(text)
			}
		} else if value, ok := r.variable(call, name); ok {
			if value.Known && value.Text == "" {
				continue
			}
			if !value.Known || !strings.Contains(strings.ToLower(name), "cache") || name == "XDG_CACHE_HOME" || !path.IsAbs(value.Text) || strings.HasPrefix(value.Text, "/dev/") {
				return nil, false
			}
			return []string{value.Text}, true
		}
	}
	return c.paths, true
}

// cacheConfig is what the instructions so far configure about caches.
type cacheConfig struct {
	source *dockerfile.Source
	// unsure are the managers whose configuration says something about the cache, or
	// is not known.
	unsure map[string]bool
	// archives is whether apt keeps what it downloads, which the images of Debian
	// and Ubuntu configure it not to do.
	archives bool
}

// letsAptKeep reports whether a RUN removes what keeps apt from keeping downloads.
func letsAptKeep(in *dockerfile.Instruction) bool {
	for _, call := range in.Calls {
		if words, _ := removedWords(call); slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, "/docker-clean") }) {
			return true
		}
	}
	return false
}

// read enters what an instruction configures.
func (c *cacheConfig) read(in *dockerfile.Instruction) {
	if c.unsure == nil {
		c.unsure = map[string]bool{}
	}
	copied, copies := in.Copy()
	var text string
	switch {
	case copies:
	case in.Keyword == "RUN":
		c.archives = c.archives || letsAptKeep(in)
		text = strings.Join(in.Text(), "\n")
	default:
		return
	}
	for manager, cache := range caches {
		if cache.setting == "" {
			continue
		}
		// An option of a single call is no setting.
		if text != "" && mentionsSetting(text, cache) {
			c.unsure[manager] = true
		}
		for _, source := range copied.Sources {
			if slices.Contains(cache.files, path.Base(source.Text)) && c.mayConfigure(copied, source.Text, cache.setting) {
				c.unsure[manager] = true
			}
		}
	}
	if copies && copied.From == "" && slices.ContainsFunc(copied.ContextPaths(), func(name string) bool {
		return path.Base(name) == ".yarnrc.yml" || path.Base(name) == ".yarn" || c.source.Exists(path.Join(name, ".yarnrc.yml"))
	}) {
		c.unsure["yarn"] = true
	}
}

// mentionsSetting reports whether a script configures the cache: it writes one of
// the files, or calls the manager to do it.
func mentionsSetting(text string, c cache) bool {
	if !strings.Contains(text, c.setting) {
		return false
	}
	for _, line := range strings.Split(text, "\n") {
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(line, "--"+c.setting, ""), "--no-"+c.setting, ""), c.setting) {
			continue
		}
		if strings.Contains(line, "config") || slices.ContainsFunc(c.files, func(file string) bool { return strings.Contains(text, file) }) {
			return true
		}
	}
	return false
}

// mayConfigure reports whether a copied file of configuration may say something
// about the cache.
func (c *cacheConfig) mayConfigure(copied dockerfile.Copy, name, setting string) bool {
	if copied.From != "" {
		return true
	}
	text, err := c.source.ReadFile(strings.TrimPrefix(path.Clean("/"+name), "/"))
	return err != nil || strings.Contains(string(text), setting)
}
