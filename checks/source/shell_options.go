package source

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// shellOptions are the options of a shell by which a failure stops it.
type shellOptions struct{ errexit, pipefail bool }

// shellOf returns the command line of the shell that runs a script; nil for the
// default shell of the base image.
func shellOf(in *dockerfile.Instruction, script *dockerfile.Script) []string {
	if script.Shell == nil && in.Before.Shell != nil {
		return in.Before.Shell.Command.(*instructions.ShellCommand).Shell
	}
	return script.Shell
}

// optionsOf returns the options that a script starts with.
func optionsOf(in *dockerfile.Instruction, script *dockerfile.Script) shellOptions {
	var o shellOptions
	if words := shellOf(in, script); len(words) > 0 {
		o.read(words[1:])
	}
	return o
}

// read enters the options of a shell, or of set.
func (o *shellOptions) read(args []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		on := strings.HasPrefix(arg, "-")
		switch {
		case strings.HasPrefix(arg, "--") && arg != "--":
			continue
		case len(arg) < 2 || !on && arg[0] != '+' || arg == "--":
			return
		}
		if strings.Contains(arg, "e") {
			o.errexit = on
		}
		if strings.HasSuffix(arg, "o") && i+1 < len(args) {
			i++
			switch args[i] {
			case "errexit":
				o.errexit = on
			case "pipefail":
				o.pipefail = on
			}
		}
		if strings.Contains(arg, "c") {
			return // the script
		}
	}
}

// callsByNode are the calls of an instruction by where they stand.
func callsByNode(in *dockerfile.Instruction) map[*syntax.CallExpr]dockerfile.Call {
	calls := make(map[*syntax.CallExpr]dockerfile.Call, len(in.Calls))
	for _, call := range in.Calls {
		if call.Node != nil {
			calls[call.Node] = call
		}
	}
	return calls
}

// failures finds the calls of a script whose failure is lost.
type failures struct {
	calls map[*syntax.CallExpr]dockerfile.Call
	// spares are the calls whose failure may be lost.
	spares func(dockerfile.Call) bool
}

// of returns the first call that can make a statement fail, or fail in it
// unnoticed; nil if there is none. What has an alternative (a || b) cannot.
func (f failures) of(stmt *syntax.Stmt) *syntax.CallExpr {
	if stmt == nil || stmt.Negated || stmt.Background {
		return nil
	}
	switch cmd := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		return f.ofCall(cmd)
	case *syntax.BinaryCmd:
		if cmd.Op == syntax.AndStmt {
			if call := f.of(cmd.X); call != nil {
				return call
			}
		}
		if cmd.Op == syntax.OrStmt && firstWord(cmd.X) != "" && firstWord(cmd.X) == firstWord(cmd.Y) {
			return nil // another try, from another server
		}
		return f.of(cmd.Y)
	case *syntax.Block:
		return f.ofAny(cmd.Stmts)
	case *syntax.Subshell:
		return f.ofAny(cmd.Stmts)
	case *syntax.TimeClause:
		return f.of(cmd.Stmt)
	case *syntax.IfClause:
		for branch := cmd; branch != nil; branch = branch.Else {
			if call := f.ofAny(branch.Then); call != nil {
				return call
			}
		}
	case *syntax.CaseClause:
		for _, item := range cmd.Items {
			if call := f.ofAny(item.Stmts); call != nil {
				return call
			}
		}
	case *syntax.ForClause:
		if !leavesLoop(cmd.Do) {
			return f.ofAny(cmd.Do)
		}
	}
	return nil
}

// firstWord returns the first program that a statement calls, as far as it stands
// there.
func firstWord(stmt *syntax.Stmt) string {
	word := ""
	syntax.Walk(stmt, func(node syntax.Node) bool {
		if call, ok := node.(*syntax.CallExpr); ok && word == "" && len(call.Args) > 0 {
			word = call.Args[0].Lit()
		}
		return word == ""
	})
	return word
}

func (f failures) ofAny(stmts []*syntax.Stmt) *syntax.CallExpr {
	for _, stmt := range stmts {
		if call := f.of(stmt); call != nil {
			return call
		}
	}
	return nil
}

