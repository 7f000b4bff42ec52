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
		if s.Partial || service.Partial {
			continue
		}
		for _, d := range service.Dependencies() {
			if s.Service(d.Name) == nil && !s.declares("jobs", d.Name) {
				s.fault(d.Location, "service %s depends on %s, which is no service", service.Name, d.Name)
			}
		}
		for _, m := range service.Mounts() {
			if m.isVolume() && !s.declares("volumes", m.Source) {
				s.fault(m.Location, "service %s mounts the volume %s, which is not declared under volumes", service.Name, m.Source)
			}
		}
		for _, key := range referenceKeys {
			s.checkReferences(service, key)
		}
	}
	s.checkCycles()
}

// referenceKeys are the keys under which a service names what the file declares
// under the same key.
var referenceKeys = []string{"networks", "secrets", "configs"}

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
