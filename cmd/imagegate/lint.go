package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/lint"
	"github.com/imagegate/imagegate/checks/policy"
)

// stdinArg is the argument that stands for a Dockerfile from standard input, and
// what is printed as the path of one that --dockerfile does not name.
const stdinArg = "-"

// target is a Dockerfile with its build context, or a directory with Compose files.
type target struct {
	// context is the directory, dockerfile the path in it.
	context, dockerfile string
	// stdin is whether the Dockerfile comes from standard input, and unnamed whether
	// --dockerfile does not say which one that is.
	stdin, unnamed bool
	// composeOnly is whether there is no Dockerfile.
	composeOnly bool
}

func lintCommand(args []string, stdin io.Reader, stdout io.Writer) (int, error) {
	flags := newFlags("lint")
	format := newChoice(flags, "format",
		"The `FORMAT` of the findings: text, the default, lines for people; json, an array by\ndocs/schema/lint.json; sarif, SARIF 2.1.0 for code scanning; or github, annotations of a\npull request.",
		"text", "json", "sarif", "github")
	o := newOverrides(flags)
	named := newDockerfile(flags)
	paths, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(paths) == 0 {
		return 0, errors.New("lint: name a Dockerfile, a directory or -, for standard input")
	}
	if err := o.check(); err != nil {
		return 0, fmt.Errorf("lint: %w", err)
	}
	targets, unusable := targetsOf(paths, *named)
	r := &report{profile: o.profile, unusable: unusable}
	r.lint(targets, newStandardInput(stdin), *o, time.Now())
	r.sort()
	write := map[string]func(io.Writer, *report) error{"text": writeText, "json": writeJSON, "sarif": writeSARIF, "github": writeGitHub}[format.value]
	var out bytes.Buffer
	if err := write(&out, r); err != nil {
		return 0, fmt.Errorf("lint: write the findings: %w", err)
	}
	if _, err := out.WriteTo(stdout); err != nil {
		return 0, fmt.Errorf("lint: write the findings: %w", err)
	}
	if err := errors.Join(append(r.unusable, r.errors...)...); err != nil {
		return 0, err
	}
	return r.status(), nil
}

// newDockerfile returns the flag --dockerfile.
func newDockerfile(flags *flag.FlagSet) *string {
	return flags.String("dockerfile", "", "Judge the Dockerfile at this `PATH` in each directory that is named, not the one called\nDockerfile. What comes from standard input stands for it.")
}

// targetsOf returns what the arguments name, each once, and why some name nothing.
func targetsOf(paths []string, named string) ([]target, []error) {
	var targets []target
	var unusable []error
	for _, arg := range paths {
		var t target
		info, err := os.Stat(arg)
		switch {
		case arg == stdinArg:
			t = target{context: ".", dockerfile: dockerfile.DefaultDockerfile, stdin: true, unnamed: named == ""}
			if named != "" {
				t.dockerfile = path.Clean(filepath.ToSlash(named))
			}
			if !fs.ValidPath(t.dockerfile) {
				unusable = append(unusable, fmt.Errorf("--dockerfile=%s is outside of the current directory, the build context of -: name a path in it", named))
				continue
			}
		case err != nil:
			unusable = append(unusable, fmt.Errorf("%w: name a Dockerfile, a directory with one, or -", err))
			continue
		case info.IsDir():
			t = target{context: filepath.Clean(arg), dockerfile: cmp.Or(named, dockerfile.DefaultDockerfile)}
			t.composeOnly = named == "" && !exists(t.context, t.dockerfile) && hasCompose(t.context)
		default:
			t = fileTarget(arg)
		}
		if !slices.Contains(targets, t) {
			targets = append(targets, t)
		}
	}
	return targets, unusable
}

// fileTarget returns what a file is judged with: a Dockerfile by itself, and each
// other file that the checks read with the Dockerfile beside it, if there is one.
func fileTarget(arg string) target {
	t := target{context: filepath.Dir(arg), dockerfile: filepath.Base(arg)}
	switch base := t.dockerfile; {
	case compose.IsFile(base):
		t.dockerfile, t.composeOnly = dockerfile.DefaultDockerfile, true
	case base == policy.File, base == policy.Misnamed, base == policy.BaselineFile, base == dockerfile.DefaultIgnore:
		t.dockerfile = dockerfile.DefaultDockerfile
		t.composeOnly = !exists(t.context, t.dockerfile)
	case strings.HasSuffix(base, dockerfile.DefaultIgnore):
		t.dockerfile = strings.TrimSuffix(base, dockerfile.DefaultIgnore)
		t.composeOnly = !exists(t.context, t.dockerfile)
	}
	return t
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
	return err == nil
}

