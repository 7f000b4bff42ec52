package sbom

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// app is the image that the documents in testdata are of; they were written by
// Trivy 0.69.3.
var app = Image{
	Name: "app", Digest: "sha256:" + strings.Repeat("ab", 32),
	ImageID: "sha256:17916170c81e5c3db248fcaa9cca531008ce79718712c2c08a1e079619dc1043",
}

func document(t testing.TB, format Format) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + string(format) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// at returns what stands at a path of members and indices.
func at(t *testing.T, doc any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch key := step.(type) {
		case string:
			doc = doc.(object)[key]
		case int:
			doc = doc.([]any)[key]
		}
	}
	return doc
}

func TestComplete(t *testing.T) {
	const url = "pkg:oci/app@sha256%3A"
	sum := strings.TrimPrefix(app.Digest, "sha256:")
	for format, want := range map[Format]map[string][]any{
		CycloneDX: {
			"app":      {"metadata", "component", "name"},
			app.Digest: {"metadata", "component", "version"},
			url + sum:  {"metadata", "component", "purl"},
			sum:        {"metadata", "component", "hashes", 0, "content"},
		},
		SPDX: {
			"app":      {"name"},
			app.Digest: {"packages", 0, "versionInfo"},
			url + sum:  {"packages", 0, "externalRefs", 0, "referenceLocator"},
			sum:        {"packages", 0, "checksums", 0, "checksumValue"},
		},
	} {
		out, err := Complete(document(t, format), format, app)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		var doc any
		if err := json.Unmarshal(out, &doc); err != nil {
			t.Fatal(err)
		}
		for value, path := range want {
			if got := at(t, doc, path...); got != value {
				t.Errorf("%s: %v is %v, want %s", format, path, got, value)
			}
		}
		if !bytes.Contains(out, []byte("lodash")) {
			t.Errorf("%s: the packages are lost", format)
		}
		again, err := Complete(document(t, format), format, app)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("%s: completed twice it differs: %v", format, err)
		}
	}
}

func TestCompleteErrors(t *testing.T) {
	for _, test := range []struct {
		name     string
		format   Format
		old, new string
		want     string
	}{
		{"not JSON", CycloneDX, "{", "", "decode the bill of materials"},
		{"another format", CycloneDX, `"CycloneDX"`, `"SPDX"`, `bomFormat is "SPDX"`},
		{"another version", CycloneDX, `"specVersion": "1.6"`, `"specVersion": "1.0"`, `specVersion "1.0"`},
		{"no serial number", CycloneDX, `"serialNumber"`, `"serial"`, "the document has no serialNumber"},
		{"no image", CycloneDX, `"component": {`, `"thing": {`, "no metadata.component"},
		{"unnamed component", CycloneDX, `"name": "lodash"`, `"nam": "lodash"`, "has no name"},
		{"another image", CycloneDX, app.ImageID, "sha256:0", "not of the image that was scanned"},
		{"another version", SPDX, `"SPDX-2.3"`, `"SPDX-2.2"`, `spdxVersion is "SPDX-2.2"`},
		{"no namespace", SPDX, `"documentNamespace"`, `"namespace"`, "the document has no documentNamespace"},
		{"no creator", SPDX, `"creators"`, `"creator"`, "names no creators"},
		{"no place", SPDX, `"downloadLocation"`, `"location"`, "packages[0] has no downloadLocation"},
		{"describes nothing", SPDX, `"DESCRIBES"`, `"CONTAINS"`, "no package is the one"},
		{"another image", SPDX, app.ImageID, "sha256:0", "not of the image that was scanned"},
		{"packages are none", SPDX, `"packages": [`, `"packages": {}, "x": [`, "packages is no list"},
	} {
		text := strings.Replace(string(document(t, test.format)), test.old, test.new, 1)
		if _, err := Complete([]byte(text), test.format, app); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %s: error %v, want one with %q", test.format, test.name, err, test.want)
		}
	}
	for _, image := range []Image{{}, {Name: "app"}, {Name: "app", Digest: "sha512:ab"}, {Name: "app", Digest: "sha256:"}, {Digest: app.Digest}} {
		if _, err := Complete(document(t, SPDX), SPDX, image); err == nil {
			t.Errorf("%+v: no error", image)
		}
	}
	if _, err := Complete([]byte("{}"), "table", app); err == nil {
		t.Error("format table: no error")
	}
}

// spdxSchema is the schema of SPDX 2.3, as the specification has it.
func spdxSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("testdata/spdx-2.3/spdx-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(document)
}

// TestSPDXSchema wants what is written to be valid by the schema of SPDX, and that to
// find what is not.
func TestSPDXSchema(t *testing.T) {
	schema := spdxSchema(t)
	out, err := Complete(document(t, SPDX), SPDX, app)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema, out); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for name, test := range map[string]struct {
		in         []any // the path of the object that breaks
		key, value string
		want       string
	}{
		"no version":         {nil, "spdxVersion", "", "missing property 'spdxVersion'"},
		"no creators":        {[]any{"creationInfo"}, "creators", "", "missing property 'creators'"},
		"no place":           {[]any{"packages", 0}, "downloadLocation", "", "missing property 'downloadLocation'"},
		"no digest":          {[]any{"packages", 0, "checksums", 0}, "checksumValue", "", "missing property 'checksumValue'"},
		"unknown algorithm":  {[]any{"packages", 0, "checksums", 0}, "algorithm", "sha256", "/packages/0/checksums/0/algorithm"},
		"unknown category":   {[]any{"packages", 0, "externalRefs", 0}, "referenceCategory", "PACKAGE_MANAGER", "/packages/0/externalRefs/0/referenceCategory"},
		"unknown member":     {nil, "digest", app.Digest, "additional properties 'digest'"},
		"unknown connection": {[]any{"relationships", 0}, "relationshipType", "IS", "/relationships/0/relationshipType"},
	} {
		t.Run(name, func(t *testing.T) {
			var doc any
			if err := json.Unmarshal(out, &doc); err != nil {
				t.Fatal(err)
			}
			broken := at(t, doc, test.in...).(object)
			if delete(broken, test.key); test.value != "" {
				broken[test.key] = test.value
			}
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, schema, text); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestParseFormat(t *testing.T) {
	for name, want := range map[string]Format{"cyclonedx": CycloneDX, "CycloneDX": CycloneDX, "spdx": SPDX, "spdx-json": SPDX} {
		if got, err := ParseFormat(name); got != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if _, err := ParseFormat("table"); err == nil || !strings.Contains(err.Error(), "cyclonedx or spdx") {
		t.Error(err)
	}
}

func FuzzComplete(f *testing.F) {
	for _, format := range []Format{CycloneDX, SPDX} {
		f.Add(document(f, format), string(format))
	}
	f.Fuzz(func(t *testing.T, document []byte, format string) {
		out, err := Complete(document, Format(format), app)
		if err != nil {
			return
		}
		if !json.Valid(out) || !bytes.Contains(out, []byte(app.Digest)) {
			t.Errorf("completed to %s", out)
		}
	})
}
