package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var endsInExec = Check{
	Rule: checks.Rule{
		ID:        "source/exec",
		Title:     "Scripts at the start end in exec",
		Severity:  checks.Medium,
		Why:       "A script that starts the application without exec stays process 1. It gets the stop signal and does not pass it on: the application is killed at the end of the grace period, with its requests open.",
		Fix:       `Start the application by exec, as in exec "$@" at the end of an entrypoint script and in CMD ["sh", "-c", "exec app --port $PORT"].`,
		Reference: "https://docs.docker.com/build/building/best-practices/#entrypoint",
	},
	Good: `
-- Dockerfile --
FROM node:22.12.0-alpine
COPY --chmod=0755 entrypoint.sh /usr/local/bin/
ENTRYPOINT ["entrypoint.sh"]
CMD ["node", "dist/main.js"]
-- entrypoint.sh --
#!/bin/sh
set -e
export RELEASE="$(cat /app/RELEASE)"
exec "$@"
`,
	Bad: `
-- Dockerfile --
FROM node:22.12.0-alpine
COPY --chmod=0755 entrypoint.sh /usr/local/bin/
ENTRYPOINT ["entrypoint.sh"]
CMD ["node", "dist/main.js"]
-- entrypoint.sh --
#!/bin/sh
set -e
export RELEASE="$(cat /app/RELEASE)"
"$@"
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		st := starts.Of(s)
		if st.groups {
			return checks.Passed("an init signals all processes")
		}
		var findings []checks.Finding
		for _, script := range st.scripts {
			if script.name == "" && commandLine(script.by).PrependShell {
				continue // source/exec-form reports it
			}
			if script.traps {
				continue
			}
			for _, last := range withoutExec(script) {
				findings = append(findings, st.execFinding(script, last))
			}
		}
		if !isForDevelopment(s) {
			for _, last := range st.steps {
				f, ok := st.packageRunnerFinding(last)
				if ok && !slices.ContainsFunc(findings, func(g checks.Finding) bool { return f.Location == g.Location }) {
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// packageRunnerFinding reports a package manager that stays as process 1, with the
// shell by which it runs a script of package.json.
func (st *start) packageRunnerFinding(last step) (checks.Finding, bool) {
	name := packageScript(last.Words)
	if last.Program() == "bun" || !last.last || last.conditional || last.background || last.inner || name == "" || isTask(last.Words) || migration(last.Words) != "" {
		return checks.Finding{}, false
	}
	if in := last.by; commandLine(in).PrependShell && !st.endsInExec(in) {
		return checks.Finding{}, false // source/exec-form reports it
	}
	if what, _ := developmentMode(last.Words); what != "" {
		return checks.Finding{}, false // source/development-server reports it
	}
	runner := last.Program()
	command := st.packageCommand(last.Words)
	if len(command) > 0 && command[0] == "exec" {
		return checks.Finding{}, false
	}
	f := checks.At(last.Location, "%s runs the script %s by a shell: both stand between the application and the stop signal", runner, name)
	f.Subject = runner + " " + name
	f.Fix = "Start the application itself, by what the script " + name + ` of package.json calls, as in CMD ["node", "dist/main.js"].`
	if len(command) > 0 {
		f.Fix = "Start the application itself: " + strings.Join(command, " ") + "."
		if last.Node == nil {
			f.Fix = "Write " + last.by.Keyword + " " + jsonArray(command) + "."
		}
	}
	return f, true
}

// packageScript returns the script of package.json that npm start and its like run;
// empty if they run none.
func packageScript(words []string) string {
	if !slices.Contains(packageRunners, path.Base(words[0])) {
		return ""
	}
	args := operands(words[1:])
	switch {
	case len(args) > 1 && (args[0] == "run" || args[0] == "run-script"):
		return args[1]
	case len(args) > 0 && args[0] == "start":
		return args[0]
	}
	return ""
}

// packageCommand returns the command line that a script of package.json is, as it can
// be run without npm; none where that is not known.
func (st *start) packageCommand(words []string) []string {
	scripts := st.packageScripts(words)
	if len(scripts) != 1 {
		return nil
	}
	call, alone := mainCall(scripts[0].File.Stmts)
	if call == nil || !alone || slices.ContainsFunc(call.Args, needsShell) {
		return nil
	}
	var command []string
	for _, arg := range call.Args {
		command = append(command, scripts[0].Word(arg))
	}
	// npm looks for programs in the project.
	if !slices.Contains([]string{"node", "exec"}, command[0]) && !strings.Contains(command[0], "/") {
		command[0] = "node_modules/.bin/" + command[0]
	}
	return command
}

func (st *start) execFinding(script startScript, last step) checks.Finding {
	who := "the script in " + script.by.Keyword
	if script.name != "" {
		who = path.Base(script.name)
	}
	what := last.Program()
	switch name, _, _ := scriptOf(last.Words); {
	case last.passes():
		what = `"$@"`
	case name != "":
		what = path.Base(name)
	}
	f := checks.At(last.Location, "%s ends in %s without exec: its shell stays process 1, and does not pass the stop signal on", who, what)
	f.Subject = what
	switch {
	case last.piped:
		f.Fix = "Write exec " + what + " without the pipe: a container's output belongs on stdout, where the platform collects it."
	case last.background:
		f.Fix = "Write exec " + what + " without the &, instead of waiting for it."
	case packageScript(last.Words) != "":
		f.Fix = "Write exec and what the script " + packageScript(last.Words) + " of package.json calls: " + what + " does not pass the signal on, either."
		if command := st.packageCommand(last.Words); len(command) > 0 {
			f.Fix = "Write exec " + strings.TrimPrefix(strings.Join(command, " "), "exec ") + "."
		}
	default:
		f.Fix = "Write exec " + what + " …"
	}
	return f
}

// withoutExec returns the steps that a script ends with, or one of its branches,
// and that leave its shell waiting for a program.
func withoutExec(script startScript) []step {
	execs := slices.ContainsFunc(script.steps, func(s step) bool { return s.last && s.exec && !s.inner })
	var found, background []step
	waits := false
	for _, s := range script.steps {
		switch {
		case s.background:
			background = append(background, s)
		case s.last && s.Words[0] == "wait":
			waits = true
		case !s.last || s.exec && !s.inner || !mayStay(script, s):
		case execs && s.conditional && serves(s.Words) == "":
			// A branch that does something once, beside one that starts the application.
		default:
			found = append(found, s)
		}
	}
	if waits && len(background) == 1 && mayStay(script, background[0]) {
		found = append(found, background[0])
	}
	return found
}

// endsInExec reports whether an instruction in shell form replaces its shell by the
// application, in each of its branches.
func (st *start) endsInExec(in *dockerfile.Instruction) bool {
	at := slices.IndexFunc(st.scripts, func(script startScript) bool { return script.by == in && script.name == "" })
	if at < 0 {
		return isExec(commandLine(in).CmdLine)
	}
	script, execs := st.scripts[at], false
	for _, s := range script.steps {
		replaces := s.exec && !s.inner
		if s.last && !replaces && mayStay(script, s) {
			return false
		}
		execs = execs || s.last && replaces
	}
	return execs
}

// isExec reports whether a shell's command line replaces the shell by the
// application, which then gets the signals.
func isExec(line []string) bool {
	fields := strings.Fields(strings.Join(line, " "))
	return len(fields) > 1 && fields[0] == "exec"
}

// shortCommands are those of a shell, and programs that do one thing and end.
var shortCommands = []string{
	"exit", "return", "echo", "printf", "true", "false", ":", "set", "export", "unset", "cd", "test", "[", "wait", "trap", "shift", "read", "eval", ".", "source",
	"kill", "sleep", "exec", "local", "declare", "readonly", "umask", "ulimit", "alias", "break", "continue", "getopts", "hash", "type", "command", "let",
	"rm", "mkdir", "cp", "mv", "ln", "chmod", "chown", "chgrp", "touch", "cat", "sed", "grep", "awk", "cut", "tr", "sort", "head", "tail", "find", "xargs", "tee",
	"ls", "id", "date", "env", "printenv", "whoami", "hostname", "curl", "wget", "nc", "envsubst", "install", "tar", "gzip", "unzip", "usermod", "groupmod", "useradd", "adduser",
	"psql", "pg_isready", "mysql", "mysqladmin", "redis-cli", "openssl", "update-ca-certificates", "sysctl", "iptables", "jq", "python-config", "chpasswd", "stat", "basename", "dirname",
	"pg_ctl", "service", "systemctl", "rc-service",
}

// isTask reports whether a command line builds or tests the project, and ends.
func isTask(words []string) bool {
	name, _, _ := scriptOf(words)
	words = tool(words)
	if name == "" {
		name = words[0]
	}
	if slices.Contains([]string{"pytest", "tox", "jest", "make", "cmake", "ctest", "phpunit", "rspec"}, words[0]) {
		return true
	}
	parts := strings.FieldsFunc(strings.ToLower(path.Base(name)), func(r rune) bool { return strings.ContainsRune("-_.", r) })
	for _, arg := range words[1:] {
		if !strings.HasPrefix(arg, "-") && arg != "run" {
			parts = append(parts, strings.Split(strings.ToLower(arg), ":")...)
			break
		}
	}
	return slices.ContainsFunc(parts, func(p string) bool {
		return slices.Contains([]string{"test", "tests", "build", "lint", "bench", "benchmark", "generate", "seed"}, p)
	})
}

// mayStay reports whether a step may run for as long as the container does.
func mayStay(script startScript, s step) bool {
	program := s.Program()
	switch {
	case s.passes(), serves(s.Words) != "":
		return daemonizes(s.Words) == ""
	case strings.ContainsAny(s.Words[0], "$`"), slices.Contains(shortCommands, program), migration(s.Words) != "", isTask(s.Words):
		return false
	}
	// A name alone may be a function of a file that the script reads.
	return !script.sources || strings.Contains(s.Words[0], "/")
}
