// Package dockerfile is the model of what an image is built from: the
// Dockerfile with its stages, instructions and shell scripts, the ignore file,
// and the files of the build context that they name. [Load] reads an [fs.FS] and
// nothing else, no daemon and no network, once into a [Source], on which package
// source judges its checks. It judges nothing itself.
package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/imagegate/imagegate/checks"
)

// DefaultDockerfile is the path of the Dockerfile if none is given.
const DefaultDockerfile = "Dockerfile"

// What Load accepts. Real files stay far below; above, what many instructions and
// variables mean for each other takes time that grows with their product.
const (
	// MaxFileSize is how many bytes a Dockerfile or .dockerignore may have.
	MaxFileSize = 1 << 20
	// MaxWords is how many words a Dockerfile may have: its instructions, and what
	// they name.
	MaxWords = 4000
	// MaxExpanded is how many bytes its words may have once their variables are
	// expanded: a few lines of ENV A=$B$B are enough for terabytes.
	MaxExpanded = 8 << 20
)

// Options say how the image is built from the source. The zero value is what
// "docker build ." does.
type Options struct {
	// Dockerfile is its path in the source, with slashes; DefaultDockerfile if empty.
	Dockerfile string
	// Target is the name of the stage to build; the last stage if empty.
	Target string
	// BuildArgs are the build arguments that the build is given.
	BuildArgs map[string]string
}

// Source is all that the checks know of a source, computed once by Load. It is
// read only, and safe to use from several goroutines.
type Source struct {
	// Path is the path of the Dockerfile in the source.
	Path string
	// Lines are the Dockerfile's lines, without line ends and byte-order mark.
	Lines []string
	// GlobalArgs are the ARG instructions before the first FROM.
	GlobalArgs []*Instruction
	// Stages are all stages, in the order of the file; at least one.
	Stages []*Stage
	// Final is the stage that becomes the image: the target, or the last one.
	Final *Stage
	// Ignore says what the build context leaves out.
	Ignore *Ignore

	files   fs.FS
	options Options
	text    []byte
	escape  rune
	globals *scope
	// directive is what "# check=" at the head of the Dockerfile says, and
	// directiveLine where it stands; 0 if there is none.
	directive     *linter.Config
	directiveLine int
	parsed        parsed
	byLine        map[int]*Instruction
	// longest is the length of the longest value of a variable so far, expanded the
	// sum of what words may come to, and excess what went beyond the limits.
	longest, expanded int
	excess            error
	lint              func() Lint
	reads             reads
	facts             facts
	tree              func() []string
	required          func() []RequiredVariable
}

func errorAt(path string, line int, err error) error {
	return &checks.FileError{Location: checks.Location{Path: path, Line: line}, Err: err}
}

