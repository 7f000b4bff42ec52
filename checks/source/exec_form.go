package source

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var execForm = Check{
	Rule: checks.Rule{
		ID:        "source/exec-form",
		Title:     "CMD and ENTRYPOINT are in exec form",
		Severity:  checks.High,
		Why:       "In shell form a shell is the main process. It gets the stop signal and does not pass it on, so that the application is killed after the grace period with its requests open.",
		Fix:       `Write the command as a JSON array, as in CMD ["node", "dist/main.js"].`,
		Reference: "https://docs.docker.com/reference/build-checks/json-args-recommended/",
		Aliases:   []string{"DL3025", "JSONArgsRecommended"},
	},
	Good: `
FROM node:20-alpine
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node", "dist/main.js"]
`,
	Bad: `
FROM node:20-alpine
CMD node dist/main.js
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		config := s.Final.Config
		if config.Entrypoint == nil && config.Cmd == nil {
			return checks.Skip("the Dockerfile has neither CMD nor ENTRYPOINT; the base image's count")
		}
		var findings []checks.Finding
		st := starts.Of(s)
		for _, in := range []*dockerfile.Instruction{config.Entrypoint, config.Cmd} {
			if in == nil {
				continue
			}
			if line := commandLine(in); line.PrependShell && !st.endsInExec(in) {
				f := checks.At(in.Location, "%s is in shell form: the stop signal goes to the shell, not to the application", in.Keyword)
				f.Subject, f.Fix = in.Keyword, st.execFormFix(in, strings.Join(line.CmdLine, " "))
				if len(in.Calls) == 1 {
					if command := st.packageCommand(in.Calls[0].Words); len(command) > 0 {
						f.Fix = "Write " + in.Keyword + " " + jsonArray(command) + "."
					}
				}
				findings = append(findings, f)
			} else if !line.PrependShell && !s.Windows() {
				if f, ok := commandAsProgram(in, st); ok {
					findings = append(findings, f)
					continue
				}
				findings = append(findings, literalVariables(in, st)...)
			}
		}
		return checks.Found(findings...)
	},
}

// commandLine returns the command line of a CMD or ENTRYPOINT.
func commandLine(in *dockerfile.Instruction) instructions.ShellDependantCmdLine {
	if cmd, ok := in.Command.(*instructions.EntrypointCommand); ok {
		return cmd.ShellDependantCmdLine
	}
	return in.Command.(*instructions.CmdCommand).ShellDependantCmdLine
}

// execFormFix says how to write a command line in exec form: as it is where it needs
// no shell, else by a shell that exec replaces; empty where it is not known.
func (st *start) execFormFix(in *dockerfile.Instruction, text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") && strings.Contains(text, ",") || strings.HasPrefix(text, "['") {
		return "Write it as JSON, which has double quotes alone: " + in.Keyword + ` ["program", "argument"].`
	}
	script, err := dockerfile.ParseScript(text, in.Location)
	if err != nil || st.holdsSecret(in) || in.ShellError != nil || in.Stage.Windows() || strings.Contains(text, "\n") || len(text) > maxShownCommand {
		return ""
	}
	main, alone := mainCall(script.File.Stmts)
	if main == nil || slices.Contains(shortCommands, script.Word(main.Args[0])) {
		return "Write a script that ends in exec and the application, COPY it, and name it in exec form."
	}
	if alone && !slices.ContainsFunc(main.Args, needsShell) {
		var words []string
		for _, arg := range main.Args {
			words = append(words, script.Word(arg))
		}
		return "Write " + in.Keyword + " " + jsonArray(words) + "."
	}
	shell := []string{"sh", "-c"}
	if in.Before.Shell != nil {
		shell = in.Before.Shell.Command.(*instructions.ShellCommand).Shell
	}
	at := main.Args[0].Pos().Offset()
	return "Write " + in.Keyword + " " + jsonArray(slices.Concat(shell, []string{text[:at] + "exec " + text[at:]})) + "."
}

// holdsSecret reports whether a secret stands in an instruction, so that its words are
// not to be shown.
func (st *start) holdsSecret(in *dockerfile.Instruction) bool {
	j := commandJudge{source: st.source, in: in}
	j.text()
	j.calls()
	j.assignments()
	return len(j.findings) > 0
}

// maxShownCommand is how long a command is that a fix shows.
const maxShownCommand = 300

// mainCall returns the call that a script ends with, if exec can run it, and
// whether the script does nothing else; nil if there is none.
func mainCall(stmts []*syntax.Stmt) (call *syntax.CallExpr, alone bool) {
	if len(stmts) == 0 {
		return nil, false
	}
	stmt := stmts[len(stmts)-1]
	alone = len(stmts) == 1 && len(stmt.Redirs) == 0
	for stmt != nil && !stmt.Background && !stmt.Coprocess && !stmt.Negated {
		switch cmd := stmt.Cmd.(type) {
		case *syntax.CallExpr:
			if len(cmd.Args) == 0 {
				return nil, false
			}
			return cmd, alone && len(cmd.Assigns) == 0
		case *syntax.BinaryCmd:
			if cmd.Op != syntax.AndStmt {
				return nil, false
			}
			stmt, alone = cmd.Y, false
		default:
			return nil, false
		}
	}
	return nil, false
}

// needsShell reports whether a shell makes something else of a word than its text.
func needsShell(word *syntax.Word) bool {
	found := false
	for _, part := range word.Parts {
		lit, ok := part.(*syntax.Lit)
		found = found || ok && strings.ContainsAny(lit.Value, "*?[{~")
	}
	syntax.Walk(word, func(node syntax.Node) bool {
		switch node.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst, *syntax.ArithmExp, *syntax.ProcSubst, *syntax.ExtGlob:
			found = true
		}
		return !found
	})
	return found
}

// jsonArray writes a command line as a JSON array.
func jsonArray(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		var b strings.Builder
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(word) // a string always can be
		quoted[i] = strings.TrimSpace(b.String())
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// commandAsProgram reports a whole command line in the place of the program.
func commandAsProgram(in *dockerfile.Instruction, st *start) (checks.Finding, bool) {
	words := commandLine(in).CmdLine
	if len(words) == 0 || !isCommandLine(words[0]) || st.holdsSecret(in) {
		return checks.Finding{}, false
	}
	switch entrypoint := st.source.Final.Config.Entrypoint; {
	case in.Keyword == "ENTRYPOINT":
	case entrypoint == nil:
		// Other base images may bring an ENTRYPOINT of sh -c.
		root := st.source.Final.Root()
		image, _ := root.References[0].Image()
		named, err := reference.ParseNormalizedNamed(image)
		if root.BaseName.Text != dockerfile.Scratch && (err != nil || strings.Contains(reference.FamiliarName(named), "/")) {
			return checks.Finding{}, false
		}
	case len(st.steps) == 0 || st.steps[0].by != in || st.steps[0].Words[0] != words[0]:
		return checks.Finding{}, false
	}
	f := checks.At(in.Location, "no program is called %s: in exec form each word is an element of the array", words[0])
	f.Subject = words[0]
	if len(words) == 1 {
		f.Fix = st.execFormFix(in, words[0])
	}
	return f, true
}

// isCommandLine reports whether a word is a program and its arguments in one, and
// not the path of a file with a space in its name.
func isCommandLine(word string) bool {
	fields := strings.Fields(word)
	if len(fields) < 2 || strings.ContainsAny(fields[0], "$\"'\\=") {
		return false
	}
	return !strings.Contains(fields[0], "/") || strings.HasPrefix(fields[1], "-") || path.Ext(fields[0]) != ""
}

// expanders are programs that expand variables in their arguments themselves, or
// are given texts in which $ means something else.
var expanders = []string{
	"envsubst", "awk", "gawk", "perl", "php", "sed", "grep", "jq", "expect", "make", "pwsh", "powershell", "eval", "fish", "nu", "xargs", "find", "caddy", "otelcol", "otelcol-contrib", "vector",
	"filebeat", "metricbeat", "fluent-bit", "fluentd", "telegraf", "logstash", "supervisord", "s6-svscan", "concurrently", "npm-run-all", "cross-env-shell", "importas", "execlineb", "nginx",
}

// literalVariables reports the variables among the words of a command line in exec
// form, which no shell expands.
func literalVariables(in *dockerfile.Instruction, st *start) []checks.Finding {
	words := commandLine(in).CmdLine
	if st.unseen || len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return dockerfile.IsShell(w) || slices.Contains(expanders, path.Base(w)) }) {
		return nil
	}
	// What a script is given, it may expand.
	for _, s := range st.steps {
		if s.followed || slices.Contains(expanders, s.Program()) || s.Script != nil {
			return nil
		}
		if name, _, _ := scriptOf(s.Words); mayBeScript(name) {
			return nil
		}
	}
	program := path.Base(words[0])
	if len(st.steps) > 0 {
		program = st.steps[0].Program()
	}
	for i, word := range words {
		if i > 0 && evaluates(words[i-1]) {
			continue // a program of its own
		}
		name := literalVariable(word)
		if name == "" || strings.Contains(word, "${") && program == "java" {
			continue // Spring expands it
		}
		f := checks.At(in.Location, "in exec form there is no shell: %s gets the text %s, not the value of the variable", program, word)
		f.Subject, f.Severity = name, checks.Medium
		text := strings.Join(words, " ")
		if st.holdsSecret(in) {
			return []checks.Finding{f}
		}
		if in.Keyword == "ENTRYPOINT" && st.source.Final.Config.Cmd != nil || slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w, " \t\n'\"\\()<>|&;*?") }) {
			f.Fix = "Write a script that ends in exec and the application, COPY it, and name it in exec form."
		} else if entrypoint := st.source.Final.Config.Entrypoint; entrypoint == nil || entrypoint == in {
			f.Fix = "Write " + in.Keyword + " " + jsonArray([]string{"sh", "-c", "exec " + text}) + "."
		} else {
			f.Fix = "Write the value itself, or let the program read the variable."
		}
		return []checks.Finding{f}
	}
	return nil
}

var variableName = compiled(`(?:^|[^\\$\w{])\$(?:([A-Z][A-Z0-9_]*)\b|\{([A-Z][A-Z0-9_]*)(?::?-[^{}]*)?\})`)

// literalVariable returns the environment variable that a word names in the way of
// a shell; empty if it names none.
func literalVariable(word string) string {
	if strings.ContainsAny(word, " \n;") {
		return "" // a text of its own
	}
	found := variableName().FindStringSubmatch(word)
	if found == nil {
		return ""
	}
	return found[1] + found[2]
}
