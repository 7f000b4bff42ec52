package policy

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// fix says how to mend a policy that cannot be read.
const fix = "Write it as in the commented policy that imagegate init writes, or in docs/schema/imagegate.json"

// Parse reads a policy file of a name, which its places carry. Whatever is not
// understood is a checks.FileError, which names the line and says what to write.
func Parse(name string, text []byte) (Policy, error) {
	p, err := parse(text)
	var located *checks.FileError
	if errors.As(err, &located) {
		located.Location.Path = name
		return Policy{}, located
	}
	return p.in(name), err
}

func parse(text []byte) (Policy, error) {
	p := Policy{places: map[string]checks.Location{}}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return p, nil
	case err != nil:
		return p, notYAML(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return p, &checks.FileError{Err: errors.New("the file holds more than one document: remove what stands behind the second ---"), Fix: fix}
	}
	if len(document.Content) == 0 || isNull(document.Content[0]) {
		return p, nil
	}
	return p, p.readSection("", "the policy", document.Content[0])
}

// in returns the policy with the name of its file in all places.
func (p Policy) in(name string) Policy {
	for key, at := range p.places {
		at.Path = name
		p.places[key] = at
	}
	for i := range p.Severities {
		p.Severities[i].Location.Path = name
	}
	for i := range p.Locked {
		p.Locked[i].Location.Path = name
	}
	for i := range p.Waivers {
		p.Waivers[i].Location.Path, p.Waivers[i].CheckLocation.Path = name, name
	}
	return p
}

