package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// The tags by which a file takes away what the file below it says, or replaces it
// where it would be merged.
const (
	tagReset    = "!reset"
	tagOverride = "!override"
)

// What a stack may come to.
const (
	maxIncludes = 32
	maxExtends  = 32
)

// Stack is what "docker compose" runs at once: the services of one file, or of
// one that is laid over another.
type Stack struct {
	// Files are those of the stack, each laid over the ones before it.
	Files []*File
	// Services are those of the stack, in the order of the files, and then those
	// of the files that they include.
	Services []*Service
	// Partial is whether there may be services, volumes and networks that the
	// source does not show.
	Partial bool

	use use
	// base is the file that the top one is laid over; nil if it stands alone.
	base   *File
	named  map[string]*Service
	built  map[string]bool // the images that its services build
	faults []fault
}

// Service is a service of a stack.
type Service struct {
	Name string
	// Location is that of its name, in the last file that has it.
	Location checks.Location
	// Partial is whether it has settings that the source does not show: it extends
	// a service of elsewhere, or the file that it is laid over is not there.
	Partial bool

	// layers are its mappings, each laid over the ones before it.
	layers []*Node
}

// Top is the file that a stack is named after: the last one.
func (s *Stack) Top() *File { return s.Files[len(s.Files)-1] }

// Development reports whether the stack is for those who develop the application:
// its file says so by its name, or by how it runs the services.
func (s *Stack) Development() bool { return s.use == development }

// Production reports whether the name of the stack's file says that it serves
// users.
func (s *Stack) Production() bool { return s.use == production }

// Service returns the service of a name; nil if there is none.
func (s *Stack) Service(name string) *Service { return s.named[name] }

// put adds a service, or takes away the one of its name.
func (s *Stack) put(name string, service *Service) {
	if service == nil {
		delete(s.named, name)
		s.Services = slices.DeleteFunc(s.Services, func(old *Service) bool { return old.Name == name })
		return
	}
	s.named[name] = service
	s.Services = append(s.Services, service)
}

// top returns the values that the files of the stack have under a top-level key,
// the lowest first.
func (s *Stack) top(key string) []*Node {
	var values []*Node
	for _, file := range s.Files {
		for _, document := range file.documents {
			if v := document.Get(key); v != nil {
				values = append(values, v)
			}
		}
	}
	return values
}

// declares reports whether the stack has an entry of a name under a top-level key.
func (s *Stack) declares(key, name string) bool {
	return slices.ContainsFunc(s.top(key), func(n *Node) bool { _, ok := n.entry(name); return ok })
}

// stackReader makes the stacks of a source.
type stackReader struct {
	files fs.FS
	// read are the files that are read, by their paths.
	read map[string]*File
}

