// Command imagegate judges Dockerfiles and images without an engine, by the checks
// of the module's lint and image gates.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// The statuses that the command ends with.
const (
	exitClean  = 0
	exitBlocks = 1 // something was found that blocks
	exitError  = 2 // bad use, or something that could not be judged
)

// garbage is by how many percent the heap may grow before it is collected: the
// command ends soon, and takes a third less processor time than with 100.
const garbage = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage())
		return exitError
	}
	name, args := args[0], args[1:]
	help := []string{"help", "-h", "-help", "--help"}
	switch {
	case name == "help" && len(args) > 0 && !slices.Contains(help, args[0]): // imagegate help lint
		name, args = args[0], []string{"-h"}
	case slices.Contains(help, name):
		fmt.Fprint(stdout, usage())
		return exitClean
	case slices.Contains([]string{"version", "-version", "--version"}, name):
		fmt.Fprintf(stdout, "imagegate %s\n", version(debug.ReadBuildInfo()))
		return exitClean
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		var names []string
		for _, c := range all {
			names = append(names, c.name)
		}
		last := len(names) - 1
		fmt.Fprintf(stderr, "imagegate: there is no command %q: it is one of %s and %s; imagegate help says more\n", name, strings.Join(names[:last], ", "), names[last])
		return exitError
	}
	status, err := all[i].run(args, stdin, stdout)
	var asked *helpError
	switch {
	case errors.As(err, &asked):
		fmt.Fprint(stdout, all[i].help(asked.flags))
		return exitClean
	case err != nil:
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(stderr, "imagegate: %s\n", checks.Printable(strings.TrimSuffix(line, "\n")))
		}
		return exitError
	}
	return status
}

// newFlags returns the flags of a command, which reports nothing itself.
func newFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parse parses arguments, with flags before, between and behind the others, which
// it returns. Behind -- there are none.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	var behind []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, behind = args[:i], args[i+1:]
	}
	var others []string
	for {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, &helpError{flags}
			}
			return nil, fmt.Errorf("%s: %w; imagegate %s -h says more", flags.Name(), err, flags.Name())
		}
		if flags.NArg() == 0 {
			return append(others, behind...), nil
		}
		others = append(others, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// choice is a flag with a fixed set of values, the first of which is its default.
type choice struct {
	value  string
	values []string
}

func newChoice(flags *flag.FlagSet, name, usage string, values ...string) *choice {
	c := &choice{values[0], values}
	flags.Var(c, name, usage)
	return c
}

func (c *choice) String() string { return c.value }

func (c *choice) Set(value string) error {
	if !slices.Contains(c.values, value) {
		return fmt.Errorf("it is one of %s", strings.Join(c.values, ", "))
	}
	c.value = value
	return nil
}
