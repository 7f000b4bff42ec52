package policy

import "slices"

// list is a key whose value is a mapping or a list of a shape of its own.
type list struct {
	name, doc string
	// example are lines of YAML, which stand below the key.
	example []string
	schema  object
	// position is how many keys and sections stand before it.
	position int
}

var lists = []list{
	{
		name: "severity", position: 1,
		doc:     "Severities that checks have here instead of their own: LOW and MEDIUM warn, HIGH and\nCRITICAL block. A check that only the strict profile judges by is judged by in all if it\nhas one. There is no \"off\": accept what a check finds with a waiver, which has a reason.",
		example: []string{"source/base-version: LOW", "image/size: HIGH"},
		schema: object{
			"type": []string{"object", "null"}, "additionalProperties": severity.schema,
			"propertyNames": object{"minLength": 1, "not": object{"const": "*"}},
		},
	},
	{
		name: "locked", position: 6,
		doc:     "What a project may tighten, not loosen, where this is the policy of its organisation:\nkeys and sections, as in budgets, and checks, which it may then neither accept nor lower.\nWhat judges by a key that is locked keeps its severity, or gets a higher one.",
		example: []string{"- profile", "- budgets.max-size", "- source/secret"},
		schema: object{
			"type": []string{"array", "null"}, "uniqueItems": true,
			"items": object{"anyOf": []any{
				object{"enum": lockable()},
				object{"type": "string", "minLength": 1, "pattern": `^[^.]+$`, "not": object{"enum": []string{"severity", "locked", "waivers"}}},
			}},
		},
	},
	{
		name: "waivers", position: 7,
		doc: "Findings that are accepted. They stay in every report, with their reason.",
		example: []string{
			"- check: vuln/vulnerability", "  subject: CVE-2021-23337", "  path: app/node_modules/lodash", "  reason: the function is never called",
			"  expires: 2027-01-31", "  owner: team-payments",
		},
		schema: object{"type": []string{"array", "null"}, "items": waiverSchema()},
	},
}

func waiverSchema() object {
	properties := object{}
	for _, k := range waiverKeys {
		schema := object{"description": k.doc}
		for name, value := range k.schema {
			schema[name] = value
		}
		properties[k.name] = schema
	}
	return object{"type": "object", "additionalProperties": false, "required": []string{"check", "reason"}, "properties": properties}
}

// listNamed returns the list of a name, if there is one.
func listNamed(name string) (list, bool) {
	i := slices.IndexFunc(lists, func(l list) bool { return l.name == name })
	if i < 0 {
		return list{}, false
	}
	return lists[i], true
}
