package compose

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// FuzzLoad wants no file, and none that is laid over another, to break the reader
// or a check, and every finding to be at a place that the file has.
func FuzzLoad(f *testing.F) {
	for _, check := range All() {
		f.Add(check.Good, "")
		f.Add(check.Bad, "")
	}
	f.Add(article, "services: {app: {build: {target: !reset null}, ports: !override [\"80\"]}}")
	f.Add("x-a: &a {b: *a}\n<<: *a", "include: [compose.yaml, compose.override.yaml]")
	f.Add("services: {a: {extends: b}, b: {extends: {service: a, file: compose.override.yaml}}}", "services: {a: {extends: {file: compose.yaml, service: b}}}")
	dockerfiles, err := os.ReadFile(filepath.Join("..", "..", "examples", "node-api", "Dockerfile"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, base, over string) {
		files := fstest.MapFS{
			"Dockerfile":            {Data: dockerfiles},
			"compose.yaml":          {Data: []byte(base)},
			"compose.override.yaml": {Data: []byte(over)},
		}
		for _, res := range Run(All(), files, dockerfile.Options{}) {
			if res.Status == checks.Error {
				t.Errorf("%s: %s", res.Check, res.Detail)
			}
			for _, found := range res.Findings {
				if found.Location.Line < 1 || found.Location.Path == "" || found.Message == "" {
					t.Errorf("%s: %+v", res.Check, found)
				}
			}
		}
	})
}
