package source

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// How far scripts are followed: through scripts that run scripts, and over how
// many commands in all.
const (
	maxScripts = 8
	maxSteps   = 2000
)

// start is what a container of the image runs first, as far as the source shows
// it: the programs that ENTRYPOINT and CMD name, and those that their scripts run.
type start struct {
	source *dockerfile.Source
	// steps are the commands in the order in which they run.
	steps []step
	// scripts are the shell scripts whose shell gets the stop signal.
	scripts []startScript
	// unseen is whether it runs a program that may be a script of the base image or
	// of a build, and then may run others.
	unseen bool
	// groups is whether an init signals all processes of the container, and not only
	// the one that it has started; reaps whether one waits for orphans.
	groups, reaps bool
	// supervised is whether an init stops the programs by signals of its own.
	supervised bool
}

// startScript is a shell script that runs at the start.
type startScript struct {
	*dockerfile.Script
	// by is the ENTRYPOINT or CMD that runs it.
	by *dockerfile.Instruction
	// name is the path that it is called by; empty for one that stands in the
	// instruction.
	name string
	// steps are the commands that its own shell runs, last among them the program
	// that it ends with.
	steps []step
	// traps is whether it handles the stop signal itself.
	traps bool
	// sources is whether it reads another file, which may define functions.
	sources bool
}

// step is one command of a start.
type step struct {
	dockerfile.Call
	// by is the ENTRYPOINT or CMD that runs it.
	by *dockerfile.Instruction
	// conditional is whether a condition decides that it runs.
	conditional bool
	// background is whether the script goes on without waiting for it.
	background bool
	// inner is whether it runs in a subshell or a pipe, where exec replaces
	// nothing but that.
	inner bool
	// piped is whether its output goes into a pipe.
	piped bool
	// last is whether the script, or one of its branches, ends with it.
	last bool
	// exec is whether it replaces the shell.
	exec bool
	// followed is whether the steps behind it are what it runs.
	followed bool
}

// passes reports whether it is what the script's own arguments name.
func (s step) passes() bool {
	return slices.Contains([]string{"$@", "${@}", "$*", "${*}"}, s.Words[0])
}

// groupInits signal the whole process group, reapers wait for orphaned processes.
var (
	groupInits = []string{"dumb-init"}
	reapers    = []string{"tini", "tini-static", "dumb-init", "catatonit"}
)

var starts = dockerfile.NewFact(newStart)

// newStart follows what the image starts with.
func newStart(s *dockerfile.Source) *start {
	st := &start{source: s}
	config := s.Final.Config
	if s.Windows() {
		return st
	}
	entrypoint, cmd := config.Entrypoint, config.Cmd
	for _, in := range []*dockerfile.Instruction{entrypoint, cmd} {
		if in != nil {
			st.init(commandLine(in).CmdLine)
		}
	}
	var arguments []string
	if cmd != nil && !commandLine(cmd).PrependShell {
		arguments = commandLine(cmd).CmdLine
	}
	switch {
	case entrypoint == nil && cmd == nil:
		st.unseen = true
		return st
	case entrypoint == nil:
		st.instruction(cmd, nil)
		return st
	case commandLine(entrypoint).PrependShell:
		st.instruction(entrypoint, nil)
		return st // which leaves CMD out
	}
	words := commandLine(entrypoint).CmdLine
	if cmd != nil && runsRest(words) {
		if len(arguments) == 0 {
			st.instruction(cmd, nil)
			return st
		}
		calls, err := dockerfile.CallsOf(slices.Concat(words, arguments), cmd.Location)
		st.calls(cmd, calls, err, nil)
		return st
	}
	st.instruction(entrypoint, arguments)
	passes := st.unseen || slices.ContainsFunc(st.steps, step.passes)
	if cmd != nil && passes {
		st.instruction(cmd, nil)
	}
	return st
}

