package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/imagegate/imagegate/checks"
)

// specification is the schema of the Compose Specification. It is compiled here
// and not by its package, whose errors name no place.
var specification = sync.OnceValues(func() (*jsonschema.Schema, error) {
	const name = "compose-spec.json"
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Schema))
	if err != nil {
		return nil, fmt.Errorf("read the schema of the Compose Specification: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		return nil, fmt.Errorf("read the schema of the Compose Specification: %w", err)
	}
	return compiler.Compile(name)
})

// schemaFault returns what a document has against it by the schema: the error
// that lies deepest. What depends on a variable is not held against it.
func schemaFault(document *Node) (*fault, error) {
	s, err := specification()
	if err != nil {
		return nil, err
	}
	var invalid *jsonschema.ValidationError
	if err := s.Validate(document.plain()); err == nil {
		return nil, nil
	} else if !errors.As(err, &invalid) {
		return nil, err
	}
	all := violations(document, invalid)
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

// plain returns the value as JSON has it.
func (n *Node) plain() any {
	switch n.shape {
	case mapping:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			if e.Value.tag != tagReset {
				m[e.Key] = e.Value.plain()
			}
		}
		return m
	case sequence:
		list := make([]any, 0, len(n.items))
		for _, item := range n.items {
			list = append(list, item.plain())
		}
		return list
	}
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

// violations returns the errors at the ends of a tree of them. Where one of several
// alternatives depends on a variable, so do the others.
func violations(document *Node, err *jsonschema.ValidationError) []violation {
	if len(err.Causes) == 0 {
		return []violation{violationOf(document, err)}
	}
	var all []violation
	for _, cause := range err.Causes {
		all = append(all, violations(document, cause)...)
	}
	switch err.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		if slices.ContainsFunc(all, func(v violation) bool { return v.variable }) {
			for i := range all {
				all[i].variable = true
			}
		}
	}
	return all
}

func violationOf(document *Node, err *jsonschema.ValidationError) violation {
	at := document.path(err.InstanceLocation)
	v := violation{path: err.InstanceLocation, at: at.Location, variable: at.shape == scalar && strings.Contains(at.text, "$")}
	switch k := err.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, e := range at.entries { // the first one in the file
			if slices.Contains(k.Properties, e.Key) {
				v.unknownKey(e)
				v.path = append(slices.Clip(v.path), e.Key)
				break
			}
		}
	case *kind.FalseSchema:
		if last := len(v.path) - 1; last >= 0 {
			if e, ok := document.path(v.path[:last]).entry(v.path[last]); ok {
				v.unknownKey(e)
				v.rest, v.variable = true, false
			}
		}
	case *kind.Type:
		v.types = slices.Clone(k.Want)
	case *kind.Pattern:
		v.message = fmt.Sprintf("has to match %s", k.Want)
	case *kind.UniqueItems:
		v.message = fmt.Sprintf("has the same entry twice, as number %d and number %d", k.Duplicates[0]+1, k.Duplicates[1]+1)
	default:
		v.message = err.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	}
	return v
}

func (v *violation) unknownKey(e Entry) {
	v.at, v.message = e.Location, "is no key that Compose knows"
}
