package dockerfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
)

// The parser is recursive: this is how many bytes of a script, and how many
// brackets within brackets, it is given.
const (
	maxScript  = 64 << 10
	maxNesting = 200
)

// Script is a shell script: what an instruction in shell form gives to its shell,
// what a shell is given with -c, or a file that is copied into the image.
type Script struct {
	// File is its syntax tree, by Bash's grammar. Use Location for positions.
	File *syntax.File
	// Shell is the command line of the shell that runs it, where the script itself or
	// who gives it with -c says so; nil for the shell of the stage.
	Shell []string

	text  string
	lines []string
	// line is the line of the Dockerfile, or of the script's own file, that the
	// text's first line is; 0 if the positions in the text say nothing about the
	// Dockerfile, and whole counts.
	line  int
	whole checks.Location
	// through are the programs that the script is run through, outermost first.
	through []string
}

// Location returns the place of a node of File in the file where it stands, or of
// the whole instruction where the script does not stand there as it is run.
func (s *Script) Location(node syntax.Node) checks.Location {
	return s.between(node.Pos(), node.End())
}

func (s *Script) between(from, to syntax.Pos) checks.Location {
	where := s.whole
	if s.line > 0 {
		where.Line, where.Column = s.line+int(from.Line())-1, column(s.lines, from)
		where.EndLine, where.EndColumn = s.line+int(to.Line())-1, column(s.lines, to)
	}
	return where
}

// parseCommand enters the programs that a RUN, CMD, ENTRYPOINT or HEALTHCHECK
// calls into the instruction. A line in exec form is no script.
func (s *Source) parseCommand(in *Instruction, line instructions.ShellDependantCmdLine) {
	if !line.PrependShell {
		in.Calls, in.ShellError = see(line.CmdLine, in.Location, nil)
		return
	}
	script, err := s.scriptOf(in, line)
	if err == nil && script != nil {
		in.Script = script
		in.Calls, err = script.calls()
	}
	in.ShellError = err
}

// scriptOf returns the script of an instruction in shell form, parsed; nil if it
// is empty.
func (s *Source) scriptOf(in *Instruction, cmd instructions.ShellDependantCmdLine) (*Script, error) {
	if shell := in.Stage.Config.Shell; shell != nil {
		words := shell.Command.(*instructions.ShellCommand).Shell
		if !IsShell(words[0]) {
			return nil, fmt.Errorf("shell %s is not a POSIX shell", words[0])
		}
	}
	if s.escape != parser.DefaultEscapeToken {
		return nil, fmt.Errorf("escape character %q is not that of a POSIX shell", s.escape)
	}
	run := &Script{whole: in.Location}
	bodies := 0 // lines of heredocs, their terminators included
	for _, file := range cmd.Files {
		bodies += strings.Count(file.Data, "\n") + 1
	}
	switch {
	case len(cmd.CmdLine) == 0:
		return nil, nil
	case len(cmd.Files) == 1 && parser.MustParseHeredoc(cmd.CmdLine[0]) != nil:
		run.text = strings.ReplaceAll(cmd.Files[0].Data, "\r\n", "\n")
		run.line = in.Location.EndLine - bodies + 1
		first, _, _ := strings.Cut(run.text, "\n")
		var ok bool
		if run.Shell, ok = shellOfScript(first); !ok {
			return nil, fmt.Errorf("heredoc is a script for %s", strings.TrimSpace(first[2:]))
		}
	case in.Trigger:
		run.text = strings.Join(cmd.CmdLine, " ")
	default:
		lines := s.Lines[in.Location.Line-1 : in.Location.EndLine]
		run.text, run.line = shellText(lines, len(lines)-bodies, in.Keyword == "HEALTHCHECK"), in.Location.Line
	}
	if in.Trigger {
		run.line = 0
	}
	return run, run.parse()
}

