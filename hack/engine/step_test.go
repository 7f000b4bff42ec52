package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func testHome(t *testing.T) home {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	h, err := openHome()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func quiet() *progress { return &progress{out: io.Discard} }

// counted is a step that writes a file and counts how often it ran.
func counted(dir string, runs *int, inputs []string, needs ...*step) *step {
	return &step{name: dir, dir: dir, inputs: inputs, needs: needs, run: func(_ context.Context, made string, _ *os.File) error {
		*runs++
		return os.WriteFile(filepath.Join(made, "file"), []byte(fmt.Sprint(inputs)), 0o644)
	}}
}

func TestStepsRunWhenTheirInputsChange(t *testing.T) {
	h := testHome(t)
	var base, top, other int
	run := func(baseInput, topInput string) {
		t.Helper()
		b := counted("base", &base, []string{baseInput})
		if err := makeAll(t.Context(), h, quiet(), []*step{counted("top", &top, []string{topInput}, b), b, counted("other", &other, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name              string
		base, top         string
		wantBase, wantTop int
	}{
		{"nothing is there", "1", "1", 1, 1},
		{"nothing changed", "1", "1", 1, 1},
		{"an input of the upper changed", "1", "2", 1, 2},
		{"an input of the lower changed", "2", "2", 2, 3},
		{"nothing changed again", "2", "2", 2, 3},
		{"an input is as it was once", "1", "2", 3, 4},
	} {
		run(test.base, test.top)
		if base != test.wantBase || top != test.wantTop || other != 1 {
			t.Fatalf("%s: lower, upper and other step ran %d, %d and %d times in all, want %d, %d and 1", test.name, base, top, other, test.wantBase, test.wantTop)
		}
	}
	if b, err := os.ReadFile(filepath.Join(string(h), "base", "file")); err != nil || string(b) != "[1]" {
		t.Errorf("base/file: %q, %v", b, err)
	}
	if left, err := os.ReadDir(h.tmp()); err != nil || len(left) != 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
}

func TestStepWhoseDirectoryIsGoneRunsAgain(t *testing.T) {
	h := testHome(t)
	runs := 0
	for range 2 {
		if err := makeAll(t.Context(), h, quiet(), []*step{counted("a", &runs, nil)}); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(string(h), "a")); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 2 {
		t.Errorf("ran %d times", runs)
	}
}

func TestFailedStepLeavesWhatWasThere(t *testing.T) {
	h := testHome(t)
	runs, after := 0, 0
	old := counted("a", &runs, []string{"old"})
	if err := makeAll(t.Context(), h, quiet(), []*step{old}); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no such mirror")
	failing := &step{name: "a", dir: "a", inputs: []string{"new"}, run: func(_ context.Context, dir string, log *os.File) error {
		fmt.Fprintln(log, strings.Repeat("noise\n", 50)+"E: the last line")
		return broken
	}}
	err := makeAll(t.Context(), h, quiet(), []*step{failing, counted("b", &after, nil, failing)})
	if !errors.Is(err, broken) {
		t.Fatalf("error: %v", err)
	}
	for _, want := range []string{"a: no such mirror", "    E: the last line", "a.log"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if strings.Count(err.Error(), "noise") > 10 {
		t.Errorf("the error has the whole log:\n%v", err)
	}
	if !old.done(string(h)) || after != 0 {
		t.Errorf("what was there is done: %t; the step that needs the failed one ran %d times", old.done(string(h)), after)
	}
}

func TestInterruptedRunMakesNothing(t *testing.T) {
	h := testHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := &step{name: "a", dir: "a", run: func(ctx context.Context, _ string, _ *os.File) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	if err := makeAll(ctx, h, quiet(), []*step{s}); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	if s.done(string(h)) {
		t.Error("the interrupted step counts as done")
	}
}

func TestChecksum(t *testing.T) {
	if checksum("ab", "c") == checksum("a", "bc") {
		t.Error("parts of other lengths have the same checksum")
	}
	tree := func(name, content string, patterns ...string) string {
		sum, err := checksumTree(fstest.MapFS{"same": {Data: []byte("x")}, name: {Data: []byte(content)}}, patterns...)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if first, second := tree("a", "1"), tree("a", "1"); first != second || tree("a", "1", "same") != tree("b", "2", "same") {
		t.Error("the same files have another checksum")
	}
	if tree("a", "1") == tree("a", "2") || tree("a", "1") == tree("b", "1") {
		t.Error("other files have the same checksum")
	}
}

// Every file that a step names as its own exists: a pattern that matches nothing
// would let the step be skipped when its source changes.
func TestSourcesOfSteps(t *testing.T) {
	nothing, err := checksumTree(sources, "no such file")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"database.go", "advisories.json", "layer.go", "sdk.go", "distroless.go", "images.go", "registry.go",
		"layers/debian.sh", "layers/install.sh", "layers/go.sh", "layers/node.sh", "layers/python.sh",
	} {
		if sum, err := checksumTree(sources, name); err != nil || sum == nothing {
			t.Errorf("%s is not among the sources (%v)", name, err)
		}
	}
}

func TestVersionsAreThoseOfTheModules(t *testing.T) {
	for file, want := range map[string]string{
		"dagger/go.mod": "github.com/dagger/dagger v" + daggerVersion,
		"trivy/go.mod":  "github.com/aquasecurity/trivy v" + trivyVersion,
	} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), want+" ") && !strings.Contains(string(b), want+"\n") {
			t.Errorf("%s does not require %s", file, want)
		}
	}
}

func TestProgressSaysWhatTookPlace(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out}
	if err := p.during("done", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := p.during("failed", func() error { return errors.New("x") }); err == nil {
		t.Fatal("no error")
	}
	if got := out.String(); got != "engine: done 0.0s\n" {
		t.Errorf("wrote %q", got)
	}
}