// file reads a file once; nil if it is not there.
func (r *stackReader) file(name string) (*File, error) {
	if f, ok := r.read[name]; ok {
		return f, nil
	}
	f, err := readFile(r.files, name, path.Dir(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.read[name] = f
	return f, nil
}

// stack makes the stack of files that are laid over one another. Those that are
// included count with the ones that include them.
func (r *stackReader) stack(includes *int, files ...*File) (*Stack, error) {
	s := &Stack{Files: files, named: map[string]*Service{}}
	for _, file := range files {
		for _, document := range file.documents {
			s.add(document)
		}
	}
	for _, service := range s.Services {
		var all []*Node
		for _, layer := range service.layers {
			layers, err := r.layers(s, service, layer, nil)
			if err != nil {
				return nil, err
			}
			all = append(all, layers...)
		}
		service.layers = all
	}
	for _, file := range files {
		for _, document := range file.documents {
			if err := r.include(s, document.Get("include"), includes); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// add adds the services of a document, or lays them over those that are there.
func (s *Stack) add(document *Node) {
	for _, e := range document.Get("services").Entries() {
		old := s.Service(e.Key)
		switch {
		case e.Value.tag == tagReset:
			s.put(e.Key, nil)
		case old == nil:
			s.put(e.Key, &Service{Name: e.Key, Location: e.Location, layers: []*Node{e.Value}})
		case e.Value.tag == tagOverride:
			old.Location, old.layers = e.Location, []*Node{e.Value}
		default:
			old.Location, old.layers = e.Location, append(old.layers, e.Value)
		}
	}
}

// layers returns a layer of a service, and below it those that it extends.
func (r *stackReader) layers(s *Stack, service *Service, layer *Node, open []*Node) ([]*Node, error) {
	extends := layer.Get("extends")
	if extends.isNull() {
		return []*Node{layer}, nil
	}
	base, err := r.extended(s, service, layer, extends)
	switch {
	case err != nil:
		return nil, err
	case base == layer, slices.Contains(open, base):
		s.fault(extends.Location, "service %s extends itself", service.Name)
		base = nil
	}
	if base == nil || len(open) == maxExtends {
		service.Partial = true
		return []*Node{layer}, nil
	}
	below, err := r.layers(s, service, base, append(open, layer))
	return append(below, layer), err
}

// extended returns the service that a layer extends; nil if the source does not
// show it.
func (r *stackReader) extended(s *Stack, service *Service, layer, extends *Node) (*Node, error) {
	name, from := extends, (*Node)(nil)
	if extends.IsMapping() {
		name, from = extends.Get("service"), extends.Get("file")
	}
	of := name.Text()
	if !of.Known || of.Text == "" {
		return nil, nil
	}
	file := layer.Location.Path
	if !from.isNull() {
		var ok bool
		if file, ok = from.sourcePath(); !ok {
			return nil, nil
		}
	}
	f, err := r.file(file)
	if err != nil {
		return nil, err
	}
	if f == nil {
		s.fault(from.Location, "service %s extends one of %s, which the source does not have", service.Name, file)
		return nil, nil
	}
	if f.fault != nil {
		return nil, nil
	}
	for _, document := range slices.Backward(f.documents) {
		if base := document.Get("services").Get(of.Text); base.IsMapping() {
			return base, nil
		}
	}
	if from.isNull() && len(s.Files) > 1 || slices.ContainsFunc(f.documents, func(d *Node) bool { return d.Get("include") != nil }) {
		// It may be a service of the file below, or of one that is included.
		for _, other := range s.Files {
			for _, document := range other.documents {
				if base := document.Get("services").Get(of.Text); base.IsMapping() && base != layer {
					return base, nil
				}
			}
		}
		return nil, nil
	}
	s.fault(name.Location, "service %s extends %s, which %s does not have", service.Name, of.Text, file)
	return nil, nil
}

// include adds the services of the files that a file includes.
func (r *stackReader) include(s *Stack, list *Node, includes *int) error {
	for _, item := range list.Items() {
		paths := item
		if item.IsMapping() {
			paths = item.Get("path")
			if !item.Get("project_directory").isNull() {
				s.Partial = true // its relative paths begin elsewhere
				continue
			}
		}
		var included []*File
		for _, p := range paths.Items() {
			name, ok := p.sourcePath()
			if !ok {
				s.Partial = true
				continue
			}
			f, err := r.file(name)
			if err != nil {
				return err
			}
			switch {
			case f == nil:
				s.Partial = true
				s.fault(p.Location, "%s is included, and the source does not have it", name)
			case f.fault != nil:
				s.Partial = true
			case !slices.Contains(s.Files, f):
				included = append(included, f)
			}
		}
		if len(included) == 0 {
			continue
		}
		if *includes++; *includes > maxIncludes {
			s.Partial = true
			return nil
		}
		sub, err := r.stack(includes, included...)
		if err != nil {
			return err
		}
		for _, service := range sub.Services {
			if s.Service(service.Name) == nil {
				s.put(service.Name, service)
			}
		}
		s.Partial = s.Partial || sub.Partial
		s.faults = append(s.faults, sub.faults...)
		s.Files = append(slices.Clip(sub.Files), s.Files...)
	}
	return nil
}

func (s *Stack) fault(at checks.Location, format string, args ...any) {
	s.faults = append(s.faults, fault{location: at, message: fmt.Sprintf(format, args...)})
}

// doubt is fault for what may be right where it is run.
func (s *Stack) doubt(at checks.Location, format string, args ...any) {
	s.faults = append(s.faults, fault{location: at, message: fmt.Sprintf(format, args...), doubted: true})
}

// sourcePath returns the path that a value names, relative to the root of the
// source; false if it is not known, or elsewhere.
func (n *Node) sourcePath() (string, bool) {
	t := n.Text()
	if !t.Known || t.Default {
		return "", false
	}
	return joinPath(n.dir, t.Text)
}

// joinPath returns a path relative to a directory of the source as one relative
// to its root; false if it is elsewhere: on the machine, or on the network.
func joinPath(dir, name string) (string, bool) {
	name = strings.ReplaceAll(name, `\`, "/")
	switch {
	case name == "", strings.HasPrefix(name, "/"), strings.HasPrefix(name, "~"), strings.Contains(name, "://"),
		strings.HasPrefix(name, "git@"), strings.HasPrefix(name, "github.com/"), len(name) > 1 && name[1] == ':':
		return "", false
	}
	joined := path.Join(dir, name)
	if !fs.ValidPath(joined) {
		return "", false
	}
	return joined, true
}
