package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// defaultPath is what containers look programs up in without a PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// maxInterpreters is how many interpreters of interpreters Linux starts.
const maxInterpreters = 4

// starter finds out what keeps a container from starting a program.
type starter struct {
	img  *Image
	who  account
	path []string
	// anyone is whether the user is not known, so that permissions do not count.
	anyone bool
}

func newStarter(img *Image) *starter {
	s := &starter{img: img}
	search := defaultPath
	for _, v := range img.Config.Config.Env {
		if value, ok := strings.CutPrefix(v, "PATH="); ok {
			search = value
		}
	}
	s.path = strings.Split(search, ":")
	var err error
	s.who, err = resolveUser(img.Config.Config.User, img.Files[passwdFile], img.Files[groupFile])
	s.anyone = err != nil
	return s
}

// fault returns what keeps a program from being started, as container engines
// start it; empty if nothing does.
func (s *starter) fault(program string) string {
	if program == "" {
		return "it is empty"
	}
	if strings.Contains(program, "/") {
		name := program
		if !path.IsAbs(name) {
			name = path.Join("/", s.img.Config.Config.WorkingDir, name)
		}
		return s.faultOf(name, 0)
	}
	// The first one that can be executed counts.
	var first string
	for _, dir := range s.path {
		name := path.Join("/", dir, program)
		e, err := s.img.Tree.Lookup(name)
		if err != nil || e.Type != tar.TypeReg {
			continue
		}
		if reason := s.refused(name, e); reason != "" {
			if first == "" {
				first = reason
			}
			continue
		}
		return s.faultOf(name, 0)
	}
	if first != "" {
		return first
	}
	return fmt.Sprintf("the image has no %s in its PATH (%s)", program, strings.Join(s.path, ":"))
}

// faultOf returns what keeps the file of an absolute path from being started.
func (s *starter) faultOf(name string, depth int) string {
	e, err := s.img.Tree.Lookup(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if link, ok := s.brokenLink(name); ok {
			return fmt.Sprintf("%s is a link to %s, which the image does not have", name, link)
		}
		return fmt.Sprintf("the image has no %s", name)
	case err != nil:
		return err.Error()
	case e.Type == tar.TypeDir:
		return fmt.Sprintf("%s is a directory", name)
	case e.Type != tar.TypeReg:
		return fmt.Sprintf("%s is no regular file", name)
	}
	if reason := s.refused(name, e); reason != "" {
		return reason
	}
	p := e.Program
	switch p.Format {
	case FormatOther:
		if e.Size == 0 {
			return fmt.Sprintf("%s is empty", name)
		}
		return fmt.Sprintf("%s is neither a compiled program nor a script that begins with #!: the kernel refuses it (exec format error)", name)
	case FormatELF:
		if reason := s.wrongArchitecture(name, p); reason != "" {
			return reason
		}
	}
	if p.Interpreter == "" {
		if p.Format == FormatScript {
			return fmt.Sprintf("the first line of %s names no interpreter behind #!", name)
		}
		return ""
	}
	if strings.HasSuffix(p.Interpreter, "\r") || strings.HasSuffix(p.Argument, "\r") {
		return fmt.Sprintf("the first line of %s ends as Windows ends lines, so that the kernel looks for %q; write it with Unix line ends", name, p.Interpreter)
	}
	if depth == maxInterpreters {
		return fmt.Sprintf("%s is a script of a script, more than %d deep", name, maxInterpreters)
	}
	interpreter := p.Interpreter
	if !path.IsAbs(interpreter) {
		interpreter = path.Join("/", s.img.Config.Config.WorkingDir, interpreter)
	}
	if reason := s.faultOf(interpreter, depth+1); reason != "" {
		return fmt.Sprintf("%s needs %s: %s", name, p.Interpreter, reason)
	}
	if p.Format == FormatScript && path.Base(interpreter) == "env" {
		if program, ok := envProgram(p.Argument); ok && !strings.Contains(program, "/") {
			if reason := s.fault(program); reason != "" {
				return fmt.Sprintf("%s needs %s: %s", name, program, reason)
			}
		}
	}
	return ""
}

// envProgram returns the program that env starts with this argument of a shebang.
func envProgram(argument string) (string, bool) {
	words := strings.Fields(strings.TrimPrefix(argument, "-S"))
	for _, word := range words {
		switch {
		case strings.HasPrefix(word, "-"):
			return "", false
		case !strings.Contains(word, "="):
			return word, true
		}
	}
	return "", false
}

// brokenLink returns what the link at a path points to.
func (s *starter) brokenLink(name string) (string, bool) {
	dir, err := s.img.Tree.walk([]byte(path.Dir(name)), false)
	if err != nil {
		return "", false
	}
	id := s.img.Tree.child(dir, []byte(path.Base(name)))
	if id == none || s.img.Tree.node(id).kind != tar.TypeSymlink {
		return "", false
	}
	return s.img.Tree.entry(id, name).Link, true
}

