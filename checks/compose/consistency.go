package compose

import (
	"slices"
	"strings"
)

// checkConsistency looks for what lets Compose refuse the files of a stack
// although each follows the schema: references to what is not there.
func (s *Stack) checkConsistency() {
	for _, service := range s.Services {
		if !service.Partial && !service.Built() && service.Get("image").isNull() && service.Get("provider").isNull() {
			s.fault(service.Location, "service %s has neither image nor build", service.Name)
		}
		s.checkValues(service)
		if s.Partial || service.Partial {
			continue
		}
		s.checkServices(service)
		for _, m := range service.Mounts() {
			if m.isVolume() && !s.declares("volumes", m.Source) {
				s.fault(m.Location, "service %s mounts the volume %s, which is not declared under volumes", service.Name, m.Source)
			}
		}
		for _, ref := range service.references("build", "secrets") {
			if !s.declares("secrets", ref.Key) {
				s.fault(ref.Location, "service %s has %s under build.secrets, which is not declared under secrets of the file", service.Name, ref.Key)
			}
		}
		for _, key := range referenceKeys {
			s.checkReferences(service, key)
		}
	}
	if !s.Partial {
		s.checkDeclarations()
	}
	s.checkCycles()
}

// checkServices looks for other services that a service names and that are not
// there, or are not started with it.
func (s *Stack) checkServices(service *Service) {
	for _, d := range service.Dependencies() {
		if s.Service(d.Name) == nil && !s.declares("jobs", d.Name) {
			s.fault(d.Location, "service %s depends on %s, which is no service", service.Name, d.Name)
		}
		if of := s.Service(d.Name); of != nil && d.Required && of.profiled() && !service.profiled() {
			// Who always sets a profile never sees it.
			s.doubt(d.Location, "service %s depends on %s, which is only there with one of its profiles: \"docker compose up\" refuses it, unless required: false stands beside the condition", service.Name, d.Name)
		}
	}
	for _, key := range []string{"network_mode", "ipc", "pid"} {
		n := service.Get(key)
		t := n.Text()
		if name, ok := strings.CutPrefix(t.Text, "service:"); ok && t.Known && s.Service(name) == nil {
			s.fault(n.Location, "service %s has the %s of %s, which is no service", service.Name, key, name)
		}
	}
	for _, key := range []string{"links", "volumes_from"} {
		for _, list := range service.values(key) {
			for _, item := range list.Items() {
				t := item.Text()
				name, _, _ := strings.Cut(t.Text, ":")
				if t.Known && !(key == "volumes_from" && name == "container") && s.Service(name) == nil {
					s.fault(item.Location, "service %s has %s under %s, which is no service", service.Name, name, key)
				}
			}
		}
	}
	for _, v := range service.Variables("build", "additional_contexts") {
		name, ok := strings.CutPrefix(v.Value.Text, "service:")
		if !ok || !v.Value.Known {
			continue
		}
		if of := s.Service(name); of == nil {
			s.fault(v.Location, "service %s is built with the image of %s, which is no service", service.Name, name)
		} else if !of.Built() && !of.Partial {
			s.fault(v.Location, "service %s is built with the image of %s, which is not built", service.Name, name)
		}
	}
}

// profiled reports whether a service is only there with one of its profiles.
func (s *Service) profiled() bool {
	return slices.ContainsFunc(s.values("profiles"), func(n *Node) bool { return len(n.Items()) > 0 })
}

// contents are the settings of which a secret and a config need one, and can only
// have one.
var contents = map[string][]string{"secrets": {"file", "environment"}, "configs": {"file", "environment", "content"}}

