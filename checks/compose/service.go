package compose

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// values returns what the layers of a service have under a path of keys, the
// lowest first, as far as none above takes it away.
func (s *Service) values(keys ...string) []*Node {
	var values []*Node
	for _, layer := range s.layers {
		n := layer
		for _, key := range keys {
			if n = n.Get(key); n == nil {
				break
			}
			if n.tag == tagReset || n.tag == tagOverride {
				values = nil
			}
			if n.tag == tagReset {
				n = nil
				break
			}
		}
		if n != nil {
			values = append(values, n)
		}
	}
	return values
}

// Get returns what a service has under a path of keys: what the last of its layers
// says. It is meant for values that are not merged.
func (s *Service) Get(keys ...string) *Node {
	values := s.values(keys...)
	if len(values) == 0 {
		return nil
	}
	return values[len(values)-1]
}

// locate returns the place of a key that a service has; that of its name if it
// has none.
func (s *Service) locate(key string) checks.Location {
	for _, layer := range slices.Backward(s.layers) {
		if e, ok := layer.entry(key); ok {
			return e.Location
		}
	}
	return s.Location
}

// Image returns the image that a service runs and does not build, and the place
// of its name; false if there is none, or if it is not known.
func (s *Service) Image() (reference.Named, *Node, bool) {
	n := s.Get("image")
	t := n.Text()
	if !t.Known || t.Text == "" || s.Built() {
		return nil, nil, false
	}
	named, err := reference.ParseNormalizedNamed(t.Text)
	if err != nil {
		return nil, nil, false
	}
	return named, n, true
}

// Built reports whether the image of the service is built.
func (s *Service) Built() bool { return len(s.values("build")) > 0 }

// Build says how the image of a service is built.
type Build struct {
	// Location is that of the key.
	Location checks.Location
	// Context is the build context and Dockerfile that within or beside it, relative
	// to the root of the source; empty where they are elsewhere or not known.
	Context, Dockerfile string
	// Target is the stage; nil if it is the last one.
	Target *Node

	context, dockerfile *Node
}

// Build returns how the image of a service is built; false if it is not, or if
// the Dockerfile stands in the Compose file.
func (s *Service) Build() (Build, bool) {
	if !s.Built() || s.Get("build", "dockerfile_inline") != nil {
		return Build{}, false
	}
	b := Build{Location: s.locate("build"), Target: s.Get("build", "target"), dockerfile: s.Get("build", "dockerfile")}
	for _, n := range s.values("build") {
		switch {
		case n.IsMapping() && n.Get("context") != nil:
			b.context = n.Get("context")
		case !n.IsMapping():
			b.context = n
		}
	}
	if b.context == nil {
		return b, true
	}
	var ok bool
	if b.Context, ok = b.context.sourcePath(); !ok {
		return b, true
	}
	name := dockerfile.DefaultDockerfile
	if b.dockerfile != nil {
		t := b.dockerfile.Text()
		if !t.Known || t.Default {
			return b, true
		}
		name = t.Text
	}
	if b.Dockerfile, ok = joinPath(b.Context, name); !ok {
		b.Dockerfile = ""
	}
	return b, true
}

// Mount is a volume, a directory of the machine or a tmpfs in a service.
type Mount struct {
	Location checks.Location
	// Type is bind, volume, tmpfs and so on.
	Type string
	// Source is what is mounted, as written; empty for a volume without a name.
	Source string
	// Target is the path in the container, cleaned.
	Target string
	// ReadOnly is whether the service cannot write to it.
	ReadOnly bool
	// Known is whether Source and Target depend on no variable. Where the source
	// alone does, Target is still what it says.
	Known bool

	dir string
}

// isVolume reports whether it is known to be a volume with a name.
func (m Mount) isVolume() bool { return m.Type == "volume" && m.Known && m.Source != "" }

// sourcePath returns the file or directory of the source that is mounted; false
// if it is none.
func (m Mount) sourcePath() (string, bool) {
	if m.Type != "bind" || !m.Known {
		return "", false
	}
	return joinPath(m.dir, m.Source)
}

