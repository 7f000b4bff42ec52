package source

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// residue is what kind of thing a layer keeps that nobody needs in the image.
type residue int

const (
	residueLists    residue = iota // package lists
	residueCache                   // what a package manager keeps of its downloads
	residueDownload                // a file that was downloaded
	residueCopy                    // a file that was copied
	residuePackage                 // a package of the operating system
	residueModules                 // development dependencies
)

// leftover is something that an instruction leaves in the image's layers.
type leftover struct {
	residue residue
	in      *dockerfile.Instruction
	call    dockerfile.Call // that brought it; without words for a COPY or ADD
	// manager is the package manager that brought it; empty if none did.
	manager string
	// paths are where it is: each of them is all of it. A path below ~ is in the home
	// directory of whoever runs it.
	paths []string
	// name is what it is called by whom removes it: a package, a path.
	name string
	// remover is the call of a later instruction that removes it, in vain, and removed
	// which of the paths that names, if any.
	remover   *dockerfile.Call
	removedIn *dockerfile.Instruction // in which the remover stands
	removed   string
	// users are the RUNs, behind it and up to the one that removes it, that install
	// from package lists.
	users []*dockerfile.Instruction
}

var leftovers = dockerfile.NewFact(findLeftovers)

// findLeftovers returns what the instructions leave in the layers of the image, in the
// order of the file, each with the later call that removes it, if any.
func findLeftovers(s *dockerfile.Source) []leftover {
	if s.Windows() {
		return nil
	}
	var all []leftover
	config := cacheConfig{source: s}
	compared := 0
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			switch in.Keyword {
			case "COPY", "ADD":
				all = append(all, leftByCopy(s, in)...)
			case "RUN":
				run := newRunLayer(in)
				found := append(run.lists(), run.caches(&config)...)
				found = append(found, run.downloads()...)
				found = append(found, run.packages()...)
				for i := range all {
					compared += len(run.calls) + len(run.removals)
					l := &all[i]
					if l.remover != nil || compared >= maxCompared || run.brings(*l) {
						continue
					}
					if l.residue == residueLists && slices.ContainsFunc(run.calls, func(p packages) bool { return installsFromLists(p, l.manager) }) {
						l.users = append(l.users, in)
					}
					if l.remover, l.removed = run.removesLater(*l); l.remover != nil {
						l.removedIn = in
					}
				}
				all = append(all, found...)
			}
			config.read(in)
		}
	}
	return all
}

// leftByCopy returns what a COPY puts into the image, and an ADD downloads to it.
func leftByCopy(s *dockerfile.Source, in *dockerfile.Instruction) []leftover {
	c, _ := in.Copy()
	if !c.Dest.Known {
		return nil
	}
	dest := in.Before.Resolve(c.Dest)
	if !dest.Known {
		return nil
	}
	directory := strings.HasSuffix(c.Dest.Text, "/") || path.Base(c.Dest.Text) == "." || len(c.Sources) > 1
	var all []leftover
	for _, source := range c.Sources {
		l := leftover{residue: residueCopy, in: in, name: source.Text}
		remote := isRemoteURL(source.Text)
		if remote {
			l.residue = residueDownload
		}
		if !source.Known || remote && strings.Contains(source.Text, "?") {
			continue
		}
		// A directory's files go to the destination itself.
		l.paths = []string{dest.Text, path.Join(dest.Text, path.Base(source.Text))}
		switch {
		case directory:
			slices.Reverse(l.paths)
		case remote:
			l.paths = l.paths[:1]
		}
		if !remote && mayBeDirectory(s, c, source.Text) {
			l.paths = []string{dest.Text}
		}
		all = append(all, l)
	}
	return all
}

// mayBeDirectory reports whether a source of a copy is a directory, or may be one.
func mayBeDirectory(s *dockerfile.Source, c dockerfile.Copy, source string) bool {
	if c.From == "" {
		return strings.HasSuffix(source, "/") || s.IsDir(strings.TrimPrefix(path.Clean("/"+source), "/"))
	}
	return path.Ext(source) == ""
}