// checkDeclarations looks at the volumes, secrets and configs that the files of a
// stack declare.
func (s *Stack) checkDeclarations() {
	for _, key := range []string{"secrets", "configs"} {
		for _, declared := range s.declarations(key) {
			var given []string
			elsewhere := false
			for _, e := range declared.settings {
				if slices.Contains(contents[key], e.Key) {
					given = append(given, e.Key)
				}
				elsewhere = elsewhere || slices.Contains([]string{"external", "driver", "template_driver"}, e.Key)
			}
			of := strings.Join(contents[key], ", ")
			switch {
			case len(given) > 1:
				s.fault(declared.Location, "%s of %s has %s: it can only have one of them", declared.Key, key, strings.Join(given, " and "))
			case len(given) == 0 && !elsewhere:
				s.fault(declared.Location, "%s of %s has none of %s, and is not external", declared.Key, key, of)
			}
		}
	}
	for _, declared := range s.declarations("volumes") {
		if !slices.ContainsFunc(declared.settings, func(e Entry) bool { return e.Key == "external" && e.Value.isTrue() }) {
			continue
		}
		for _, e := range declared.settings {
			if e.Key != "external" && e.Key != "name" && !strings.HasPrefix(e.Key, "x-") {
				s.fault(e.Location, "the volume %s is external, and has %s: what is made elsewhere takes no settings", declared.Key, e.Key)
				break
			}
		}
	}
}

// declaration is an entry under a top-level key, with the settings that all files
// of the stack give it.
type declaration struct {
	Entry
	settings []Entry
}

// declarations returns the entries under a top-level key that the source shows
// all of. What a file takes away or replaces is not known here.
func (s *Stack) declarations(key string) []*declaration {
	var found []*declaration
	at := map[string]*declaration{}
	for _, layer := range s.top(key) {
		for _, e := range layer.Entries() {
			d := at[e.Key]
			if d == nil {
				d = &declaration{}
				at[e.Key] = d
				found = append(found, d)
			}
			d.Entry = e
			for _, setting := range e.Value.Entries() {
				if !slices.ContainsFunc(d.settings, func(old Entry) bool { return old.Key == setting.Key }) {
					d.settings = append(d.settings, setting)
				}
			}
		}
	}
	return slices.DeleteFunc(found, func(d *declaration) bool {
		return slices.ContainsFunc(s.top(key), func(layer *Node) bool {
			v := layer.Get(d.Key)
			return layer.tag != "" || v != nil && (v.tag != "" || !v.IsMapping() || slices.ContainsFunc(v.entries, func(e Entry) bool { return e.Value.tag != "" }))
		})
	})
}

// referenceKeys are the keys under which a service names what the file declares
// under the same key.
var referenceKeys = []string{"networks", "secrets", "configs", "models"}

// references returns the names under such a key of a service, and their places.
func (s *Service) references(keys ...string) []Entry {
	var found []Entry
	for _, n := range s.values(keys...) {
		for _, item := range n.Items() {
			t := item.Text()
			if item.IsMapping() {
				t = item.Get("source").Text()
			}
			if t.Known && t.Text != "" {
				found = append(found, Entry{Key: t.Text, Location: item.Location})
			}
		}
		found = append(found, n.Entries()...)
	}
	return found
}

func (s *Stack) checkReferences(service *Service, key string) {
	for _, ref := range service.references(key) {
		if !(key == "networks" && ref.Key == "default") && !s.declares(key, ref.Key) {
			s.fault(ref.Location, "service %s has %s under %s, which is not declared under %s of the file", service.Name, ref.Key, key, key)
		}
	}
}

// checkCycles looks for services that wait for each other.
func (s *Stack) checkCycles() {
	const open, done = 1, 2
	state := map[*Service]int{}
	var visit func(service *Service, way []string) bool
	visit = func(service *Service, way []string) bool {
		state[service] = open
		way = append(way, service.Name)
		for _, d := range service.Dependencies() {
			next := s.Service(d.Name)
			switch {
			case next == nil || state[next] == done:
			case state[next] == open:
				from := slices.Index(way, next.Name)
				s.fault(d.Location, "services wait for each other: %s", strings.Join(append(way[from:], next.Name), " → "))
				return true
			case visit(next, way):
				return true
			}
		}
		state[service] = done
		return false
	}
	for _, service := range s.Services {
		if state[service] == 0 && visit(service, nil) {
			return
		}
	}
}
