package dockerfile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/imagegate/imagegate/checks"
)

// Value is a word of the Dockerfile, with its variables expanded and its quotes
// removed as BuildKit does it.
type Value struct {
	// Raw is the word as written.
	Raw string
	// Text is what it stands for; empty unless Known.
	Text string
	// Known is whether the Dockerfile and the build arguments give every variable
	// in it a value. A variable of an external base image has none, nor has an ARG
	// without default that the build is not given.
	Known bool
}

// Variable is an ENV variable at the end of a stage.
type Variable struct {
	Name  string
	Value Value
	// Instruction is the ENV that set it last.
	Instruction *Instruction
}

// platformArgs are the arguments that every build has before the first FROM.
// Their values depend on the builder, so that they are unknown unless given.
var platformArgs = []string{
	"BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT",
	"TARGETPLATFORM", "TARGETOS", "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
}

// end is the position behind all instructions of a stage.
const end = math.MaxInt

// scope holds the variables of a stage, or those before the first FROM.
type scope struct {
	parent *scope // of the local stage that this one is built from
	global bool
	sets   map[string][]setting // by name, in the order of the file
}

// setting is one ARG or ENV of a variable.
type setting struct {
	position int // of the instruction in its stage
	value    Value
	// unset is an ARG without any value: what refers to it as ${NAME:-default} is
	// known all the same.
	unset bool
	env   *Instruction // nil for an ARG
}

func newScope(parent *scope) *scope {
	return &scope{parent: parent, sets: map[string][]setting{}}
}

func (s *Source) set(in *scope, name string, v setting) {
	in.sets[name] = append(in.sets[name], v)
	s.longest = max(s.longest, len(v.value.Text))
}

// countExpansion reckons what the words of an instruction may expand to, before
// anybody expands them.
func (s *Source) countExpansion(in *Instruction) {
	switch in.Command.(type) {
	case *instructions.RunCommand, *instructions.CmdCommand, *instructions.EntrypointCommand, *instructions.HealthCheckCommand:
		return // left to the shell
	}
	lines := s.Lines[in.Location.Line-1 : in.Location.EndLine]
	for _, line := range lines {
		s.expanded += mayExpandTo(line, s.longest)
	}
	if s.expanded > MaxExpanded {
		s.exceed(in.Location, "here the variables expand to more than the %d bytes that are judged", MaxExpanded)
	}
}

// replacing is where a pattern in the value of a variable is replaced.
var replacing = regexp.MustCompile(`\$\{\w*/`)

// mayExpandTo returns how long a text may become once its variables are expanded, of
// which the longest value has this length. What replaces a pattern may stand for
// each character of a value.
func mayExpandTo(text string, longest int) int {
	most := strings.Count(text, "$") * longest
	if most == 0 || !strings.Contains(text, "${") {
		return most
	}
	for range replacing.FindAllStringIndex(text, -1) {
		if most *= longest + len(text); most > MaxExpanded {
			break
		}
	}
	return most
}

// exceed enters the first thing that goes beyond the limits.
func (s *Source) exceed(where checks.Location, format string, args ...any) {
	if s.excess == nil {
		s.excess = errorAt(where.Path, where.Line, fmt.Errorf(format+": is it the right file?", args...))
	}
}

// lookup returns the setting that an instruction at this position sees.
func (s *scope) lookup(name string, position int) (setting, bool) {
	for ; s != nil; s, position = s.parent, end {
		sets := s.sets[name]
		later, _ := slices.BinarySearchFunc(sets, position, func(v setting, p int) int {
			return cmp.Compare(v.position, p)
		})
		if later > 0 {
			return sets[later-1], true
		}
	}
	return setting{}, false
}

// view is a scope as the instruction at a position sees it, for BuildKit's lexer.
type view struct {
	scope    *scope
	position int
}

func (v view) Get(name string) (string, bool) {
	set, ok := v.scope.lookup(name, v.position)
	return set.value.Text, ok && set.value.Known
}

func (v view) Keys() []string { return nil }

func (v view) expand(word string, escape rune) Value {
	return v.expandWith(word, escape, v.unset)
}

// expandWith expands a word; unset reports of a variable without a value whether it
// is taken to have none, so that its default counts.
func (v view) expandWith(word string, escape rune, unset func(name string) bool) Value {
	if !strings.ContainsAny(word, "$'\"\\`") {
		return Value{Raw: word, Text: word, Known: true}
	}
	res, err := shell.NewLex(escape).ProcessWordWithMatches(word, v)
	if err != nil {
		return Value{Raw: word}
	}
	for name := range res.Unmatched {
		if !unset(name) || refersPlainly(word, name) {
			return Value{Raw: word}
		}
	}
	return Value{Raw: word, Text: res.Result, Known: true}
}

