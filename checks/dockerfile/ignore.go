package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/imagegate/imagegate/checks"
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
	// Lines are the lines that hold them, one for each.
	Lines []IgnoreLine

	lines   []string
	matcher *matcher // of all patterns
}

// IgnoreLine is a line of the ignore file that holds a pattern.
type IgnoreLine struct {
	// Text is the line as written, without the spaces around it.
	Text string
	// Pattern is its pattern, cleaned, without the "!" of an exception.
	Pattern string
	// Exception is whether it takes back what lines before it leave out.
	Exception bool
	// Location is that of Text.
	Location checks.Location

	matcher *matcher // nil if the pattern cannot be read by itself
}

// matcher matches patterns, each of which is compiled where it is first matched.
type matcher struct {
	mu       sync.Mutex
	patterns *patternmatcher.PatternMatcher
}

func newMatcher(patterns ...string) (*matcher, error) {
	compiled, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, err
	}
	return &matcher{patterns: compiled}, nil
}

// matches reports whether the patterns match a path, or a directory above it.
func (m *matcher) matches(name string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.patterns.MatchesOrParentMatches(name)
}

// Matches reports whether the pattern matches a path of the build context, or
// one of the directories above it.
func (l IgnoreLine) Matches(name string) bool {
	if l.matcher == nil {
		return false
	}
	matches, err := l.matcher.matches(name)
	return err == nil && matches
}

// MayMatchBelow reports whether the pattern may match something below a path.
func (l IgnoreLine) MayMatchBelow(name string) bool {
	names := strings.Split(name, "/")
	for n, part := range strings.Split(l.Pattern, "/") {
		if n == len(names) || strings.Contains(part, "**") {
			return true
		}
		if matches, err := path.Match(part, names[n]); err != nil || !matches {
			return false
		}
	}
	return false
}

func loadIgnore(files fs.FS, dockerfile string) (*Ignore, error) {
	for _, name := range []string{dockerfile + DefaultIgnore, DefaultIgnore} {
		text, err := ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return parseIgnore(name, text)
	}
	return &Ignore{matcher: &matcher{patterns: &patternmatcher.PatternMatcher{}}}, nil
}

func parseIgnore(name string, text []byte) (*Ignore, error) {
	ignore := &Ignore{Path: name, lines: splitLines(text)}
	var err error
	if ignore.Patterns, err = ignorefile.ReadAll(bytes.NewReader(text)); err != nil {
		return nil, fileError(name, err, "Correct the ignore file")
	}
	if ignore.matcher, err = newMatcher(ignore.Patterns...); err != nil {
		return nil, ignore.invalid(err)
	}
	ignore.Lines = ignore.locate()
	// A bad range in a pattern shows only when it is matched.
	if _, err := ignore.Excludes("a"); err != nil {
		return nil, err
	}
	return ignore, nil
}

// locate returns the line of each pattern: all lines but comments, which start
// with # in the first column, and empty ones.
func (i *Ignore) locate() []IgnoreLine {
	lines := make([]IgnoreLine, 0, len(i.Patterns))
	for n, line := range i.lines {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(line, "#") || len(lines) == len(i.Patterns) {
			continue
		}
		pattern, exception := strings.CutPrefix(i.Patterns[len(lines)], "!")
		column := utf8.RuneCountInString(line[:strings.Index(line, text)]) + 1
		matcher, _ := newMatcher(pattern) // nil on an error
		lines = append(lines, IgnoreLine{
			Text: text, Pattern: pattern, Exception: exception, matcher: matcher,
			Location: checks.Location{
				Path: i.Path, Line: n + 1, Column: column,
				EndLine: n + 1, EndColumn: column + utf8.RuneCountInString(text),
			},
		})
	}
	return lines
}

// Decides returns the line that leaves out a path; false if none does.
func (i *Ignore) Decides(name string) (IgnoreLine, bool) {
	for _, line := range slices.Backward(i.Lines) {
		if line.Matches(name) {
			return line, !line.Exception
		}
	}
	return IgnoreLine{}, false
}

// Excludes reports whether the build context leaves out this path, which is
// relative to its root, with slashes.
func (i *Ignore) Excludes(name string) (bool, error) {
	excluded, err := i.matcher.matches(name)
	if err != nil {
		return false, i.invalid(err)
	}
	return excluded, nil
}

// Exceptions reports whether a pattern takes back what others leave out (!name).
func (i *Ignore) Exceptions() bool { return i.matcher.patterns.Exclusions() }

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
			return &checks.FileError{
				Location: checks.Location{Path: i.Path, Line: n + 1},
				Err:      fmt.Errorf("pattern %q: %w", line, badErr),
				Fix:      "Correct the pattern: each [ needs its ], and a name with one needs a backslash before it",
			}
		}
	}
	return fileError(i.Path, err, "Correct the ignore file")
}

// ExcludesAll reports whether a pattern leaves out the whole context.
func (i *Ignore) ExcludesAll() bool {
	return slices.ContainsFunc(i.Patterns, func(p string) bool {
		return p == "*" || p == "**" || p == "**/*"
	})
}
