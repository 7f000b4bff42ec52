package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mirrors are the flags by which a module that calls imagegate is told what the
// machine's user defaults tell imagegate itself: those do not reach dependencies.
func mirrors(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".env"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for line := range strings.Lines(string(text)) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "IMAGEGATE_scannerImage":
			flags = append(flags, "--scanner-image="+value)
		case "IMAGEGATE_databaseRepository":
			flags = append(flags, "--database-repository="+value)
		}
	}
	return flags
}

func TestTestsModule(t *testing.T) {
	t.Parallel()
	dagger(t, append(append([]string{"call", "-m", "tests"}, mirrors(t)...), "all")...).succeed(t)
}

func TestExamplesModule(t *testing.T) {
	t.Parallel()
	for function, want := range map[string]string{
		"imagegate-lint":   "lint passed",
		"imagegate-verify": "verdict  passed",
	} {
		t.Run(function, func(t *testing.T) {
			out := dagger(t, append(append([]string{"call", "-m", "examples/go"}, mirrors(t)...), function, "--source="+app)...).succeed(t)
			if !strings.Contains(out.stdout, want) {
				t.Errorf("lacks %q\n%s", want, out)
			}
		})
	}
	out := dagger(t, "call", "-m", "examples/go", "imagegate-build", "--source="+app, "with-exec", "--args=go,version", "stdout").succeed(t)
	if !strings.HasPrefix(out.stdout, "go version") {
		t.Errorf("the builder stage: %s", out)
	}
}

func TestFunctionsAreDocumented(t *testing.T) {
	t.Parallel()
	out := dagger(t, "functions").succeed(t)
	for _, f := range []string{"build", "checks", "image", "lint", "publish", "report", "run", "scan", "verify"} {
		documented := false
		for line := range strings.Lines(out.stdout) {
			if fields := strings.Fields(line); len(fields) > 2 && fields[0] == f {
				documented = true
			}
		}
		if !documented {
			t.Errorf("dagger functions shows no description of %s\n%s", f, out.stdout)
		}
	}
}
