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
	// unseen are what would be comments, at places where Docker sees none.
	unseen []written
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
func filesOf(in Input) []file {
	var others []file
	if s := in.Dockerfile; s != nil && s.Ignore.Path != "" {
		others = append(others, ignoreFile(s.Ignore))
	}
	if in.Compose != nil {
		for _, f := range in.Compose.Sources {
			others = append(others, composeFile(f))
		}
	}
	if in.Dockerfile == nil {
		return others
	}
	return append([]file{dockerfileFile(in.Dockerfile, others)}, others...)
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
	for _, c := range s.NoComments("imagegate") {
		f.unseen = append(f.unseen, written{text: c.Text, where: c.Location})
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
	for _, line := range ignore.Lines {
		if i := strings.Index(line.Text, " #"); i >= 0 {
			where := line.Location
			where.Column += utf8.RuneCountInString(line.Text[:i+1])
			f.unseen = append(f.unseen, written{text: line.Text[i+1:], where: where})
		}
	}
	return f
}

func inFile(path string) func(checks.Location) bool {
	return func(at checks.Location) bool { return at.Path == path }
}

func composeFile(from *compose.File) file {
	f := file{path: from.Path}
	for _, c := range from.Comments {
		f.comments = append(f.comments, written{
			text: c.Text, where: c.Location, first: c.First, last: c.Last,
			whole: inFile(f.path), judged: true, wholeJudged: true,
		})
	}
	return f
}
