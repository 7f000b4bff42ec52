package compose

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/google/shlex"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// ApplicationOptions say which service of which Compose files an application is.
type ApplicationOptions struct {
	// Paths are the Compose files, each laid over the ones before it; at least one.
	Paths []string
	// Service is the application's name in them; if it is empty, the application is
	// the service that is built from Dockerfile, and from Target where several are.
	Service            string
	Dockerfile, Target string
	// Env is the environment of who runs Compose. What it lacks is taken from the file
	// .env beside the first Compose file.
	Env map[string]string
}

// Application is what Compose gives to the container of an application.
type Application struct {
	Container
	// Services are those that it depends on, and those that they do, each behind all
	// that it depends on itself.
	Services []Container
}

// Container is what Compose runs a service as. Its variables are replaced by their
// values.
type Container struct {
	Name string
	// Aliases are other names that it is reached by.
	Aliases []string
	// Image is what it runs; empty where it runs what Build makes.
	Image string
	Build *ImageBuild
	// Environment is what is added to that of the image, as NAME=value, sorted.
	Environment []string
	// Entrypoint and Command take the place of the image's; nil leaves the image's. An
	// entrypoint without a command leaves none.
	Entrypoint, Command []string
	WorkingDir, User    string
	// Files are mounted from the source.
	Files []MountedFile
	// Writable are the paths of its volumes and of what it has in memory.
	Writable []string
	// Healthcheck takes the place of the image's; nil leaves the image's.
	Healthcheck *Healthcheck
	// Dependencies are the names of the services that it waits for.
	Dependencies []string
	// Completes is whether a service waits until this one has ended.
	Completes bool
}

// ImageBuild says how an image is built; see Build.
type ImageBuild struct {
	Context, Dockerfile, Target string
	// Args are as NAME=value.
	Args []string
}

// MountedFile is a file or directory of the source, or a text, in a container.
type MountedFile struct {
	// Source is its path in the source; empty for a text.
	Source string
	// Directory is whether it is one.
	Directory bool
	Text      string
	Target    string
}

// Healthcheck is what a service says of its health check: durations and Retries
// are 0, and Test is nil, where it does not. A Test of NONE is none at all.
type Healthcheck struct {
	Test                                          []string
	Interval, Timeout, StartPeriod, StartInterval time.Duration
	Retries                                       int
}