// readSection reads the keys of a section; that of the empty name is the whole
// policy.
func (p *Policy) readSection(section, what string, node *yaml.Node) error {
	prefix := section
	if prefix != "" {
		prefix += "."
	}
	names := namesIn(section)
	fields, err := mapping(node, what, names...)
	if err != nil {
		return err
	}
	for _, name := range names {
		value, ok := fields[name]
		if !ok {
			continue
		}
		full := prefix + name
		if i := slices.IndexFunc(keys, func(k key) bool { return k.name == full }); i >= 0 {
			if err := keys[i].read(p, value); err != nil {
				return err
			}
			p.places[full] = locate(value)
			continue
		}
		if isNull(value) { // all that is in it may be a comment
			continue
		}
		switch full {
		case "severity":
			err = p.readSeverities(value)
		case "locked":
			err = p.readLocked(value)
		case "waivers":
			err = p.readWaivers(value)
		default:
			err = p.readSection(full, full, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// namesIn returns the names of the keys and sections in a section, as in the table.
func namesIn(section string) []string {
	var names []string
	add := func(full string) {
		rest, ok := strings.CutPrefix(full, section)
		if section != "" && ok {
			rest, ok = strings.CutPrefix(rest, ".")
		}
		if name, _, _ := strings.Cut(rest, "."); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, k := range keys {
		add(k.name)
	}
	if section == "" {
		for _, l := range lists {
			names = slices.Insert(names, min(l.position, len(names)), l.name)
		}
	}
	return names
}

func (p *Policy) readSeverities(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return invalid(node, "severity is no mapping: write source/user: HIGH")
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], resolve(node.Content[i+1])
		switch {
		case name.Kind != yaml.ScalarNode || isNull(name):
			return invalid(name, "severity has a key that is no name of a check: write it as in source/user: HIGH")
		case name.Value == "*":
			return invalid(name, "severity: * is no check: name each, as in source/user: HIGH")
		case slices.ContainsFunc(p.Severities, func(s Severity) bool { return strings.EqualFold(s.Check, name.Value) }):
			return invalid(name, "severity has %s twice: remove one", name.Value)
		case value.Kind == yaml.ScalarNode && slices.Contains([]string{"off", "none", "ignore", "false", "disabled"}, strings.ToLower(value.Value)):
			return invalid(value, "severity: a check is not turned off, %s: accept what it finds with a waiver, which has a reason", name.Value)
		}
		s, err := severity.read("severity: "+name.Value, value)
		if err != nil {
			return err
		}
		p.Severities = append(p.Severities, Severity{Check: name.Value, Severity: s, Location: locate(name)})
	}
	return nil
}

func (p *Policy) readLocked(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		return invalid(node, "locked is no list: write it in brackets, as in [profile, source/user]")
	}
	for _, item := range node.Content {
		name := resolve(item)
		switch {
		case name.Kind != yaml.ScalarNode || isNull(name) || name.Value == "":
			return invalid(item, "locked: what is no text is no name of a key or a check: write it as in budgets.max-size or source/user")
		case slices.ContainsFunc(lists, func(l list) bool { return l.name == name.Value }):
			return invalid(item, "locked: %s is locked check by check: name the checks, as in source/user", name.Value)
		case slices.ContainsFunc(p.Locked, func(l Lock) bool { return l.Name == name.Value }):
			return invalid(item, "locked names %s twice: remove one", name.Value)
		case strings.Contains(name.Value, ".") && !isKey(name.Value):
			return invalid(item, "locked: there is no key %q: write %s", name.Value, nearest(name.Value, lockable()))
		}
		p.Locked = append(p.Locked, Lock{Name: name.Value, Location: locate(item)})
	}
	return nil
}

// lockable returns the names of all keys and sections, which locked may have.
func lockable() []string {
	var names []string
	for _, k := range keys {
		if section, _, ok := strings.Cut(k.name, "."); ok && !slices.Contains(names, section) {
			names = append(names, section)
		}
		names = append(names, k.name)
	}
	return names
}

// isKey reports whether a name is that of a key or a section.
func isKey(name string) bool { return slices.Contains(lockable(), name) }

func (p *Policy) readWaivers(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		return invalid(node, "waivers is no list: write - check: … for each")
	}
	for _, item := range node.Content {
		w, err := readWaiver(item)
		if err != nil {
			return err
		}
		p.Waivers = append(p.Waivers, w)
	}
	return nil
}

// mapping returns the values of a mapping by their keys, which must be of these.
func mapping(node *yaml.Node, what string, keys ...string) (map[string]*yaml.Node, error) {
	if node.Kind != yaml.MappingNode {
		return nil, invalid(node, "%s is no mapping: write %s: …", what, keys[0])
	}
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			return nil, invalid(key, "%s has a key that is no text: write one of %s", what, strings.Join(keys, ", "))
		case !slices.Contains(keys, key.Value):
			return nil, invalid(key, "%s has no key %q: write %s", what, key.Value, nearest(key.Value, keys))
		case fields[key.Value] != nil:
			return nil, invalid(key, "%s has %s twice: remove one", what, key.Value)
		}
		fields[key.Value] = resolve(node.Content[i+1])
	}
	return fields, nil
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null"
}

func invalid(node *yaml.Node, format string, args ...any) error {
	return &checks.FileError{
		Location: checks.Location{Line: node.Line, Column: node.Column},
		Err:      fmt.Errorf(format, args...),
		Fix:      fix,
	}
}

func notYAML(err error) error {
	var where checks.Location
	message := err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		where.Line, where.Column, message = load.Mark.Line, load.Mark.Column, load.Message
	}
	return &checks.FileError{Location: where, Err: errors.New("the file is not YAML: " + message), Fix: fix}
}

// resolve returns what an alias stands for, or the node itself.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// locate returns the place where a node starts, and ends if it is plain text.
func locate(node *yaml.Node) checks.Location {
	where := checks.Location{Line: node.Line, Column: node.Column}
	if node.Kind == yaml.ScalarNode && node.Style == 0 && !strings.Contains(node.Value, "\n") {
		where.EndLine, where.EndColumn = node.Line, node.Column+utf8.RuneCountInString(node.Value)
	}
	return where
}
