package compose

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// specificationText is the schema of the Compose Specification, as compose-go has it
// under the Apache License 2.0.
//
//go:embed compose-spec.json
var specificationText []byte

var specification = sync.OnceValues(func() (*schema, error) {
	var s schema
	if err := json.Unmarshal(specificationText, &s); err != nil {
		return nil, fmt.Errorf("read the schema of the Compose Specification: %w", err)
	}
	return &s, nil
})

// schema is a JSON Schema of draft 2020-12 with the keywords that the Compose
// Specification has. A library that knows all of them compiles the schemas of every
// draft where a program starts, whether it reads a Compose file or not.
type schema struct {
	Ref                   string             `json:"$ref"`
	Definitions           map[string]*schema `json:"$defs"`
	Type                  oneOrMore          `json:"type"`
	Enum                  []string           `json:"enum"`
	Pattern               string             `json:"pattern"`
	Minimum               *float64           `json:"minimum"`
	Maximum               *float64           `json:"maximum"`
	Required              []string           `json:"required"`
	Properties            map[string]*schema `json:"properties"`
	PatternProperties     map[string]*schema `json:"patternProperties"`
	AdditionalProperties  *additional        `json:"additionalProperties"`
	UnevaluatedProperties *bool              `json:"unevaluatedProperties"`
	Items                 *schema            `json:"items"`
	UniqueItems           bool               `json:"uniqueItems"`
	AllOf                 []*schema          `json:"allOf"`
	AnyOf                 []*schema          `json:"anyOf"`
	OneOf                 []*schema          `json:"oneOf"`
}

// definitions is what a $ref begins with.
const definitions = "#/$defs/"

// oneOrMore is a text, or a list of them.
type oneOrMore []string

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(o))
	}
	*o = make([]string, 1)
	return json.Unmarshal(text, &(*o)[0])
}

// additional is the schema of the values of other keys; without one there must be
// none.
type additional struct{ *schema }

// UnmarshalJSON implements json.Unmarshaler.
func (a *additional) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "false":
		return nil
	case "true":
		text = []byte("{}")
	}
	return json.Unmarshal(text, &a.schema)
}

// patterns are those of the schema, compiled where they are first matched.
var patterns sync.Map // from string to *regexp.Regexp

func matchesPattern(pattern, text string) bool {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		compiled, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(pattern))
	}
	return compiled.(*regexp.Regexp).MatchString(text)
}

// validator holds the values of a document against the schema.
type validator struct {
	root *schema
	path []string // of the value that is being looked at
}

func (v *validator) violation(n *Node, message string, types ...string) violation {
	return violation{
		path: slices.Clone(v.path), at: n.Location, message: message, types: types,
		variable: n.shape == scalar && strings.Contains(n.text, "$"),
	}
}

// unknownKey is that a key is none of those that the schema has.
func (v *validator) unknownKey(e Entry) violation {
	return violation{path: append(slices.Clone(v.path), e.Key), at: e.Location, message: "is no key that Compose knows"}
}

// below holds the value of a key, or of a place in a list, against a schema.
func (v *validator) below(key string, s *schema, n *Node) []violation {
	v.path = append(v.path, key)
	found, _ := v.validate(s, n, false)
	v.path = v.path[:len(v.path)-1]
	return found
}

// keys are those of a mapping that no part of a schema says anything about.
type keys map[string]bool

// validate returns what a value has against it by a schema. It returns the keys that
// are left, too, if they are needed, and nothing is against the value.
func (v *validator) validate(s *schema, n *Node, needed bool) (found []violation, left keys) {
	if !s.isOfType(n) {
		return []violation{v.violation(n, "", slices.Clone(s.Type)...)}, nil
	}
	if text, ok := n.plain().(string); len(s.Enum) > 0 && !(ok && slices.Contains(s.Enum, text)) {
		return []violation{v.violation(n, "has to be "+strings.Join(s.Enum, " or "))}, nil
	}
	if n.shape == mapping && s.AdditionalProperties == nil && (needed || s.UnevaluatedProperties != nil) {
		left = keys{}
		for _, e := range n.given() {
			left[e.Key] = true
		}
	}
	// What another schema says of the same value.
	by := func(other *schema) []violation {
		against, still := v.validate(other, n, len(left) > 0)
		for key := range left {
			if len(against) == 0 && !still[key] {
				delete(left, key)
			}
		}
		return against
	}
	if s.Ref != "" {
		found = append(found, by(v.root.Definitions[strings.TrimPrefix(s.Ref, definitions)])...)
	}
	switch n.shape {
	case mapping:
		found = append(found, v.validateMapping(s, n, left)...)
	case sequence:
		found = append(found, v.validateSequence(s, n)...)
	default:
		if message := s.scalarFault(n.plain()); message != "" {
			found = append(found, v.violation(n, message))
		}
	}
	for _, other := range s.AllOf {
		found = append(found, by(other)...)
	}
	against, _ := alternatives(s.AnyOf, by)
	found = append(found, against...)
	against, fits := alternatives(s.OneOf, by)
	if found = append(found, against...); fits > 1 {
		found = append(found, v.violation(n, "can be read in several ways"))
	}
	if s.UnevaluatedProperties != nil {
		for _, e := range n.given() {
			if left[e.Key] && !*s.UnevaluatedProperties {
				unknown := v.unknownKey(e)
				unknown.rest = true
				found = append(found, unknown)
			}
		}
		left = nil
	}
	return found, left
}

