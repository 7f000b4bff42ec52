package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// SchemaFile is the path of the JSON Schema in the repository, and SchemaURL its
// address.
const (
	SchemaFile = "docs/schema/imagegate.json"
	SchemaURL  = "https://raw.githubusercontent.com/imagegate/imagegate/main/" + SchemaFile
)

// Schema returns the JSON Schema of a policy, for editors: what the parser takes it
// takes too, and hardly more.
func Schema() ([]byte, error) {
	schema, err := sectionSchema("")
	if err != nil {
		return nil, err
	}
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["$id"] = SchemaURL
	schema["title"] = File
	schema["description"] = "What imagegate holds an image to, and what it accepts."
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the schema of a policy: %w", err)
	}
	return append(out, '\n'), nil
}

func sectionSchema(section string) (object, error) {
	properties := object{}
	for _, name := range namesIn(section) {
		full := strings.TrimPrefix(section+"."+name, ".")
		if l, ok := listNamed(full); ok {
			properties[name] = described(l.schema, l.doc)
			continue
		}
		if i := slices.IndexFunc(keys, func(k key) bool { return k.name == full }); i >= 0 {
			property := described(keys[i].schema, keys[i].doc)
			if keys[i].initial {
				var value any
				if err := yaml.Unmarshal([]byte(keys[i].example), &value); err != nil {
					return nil, fmt.Errorf("read the default of %s: %w", full, err)
				}
				property["default"] = value
			}
			properties[name] = property
			continue
		}
		below, err := sectionSchema(full)
		if err != nil {
			return nil, err
		}
		properties[name] = described(below, sections[full])
	}
	return object{"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties}, nil
}

func described(schema object, doc string) object {
	out := object{"description": strings.ReplaceAll(doc, "\n", " ")}
	for name, value := range schema {
		out[name] = value
	}
	return out
}
