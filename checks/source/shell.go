package source

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
)

// maxScript is how many bytes of a RUN are parsed; the parser is recursive.
const maxScript = 64 << 10

// maxShellDepth is how many shells within shells (sh -c "sh -c …") are parsed.
const maxShellDepth = 3

// Call is one call of a program by a RUN: "npm ci" in "cd app && npm ci". What
// only runs another program (sudo, env, exec, sh -c) is seen through.
type Call struct {
	// Words are the program and its arguments without quotes; at least one. What
	// the shell would expand stands as written.
	Words []string
	// Location is that of the words, as far as they stand in the Dockerfile.
	Location checks.Location
}

// Program returns the name of the program, without its directory.
func (c Call) Program() string { return path.Base(c.Words[0]) }

// String returns the words with spaces between them.
func (c Call) String() string { return strings.Join(c.Words, " ") }

// script is a shell script and where it stands in the Dockerfile.
type script struct {
	text string
	// line is the line of the Dockerfile that the text's first line is; 0 if the
	// positions in the text say nothing about the Dockerfile, and whole counts.
	line  int
	whole checks.Location
	depth int
}

// parseRun returns the programs that a RUN calls.
func (s *Source) parseRun(in *Instruction, cmd *instructions.RunCommand) ([]Call, error) {
	if !cmd.PrependShell {
		return see(cmd.CmdLine, in.Location, 0)
	}
	if shell := in.Stage.Config.Shell; shell != nil {
		words := shell.Command.(*instructions.ShellCommand).Shell
		if !isShell(words[0]) {
			return nil, fmt.Errorf("shell %s is not a POSIX shell", words[0])
		}
	}
	if s.escape != parser.DefaultEscapeToken {
		return nil, fmt.Errorf("escape character %q is not that of a POSIX shell", s.escape)
	}
	run := script{whole: in.Location}
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
		if first, _, _ := strings.Cut(run.text, "\n"); strings.HasPrefix(first, "#!") && !slices.ContainsFunc(strings.Fields(first[2:]), isShell) {
			return nil, fmt.Errorf("heredoc is a script for %s", strings.TrimSpace(first[2:]))
		}
	case in.Trigger:
		run.text = cmd.CmdLine[0]
	default:
		lines := s.Lines[in.Location.Line-1 : in.Location.EndLine]
		run.text, run.line = shellText(lines, len(lines)-bodies), in.Location.Line
	}
	if in.Trigger {
		run.line = 0
	}
	return run.calls()
}

// shellText turns the lines of a RUN into a script whose positions are those of
// the Dockerfile: keyword and flags become spaces, and lines that the Dockerfile
// drops become empty continuations. The first n lines are the instruction, the
// others are its heredocs.
func shellText(lines []string, n int) string {
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
	from, to := nextWord(text, 0) // RUN
	blank(text, from, to)
	for {
		from, to := nextWord(text, 0)
		if !bytes.HasPrefix(text[from:to], []byte("--")) {
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

func (s script) calls() ([]Call, error) {
	if len(s.text) > maxScript {
		return nil, fmt.Errorf("script is larger than %d bytes, the most that is parsed", maxScript)
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(s.text), "")
	if err != nil {
		return nil, fmt.Errorf("parsing the script: %w", err)
	}
	lines := strings.Split(s.text, "\n")
	var calls []Call
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		words := make([]string, len(call.Args))
		for i, arg := range call.Args {
			words[i] = s.word(arg.Parts)
		}
		where := s.whole
		if s.line > 0 {
			from, to := call.Args[0].Pos(), call.Args[len(call.Args)-1].End()
			where.Line, where.Column = s.line+int(from.Line())-1, column(lines, from)
			where.EndLine, where.EndColumn = s.line+int(to.Line())-1, column(lines, to)
		}
		seen, seeErr := see(words, where, s.depth)
		if seeErr != nil && err == nil {
			err = seeErr
		}
		calls = append(calls, seen...)
		return true
	})
	return calls, err
}

// column returns the column of a position in Unicode code points.
func column(lines []string, pos syntax.Pos) int {
	line, bytes := int(pos.Line())-1, int(pos.Col())-1
	if line < 0 || line >= len(lines) || bytes < 0 || bytes > len(lines[line]) {
		return 0
	}
	return utf8.RuneCountInString(lines[line][:bytes]) + 1
}

// word returns the text of a shell word without its quotes.
func (s script) word(parts []syntax.WordPart) string {
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

// see returns the calls that a command line makes, seen through the programs
// that only run another one.
func see(words []string, where checks.Location, depth int) ([]Call, error) {
	for len(words) > 1 && slices.Contains([]string{"sudo", "env", "exec", "command", "time", "nice", "nohup"}, path.Base(words[0])) {
		wrapper := path.Base(words[0])
		rest := words[1:]
		for len(rest) > 0 && (strings.HasPrefix(rest[0], "-") || wrapper == "env" && strings.Contains(rest[0], "=")) {
			valued := rest[0] == "-u" || rest[0] == "-g" || rest[0] == "-n" && wrapper == "nice"
			rest = rest[1:]
			if valued && len(rest) > 0 {
				rest = rest[1:]
			}
		}
		if len(rest) == 0 {
			break
		}
		words = rest
	}
	if len(words) == 0 {
		return nil, nil
	}
	if isShell(words[0]) && depth < maxShellDepth {
		for i, word := range words[1:] {
			if strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--") && strings.Contains(word, "c") && i+2 < len(words) {
				return script{text: words[i+2], whole: where, depth: depth + 1}.calls()
			}
		}
	}
	return []Call{{Words: words, Location: where}}, nil
}

// isShell reports whether a program is a shell of the POSIX family.
func isShell(program string) bool {
	return slices.Contains([]string{"sh", "ash", "bash", "dash", "ksh", "zsh"}, path.Base(program))
}