// hasCompose reports whether a directory has Compose files to judge.
func hasCompose(dir string) bool {
	p, err := compose.Load(os.DirFS(dir), dockerfile.Options{})
	return err != nil || len(p.Files) > 0
}

// lint judges the targets, as many at a time as there are processors.
func (r *report) lint(targets []target, input *standardInput, o overrides, now time.Time) {
	rules := map[string]checks.Rule{}
	for _, rule := range ownRules() {
		rules[rule.ID] = rule
	}
	all := termsOf(targets, o)
	found := make([][]finding, len(targets))
	failed := make([][]error, len(targets))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(targets)) {
		workers.Go(func() {
			for i := range next {
				found[i], failed[i] = judge(targets[i], input, rules, all[i], now)
			}
		})
	}
	for i := range targets {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, t := range targets {
		if t.composeOnly {
			r.composeOnly++
		} else {
			r.files++
		}
	}
	r.findings = withoutUsed(slices.Concat(found...))
	r.errors = slices.Concat(failed...)
}

// judge judges one target. What could not be judged is among the findings, with
// the status error, and the errors say it again.
func judge(t target, input *standardInput, rules map[string]checks.Rule, by terms, now time.Time) ([]finding, []error) {
	var found []finding
	var failed []error
	fail := func(rule checks.Rule, err error, prefix string) {
		f := checks.Finding{Status: checks.Error, Message: err.Error()}
		var located *checks.FileError
		if errors.As(err, &located) {
			f.Location, f.Message, f.Fix = located.Location, located.Err.Error(), located.Fix
		}
		reported := newFinding(t, rule, f)
		found = append(found, reported)
		failed = append(failed, fmt.Errorf("%s: %s%s", reported.where(), prefix, f.Message))
	}
	results, err := results(t, input, by, now)
	if err != nil {
		fail(rules[lint.Unreadable], err, "")
	}
	if by.err != nil {
		fail(rules["policy/valid"], by.err, "")
	}
	results = by.accept(results)
	for _, res := range results {
		if res.Status == checks.Error {
			fail(rules[res.Check], res.Err, res.Check+": ")
		}
		for _, f := range res.Findings {
			found = append(found, newFinding(t, rules[res.Check], f))
		}
	}
	return found, failed
}

// results judges one target by every check, and by nothing but its policy. It fails
// where the Dockerfile cannot be read.
func results(t target, input *standardInput, by terms, now time.Time) ([]checks.Result, error) {
	options := lint.Options{Policy: by.policy, ComposeOnly: t.composeOnly, Now: now}
	options.Dockerfile = t.dockerfile
	files := os.DirFS(t.context)
	if t.stdin {
		files = overlay{files, t.dockerfile, input}
	}
	return lint.Judge(files, options)
}

// ownRules are the rules of all checks that lint judges by.
func ownRules() []checks.Rule { return append(lint.Rules(), checks.Rules(policy.All())...) }

// whole is the path in the context of what a finding without a place is about.
func (t target) whole() string {
	if t.composeOnly {
		return "."
	}
	return t.dockerfile
}

// path returns the path of a file of the target, from where the command runs.
func (t target) path(name string) string {
	if t.unnamed && name == t.dockerfile {
		return stdinArg
	}
	return filepath.ToSlash(filepath.Join(t.context, filepath.FromSlash(name)))
}

// standardInput reads the Dockerfile from there, once.
type standardInput struct {
	read func() ([]byte, error)
}

func newStandardInput(stdin io.Reader) *standardInput {
	return &standardInput{read: sync.OnceValues(func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(stdin, dockerfile.MaxFileSize+1))
	})}
}

// overlay is the current directory, with the Dockerfile from standard input.
type overlay struct {
	fs.FS
	name  string
	input *standardInput
}

// Open implements fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	if name != o.name {
		return o.FS.Open(name)
	}
	text, err := o.input.read()
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return &inputFile{bytes.NewReader(text), path.Base(name)}, nil
}

type inputFile struct {
	*bytes.Reader
	name string
}

func (f *inputFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *inputFile) Close() error               { return nil }
func (f *inputFile) Name() string               { return f.name }
func (f *inputFile) Mode() fs.FileMode          { return 0o444 }
func (f *inputFile) ModTime() time.Time         { return time.Time{} }
func (f *inputFile) IsDir() bool                { return false }
func (f *inputFile) Sys() any                   { return nil }

// oneLine makes a text fit into one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
