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

const usage = `Usage:

  imagegate lint [--format text|json|sarif|github] [--profile minimal|default|strict]
                 [--policy DIR] [--dockerfile PATH] PATH…
  imagegate init [DIR]
  imagegate baseline [--add] [--profile …] [--policy DIR] [--dockerfile PATH] PATH…
  imagegate image [--format text|json] [--profile minimal|default|strict]
                  [--policy DIR] [--platform OS/ARCH] [--max-size SIZE] [--baseline ARCHIVE] ARCHIVE…
  imagegate compare [--times] [--platform OS/ARCH] ARCHIVE ARCHIVE
  imagegate checks [--format text|json]
  imagegate explain ID

lint judges Dockerfiles, each with its build context: PATH is a Dockerfile, whose
directory is the context; or a directory, the context, with the Dockerfile that
--dockerfile names in it; or -, a Dockerfile from standard input, which stands for
the one that --dockerfile names in the current directory. Compose files beside it
are judged as well, and alone where PATH is one, or a directory without a
Dockerfile. What imagegate.yaml says, there or above in the repository, counts; the
imagegate.yaml in the directory of --policy, the organisation's, lies below it.
--profile goes before that of both, unless it is locked.

init writes an imagegate.yaml with every key as a comment. baseline writes what lint
finds into .imagegate-baseline.json beside the policy, where it is accepted from then
on. Once there is that file, baseline takes out of it what is gone, and puts in what
is new with --add alone.

image judges what is in images, of all platforms without --platform: ARCHIVE is the
tar file of an OCI layout, as docker save and docker buildx build --output=type=oci
write it. Growth is measured against the image in another archive, --baseline. The
imagegate.yaml of the current directory, or above it, counts.

compare explains the first difference between two builds of an image, which are the
same where the build is reproducible; with --times also in when files were changed.

checks lists every check; explain says why there is one, and how to mend what it
finds. ID is a check's own, as in source/user, or another tool's, as in DL3002.

lint, image and compare end with status 0 where nothing blocks or differs, 1 where
something does, and 2 where they are used wrongly or a file cannot be read; the others
end with 0 or 2.
`

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
		fmt.Fprint(stderr, usage)
		return exitError
	}
	commands := map[string]func(args []string, stdin io.Reader, stdout io.Writer) (int, error){
		"lint": lintCommand, "image": imageCommand, "compare": compareCommand, "init": initCommand, "baseline": baselineCommand,
		"checks": checksCommand, "explain": explainCommand,
	}
	command, ok := commands[args[0]]
	switch {
	case slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]):
		fmt.Fprint(stdout, usage)
		return exitClean
	case !ok:
		fmt.Fprintf(stderr, "imagegate: there is no command %q: it is one of lint, image, compare, init, baseline, checks and explain; imagegate help says more\n", args[0])
		return exitError
	}
	status, err := command(args[1:], stdin, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
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
				return nil, err
			}
			return nil, fmt.Errorf("%s: %w; imagegate help says more", flags.Name(), err)
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

func newChoice(flags *flag.FlagSet, name string, values ...string) *choice {
	c := &choice{values[0], values}
	flags.Var(c, name, "")
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
