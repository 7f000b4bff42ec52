package compose

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	composego "github.com/compose-spec/compose-go/v2/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSpecification wants the schema to be that of compose-go, and to have no keyword
// that is not held against a document.
func TestSpecification(t *testing.T) {
	if string(specificationText) != composego.Schema {
		t.Error("compose-spec.json is not that of compose-go: copy schema/compose-spec.json from its module")
	}
	known := []string{"$schema", "$id", "title", "description", "default", "deprecated"}
	for field := range reflect.TypeFor[schema]().Fields() {
		known = append(known, field.Tag.Get("json"))
	}
	var document any
	if err := json.Unmarshal(specificationText, &document); err != nil {
		t.Fatal(err)
	}
	var look func(at string, s any)
	look = func(at string, s any) {
		object, _ := s.(map[string]any)
		for keyword, value := range object {
			if !slices.Contains(known, keyword) {
				t.Errorf("%s: the keyword %s is not known", at, keyword)
			}
			switch value := value.(type) {
			case map[string]any:
				if keyword != "properties" && keyword != "patternProperties" && keyword != "$defs" {
					value = map[string]any{"": value}
				}
				for name, s := range value {
					look(at+"/"+keyword+"/"+name, s)
				}
			case []any:
				for i, s := range value {
					look(fmt.Sprint(at, "/", keyword, "/", i), s)
				}
			}
		}
	}
	look("", document)
}

// TestValidate puts values of all kinds everywhere into a document, and wants the
// same to be valid as a library for JSON Schema says.
func TestValidate(t *testing.T) {
	library := compile(t, composego.Schema)
	own, err := specification()
	if err != nil {
		t.Fatal(err)
	}
	valid, invalid := 0, 0
	samples(own, own, 0, func(value any) {
		found, _ := (&validator{root: own}).validate(own, nodeOf(value), false)
		wrong := library.Validate(value)
		if (len(found) > 0) != (wrong != nil) {
			t.Errorf("%v: %v, but %v", value, found, wrong)
		}
		if wrong == nil {
			valid++
		} else {
			invalid++
		}
	})
	if valid < 1000 || invalid < 1000 {
		t.Errorf("%d documents are valid, %d are not", valid, invalid)
	}
}

// TestKeywords wants the keywords to be as a library for JSON Schema has them where
// the Compose Specification does not show it.
func TestKeywords(t *testing.T) {
	for text, values := range map[string][]string{
		`{"oneOf": [{"type": "string"}, {"pattern": "a"}]}`:                  {`"a"`, `"b"`, `1`, `null`},
		`{"anyOf": [{"type": "string"}, {"pattern": "a"}]}`:                  {`"a"`, `"b"`, `1`, `null`},
		`{"type": ["integer", "null"], "minimum": 1.5, "maximum": 3}`:        {`1`, `2`, `2.0`, `2.5`, `3`, `4`, `null`, `true`},
		`{"properties": {"a": {}}, "additionalProperties": true}`:            {`{}`, `{"a": 1, "b": 1}`, `[]`},
		`{"properties": {"a": {}}, "additionalProperties": {"enum": ["b"]}}`: {`{"a": 1, "b": "b"}`, `{"b": 1}`},
		`{"oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "integer"}, "b": {}}}], "unevaluatedProperties": false}`: {
			`{"a": "x"}`, `{"a": "x", "b": 1}`, `{"a": 1, "b": 1}`, `{"a": 1, "c": 1}`, `{}`, `{"b": 1}`,
		},
		`{"allOf": [{"properties": {"a": {}}, "additionalProperties": {}}], "unevaluatedProperties": false}`: {`{"a": 1, "b": 1}`},
		`{"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}], "unevaluatedProperties": false}`:  {`{"a": 1, "b": 1}`, `{"c": 1}`},
		`{"properties": {"a": {}}, "unevaluatedProperties": true}`:                                           {`{"b": 1}`},
	} {
		var own schema
		if err := json.Unmarshal([]byte(text), &own); err != nil {
			t.Fatal(err)
		}
		library := compile(t, text)
		for _, value := range values {
			var decoded any
			if err := json.Unmarshal([]byte(value), &decoded); err != nil {
				t.Fatal(err)
			}
			found, _ := (&validator{root: &own}).validate(&own, nodeOf(decoded), false)
			if err := library.Validate(decoded); (len(found) > 0) != (err != nil) {
				t.Errorf("%s by %s: %v, but %v", value, text, found, err)
			}
		}
	}
}

func compile(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// samples calls visit with values that a schema allows, and others: each of some
// values in each place that it knows.
func samples(root, s *schema, depth int, visit func(any)) {
	if depth > 12 {
		return
	}
	for _, value := range []any{
		nil, true, 0, 3, -2000, 1.5, 2.0, 5e9, "", "a", "A b", []any{}, []any{"a"}, []any{"a", "a"}, []any{1, 1.0}, []any{map[string]any{}},
		map[string]any{}, map[string]any{"a": nil}, map[string]any{"a": "b"}, map[string]any{"x-a": 1}, map[string]any{"A b": 1},
	} {
		visit(value)
	}
	for _, value := range s.Enum {
		visit(value)
	}
	if s.Ref != "" {
		samples(root, root.Definitions[strings.TrimPrefix(s.Ref, definitions)], depth+1, visit)
	}
	for _, other := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
		samples(root, other, depth+1, visit)
	}
	with := func(key string) func(any) {
		return func(value any) {
			object := map[string]any{}
			for _, required := range s.Required {
				object[required] = sample(s.Properties[required])
			}
			object[key] = value
			visit(object)
		}
	}
	for key, property := range s.Properties {
		samples(root, property, depth+1, with(key))
	}
	for pattern, property := range s.PatternProperties {
		key := "a"
		if pattern == "^x-" {
			key = "x-a"
		}
		samples(root, property, depth+1, with(key))
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.schema != nil {
		samples(root, s.AdditionalProperties.schema, depth+1, with("other"))
	}
	if s.Items != nil {
		samples(root, s.Items, depth+1, func(value any) { visit([]any{value}) })
	}
}

// sample returns a value that a schema allows, as far as the required keys need one.
func sample(s *schema) any {
	switch {
	case s == nil:
		return nil
	case len(s.Enum) > 0:
		return s.Enum[0]
	case slices.Contains(s.Type, "array"):
		return []any{}
	case slices.Contains(s.Type, "object"):
		return map[string]any{}
	}
	return "a"
}

func nodeOf(value any) *Node {
	switch value := value.(type) {
	case map[string]any:
		n := &Node{shape: mapping}
		for key, v := range value {
			n.entries = append(n.entries, Entry{Key: key, Value: nodeOf(v)})
		}
		return n
	case []any:
		n := &Node{shape: sequence}
		for _, v := range value {
			n.items = append(n.items, nodeOf(v))
		}
		return n
	}
	text, _ := value.(string)
	return &Node{text: text, value: value}
}
