package dockerfile

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/imagegate/imagegate/checks"
)

// Scratch is the name of the empty base image.
const Scratch = "scratch"

// Stage is one build stage: a FROM and what follows it.
type Stage struct {
	// Index counts from 0.
	Index int
	// Name is in lower case; empty if the stage has none.
	Name string
	From *Instruction
	// BaseName is what FROM names: a stage, an image or scratch.
	BaseName Value
	// Platform is the --platform of FROM; its Raw is empty without one.
	Platform Value
	// Base is the local stage that this one is built from; nil if it is built from
	// an image, from scratch, or from a name that is not known.
	Base *Stage
	// Instructions are those after FROM. ONBUILD triggers of Base come first.
	Instructions []*Instruction
	// References are the stages and images that this stage takes from: FROM, then
	// COPY --from and RUN --mount=from=, in the order of the file.
	References []Reference
	// Config is what the stage leaves in the image's configuration.
	Config Config
	// Reachable is whether the final stage is made from this one, or is it.
	Reachable bool

	scope  *scope
	copies []Copy
}

// String returns the stage's name as FROM and COPY --from can give it.
func (s *Stage) String() string {
	if s.Name != "" {
		return s.Name
	}
	return strconv.Itoa(s.Index)
}

// FinalName is how findings call the stage that the image is made from: by its name, or
// as the last one.
func (s *Source) FinalName() string {
	if s.Final.Name == "" { // only one with a name can be a target
		return "the last stage"
	}
	return "the stage " + s.Final.Name
}

// Root returns the stage at the start of the chain of FROMs: the one that is
// built from an image, from scratch, or from a name that is not known.
func (s *Stage) Root() *Stage {
	for s.Base != nil {
		s = s.Base
	}
	return s
}

// Chain returns the local stages whose layers this stage has: those that it is
// built from, outermost first, and itself.
func (s *Stage) Chain() []*Stage {
	var chain []*Stage
	for ; s != nil; s = s.Base {
		chain = append(chain, s)
	}
	slices.Reverse(chain)
	return chain
}

// Windows reports whether the stage is an image for Windows, going by the names of
// Microsoft's base images.
func (s *Stage) Windows() bool {
	base := strings.ToLower(s.Root().BaseName.Text)
	return slices.ContainsFunc([]string{"windowsservercore", "nanoserver", "mcr.microsoft.com/windows"}, func(name string) bool {
		return strings.Contains(base, name)
	})
}

// Reference is the use of a stage or an image by an instruction.
type Reference struct {
	Instruction *Instruction
	Name        Value
	// Stage is the local stage that Name means; nil if it means an image.
	Stage *Stage
}

// Image returns the external image that the reference means, as written but
// expanded; false if it means a stage, a stage number or scratch, or if it is
// not known.
func (r Reference) Image() (string, bool) {
	if r.Stage != nil || !r.Name.Known || r.Name.Text == "" || r.Name.Text == Scratch {
		return "", false
	}
	if _, err := strconv.Atoi(r.Name.Text); err == nil {
		return "", false
	}
	return r.Name.Text, true
}

// Config holds, for each setting of the image's configuration, the instruction
// that has the last word on it, through the chain of local stages. Nil means
// that the external base image decides.
type Config struct {
	User        *Instruction
	Workdir     *Instruction
	Entrypoint  *Instruction
	Cmd         *Instruction
	Healthcheck *Instruction
	Shell       *Instruction
	StopSignal  *Instruction
	// Directory is the working directory: WORKDIR as an absolute path, of Linux. It
	// is not known where it depends on an external base image.
	Directory Value
}

// Resolve returns a path that an instruction names as an absolute and clean one:
// a relative path starts in the working directory.
func (c Config) Resolve(name Value) Value {
	switch {
	case !name.Known, !path.IsAbs(name.Text) && !c.Directory.Known:
		return Value{Raw: name.Raw}
	case path.IsAbs(name.Text):
		return Value{Raw: name.Raw, Text: path.Clean(name.Text), Known: true}
	}
	return Value{Raw: name.Raw, Text: path.Join(c.Directory.Text, name.Text), Known: true}
}

// Instruction is one instruction of the Dockerfile.
type Instruction struct {
	// Keyword is in upper case, as in RUN.
	Keyword string
	// Command is BuildKit's typed instruction, its words as written; nil for FROM.
	Command instructions.Command
	// Location is exact: from the keyword to behind the last character, columns in
	// Unicode code points.
	Location checks.Location
	// Stage is nil for an ARG before the first FROM.
	Stage *Stage
	// Trigger is whether an ONBUILD of the base stage brings it; Location is then
	// that ONBUILD.
	Trigger bool
	// Before is the configuration that the instruction finds: what those before it
	// have set.
	Before Config
	// Dir is Before.Directory: the working directory that the instruction finds.
	Dir Value
	// Calls are the programs that a RUN, CMD, ENTRYPOINT or HEALTHCHECK calls, as
	// far as its shell is a POSIX shell or Bash. ShellError is why there are none.
	Calls      []Call
	ShellError error
	// Script is what it gives to its shell; nil in exec form.
	Script *Script

	source *Source
	// written is the keyword as written, flags what stands between it and the rest, as
	// in --mount=type=cache,target=/a.
	written  string
	flags    []string
	scope    *scope
	position int
	copy     *Copy // nil if it is neither COPY nor ADD
}

