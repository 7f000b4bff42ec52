package source

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var lostShellState = Check{
	Rule: checks.Rule{
		ID:        "source/lost-shell-state",
		Title:     "No RUN ends in a variable, alias or option of its shell",
		Severity:  checks.Medium,
		Why:       "Every RUN has a shell of its own. What export, alias, source or set change ends with it: later instructions and the container do without it, often with another version of a tool than was meant.",
		Fix:       "Write ENV NAME=value for variables, ENV PATH=/opt/venv/bin:$PATH to activate an environment, SHELL for options; or put what needs them into the same RUN.",
		Reference: "https://docs.docker.com/build/building/best-practices/#env",
	},
	Good: `
FROM python:3.12-slim
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
`,
	Bad: `
FROM python:3.12-slim
RUN python -m venv /opt/venv && . /opt/venv/bin/activate
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			if stage.Windows() {
				continue
			}
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" || in.Script == nil || in.Script.File == nil {
					continue
				}
				commands := commandsOf(in)
				for n, c := range commands {
					// Those behind it are of the same kind, or it is used.
					if slices.ContainsFunc(commands[n:], func(c command) bool { what, _ := c.shellState(in.Script); return what == "" }) {
						continue
					}
					what, fix := c.shellState(in.Script)
					f := checks.At(in.Script.Location(c.stmt.Cmd), "%s has no effect: its shell ends with this RUN, and nothing in the RUN comes after it", what)
					f.Subject, f.Fix = what, fix
					findings = append(findings, f)
					break
				}
			}
		}
		return checks.Found(findings...)
	},
}

// stateFiles are files that do nothing but set up the shell that reads them.
var stateFiles = []string{
	"activate", ".bashrc", ".profile", ".bash_profile", ".zshrc", "profile", "bashrc", "bash.bashrc", "nvm.sh", "sdkman-init.sh", "setup.bash", "setvars.sh", "conda.sh",
}

// shellState returns what a command changes in its shell alone, and what to write
// instead; nothing if it may do more.
func (c command) shellState(script *dockerfile.Script) (what, fix string) {
	if c.stmt.Negated || c.stmt.Background {
		return "", ""
	}
	const env = "Write ENV NAME=value instead, or put it into the RUN that needs it"
	switch cmd := c.stmt.Cmd.(type) {
	case *syntax.DeclClause:
		name := ""
		for _, assign := range cmd.Args {
			switch {
			case assign.Name != nil && (assign.Value == nil || !mayDoMore(assign.Value)):
				name = cmp.Or(name, assign.Name.Value)
			case assign.Name != nil || !strings.HasPrefix(script.Word(assign.Value), "-"):
				return "", ""
			}
		}
		if name == "" {
			return "", ""
		}
		return cmd.Variant.Value + " " + name, strings.Replace(env, "NAME", name, 1)
	case *syntax.CallExpr:
		if len(cmd.Args) > 0 || len(cmd.Assigns) == 0 {
			break
		}
		for _, assign := range cmd.Assigns {
			if assign.Name == nil || assign.Value != nil && mayDoMore(assign.Value) {
				return "", ""
			}
		}
		name := cmd.Assigns[0].Name.Value
		return "the assignment of " + name, strings.Replace(env, "NAME", name, 1)
	}
	if len(c.call.Words) == 0 || len(c.stmt.Redirs) > 0 {
		return "", ""
	}
	words := c.call.Words
	has := func(options ...string) bool { return len(words) > 1 && slices.Contains(options, words[1]) }
	switch c.program() {
	case "alias":
		if len(words) > 1 {
			return "alias", "Write a script into /usr/local/bin instead"
		}
	case "source", ".":
		if len(words) < 2 {
			break
		}
		name := path.Base(words[1])
		fix := "Write ENV for the variables that it sets, or put it into the RUN that needs it"
		if name == "activate" {
			fix = "Write ENV PATH=" + path.Dir(words[1]) + ":$PATH instead"
		}
		if slices.Contains(stateFiles, name) || name == "env" && strings.Contains(words[1], "cargo") {
			return c.call.String(), fix
		}
	case "nvm", "conda", "pyenv", "rbenv", "sdk":
		if has("use", "activate", "shell") {
			return c.program() + " " + words[1], "Write ENV PATH with the directory of the version, or put it into the RUN that needs it"
		}
	case "umask":
		if len(words) > 1 {
			return "umask", "Write it into the RUN that needs it, or into the entrypoint"
		}
	case "ulimit":
		if len(words) > 2 {
			return "ulimit", "Set it where the container is started, as in docker run --ulimit nofile=65536"
		}
	case "set", "shopt":
		if len(words) > 1 {
			return c.call.String(), `Write SHELL ["/bin/bash", "-euo", "pipefail", "-c"] with the options instead`
		}
	}
	return "", ""
}

// mayDoMore reports whether a value runs a command.
func mayDoMore(value *syntax.Word) bool {
	found := false
	syntax.Walk(value, func(node syntax.Node) bool {
		found = found || node != nil && isSubstitution(node)
		return !found
	})
	return found
}
