package dockerfile

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
)

// maxThrough is how many programs a call is seen through: sh -c "sh -c …" may go
// on for ever.
const maxThrough = 12

// Call is one call of a program: "npm ci" in "cd app && npm ci". What only runs
// another program (sudo, env, exec, tini, sh -c) is seen through.
type Call struct {
	// Words are the program and its arguments without quotes; at least one. What
	// the shell would expand stands as written.
	Words []string
	// Location is that of the words, as far as they stand in the Dockerfile.
	Location checks.Location
	// Through are the programs that only run this one, outermost first, without
	// their directories: sudo, env and sh for sudo env A=1 sh -c "npm ci".
	Through []string
	// Input are the calls whose output it reads from a pipe: curl for sh in
	// "curl -fsSL https://… | sh". They stand right before it in Instruction.Calls.
	Input []Call
	// Script and Node are where it stands in shell syntax; nil in exec form.
	Script *Script
	Node   *syntax.CallExpr

	facts *facts // nil for a call that is not one of the source's
}

// Program returns the name of the program, without its directory.
func (c Call) Program() string { return path.Base(c.Words[0]) }

// RunsThrough reports whether it is run through a program of this name.
func (c Call) RunsThrough(program string) bool { return slices.Contains(c.Through, program) }

// String returns the words with spaces between them.
func (c Call) String() string { return strings.Join(c.Words, " ") }

// WordLocation returns the place of one of the words, or of the whole call where
// the word does not stand in the Dockerfile as it is run.
func (c Call) WordLocation(index int) checks.Location {
	if c.Node == nil || index < 0 || index >= len(c.Words) {
		return c.Location
	}
	// What is seen through stands before the words.
	i := len(c.Node.Args) - len(c.Words) + index
	if i < 0 || c.Script.Word(c.Node.Args[i]) != c.Words[index] {
		return c.Location
	}
	return c.Script.Location(c.Node.Args[i])
}

// wrapper is how a program that only runs another one is called.
type wrapper struct {
	valued   []string // options that take the next word as their value
	operands int      // words before the other program
	assigns  bool     // whether NAME=value may come before it
	execs    bool     // whether it gives its place to the other program
	user     bool     // whether it is there to run the program as another user
}

var wrappers = map[string]wrapper{
	"sudo":                     {valued: []string{"-u", "-g", "-U", "-C", "-h", "-p", "-r", "-t", "-T"}, assigns: true, user: true},
	"doas":                     {valued: []string{"-u", "-C"}, user: true},
	"env":                      {valued: []string{"-u", "-C", "-S"}, assigns: true, execs: true},
	"exec":                     {valued: []string{"-a"}, execs: true},
	"command":                  {},
	"time":                     {valued: []string{"-f", "-o"}},
	"nice":                     {valued: []string{"-n"}, execs: true},
	"ionice":                   {valued: []string{"-c", "-n"}, execs: true},
	"nohup":                    {execs: true},
	"timeout":                  {valued: []string{"-s", "-k"}, operands: 1},
	"stdbuf":                   {valued: []string{"-i", "-o", "-e"}, execs: true},
	"setpriv":                  {valued: []string{"--reuid", "--regid", "--groups", "--securebits", "--inh-caps", "--ambient-caps", "--bounding-set", "--pdeathsig", "--selinux-label", "--apparmor-profile", "--landlock-access", "--landlock-rule", "--seccomp-filter"}, execs: true, user: true},
	"chpst":                    {valued: []string{"-u", "-U", "-e", "-/", "-n", "-l", "-L", "-m", "-d", "-o", "-p", "-f", "-c", "-r", "-t"}, execs: true, user: true},
	"su-exec":                  {operands: 1, execs: true, user: true},
	"gosu":                     {operands: 1, execs: true, user: true},
	"s6-setuidgid":             {operands: 1, execs: true, user: true},
	"setuidgid":                {operands: 1, execs: true, user: true},
	"runuser":                  {valued: []string{"-u", "--user", "-g", "--group", "-G", "--supp-group"}, user: true},
	"chroot":                   {operands: 1, execs: true, user: true},
	"tini":                     {valued: []string{"-p", "-e"}},
	"tini-static":              {valued: []string{"-p", "-e"}},
	"dumb-init":                {valued: []string{"-r"}},
	"catatonit":                {},
	"xvfb-run":                 {valued: []string{"-e", "-f", "-n", "-p", "-s"}},
	"opentelemetry-instrument": {execs: true},
}

