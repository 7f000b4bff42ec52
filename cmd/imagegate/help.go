package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// command is one of those that the first argument names.
type command struct {
	name string
	// arguments are what stands behind its flags.
	arguments string
	// title says in one line what it does, and about the rest.
	title, about string
	run          func(args []string, stdin io.Reader, stdout io.Writer) (int, error)
}

// commands returns all of them, in the order of the help.
func commands() []command {
	return []command{
		{"lint", "PATH…", "judges Dockerfiles and Compose files, each with its build context.", `
PATH is a Dockerfile, whose directory is the context; or a directory, the context,
with the Dockerfile that --dockerfile names in it; or -, a Dockerfile from standard
input, which stands for the one that --dockerfile names in the current directory.
Compose files beside it are judged as well, and alone where PATH is one, or a
directory without a Dockerfile. What imagegate.yaml says, there or above in the
repository, counts.
` + statuses, lintCommand},
		{"init", "[DIR]", "writes an imagegate.yaml with every key as a comment.", `
DIR is the directory that it is written to, the current one without. A file that is
there is left alone.
` + noFinding, initCommand},
		{"baseline", "PATH…", "accepts what lint finds now, so that only what is new blocks.", `
PATH is as it is for lint. The findings go into .imagegate-baseline.json beside the
policy. Once there is that file, what is gone is taken out of it, and what is new goes
in with --add alone.
` + noFinding, baselineCommand},
		{"image", "ARCHIVE…", "judges what is in images.", `
ARCHIVE is the tar file of an OCI layout, as docker save and docker buildx build
--output=type=oci write it. The imagegate.yaml of the current directory, or above it,
counts.
` + statuses, imageCommand},
		{"compare", "ARCHIVE ARCHIVE", "explains the first difference between two builds of an image.", `
They are the same where the build is reproducible. ARCHIVE is as it is for image.

It ends with status 0 where they are the same, 1 where they differ, and 2 where it is
used wrongly or a file cannot be read.
`, compareCommand},
		{"checks", "", "lists every check, with the names that other tools give it.", noFinding, checksCommand},
		{"explain", "ID", "says why there is a check, and how to mend what it finds.", `
ID is a check's own, as in source/user, or another tool's name for it, as in DL3002.
` + noFinding, explainCommand},
	}
}

const (
	statuses = `
It ends with status 0 where nothing blocks, 1 where something does, and 2 where it is
used wrongly or a file cannot be read.
`
	noFinding = `
It ends with status 0, or with 2 where it is used wrongly or a file cannot be read.
`
)

// helpError asks for the help of the command that has these flags.
type helpError struct {
	flags *flag.FlagSet
}

func (e *helpError) Error() string { return "help for " + e.flags.Name() + " was asked for" }

// usage returns the help of the program.
func usage() string {
	var b strings.Builder
	b.WriteString("imagegate judges Dockerfiles and images without an engine.\n\nUsage:\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  imagegate %s\n        %s\n", strings.TrimSpace(c.name+" "+c.arguments), c.title)
	}
	b.WriteString("  imagegate --version\n        says which version this is.\n")
	b.WriteString("\nimagegate COMMAND -h explains a command and each of its flags.\n")
	return b.String()
}

// help returns that of a command: what it does, and what each of its flags says.
func (c command) help(flags *flag.FlagSet) string {
	var list strings.Builder
	flags.VisitAll(func(f *flag.Flag) {
		value, sentence := flag.UnquoteUsage(f)
		fmt.Fprintf(&list, "\n  %s\n        %s\n", strings.TrimSpace("--"+f.Name+" "+value), strings.ReplaceAll(sentence, "\n", "\n        "))
	})
	var b strings.Builder
	line := "imagegate " + c.name
	if list.Len() > 0 {
		line += " [flags]"
	}
	fmt.Fprintf(&b, "Usage: %s\n\nimagegate %s %s\n%s", strings.TrimSpace(line+" "+c.arguments), c.name, c.title, c.about)
	if list.Len() > 0 {
		fmt.Fprintf(&b, "\nFlags, before, between and behind the arguments:\n%s", &list)
	}
	return b.String()
}

// version returns that of the module that the program was built of.
func version(info *debug.BuildInfo, ok bool) string {
	if !ok {
		return "(devel)"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}