// Flags returns the flags as written, as --interval=30s.
func (in *Instruction) Flags() []string { return slices.Clone(in.flags) }

// Expand resolves a word of the instruction with the variables that it sees.
func (in *Instruction) Expand(word string) Value {
	return view{in.scope, in.position}.expand(word, in.source.escape)
}

// ExpandDefaults is Expand for a word of which the defaults are to be judged: what the
// Dockerfile sets nowhere is taken to be unset, although the external base image could
// set it, so that ${NAME:-default} is known.
func (in *Instruction) ExpandDefaults(word string) Value {
	v := view{in.scope, in.position}
	return v.expandWith(word, in.source.escape, func(name string) bool {
		_, set := v.scope.lookup(name, v.position)
		return !set || v.unset(name)
	})
}

// Variable returns what an environment variable is where the instruction runs;
// false if neither an ENV nor an ARG sets it. The value is not known where an ARG
// is not given one.
func (in *Instruction) Variable(name string) (Value, bool) {
	set, ok := in.scope.lookup(name, in.position)
	return set.value, ok
}

// Text returns the lines of the Dockerfile that the instruction stands in.
func (in *Instruction) Text() []string {
	if in.Location.Line < 1 || in.Location.EndLine > len(in.source.Lines) {
		return nil
	}
	return in.source.Lines[in.Location.Line-1 : in.Location.EndLine]
}

// Find returns the place of a word in the instruction's text, or of the whole
// instruction if the word does not stand in one line of it.
func (in *Instruction) Find(word string) checks.Location {
	whole := in.Location
	if word == "" || whole.Line < 1 || whole.EndLine > len(in.source.Lines) {
		return whole
	}
	for n := whole.Line; n <= whole.EndLine; n++ {
		line := in.source.Lines[n-1]
		for from := 0; ; {
			i := strings.Index(line[from:], word)
			if i < 0 {
				break
			}
			start, stop := from+i, from+i+len(word)
			if !endsName(line[:start]) && !startsName(line[stop:]) {
				column := utf8.RuneCountInString(line[:start]) + 1
				return checks.Location{
					Path: whole.Path, Line: n, Column: column,
					EndLine: n, EndColumn: column + utf8.RuneCountInString(word),
				}
			}
			from = stop
		}
	}
	return whole
}

func endsName(s string) bool { return s != "" && startsName(s[len(s)-1:]) }

func (s *Source) newInstruction(cmd instructions.Command, flags []string, stage *Stage, position int) *Instruction {
	in := &Instruction{
		Keyword:  strings.ToUpper(cmd.Name()),
		Command:  cmd,
		Location: s.locate(cmd.Location()),
		Stage:    stage,
		source:   s,
		written:  cmd.Name(),
		flags:    flags,
		scope:    s.globals,
		position: position,
	}
	if stage != nil {
		in.scope = stage.scope
		in.Before = stage.Config
		in.Dir = stage.Config.Directory
	}
	if s.byLine[in.Location.Line] == nil {
		s.byLine[in.Location.Line] = in
	}
	return in
}

// addStages adds the stages that BuildKit's parser made of these nodes.
func (s *Source) addStages(parsed []instructions.Stage, nodes []*parser.Node) {
	byName := map[string]*Stage{}
	total := 0
	for i, p := range parsed {
		from := &Instruction{
			Keyword: "FROM", Location: s.locate(p.Location),
			source: s, written: p.OrigCmd, scope: s.globals, position: end,
		}
		s.byLine[from.Location.Line] = from
		if s.countExpansion(from); s.excess != nil {
			return
		}
		stage := &Stage{Index: i, Name: p.Name, From: from, BaseName: from.Expand(p.BaseName)}
		if p.Platform != "" {
			stage.Platform = from.Expand(p.Platform)
		}
		from.Stage = stage
		var baseScope *scope
		if stage.BaseName.Known {
			stage.Base = byName[stage.BaseName.Text]
		}
		if stage.Base != nil {
			baseScope = stage.Base.scope
			stage.Config = stage.Base.Config
		} else if stage.BaseName.Text == Scratch {
			stage.Config.Directory = Value{Text: "/", Known: true}
		}
		stage.scope = newScope(baseScope)
		stage.References = []Reference{{from, stage.BaseName, stage.Base}}

		inherited := triggers(stage.Base)
		if total += len(inherited) + len(p.Commands); total > MaxWords {
			s.exceed(from.Location, "the triggers of ONBUILD make more than the %d instructions that are judged", MaxWords)
		}
		add := func(cmd instructions.Command, flags []string, trigger bool) {
			if s.excess != nil {
				return
			}
			in := s.newInstruction(cmd, flags, stage, len(stage.Instructions))
			in.Trigger = trigger
			stage.Instructions = append(stage.Instructions, in)
			s.apply(in)
		}
		for _, t := range inherited {
			add(t.command, t.flags, true)
		}
		for j, cmd := range p.Commands {
			add(cmd, nodes[j+1].Flags, false)
		}
		nodes = nodes[len(p.Commands)+1:]
		s.Stages = append(s.Stages, stage)
		if p.Name != "" {
			byName[p.Name] = stage
		}
	}
}

