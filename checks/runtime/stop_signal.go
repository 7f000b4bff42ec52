package runtime

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

var stopSignal = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/stop-signal",
		Title:     "the main process ends by itself on its stop signal",
		Severity:  checks.High,
		Why:       "A container that does not handle its stop signal is killed at the end of its grace period, in the middle of the requests that it is serving, at every deployment.",
		Fix:       "handle the signal in the application: stop accepting, finish what is in flight, exit; and start it in exec form, so that it is process 1 and gets the signal",
		Reference: "https://docs.docker.com/reference/cli/docker/container/stop/",
	},
	Good: `{"args": ["/app"], "stop": {"signal": "SIGTERM", "name": "app", "gracePeriod": 10000000000, "exit": {"code": 0, "at": 4000000}}}`,
	Bad:  `{"args": ["/app"], "stop": {"signal": "SIGTERM", "name": "app", "gracePeriod": 10000000000}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := stopped(o); !ok {
			return out
		}
		f, bad := judgeStop(o)
		if bad {
			return checks.Found(f)
		}
		return checks.Passed("exit %d, %s after %s", o.Stop.Exit.Code, short(o.Stop.Exit.At), o.Stop.Signal)
	},
}

func judgeStop(o *Run) (checks.Finding, bool) {
	s := o.Stop
	kind := kindOf(o)
	name := line(s.Name)
	found := func(format string, args ...any) (checks.Finding, bool) {
		f := checks.At(checks.Location{}, format, args...)
		f.Fix = kind.fix(o)
		return f, true
	}
	milder := func(fix, format string, args ...any) (checks.Finding, bool) {
		f := checks.At(checks.Location{}, format, args...)
		f.Severity, f.Fix = checks.Medium, fix
		return f, true
	}
	switch {
	case s.Exit == nil && kind == shell:
		return found("the main process is a shell (%s), which did not pass %s on: it was still there %s later and had to be killed", shellOf(o), s.Signal, short(s.GracePeriod))
	case s.Exit == nil && s.Dropped:
		return found("the main process (%s) does not handle %s: it raised the signal again, which ends no process 1, and was still there %s later", name, s.Signal, short(s.GracePeriod))
	case s.Exit == nil && s.Handled:
		return found("the main process (%s) has a handler for %s, and was still there %s after it and had to be killed", name, s.Signal, short(s.GracePeriod))
	case s.Exit == nil:
		return found("the main process (%s) was still there %s after %s and had to be killed", name, short(s.GracePeriod), s.Signal)
	case s.Exit.Signal == s.Signal && kind == shell:
		to := ""
		if len(s.Left) > 0 {
			to = " to " + line(strings.Join(s.Left, ", "))
		}
		return found("the main process is a shell (%s), which does not pass %s on%s: as process 1 it ignores the signal, and is killed at the end of the grace period", shellOf(o), s.Signal, to)
	case s.Exit.Signal == s.Signal && s.Handled && !s.AsInit:
		return milder("exit with status 0 when the shutdown is done", "the main process (%s) handled %s and then ended by raising it again: whether it ends as process 1, to which the kernel sends no signal that it does not handle, could not be seen, since this engine lets no process trace another", name, s.Signal)
	case s.Exit.Signal == s.Signal:
		return found("the main process (%s) does not handle %s: the signal killed it, and as process 1, to which the kernel sends no signal that it does not handle, it would have gone on until the end of the grace period", name, s.Signal)
	case s.Exit.Signal != "":
		f, bad := found("the main process (%s) was killed by %s %s after %s%s", name, s.Exit.Signal, short(s.Exit.At), s.Signal, outputTail(o.Output))
		f.Fix = "see from its last output, or by a debugger, what ends it while it shuts down"
		return f, bad
	case s.Exit.Code != 0 && s.Exit.Code != 128+s.Number && s.Dropped:
		as := ""
		if kind == goProgram {
			as = ", as a Go program without a handler does"
		}
		return found("the main process (%s) does not handle %s: it raised the signal again, which ends no process 1, and then exited with status %d%s", name, s.Signal, s.Exit.Code, as)
	case s.Exit.Code != 0 && s.Exit.Code != 128+s.Number:
		return milder("exit with status 0 when the shutdown went well", "the main process (%s) exited with status %d, %s after %s: an orchestrator counts that as a failure%s", name, s.Exit.Code, short(s.Exit.At), s.Signal, outputTail(o.Output))
	case len(s.Left) > 0:
		return milder("pass the signal on to the processes that the main process started, and wait for them", "the main process (%s) left others behind when it ended: %s; they are killed at once, whatever they are doing", name, line(strings.Join(s.Left, ", ")))
	}
	return checks.Finding{}, false
}

// program is what kind of program a main process is, as far as its name tells.
type program int

const (
	otherProgram program = iota
	shell
	packageManager
	nodeProgram
	pythonProgram
	goProgram
)

var (
	shells          = []string{"sh", "bash", "dash", "ash", "zsh", "ksh"}
	packageManagers = []string{"npm", "npx", "yarn", "pnpm", "pnpx"}
)

// kindOf returns what kind of program the main process is, by its name, or by what
// a script is run by.
func kindOf(o *Run) program {
	s := o.Stop
	is := func(names ...string) bool { return slices.Contains(names, s.Name) || slices.Contains(names, s.Program) }
	// npm calls itself "npm start".
	title, _, _ := strings.Cut(s.Name, " ")
	first, _, _ := strings.Cut(s.Program, " ")
	switch {
	case is(shells...):
		return shell
	case slices.Contains(packageManagers, title), slices.Contains(packageManagers, first):
		return packageManager
	case is("node", "nodejs"):
		return nodeProgram
	case strings.HasPrefix(s.Name, "python"), strings.HasPrefix(s.Program, "python"):
		return pythonProgram
	case s.Dropped && s.Exit != nil && s.Exit.Code == 2:
		return goProgram
	}
	return otherProgram
}

// fix says what to do so that the signal arrives and is handled; empty where the
// rule says so.
func (p program) fix(o *Run) string {
	s := o.Stop
	signal := line(s.Signal)
	const shutDown = "stop accepting, finish what is in flight, exit"
	handle := ""
	switch p {
	case shell:
		return shellOf(o).fix()
	case packageManager:
		return packageManagerFix
	case nodeProgram:
		handle = fmt.Sprintf("handle the signal, as in process.on(%q, () => server.close(() => process.exit(0))): %s", signal, shutDown)
	case pythonProgram:
		handle = fmt.Sprintf("handle the signal, as in signal.signal(signal.%s, stop), or serve by Gunicorn or Uvicorn, which do: %s", signal, shutDown)
	case goProgram:
		handle = fmt.Sprintf("handle the signal, as in signal.NotifyContext(ctx, syscall.%s), then http.Server.Shutdown: %s", signal, shutDown)
	}
	// What ends by the signal, or raises it again, does so below an init.
	if !s.Dropped && (s.Exit == nil || s.Exit.Signal != s.Signal) {
		return handle
	}
	if handle == "" {
		handle = fmt.Sprintf("handle %s in the application: %s", signal, shutDown)
	}
	return handle + "; a program that is not yours, and has nothing to finish, ends by the signal below an init, as in ENTRYPOINT [\"tini\", \"--\", \"program\"]"
}

const packageManagerFix = "start the program itself, as in CMD [\"node\", \"server.js\"]: a package manager starts it below a shell of its own, and stands between it and the signal"

// shellRun is what a shell runs as the main process: the script of a CMD in shell
// form, which stands on its command line, or a file.
type shellRun struct {
	name string
	// inline is the script on the command line, and file the path of another; both
	// are empty for a shell alone.
	inline, file string
	// args are those of the file.
	args []string
}

// shellOf returns what the main process, a shell, runs.
func shellOf(o *Run) shellRun {
	words := o.Stop.Command
	if len(words) == 0 {
		words = o.Args
	}
	if len(words) == 0 {
		return shellRun{name: o.Stop.Name}
	}
	name := path.Base(words[0])
	// The image's own arguments may name a script, and not its shell.
	if !slices.Contains(shells, strings.TrimPrefix(name, "-")) {
		return shellRun{name: cmp.Or(o.Stop.Program, "sh"), file: words[0], args: words[1:]}
	}
	run := shellRun{name: name}
	command := false
	for i := 1; i < len(words); i++ {
		option := words[i]
		dashed := len(option) > 1 && (option[0] == '-' || option[0] == '+')
		switch {
		case dashed && option != "--":
			command = command || option[0] == '-' && option[1] != '-' && strings.Contains(option, "c")
			// The name of an option, or a file, is the next word.
			if option[1] != '-' && strings.ContainsAny(option, "oO") || option == "--rcfile" || option == "--init-file" {
				i++
			}
			continue
		case option == "--":
			i++
		}
		if i < len(words) && command {
			run.inline = words[i]
		} else if i < len(words) {
			run.file, run.args = words[i], words[i+1:]
		}
		break
	}
	return run
}

// String returns the command line as far as it names the script.
func (r shellRun) String() string {
	name := line(r.name)
	switch {
	case r.inline != "":
		return fmt.Sprintf("%s -c %q", name, command([]string{r.inline}))
	case r.file != "":
		return name + " " + command([]string{r.file})
	}
	return name
}

// fix says how the program that the shell starts gets the signal.
func (r shellRun) fix() string {
	const takes = "the program then takes the shell's place, and gets the signal"
	file := command([]string{r.file})
	switch {
	case r.inline != "":
		return inlineFix(r.inline)
	case r.file == "":
		return "name the program in the place of the shell, in exec form: CMD [\"program\", \"argument\"]"
	case len(r.args) > 0:
		return fmt.Sprintf("make exec \"$@\" the last line of %s: %s", file, takes)
	}
	return fmt.Sprintf("put exec before the last command of %s, as in exec node server.js: %s", file, takes)
}

// inlineFix is the fix of a script on a shell's command line.
func inlineFix(script string) string {
	commands := strings.FieldsFunc(script, func(r rune) bool { return strings.ContainsRune(";&|\n", r) })
	commands = slices.DeleteFunc(commands, func(c string) bool { return strings.TrimSpace(c) == "" })
	if len(commands) == 0 {
		return ""
	}
	words := strings.Fields(commands[len(commands)-1])
	switch {
	case slices.Contains(packageManagers, path.Base(words[0])):
		return packageManagerFix
	case len(commands) > 1:
		return "put exec before the command that serves, and let it be the last, as in CMD [\"sh\", \"-c\", \"prepare && exec program\"]"
	case len(script) > maxShownCommand || strings.ContainsAny(script, "$`\"'\\*?[]{}()<>~#="):
		return "put exec before the command, as in CMD [\"sh\", \"-c\", \"exec program $ARGUMENT\"], or write it in exec form where it needs no shell"
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = strconv.Quote(word)
	}
	return "write the command in exec form, CMD " + line("["+strings.Join(quoted, ", ")+"]")
}

// endsItself reports whether the main process ended by its own handling of the
// stop signal.
func endsItself(s *probe.Stop) bool {
	return s.Exit != nil && s.Exit.Signal == "" && !(s.Dropped && s.Exit.Code != 0 && s.Exit.Code != 128+s.Number)
}
