package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var examples = []string{"node-api", "python-api", "go-api"}

func TestExamplesPass(t *testing.T) {
	t.Parallel()
	for _, name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := dagger(t, "call", "verify", "--source=examples/"+name).succeed(t)
			for _, gate := range []string{"lint", "build", "image", "scan", "run"} {
				if !strings.Contains(out.stdout, gate+" passed") {
					t.Errorf("the table does not say that %s passed", gate)
				}
			}
			for _, seen := range []string{`runtime/user +uid [1-9]`, `runtime/healthcheck +healthy after`, `runtime/stop-signal +exit`, `(?s)vuln/database .* 20\d\d-\d\d-\d\d, `, `image +sha256:[0-9a-f]{64} `} {
				if !regexp.MustCompile(seen).MatchString(out.stdout) {
					t.Errorf("the table has no line %q", seen)
				}
			}
			if t.Failed() {
				t.Log(out.stdout)
			}
		})
	}
}

// TestVariants applies each patch of examples/variants to its example, and
// expects verify to be blocked by exactly the checks that the patch names; where those
// are all of the source, lint: the image is the example's.
func TestVariants(t *testing.T) {
	t.Parallel()
	for _, patch := range glob(t, root, "examples/variants/*.patch") {
		t.Run(strings.TrimSuffix(filepath.Base(patch), ".patch"), func(t *testing.T) {
			t.Parallel()
			v := readVariant(t, patch)
			source := copyExample(t, v.example)
			run(t, source, nil, "git", "apply", patch).succeed(t)
			function := "verify"
			if !slices.ContainsFunc(v.blockedBy, func(id string) bool { return !strings.HasPrefix(id, "source/") }) {
				function = "lint"
			}
			out := shareModule(t).call(t, function, "--source="+source)
			if got := out.blocked(t); !slices.Equal(got, v.blockedBy) {
				t.Errorf("blocked by %v, want %v\n%s", got, v.blockedBy, out)
			}
		})
	}
}

func TestGatesOnTheirOwn(t *testing.T) {
	t.Parallel()
	for gate, checks := range map[string]string{"lint": "source/*", "image": "image/user", "scan": "vuln/database", "run": "runtime/user"} {
		t.Run(gate, func(t *testing.T) {
			t.Parallel()
			out := dagger(t, "call", gate, "--source=examples/go-api").succeed(t)
			if !strings.Contains(out.stdout, checks) || !strings.Contains(out.stdout, gate+" passed") {
				t.Errorf("the table of the gate alone:\n%s", out)
			}
		})
	}
}

// TestScratchWithAUidAlone runs an image without an /etc/passwd that a USER
// without a group could be looked up in.
func TestScratchWithAUidAlone(t *testing.T) {
	t.Parallel()
	source := copyExample(t, "go-api")
	name := filepath.Join(source, "Dockerfile")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, regexp.MustCompile(`(?m)^(# imagegate:.*\nFROM .*|USER .*)$`).ReplaceAllStringFunc(string(text), func(old string) string {
		if strings.HasPrefix(old, "USER") {
			return "USER 10001"
		}
		return "FROM scratch AS production"
	}))
	out := shareModule(t).call(t, "verify", "--source="+source).succeed(t)
	if !regexp.MustCompile(`runtime/user +uid 10001, gid 0`).MatchString(out.stdout) {
		t.Errorf("%s", out)
	}
}

func TestSameInputSameVerdict(t *testing.T) {
	t.Parallel()
	first := report(t, "report", "--source=examples/go-api")
	second := report(t, "report", "--source=examples/go-api")
	if first.Verdict != "passed" || first.Image.Digest != second.Image.Digest {
		t.Errorf("got %s %s, then %s %s", first.Verdict, first.Image.Digest, second.Verdict, second.Image.Digest)
	}
}

// TestVerifyAgain tells by the times in the table whether an image was judged again.
func TestVerifyAgain(t *testing.T) {
	t.Parallel()
	gates := regexp.MustCompile(`(?m)^gates .*\njudged .*$`)
	verify := func(timeout string, flags ...string) (times string, code int) {
		t.Helper()
		out := daggerIn(t, root, []string{"SHUTDOWN_TIMEOUT_MS=" + timeout},
			slices.Concat([]string{"call", "--secret-env=env:SHUTDOWN_TIMEOUT_MS"}, flags, []string{"verify", "--source=" + app})...)
		if times = gates.FindString(out.stdout + out.stderr); times == "" {
			t.Fatalf("no times of the gates\n%s", out)
		}
		return times, out.code
	}
	first, code := verify("8000")
	if code != 0 {
		t.Fatalf("ended with status %d: %s", code, first)
	}
	if again, _ := verify("8000"); again != first {
		t.Errorf("what had passed was judged again: %q, then %q", first, again)
	}
	if other, _ := verify("7000"); other == first {
		t.Errorf("with another secret it was not judged again: %q", other)
	}
	blocked, code := verify("8000", "--max-size=1MB")
	again, codeAgain := verify("8000", "--max-size=1MB")
	if code == 0 || codeAgain == 0 || again == blocked {
		t.Errorf("what was blocked was not judged again: %d %q, then %d %q", code, blocked, codeAgain, again)
	}
}

func TestBuildOfAnotherStage(t *testing.T) {
	t.Parallel()
	out := dagger(t, "call", "build", "--source=examples/go-api", "--target=builder", "with-exec", "--args=go,version", "stdout").succeed(t)
	if !strings.HasPrefix(out.stdout, "go version go1.26") {
		t.Errorf("got %s", out)
	}
}
