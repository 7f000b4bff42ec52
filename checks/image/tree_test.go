package image

import (
	"archive/tar"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
)

// Lookup returns the entry that a path leads to, following symbolic links
// within the image as a container would; an error that wraps fs.ErrNotExist if
// there is none.
func (t *Tree) Lookup(name string) (*Entry, error) {
	n, err := t.walk(name, false)
	switch {
	case err != nil:
		return nil, err
	case n.entry == nil:
		return &Entry{Path: strings.Trim(path.Clean("/"+name), "/"), Type: tar.TypeDir, Mode: 0o755}, nil
	}
	return n.entry, nil
}

// All returns the entries of the merged tree with their paths, sorted. A path
// is not the entry's own where a layer wrote below a symbolic link.
func (t *Tree) All() iter.Seq2[string, *Entry] {
	return func(yield func(string, *Entry) bool) {
		if t != nil {
			t.root.all("", yield)
		}
	}
}

func (n *node) all(dir string, yield func(string, *Entry) bool) bool {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child := n.children[name]
		if child.entry != nil && !yield(dir+name, child.entry) {
			return false
		}
		if !child.all(dir+name+"/", yield) {
			return false
		}
	}
	return true
}