// runsRest reports whether a command line needs another one behind it: that of an
// init, or a shell with -c alone.
func runsRest(words []string) bool {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "--" })
	if len(words) == 0 {
		return true
	}
	if dockerfile.IsShell(words[len(words)-1]) {
		return false
	}
	calls, err := dockerfile.CallsOf(words, checks.Location{})
	if err != nil || len(calls) != 1 {
		return false
	}
	call := calls[0]
	options := !slices.ContainsFunc(call.Words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") })
	if dockerfile.IsShell(call.Program()) {
		return options && len(call.Words) > 1 && strings.Contains(call.Words[len(call.Words)-1], "c")
	}
	return options && slices.Contains(reapers, call.Program())
}

// init enters what an init among the words does with signals and orphans.
func (st *start) init(words []string) {
	for i, word := range words {
		name := path.Base(word)
		if !slices.Contains(reapers, name) {
			continue
		}
		st.reaps = true
		rest := words[i+1:]
		end := slices.IndexFunc(rest, func(w string) bool { return w == "--" || !strings.HasPrefix(w, "-") })
		if end < 0 {
			end = len(rest)
		}
		options := rest[:end]
		single := slices.Contains(options, "-c") || slices.Contains(options, "--single-child")
		group := slices.ContainsFunc(options, func(o string) bool { return isLetters(o) && strings.Contains(o, "g") })
		st.groups = st.groups || slices.Contains(groupInits, name) && !single || group
	}
	for _, name := range words {
		switch name {
		case "/init", "/sbin/my_init", "/sbin/init", "s6-svscan", "/usr/lib/systemd/systemd":
			st.reaps, st.groups, st.unseen, st.supervised = true, true, true, true
		}
	}
}

// instruction enters what an ENTRYPOINT or CMD runs; arguments are those that it
// is given besides.
func (st *start) instruction(in *dockerfile.Instruction, arguments []string) {
	if in.ShellError != nil {
		st.unseen = true
	}
	if in.Script != nil {
		st.script(in.Script, in, "", nil, frame{by: in, first: true})
		return
	}
	st.calls(in, in.Calls, in.ShellError, arguments)
}

// calls enters what a command line in exec form runs.
func (st *start) calls(by *dockerfile.Instruction, calls []dockerfile.Call, err error, arguments []string) {
	if err != nil || len(calls) == 0 {
		st.unseen = true
		return
	}
	first := frame{by: by, first: true}
	if script := calls[0].Script; script != nil {
		first.first = replaces(calls[0].Through)
		st.script(script, by, "", arguments, first)
		return
	}
	call := calls[0]
	first.first = replaces(call.Through)
	st.run(step{Call: call, by: by, last: true, exec: true}, first, arguments)
}

// replaces reports whether these programs all give their place to the one that
// they run, or are an init that hands the signals on.
func replaces(through []string) bool {
	return !slices.ContainsFunc(through, func(program string) bool {
		return !dockerfile.IsShell(program) && !slices.Contains(reapers, program) && !dockerfile.Execs(program)
	})
}

// frame is where in a start a script runs.
type frame struct {
	by *dockerfile.Instruction
	// first is whether it is the process that gets the stop signal.
	first bool
	// depth counts the scripts that it is run by.
	depth int
	// outer is the step that runs it.
	outer step
}

// run enters one step, and what the script that it runs does.
func (st *start) run(s step, f frame, arguments []string) {
	if len(st.steps) >= maxSteps {
		return
	}
	name, rest, sourced := scriptOf(s.Words)
	at := len(st.steps)
	st.steps = append(st.steps, s)
	if f.depth < maxScripts {
		for _, script := range st.packageScripts(s.Words) {
			st.steps[at].followed = true
			outer := s
			outer.last = true
			st.script(script, f.by, "", nil, frame{by: f.by, depth: f.depth + 1, outer: outer})
		}
	}
	if name == "" || f.depth >= maxScripts {
		return
	}
	script := st.find(name, name != s.Words[0])
	if script == nil || script.Shell == nil && name == s.Words[0] && path.Ext(name) != ".sh" {
		st.unseen = st.unseen || mayBeScript(name)
		return
	}
	inner := frame{by: f.by, first: f.first && (s.exec || sourced) && !s.inner && !s.background, depth: f.depth + 1, outer: s}
	inner.outer.last = s.last || !sourced
	st.steps[at].followed = true
	all := slices.IndexFunc(rest, func(w string) bool { return w == "$@" || w == "${@}" })
	switch {
	case all >= 0:
		rest = slices.Concat(rest[:all], arguments, rest[all+1:])
	case s.Script == nil:
		rest = slices.Concat(rest, arguments)
	}
	st.script(script, f.by, name, rest, inner)
}

