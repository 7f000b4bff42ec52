package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
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
	compiler.RegisterFormat(&jsonschema.Format{Name: "duration", Validate: validDuration})
	if err := compiler.AddResource(name, document); err != nil {
		return nil, fmt.Errorf("read the schema of the Compose Specification: %w", err)
	}
	return compiler.Compile(name)
})

func validDuration(value any) error {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	_, err := time.ParseDuration(text)
	return err
}

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
	var worst *violation
	for _, v := range violations(document, invalid) {
		if worst == nil || v.compare(worst) > 0 {
			worst = &v
		} else if v.compare(worst) == 0 {
			worst.types = append(worst.types, v.types...)
		}
	}
	if worst == nil {
		return nil, nil
	}
	return &fault{worst.at.Location, worst.text()}, nil
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
	at      *Node
	message string
	types   []string // that are wanted, where the type is wrong
}

// compare orders violations: the greater one says more exactly what is wrong. Of
// those that say the same, the first in the file is the greater one.
func (v *violation) compare(other *violation) int {
	switch a, b := v.at.Location, other.at.Location; {
	case len(v.path) != len(other.path):
		return len(v.path) - len(other.path)
	case a.Line != b.Line:
		return b.Line - a.Line
	case a.Column != b.Column:
		return b.Column - a.Column
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

// violations returns the errors at the ends of a tree of them, unless one of them
// is of a value that depends on a variable.
func violations(document *Node, err *jsonschema.ValidationError) []violation {
	if len(err.Causes) == 0 {
		v, ok := violationOf(document, err)
		if !ok {
			return nil
		}
		return []violation{v}
	}
	var all []violation
	alternatives := false
	switch err.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		alternatives = true
	}
	for _, cause := range err.Causes {
		found := violations(document, cause)
		if alternatives && len(found) == 0 {
			return nil
		}
		all = append(all, found...)
	}
	return all
}

func violationOf(document *Node, err *jsonschema.ValidationError) (violation, bool) {
	at, _ := document.path(err.InstanceLocation)
	if at.shape == scalar && strings.Contains(at.text, "$") {
		return violation{}, false
	}
	v := violation{path: err.InstanceLocation, at: at}
	switch k := err.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		key := slices.Min(k.Properties)
		for _, e := range at.entries { // the first one in the file
			if slices.Contains(k.Properties, e.Key) {
				key = e.Key
				v.at = &Node{Location: e.Location}
				break
			}
		}
		v.path = append(slices.Clip(v.path), key)
		v.message = "is no key that Compose knows"
	case *kind.Type:
		v.types = slices.Clone(k.Want)
	case *kind.Format:
		v.message = fmt.Sprintf("is no %s: %v", k.Want, k.Err)
	case *kind.Pattern:
		v.message = fmt.Sprintf("has to match %s", k.Want)
	case *kind.UniqueItems:
		v.message = fmt.Sprintf("has the same entry twice, as number %d and number %d", k.Duplicates[0]+1, k.Duplicates[1]+1)
	default:
		v.message = err.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	}
	return v, true
}
