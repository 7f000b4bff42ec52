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
}

var wrappers = map[string]wrapper{
	"sudo":                     {valued: []string{"-u", "-g", "-U", "-C", "-h", "-p", "-r", "-t", "-T"}, assigns: true},
	"doas":                     {valued: []string{"-u", "-C"}},
	"env":                      {valued: []string{"-u", "-C", "-S"}, assigns: true},
	"exec":                     {valued: []string{"-a"}},
	"command":                  {},
	"time":                     {valued: []string{"-f", "-o"}},
	"nice":                     {valued: []string{"-n"}},
	"ionice":                   {valued: []string{"-c", "-n"}},
	"nohup":                    {},
	"timeout":                  {valued: []string{"-s", "-k"}, operands: 1},
	"stdbuf":                   {valued: []string{"-i", "-o", "-e"}},
	"setpriv":                  {},
	"su-exec":                  {operands: 1},
	"gosu":                     {operands: 1},
	"s6-setuidgid":             {operands: 1},
	"chroot":                   {operands: 1},
	"tini":                     {valued: []string{"-p", "-e"}},
	"tini-static":              {valued: []string{"-p", "-e"}},
	"dumb-init":                {valued: []string{"-r"}},
	"catatonit":                {},
	"xvfb-run":                 {valued: []string{"-e", "-f", "-n", "-p", "-s"}},
	"opentelemetry-instrument": {},
}

// CallsOf returns the programs that a command line calls, seen through those that
// only run another one. Where is where it stands.
func CallsOf(words []string, where checks.Location) ([]Call, error) { return see(words, where, nil) }

// see returns the calls that a command line makes, seen through the programs
// that only run another one.
func see(words []string, where checks.Location, through []string) ([]Call, error) {
	through = slices.Clip(through)
	for len(words) > 1 && len(through) < maxThrough {
		w, ok := wrappers[path.Base(words[0])]
		if !ok {
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
	if IsShell(words[0]) && len(through) < maxThrough {
		if text, ok := commandString(words[1:]); ok {
			script := &Script{Shell: words, text: text, whole: where, through: append(through, path.Base(words[0]))}
			if err := script.parse(); err != nil {
				return nil, err
			}
			return script.calls()
		}
	}
	return []Call{{Words: words, Location: where, Through: through}}, nil
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

// IsShell reports whether a program is a shell of the POSIX family.
func IsShell(program string) bool {
	return slices.Contains([]string{"sh", "ash", "bash", "dash", "ksh", "zsh"}, path.Base(program))
}