// FindApplication reads the Compose files of a source, and returns what they give to
// the application, as "docker compose up" does. What it cannot read, or has no value
// for, is an error with its place.
func FindApplication(files fs.FS, o ApplicationOptions) (*Application, error) {
	r := &stackReader{files: files, read: map[string]*File{}}
	var found []*File
	for _, name := range o.Paths {
		name = path.Clean(strings.ReplaceAll(name, `\`, "/"))
		f, err := r.file(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read the Compose file: %w", err)
		case f == nil:
			return nil, fmt.Errorf("the source has no Compose file %s: name one of it, as in --compose=compose.yaml", name)
		case f.fault != nil:
			return nil, fmt.Errorf("read the Compose file: %w", f.fault)
		}
		found = append(found, f)
	}
	includes := 0
	s, err := r.stack(&includes, found...)
	if err != nil {
		return nil, fmt.Errorf("read the Compose file: %w", err)
	}
	if len(s.faults) > 0 {
		return nil, fmt.Errorf("read the Compose file: %w", &s.faults[0])
	}
	p := &composed{stack: s, files: files, dir: path.Dir(found[0].Path), env: map[string]string{}, done: map[string]bool{}}
	if err := p.readEnvironment(o.Env); err != nil {
		return nil, err
	}
	service, err := p.applicationService(o)
	if err != nil {
		return nil, err
	}
	return p.application(service)
}

// composed is a stack with the environment that it is run in.
type composed struct {
	stack *Stack
	files fs.FS
	// dir is that of the first file, where .env is.
	dir string
	env map[string]string

	services []Container
	// done are the names of services; false while the ones that it depends on are
	// being looked at.
	done map[string]bool
}

// dotenvFault says what is wrong with a file of variables: what its reader says may
// hold a value.
func dotenvFault(name string, err error) error {
	var missing *template.MissingRequiredError
	if errors.As(err, &missing) {
		return fmt.Errorf("%s needs the variable %s, which is not set: give it with --env=%[2]s=value", name, missing.Variable)
	}
	line, _, found := strings.Cut(err.Error(), ":")
	if _, number, ok := strings.Cut(line, "line "); found && ok && strings.Trim(number, "0123456789") == "" {
		name += ":" + number
	}
	return fmt.Errorf("%s: it cannot be read as lines of NAME=value", name)
}

func (p *composed) readEnvironment(given map[string]string) error {
	name := path.Join(p.dir, ".env")
	values, err := p.readVariables(name, func(variable string) (string, bool) { v, ok := given[variable]; return v, ok })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	maps.Copy(p.env, values)
	maps.Copy(p.env, given)
	return nil
}

// readVariables reads a file of variables.
func (p *composed) readVariables(name string, lookup func(string) (string, bool)) (map[string]string, error) {
	f, err := p.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > MaxFileSize {
		return nil, fmt.Errorf("%s is larger than %d bytes: is it the right file?", name, MaxFileSize)
	}
	values, err := dotenv.UnmarshalBytesWithLookup(text, lookup)
	if err != nil {
		return nil, dotenvFault(name, err)
	}
	return values, nil
}

func (p *composed) lookup(name string) (string, bool) {
	value, ok := p.env[name]
	return value, ok
}

// applicationService returns the service that is the application.
func (p *composed) applicationService(o ApplicationOptions) (*Service, error) {
	name := p.stack.Top().Path
	if o.Service != "" {
		if s := p.stack.Service(o.Service); s != nil {
			return s, nil
		}
		return nil, fmt.Errorf("%s has no service %s: it has %s", name, o.Service, serviceNames(p.stack.Services))
	}
	file := path.Clean(strings.ReplaceAll(o.Dockerfile, `\`, "/"))
	if file == "." {
		file = dockerfile.DefaultDockerfile
	}
	var built []*Service
	for _, s := range p.stack.Services {
		if b, ok := s.Build(); ok && b.Dockerfile == file {
			built = append(built, s)
		}
	}
	// One that another of them waits for prepares its way.
	last := slices.DeleteFunc(slices.Clone(built), func(s *Service) bool {
		return slices.ContainsFunc(built, func(other *Service) bool { return other != s && p.leadsTo(other, s, map[string]bool{}) })
	})
	if len(last) > 1 {
		same := slices.DeleteFunc(slices.Clone(last), func(s *Service) bool { return s.Get("build", "target").Text().Text != o.Target })
		if len(same) > 0 {
			last = same
		}
	}
	switch len(last) {
	case 0:
		return nil, fmt.Errorf("no service of %s is built from %s: name the application's with --compose-service (it has %s)", name, file, serviceNames(p.stack.Services))
	case 1:
		return last[0], nil
	}
	return nil, fmt.Errorf("several services of %s are built from %s: name the application's with --compose-service (%s)", name, file, serviceNames(last))
}

// leadsTo reports whether a service depends on another one, or on one that does.
func (p *composed) leadsTo(from, to *Service, seen map[string]bool) bool {
	if seen[from.Name] {
		return false
	}
	seen[from.Name] = true
	for _, d := range from.Dependencies() {
		if on := p.stack.Service(d.Name); on != nil && (on == to || p.leadsTo(on, to, seen)) {
			return true
		}
	}
	return false
}

func serviceNames(services []*Service) string {
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

func (p *composed) application(s *Service) (*Application, error) {
	c, err := p.container(s)
	if err != nil {
		return nil, err
	}
	p.done[s.Name] = false
	if err := p.depend(s, &c); err != nil {
		return nil, err
	}
	return &Application{Container: c, Services: p.services}, nil
}

// depend adds the services that a service depends on.
func (p *composed) depend(s *Service, c *Container) error {
	for _, d := range s.Dependencies() {
		on := p.stack.Service(d.Name)
		if on == nil && !d.Required {
			continue
		}
		if on == nil {
			return fmt.Errorf("%s: service %s depends on %s, which the file does not have", d.Location, s.Name, d.Name)
		}
		done, seen := p.done[d.Name]
		if seen && !done {
			return fmt.Errorf("%s: service %s depends on %s, which depends on it", d.Location, s.Name, d.Name)
		}
		if !seen {
			p.done[d.Name] = false
			other, err := p.container(on)
			if err != nil {
				return err
			}
			if other.Image == "" && other.Build == nil {
				return fmt.Errorf("%s: service %s has neither an image nor a build", on.Location, on.Name)
			}
			if err := p.depend(on, &other); err != nil {
				return err
			}
			p.done[d.Name] = true
			p.services = append(p.services, other)
		}
		c.Dependencies = append(c.Dependencies, d.Name)
		if d.Condition == conditionCompleted {
			i := slices.IndexFunc(p.services, func(other Container) bool { return other.Name == d.Name })
			p.services[i].Completes = true
		}
	}
	return nil
}

// usedKeys are the settings of a service that make a difference to how it runs
// here: in others, a variable may be without a value.
var usedKeys = []string{
	"build", "command", "configs", "container_name", "entrypoint", "env_file", "environment", "healthcheck", "hostname", "image", "networks",
	"secrets", "tmpfs", "user", "volumes", "working_dir",
}

// resolve returns a service with the variables of its settings replaced.
func (p *composed) resolve(s *Service) (*Service, error) {
	resolved := &Service{Name: s.Name, Location: s.Location}
	for _, layer := range s.layers {
		n := *layer
		n.entries = nil
		for _, e := range layer.entries {
			if !slices.Contains(usedKeys, e.Key) {
				continue
			}
			value, err := p.resolveNode(e.Value)
			if err != nil {
				return nil, err
			}
			n.entries = append(n.entries, Entry{e.Key, e.Location, value})
		}
		resolved.layers = append(resolved.layers, &n)
	}
	return resolved, nil
}

// resolveNode returns a value with its variables replaced. Dollar signs of the
// result are doubled: whoever reads it takes it for what a file says.
func (p *composed) resolveNode(n *Node) (*Node, error) {
	if n == nil {
		return nil, nil
	}
	out := *n
	if n.shape == scalar && strings.Contains(n.text, "$") {
		text, err := template.SubstituteWithOptions(n.text, p.lookup, template.WithoutLogging)
		var missing *template.MissingRequiredError
		switch {
		case errors.As(err, &missing):
			return nil, fmt.Errorf("%s: the variable %s is not set: give it with --env=%[2]s=value, or in %s", n.Location, missing.Variable, path.Join(p.dir, ".env"))
		case err != nil:
			return nil, fmt.Errorf("%s: what begins with $ is no variable that Compose can read", n.Location)
		}
		out.text = strings.ReplaceAll(text, "$", "$$")
	}
	out.entries, out.items = nil, nil
	for _, e := range n.entries {
		value, err := p.resolveNode(e.Value)
		if err != nil {
			return nil, err
		}
		out.entries = append(out.entries, Entry{e.Key, e.Location, value})
	}
	for _, item := range n.items {
		value, err := p.resolveNode(item)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, value)
	}
	return &out, nil
}

// container returns what a service is run as, without what it depends on.
func (p *composed) container(service *Service) (Container, error) {
	s, err := p.resolve(service)
	if err != nil {
		return Container{}, err
	}
	if service.Partial {
		return Container{}, fmt.Errorf("%s: service %s has settings that the source does not show", s.Location, s.Name)
	}
	c := Container{
		Name: s.Name, WorkingDir: s.Get("working_dir").Text().Text, User: s.Get("user").Text().Text, Aliases: aliases(s),
	}
	if !s.Built() {
		c.Image = s.Get("image").Text().Text
	} else if c.Build, err = imageBuild(s); err != nil {
		return Container{}, err
	}
	for _, read := range []func(*Service, *Container) error{p.environment, readWords, p.mounts, readHealthcheck} {
		if err := read(s, &c); err != nil {
			return Container{}, err
		}
	}
	return c, nil
}

// aliases returns the names that a service is reached by, besides its own.
func aliases(s *Service) []string {
	names := map[string]bool{}
	for _, key := range []string{"container_name", "hostname"} {
		names[s.Get(key).Text().Text] = true
	}
	for _, networks := range s.values("networks") {
		for _, e := range networks.Entries() {
			for _, item := range e.Value.Get("aliases").Items() {
				names[item.Text().Text] = true
			}
		}
	}
	delete(names, "")
	delete(names, s.Name)
	return slices.Sorted(maps.Keys(names))
}

func imageBuild(s *Service) (*ImageBuild, error) {
	b, ok := s.Build()
	switch {
	case !ok:
		return nil, fmt.Errorf("%s: service %s is built from a Dockerfile in the Compose file: move it to a file of its own", s.locate("build"), s.Name)
	case b.Context == "" || b.Dockerfile == "":
		return nil, fmt.Errorf("%s: service %s is built from what is not in the source", b.Location, s.Name)
	}
	out := &ImageBuild{Context: b.Context, Dockerfile: b.Dockerfile, Target: b.Target.Text().Text}
	for _, v := range s.Variables("build", "args") {
		if v.Given {
			out.Args = append(out.Args, v.Name+"="+v.Value.Text)
		}
	}
	slices.Sort(out.Args)
	return out, nil
}

// environment reads the variables of a service: those of its files, and over them
// its own. One without a value is taken from who runs Compose.
func (p *composed) environment(s *Service, c *Container) error {
	values := map[string]string{}
	for _, list := range s.values("env_file") {
		for _, item := range list.Items() {
			of, required := item, true
			if item.IsMapping() {
				of = item.Get("path")
				required = item.Get("required") == nil || item.Get("required").isTrue()
			}
			name, ok := of.sourcePath()
			if !ok {
				return fmt.Errorf("%s: service %s takes variables from a file that is not of the source", item.Location, s.Name)
			}
			read, err := p.readVariables(name, func(variable string) (string, bool) {
				if value, ok := p.env[variable]; ok {
					return value, true
				}
				value, ok := values[variable]
				return value, ok
			})
			switch {
			case errors.Is(err, fs.ErrNotExist) && !required:
			case errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("%s: service %s takes variables from %s, which the source does not have", item.Location, s.Name, name)
			case err != nil:
				return err
			}
			maps.Copy(values, read)
		}
	}
	for _, v := range s.Variables("environment") {
		value, ok := v.Value.Text, true
		if !v.Given {
			value, ok = p.lookup(v.Name)
		}
		if ok {
			values[v.Name] = value
		} else {
			delete(values, v.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		c.Environment = append(c.Environment, name+"="+values[name])
	}
	return nil
}

// readWords reads the entrypoint and the command of a service.
func readWords(s *Service, c *Container) error {
	for key, to := range map[string]*[]string{"entrypoint": &c.Entrypoint, "command": &c.Command} {
		n := s.Get(key)
		if n.isNull() {
			continue
		}
		*to = []string{}
		if n.shape == scalar {
			split, err := shlex.Split(n.Text().Text)
			if err != nil {
				return fmt.Errorf("%s: service %s has a %s whose quotes are not closed", n.Location, s.Name, key)
			}
			*to = append(*to, split...)
		}
		if n.shape == sequence {
			for _, item := range n.items {
				*to = append(*to, item.Text().Text)
			}
		}
	}
	return nil
}

// mounts reads the volumes, configs and secrets of a service. Of the machine that
// Compose would run on there is nothing.
func (p *composed) mounts(s *Service, c *Container) error {
	for _, m := range s.Mounts() {
		source, ok := m.sourcePath()
		info, err := fs.Stat(p.files, source)
		switch {
		case ok && err == nil:
			c.Files = append(c.Files, MountedFile{Source: source, Directory: info.IsDir(), Target: m.Target})
		case ok && !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: read %s: %w", m.Location, source, err)
		}
		if !m.ReadOnly && m.Target != "" {
			c.Writable = append(c.Writable, m.Target)
		}
	}
	for key, at := range map[string]string{"secrets": "/run/secrets", "configs": "/"} {
		for _, list := range s.values(key) {
			for _, item := range list.Items() {
				f, err := p.grant(key, at, s, item)
				if err != nil {
					return err
				}
				c.Files = append(c.Files, f)
			}
		}
	}
	slices.SortStableFunc(c.Files, func(a, b MountedFile) int { return strings.Compare(a.Target, b.Target) })
	return nil
}

// grant returns the file by which a service gets a secret or a config.
func (p *composed) grant(key, at string, s *Service, item *Node) (MountedFile, error) {
	of, target := item, ""
	if item.IsMapping() {
		of, target = item.Get("source"), item.Get("target").Text().Text
	}
	name := of.Text().Text
	if target == "" {
		target = name
	}
	f := MountedFile{Target: path.Join(at, target)}
	if path.IsAbs(target) {
		f.Target = path.Clean(target)
	}
	for _, top := range slices.Backward(p.stack.top(key)) {
		declared, err := p.resolveNode(top.Get(name))
		switch {
		case err != nil:
			return f, err
		case declared.isNull():
			continue
		case declared.Get("content") != nil:
			f.Text = declared.Get("content").Text().Text
			return f, nil
		case declared.Get("environment") != nil:
			variable := declared.Get("environment").Text().Text
			value, ok := p.lookup(variable)
			if !ok {
				return f, fmt.Errorf("%s: the variable %s is not set: give it with --env=%[2]s=value, or in %s", item.Location, variable, path.Join(p.dir, ".env"))
			}
			f.Text = value
			return f, nil
		}
		source, ok := declared.Get("file").sourcePath()
		if !ok {
			break
		}
		if _, err := fs.Stat(p.files, source); err != nil {
			return f, fmt.Errorf("%s: service %s is given %s, which the source does not have", item.Location, s.Name, source)
		}
		f.Source = source
		return f, nil
	}
	return f, fmt.Errorf("%s: service %s is given %s of %s, which is no file of the source", item.Location, s.Name, name, key)
}

// readHealthcheck reads what a service says of its health check.
func readHealthcheck(s *Service, c *Container) error {
	if len(s.values("healthcheck")) == 0 {
		return nil
	}
	h := &Healthcheck{}
	c.Healthcheck = h
	if _, forbidden := s.Healthcheck(); forbidden {
		h.Test = []string{"NONE"}
		return nil
	}
	if test := s.Get("healthcheck", "test"); !test.isNull() {
		if test.shape == scalar {
			h.Test = []string{"CMD-SHELL"}
		}
		for _, item := range test.Items() {
			h.Test = append(h.Test, item.Text().Text)
		}
	}
	for key, to := range map[string]*time.Duration{
		"interval": &h.Interval, "timeout": &h.Timeout, "start_period": &h.StartPeriod, "start_interval": &h.StartInterval,
	} {
		n := s.Get("healthcheck", key)
		if n.isNull() {
			continue
		}
		d, err := time.ParseDuration(n.Text().Text)
		if err != nil || d < 0 {
			return fmt.Errorf("%s: service %s has the healthcheck.%s %s, which is no duration, as in 1m30s", n.Location, s.Name, key, n.Text().Text)
		}
		*to = d
	}
	if n := s.Get("healthcheck", "retries"); !n.isNull() {
		retries, err := strconv.Atoi(n.Text().Text)
		if err != nil || retries < 0 {
			return fmt.Errorf("%s: service %s has %s for healthcheck.retries, which is no number", n.Location, s.Name, n.Text().Text)
		}
		h.Retries = retries
	}
	return nil
}
