package source

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// unknownDir is at the head of the paths below a directory that is not known: the
// working directory of an external base image, or one that depends on a variable.
const unknownDir = "/?"

// stageFiles is which files of the build context a stage has, and where, as one of
// its instructions finds them.
type stageFiles struct {
	context *dockerfile.Source
	workdir string
	puts    []put
	// foreign is whether a RUN may have written or fetched files of the project.
	foreign bool
	// done are the calls that are judged, for who walks over the stages.
	done map[string]bool
}

// put is what an instruction puts into a stage.
type put struct {
	from   dockerfile.Copy // of a mount, its Sources alone
	dest   string          // absolute
	exact  bool            // a mount, which takes one path and never adds a name to dest
	origin bool            // whether it comes from the build context
}

// presence says whether a stage has a file.
type presence int

const (
	maybe presence = iota
	absent
	present
)

// contextFile is what is known of a file that a stage may have.
type contextFile struct {
	presence presence
	// path is its path in the build context, if present.
	path string
	// awaited is whether a directory or a pattern would bring it, if the source had
	// it.
	awaited bool
	// ignored is whether the ignore file, or --exclude, is what keeps it out.
	ignored bool
}

// fileHistory is how the files of the build context get into the stages.
type fileHistory struct {
	runs []runFiles // every RUN, in the order of the file
	ends map[*dockerfile.Stage]stageFiles
}

// runFiles are the files that a RUN finds.
type runFiles struct {
	in    *dockerfile.Instruction
	files stageFiles
}

var fileHistories = dockerfile.NewFact(func(s *dockerfile.Source) fileHistory {
	h := fileHistory{ends: map[*dockerfile.Stage]stageFiles{}}
	for _, stage := range s.Stages {
		files := stageFiles{context: s, workdir: unknownDir}
		switch base, ok := h.ends[stage.Base]; {
		case ok:
			files = base
			files.puts = slices.Clip(base.puts)
		case stage.BaseName.Text == dockerfile.Scratch:
			files.workdir = "/"
		}
		for _, in := range stage.Instructions {
			switch cmd := in.Command.(type) {
			case *instructions.WorkdirCommand:
				files.workdir = files.resolve(in, in.Expand(cmd.Path))
			case *instructions.RunCommand:
				h.runs = append(h.runs, runFiles{in, files})
				files.foreign = files.foreign || in.ShellError != nil || writesProject(in.Calls)
			default:
				if c, ok := in.Copy(); ok {
					files.puts = append(files.puts, put{from: c, dest: files.resolve(in, c.Dest), origin: c.From == ""})
				}
			}
		}
		h.ends[stage] = files
	}
	return h
})

// walkFiles calls visit for every RUN of the source with the files that it finds.
// What visit enters into done holds for the stages built from this one.
func walkFiles(s *dockerfile.Source, visit func(in *dockerfile.Instruction, files *stageFiles)) {
	done := map[*dockerfile.Stage]map[string]bool{}
	for _, run := range fileHistories.Of(s).runs {
		stage := run.in.Stage
		if done[stage] == nil {
			done[stage] = map[string]bool{}
			for base := stage.Base; base != nil; base = base.Base {
				maps.Copy(done[stage], done[base])
			}
		}
		files := run.files
		files.done = done[stage]
		visit(run.in, &files)
	}
}

// resolve returns a path of the stage as an absolute one.
func (f *stageFiles) resolve(in *dockerfile.Instruction, to dockerfile.Value) string {
	switch {
	case !to.Known:
		return unknownDir + strconv.Itoa(in.Location.Line)
	case path.IsAbs(to.Text):
		return path.Clean(to.Text)
	}
	return path.Join(f.workdir, to.Text)
}

// keepProject are programs that neither write nor fetch a project's own files.
var keepProject = []string{
	"addgroup", "adduser", "groupadd", "useradd", "usermod", "groupmod", "mkdir", "chown", "chmod", "rm", "rmdir", "ln", "echo", "printf",
	"set", "export", "test", "[", "true", "cd", "ls", "which", "corepack", "update-ca-certificates", "locale-gen", "ldconfig", "sleep",
}

// writesProject reports whether one of the calls may write or fetch files of the
// project: a lock file, or all of its source.
func writesProject(calls []dockerfile.Call) bool {
	return slices.ContainsFunc(calls, func(call dockerfile.Call) bool {
		if slices.Contains(keepProject, call.Program()) {
			return false
		}
		p, ok := parsePackages(call)
		if !ok {
			return true
		}
		project := !p.system && !p.global && p.action != "config" && p.action != "set" && p.action != "ci" && p.action != actionClean
		return project && p.manager != "pip" && p.manager != "gem" && p.manager != "conda" && p.manager != "pipx"
	})
}

// directories returns the directories that a call of a RUN may run in, the most
// likely one first; none if that cannot be told. A "cd" before it may have been
// in a shell of its own.
func (f *stageFiles) directories(in *dockerfile.Instruction, index int) []string {
	dirs := []string{f.workdir}
	moved := 0
	for _, call := range in.Calls[:index] {
		if call.Program() != "cd" && call.Program() != "pushd" {
			continue
		}
		if len(call.Words) != 2 || call.Words[1] == "-" || strings.ContainsAny(call.Words[1], "$`~*?") {
			return nil
		}
		to := call.Words[1]
		if moved++; moved > 1 && !path.IsAbs(to) {
			return nil
		}
		dirs = []string{f.resolve(in, dockerfile.Value{Text: to, Known: true}), f.workdir}
	}
	return dirs
}

