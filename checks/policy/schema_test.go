package policy

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write the schema and the template anew")

// golden compares a file with what it should hold.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is stale; run go test ./checks/policy -update\n%s", name, diff)
	}
}

func TestTemplate(t *testing.T) { golden(t, filepath.Join("testdata", File), Template()) }

// uncommented returns the template with all its values set.
func uncommented() string {
	var b strings.Builder
	for line := range strings.Lines(Template()) {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		text, ok := strings.CutPrefix(line[len(indent):], "# ")
		isValue := strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "  ")
		if key, _, found := strings.Cut(text, ": "); found && !strings.ContainsAny(key, " ") {
			isValue = true
		}
		if ok && isValue && !strings.HasPrefix(text, "yaml-language-server") {
			line = indent + text
		}
		b.WriteString(line)
	}
	return b.String()
}

// TestTemplateValues wants the template to have every key, with a value that is one.
func TestTemplateValues(t *testing.T) {
	p, err := Parse(File, []byte(uncommented()))
	if err != nil {
		t.Fatalf("%v\n%s", err, uncommented())
	}
	for _, k := range keys {
		if !p.Sets(k.name) {
			t.Errorf("the template has no %s", k.name)
		}
	}
	if len(p.Severities) == 0 || len(p.Locked) == 0 || len(p.Waivers) != 1 || p.Waivers[0].Owner == "" {
		t.Errorf("the template has severities %v, locks %v and waivers %v", p.Severities, p.Locked, p.Waivers)
	}
}

// withoutTimes returns a value of YAML as one of JSON, which has no times.
func withoutTimes(value any) any {
	switch v := value.(type) {
	case time.Time:
		return v.Format(time.DateOnly)
	case map[string]any:
		for name := range v {
			v[name] = withoutTimes(v[name])
		}
	case []any:
		for i := range v {
			v[i] = withoutTimes(v[i])
		}
	}
	return value
}

// TestSchema wants the schema to take what the parser takes, and to refuse what it
// refuses for its shape.
func TestSchema(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("..", "..", filepath.FromSlash(SchemaFile)), string(text))
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(SchemaFile, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(SchemaFile)
	if err != nil {
		t.Fatal(err)
	}
	takes := func(text string) error {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return schema.Validate(withoutTimes(value))
	}
	good := []string{
		"{}", Template(), uncommented(),
		"profile: minimal", "severity: {DL3002: LOW}", "severity:", "locked: [budgets, scan.licenses.deny, source/user, DL3002]", "waivers: []",
		"budgets: {max-size: 500MB, max-growth: 5}", "budgets: {max-size: 12345B}", "budgets: {max-size: 200M}", "budgets: {max-size: 1.5 GiB, max-layers: 4}", "budgets: {max-growth: 7%}",
		"scan: {scanners: [trivy, grype], threshold: CRITICAL, ignore-unfixed: true, database-max-age: 168h, licenses: {deny: [MIT]}}",
		"run: {max-memory: 0, max-processes: 0, grace-period: 1m30s, tmpfs: []}",
		"waivers: [{check: source/user, reason: a test, path: 'Dockerfile:3', expires: '2027-01-31'}]",
	}
	for _, text := range good {
		if _, err := Parse(File, []byte(text)); err != nil {
			t.Errorf("the parser refuses %q: %v", text, err)
		}
		if err := takes(text); err != nil {
			t.Errorf("the schema refuses %q: %v", text, err)
		}
	}
	for _, text := range []string{
		"[]", "waiver: []", "profile: lax", "profile: 5", "severity: {source/user: off}", "severity: {'*': LOW}", "severity: {source/user: high}",
		"locked: profile", "locked: [waivers]", "locked: [budgets.max-sise]", "locked: [profile, profile]",
		"budgets: {max-sise: 1MB}", "budgets: {max-size: big}", "budgets: {max-size: 0}", "budgets: {max-size: 200}", "budgets: {max-size: '200'}", "run: {max-memory: 512}", "limits: {memory: 512}", "budgets: {max-size: -1}", "budgets: {max-layers: 0}", "budgets: {max-layers: 1.5}",
		"budgets: {max-growth: much}", "budgets: {max-growth: 1.5}", "limits: {memory: 0}", "scan: {scanners: trivy}", "scan: {scanners: []}", "scan: {scanners: [other]}", "scan: {scanners: [trivy, trivy]}", "scan: {ignore-unfixed: 'yes'}",
		"scan: {database-max-age: a week}", "scan: {licenses: [MIT]}", "run: {required: [A-B]}", "run: {grace-period: '10'}", "run: {tmpfs: [tmp]}", "run: {slow-path: slow}",
		"waivers: {check: a}", "waivers: [source/user]", "waivers: [{reason: a}]", "waivers: [{check: '*', reason: a}]", "waivers: [{check: a, reason: b, until: '2027-01-31'}]",
		"waivers: [{check: a, reason: b, expires: soon}]", "waivers: [{check: a, reason: b, path: '!a'}]",
	} {
		if p, err := Parse(File, []byte(text)); err == nil {
			t.Errorf("the parser takes %q: %+v", text, p)
		}
		if takes(text) == nil {
			t.Errorf("the schema takes %q", text)
		}
	}
	if takes("waivers: [{check: a}]") == nil {
		t.Error("the schema takes a waiver without a reason")
	}
}