// ChangesUser reports whether a program is there to run another one as another user.
func ChangesUser(program string) bool {
	return wrappers[program].user || slices.Contains([]string{"su", "capsh", "start-stop-daemon"}, program)
}

// Execs reports whether a program that only runs another one gives its place to it,
// so that the other one gets the signals.
func Execs(program string) bool { return wrappers[program].execs }

// CallsOf returns the programs that a command line calls, seen through those that
// only run another one. Where is where it stands.
func CallsOf(words []string, where checks.Location) ([]Call, error) { return see(words, where, nil) }

// see returns the calls that a command line makes, seen through the programs
// that only run another one.
func see(words []string, where checks.Location, through []string) ([]Call, error) {
	through = slices.Clip(through)
	for len(words) > 1 && len(through) < maxThrough {
		w, ok := wrappers[path.Base(words[0])]
		if !ok || path.Base(words[0]) == "runuser" && !namesUser(words[1:]) {
			break
		}
		rest := w.skip(words[1:])
		if len(rest) == 0 {
			break
		}
		through = append(through, path.Base(words[0]))
		words = rest
	}
	if len(words) == 0 {
		return nil, nil
	}
	shell, text, ok := words, "", false
	if IsShell(words[0]) {
		text, ok = commandString(words[1:])
	} else if program := path.Base(words[0]); program == "su" || program == "runuser" {
		shell, text, ok = loginCommand(words[1:])
	}
	if ok && len(through) < maxThrough {
		script := &Script{Shell: shell, text: text, whole: where, through: append(through, path.Base(words[0]))}
		if err := script.parse(); err != nil {
			return nil, err
		}
		return script.calls()
	}
	return []Call{{Words: words, Location: where, Through: through, facts: &facts{}}}, nil
}

// skip returns the command line behind a wrapper's own words; none if there is
// no other program.
func (w wrapper) skip(words []string) []string {
	operands := w.operands
	for len(words) > 0 {
		switch word := words[0]; {
		case word == "--":
			return words[min(1+operands, len(words)):]
		case strings.HasPrefix(word, "-") && len(word) > 1:
			words = words[1:]
			if slices.Contains(w.valued, word) && len(words) > 0 {
				words = words[1:]
			}
		case w.assigns && strings.Contains(word, "="):
			words = words[1:]
		case operands > 0:
			operands--
			words = words[1:]
		default:
			return words
		}
	}
	return nil
}

// commandString returns what a shell's arguments give it with -c.
func commandString(args []string) (string, bool) {
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case len(arg) < 2 || arg[0] != '-' && arg[0] != '+':
			return "", false
		case strings.HasPrefix(arg, "--"):
		case strings.Contains(arg, "c") && i+1 < len(args):
			return args[i+1], true
		case strings.HasSuffix(arg, "o"):
			i++ // the option's name
		}
	}
	return "", false
}

// namesUser reports whether runuser is called with the option by which it runs a
// program itself, and not a shell.
func namesUser(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return arg == "-u" || arg == "--user" || strings.HasPrefix(arg, "--user=")
	})
}

// loginCommand returns what su's arguments give to the shell of a user, and that
// shell: the one that they name, or sh, as it is not known here.
func loginCommand(args []string) (shell []string, text string, ok bool) {
	shell = []string{"sh"}
	for i := 0; i < len(args); i++ {
		option, value, joined := strings.Cut(args[i], "=")
		switch {
		case strings.HasPrefix(option, "--"):
		case len(option) > 1 && option[0] == '-':
			// Of short options in one word, the last one may have a value.
			at := strings.IndexAny(option[1:], "csgGw") + 1
			if at == 0 {
				continue
			}
			value, joined = args[i][at+1:], len(args[i]) > at+1
			option = "-" + option[at:at+1]
		default:
			continue // the user, and what the shell is given besides
		}
		if !slices.Contains([]string{"-c", "-s", "-g", "-G", "-w", "--command", "--session-command", "--shell", "--group", "--supp-group", "--whitelist-environment"}, option) {
			continue
		}
		if !joined {
			if i++; i == len(args) {
				return nil, "", false
			}
			value = args[i]
		}
		switch option {
		case "-c", "--command", "--session-command":
			text, ok = value, true
		case "-s", "--shell":
			shell = []string{value}
		}
	}
	return shell, text, ok && IsShell(shell[0])
}

// IsShell reports whether a program is a shell of the POSIX family.
func IsShell(program string) bool {
	return slices.Contains([]string{"sh", "ash", "bash", "dash", "ksh", "zsh"}, path.Base(program))
}
