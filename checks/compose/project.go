// Package compose judges the Compose files of a source, beside its Dockerfile:
// which stages they build, how the services wait for one another, and what they
// may do on the machine. [Load] reads an [fs.FS] and nothing else: neither the
// environment of the machine nor the network.
package compose

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// What is read at most.
const (
	maxFiles       = 64
	maxDockerfiles = 32
)

// directories are those, beside the root and that of the Dockerfile, in which
// projects keep their Compose files.
var directories = []string{".devcontainer", "compose", "deploy", "deployment", "deployments", "docker"}

// Project is all that the checks know of the Compose files of a source, computed
// once by Load. It is read only.
type Project struct {
	// Files are the Compose files, by their paths.
	Files []*File
	// Sources are all files that were read: Files, and those that they extend and
	// include, by their paths.
	Sources []*File
	// Stacks are what can be run: each file, or what comes of laying it over the
	// default one beside it.
	Stacks []*Stack

	files fs.FS
	// dockerfiles are those that the services are built from, by their paths; nil
	// where one cannot be read.
	dockerfiles map[string]*dockerfile.Source
}

// Load reads the Compose files of a source. A file that is not valid is no error:
// compose/valid reports it, and the others are judged.
func Load(files fs.FS, options dockerfile.Options) (*Project, error) {
	name := path.Clean(strings.ReplaceAll(cmp.Or(options.Dockerfile, dockerfile.DefaultDockerfile), `\`, "/"))
	paths, err := pathsOf(files, name)
	if err != nil {
		return nil, err
	}
	p := &Project{files: files, dockerfiles: map[string]*dockerfile.Source{}}
	r := &stackReader{files: files, read: map[string]*File{}}
	for len(paths) > 0 {
		n := 1 // how many are in the same directory
		for n < len(paths) && path.Dir(paths[n]) == path.Dir(paths[0]) {
			n++
		}
		if err := p.readDirectory(r, paths[:n]); err != nil {
			return nil, err
		}
		paths = paths[n:]
	}
	for _, name := range slices.Sorted(maps.Keys(r.read)) {
		p.Sources = append(p.Sources, r.read[name])
	}
	for _, stack := range p.Stacks {
		p.readDockerfiles(stack)
		stack.use = p.useOf(stack)
		stack.built = builtImages(stack)
		stack.checkConsistency()
	}
	return p, nil
}

// IsFile reports whether a path is that of a Compose file, by its name.
func IsFile(name string) bool { return fileName.MatchString(path.Base(name)) }

// ApplicationFile returns the file at the root of a source that "docker compose" takes;
// empty if there is none.
func ApplicationFile(files fs.FS) string {
	for _, name := range defaultNames {
		if info, err := fs.Stat(files, name); err == nil && !info.IsDir() {
			return name
		}
	}
	return ""
}

// pathsOf returns the paths of the Compose files of a source whose Dockerfile is at
// a path, directory by directory: those at its root, beside the Dockerfile, and
// where projects keep them.
func pathsOf(files fs.FS, ofDockerfile string) ([]string, error) {
	root, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("look for Compose files: %w", err)
	}
	var paths []string
	add := func(dir string, entries []fs.DirEntry) {
		for _, e := range entries {
			if !e.IsDir() && fileName.MatchString(e.Name()) && len(paths) < maxFiles {
				paths = append(paths, path.Join(dir, e.Name()))
			}
		}
	}
	add(".", root)
	var dirs []string
	if dir := path.Dir(ofDockerfile); fs.ValidPath(dir) && dir != "." {
		dirs = append(dirs, dir)
	}
	for _, e := range root {
		if e.IsDir() && slices.Contains(directories, e.Name()) && !slices.Contains(dirs, e.Name()) {
			dirs = append(dirs, e.Name())
		}
	}
	for _, dir := range dirs {
		if entries, err := fs.ReadDir(files, dir); err == nil { // source/valid reports that the Dockerfile's is not there
			add(dir, entries)
		}
	}
	return paths, nil
}

// readDirectory reads the Compose files of a directory, and makes their stacks.
func (p *Project) readDirectory(r *stackReader, paths []string) error {
	var found []*File
	for _, name := range paths {
		f, err := r.file(name)
		if err != nil {
			return err
		}
		if f != nil {
			found = append(found, f)
			p.Files = append(p.Files, f)
		}
	}
	base := defaultOf(found)
	for _, f := range found {
		if f.fault != nil {
			continue
		}
		stack, err := r.stackOf(f, base)
		if err != nil {
			return err
		}
		p.Stacks = append(p.Stacks, stack)
	}
	return nil
}

// defaultOf returns the file that "docker compose" takes; nil if there is none.
func defaultOf(files []*File) *File {
	for _, name := range defaultNames {
		for _, f := range files {
			if path.Base(f.Path) == name {
				return f
			}
		}
	}
	return nil
}

// stackOf makes the stack of a file: over the default one beside it, if it is
// written to be laid over another.
func (r *stackReader) stackOf(f, base *File) (*Stack, error) {
	includes := 0
	over := base != nil && base != f && base.fault == nil
	if f == base || !f.lies() {
		s, err := r.stack(&includes, f)
		if err != nil || !over || !s.leansOn(base) {
			return s, err
		}
	}
	if over {
		includes = 0
		s, err := r.stack(&includes, base, f)
		if err == nil {
			s.base = base
		}
		return s, err
	}
	s, err := r.stack(&includes, f)
	if err == nil {
		s.Partial = true
		for _, service := range s.Services {
			service.Partial = true
		}
	}
	return s, err
}

// leansOn reports whether a service of the stack refers to what the stack lacks
// and a file declares: that is the one that it is to be laid over.
func (s *Stack) leansOn(base *File) bool {
	below := &Stack{Files: []*File{base}}
	lacks := func(key, name string) bool { return !s.declares(key, name) && below.declares(key, name) }
	for _, service := range s.Services {
		for _, d := range service.Dependencies() {
			if s.Service(d.Name) == nil && below.declares("services", d.Name) {
				return true
			}
		}
		for _, m := range service.Mounts() {
			if m.isVolume() && lacks("volumes", m.Source) {
				return true
			}
		}
		for _, key := range referenceKeys {
			for _, ref := range service.references(key) {
				if lacks(key, ref.Key) {
					return true
				}
			}
		}
	}
	return false
}

// lies reports whether a file is written to be laid over another one: it does not
// say of each service what it runs.
func (f *File) lies() bool {
	if isOverride(f.Path) {
		return true
	}
	if slices.Contains(defaultNames, path.Base(f.Path)) {
		return false
	}
	for _, document := range f.documents {
		for _, e := range document.Get("services").Entries() {
			s := e.Value
			build := s.Get("build")
			whole := !s.Get("image").isNull() || !s.Get("extends").isNull() || !s.Get("provider").isNull() || build != nil && !build.IsMapping() ||
				build.Get("context") != nil || build.Get("dockerfile_inline") != nil
			if !whole {
				return true
			}
		}
	}
	return false
}

// readDockerfiles reads what the services of a stack are built from.
func (p *Project) readDockerfiles(s *Stack) {
	for _, service := range s.Services {
		b, ok := service.Build()
		if _, read := p.dockerfiles[b.Dockerfile]; !ok || b.Dockerfile == "" || read || len(p.dockerfiles) == maxDockerfiles {
			continue
		}
		d, err := dockerfile.Load(p.files, dockerfile.Options{Dockerfile: b.Dockerfile})
		if err != nil {
			d = nil // source/valid reports that of the image
		}
		p.dockerfiles[b.Dockerfile] = d
	}
}

// builtImages returns the names of the images that the services of a stack build.
func builtImages(s *Stack) map[string]bool {
	built := map[string]bool{}
	for _, service := range s.Services {
		if !service.Built() {
			continue
		}
		if named, err := reference.ParseNormalizedNamed(service.Get("image").Text().Text); err == nil {
			built[named.String()] = true
		}
	}
	return built
}

// stage returns the stage that a service is built from; nil if that is not known.
func (p *Project) stage(s *Service) *dockerfile.Stage {
	b, ok := s.Build()
	if !ok {
		return nil
	}
	d := p.dockerfiles[b.Dockerfile]
	switch {
	case d == nil:
		return nil
	case b.Target == nil:
		return d.Stages[len(d.Stages)-1]
	}
	t := b.Target.Text()
	if !t.Known {
		return nil
	}
	return d.Stage(t.Text)
}

// exists reports whether the source has a file or directory.
func (p *Project) exists(name string) bool {
	_, err := fs.Stat(p.files, name)
	return err == nil
}

// environments are the variables that say what an application runs for.
var environments = []string{
	"NODE_ENV", "APP_ENV", "ENV", "ENVIRONMENT", "RAILS_ENV", "RACK_ENV", "FLASK_ENV", "DJANGO_ENV", "MIX_ENV", "ASPNETCORE_ENVIRONMENT",
	"DOTNET_ENVIRONMENT", "SPRING_PROFILES_ACTIVE", "GO_ENV", "PHP_ENV", "APPLICATION_ENV",
}

// useOf says what a stack is for: by the name of its file or, if that says
// nothing, by a service that is run as it is developed.
func (p *Project) useOf(s *Stack) use {
	if u := s.Top().use; u != anyUse {
		return u
	}
	for _, service := range s.Services {
		if service.Get("develop") != nil || isDevelopment(service.Get("build", "target").Text().Text) {
			return development
		}
		if _, ok := p.sourceMount(service); ok || service.mountsRoot() {
			return development
		}
		for _, v := range service.Variables("environment") {
			if slices.Contains(environments, v.Name) && isDevelopment(v.Value.Text) {
				return development
			}
		}
	}
	return anyUse
}

// isDevelopment reports whether a word is a name for where software is developed
// or tested.
func isDevelopment(word string) bool {
	return word != overrideWord && slices.Contains(developmentWords, strings.ToLower(word))
}

// sourceMount returns the mount by which a service runs the source as it is on the
// machine, instead of the one in its image: that of its build context.
func (p *Project) sourceMount(s *Service) (Mount, bool) {
	b, ok := s.Build()
	if !ok || b.Context == "" {
		return Mount{}, false
	}
	for _, m := range s.Mounts() {
		if source, ok := m.sourcePath(); ok && source == b.Context {
			return m, true
		}
	}
	return Mount{}, false
}

// mountsRoot reports whether a service works in the source itself, as that of an
// interpreter does, or of an image that only has what development needs.
func (s *Service) mountsRoot() bool {
	if _, _, server := s.server(); server {
		return false
	}
	return slices.ContainsFunc(s.Mounts(), func(m Mount) bool {
		source, ok := m.sourcePath()
		return ok && source == "." && !m.ReadOnly
	})
}

// severity returns that of a finding in a stack: one step less where it serves
// nobody but those who develop.
func (s *Stack) severity(of checks.Severity) checks.Severity {
	if !s.Development() {
		return of
	}
	switch of {
	case checks.Critical, checks.High:
		return checks.Medium
	}
	return checks.Low
}

// variants are the stacks of the files that are laid over the file of a stack.
func (p *Project) variants(s *Stack) []*Stack {
	var variants []*Stack
	for _, other := range p.Stacks {
		if other.base != nil && other.base == s.Top() {
			variants = append(variants, other)
		}
	}
	return variants
}

// missing reports whether a service lacks something, and whether no file that is
// laid over its own adds it.
func (p *Project) missing(s *Stack, service *Service, has func(*Service) bool) bool {
	if service.Partial || has(service) {
		return false
	}
	return !slices.ContainsFunc(p.variants(s), func(v *Stack) bool {
		same := v.Service(service.Name)
		return same != nil && has(same)
	})
}

// judgeServices judges every service of every stack.
func judgeServices(p *Project, judge func(*Stack, *Service) []checks.Finding) checks.Outcome {
	return judgeStacks(p, func(s *Stack) []checks.Finding {
		var findings []checks.Finding
		for _, service := range s.Services {
			if s.base != nil && s.Production() && service.developmentAlone() {
				continue // production does not start it; the file below is judged
			}
			findings = append(findings, judge(s, service)...)
		}
		return findings
	})
}

// developmentAlone reports whether a service runs with profiles for development,
// and with no other one.
func (s *Service) developmentAlone() bool {
	none := true
	for _, list := range s.values("profiles") {
		for _, item := range list.Items() {
			if !isDevelopment(item.Text().Text) {
				return false
			}
			none = false
		}
	}
	return !none
}

// noFiles is why nothing is judged.
const noFiles = "the source has no Compose file"

// judgeStacks judges every stack. What lies in a file that another one is laid
// over is found in the stack of that file, and in one for production as well: what
// development may do, the file below passes on. Of findings that say the same, the
// most severe counts, and of those as severe the one of the file itself.
func judgeStacks(p *Project, judge func(*Stack) []checks.Finding) checks.Outcome {
	if len(p.Files) == 0 {
		return checks.Skip(noFiles)
	}
	type sameness struct {
		location checks.Location
		of       string
	}
	keyOf := func(f checks.Finding) sameness { return sameness{f.Location, cmp.Or(f.Subject, f.Message)} }
	type passedOn struct {
		checks.Finding
		stack *Stack
	}
	var all []checks.Finding
	var inherited []passedOn
	at := map[sameness]int{}
	put := func(key sameness, f checks.Finding) {
		same, ok := at[key]
		switch {
		case !ok:
			at[key] = len(all)
			all = append(all, f)
		case !all[same].Severity.AtLeast(f.Severity):
			all[same] = f
		}
	}
	for _, s := range p.Stacks {
		for _, f := range judge(s) {
			switch {
			case s.base == nil || f.Location.Path != s.base.Path:
				put(keyOf(f), f)
			case s.Production():
				inherited = append(inherited, passedOn{f, s})
			}
		}
	}
	for _, of := range inherited {
		key := keyOf(of.Finding)
		of.Message += ", in production as well: " + of.stack.Top().Path + " leaves it so"
		put(key, of.Finding)
	}
	return checks.Found(all...)
}

// find returns a finding about a service.
func (s *Service) find(severity checks.Severity, at checks.Location, format string, args ...any) checks.Finding {
	f := checks.At(at, "service "+s.Name+" "+format, args...)
	f.Severity, f.Subject = severity, s.Name
	return f
}
