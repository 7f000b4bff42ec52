package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/CycloneDX/cyclonedx-go" // has the schemas beside its code
	"github.com/santhosh-tekuri/jsonschema/v6"
	spdx "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdxlib"
)

// TestSBOM writes the bill of materials in both formats: each is valid by its
// specification, and names the image by the digest that the gates report.
func TestSBOM(t *testing.T) {
	t.Parallel()
	digest := report(t, "report", "--source="+app).Image.Digest
	for format, validate := range map[string]func(*testing.T, string) (digest string, packages []string){
		"cyclonedx": validCycloneDX,
		"spdx":      validSPDX,
	} {
		t.Run(format, func(t *testing.T) {
			out := dagger(t, "call", "sbom", "--source="+app, "--format="+format, "--name=node-api", "contents").succeed(t)
			got, packages := validate(t, out.stdout)
			if got != digest {
				t.Errorf("it is of %s, the report of %s", got, digest)
			}
			if len(packages) < 5 {
				t.Errorf("it has no more than the packages %v", packages)
			}
		})
	}
}

// validCycloneDX validates a document against the schema of CycloneDX, and
// returns the digest of what it is of and the packages in it.
func validCycloneDX(t *testing.T, text string) (digest string, packages []string) {
	t.Helper()
	out := run(t, ".", nil, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").succeed(t)
	compiler := jsonschema.NewCompiler()
	const at = "http://cyclonedx.org/schema/"
	for name, file := range map[string]string{"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json"} {
		b, err := os.ReadFile(filepath.Join(strings.TrimSpace(out.stdout), "schema", file))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if err := compiler.AddResource(at+name, schema); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	schema, err := compiler.Compile(at + "bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	validBySchema(t, schema, text)
	var bom struct {
		Metadata struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(text), &bom); err != nil {
		t.Fatal(err)
	}
	for _, c := range bom.Components {
		packages = append(packages, c.Name)
	}
	return bom.Metadata.Component.Version, packages
}

func validBySchema(t *testing.T, schema *jsonschema.Schema, text string) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("not valid: %v\n%s", err, text)
	}
}

// validSPDX validates a document against the schema of SPDX, reads it as the
// specification's own library does, validates it by that, and returns the digest of
// what it describes and the packages in it.
func validSPDX(t *testing.T, text string) (digest string, packages []string) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../checks/sbom/testdata/spdx-2.3/spdx-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	validBySchema(t, schema, text)
	document, err := spdx.Read(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := spdxlib.ValidateDocument(document); err != nil {
		t.Errorf("not valid: %v\n%s", err, text)
	}
	described, err := spdxlib.GetDescribedPackageIDs(document)
	if err != nil || len(described) != 1 {
		t.Fatalf("it describes %v, %v", described, err)
	}
	for _, p := range document.Packages {
		packages = append(packages, p.PackageName)
		if p.PackageSPDXIdentifier == described[0] && len(p.PackageChecksums) == 1 && p.PackageChecksums[0].Algorithm == common.SHA256 {
			digest = "sha256:" + p.PackageChecksums[0].Value
		}
	}
	return digest, packages
}
