// Package e2e runs imagegate as its users do, on a real engine, on the examples, on
// their broken variants, and against a real registry: through the dagger command, and,
// where what counts is what the gates find, as those who call the module from their own
// code, which takes less time. It stands in a module of its own, so that what it needs
// is compiled by nobody else.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// root is the project's directory.
var root = func() string {
	dir, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return dir
}()

// limit is how long one call may take: far more than any needs, so that what
// hangs ends as a failure.
const limit = 15 * time.Minute

type result struct {
	stdout, stderr string
	code           int
}

func (r result) String() string { return "stdout:\n" + r.stdout + "\nstderr:\n" + r.stderr }

// dagger runs hack/dagger in the project's directory.
func dagger(t *testing.T, args ...string) result {
	t.Helper()
	return daggerIn(t, root, nil, args...)
}

// daggerIn runs hack/dagger in a directory, with variables besides the test's own.
func daggerIn(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	return run(t, dir, env, filepath.Join(root, "hack", "dagger"), append([]string{"--silent"}, args...)...)
}

func run(t *testing.T, dir string, env []string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		t.Fatalf("%s %v: %v\n%s", name, args, err, stderr.String())
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// succeed fails the test unless the call ended with status 0.
func (r result) succeed(t *testing.T) result {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("status %d\n%s", r.code, r)
	}
	return r
}

var blockedBy = regexp.MustCompile(`(?m)^verdict  blocked by ([^\n]*?)(?:, with \d+ warnings?)?$`)

// blocked returns the checks that a table on stderr names as blocking; the test
// fails unless the call ended with another status than 0.
func (r result) blocked(t *testing.T) []string {
	t.Helper()
	if r.code == 0 {
		t.Fatalf("ended with status 0\n%s", r)
	}
	m := blockedBy.FindStringSubmatch(r.stderr)
	if m == nil {
		t.Fatalf("names no check that blocks\n%s", r)
	}
	return strings.Split(m[1], ", ")
}

// document is what the tests read of a JSON report.
type document struct {
	Verdict string
	Blocked []string
	Image   struct{ Digest string }
	Gates   []struct {
		Name    string
		Verdict string
		Results []struct {
			Check, Status, Detail string
			Findings              []struct{ Status, Subject, Message string }
		}
	}
}

func report(t *testing.T, args ...string) document {
	t.Helper()
	return dagger(t, append(append([]string{"call"}, args...), "json", "contents")...).document(t)
}

// document returns the JSON report that a call printed.
func (r result) document(t *testing.T) document {
	t.Helper()
	var doc document
	if err := json.Unmarshal([]byte(r.succeed(t).stdout), &doc); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return doc
}

// copyExample copies an example, without what its own tests leave behind, and
// returns the copy.
func copyExample(t *testing.T, name string) string {
	t.Helper()
	out := run(t, root, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "examples/"+name).succeed(t)
	to := t.TempDir()
	for _, file := range strings.Split(strings.TrimSuffix(out.stdout, "\x00"), "\x00") {
		b, err := os.ReadFile(filepath.Join(root, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(to, strings.TrimPrefix(file, "examples/"+name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