// alternatives returns how many of the schemas a value fits, and if none, what each
// has against it. Where one of them depends on a variable, so do the others.
func alternatives(schemas []*schema, by func(*schema) []violation) (found []violation, fits int) {
	for _, s := range schemas {
		against := by(s)
		if len(against) == 0 {
			fits++
		}
		found = append(found, against...)
	}
	if fits > 0 {
		return nil, fits
	}
	if slices.ContainsFunc(found, func(v violation) bool { return v.variable }) {
		for i := range found {
			found[i].variable = true
		}
	}
	return found, 0
}

// validateMapping holds the keys of a mapping against a schema, and takes those that
// it says something about from those that are left.
func (v *validator) validateMapping(s *schema, n *Node, left keys) (found []violation) {
	var missing []string
	for _, key := range s.Required {
		if !slices.ContainsFunc(n.given(), func(e Entry) bool { return e.Key == key }) {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		found = append(found, v.violation(n, "lacks "+strings.Join(missing, " and ")))
	}
	refused := false // the first key is reported
	for _, e := range n.given() {
		known := false
		if property, ok := s.Properties[e.Key]; ok {
			known = true
			found = append(found, v.below(e.Key, property, e.Value)...)
		}
		for pattern, property := range s.PatternProperties {
			if matchesPattern(pattern, e.Key) {
				known = true
				found = append(found, v.below(e.Key, property, e.Value)...)
			}
		}
		switch {
		case known:
			delete(left, e.Key)
		case s.AdditionalProperties == nil:
		case s.AdditionalProperties.schema != nil:
			found = append(found, v.below(e.Key, s.AdditionalProperties.schema, e.Value)...)
		case !refused:
			refused = true
			found = append(found, v.unknownKey(e))
		}
	}
	return found
}

func (v *validator) validateSequence(s *schema, n *Node) (found []violation) {
	if s.UniqueItems {
		if first, second, ok := n.duplicates(); ok {
			found = append(found, v.violation(n, fmt.Sprintf("has the same entry twice, as number %d and number %d", first+1, second+1)))
		}
	}
	if s.Items != nil {
		for i, item := range n.items {
			found = append(found, v.below(strconv.Itoa(i), s.Items, item)...)
		}
	}
	return found
}

// scalarFault returns what a text or a number has against it; empty if nothing.
func (s *schema) scalarFault(value any) string {
	if text, ok := value.(string); ok && s.Pattern != "" && !matchesPattern(s.Pattern, text) {
		return "has to match " + s.Pattern
	}
	number, ok := numberOf(value)
	switch {
	case ok && s.Minimum != nil && number < *s.Minimum:
		return "has to be at least " + strconv.FormatFloat(*s.Minimum, 'f', -1, 64)
	case ok && s.Maximum != nil && number > *s.Maximum:
		return "has to be at most " + strconv.FormatFloat(*s.Maximum, 'f', -1, 64)
	}
	return ""
}

// isOfType reports whether a value is of one of the types that a schema wants.
func (s *schema) isOfType(n *Node) bool {
	if len(s.Type) == 0 {
		return true
	}
	is := func(types ...string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(s.Type, t) })
	}
	switch n.shape {
	case mapping:
		return is("object")
	case sequence:
		return is("array")
	}
	switch value := n.plain().(type) {
	case nil:
		return is("null")
	case bool:
		return is("boolean")
	case string:
		return is("string")
	default:
		number, _ := numberOf(value)
		return is("number") || number == math.Trunc(number) && is("integer")
	}
}

func numberOf(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