// unset reports whether it is known that a variable has no value.
func (v view) unset(name string) bool {
	set, ok := v.scope.lookup(name, v.position)
	if !ok {
		// Only an external base image could set it, and there is none yet.
		return v.scope.global && !slices.Contains(platformArgs, name)
	}
	return set.unset
}

// Refers reports whether a word of the instruction takes the value of a variable
// that has no default there.
func (in *Instruction) Refers(word, name string) bool {
	if !refersPlainly(word, name) {
		return false
	}
	// What is quoted or escaped is no reference.
	res, err := shell.NewLex(in.source.escape).ProcessWordWithMatches(word, view{in.scope, in.position})
	if err != nil {
		return false
	}
	_, matched := res.Matched[name]
	_, unmatched := res.Unmatched[name]
	return matched || unmatched
}

// refersPlainly reports whether a word holds $NAME or ${NAME}, without a
// default for the case that it is unset.
func refersPlainly(word, name string) bool {
	for rest := word; ; {
		_, after, found := strings.Cut(rest, "$")
		if !found {
			return false
		}
		rest = after
		if inner, ok := strings.CutPrefix(after, "{"); ok {
			tail, ok := strings.CutPrefix(inner, name)
			if ok && !strings.HasPrefix(strings.TrimPrefix(tail, ":"), "-") && !strings.HasPrefix(strings.TrimPrefix(tail, ":"), "+") && !startsName(tail) {
				return true
			}
			continue
		}
		if tail, ok := strings.CutPrefix(after, name); ok && !startsName(tail) {
			return true
		}
	}
}

func startsName(s string) bool {
	return s != "" && (s[0] == '_' || s[0] >= '0' && s[0] <= '9' || s[0] >= 'A' && s[0] <= 'Z' || s[0] >= 'a' && s[0] <= 'z')
}

func (s *Source) addGlobalArgs(args []instructions.ArgCommand, nodes []*parser.Node) {
	s.globals = newScope(nil)
	s.globals.global = true
	for _, name := range platformArgs {
		if v, ok := s.options.BuildArgs[name]; ok {
			s.set(s.globals, name, setting{position: -1, value: Value{Raw: v, Text: v, Known: true}})
		}
	}
	for i := range args {
		in := s.newInstruction(&args[i], nodes[i].Flags, nil, i)
		s.GlobalArgs = append(s.GlobalArgs, in)
		if s.countExpansion(in); s.excess != nil {
			return
		}
		s.setArgs(s.globals, in, &args[i])
	}
}

// setArgs enters the variables of an ARG: given value, else default, else the
// value of the ARG of that name before the first FROM.
func (s *Source) setArgs(to *scope, in *Instruction, cmd *instructions.ArgCommand) {
	for _, arg := range cmd.Args {
		set := setting{position: in.position, unset: true}
		if given, ok := s.options.BuildArgs[arg.Key]; ok {
			set.value, set.unset = Value{Raw: given, Text: given, Known: true}, false
		} else if arg.Value != nil {
			set.value, set.unset = in.Expand(*arg.Value), false
		} else if old, ok := to.lookup(arg.Key, in.position); ok {
			set.value, set.unset = old.value, old.unset
		}
		if arg.Value == nil && !to.global {
			if global, ok := s.globals.lookup(arg.Key, end); ok {
				set.value, set.unset = global.value, global.unset
			} else if slices.Contains(platformArgs, arg.Key) {
				set.unset = false
			}
		}
		s.set(to, arg.Key, set)
	}
}

// Env returns the ENV variables at the end of the stage, those of the local
// stages that it is built from included, sorted by name. Those of an external
// base image are not known from the source.
func (s *Stage) Env() []Variable {
	last := map[string]Variable{}
	for sc := s.scope; sc != nil; sc = sc.parent {
		for name, sets := range sc.sets {
			if _, ok := last[name]; ok {
				continue
			}
			for i := len(sets) - 1; i >= 0; i-- {
				if sets[i].env != nil {
					last[name] = Variable{Name: name, Value: sets[i].value, Instruction: sets[i].env}
					break
				}
			}
		}
	}
	env := make([]Variable, 0, len(last))
	for _, name := range slices.Sorted(maps.Keys(last)) {
		env = append(env, last[name])
	}
	return env
}
