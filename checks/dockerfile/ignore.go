package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// DefaultIgnore is the ignore file of a build context. A file beside the
// Dockerfile, named after it (as in "prod.Dockerfile.dockerignore"), goes first.
const DefaultIgnore = ".dockerignore"

// Ignore is the ignore file that applies to the build.
type Ignore struct {
	// Path is the file's path in the source; empty if there is none.
	Path string
	// Patterns are its patterns, cleaned, in the order of the file.
	Patterns []string

	lines   []string
	mu      sync.Mutex // a pattern is compiled where it is first matched
	matcher *patternmatcher.PatternMatcher
}

func loadIgnore(files fs.FS, dockerfile string) (*Ignore, error) {
	for _, name := range []string{dockerfile + DefaultIgnore, DefaultIgnore} {
		text, err := readFile(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return parseIgnore(name, text)
	}
	return &Ignore{matcher: &patternmatcher.PatternMatcher{}}, nil
}

func parseIgnore(name string, text []byte) (*Ignore, error) {
	ignore := &Ignore{Path: name, lines: splitLines(text)}
	var err error
	if ignore.Patterns, err = ignorefile.ReadAll(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if ignore.matcher, err = patternmatcher.New(ignore.Patterns); err != nil {
		return nil, ignore.invalid(err)
	}
	// A bad range in a pattern shows only when it is matched.
	if _, err := ignore.Excludes("a"); err != nil {
		return nil, err
	}
	return ignore, nil
}

// Excludes reports whether the build context leaves out this path, which is
// relative to its root, with slashes.
func (i *Ignore) Excludes(name string) (bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	excluded, err := i.matcher.MatchesOrParentMatches(name)
	if err != nil {
		return false, i.invalid(err)
	}
	return excluded, nil
}

// Exceptions reports whether a pattern takes back what others leave out (!name).
func (i *Ignore) Exceptions() bool { return i.matcher.Exclusions() }

// invalid names the line of the pattern that err is about.
func (i *Ignore) invalid(err error) error {
	for n, line := range i.lines {
		patterns, readErr := ignorefile.ReadAll(strings.NewReader(line))
		if readErr != nil || len(patterns) != 1 {
			continue
		}
		_, badErr := patternmatcher.New(patterns)
		if badErr == nil {
			_, badErr = patternmatcher.MatchesOrParentMatches("a", []string{strings.TrimPrefix(patterns[0], "!")})
		}
		if badErr != nil {
			return fmt.Errorf("%s:%d: pattern %q: %w", i.Path, n+1, line, badErr)
		}
	}
	return fmt.Errorf("%s: %w", i.Path, err)
}

// ExcludesAll reports whether a pattern leaves out the whole context.
func (i *Ignore) ExcludesAll() bool {
	return slices.ContainsFunc(i.Patterns, func(p string) bool {
		return p == "*" || p == "**" || p == "**/*"
	})
}
