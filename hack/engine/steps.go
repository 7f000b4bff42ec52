package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// sources are this program's own: a step is done again when what makes it changes.
//
//go:embed *.go *.json *.sh layers
var sources embed.FS

// Versions of what is built from Go modules; dagger/go.mod and trivy/go.mod
// require the same.
const (
	daggerVersion = "0.21.7"
	trivyVersion  = "0.69.3"
)

// steps are all that the engine and its registry are made of.
type steps struct {
	dagger, trivy, database    *step
	debian, git, golang, sdk   *step
	nodeLibraries, node        *step
	pythonLibraries, python    *step
	postgres, redis            *step
	distroless, distrolessDebs *step
	trivyLayer                 *step
}

// all are the steps in the order in which their lines are best read.
func (s *steps) all() []*step {
	return []*step{
		s.dagger, s.debian, s.database, s.git, s.golang, s.sdk, s.nodeLibraries, s.node, s.pythonLibraries, s.python,
		s.postgres, s.redis, s.distrolessDebs, s.distroless, s.trivy, s.trivyLayer,
	}
}

// goEnv is the part of Go's configuration that the outcome depends on.
type goEnv struct{ GOVERSION, GOROOT, GOPROXY string }

// planner makes the steps; it keeps the first error of looking at the machine.
type planner struct {
	home    home
	project string
	err     error
}