// packageScripts returns what npm start and its like run by a package.json of the
// build context: the script of that name, and the one that comes before it.
func (st *start) packageScripts(words []string) []*dockerfile.Script {
	name := packageScript(words)
	if name == "" {
		return nil
	}
	files := newImageFiles(st.source)
	file := files.path(path.Join(files.workdir(), "package.json"))
	text, err := st.source.ReadFile(file)
	if file == "" || err != nil {
		return nil
	}
	var manifest struct {
		Scripts map[string]string `json:"scripts"`
	}
	if json.Unmarshal(text, &manifest) != nil {
		return nil
	}
	var scripts []*dockerfile.Script
	for _, script := range []string{"pre" + name, name} {
		where := checks.Location{Path: file}
		if before, _, ok := strings.Cut(string(text), `"`+script+`"`); ok {
			where.Line = strings.Count(before, "\n") + 1
		}
		if parsed, err := dockerfile.ParseScript(manifest.Scripts[script], where); err == nil && manifest.Scripts[script] != "" {
			scripts = append(scripts, parsed)
		}
	}
	return scripts
}

// mayBeScript reports whether a program that the source does not show may run
// others: an entrypoint, or what has a script's name or a path of its own.
func mayBeScript(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.Contains(base, "entrypoint") || slices.Contains([]string{"init", "start", "run", "boot"}, base) || path.Ext(base) == ".sh"
}

// scriptOf returns the file that a command line may run as a script, what it
// gives to it, and whether it does so in the shell itself.
func scriptOf(words []string) (name string, rest []string, sourced bool) {
	switch program := path.Base(words[0]); {
	case (words[0] == "." || words[0] == "source") && len(words) > 1:
		name, rest, sourced = words[1], words[2:], true
	case dockerfile.IsShell(program):
		for i := 1; i < len(words); i++ {
			if word := words[i]; !strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "+") {
				name, rest = word, words[i+1:]
				break
			} else if strings.HasSuffix(word, "o") {
				i++ // the option's name
			}
		}
	default:
		name, rest = words[0], words[1:]
	}
	if strings.ContainsAny(name, "$`*?~") {
		return "", nil, false
	}
	return name, rest, sourced
}

// searchPath is where programs are looked for that are called by name.
var searchPath = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// find returns the script that a program is in the image, as far as it is known.
// Operand is whether a shell reads it, which looks into the working directory.
func (st *start) find(name string, operand bool) *dockerfile.Script {
	files := newImageFiles(st.source)
	if strings.Contains(name, "/") || operand {
		at := files.workdir()
		if path.IsAbs(name) {
			at = "/"
		}
		if script := files.script(path.Join(at, name)); script != nil || strings.Contains(name, "/") {
			return script
		}
	}
	for _, dir := range searchPath {
		if script := files.script(path.Join(dir, name)); script != nil {
			return script
		}
	}
	return nil
}

// script enters what a script runs.
func (st *start) script(script *dockerfile.Script, by *dockerfile.Instruction, name string, arguments []string, f frame) {
	w := &walk{start: st, script: script, frame: f, arguments: arguments, functions: map[string]*syntax.Stmt{}}
	syntax.Walk(script.File, func(node syntax.Node) bool {
		if f, ok := node.(*syntax.FuncDecl); ok && f.Name != nil {
			w.functions[f.Name.Value] = f.Body
		}
		return true
	})
	last := f.outer
	if f.depth == 0 {
		last = step{by: by, last: true}
	}
	w.stmts(script.File.Stmts, last)
	if f.first {
		st.scripts = append(st.scripts, startScript{Script: script, by: by, name: name, steps: w.steps, traps: w.traps, sources: w.sources})
	}
}

