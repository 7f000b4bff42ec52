package dockerfile

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// What Files reads at most: a build context may hold a whole disk, and every
// directory costs a round trip where the context is remote.
const (
	maxDirectories = 64
	maxFiles       = 10000
)

// notWalked are directories of tools, which hold nothing that the project wrote.
var notWalked = []string{
	".git", ".hg", ".svn", ".venv", "venv", ".tox", "node_modules", "bower_components", "vendor", "site-packages",
	"__pycache__", "target", "obj", ".gradle", ".next", ".terraform", ".idea", ".vscode",
}

// reads are the directories of the source that were read, and the names that were
// looked at.
type reads struct {
	mu    sync.Mutex
	dirs  map[string]listing
	names map[string]presence
}

type listing struct {
	entries []fs.DirEntry
	err     error
}

// presence says whether something of a name is there, and whether it is a directory.
type presence struct{ exists, dir bool }

func (r *reads) readDir(files fs.FS, name string) ([]fs.DirEntry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, ok := r.dirs[name]
	if !ok {
		list.entries, list.err = fs.ReadDir(files, name)
		if r.dirs == nil {
			r.dirs = map[string]listing{}
		}
		r.dirs[name] = list
	}
	return list.entries, list.err
}

func (r *reads) stat(files fs.FS, name string) presence {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.names[name]
	if !ok {
		info, err := fs.Stat(files, name)
		found = presence{exists: err == nil, dir: err == nil && info.IsDir()}
		if r.names == nil {
			r.names = map[string]presence{}
		}
		r.names[name] = found
	}
	return found
}

// Files returns the paths of the files of the build context, those nearest to its
// root first. Left out are what lies in a directory that the ignore file leaves
// out whole, or in one of a tool (.git, node_modules, vendor, a virtual
// environment), and all beyond the first 64 directories.
func (s *Source) Files() []string { return s.tree() }

func (s *Source) walk() []string { return walk(s.ReadDir, s.Ignore.keeps) }

// Walk returns the paths of the files of a directory, as far as Files goes, those
// that an ignore file leaves out as well.
func Walk(files fs.FS) []string {
	return walk(
		func(dir string) ([]fs.DirEntry, error) { return fs.ReadDir(files, dir) },
		func(string) bool { return true },
	)
}

func walk(readDir func(string) ([]fs.DirEntry, error), keeps func(dir string) bool) []string {
	var files []string
	dirs := []string{"."}
	for n := 0; n < len(dirs) && n < maxDirectories; n++ {
		entries, err := readDir(dirs[n])
		if err != nil {
			continue // what cannot be read is not judged
		}
		for _, entry := range entries {
			name := path.Join(dirs[n], entry.Name())
			switch {
			case !entry.IsDir():
				if files = append(files, name); len(files) == maxFiles {
					return files
				}
			case !slices.Contains(notWalked, entry.Name()) && len(dirs) < maxDirectories && keeps(name):
				dirs = append(dirs, name)
			}
		}
	}
	return files
}

// fileName is what Dockerfiles are called.
var fileName = regexp.MustCompile(`(?i)^(?:(?:Dockerfile|Containerfile)(?:[._-].+)?|.+\.(?:Dockerfile|Containerfile))$`)

// IsFile reports whether a path is that of a Dockerfile, by its name.
func IsFile(name string) bool {
	base := path.Base(name)
	return fileName.MatchString(base) && !strings.HasSuffix(base, DefaultIgnore)
}

// keeps reports whether anything below a directory may be in the build context.
func (i *Ignore) keeps(dir string) bool {
	if excluded, err := i.Excludes(dir); err != nil || !excluded {
		return true
	}
	return slices.ContainsFunc(i.Lines, func(line IgnoreLine) bool { return line.Exception && line.MayMatchBelow(dir) })
}
