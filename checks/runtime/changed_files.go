package runtime

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// change is a path that the application changed where nothing else is mounted in
// production.
type change struct {
	path string
	// added and removed are whether it is new, or gone; it is modified if neither.
	added, removed bool
}

// changes returns what the application changed in the root file system itself,
// sorted. A directory in which something else changed is left out, be that where
// something is mounted: the kernel notes the time in it.
func changes(o *Run) []change {
	exempt := append([]string{"/dev", "/proc", "/sys"}, o.Expected.Writable...)
	var all []change
	parents := map[string]bool{}
	add := func(paths []string, added, removed bool) {
		for _, p := range paths {
			p = path.Join("/", p)
			for dir := path.Dir(p); dir != "/" && !parents[dir]; dir = path.Dir(dir) {
				parents[dir] = true
			}
			if p != "/" && !slices.ContainsFunc(exempt, func(dir string) bool { return within(p, dir) }) {
				all = append(all, change{p, added, removed})
			}
		}
	}
	add(o.Changes.Added, true, false)
	add(o.Changes.Modified, false, false)
	add(o.Changes.Removed, false, true)

	all = slices.DeleteFunc(all, func(c change) bool { return parents[c.path] })
	slices.SortFunc(all, func(a, b change) int { return strings.Compare(a.path, b.path) })
	return slices.CompactFunc(all, func(a, b change) bool { return a.path == b.path })
}

// within reports whether a path is a directory or below it.
func within(p, dir string) bool {
	dir = path.Join("/", dir)
	return dir == "/" || p == dir || strings.HasPrefix(p, dir+"/")
}

var (
	// logName is how log files are called, also when they have been rotated.
	logName = regexp.MustCompile(`\.(log|out)([.-][0-9][-0-9]*)?(\.(gz|xz|zst|bz2))?$`)
	// journalName is how storage engines (LevelDB, RocksDB) call their journals.
	journalName = regexp.MustCompile(`^[0-9]+\.log$`)
	logDir      = regexp.MustCompile(`^/var/log/|/_?logs?/`)
)

// isLog reports whether a change is a log file that was written.
func (c change) isLog() bool {
	name := path.Base(c.path)
	return !c.removed && (logDir.MatchString(c.path) || logName.MatchString(name) && !journalName.MatchString(name))
}
