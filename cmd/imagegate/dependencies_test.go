package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies keeps what only this command needs out of the Dagger module,
// which each of its users compiles.
func TestDependencies(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", ".", "./checks/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list what the module imports: %v", err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Fatalf("the module imports no more than %v", packages)
	}
	for _, pkg := range packages {
		for _, heavy := range []string{"github.com/owenrumney/go-sarif", "github.com/rogpeppe/go-internal", "github.com/santhosh-tekuri/jsonschema"} {
			if strings.HasPrefix(pkg, heavy) {
				t.Errorf("the module imports %s", pkg)
			}
		}
	}
}