// plan returns the steps for this machine.
func plan(ctx context.Context, h home, project string, now time.Time) (*steps, error) {
	p := &planner{home: h, project: project}
	text, err := output(ctx, "go", "env", "-json", "GOVERSION", "GOROOT", "GOPROXY")
	if err != nil {
		return nil, err
	}
	var golang goEnv
	if err := json.Unmarshal([]byte(text), &golang); err != nil {
		return nil, fmt.Errorf("read Go's configuration: %w", err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("find Node.js 20, which the image node is made of: %w", err)
	}
	python := p.pythonPrefix()
	s := &steps{}

	s.dagger = p.goBinaries("dagger", "dagger v"+daggerVersion, golang, goBuild{
		packages: []string{"codegen", "dagger", "dialstdio", "dnsname", "engine", "init"},
		prefix:   "github.com/dagger/dagger/cmd/",
		flags: []string{"-tags=dfexcludepatterns,dfparents", "-ldflags=-s -w -X github.com/dagger/dagger/engine.Version=v" + daggerVersion +
			" -X github.com/dagger/dagger/engine.Tag=v" + daggerVersion},
	})
	s.trivy = p.goBinaries("trivy", "trivy v"+trivyVersion, golang, goBuild{
		packages: []string{"trivy"},
		prefix:   "github.com/aquasecurity/trivy/cmd/",
		flags:    []string{"-ldflags=-s -w -X github.com/aquasecurity/trivy/pkg/version/app.ver=" + trivyVersion},
		env:      []string{"GOEXPERIMENT=jsonv2"},
		nice:     true,
	})
	s.database = &step{
		name: "fixture database", dir: "database",
		// A database of its day: older ones are refused.
		inputs: []string{p.sources("database.go", "advisories.json"), now.UTC().Format(time.DateOnly)},
		run: func(_ context.Context, dir string, _ *os.File) error {
			return writeDatabase(dir, advisoriesJSON, now)
		},
	}

	s.debian = &step{
		name: "debian 12", dir: "debian",
		inputs: []string{p.sources("layer.go", "layers/debian.sh"), p.certificates()},
		run: func(ctx context.Context, dir string, log *os.File) error {
			root := filepath.Join(dir, "root")
			if err := runRecipe(ctx, log, nil, "debian.sh", root); err != nil {
				return err
			}
			return writeLayer(dir, root, "", transient)
		},
	}
	s.git = p.packages("git", s.debian, "git openssh-client openssl", "")
	s.nodeLibraries = p.packages("node-libraries", s.debian, "libstdc++6 libatomic1",
		"groupadd --gid 1000 node; useradd --uid 1000 --gid node --shell /bin/bash --create-home node")
	s.pythonLibraries = p.packages("python-libraries", s.debian,
		"netbase tzdata libssl3 libffi8 libsqlite3-0 libbz2-1.0 liblzma5 libreadline8 libncursesw6 libuuid1 libexpat1 libnsl2 libtirpc3 zlib1g", "")
	s.postgres = p.server("postgres", s.debian)
	s.redis = p.server("redis", s.debian)
	s.golang = p.program("go", golang.GOVERSION+golang.GOROOT)
	s.node = p.program("node", p.file("Node.js", node))
	s.python = p.program("python", python+p.file("CPython 3.12", filepath.Join(python, "bin/python3.12")), python)

	s.distrolessDebs = &step{
		name: "distroless packages", dir: "distroless-packages",
		needs:  []*step{s.debian},
		inputs: []string{p.sources("layers/install.sh"), distrolessDownload()},
		run: func(ctx context.Context, dir string, log *os.File) error {
			if err := p.install(ctx, log, dir, distrolessDownload()); err != nil {
				return err
			}
			upper := filepath.Join(dir, "upper")
			if err := os.Rename(filepath.Join(upper, "debs"), filepath.Join(dir, "debs")); err != nil {
				return err
			}
			return os.RemoveAll(upper)
		},
	}
	s.distroless = &step{
		name: "layer distroless", dir: "distroless",
		needs:  []*step{s.distrolessDebs},
		inputs: []string{p.sources("layer.go", "distroless.go")},
		run: func(ctx context.Context, dir string, log *os.File) error {
			root := filepath.Join(dir, "root")
			debs := filepath.Join(string(h), s.distrolessDebs.dir, "debs")
			if err := writeDistroless(ctx, root, debs, filepath.Join(string(h), s.debian.dir, "root"), log); err != nil {
				return err
			}
			if err := writeLayer(dir, root, "", nothing); err != nil {
				return err
			}
			return os.RemoveAll(root)
		},
	}
	s.trivyLayer = &step{
		name: "layer trivy", dir: "trivy-layer",
		needs:  []*step{s.trivy},
		inputs: []string{p.sources("layer.go")},
		run: func(_ context.Context, dir string, _ *os.File) error {
			root := filepath.Join(dir, "root")
			if err := linkFile(filepath.Join(string(h), s.trivy.dir, "trivy"), filepath.Join(root, "usr/local/bin/trivy")); err != nil {
				return err
			}
			if err := writeLayer(dir, root, trivyVersion, nothing); err != nil {
				return err
			}
			return os.RemoveAll(root)
		},
	}
	s.sdk = &step{
		name: "dagger's Go SDK", dir: "sdk",
		needs:  []*step{s.debian, s.git, s.golang, s.dagger},
		inputs: []string{p.sources("layer.go", "sdk.go"), golang.GOPROXY},
		run: func(_ context.Context, dir string, _ *os.File) error {
			return writeSDK(dir, golang.GOPROXY, filepath.Join(string(h), s.dagger.dir, "codegen"),
				filepath.Join(string(h), s.debian.dir), filepath.Join(string(h), s.git.dir), filepath.Join(string(h), s.golang.dir))
		},
	}
	return s, p.err
}

// goBuild says how to build commands of another module, in a module of its own.
type goBuild struct {
	packages []string
	prefix   string
	flags    []string
	env      []string
	// nice lets others have the processor first.
	nice bool
}

func (p *planner) goBinaries(dir, name string, golang goEnv, b goBuild) *step {
	module := filepath.Join(p.project, "hack/engine", dir)
	sum, err := checksumTree(os.DirFS(module))
	p.check(err)
	args := append([]string{"go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath"}, b.flags...)
	if b.nice {
		args = append([]string{"nice", "-n", "19"}, args...)
	}
	// Static, because Dagger mounts its init into containers of any kind.
	env := append([]string{"GOTOOLCHAIN=local", "CGO_ENABLED=0"}, b.env...)
	return &step{
		name: name, dir: dir,
		inputs: append(append([]string{sum, golang.GOVERSION}, args...), env...),
		run: func(ctx context.Context, out string, log *os.File) error {
			args := append(args, "-o", out+"/")
			for _, name := range b.packages {
				args = append(args, b.prefix+name)
			}
			// Temporary files where they are removed even after a kill.
			env := append(env, "GOTMPDIR="+filepath.Dir(out))
			return command{args: args, env: env, dir: module, log: log, clone: syscall.CLONE_NEWPID}.run(ctx)
		},
	}
}

// packages is a layer of Debian packages on the root file system of Debian, with
// a shell script that is run there after.
func (p *planner) packages(dir string, debian *step, names, then string) *step {
	script := "install() { apt-get -qq -o APT::Sandbox::User=root install --yes --no-install-recommends " + names + "; }\n" +
		"install || { apt-get -qq update; install; }\napt-get clean\n" + then
	return p.installed(dir, debian, script)
}

// server is a layer of a server of Debian's on the root file system of Debian,
// made there by the script of its name.
func (p *planner) server(name string, debian *step) *step {
	script, err := sources.ReadFile("layers/" + name + ".sh")
	p.check(err)
	return p.installed(name, debian, string(script))
}

// installed is a layer of what a script changes in the root of Debian.
func (p *planner) installed(dir string, debian *step, script string) *step {
	return &step{
		name: "layer " + dir, dir: dir,
		needs:  []*step{debian},
		inputs: []string{p.sources("layer.go", "layers/install.sh"), script},
		run: func(ctx context.Context, dir string, log *os.File) error {
			if err := p.install(ctx, log, dir, script); err != nil {
				return err
			}
			upper := filepath.Join(dir, "upper")
			if err := writeLayer(dir, upper, "", transient); err != nil {
				return err
			}
			return os.RemoveAll(upper)
		},
	}
}

// install runs a script in a copy of Debian's root, and leaves what it changed in
// dir/upper.
func (p *planner) install(ctx context.Context, log *os.File, dir, script string) error {
	recipe, err := sources.ReadFile("layers/install.sh")
	if err != nil {
		return err
	}
	err = command{
		args:  []string{"/bin/sh", "-c", string(recipe), "install.sh", filepath.Join(string(p.home), "debian/root"), dir, script},
		env:   []string{"PATH=" + systemPath},
		log:   log,
		clone: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
	}.run(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{"work", "root"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// program is a layer of a program of this machine, by the recipe of its name.
func (p *planner) program(name, version string, args ...string) *step {
	return &step{
		name: "layer " + name, dir: name,
		inputs: append([]string{p.sources("layer.go", "layers/"+name+".sh"), version}, args...),
		run: func(ctx context.Context, dir string, log *os.File) error {
			root := filepath.Join(dir, "root")
			if err := os.Mkdir(root, 0o755); err != nil {
				return err
			}
			var version bytes.Buffer
			if err := runRecipe(ctx, log, &version, name+".sh", append([]string{root}, args...)...); err != nil {
				return err
			}
			if err := writeLayer(dir, root, strings.TrimSpace(version.String()), nothing); err != nil {
				return err
			}
			return os.RemoveAll(root)
		},
	}
}

// nothing is for layers that leave nothing out.
func nothing(string) bool { return false }

// runRecipe runs one of the scripts in layers.
func runRecipe(ctx context.Context, log *os.File, stdout io.Writer, name string, args ...string) error {
	script, err := sources.ReadFile("layers/" + name)
	if err != nil {
		return err
	}
	return command{
		args: append([]string{"/bin/sh", "-c", string(script), name}, args...),
		log:  log, stdout: stdout, clone: syscall.CLONE_NEWPID,
	}.run(ctx)
}

func (p *planner) check(err error) {
	if p.err == nil {
		p.err = err
	}
}

// sources is the checksum of some of this program's own files.
func (p *planner) sources(patterns ...string) string {
	sum, err := checksumTree(sources, patterns...)
	p.check(err)
	return sum
}

// file is what tells a file from another version of it.
func (p *planner) file(what, name string) string {
	info, err := os.Stat(name)
	if err != nil {
		p.check(fmt.Errorf("find %s: %w", what, err))
		return ""
	}
	return fmt.Sprint(name, info.Size(), info.ModTime().UnixNano())
}

// certificates is the checksum of those that this machine trusts besides Debian's.
func (p *planner) certificates() string {
	const dir = "/usr/local/share/ca-certificates"
	sum, err := checksumTree(os.DirFS(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return "none"
	}
	p.check(err)
	return sum
}

// pythonPrefix is where CPython 3.12, built from source, is installed.
func (p *planner) pythonPrefix() string {
	pyenv := os.Getenv("PYENV_ROOT")
	if pyenv == "" {
		pyenv = filepath.Join(os.Getenv("HOME"), ".pyenv")
	}
	for _, pattern := range []string{filepath.Join(pyenv, "versions/3.12.*/bin/python3.12"), "/usr/local/bin/python3.12"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return filepath.Dir(filepath.Dir(found[len(found)-1]))
		}
	}
	p.check(errors.New("find CPython 3.12, which the image python is made of: install it with pyenv install 3.12"))
	return ""
}