func (f failures) ofCall(node *syntax.CallExpr) *syntax.CallExpr {
	if len(node.Args) > 0 {
		if call, ok := f.calls[node]; ok && f.spares(call) {
			return nil
		}
		return node
	}
	for _, assign := range node.Assigns { // A=$(call)
		if assign.Value == nil {
			continue
		}
		var found *syntax.CallExpr
		syntax.Walk(assign.Value, func(n syntax.Node) bool {
			if subst, ok := n.(*syntax.CmdSubst); ok && found == nil && len(subst.Stmts) > 0 {
				found = f.of(subst.Stmts[len(subst.Stmts)-1])
				return false
			}
			return found == nil
		})
		if found != nil {
			return found
		}
	}
	return nil
}

// leavesLoop reports whether the body of a loop has a way out: it tries something
// until it works.
func leavesLoop(body []*syntax.Stmt) bool {
	found := false
	for _, stmt := range body {
		syntax.Walk(stmt, func(node syntax.Node) bool {
			if call, ok := node.(*syntax.CallExpr); ok && len(call.Args) > 0 {
				found = found || slices.Contains([]string{"break", "exit", "return"}, call.Args[0].Lit())
			}
			return !found
		})
	}
	return found
}

// tolerated are programs that hardly fail, or whose failure is nothing to stop for.
var tolerated = []string{
	"echo", "printf", "true", ":", "set", "export", "unset", "shopt", "trap", "umask", "ulimit", "alias", "unalias", "local", "readonly", "declare",
	"exit", "return", "break", "continue", "shift", "sleep", "wait", "date", "ls", "pwd", "whoami", "id", "env", "printenv", "which", "type", "hash", "mkdir",
	"test", "[", "cat", "clear", "rm", "rmdir", "find", "kill", "pkill", "killall", "userdel", "deluser", "groupdel", "delgroup", "ldconfig", "sync",
	"uname", "arch", "nproc", "df", "du", "free", "ps", "history", "file", "head", "tail", "wc", "grep", "egrep", "fgrep", "touch", "tee", "hostname",
}

// isHarmless reports whether the failure of a call is nothing to stop for.
func isHarmless(call dockerfile.Call) bool {
	program, args := call.Program(), call.Words[1:]
	if slices.Contains(tolerated, program) {
		return true
	}
	if len(args) == 1 && slices.Contains([]string{"--version", "-version", "-v", "-V", "version", "--help"}, args[0]) {
		return true
	}
	p, ok := parsePackages(call)
	return ok && (p.action == actionClean || p.action == actionRemove)
}

// isOptional reports whether a call runs only if something holds: in if, case or
// while, behind || or behind a test.
func isOptional(call dockerfile.Call) bool {
	if call.Node == nil {
		return false
	}
	holds := func(node syntax.Node) bool {
		return node.Pos().Offset() <= call.Node.Pos().Offset() && call.Node.Pos().Offset() < node.End().Offset()
	}
	found := false
	syntax.Walk(call.Script.File, func(node syntax.Node) bool {
		if node == nil || found || !holds(node) {
			return false
		}
		switch node := node.(type) {
		case *syntax.IfClause, *syntax.CaseClause, *syntax.WhileClause, *syntax.FuncDecl:
			found = true
		case *syntax.BinaryCmd:
			found = holds(node.Y) && (node.Op == syntax.OrStmt || node.Op == syntax.AndStmt && isTest(node.X))
		}
		return !found
	})
	return found
}

// isTest reports whether a statement is a test, or ends in one: a && [ -n "$b" ].
func isTest(stmt *syntax.Stmt) bool {
	switch cmd := stmt.Cmd.(type) {
	case *syntax.TestClause:
		return true
	case *syntax.BinaryCmd:
		return isTest(cmd.X) || isTest(cmd.Y)
	case *syntax.CallExpr:
		return len(cmd.Args) > 0 && slices.Contains([]string{"[", "test", "grep", "which", "command"}, cmd.Args[0].Lit())
	}
	return false
}

// commandName returns how a message names a call: the program, with what a package
// manager is called to do.
func commandName(call dockerfile.Call) string {
	if p, ok := parsePackages(call); ok {
		return p.command
	}
	return call.Program()
}