// walk goes over the commands of one script.
type walk struct {
	*start
	script    *dockerfile.Script
	frame     frame
	arguments []string
	functions map[string]*syntax.Stmt
	called    []string // functions, outermost first
	steps     []step
	traps     bool
	sources   bool
	replaced  bool // by an exec that runs in any case
}

// stmts goes over a list of statements, in the manner of the step that it is.
func (w *walk) stmts(list []*syntax.Stmt, as step) {
	// What only ends the script comes behind the program that it ends with.
	end := len(list)
	for end > 0 && w.ends(list[end-1]) {
		end--
	}
	for i, stmt := range list {
		of := as
		of.last = as.last && i >= end-1
		w.stmt(stmt, of)
	}
}

// ends reports whether a statement only ends the script.
func (w *walk) ends(stmt *syntax.Stmt) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && slices.Contains([]string{"exit", "return"}, w.script.Word(call.Args[0]))
}

func (w *walk) stmt(stmt *syntax.Stmt, as step) {
	if stmt == nil || w.replaced || len(w.start.steps) >= maxSteps {
		return
	}
	if stmt.Background || stmt.Coprocess {
		as.background, as.last, as.inner = true, false, true
	}
	aside := func(conditional bool) step {
		of := as
		of.last, of.conditional = false, as.conditional || conditional
		return of
	}
	switch cmd := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		w.call(cmd, as)
	case *syntax.BinaryCmd:
		switch cmd.Op {
		case syntax.AndStmt:
			w.stmt(cmd.X, aside(false))
			as.conditional = as.conditional || w.tests(cmd.X)
			w.stmt(cmd.Y, as)
		case syntax.OrStmt:
			w.stmt(cmd.X, as)
			as.conditional = true
			w.stmt(cmd.Y, as)
		default:
			as.inner = true
			left := as
			left.piped = true
			w.stmt(cmd.X, left)
			as.last = false
			w.stmt(cmd.Y, as)
		}
	case *syntax.Block:
		w.stmts(cmd.Stmts, as)
	case *syntax.Subshell:
		as.inner = true
		w.stmts(cmd.Stmts, as)
	case *syntax.TimeClause:
		as.inner = true
		w.stmt(cmd.Stmt, as)
	case *syntax.IfClause:
		held := false
		for branch := cmd; branch != nil; branch = branch.Else {
			w.stmts(branch.Cond, aside(held))
			of := as
			if of.conditional = true; !held && len(branch.Cond) > 0 && w.holds(branch.Cond) {
				of.conditional, held = as.conditional, true
			}
			w.stmts(branch.Then, of)
		}
	case *syntax.CaseClause:
		for _, item := range cmd.Items {
			of := as
			of.conditional = as.conditional || !w.chosen(cmd.Word, item.Patterns)
			w.stmts(item.Stmts, of)
		}
	case *syntax.WhileClause:
		w.stmts(cmd.Cond, aside(false))
		w.stmts(cmd.Do, aside(true))
	case *syntax.ForClause:
		w.stmts(cmd.Do, aside(true))
	}
}

// tests reports whether a statement only looks at something.
func (w *walk) tests(stmt *syntax.Stmt) bool {
	switch cmd := stmt.Cmd.(type) {
	case *syntax.TestClause, *syntax.ArithmCmd:
		return true
	case *syntax.BinaryCmd:
		return w.tests(cmd.Y)
	case *syntax.CallExpr:
		return len(cmd.Args) > 0 && slices.Contains([]string{"[", "test", "command", "which", "grep", "false"}, w.script.Word(cmd.Args[0]))
	}
	return false
}