// refused returns why the user may not execute a file; empty if they may.
func (s *starter) refused(name string, e Entry) string {
	if e.Mode&0o111 == 0 {
		return fmt.Sprintf("%s has no executable bit (mode %04o)", name, e.Mode.Perm())
	}
	if s.anyone || s.who.uid == 0 {
		return ""
	}
	if !s.may(e, 0o1) {
		return fmt.Sprintf("%s may not execute %s (mode %04o, owner %d:%d)", s.who, name, e.Mode.Perm(), e.UID, e.GID)
	}
	for dir := path.Dir("/" + e.Path); dir != "/"; dir = path.Dir(dir) {
		d, err := s.img.Tree.Lookup(dir)
		if err == nil && !s.may(d, 0o1) {
			return fmt.Sprintf("%s may not enter %s, where %s lies (mode %04o, owner %d:%d)", s.who, dir, name, d.Mode.Perm(), d.UID, d.GID)
		}
	}
	return ""
}

// may reports whether the user has the permission bit of a file.
func (s *starter) may(e Entry, bit fs.FileMode) bool { return s.who.may(e, bit) }

// may reports whether an account has a permission of a file: 4 to read, 2 to
// write, 1 to execute.
func (who account) may(e Entry, bit fs.FileMode) bool {
	switch {
	case who.uid == e.UID:
		return e.Mode&(bit<<6) != 0
	case who.gid == e.GID, slices.Contains(who.groups, e.GID):
		return e.Mode&(bit<<3) != 0
	}
	return e.Mode&bit != 0
}

// runsOn are the architectures whose programs an architecture runs beside its own.
var runsOn = map[string][]string{"amd64": {"386"}, "arm64": {"arm"}, "ppc64": {"ppc"}, "mips64": {"mips"}, "mips64le": {"mipsle"}}

func (s *starter) wrongArchitecture(name string, p Program) string {
	want := s.img.Config.Architecture
	if want == "" || p.Architecture == want || slices.Contains(runsOn[want], p.Architecture) {
		return ""
	}
	return fmt.Sprintf("%s is compiled for %s, but the image is for %s", name, p.Architecture, want)
}

// faultOfCommand returns what keeps a command from being started: its program,
// and, where that is a shell with a script behind -c, the first programs in it.
func (s *starter) faultOfCommand(args []string) string {
	if reason := s.fault(args[0]); reason != "" {
		return reason
	}
	if len(args) < 3 || !isShell(args[0]) || args[1] != "-c" {
		return ""
	}
	return s.faultOfScript(args[2])
}

func isShell(program string) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "ash", "ksh", "zsh"}, path.Base(program))
}

// faultOfScript returns what keeps the programs that a script starts in any case
// from being started.
func (s *starter) faultOfScript(script string) string {
	for _, program := range certainPrograms(script) {
		if reason := s.fault(program); reason != "" {
			return reason
		}
	}
	return ""
}

// maxScript is how long a script may be to be read.
const maxScript = 64 << 10

// certainPrograms returns the programs that a script for a shell starts, whatever
// happens, by their names as they stand there: none behind ||, in a condition, or
// where the script sets PATH or defines functions.
func certainPrograms(script string) []string {
	if len(script) > maxScript {
		return nil
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
	if err != nil {
		return nil
	}
	var programs []string
	var of func(stmt *syntax.Stmt) bool
	of = func(stmt *syntax.Stmt) bool {
		switch cmd := stmt.Cmd.(type) {
		case *syntax.BinaryCmd:
			if !of(cmd.X) || cmd.Op == syntax.OrStmt {
				return false
			}
			return of(cmd.Y)
		case *syntax.CallExpr:
			if len(cmd.Args) == 0 {
				return len(cmd.Assigns) > 0 && !setsPath(cmd)
			}
			program := firstWord(cmd.Args)
			if program == "" || setsPath(cmd) {
				return false
			}
			if shellBuiltins[program] {
				// What comes behind any other depends on it.
				return slices.Contains([]string{":", "echo", "export", "set", "true", "umask"}, program)
			}
			programs = append(programs, program)
			return cmd.Args[0].Lit() != "exec"
		}
		return false
	}
	for _, stmt := range file.Stmts {
		if !of(stmt) {
			break
		}
	}
	return programs
}

// firstWord returns the program of a call, behind exec; empty where an expansion
// decides.
func firstWord(words []*syntax.Word) string {
	program := words[0].Lit()
	if program != "exec" {
		return program
	}
	if len(words) < 2 || strings.HasPrefix(words[1].Lit(), "-") {
		return ""
	}
	return words[1].Lit()
}

func setsPath(call *syntax.CallExpr) bool {
	for _, a := range call.Assigns {
		if a.Name != nil && a.Name.Value == "PATH" {
			return true
		}
	}
	return len(call.Args) > 1 && call.Args[0].Lit() == "export" && strings.HasPrefix(call.Args[1].Lit(), "PATH")
}

// shellBuiltins are what every shell does itself; those that images have as
// programs too, such as test, are among them.
var shellBuiltins = map[string]bool{
	".": true, ":": true, "[": true, "[[": true, "alias": true, "bg": true, "break": true, "builtin": true, "cd": true, "command": true, "continue": true, "declare": true,
	"echo": true, "eval": true, "exit": true, "export": true, "false": true, "fg": true, "getopts": true, "hash": true, "jobs": true, "kill": true, "let": true, "local": true,
	"printf": true, "pwd": true, "read": true, "readonly": true, "return": true, "set": true, "shift": true, "shopt": true, "source": true, "test": true, "times": true,
	"trap": true, "true": true, "type": true, "typeset": true, "ulimit": true, "umask": true, "unalias": true, "unset": true, "wait": true,
}
