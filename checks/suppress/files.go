package suppress

import (
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// file is a file of the source, whose comments can accept its findings.
type file struct {
	path     string
	comments []written
}

// written is a comment as it stands in a file.
type written struct {
	// text is the comment from its "#" on.
	text  string
	where checks.Location
	// first and last are the lines of what it stands on; 0 if nothing follows it.
	first, last int
	// whole reports whether a finding is one of the whole file's.
	whole func(checks.Location) bool
	// judged is whether all that the comment stands on is judged, and wholeJudged
	// whether all of the file is.
	judged, wholeJudged bool
	// dockerfile is whether it stands in the Dockerfile, which other tools have
	// comments for.
	dockerfile bool
	// check is what it tells BuildKit's linter, for the file if it is a directive.
	check     *linter.Config
	directive bool
}

// covers reports whether a finding is at what the comment stands on.
func (w written) covers(at checks.Location) bool {
	return at.Path == w.where.Path && w.first > 0 && w.first <= at.Line && at.Line <= w.last
}

// part returns the place of a part of the comment that starts at a byte.
func (w written) part(start int, text string) checks.Location {
	where := w.where
	where.Column += utf8.RuneCountInString(w.text[:start])
	where.EndColumn = where.Column + utf8.RuneCountInString(text)
	return where
}

// filesOf returns the files whose comments count. That of the Dockerfile also
// covers findings in files that hold no comments, and those in a file that is
// not there.
func filesOf(s *dockerfile.Source) []file {
	var others []file
	if s.Ignore.Path != "" {
		others = append(others, ignoreFile(s.Ignore))
	}
	paths, _ := compose.Paths(s.ReadDir, s.Path) // compose/valid reports the error
	for _, path := range paths {
		if text, err := s.ReadFile(path); err == nil {
			others = append(others, composeFile(path, string(text)))
		}
	}
	return append([]file{dockerfileFile(s, others)}, others...)
}

func dockerfileFile(s *dockerfile.Source, others []file) file {
	f := file{path: s.Path}
	whole := func(at checks.Location) bool {
		for _, other := range others {
			if at.Path == other.path {
				return false
			}
		}
		return true
	}
	// Build arguments change what is found, and a target what is judged.
	options := s.Options()
	usual := len(options.BuildArgs) == 0
	for _, c := range s.Comments() {
		w := written{
			text: c.Text, where: c.Location, whole: whole, dockerfile: true,
			judged: usual, wholeJudged: usual && options.Target == "", check: c.Check, directive: c.Directive,
		}
		if in := c.Instruction; in != nil {
			w.first, w.last = in.Location.Line, in.Location.EndLine
			w.judged = usual && (in.Stage == nil || in.Stage.Reachable)
		}
		f.comments = append(f.comments, w)
	}
	return f
}

func ignoreFile(ignore *dockerfile.Ignore) file {
	f := file{path: ignore.Path}
	for _, c := range ignore.Comments() {
		w := written{text: c.Text, where: c.Location, whole: inFile(f.path), judged: true, wholeJudged: true}
		if c.Line != nil {
			w.first, w.last = c.Line.Location.Line, c.Line.Location.Line
		}
		f.comments = append(f.comments, w)
	}
	return f
}

func inFile(path string) func(checks.Location) bool {
	return func(at checks.Location) bool { return at.Path == path }
}

// composeFile returns the comments of a Compose file that stand on lines of their
// own. Each stands on the next node: its line, and those below it that are
// indented further.
func composeFile(path, text string) file {
	f := file{path: path}
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for n, line := range lines {
		comment := strings.TrimSpace(line)
		if !strings.HasPrefix(comment, "#") {
			continue
		}
		column := utf8.RuneCountInString(line[:strings.Index(line, "#")]) + 1
		w := written{
			text: comment,
			where: checks.Location{
				Path: path, Line: n + 1, Column: column,
				EndLine: n + 1, EndColumn: column + utf8.RuneCountInString(comment),
			},
			whole: inFile(path), judged: true, wholeJudged: true,
		}
		w.first, w.last = node(lines, n+1)
		f.comments = append(f.comments, w)
	}
	return f
}

// node returns the first and the last line, from 1, of the YAML node that starts
// behind a number of lines; 0 if there is none.
func node(lines []string, from int) (first, last int) {
	var depth int
	var item bool
	for n := from; n < len(lines); n++ {
		text := strings.TrimSpace(lines[n])
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		indent := len(lines[n]) - len(strings.TrimLeft(lines[n], " "))
		dash := text == "-" || strings.HasPrefix(text, "- ")
		switch {
		case first == 0:
			first, depth, item = n+1, indent, dash
		case indent > depth, indent == depth && dash && !item:
		default:
			return first, last
		}
		last = n + 1
	}
	return first, last
}