// runLayer is a RUN, and what its layer does not keep.
type runLayer struct {
	in     *dockerfile.Instruction
	calls  []packages // of package managers, by the index of Calls; the others are empty
	mounts []string   // targets; what is written below one is not in the layer
	// opaque is whether the target of a mount is not known.
	opaque   bool
	removals []removal
	scripts  map[*dockerfile.Script]*shellScript
}

// shellScript is what is to know of a script before its calls can be read.
type shellScript struct {
	functions []*syntax.FuncDecl
	assigned  map[string]string // variables of the whole script, as written
}

// removal is a call that removes files.
type removal struct {
	index int // in Calls
	// anytime is whether it runs at another time than its place says: it is in a
	// function, or in a trap.
	anytime bool
	// paths are absolute as far as they are known, with the shell's patterns.
	paths []string
	// filtered is whether it removes only some of what is there.
	filtered bool
	// unknown is whether it removes something else, too, that is not known.
	unknown bool
	// moved is whether paths depend on a cd.
	moved bool
}

// What is looked at of one RUN, and of all together. Real files stay far below.
const (
	maxRemoved  = 500 // words of what it removes
	maxDirs     = 8   // that it changes to
	maxFiles    = 32  // that it downloads
	maxCompared = 1 << 20
)

func newRunLayer(in *dockerfile.Instruction) *runLayer {
	r := &runLayer{in: in, calls: make([]packages, len(in.Calls)), scripts: map[*dockerfile.Script]*shellScript{}}
	if run, ok := in.Command.(*instructions.RunCommand); ok {
		for _, mount := range instructions.GetMounts(run) {
			target := in.Before.Resolve(in.Expand(mount.Target))
			if mount.Target == "" {
				continue
			}
			if !target.Known {
				r.opaque = true
				continue
			}
			r.mounts = append(r.mounts, target.Text)
		}
	}
	var dirs []string // that a cd names
	removed := 0
	for i, call := range in.Calls {
		r.calls[i], _ = parsePackages(call)
		if (call.Program() == "cd" || call.Program() == "pushd") && len(call.Words) > 1 {
			if dir := call.Words[len(call.Words)-1]; len(dirs) < maxDirs && !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	for i, call := range in.Calls {
		words, filtered := removedWords(call)
		if len(words) == 0 {
			continue
		}
		if words = words[:min(len(words), maxRemoved-removed)]; len(words) == 0 {
			break
		}
		removed += len(words)
		r.removals = append(r.removals, r.removal(i, words, filtered, dirs))
	}
	return r
}

// removedWords returns the words of a call that name what it removes, and whether
// it removes only some of that.
func removedWords(call dockerfile.Call) (words []string, filtered bool) {
	args := call.Words[1:]
	switch call.Program() {
	case "rm", "unlink", "rmdir":
		for _, arg := range args {
			if !strings.HasPrefix(arg, "-") {
				words = append(words, arg)
			}
		}
	case "find":
		if !slices.Contains(args, "-delete") && !slices.ContainsFunc(args, func(arg string) bool { return path.Base(arg) == "rm" }) {
			return nil, false
		}
		for _, arg := range args {
			if strings.HasPrefix(arg, "-") || arg == "(" || arg == "!" {
				break
			}
			words = append(words, arg)
		}
		filtered = slices.ContainsFunc(args, func(arg string) bool {
			return slices.Contains([]string{"-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex", "-size", "-mtime", "-newer", "-perm", "-user", "-empty"}, arg)
		})
	case "xargs":
		if !slices.ContainsFunc(args, func(arg string) bool { return path.Base(arg) == "rm" }) {
			return nil, false
		}
		for _, input := range call.Input {
			words = append(words, input.Words[1:]...)
		}
		filtered = true
	case "trap":
		if len(args) > 0 && strings.Contains(args[0], "rm ") {
			words = strings.FieldsFunc(args[0], func(r rune) bool { return strings.ContainsRune(" \t\n;&|\"'", r) })
		}
	}
	return words, filtered
}

func (r *runLayer) removal(index int, words []string, filtered bool, dirs []string) removal {
	call := r.in.Calls[index]
	rm := removal{index: index, filtered: filtered, anytime: call.Program() == "trap" || r.inFunction(call)}
	for _, word := range words {
		for _, word := range braces(word) {
			text, known := r.word(call, word)
			switch {
			case !known:
				rm.unknown = true
			case text == "":
			case path.IsAbs(text) || strings.HasPrefix(text, "~"):
				rm.paths = append(rm.paths, text)
			default:
				rm.moved = rm.moved || len(dirs) > 0
				if r.in.Dir.Known {
					rm.paths = append(rm.paths, path.Join(r.in.Dir.Text, text))
				}
				for _, dir := range dirs {
					dir, known := r.word(call, dir)
					rm.unknown = rm.unknown || !known
					if known && (path.IsAbs(dir) || strings.HasPrefix(dir, "~")) {
						rm.paths = append(rm.paths, path.Join(dir, text))
					}
				}
			}
		}
	}
	return rm
}

// keeps reports whether what a call writes to one of the paths is in the layer for
// certain: not on a mount, and not removed behind the call as far as can be told.
func (r *runLayer) keeps(index int, paths ...string) bool {
	if r.opaque {
		return false
	}
	for _, p := range paths {
		if slices.ContainsFunc(r.mounts, func(target string) bool { return holdsPath(target, p) || isWithin(target, p) }) {
			return false
		}
		for _, rm := range r.removals {
			if rm.index < index && !rm.anytime {
				continue
			}
			if rm.unknown {
				return false
			}
			for _, removed := range rm.paths {
				if isWithin(removed, p) || !rm.filtered && holdsPath(removed, p) {
					return false
				}
			}
		}
	}
	return !slices.ContainsFunc(r.in.Calls[index+1:], func(call dockerfile.Call) bool {
		// A script of somebody's own that is there to clean up.
		_, manager := programs[call.Program()]
		return !manager && strings.Contains(strings.ToLower(call.Program()), "clean")
	})
}

// holdsPath reports whether what is removed or mounted holds a path, all of it.
func holdsPath(removed, name string) bool {
	for {
		trimmed := strings.TrimSuffix(strings.TrimRight(removed, "/"), "/*")
		if trimmed == removed {
			break
		}
		removed = trimmed
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok && removed != "" {
		below, ok := cutHome(removed)
		if !ok {
			// Somebody else's home, as far as its last names tell.
			for prefix := rest; prefix != "."; prefix = path.Dir(prefix) {
				if strings.HasSuffix(removed, "/"+prefix) {
					return true
				}
			}
			return false
		}
		removed = path.Join("~", below)
	}
	if removed == "" {
		return true // the root directory
	}
	// Each segment may be a pattern.
	segments, names := strings.Split(removed, "/"), strings.Split(name, "/")
	if len(segments) > len(names) {
		return false
	}
	for i, segment := range segments {
		if matched, err := path.Match(segment, names[i]); !matched || err != nil {
			return false
		}
	}
	return true
}

// cutHome returns a path in a home directory relative to that.
func cutHome(name string) (below string, ok bool) {
	for _, home := range []string{"~", "/root"} {
		if rest, ok := strings.CutPrefix(name, home); ok && (rest == "" || rest[0] == '/') {
			return rest, true
		}
	}
	if rest, ok := strings.CutPrefix(name, "/home/"); ok {
		_, below, _ := strings.Cut(rest, "/")
		return below, true
	}
	return "", false
}

// isWithin reports whether a path that is removed or mounted is in another one, be
// it below another root, as in a chroot.
func isWithin(removed, name string) bool {
	return strings.Contains(removed+"/", strings.TrimPrefix(name, "~")+"/")
}

// brings reports whether the RUN brings the same lists, cache or package itself: what
// it removes is then its own.
func (r *runLayer) brings(l leftover) bool {
	for i, p := range r.calls {
		switch {
		case l.residue == residueLists && p.manager == l.manager && (p.action == actionUpdate || p.manager == "apk" && p.action == actionInstall):
			return true
		case l.residue == residueCache && fillsCache(r.in.Calls[i], p) == l.manager:
			return true
		case l.residue == residuePackage && p.manager == l.manager && p.action == actionInstall && (isGroupOf(r.in.Calls[i], l.name) || len(packagesNamed(p, l.name)) > 0):
			return true
		}
	}
	return false
}

// removesLater returns the call of the RUN that removes what an earlier layer has, and
// which of its paths.
func (r *runLayer) removesLater(l leftover) (remover *dockerfile.Call, removed string) {
	for i := range r.in.Calls {
		call, p := &r.in.Calls[i], r.calls[i]
		switch l.residue {
		case residueCache:
			if cleansCache(*call, p, l.manager) {
				return call, ""
			}
		case residueLists:
			if cleansLists(p, l.manager) {
				return call, ""
			}
		case residuePackage:
			if p.manager == l.manager && p.action == actionRemove && slices.ContainsFunc(p.operands, func(o packageOperand) bool { return o.name == l.name }) {
				return call, ""
			}
		case residueModules:
			if p.manager == l.manager && p.action == "prune" && r.prunesDevelopment(*call, p) {
				return call, ""
			}
		}
	}
	for _, rm := range r.removals {
		if rm.filtered || rm.moved {
			continue
		}
		for _, removed := range rm.paths {
			if i := slices.IndexFunc(l.paths, func(p string) bool { return holdsPath(removed, p) }); i >= 0 {
				return &r.in.Calls[rm.index], l.paths[i]
			}
		}
	}
	return nil, ""
}

// prunesDevelopment reports whether a call of npm prune or pnpm prune removes the
// development dependencies.
func (r *runLayer) prunesDevelopment(call dockerfile.Call, p packages) bool {
	if omit, ok := p.value("--omit"); ok && omit == "dev" || p.has("--production", "--prod", "-P") {
		return true
	}
	mode, _ := r.variable(call, "NODE_ENV")
	return mode.Text == "production"
}

// lists returns the package lists that the RUN leaves.
func (r *runLayer) lists() []leftover {
	first, last := -1, 0 // the calls that bring them; what removes those of the last one removes all
	for i, p := range r.calls {
		if bringsLists(p) {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		return nil
	}
	l := leftover{residue: residueLists, in: r.in, call: r.in.Calls[first], manager: r.calls[last].manager, paths: []string{"/var/lib/apt/lists"}}
	if l.manager == "apk" {
		l.paths = []string{"/var/cache/apk", "/etc/apk/cache"}
	}
	if !r.keeps(last, l.paths...) || slices.ContainsFunc(r.calls[last+1:], func(p packages) bool { return cleansLists(p, l.manager) }) {
		return nil
	}
	return []leftover{l}
}

// bringsLists reports whether a call downloads package lists that it leaves.
func bringsLists(p packages) bool {
	switch p.manager {
	case "apt":
		elsewhere := slices.ContainsFunc(p.flags, func(flag string) bool { return strings.Contains(flag, "Dir::") || strings.Contains(flag, "Dir=") })
		return p.action == actionUpdate && !elsewhere && !p.has("--print-uris", "-s", "--simulate")
	case "apk":
		fetches := p.action == actionInstall || p.action == actionUpdate || p.action == actionUpgrade
		return fetches && !onlyFiles(p) && !p.has("--no-cache", "--no-network", "--repositories-file", "--cache-dir", "--simulate", "-s", "--help")
	}
	return false
}

// installsFromLists reports whether a call installs from the package lists of a
// manager.
func installsFromLists(p packages, manager string) bool {
	return p.manager == manager && (p.action == actionInstall || p.action == actionUpgrade || p.action == "build-dep") && !onlyFiles(p)
}

// cleansLists reports whether a call removes the package lists of a manager. What
// apt-get clean removes is something else.
func cleansLists(p packages, manager string) bool {
	return p.manager == manager && (manager == "apk" && p.action == actionClean || strings.HasSuffix(p.command, " distclean"))
}

// downloads returns the files that the RUN downloads and leaves.
func (r *runLayer) downloads() []leftover {
	var all []leftover
	files := 0
	for i, call := range r.in.Calls {
		if program := call.Program(); program != "curl" && !strings.HasPrefix(program, "wget") {
			continue
		}
		if files++; files > maxFiles {
			break
		}
		d, ok := parseDownload(call)
		if !ok || d.output == "" || slices.ContainsFunc(call.Words, func(w string) bool {
			return strings.HasPrefix(w, "-P") || strings.HasPrefix(w, "--directory-prefix") || strings.HasPrefix(w, "--output-dir")
		}) {
			continue
		}
		file, known := r.word(call, d.output)
		moved := slices.ContainsFunc(r.in.Calls[:i], func(call dockerfile.Call) bool { return call.Program() == "cd" || call.Program() == "pushd" })
		if !known || file == "" || !path.IsAbs(file) && (moved || !r.in.Dir.Known) {
			continue
		}
		if !path.IsAbs(file) {
			file = path.Join(r.in.Dir.Text, file)
		}
		if file = path.Clean(file); !strings.HasPrefix(file, "/dev/") && r.keeps(i, file) {
			all = append(all, leftover{residue: residueDownload, in: r.in, call: call, paths: []string{file}, name: file})
		}
	}
	return all
}

// packages returns the packages that the RUN installs and does not remove again.
func (r *runLayer) packages() []leftover {
	var all []leftover
	removed, unknown := map[string]int{}, -1 // the last calls that remove a package, and one that is not known
	pruned := -1
	unmarked := false // whether packages were marked as no longer wanted
	for i, p := range r.calls {
		call := r.in.Calls[i]
		unmarked = unmarked || call.Program() == "apt-mark" && hasWord(call, "auto", "markauto")
		if p.action == "prune" {
			pruned = i
		}
		if p.action != actionRemove {
			if removesPackages(call) {
				unknown = i // dpkg, rpm, dnf history undo
			}
			continue
		}
		if len(p.operands) == 0 && p.system && (unmarked || p.manager != "apt") {
			unknown = i
		}
		for _, o := range p.operands {
			if removed[o.name] = i; o.unknown || strings.ContainsAny(o.word, "*?^") {
				unknown = i
			}
		}
	}
	for i, p := range r.calls {
		if pruned < i && len(all) < maxRemoved && r.installsDevelopmentModules(r.in.Calls[i], p) {
			all = append(all, leftover{residue: residueModules, in: r.in, call: r.in.Calls[i], manager: p.manager, name: "node_modules"})
		}
		if !p.system || p.action != actionInstall {
			continue
		}
		names := []string{}
		if virtual, ok := p.value("-t", "--virtual"); ok && p.manager == "apk" {
			if removed[virtual] > i {
				continue // all that it installs goes with it
			}
			names = append(names, virtual)
		}
		for _, o := range p.operands {
			if !o.unknown && !o.elsewhere {
				names = append(names, o.name)
			}
		}
		for _, name := range names {
			if last, ok := removed[name]; !(ok && last > i) && unknown < i && len(all) < maxRemoved {
				all = append(all, leftover{residue: residuePackage, in: r.in, call: r.in.Calls[i], manager: p.manager, name: name})
			}
		}
	}
	return all
}

// installsDevelopmentModules reports whether a call of npm or pnpm installs the
// development dependencies of the project, too.
func (r *runLayer) installsDevelopmentModules(call dockerfile.Call, p packages) bool {
	if p.manager != "npm" && p.manager != "pnpm" || p.action != "ci" && p.action != actionInstall || len(p.operands) > 0 || p.global {
		return false
	}
	if p.has("--omit", "--production", "--prod", "-P", "--only") {
		return false
	}
	mode, ok := r.variable(call, "NODE_ENV")
	return !ok || mode.Known && mode.Text != "production"
}
