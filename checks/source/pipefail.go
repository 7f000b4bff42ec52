package source

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var pipefail = Check{
	Rule: checks.Rule{
		ID:        "source/pipefail",
		Title:     "A RUN fails when a command before a pipe fails",
		Severity:  checks.Medium,
		Why:       "The status of a pipe is that of its last command: a download that broke off, or a generator that crashed, gives the next one half of its input or none, and the build goes on.",
		Fix:       `Write SHELL ["/bin/bash", "-o", "pipefail", "-c"] before the RUN; on Alpine set -o pipefail && at its head, or SHELL ["/bin/ash", "-o", "pipefail", "-c"].`,
		Reference: "https://docs.docker.com/build/building/best-practices/#using-pipes",
		Aliases:   []string{"DL4006"},
		Differs:   "DL4006 reports every pipe. Here a pipe passes that loses nothing: one from echo, yes or what only reads files of the image, one into grep or sha256sum -c, which fail without input, one in a condition or before || true.",
	},
	Good: `
FROM debian:12.8-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN curl -fsSL https://example.com/key.asc | gpg --dearmor -o /usr/share/keyrings/example.gpg
`,
	Bad: `
FROM debian:12.8-slim
RUN curl -fsSL https://example.com/key.asc | gpg --dearmor -o /usr/share/keyrings/example.gpg
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			if stage.Windows() {
				continue // cmd has other rules
			}
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" {
					continue
				}
				for _, script := range in.Scripts() {
					call, ok := lostInPipe(in, script)
					if !ok {
						continue
					}
					f := checks.At(call.Location, "the RUN goes on when %s fails: the status of the pipe is that of its last command", commandName(call))
					f.Subject, f.Fix = commandName(call), pipefailFix(in, script)
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// pipefailFix says how to set pipefail: the sh of Alpine and of the Red Hat family
// has it, that of Debian has not.
func pipefailFix(in *dockerfile.Instruction, script *dockerfile.Script) string {
	root := in.Stage.Root()
	base := strings.ToLower(root.BaseName.Text)
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(base, name) })
	}
	shell := shellOf(in, script)
	able := len(shell) > 0 && !slices.Contains([]string{"sh", "dash"}, shell[0][strings.LastIndex(shell[0], "/")+1:])
	able = able || has("/ubi", "opensuse") || slices.ContainsFunc(distributions, func(name string) bool {
		return name != "debian" && name != "ubuntu" && has(name)
	})
	run, _ := in.Command.(*instructions.RunCommand)
	switch {
	case able && run != nil && len(run.Files) > 0 && script == in.Script:
		return "Write set -o pipefail in the first line of the heredoc"
	case able:
		return "Write set -o pipefail && at the head of the command"
	case !root.BaseName.Known:
		return `Write SHELL ["/bin/bash", "-o", "pipefail", "-c"] before it, "/bin/ash" on Alpine`
	}
	return `Write SHELL ["/bin/bash", "-o", "pipefail", "-c"] before it: the sh of Debian and Ubuntu has no pipefail`
}

// lostInPipe returns the first call before a pipe whose failure is lost.
func lostInPipe(in *dockerfile.Instruction, script *dockerfile.Script) (dockerfile.Call, bool) {
	if optionsOf(in, script).pipefail {
		return dockerfile.Call{}, false
	}
	piped := false
	for _, call := range in.Calls {
		if call.Script != script {
			continue
		}
		if (call.Program() == "set" || call.Program() == "shopt") && slices.Contains(call.Words, "pipefail") {
			return dockerfile.Call{}, false
		}
		piped = piped || len(call.Input) > 0
	}
	if !piped {
		return dockerfile.Call{}, false
	}
	var found *syntax.CallExpr
	var above []syntax.Node
	f := failures{calls: callsByNode(in), spares: isSource}
	syntax.Walk(script.File, func(node syntax.Node) bool {
		if node == nil {
			above = above[:len(above)-1]
			return true
		}
		if pipe, ok := node.(*syntax.BinaryCmd); ok && found == nil && isPipe(pipe) && !isTolerated(pipe, above) {
			f.spares = isSource
			if slices.ContainsFunc(above, isSubstitution) {
				f.spares = func(call dockerfile.Call) bool { _, ok := parseDownload(call); return !ok }
			}
			found = f.lostBefore(pipe)
		}
		if param, ok := node.(*syntax.ParamExp); ok && param.Param != nil && param.Param.Value == "PIPESTATUS" {
			found = nil
			piped = false
		}
		above = append(above, node)
		return true
	})
	call, ok := f.calls[found]
	return call, ok && piped
}

func isPipe(cmd *syntax.BinaryCmd) bool { return cmd.Op == syntax.Pipe || cmd.Op == syntax.PipeAll }

func isSubstitution(node syntax.Node) bool {
	switch node.(type) {
	case *syntax.CmdSubst, *syntax.ProcSubst:
		return true
	}
	return false
}

// lostBefore returns the first call of a pipe whose failure is lost: of all but its
// last command.
func (f failures) lostBefore(pipe *syntax.BinaryCmd) *syntax.CallExpr {
	if last, ok := pipe.Y.Cmd.(*syntax.CallExpr); ok && f.needsInput(last) {
		return nil
	}
	if inner, ok := pipe.X.Cmd.(*syntax.BinaryCmd); ok && isPipe(inner) {
		if call := f.lostBefore(inner); call != nil {
			return call
		}
		return f.of(inner.Y)
	}
	return f.of(pipe.X)
}

// needsInput reports whether a call fails by itself where its input is missing.
func (f failures) needsInput(node *syntax.CallExpr) bool {
	call, ok := f.calls[node]
	if !ok {
		return false
	}
	switch call.Program() {
	case "grep", "egrep", "fgrep":
		return !slices.ContainsFunc(call.Words[1:], func(w string) bool { return isLetters(w) && strings.Contains(w, "v") || w == "--invert-match" })
	}
	return verifies(call)
}

// isTolerated reports whether it does not matter that a pipe fails, by what it
// stands in: a condition, or an alternative that fails no more.
func isTolerated(pipe *syntax.BinaryCmd, above []syntax.Node) bool {
	within := func(node syntax.Node) bool {
		return node.Pos().Offset() <= pipe.Pos().Offset() && pipe.Pos().Offset() < node.End().Offset()
	}
	if n := len(above) - 2; n >= 0 {
		if outer, ok := above[n].(*syntax.BinaryCmd); ok && isPipe(outer) && within(outer.X) {
			return true // a part of a longer pipe, which is judged as one
		}
	}
	for _, node := range above {
		switch node := node.(type) {
		case *syntax.BinaryCmd:
			if node.Op == syntax.OrStmt && within(node.X) && !leavesLoop([]*syntax.Stmt{node.Y}) && !callsProgram(node.Y, "false") {
				return true
			}
		case *syntax.Stmt:
			if node.Negated || node.Background {
				return true
			}
		case *syntax.IfClause:
			if slices.ContainsFunc(node.Cond, func(stmt *syntax.Stmt) bool { return within(stmt) }) {
				return true
			}
		case *syntax.WhileClause:
			if slices.ContainsFunc(node.Cond, func(stmt *syntax.Stmt) bool { return within(stmt) }) {
				return true
			}
		}
	}
	return false
}

func callsProgram(stmt *syntax.Stmt, program string) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && call.Args[0].Lit() == program
}

// sources are programs that read what the image has, or change what they read.
var sources = []string{
	"yes", "seq", "sed", "awk", "gawk", "mawk", "sort", "uniq", "tr", "cut", "rev", "tac", "paste", "column", "dpkg-query", "dpkg", "rpm", "ldd", "scanelf",
	"readelf", "objdump", "nm", "strings", "getent", "basename", "dirname", "realpath", "readlink", "stat", "mount", "lsb_release", "fc-list", "locale", "diff",
	"comm", "apt-mark", "apt-cache", "apt-config", "expr", "bc", "jq", "yq", "base64", "xxd", "od", "hexdump", "envsubst", "lsof", "zcat", "nl", "fold", "fmt", "getconf",
}

// isSource reports whether a call in front of a pipe has nothing to lose.
func isSource(call dockerfile.Call) bool {
	if isHarmless(call) || slices.Contains(sources, call.Program()) {
		return true
	}
	if call.Program() == "xargs" {
		inner := slices.IndexFunc(call.Words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") && !isNumber(w) && w != "{}" })
		return inner >= 0 && isSource(dockerfile.Call{Words: call.Words[1+inner:]})
	}
	p, ok := parsePackages(call)
	return ok && slices.Contains([]string{"list", "freeze", "info", "show", "search", "config", "ls", "env", "policy"}, p.action)
}