// Load reads the Dockerfile and .dockerignore of a source and computes the
// model. Errors name the file, the line where there is one, and what to do. A
// variable without a value in the Dockerfile or the build arguments does not
// fail; what depends on it is unknown.
func Load(files fs.FS, options Options) (*Source, error) {
	if options.Dockerfile == "" {
		options.Dockerfile = DefaultDockerfile
	}
	options.Dockerfile = path.Clean(strings.ReplaceAll(options.Dockerfile, `\`, "/"))
	options.BuildArgs = maps.Clone(options.BuildArgs)
	if !fs.ValidPath(options.Dockerfile) {
		return nil, fileError(options.Dockerfile, errors.New("the Dockerfile is outside of the source"), "Pass --dockerfile with a path relative to the root of the source")
	}
	text, err := ReadFile(files, options.Dockerfile)
	if errors.Is(err, fs.ErrNotExist) {
		if options.Dockerfile != DefaultDockerfile {
			return nil, fileError(options.Dockerfile, fmt.Errorf("--dockerfile=%s: there is no such file in the source", options.Dockerfile), "Pass --dockerfile with the path of the Dockerfile in the source")
		}
		return nil, fileError(options.Dockerfile, fmt.Errorf("no Dockerfile in the source: %w; pass --dockerfile", err), "Pass --dockerfile with the path of the Dockerfile in the source")
	}
	if err != nil {
		return nil, err
	}
	if err := checkText(options.Dockerfile, text); err != nil {
		return nil, err
	}
	s := &Source{
		Path:    options.Dockerfile,
		Lines:   splitLines(text),
		files:   files,
		options: options,
		text:    text,
		byLine:  map[int]*Instruction{},
	}
	if err := s.parse(); err != nil {
		return nil, err
	}
	if s.Ignore, err = loadIgnore(files, s.Path); err != nil {
		return nil, err
	}
	s.lint = sync.OnceValue(s.runTrial)
	s.tree = sync.OnceValue(s.walk)
	s.required = sync.OnceValue(s.findRequired)
	return s, nil
}

// ReadFile returns a file of the source, of at most MaxFileSize bytes.
func (s *Source) ReadFile(name string) ([]byte, error) { return ReadFile(s.files, name) }

// ReadDir returns the entries of a directory of the source, sorted by name. Each
// directory is read once.
func (s *Source) ReadDir(name string) ([]fs.DirEntry, error) { return s.reads.readDir(s.files, name) }

// Exists reports whether the source has this file or directory. Each is looked at
// once.
func (s *Source) Exists(name string) bool { return s.reads.stat(s.files, name).exists }

// IsDir reports whether the source has this directory.
func (s *Source) IsDir(name string) bool { return s.reads.stat(s.files, name).dir }

// Windows reports whether the final stage is an image for Windows.
func (s *Source) Windows() bool { return s.Final.Windows() }

// Options returns how the image is built.
func (s *Source) Options() Options {
	options := s.options
	options.BuildArgs = maps.Clone(options.BuildArgs)
	return options
}

// Reachable returns the stages that the final stage is made from, itself
// included, in the order of the file.
func (s *Source) Reachable() []*Stage {
	var stages []*Stage
	for _, stage := range s.Stages {
		if stage.Reachable {
			stages = append(stages, stage)
		}
	}
	return stages
}

func (s *Source) parse() error {
	directive, _, where, _ := parser.ParseDirective("check", s.text)
	config, err := linter.ParseLintOptions(directive)
	if err != nil {
		return s.invalid(parser.WithLocation(err, where))
	}
	s.directive = config
	if len(where) > 0 {
		s.directiveLine = where[0].Start.Line
	}

	tree, err := parser.Parse(bytes.NewReader(s.text))
	if err != nil {
		return s.invalid(err)
	}
	s.parsed.addWarnings(tree.Warnings)
	if line := beyondMaxWords(tree.AST); line > 0 {
		return errorAt(s.Path, line, fmt.Errorf("here the file goes beyond the %d words that are judged: is it the right file?", MaxWords))
	}
	nodes := tree.AST.Children
	for _, node := range nodes {
		node.PrevComment = nil // what "# check=skip=" skips there is found, too
	}
	stages, args, err := instructions.Parse(tree.AST, linter.New(&linter.Config{Warn: s.parsed.add}))
	if err != nil {
		return s.invalid(err)
	}
	if len(stages) == 0 {
		return errorAt(s.Path, len(s.Lines), errors.New("no FROM instruction, so there is no image to build"))
	}
	s.escape = tree.EscapeToken
	s.addGlobalArgs(args, nodes)
	s.addStages(stages, nodes[len(args):])
	if s.excess != nil {
		return s.excess
	}
	s.resolveReferences()
	return s.resolveFinal()
}

// beyondMaxWords returns the line of the instruction at which a Dockerfile has
// more than MaxWords words; 0 if it has not. Counted are its instructions and the
// words that the parser makes of them; ENV and LABEL have three for each variable.
func beyondMaxWords(tree *parser.Node) int {
	n := 0
	for _, instruction := range tree.Children {
		words := len(instruction.Flags)
		for word := instruction.Next; word != nil; word = word.Next {
			words++
		}
		switch strings.ToLower(instruction.Value) {
		case command.Env, command.Label:
			words /= 3
		}
		if n += 1 + words; n > MaxWords {
			return instruction.StartLine
		}
	}
	return 0
}

// fixSyntax says how to mend what the parser refuses.
const fixSyntax = "Correct what the message names; docker build --check reads the Dockerfile as the build does"

// invalid words a parse error as file:line: message.
func (s *Source) invalid(err error) error {
	var located *parser.LocationError
	if errors.As(err, &located) && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		line := max(located.Locations[0][0].Start.Line, 1)
		return &checks.FileError{Location: checks.Location{Path: s.Path, Line: line}, Err: errors.Unwrap(located), Fix: fixSyntax}
	}
	return fileError(s.Path, err, fixSyntax)
}

func (s *Source) resolveFinal() error {
	s.Final = s.Stages[len(s.Stages)-1]
	if s.options.Target != "" {
		if s.Final = s.stageNamed(s.options.Target); s.Final == nil {
			return fmt.Errorf("%s has no stage %q; it has %s", s.Path, s.options.Target, s.stageNames())
		}
	}
	reach := []*Stage{s.Final}
	s.Final.Reachable = true
	for len(reach) > 0 {
		stage := reach[len(reach)-1]
		reach = reach[:len(reach)-1]
		for _, ref := range stage.References {
			if ref.Stage != nil && !ref.Stage.Reachable {
				ref.Stage.Reachable = true
				reach = append(reach, ref.Stage)
			}
		}
	}
	return nil
}

// Stage returns the stage that a build with this target builds: one of this name,
// in any case, or of this number; nil if there is none.
func (s *Source) Stage(target string) *Stage {
	if stage := s.stageNamed(target); stage != nil {
		return stage
	}
	if n, err := strconv.Atoi(target); err == nil && n >= 0 && n < len(s.Stages) {
		return s.Stages[n]
	}
	return nil
}

// StageNames returns the names of the stages, as a list to read.
func (s *Source) StageNames() string { return s.stageNames() }

// stageNamed returns the stage of this name, in any case, or nil. Of several,
// the last one counts, as in BuildKit.
func (s *Source) stageNamed(name string) *Stage {
	for i := len(s.Stages) - 1; i >= 0; i-- {
		if stage := s.Stages[i]; stage.Name != "" && strings.EqualFold(stage.Name, name) {
			return stage
		}
	}
	return nil
}

func (s *Source) stageNames() string {
	var names []string
	for _, stage := range s.Stages {
		if stage.Name != "" {
			names = append(names, stage.Name)
		}
	}
	if len(names) == 0 {
		return "no named stages"
	}
	return strings.Join(names, ", ")
}

// checkText refuses what BuildKit's parser does not take for text.
func checkText(name string, text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return &checks.FileError{
			Location: checks.Location{Path: name, Line: 1},
			Err:      errors.New("the file is empty"),
			Fix:      "Write the Dockerfile, beginning with FROM, or pass --dockerfile with the path of another",
		}
	}
	before, _, found := bytes.Cut(text, []byte{0})
	if !found {
		return nil
	}
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return &checks.FileError{
		Location: checks.Location{Path: name, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(line) + 1},
		Err:      errors.New("the file has a NUL character, and is no text in UTF-8"),
		Fix:      "Remove the character, or save the file in UTF-8",
	}
}

// ReadFile reads a file of at most MaxFileSize bytes.
func ReadFile(files fs.FS, name string) ([]byte, error) {
	const fix = "Make it a file that can be read"
	f, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fileError(name, err, fix)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fileError(name, err, fix)
	}
	if len(text) > MaxFileSize {
		return nil, fileError(name, fmt.Errorf("the file is larger than %d bytes, the most that is judged: is it the right file?", MaxFileSize), "Name the right file, or make it smaller")
	}
	return text, nil
}

// fileError is about a file as a whole.
func fileError(name string, err error, fix string) error {
	return &checks.FileError{Location: checks.Location{Path: name}, Err: err, Fix: fix}
}

func splitLines(text []byte) []string {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, "\r")
	}
	return lines
}

// locate returns the exact place of the instruction that BuildKit puts at these
// lines: from its keyword to behind its last character, in Unicode code points.
func (s *Source) locate(where []parser.Range) checks.Location {
	loc := checks.Location{Path: s.Path}
	if len(where) == 0 {
		return loc
	}
	loc.Line, loc.EndLine = where[0].Start.Line, where[len(where)-1].End.Line
	if loc.Line < 1 || loc.EndLine < loc.Line || loc.EndLine > len(s.Lines) {
		return loc
	}
	first, last := s.Lines[loc.Line-1], s.Lines[loc.EndLine-1]
	indent := len(first) - len(strings.TrimLeft(first, " \t\v\f\r"))
	loc.Column = utf8.RuneCountInString(first[:indent]) + 1
	loc.EndColumn = utf8.RuneCountInString(strings.TrimRight(last, " \t\v\f\r")) + 1
	return loc
}
