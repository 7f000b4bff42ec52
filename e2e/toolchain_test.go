package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestToolchain installs imagegate in an application's own repository, as its
// users do, and runs the gates there by dagger check.
func TestToolchain(t *testing.T) {
	t.Parallel()
	dir := copyExample(t, "go-api")
	out := run(t, root, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
		"dagger.json", "go.mod", "go.sum", "*.go", "checks", "internal", "registry", ":!examples", ":!hack", ":!tests", ":!e2e").succeed(t)
	for _, file := range strings.Split(strings.TrimSuffix(out.stdout, "\x00"), "\x00") {
		b, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, "imagegate", file)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// The machine's user defaults, where the project has any, hold here too.
	if b, err := os.ReadFile(filepath.Join(root, ".env")); err == nil {
		write(t, filepath.Join(dir, ".env"), string(b))
	}
	run(t, dir, nil, "git", "init", "--quiet").succeed(t)
	daggerIn(t, dir, nil, "init", "--name=app").succeed(t)
	daggerIn(t, dir, nil, "toolchain", "install", "./imagegate").succeed(t)

	list := daggerIn(t, dir, nil, "check", "-l").succeed(t)
	for _, gate := range []string{"lint", "image", "scan", "run"} {
		if !strings.Contains(list.stdout, "imagegate:"+gate) {
			t.Errorf("dagger check -l does not list imagegate:%s\n%s", gate, list)
		}
	}
	daggerIn(t, dir, nil, "check").succeed(t)

	dockerfile := filepath.Join(dir, "Dockerfile")
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dockerfile, string(text)+"\nUSER root\n")
	if out := daggerIn(t, dir, nil, "check", "imagegate:lint"); out.code == 0 || !strings.Contains(out.stderr, "source/user") {
		t.Errorf("the check of an application that runs as root: status %d\n%s", out.code, out)
	}
}