// Mounts returns what is mounted in a service. Of several at one path, the last
// counts.
func (s *Service) Mounts() []Mount {
	var mounts []Mount
	at := map[string]int{}
	add := func(m Mount) {
		if m.Target != "" {
			m.Target = path.Clean(strings.ReplaceAll(m.Target, `\`, "/"))
		}
		if i, ok := at[m.Target]; ok && m.Known {
			mounts[i] = m
			return
		}
		if m.Known {
			at[m.Target] = len(mounts)
		}
		mounts = append(mounts, m)
	}
	for _, list := range s.values("volumes") {
		for _, item := range list.Items() {
			add(mountOf(item))
		}
	}
	for _, list := range s.values("tmpfs") {
		for _, item := range list.Items() {
			t := item.Text()
			target, _, _ := strings.Cut(t.Text, ":")
			add(Mount{Location: item.Location, Type: "tmpfs", Target: target, Known: t.Known})
		}
	}
	return mounts
}

func mountOf(n *Node) Mount {
	m := Mount{Location: n.Location, dir: n.dir}
	if n.IsMapping() {
		source, target, of := Text{}, n.Get("target").Text(), n.Get("type").Text()
		if from := n.Get("source"); from != nil {
			source = expand(projectDirectory(from.text, n.dir))
		}
		m.Type, m.Source, m.Target = of.Text, source.Text, target.Text
		m.Known = of.Known && target.Known && (source.Known || n.Get("source") == nil)
		m.ReadOnly = n.Get("read_only").isTrue()
		return m
	}
	parts := splitMount(n.text)
	for i, part := range parts {
		parts[i] = projectDirectory(part, n.dir)
	}
	t := expand(strings.Join(parts, ":"))
	m.Known = t.Known
	if !t.Known {
		// What the parts are is known where no variable can stand for several.
		if len(parts) < 2 || !expand(parts[1]).Known {
			return m
		}
		m.Source, m.Target = parts[0], expand(parts[1]).Text
		return m
	}
	parts = splitMount(t.Text)
	if len(parts) == 1 {
		parts = []string{"", parts[0]}
	}
	m.Source, m.Target = parts[0], parts[1]
	m.ReadOnly = len(parts) > 2 && slices.Contains(strings.Split(parts[2], ","), "ro")
	switch {
	case m.Source == "":
		m.Type = "volume"
	case strings.ContainsAny(m.Source[:1], `./~\`), isDrive(m.Source):
		m.Type = "bind"
	default:
		m.Type = "volume"
	}
	return m
}

// projectDirectory returns a path with a dot for the variable PWD: who runs
// Compose stands beside its file, at the root of the source.
func projectDirectory(name, dir string) string {
	if dir != "." {
		return name
	}
	for _, variable := range []string{"${PWD}", "$PWD"} {
		if rest, ok := strings.CutPrefix(name, variable); ok && (rest == "" || rest[0] == '/') {
			return "." + rest
		}
	}
	return name
}

// splitMount splits SOURCE:TARGET:OPTIONS, and a TARGET alone. The colon behind
// the letter of a Windows drive is none, nor is that of a variable's default.
func splitMount(spec string) []string {
	var parts []string
	start, braces := 0, 0
	for i := 0; i < len(spec); i++ {
		switch {
		case strings.HasPrefix(spec[i:], "${"):
			braces++
		case spec[i] == '}' && braces > 0:
			braces--
		case spec[i] == ':' && braces == 0 && !(i == start+1 && isDrive(spec[start:])):
			parts = append(parts, spec[start:i])
			start = i + 1
		}
	}
	return append(parts, spec[start:])
}

// isDrive reports whether a path begins with the letter of a Windows drive.
func isDrive(name string) bool {
	return len(name) > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/') && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
}

// Port is a port of a service that is published on the machine.
type Port struct {
	Location checks.Location
	// Host is the address that it is published at; empty for all of them.
	Host string
	// Published is the port of the machine, or a range of them; empty for a free one.
	Published string
	// Target is the port of the container, or a range of them.
	Target   string
	Protocol string
}

// Ports returns the ports that a service publishes, as far as they are known.
func (s *Service) Ports() []Port {
	var ports []Port
	for _, list := range s.values("ports") {
		for _, item := range list.Items() {
			if p, ok := portOf(item); ok {
				ports = append(ports, p)
			}
		}
	}
	return ports
}

func portOf(n *Node) (Port, bool) {
	p := Port{Location: n.Location, Protocol: "tcp"}
	if n.IsMapping() {
		known := true
		for key, to := range map[string]*string{"host_ip": &p.Host, "published": &p.Published, "target": &p.Target, "protocol": &p.Protocol} {
			if v := n.Get(key); v != nil {
				t := v.Text()
				known = known && t.Known
				*to = t.Text
			}
		}
		return p, known && p.Target != ""
	}
	t := n.Text()
	if !t.Known {
		return p, false
	}
	spec, protocol, found := strings.Cut(t.Text, "/")
	if found {
		p.Protocol = strings.ToLower(protocol)
	}
	if i := strings.LastIndexByte(spec, ':'); i < 0 {
		p.Target = spec
	} else {
		p.Target, spec = spec[i+1:], spec[:i]
		if i = strings.LastIndexByte(spec, ':'); i < 0 || strings.HasSuffix(spec, "]") {
			p.Published = spec
		} else {
			p.Host, p.Published = strings.Trim(spec[:i], "[]"), spec[i+1:]
		}
	}
	return p, p.Target != "" && strings.Trim(p.Target+p.Published, "0123456789-") == ""
}

// everywhere reports whether the port is published on all of the machine's
// addresses.
func (p Port) everywhere() bool { return p.Host == "" || p.Host == "0.0.0.0" || p.Host == "::" }

// Dependency is a service that another one waits for.
type Dependency struct {
	Name string
	// Location is that of its name.
	Location checks.Location
	// Condition is what it waits for; empty if that is not known.
	Condition string
	// Required is whether it is to be there.
	Required bool
}

// The conditions that a dependency can wait for.
const (
	conditionStarted   = "service_started"
	conditionHealthy   = "service_healthy"
	conditionCompleted = "service_completed_successfully"
)

// Dependencies returns the services that a service waits for.
func (s *Service) Dependencies() []Dependency {
	var found []Dependency
	at := map[string]int{}
	add := func(d Dependency) {
		if i, ok := at[d.Name]; ok {
			found[i] = d
			return
		}
		at[d.Name] = len(found)
		found = append(found, d)
	}
	for _, n := range s.values("depends_on") {
		for _, item := range n.Items() {
			if t := item.Text(); t.Known {
				add(Dependency{Name: t.Text, Location: item.Location, Condition: conditionStarted, Required: true})
			}
		}
		for _, e := range n.Entries() {
			required := e.Value.Get("required").Text()
			d := Dependency{Name: e.Key, Location: e.Location, Condition: conditionStarted, Required: e.Value.Get("required") == nil || required.Known && strings.EqualFold(required.Text, "true")}
			if c := e.Value.Get("condition"); c != nil {
				d.Condition, d.Location = c.Text().Text, c.Location
			}
			add(d)
		}
	}
	return found
}

// Variable is an environment variable, a build argument or a label.
type Variable struct {
	Name     string
	Location checks.Location
	// Value is its value; Given is whether there is one: a variable without is taken
	// from the environment of who runs Compose.
	Value Text
	Given bool
}

// Variables returns what a service has under a path of keys as variables: a
// mapping, or a list of NAME=value. Of several of one name, the last counts.
func (s *Service) Variables(keys ...string) []Variable {
	var found []Variable
	at := map[string]int{}
	add := func(v Variable) {
		if i, ok := at[v.Name]; ok {
			found[i] = v
			return
		}
		at[v.Name] = len(found)
		found = append(found, v)
	}
	for _, n := range s.values(keys...) {
		for _, item := range n.Items() {
			name, value, given := strings.Cut(item.text, "=")
			add(Variable{Name: name, Location: item.Location, Value: expand(value), Given: given})
		}
		for _, e := range n.Entries() {
			add(Variable{Name: e.Key, Location: e.Location, Value: e.Value.Text(), Given: !e.Value.isNull()})
		}
	}
	return found
}

// Healthcheck reports whether a service has a health check, and whether its
// Compose file forbids the one of the image.
func (s *Service) Healthcheck() (has, forbidden bool) {
	test := s.Get("healthcheck", "test")
	if s.Get("healthcheck", "disable").isTrue() {
		return false, true
	}
	if items := test.Items(); len(items) > 0 && items[0].Text().Text == "NONE" {
		return false, true
	}
	return len(test.Items()) > 0, false
}

// isTrue reports whether a value is known to be true.
func (n *Node) isTrue() bool { return strings.EqualFold(n.Text().Text, "true") }
