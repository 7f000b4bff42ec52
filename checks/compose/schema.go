package compose

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// schemaFault returns what a document has against it by the schema: the error
// that lies deepest. What depends on a variable is not held against it.
func schemaFault(document *Node) (*fault, error) {
	s, err := specification()
	if err != nil {
		return nil, err
	}
	all, _ := (&validator{root: s}).validate(s, document, false)
	var worst *violation
	for _, v := range all {
		switch {
		case v.variable, v.rest && slices.ContainsFunc(all, v.explains):
		case worst == nil || v.compare(worst) > 0:
			worst = &v
		case v.compare(worst) == 0:
			worst.types = append(worst.types, v.types...)
		}
	}
	if worst == nil {
		return nil, nil
	}
	return &fault{location: worst.at, message: worst.text()}, nil
}

// given returns the keys of a mapping that it is left with.
func (n *Node) given() []Entry {
	reset := func(e Entry) bool { return e.Value.tag == tagReset }
	if !slices.ContainsFunc(n.entries, reset) {
		return n.entries
	}
	return slices.DeleteFunc(slices.Clone(n.entries), reset)
}

// duplicates returns the places of the first two entries of a list that are the same.
func (n *Node) duplicates() (first, second int, ok bool) {
	seen := make(map[string]int, len(n.items))
	for i, item := range n.items {
		text, err := json.Marshal(item.tree()) // where 1 and 1.0 are the same
		if err != nil {
			return 0, 0, false
		}
		if first, ok := seen[string(text)]; ok {
			return first, i, true
		}
		seen[string(text)] = i
	}
	return 0, 0, false
}

// tree returns the value as JSON has it.
func (n *Node) tree() any {
	switch n.shape {
	case mapping:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.given() {
			m[e.Key] = e.Value.tree()
		}
		return m
	case sequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.tree()
		}
		return list
	}
	return n.plain()
}

// plain returns the value of a scalar as Compose reads it; nil for a mapping and a
// list.
func (n *Node) plain() any {
	if t := n.Text(); t.Known && strings.Contains(n.text, "$") {
		return t.Text
	}
	return n.value
}

// violation is one error of the schema.
type violation struct {
	path    []string
	at      checks.Location
	message string
	types   []string // that are wanted, where the type is wrong
	// variable is whether the value, or another one that would do, depends on a
	// variable.
	variable bool
	// rest is whether it only says that a key is none of those that are right: it is
	// unknown, or there is a violation in it, or in a key beside it.
	rest bool
}

// explains reports whether another violation is why this one is there.
func (v violation) explains(other violation) bool {
	beside := v.path[:len(v.path)-1]
	return !other.rest && len(other.path) > len(beside) && slices.Equal(other.path[:len(beside)], beside)
}

// compare orders violations: the greater one says more exactly what is wrong. Of
// those that say the same, the first in the file is the greater one.
func (v *violation) compare(other *violation) int {
	switch a, b := v.at, other.at; {
	case len(v.path) != len(other.path):
		return len(v.path) - len(other.path)
	case a.Line != b.Line:
		return b.Line - a.Line
	case a.Column != b.Column:
		return b.Column - a.Column
	case len(v.types) > 0 && len(other.types) > 0:
		return 0
	case (len(v.types) > 0) != (len(other.types) > 0):
		return len(other.types) - len(v.types) // what is wrong with it, rather than what else it could be
	}
	return -strings.Compare(v.message, other.message)
}

func (v *violation) text() string {
	name := strings.Join(v.path, ".")
	if len(v.types) == 0 {
		return strings.TrimSpace(name + " " + v.message)
	}
	slices.Sort(v.types)
	types := slices.Compact(v.types)
	for i, t := range types {
		switch t {
		case "object":
			types[i] = "mapping"
		case "array":
			types[i] = "list"
		}
	}
	if name == "" {
		name = "the file"
	}
	return name + " has to be a " + strings.Join(types, " or a ")
}
