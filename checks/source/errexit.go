package source

import (
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var errexit = Check{
	Rule: checks.Rule{
		ID:        "source/errexit",
		Title:     "A RUN stops at the first command that fails",
		Severity:  checks.Medium,
		Why:       "The status of a RUN is that of its last command. What fails before a semicolon, on a line of a heredoc or in a turn of a loop goes unnoticed: the build succeeds, and the image lacks something.",
		Fix:       "Write && instead of the semicolon, or set -e at the head of the RUN, heredocs included; SHELL [\"/bin/sh\", \"-e\", \"-c\"] does it for all.",
		Reference: "https://docs.docker.com/reference/dockerfile/#run",
	},
	Good: `
FROM debian:12.8-slim
RUN set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends curl; \
    rm -rf /var/lib/apt/lists/*
RUN <<EOF
set -e
useradd --system app
install -d -o app /data
EOF
`,
	Bad: `
FROM debian:12.8-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl; rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			if stage.Windows() {
				continue // cmd has other rules
			}
			for _, in := range stage.Instructions {
				run, ok := in.Command.(*instructions.RunCommand)
				if !ok {
					continue
				}
				for _, script := range in.Scripts() {
					call, ok := lostFailure(in, script)
					if !ok {
						continue
					}
					f := checks.At(call.Location, "the RUN goes on when %s fails, and the build does not notice it", commandName(call))
					f.Subject = commandName(call)
					f.Fix = "Write && behind it instead of the semicolon, or set -e at the head of the RUN"
					switch {
					case inLoop(call):
						f.Fix = "Write set -e at the head of the RUN, or || exit 1 behind it"
					case len(run.Files) > 0 && script == in.Script:
						f.Fix = "Write set -e as the first line of the heredoc"
					case script.Shell != nil:
						f.Fix = "Write && behind it instead of the semicolon, or give the shell -e: " + script.Shell[0] + " -ec"
					}
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// lostFailure returns the first call of a script whose failure nobody notices.
func lostFailure(in *dockerfile.Instruction, script *dockerfile.Script) (dockerfile.Call, bool) {
	stmts := script.File.Stmts
	if optionsOf(in, script).errexit || len(stmts) == 0 || endsWell(stmts[len(stmts)-1]) {
		return dockerfile.Call{}, false
	}
	for _, call := range in.Calls {
		if call.Script != script || call.Program() != "set" {
			continue
		}
		o := shellOptions{errexit: true}
		if o.read(call.Words[1:]); !o.errexit {
			return dockerfile.Call{}, false // set +e: it is meant
		}
		if o = (shellOptions{}); len(call.Words) > 1 {
			o.read(call.Words[1:])
		}
		if o.errexit {
			behind := slices.IndexFunc(stmts, func(stmt *syntax.Stmt) bool { return stmt.End().Offset() > call.Node.Pos().Offset() })
			if behind >= 0 {
				stmts = stmts[:behind]
			}
			break
		}
	}
	f := failures{calls: callsByNode(in), spares: isHarmless}
	node := f.ofAny(stmts[:max(len(stmts)-1, 0)])
	if node == nil && len(stmts) > 0 {
		if len(stmts) == len(script.File.Stmts) {
			node = f.within(stmts[len(stmts)-1])
		} else {
			node = f.of(stmts[len(stmts)-1])
		}
	}
	if node == nil {
		return dockerfile.Call{}, false
	}
	if call, ok := f.calls[node]; ok {
		return call, true
	}
	// A shell that is given a script: its calls are those of the script.
	return dockerfile.Call{Words: []string{script.Word(node.Args[0])}, Location: script.Location(node), Script: script, Node: node}, true
}

// endsWell reports whether a script ends in a command that only says that all is
// well.
func endsWell(last *syntax.Stmt) bool {
	call, ok := last.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	program := call.Args[0].Lit()
	return program == "true" || program == ":" || program == "exit" && len(call.Args) == 2 && call.Args[1].Lit() == "0"
}

// within returns the first call whose failure is lost within the last statement of
// a script, whose own status counts.
func (f failures) within(stmt *syntax.Stmt) *syntax.CallExpr {
	if stmt.Negated || stmt.Background {
		return nil
	}
	switch cmd := stmt.Cmd.(type) {
	case *syntax.Block:
		return f.before(cmd.Stmts)
	case *syntax.Subshell:
		return f.before(cmd.Stmts)
	case *syntax.IfClause:
		for branch := cmd; branch != nil; branch = branch.Else {
			if call := f.before(branch.Then); call != nil {
				return call
			}
		}
	case *syntax.CaseClause:
		for _, item := range cmd.Items {
			if call := f.before(item.Stmts); call != nil {
				return call
			}
		}
	case *syntax.ForClause:
		return f.of(stmt) // all turns but the last
	case *syntax.BinaryCmd:
		if cmd.Op != syntax.AndStmt && cmd.Op != syntax.OrStmt {
			return nil
		}
		if call := f.within(cmd.X); call != nil {
			return call
		}
		return f.within(cmd.Y)
	}
	return nil
}

// before returns the first call whose failure is lost in a list whose last
// statement's status counts.
func (f failures) before(stmts []*syntax.Stmt) *syntax.CallExpr {
	if len(stmts) == 0 || endsWell(stmts[len(stmts)-1]) {
		return nil
	}
	if call := f.ofAny(stmts[:len(stmts)-1]); call != nil {
		return call
	}
	return f.within(stmts[len(stmts)-1])
}

// inLoop reports whether a call stands in a for loop.
func inLoop(call dockerfile.Call) bool {
	found := false
	syntax.Walk(call.Script.File, func(node syntax.Node) bool {
		loop, ok := node.(*syntax.ForClause)
		found = found || ok && loop.Pos().Offset() <= call.Node.Pos().Offset() && call.Node.Pos().Offset() < loop.End().Offset()
		return !found
	})
	return found
}
