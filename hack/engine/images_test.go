package main

import (
	"slices"
	"strings"
	"testing"
)

func TestImagesAreServedUnderTheNamesThatDockerfilesUse(t *testing.T) {
	versions := map[string]string{"library/golang": "1.26.8", "library/node": "20.20.2", "library/python": "3.12.1", "aquasec/trivy": trivyVersion}
	var got []string
	for _, img := range (&steps{}).images() {
		version := versions[img.repository]
		for _, tag := range img.tags(version) {
			got = append(got, img.repository+":"+tag)
		}
		config := img.config(version)
		if !slices.ContainsFunc(config.Env, func(v string) bool { return strings.HasPrefix(v, "PATH=") }) {
			t.Errorf("%s has no PATH", img.repository)
		}
		if len(config.Cmd)+len(config.Entrypoint) == 0 && img.repository != "distroless/static-debian12" {
			t.Errorf("%s has no command", img.repository)
		}
	}
	want := []string{
		"library/debian:bookworm-slim", "library/debian:12-slim",
		"library/golang:1.26.8-bookworm", "library/golang:1.26-bookworm",
		"library/node:20.20.2-bookworm-slim", "library/node:20-bookworm-slim", "library/node:20-slim",
		"library/python:3.12.1-slim-bookworm", "library/python:3.12-slim-bookworm", "library/python:3.12-slim",
		"distroless/static-debian12:nonroot",
		"library/postgres:15.14-bookworm", "library/postgres:15-bookworm",
		"library/redis:7.0.15-bookworm", "library/redis:7.0-bookworm", "library/redis:7-bookworm",
		"aquasec/trivy:0.69.3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("images:\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDistrolessUsers(t *testing.T) {
	users := map[string]string{}
	for line := range strings.Lines(distrolessFiles["etc/passwd"]) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 7 {
			t.Fatalf("%q has %d fields, not 7", line, len(f))
		}
		users[f[0]] = strings.Join(f[2:6], ":")
	}
	for name, want := range map[string]string{"root": "0:0:root:/root", "nobody": "65534:65534:nobody:/nonexistent", "nonroot": "65532:65532:nonroot:/home/nonroot"} {
		if users[name] != want {
			t.Errorf("%s is %q, want %q", name, users[name], want)
		}
	}
	for line := range strings.Lines(distrolessFiles["etc/group"]) {
		if strings.Count(line, ":") != 3 {
			t.Errorf("group %q has not 4 fields", line)
		}
	}
	if !strings.Contains(distrolessFiles["etc/group"], "nonroot:x:65532:") {
		t.Error("no group nonroot")
	}
}