// trigger is an instruction that an ONBUILD brings, with its flags.
type trigger struct {
	command instructions.Command
	flags   []string
}

// triggers returns what the ONBUILDs of a stage run at the start of a stage built
// from it. One that BuildKit cannot parse is left out: a trial rejects it.
func triggers(base *Stage) []trigger {
	if base == nil {
		return nil
	}
	var all []trigger
	for _, in := range base.Instructions {
		if onbuild, ok := in.Command.(*instructions.OnbuildCommand); ok {
			if t, err := parseTrigger(onbuild, in.Location); err == nil {
				all = append(all, t)
			}
		}
	}
	return all
}

// parseTrigger parses the trigger of an ONBUILD as an instruction at a place.
func parseTrigger(onbuild *instructions.OnbuildCommand, where checks.Location) (trigger, error) {
	tree, err := parser.Parse(strings.NewReader(onbuild.Expression))
	if err != nil {
		return trigger{}, err
	}
	if len(tree.AST.Children) != 1 {
		return trigger{}, errors.New("onbuild trigger should be a single expression")
	}
	node := tree.AST.Children[0]
	node.StartLine, node.EndLine = where.Line, where.EndLine
	cmd, err := instructions.ParseCommand(node)
	return trigger{cmd, node.Flags}, err
}

// apply enters what an instruction sets into its stage.
func (s *Source) apply(in *Instruction) {
	if s.countExpansion(in); s.excess != nil {
		return
	}
	config := &in.Stage.Config
	switch cmd := in.Command.(type) {
	case *instructions.ArgCommand:
		s.setArgs(in.scope, in, cmd)
	case *instructions.EnvCommand:
		for _, kv := range cmd.Env {
			name := in.Expand(kv.Key)
			if name.Known {
				s.set(in.scope, name.Text, setting{position: in.position, value: in.Expand(kv.Value), env: in})
			}
		}
	case *instructions.CopyCommand:
		s.addCopy(in, cmd.From, cmd.SourcesAndDest, cmd.ExcludePatterns)
	case *instructions.AddCommand:
		s.addCopy(in, "", cmd.SourcesAndDest, cmd.ExcludePatterns)
	case *instructions.UserCommand:
		config.User = in
	case *instructions.WorkdirCommand:
		config.Workdir = in
		config.Directory = config.Resolve(in.Expand(cmd.Path))
	case *instructions.EntrypointCommand:
		config.Entrypoint = in
		s.parseCommand(in, cmd.ShellDependantCmdLine)
		if config.Cmd != nil && config.Cmd.Stage != in.Stage {
			config.Cmd = nil // an ENTRYPOINT resets the CMD that it inherits
		}
	case *instructions.CmdCommand:
		config.Cmd = in
		s.parseCommand(in, cmd.ShellDependantCmdLine)
	case *instructions.HealthCheckCommand:
		config.Healthcheck = in
		if test := cmd.Health.Test; len(test) > 1 {
			s.parseCommand(in, instructions.ShellDependantCmdLine{CmdLine: test[1:], PrependShell: test[0] == "CMD-SHELL"})
		}
	case *instructions.ShellCommand:
		config.Shell = in
	case *instructions.StopSignalCommand:
		config.StopSignal = in
	case *instructions.RunCommand:
		s.parseCommand(in, cmd.ShellDependantCmdLine)
		// Resolves the mounts. What cannot be resolved stays as written: a trial
		// rejects it.
		_ = cmd.Expand(func(word string) (string, error) {
			if v := in.Expand(word); v.Known {
				return v.Text, nil
			}
			return word, nil
		})
	}
}

// resolveReferences finds what COPY --from and RUN --mount=from= name. It needs
// all stages: BuildKit takes the last stage of a name.
func (s *Source) resolveReferences() {
	byName := map[string]*Stage{}
	for _, stage := range s.Stages {
		if stage.Name != "" {
			byName[stage.Name] = stage
		}
	}
	for _, stage := range s.Stages {
		for _, in := range stage.Instructions {
			var names []string
			switch cmd := in.Command.(type) {
			case *instructions.CopyCommand:
				names = []string{cmd.From}
			case *instructions.RunCommand:
				for _, mount := range instructions.GetMounts(cmd) {
					names = append(names, mount.From)
				}
			}
			for _, name := range names {
				if name == "" {
					continue
				}
				ref := Reference{Instruction: in, Name: in.Expand(name)}
				// The mounts of a RUN name stages alone, never their numbers.
				if index, err := strconv.Atoi(name); err == nil && in.Keyword == "COPY" && index >= 0 && index < len(s.Stages) {
					ref.Stage = s.Stages[index]
				} else if ref.Name.Known {
					ref.Stage = byName[strings.ToLower(ref.Name.Text)]
				}
				stage.References = append(stage.References, ref)
			}
		}
	}
}