// shellText turns the lines of an instruction into a script whose positions are
// those of the Dockerfile: keyword and flags become spaces, and lines that the
// Dockerfile drops become empty continuations. The first n lines are the
// instruction, the others are its heredocs. A HEALTHCHECK has a second keyword.
func shellText(lines []string, n int, healthcheck bool) string {
	out := slices.Clone(lines)
	for i := range n {
		trimmed := strings.TrimSpace(out[i])
		switch {
		case i > 0 && (trimmed == "" || trimmed[0] == '#'):
			out[i] = `\`
		case strings.HasSuffix(trimmed, `\`):
			out[i] = strings.TrimRight(out[i], " \t\v\f\r")
		}
	}
	for i := n - 1; i > 0 && out[i] == `\`; i-- {
		out[i] = ""
		out[i-1] = strings.TrimSuffix(out[i-1], `\`)
	}
	text := []byte(strings.Join(out, "\n"))
	from, to := nextWord(text, 0) // the keyword
	blank(text, from, to)
	for {
		from, to := nextWord(text, 0)
		if !bytes.HasPrefix(text[from:to], []byte("--")) {
			if healthcheck {
				blank(text, from, to) // CMD
			}
			return string(text)
		}
		blank(text, from, to)
	}
}

// nextWord returns the bounds of the next word of an instruction at or behind
// from, over continuations.
func nextWord(text []byte, from int) (start, stop int) {
	for from < len(text) && (isSpace(text[from]) || text[from] == '\\' && from+1 < len(text) && text[from+1] == '\n') {
		from++
	}
	stop = from
	var quote byte
	for ; stop < len(text) && (quote != 0 || !isSpace(text[stop])); stop++ {
		switch c := text[stop]; {
		case quote == c:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		}
	}
	return from, stop
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func blank(text []byte, from, to int) {
	for i := from; i < to; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
}

func (s *Script) parse() error {
	if len(s.text) > maxScript {
		return fmt.Errorf("script is larger than %d bytes, the most that is parsed", maxScript)
	}
	if depth(s.text) > maxNesting {
		return fmt.Errorf("script is nested more than %d deep, the most that is parsed", maxNesting)
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(s.text), "")
	if err != nil {
		return fmt.Errorf("parsing the script: %w", err)
	}
	s.File, s.lines = file, strings.Split(s.text, "\n")
	return nil
}

// depth returns how deep the brackets of a text are nested, at most.
func depth(text string) int {
	now, most := 0, 0
	for _, c := range []byte(text) {
		switch c {
		case '(', '{':
			now++
			most = max(most, now)
		case ')', '}':
			now = max(now-1, 0)
		}
	}
	return most
}

// calls returns the programs that the script calls, in the order of its text.
func (s *Script) calls() ([]Call, error) {
	var calls []Call
	var err error
	var pipes []*syntax.BinaryCmd
	syntax.Walk(s.File, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.BinaryCmd:
			if node.Op == syntax.Pipe || node.Op == syntax.PipeAll {
				pipes = append(pipes, node)
			}
		case *syntax.CallExpr:
			seen, seeErr := s.CallsOf(node)
			if seeErr != nil && err == nil {
				err = seeErr
			}
			calls = append(calls, seen...)
		}
		return true
	})
	s.connect(calls, pipes)
	return calls, err
}

// CallsOf returns the programs that one command of the script calls: one, seen
// through what only runs it, or those of the script that it gives to a shell with
// -c, which is then the Script of each.
func (s *Script) CallsOf(node *syntax.CallExpr) ([]Call, error) {
	if len(node.Args) == 0 {
		return nil, nil
	}
	words := make([]string, len(node.Args))
	for i, arg := range node.Args {
		words[i] = s.Word(arg)
	}
	seen, err := see(words, s.between(node.Args[0].Pos(), node.Args[len(node.Args)-1].End()), s.through)
	for i := range seen {
		if seen[i].Node == nil {
			seen[i].Script, seen[i].Node = s, node
		}
	}
	return seen, err
}

// ReadScript returns a shell script of the build context, parsed. It fails if the
// file is for another interpreter.
func (s *Source) ReadScript(name string) (*Script, error) {
	text, err := s.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return newScript(string(text), 1, checks.Location{Path: name})
}

// ParseScript parses a command line that a file other than a script gives to a
// shell; where is its place.
func ParseScript(text string, where checks.Location) (*Script, error) {
	return newScript(text, 0, where)
}

// Heredocs returns the files that a COPY or ADD writes from heredocs and whose
// text is known, by their names: parsed as shell scripts, so that those of another
// kind are not among them.
func (in *Instruction) Heredocs() map[string]*Script {
	var contents []instructions.SourceContent
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		contents = cmd.SourceContents
	case *instructions.AddCommand:
		contents = cmd.SourceContents
	}
	scripts := map[string]*Script{}
	line := in.Location.EndLine
	for _, content := range slices.Backward(contents) {
		line -= strings.Count(content.Data, "\n") + 1
		if content.Expand && strings.ContainsAny(content.Data, `$\`) {
			continue
		}
		from := line + 1
		if in.Trigger {
			from = 0
		}
		if script, err := newScript(content.Data, from, in.Location); err == nil {
			scripts[content.Path] = script
		}
	}
	return scripts
}

// newScript parses the text of a script file whose first line is this line of the
// file that where names.
func newScript(text string, line int, where checks.Location) (*Script, error) {
	script := &Script{text: strings.ReplaceAll(text, "\r\n", "\n"), line: line, whole: where}
	first, _, _ := strings.Cut(script.text, "\n")
	var ok bool
	if script.Shell, ok = shellOfScript(first); !ok {
		return nil, fmt.Errorf("it is a script for %s", strings.TrimSpace(first[2:]))
	}
	if err := script.parse(); err != nil {
		return nil, err
	}
	return script, nil
}

// shellOfScript returns the command line of the shell that the first line of a
// script names, nil if it names none; false if it is for another interpreter.
func shellOfScript(first string) ([]string, bool) {
	if !strings.HasPrefix(first, "#!") {
		return nil, true
	}
	interpreter := strings.Fields(first[2:])
	shell := slices.IndexFunc(interpreter, IsShell)
	if shell < 0 {
		return nil, false
	}
	return interpreter[shell:], true
}

// connect enters into the first call behind each pipe the calls before it, as a
// part of the same slice: a pipeline may be long.
func (s *Script) connect(calls []Call, pipes []*syntax.BinaryCmd) {
	if len(pipes) == 0 {
		return
	}
	// Where the calls of this very script begin, and their numbers.
	var offsets []uint
	var numbers []int
	for i, c := range calls {
		if c.Script == s && (len(offsets) == 0 || c.Node.Pos().Offset() > offsets[len(offsets)-1]) {
			offsets, numbers = append(offsets, c.Node.Pos().Offset()), append(numbers, i)
		}
	}
	numbers = append(numbers, len(calls))
	first := func(offset uint) int {
		i, _ := slices.BinarySearch(offsets, offset)
		return numbers[i]
	}
	for _, pipe := range pipes {
		from, behind := first(pipe.X.Pos().Offset()), first(pipe.Y.Pos().Offset())
		if from < behind && behind < first(pipe.Y.End().Offset()) {
			calls[behind].Input = calls[from:behind:behind]
		}
	}
}

// column returns the column of a position in Unicode code points.
func column(lines []string, pos syntax.Pos) int {
	line, bytes := int(pos.Line())-1, int(pos.Col())-1
	if line < 0 || line >= len(lines) || bytes < 0 {
		return 0
	}
	bytes = min(bytes, len(lines[line])) // a backslash that ends the script counts twice
	return utf8.RuneCountInString(lines[line][:bytes]) + 1
}

// Scripts returns what the instruction gives to shells, each script once: its own,
// then those that it gives to a shell with -c.
func (in *Instruction) Scripts() []*Script {
	var scripts []*Script
	if in.Script != nil && in.Script.File != nil {
		scripts = append(scripts, in.Script)
	}
	for _, call := range in.Calls {
		if call.Script != nil && !slices.Contains(scripts, call.Script) {
			scripts = append(scripts, call.Script)
		}
	}
	return scripts
}

// Word returns the text of a word of the script without its quotes. What the
// shell would expand stands as written.
func (s *Script) Word(word *syntax.Word) string { return s.word(word.Parts) }

func (s *Script) word(parts []syntax.WordPart) string {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(unescape(part.Value))
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			b.WriteString(s.word(part.Parts))
		default:
			from, to := part.Pos().Offset(), part.End().Offset()
			if from <= to && int(to) <= len(s.text) {
				b.WriteString(s.text[from:to])
			}
		}
	}
	return b.String()
}

// unescape removes the backslashes of a shell word, and line continuations.
func unescape(lit string) string {
	if !strings.Contains(lit, `\`) {
		return lit
	}
	var b strings.Builder
	for i := 0; i < len(lit); i++ {
		if lit[i] == '\\' && i+1 < len(lit) {
			i++
			if lit[i] == '\n' {
				continue
			}
		}
		b.WriteByte(lit[i])
	}
	return b.String()
}
