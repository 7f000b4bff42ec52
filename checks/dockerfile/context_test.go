package dockerfile

import "testing"

func TestIsFile(t *testing.T) {
	for name, want := range map[string]bool{
		"Dockerfile": true, "a/dockerfile": true, "Dockerfile.dev": true, "docker/dev.Dockerfile": true, "Containerfile": true, "Dockerfile-arm": true,
		"Dockerfile.dockerignore": false, ".dockerignore": false, "Dockerfiles/a": false, ".Dockerfile": false, "a.go": false,
	} {
		if got := IsFile(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