// holds reports whether a condition is known to hold for the arguments that the
// script is given: it compares one of them with a word that is among them.
func (w *walk) holds(cond []*syntax.Stmt) bool {
	positional, equal, negated := false, false, false
	for _, stmt := range cond {
		syntax.Walk(stmt, func(node syntax.Node) bool {
			switch node := node.(type) {
			case *syntax.Stmt:
				negated = negated || node.Negated
			case *syntax.BinaryTest:
				negated = negated || node.Op == syntax.TsNoMatch
			case *syntax.UnaryTest:
				negated = negated || node.Op == syntax.TsNot || node.Op == syntax.TsEmpStr
			case *syntax.ParamExp:
				positional = positional || isPositional(node)
			case *syntax.Word:
				switch word := w.script.Word(node); word {
				case "!=", "!", "-z", "-o":
					negated = true
				default:
					equal = equal || slices.Contains(w.arguments, word)
				}
			}
			return true
		})
	}
	return positional && equal && !negated
}

// chosen reports whether a case is known to be the one for the arguments.
func (w *walk) chosen(word *syntax.Word, patterns []*syntax.Word) bool {
	positional := false
	if word != nil {
		syntax.Walk(word, func(node syntax.Node) bool {
			p, ok := node.(*syntax.ParamExp)
			positional = positional || ok && isPositional(p) && p.Param.Value == "1"
			return true
		})
	}
	return positional && len(w.arguments) > 0 && slices.ContainsFunc(patterns, func(p *syntax.Word) bool {
		return w.script.Word(p) == w.arguments[0]
	})
}

// isPositional reports whether a variable is one of the script's arguments.
func isPositional(p *syntax.ParamExp) bool {
	return p.Param != nil && (p.Param.Value == "@" || p.Param.Value == "*" || isNumber(p.Param.Value) && p.Param.Value != "0")
}

func (w *walk) call(node *syntax.CallExpr, as step) {
	if len(node.Args) == 0 {
		return
	}
	program := w.script.Word(node.Args[0])
	if body, ok := w.functions[program]; ok {
		if !slices.Contains(w.called, program) && len(w.called) < maxScripts {
			w.called = append(w.called, program)
			w.stmt(body, as)
			w.called = w.called[:len(w.called)-1]
		}
		return
	}
	switch {
	case program == "trap" && len(node.Args) > 2:
		w.traps = w.traps || trapsStop(w.script, node)
	case program == "." || program == "source":
		w.sources = true
	case program == "shift", program == "set" && len(node.Args) > 1 && w.script.Word(node.Args[1]) == "--":
		w.arguments = nil
	}
	calls, err := w.script.CallsOf(node)
	if err != nil || len(calls) == 0 {
		w.unseen = w.unseen || err != nil
		return
	}
	as.by = w.frame.by
	as.exec = program == "exec"
	inner := w.frame
	if script := calls[0].Script; script != w.script {
		// A shell with -c; a shell that it replaces is judged by its own script.
		inner.first = w.frame.first && as.exec && !as.inner && replaces(calls[0].Through)
		inner.depth++
		inner.outer = as
		inner.outer.last = true
		as.Call = dockerfile.Call{Words: []string{calls[0].Through[len(calls[0].Through)-1]}, Location: w.script.Location(node), Script: w.script, Node: node}
		w.steps = append(w.steps, as)
		if inner.depth < maxScripts {
			w.start.script(script, w.frame.by, "", nil, inner)
		}
		w.endsBy(as)
		return
	}
	as.Call = calls[0]
	w.steps = append(w.steps, as)
	w.run(as, inner, w.arguments)
	w.endsBy(as)
}

// endsBy notes that nothing runs behind an exec.
func (w *walk) endsBy(s step) {
	bare := len(s.Words) == 1 && s.Words[0] == "exec" // which only redirects
	w.replaced = w.replaced || s.exec && !bare && !s.conditional && !s.inner && !s.background
}

// trapsStop reports whether a trap handles a signal that stops.
func trapsStop(script *dockerfile.Script, node *syntax.CallExpr) bool {
	return slices.ContainsFunc(node.Args[2:], func(arg *syntax.Word) bool {
		name := strings.TrimPrefix(strings.ToUpper(script.Word(arg)), "SIG")
		return slices.Contains([]string{"TERM", "INT", "QUIT", "15", "2", "3", "EXIT", "0", "CHLD"}, name)
	})
}
