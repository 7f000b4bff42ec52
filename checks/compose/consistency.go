package compose

import (
	"slices"
	"strings"
)

// checkConsistency looks for what lets Compose refuse the files of a stack
// although each follows the schema: references to what is not there.
func (p *Project) checkConsistency(s *Stack) {
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
			if m.Type == "volume" && m.Known && m.Source != "" && !s.declares("volumes", m.Source) {
				s.fault(m.Location, "service %s mounts the volume %s, which is not declared under volumes", service.Name, m.Source)
			}
		}
		for _, key := range []string{"networks", "secrets", "configs"} {
			p.checkReferences(s, service, key)
		}
	}
	s.checkCycles()
}

func (p *Project) checkReferences(s *Stack, service *Service, key string) {
	check := func(name string, at *Node) {
		if name != "" && !(key == "networks" && name == "default") && !s.declares(key, name) {
			s.fault(at.Location, "service %s has %s under %s, which is not declared under %s of the file", service.Name, name, key, key)
		}
	}
	for _, n := range service.values(key) {
		for _, item := range n.Items() {
			t := item.Text()
			if item.IsMapping() {
				t = item.Get("source").Text()
			}
			if t.Known {
				check(t.Text, item)
			}
		}
		for _, e := range n.Entries() {
			check(e.Key, &Node{Location: e.Location})
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
