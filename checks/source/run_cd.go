package source

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var runCD = Check{
	Rule: checks.Rule{
		ID:        "source/run-cd",
		Title:     "WORKDIR says where commands run, not cd",
		Severity:  checks.Low,
		Why:       "A cd ends with its RUN. The next instruction starts in the WORKDIR again, so that files land where nobody looks for them, and every RUN has to repeat it.",
		Fix:       "Write WORKDIR /app before the instructions that run there.",
		Reference: "https://docs.docker.com/build/building/best-practices/#workdir",
		Aliases:   []string{"DL3003", "DS-0013"},
		Differs:   "DL3003, DS-0013 find every cd in a RUN. Here it is the cd that nothing follows, which is a warning of medium severity, one into the WORKDIR itself, and one that several RUNs of a stage repeat; a cd for the time of one RUN passes.",
	},
	Good: `
FROM node:20-alpine
WORKDIR /app/web
COPY web ./
RUN npm run lint
RUN npm run build
`,
	Bad: `
FROM node:20-alpine
COPY . /app
RUN cd /app/web && npm run lint
RUN cd /app/web && npm run build
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			heads := map[string][]dockerfile.Call{} // by the directory that they change to
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" || in.Script == nil || in.Script.File == nil {
					continue
				}
				commands := commandsOf(in)
				if last := len(commands) - 1; last >= 0 && commands[last].program() == "cd" && len(commands[last].call.Words) > 1 {
					call := commands[last].call
					f := checks.At(call.Location, "%s has no effect: it ends with its RUN, and the next instruction starts in the WORKDIR again", call)
					f.Subject, f.Severity = call.Words[1], checks.Medium
					f.Fix = "Write WORKDIR " + call.Words[1] + " instead"
					findings = append(findings, f)
					continue
				}
				first := slices.IndexFunc(commands, func(c command) bool { return c.program() != "set" })
				if first < 0 || commands[first].program() != "cd" {
					continue
				}
				call := commands[first].call
				dir, ok := directoryOf(in, call)
				switch {
				case !ok:
				case in.Dir.Known && dir == in.Dir.Text:
					f := checks.At(call.Location, "%s changes nothing: the WORKDIR is %s already", call, dir)
					f.Subject, f.Fix = dir, "Leave it out"
					findings = append(findings, f)
				case !isTemporary(dir):
					heads[dir] = append(heads[dir], call)
				}
			}
			for dir, calls := range heads {
				if len(calls) < 2 {
					continue
				}
				f := checks.At(calls[0].Location, "%d RUN instructions of the stage change to %s, which WORKDIR says once", len(calls), dir)
				f.Subject = dir
				f.Fix = fmt.Sprintf("Write WORKDIR %s before line %d, and leave the cd out", dir, calls[0].Location.Line)
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// directoryOf returns the absolute directory that a cd changes to.
func directoryOf(in *dockerfile.Instruction, cd dockerfile.Call) (string, bool) {
	if len(cd.Words) != 2 || cd.Words[1] == "-" || strings.ContainsAny(cd.Words[1], "`~*?[") {
		return "", false
	}
	dir := in.Before.Resolve(in.Expand(cd.Words[1]))
	return dir.Text, dir.Known
}

// isTemporary reports whether a directory is one for the time of a RUN.
func isTemporary(dir string) bool {
	return slices.ContainsFunc([]string{"/tmp", "/var/tmp", "/usr/src", "/usr/local/src", "/root"}, func(parent string) bool {
		_, below := within(parent, dir)
		return below
	})
}

// command is a command of a script that runs in the shell itself, one after another.
type command struct {
	stmt *syntax.Stmt
	call dockerfile.Call // no Words if the command is none of a program
}

func (c command) program() string {
	if len(c.call.Words) == 0 {
		return ""
	}
	return c.call.Program()
}

// commandsOf returns the commands of an instruction's script, through && and
// semicolons. What stands in a compound command is one command.
func commandsOf(in *dockerfile.Instruction) []command {
	calls := callsByNode(in)
	var commands []command
	var add func(stmt *syntax.Stmt)
	add = func(stmt *syntax.Stmt) {
		if and, ok := stmt.Cmd.(*syntax.BinaryCmd); ok && and.Op == syntax.AndStmt && !stmt.Negated && !stmt.Background {
			add(and.X)
			add(and.Y)
			return
		}
		c := command{stmt: stmt}
		if node, ok := stmt.Cmd.(*syntax.CallExpr); ok && !stmt.Background {
			if call := calls[node]; call.Script == in.Script && len(call.Through) == 0 {
				c.call = call
			}
		}
		commands = append(commands, c)
	}
	for _, stmt := range in.Script.File.Stmts {
		add(stmt)
	}
	return commands
}
