package dockerfile

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/imagegate/imagegate/checks"
)

// Comment is a comment of the Dockerfile: a line of its own, which may stand
// between the lines of an instruction, but not in a heredoc.
type Comment struct {
	// Text is the comment from its "#" on, without the spaces behind it.
	Text     string
	Location checks.Location
	// Instruction is the one that the comment stands in, or else the next one; nil
	// behind the last.
	Instruction *Instruction
	// Directive is whether it is the parser directive "# check=", at the head of
	// the Dockerfile.
	Directive bool
	// Check is what "# check=" in it says, as BuildKit reads it at the head and
	// above an instruction; nil in every other comment.
	Check *linter.Config
}

// Comments returns the comments of the Dockerfile, in its order.
func (s *Source) Comments() []Comment {
	var all []Comment
	pending := 0 // the first comment that waits for its instruction
	for n := 1; n <= len(s.Lines); n++ {
		in := s.byLine[n]
		if in == nil {
			if text, column, ok := commentIn(s.Lines[n-1]); ok {
				all = append(all, s.newComment(text, n, column))
			}
			continue
		}
		for i := range all[pending:] {
			all[pending+i].Instruction = in
		}
		for at := n; at <= in.Location.EndLine && at <= len(s.Lines); at++ {
			line := s.Lines[at-1]
			if at > n {
				if text, column, ok := commentIn(line); ok {
					c := s.newComment(text, at, column)
					c.Instruction, c.Check = in, nil
					all = append(all, c)
					continue
				}
				if strings.TrimSpace(line) == "" {
					continue
				}
			}
			if !continues(line, string(s.escape)) {
				break
			}
		}
		pending = len(all)
		n = max(n, in.Location.EndLine)
	}
	return all
}

// NoComments returns what looks like a comment behind an instruction, or in the
// heredoc of a RUN, and is none to Docker: the first of a line whose text starts with
// a word, in any case. What a COPY, or a RUN by its first line, writes to a file is
// left out.
func (s *Source) NoComments(word string) []Comment {
	start := sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(?:^|[ \t])(#[ \t]*` + regexp.QuoteMeta(word) + ")")
	})
	comments := map[int]bool{}
	for _, c := range s.Comments() {
		comments[c.Location.Line] = true
	}
	var all []Comment
	for _, first := range slices.Sorted(maps.Keys(s.byLine)) {
		in := s.byLine[first]
		script := in.Script != nil && scriptHeredoc.MatchString(s.Lines[first-1])
		heredoc := false
		for n := first; n <= in.Location.EndLine && n <= len(s.Lines); n++ {
			if heredoc && !script {
				break
			}
			line := s.Lines[n-1]
			if (!comments[n] || heredoc) && strings.Contains(line, "#") {
				if at := start().FindStringSubmatchIndex(line); at != nil && !quoted(line[:at[2]]) {
					text := strings.TrimRightFunc(line[at[2]:], unicode.IsSpace)
					where := commentLocation(s.Path, text, n, utf8.RuneCountInString(line[:at[2]])+1)
					all = append(all, Comment{Text: text, Location: where, Instruction: in})
				}
			}
			heredoc = heredoc || !comments[n] && strings.TrimSpace(line) != "" && !continues(line, string(s.escape))
		}
	}
	return all
}

// scriptHeredoc is the first line of a RUN whose heredoc is its script.
var scriptHeredoc = regexp.MustCompile(`(?i)^\s*RUN\s+(?:--\S+\s+)*<<-?["']?\w+["']?\s*$`)

// quoted reports whether a line ends within quotes.
func quoted(line string) bool {
	return strings.Count(line, `"`)%2 != 0 || strings.Count(line, "'")%2 != 0
}

func (s *Source) newComment(text string, line, column int) Comment {
	c := Comment{
		Text:      text,
		Location:  commentLocation(s.Path, text, line, column),
		Directive: line == s.directiveLine,
	}
	if c.Directive {
		c.Check = s.directive
	} else {
		c.Check = checkOptions(text)
	}
	return c
}

func commentLocation(path, text string, line, column int) checks.Location {
	return checks.Location{Path: path, Line: line, Column: column, EndLine: line, EndColumn: column + utf8.RuneCountInString(text)}
}

// commentIn returns the comment of a line that holds nothing else, and its column.
func commentIn(line string) (text string, column int, ok bool) {
	text = strings.TrimLeftFunc(line, unicode.IsSpace)
	if !strings.HasPrefix(text, "#") {
		return "", 0, false
	}
	column = utf8.RuneCountInString(line[:len(line)-len(text)]) + 1
	return strings.TrimRightFunc(text, unicode.IsSpace), column, true
}

// continues reports whether a line of an instruction ends in one escape
// character, so that the instruction goes on in the next line.
func continues(line, escape string) bool {
	line, ends := strings.CutSuffix(strings.TrimRight(line, " \t"), escape)
	return ends && !strings.HasSuffix(line, escape)
}

// checkOptions returns what a comment above an instruction tells BuildKit's
// linter; nil if it tells it nothing.
func checkOptions(comment string) *linter.Config {
	if !strings.Contains(strings.ToLower(comment), "check") {
		return nil
	}
	var p parser.DirectiveParser
	directive, err := p.ParseLine([]byte(comment))
	if err != nil || directive == nil || directive.Name != "check" {
		return nil
	}
	options, _, _ := strings.Cut(directive.Value, " ")
	config, err := linter.ParseLintOptions(options)
	if err != nil {
		return nil
	}
	return config
}

// IgnoreComment is a comment of the ignore file.
type IgnoreComment struct {
	// Text is the comment from its "#" on, without the spaces behind it.
	Text     string
	Location checks.Location
	// Line is the line with the next pattern; nil behind the last.
	Line *IgnoreLine
}

// Comments returns the comments of the ignore file, in its order.
func (i *Ignore) Comments() []IgnoreComment {
	var all []IgnoreComment
	next := 0
	for n, line := range i.lines {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		for next < len(i.Lines) && i.Lines[next].Location.Line <= n+1 {
			next++
		}
		text := strings.TrimRightFunc(line, unicode.IsSpace)
		c := IgnoreComment{Text: text, Location: commentLocation(i.Path, text, n+1, 1)}
		if next < len(i.Lines) {
			c.Line = &i.Lines[next]
		}
		all = append(all, c)
	}
	return all
}
