package source

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var healthcheckFails = Check{
	Rule: checks.Rule{
		ID:        "source/healthcheck-fails",
		Title:     "The HEALTHCHECK fails when the application does",
		Severity:  checks.Medium,
		Why:       "A check that passes whatever happens is worse than none: the container counts as healthy while it serves errors, and the platform keeps sending requests to it.",
		Fix:       "Ask the application itself, and let the answer be the exit status: curl --fail http://localhost:8000/health || exit 1.",
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
	},
	Good: `
FROM python:3.12.8
HEALTHCHECK CMD curl --fail http://localhost:8000/health || exit 1
`,
	Bad: `
FROM python:3.12.8
HEALTHCHECK CMD curl http://localhost:8000/health || true
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		in := healthTest(s)
		if in == nil || in.ShellError != nil || s.Windows() {
			return checks.Outcome{}
		}
		v := verdict{in: in}
		switch {
		case in.Script != nil:
			v.script(in.Script)
		case len(in.Calls) > 0 && in.Calls[0].Script != nil:
			v.script(in.Calls[0].Script)
		case len(in.Calls) == 1:
			v.call(in.Calls[0])
		}
		if v.always != "" {
			f := checks.At(v.where, "the HEALTHCHECK can never fail: %s", v.always)
			f.Fix = "Remove that, and let the exit status of the check count; write || exit 1 behind it."
			return checks.Found(f)
		}
		return checks.Found(v.weak()...)
	},
}

// verdict is what the exit status of a HEALTHCHECK comes from.
type verdict struct {
	in *dockerfile.Instruction
	// always says why the status is 0 in any case, and where; empty if it is not.
	always string
	where  checks.Location
	// decide are the calls whose status counts.
	decide []dockerfile.Call
	depth  int
}

// passing are programs whose status is always 0.
var passing = []string{"true", ":", "echo", "printf", "date", "pwd"}

// swallowing are programs that end in 0 whatever they read from a pipe.
var swallowing = []string{"cat", "tee", "head", "tail", "sort", "wc", "tr", "sed"}

func (v *verdict) pass(where checks.Location, why string) {
	if v.always == "" {
		v.always, v.where = why, where
	}
}

func (v *verdict) call(call dockerfile.Call) {
	if call.Script == nil && (slices.Contains(passing, call.Program())) {
		v.pass(call.Location, call.Program()+" always succeeds")
		return
	}
	v.decide = append(v.decide, call)
}

func (v *verdict) script(script *dockerfile.Script) {
	stmts := script.File.Stmts
	if len(stmts) == 0 || v.depth > maxScripts {
		return
	}
	v.depth++
	if len(stmts) > 1 && exitsEarly(script, stmts) {
		return
	}
	v.stmt(script, stmts[len(stmts)-1])
}

// exitsEarly reports whether a script may end with a failure before its last
// statement, or where that is not plain.
func exitsEarly(script *dockerfile.Script, stmts []*syntax.Stmt) bool {
	early := false
	for i, stmt := range stmts {
		syntax.Walk(stmt, func(node syntax.Node) bool {
			call, ok := node.(*syntax.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			switch script.Word(call.Args[0]) {
			case "set", "trap", ".", "source", "exec", "return":
				early = true
			case "exit":
				status := ""
				if len(call.Args) > 1 {
					status = script.Word(call.Args[1])
				}
				early = early || status != "0" && !(i == len(stmts)-1 && status == "")
			}
			return true
		})
	}
	return early
}

// stmt follows what the status of a statement comes from.
func (v *verdict) stmt(script *dockerfile.Script, stmt *syntax.Stmt) {
	if stmt.Negated {
		return
	}
	if stmt.Background {
		v.pass(script.Location(stmt), "it does not wait for what it calls")
		return
	}
	switch cmd := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		if why := passes(script, stmt); why != "" {
			v.pass(script.Location(cmd), why)
			return
		}
		calls, err := script.CallsOf(cmd)
		if err != nil || len(calls) == 0 {
			return
		}
		if calls[0].Script != script {
			v.script(calls[0].Script)
			return
		}
		v.decide = append(v.decide, calls[0])
	case *syntax.BinaryCmd:
		switch cmd.Op {
		case syntax.OrStmt:
			if why := passes(script, cmd.Y); why != "" {
				v.pass(script.Location(cmd.Y), "behind || "+why)
				return
			}
			v.stmt(script, cmd.X)
			if call, ok := cmd.Y.Cmd.(*syntax.CallExpr); !ok || len(call.Args) == 0 || !slices.Contains([]string{"exit", "false", "return"}, script.Word(call.Args[0])) {
				v.stmt(script, cmd.Y)
			}
		case syntax.AndStmt:
			v.and(script, cmd.X)
			v.and(script, cmd.Y)
		default:
			v.pipe(script, cmd)
		}
	case *syntax.Block:
		if len(cmd.Stmts) > 0 && !(len(cmd.Stmts) > 1 && exitsEarly(script, cmd.Stmts)) {
			v.stmt(script, cmd.Stmts[len(cmd.Stmts)-1])
		}
	case *syntax.Subshell:
		if len(cmd.Stmts) > 0 && !(len(cmd.Stmts) > 1 && exitsEarly(script, cmd.Stmts)) {
			v.stmt(script, cmd.Stmts[len(cmd.Stmts)-1])
		}
	}
}

// and follows one side of &&, which fails if either does.
func (v *verdict) and(script *dockerfile.Script, stmt *syntax.Stmt) {
	if passes(script, stmt) == "" {
		v.stmt(script, stmt)
	}
}

func (v *verdict) pipe(script *dockerfile.Script, cmd *syntax.BinaryCmd) {
	call, ok := cmd.Y.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return
	}
	program := script.Word(call.Args[0])
	if slices.Contains(swallowing, program) || slices.Contains(passing, program) {
		v.pass(script.Location(cmd.Y), "the status of the pipe is that of "+program+", which always succeeds")
		return
	}
	// Who reads the list of processes only sees that there is one.
	lists := false
	syntax.Walk(cmd.X, func(node syntax.Node) bool {
		if c, ok := node.(*syntax.CallExpr); ok && len(c.Args) > 0 {
			lists = lists || slices.Contains([]string{"ps", "top"}, script.Word(c.Args[0]))
		}
		return true
	})
	if lists && program == "grep" {
		v.decide = append(v.decide, dockerfile.Call{Words: []string{"ps"}, Location: script.Location(cmd), Script: script})
		return
	}
	v.stmt(script, cmd.Y)
}

// passes says why a statement always succeeds; empty if it may fail.
func passes(script *dockerfile.Script, stmt *syntax.Stmt) string {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 || stmt.Negated {
		return ""
	}
	program := script.Word(call.Args[0])
	if program == "exit" && len(call.Args) > 1 && script.Word(call.Args[1]) == "0" {
		return "exit 0 says that all is well"
	}
	if slices.Contains(passing, program) {
		return program + " always succeeds"
	}
	return ""
}

// weak returns the findings of calls that decide and say little.
func (v *verdict) weak() []checks.Finding {
	var findings []checks.Finding
	process := 0
	for _, call := range v.decide {
		switch {
		case call.Program() == "curl" && passesOnError(call):
			f := checks.At(call.Location, "curl without --fail passes on an error page: HTTP 500 counts as healthy")
			f.Subject, f.Fix = "curl", "Write curl --fail."
			findings = append(findings, f)
		case seesProcess(call):
			process++
		}
	}
	if process > 0 && process == len(v.decide) {
		call := v.decide[0]
		f := checks.At(call.Location, "%s only sees that a process is there, not that it answers", call.Program())
		f.Subject, f.Severity = call.Program(), checks.Low
		findings = append(findings, f)
	}
	return findings
}

// seesProcess reports whether a call looks for a process and asks it nothing.
func seesProcess(call dockerfile.Call) bool {
	args := call.Words[1:]
	switch call.Program() {
	case "pgrep", "pidof", "ps":
		return true
	case "kill", "killall", "pkill":
		return slices.Contains(args, "-0")
	case "service", "systemctl", "rc-service", "supervisorctl":
		return slices.Contains(args, "status") || slices.Contains(args, "is-active")
	}
	return false
}

// passesOnError reports whether a curl that asks by HTTP ends in 0 where the
// answer is an error.
func passesOnError(call dockerfile.Call) bool {
	asks := false
	for i := 1; i < len(call.Words); i++ {
		word := call.Words[i]
		switch {
		case strings.HasPrefix(word, "--"):
			name, _, _ := strings.Cut(word, "=")
			if name == "--fail" || name == "--fail-with-body" || name == "--config" || name == "--version" {
				return false
			}
		case strings.HasPrefix(word, "-") && len(word) > 1:
			for at, letter := range word[1:] {
				if letter == 'f' || letter == 'K' || letter == 'V' {
					return false
				}
				if strings.ContainsRune(curlValued, letter) {
					if at == len(word)-2 {
						i++
					}
					break
				}
			}
		case strings.HasPrefix(word, "$") && !strings.Contains(strings.ReplaceAll(strings.ToUpper(word), "CURL", ""), "UR") && !strings.ContainsAny(word, "/:."):
			return false // may be options
		case strings.Contains(word, "://") && !strings.HasPrefix(strings.ToLower(word), "http") && !strings.HasPrefix(word, "$"):
			return false
		default:
			asks = true
		}
	}
	return asks
}