// find says whether a RUN finds the file at an absolute path.
func (f *stageFiles) find(in *dockerfile.Instruction, target string) contextFile {
	puts := f.puts
	if run, ok := in.Command.(*instructions.RunCommand); ok {
		for _, m := range instructions.GetMounts(run) {
			if m.Type != instructions.MountTypeBind {
				continue
			}
			from := m.Source
			if from == "" {
				from = "."
			}
			mount := put{dest: f.resolve(in, dockerfile.Value{Text: m.Target, Known: true}), exact: true, origin: m.From == ""}
			mount.from.Sources = []dockerfile.Value{{Raw: from, Text: from, Known: !strings.Contains(from, "$")}}
			puts = append(slices.Clip(puts), mount)
		}
	}
	best := contextFile{presence: absent}
	if f.foreign {
		best.presence = maybe
	}
	for _, p := range slices.Backward(puts) {
		if best.settle(p.find(f.context, target)) {
			return best
		}
	}
	return best
}

// settle enters what one place of several tells of a file, and reports whether
// the file is there: then the others tell no more.
func (c *contextFile) settle(found contextFile) bool {
	switch found.presence {
	case present:
		*c = found
		return true
	case maybe:
		c.presence = maybe
	case absent:
		c.ignored = c.ignored || found.ignored
		c.awaited = c.awaited || found.awaited
	}
	return false
}

// find says whether a put brings the file at an absolute path.
func (p put) find(s *dockerfile.Source, target string) contextFile {
	nothing := contextFile{presence: absent}
	base := path.Base(target)
	rel, below := within(p.dest, target)
	unsure := contextFile{presence: maybe}
	if strings.HasPrefix(p.dest, unknownDir) != strings.HasPrefix(target, unknownDir) {
		// Both may be the same directory.
		for _, src := range p.from.Sources {
			if matched, err := path.Match(path.Base(src.Text), base); matched || err != nil || !src.Known || src.Text == "." || s.IsDir(clean(src.Text)) {
				return unsure
			}
		}
		return nothing
	}
	if !below {
		return nothing
	}
	cmd, _ := p.instruction().(*instructions.CopyCommand)
	parents := cmd != nil && cmd.Parents
	if !p.origin || len(p.from.Sources) == 0 || parents {
		return unsure
	}
	best := nothing
	for _, src := range p.from.Sources {
		name := clean(src.Text)
		var found contextFile
		switch {
		case !src.Known, strings.Contains(src.Text, "://"), strings.HasPrefix(src.Text, "git@"):
			found = unsure
		case strings.ContainsAny(name, "*?["):
			found = p.findPattern(s, name, base, rel)
		case name == "." || s.IsDir(name):
			if found = nothing; rel != "." {
				found = p.bringsIfThere(s, path.Join(name, rel), rel)
			}
		case rel == "." && (p.exact || !strings.HasSuffix(p.from.Dest.Text, "/")) || rel == path.Base(name) && !p.exact:
			found = p.brings(s, name, path.Base(name))
		case !p.exact && !s.Exists(name) && path.Ext(name) == "":
			found = unsure // a directory that is not there yet
		default:
			found = nothing
		}
		if best.settle(found) {
			return best
		}
	}
	return best
}

func (p put) findPattern(s *dockerfile.Source, pattern, base, rel string) contextFile {
	dir, name := path.Split(pattern)
	matched, err := path.Match(name, base)
	switch {
	case err != nil, matched && strings.ContainsAny(dir, "*?["):
		return contextFile{presence: maybe}
	case matched && rel == base:
		return p.bringsIfThere(s, dir+base, base)
	case path.Ext(name) == "" || strings.ContainsAny(path.Ext(name), "*?["):
		return contextFile{presence: maybe} // what is in the directories that it matches
	}
	return contextFile{presence: absent}
}

// brings says whether a file of the build context gets over the ignore file and
// --exclude.
func (p put) brings(s *dockerfile.Source, name, rel string) contextFile {
	excluded, err := s.Ignore.Excludes(name)
	if err != nil {
		return contextFile{presence: maybe}
	}
	if excluded || p.from.Excludes(rel) {
		return contextFile{presence: absent, ignored: true}
	}
	return contextFile{presence: present, path: name}
}

func (p put) bringsIfThere(s *dockerfile.Source, name, rel string) contextFile {
	found := p.brings(s, name, rel)
	if found.presence == present && !s.Exists(name) {
		return contextFile{presence: absent, awaited: true}
	}
	return found
}

func (p put) instruction() instructions.Command {
	if p.from.Instruction == nil {
		return nil
	}
	return p.from.Command
}

// within returns a path relative to a directory; false if it is not below it.
func within(dir, target string) (string, bool) {
	if target == dir {
		return ".", true
	}
	return strings.CutPrefix(target, strings.TrimSuffix(dir, "/")+"/")
}

// clean returns a source of COPY relative to the root of the build context.
func clean(src string) string {
	name := strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(src, `\`, "/")), "/")
	if name == "" || name == "*" || name == "**" {
		return "."
	}
	return name
}
