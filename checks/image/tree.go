package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	// whiteout is how a layer names what it takes away from those below it;
	// opaque, in a directory, takes away all that they have there. Names with
	// aufs at their start are the bookkeeping of an old storage driver.
	whiteout = ".wh."
	aufs     = ".wh..wh."
	opaque   = ".wh..wh..opq"

	// maxPath is the length in bytes that Linux allows to a path.
	maxPath = 4096
	// maxSymlinks is after how many links Linux gives up on a path.
	maxSymlinks = 40
)

// Entry is one entry of a layer's tar.
type Entry struct {
	// Path is clean and relative to the root: "etc/passwd". Whiteouts keep
	// their marker: "etc/.wh.passwd".
	Path string
	// Type is the entry's type as in package archive/tar: tar.TypeReg,
	// TypeDir, TypeSymlink, TypeLink, TypeChar, TypeBlock or TypeFifo.
	Type byte
	// Mode holds the permission bits with setuid, setgid and sticky.
	Mode fs.FileMode
	// UID and GID are the owner's.
	UID, GID int
	// Size is that of a regular file's content, in bytes.
	Size int64
	// Link is what a symbolic or hard link points to.
	Link string
	// Layer is the layer's index in Image.Layers, Index the entry's in the layer.
	Layer, Index int
}

// Tree is the file system that a container of an image starts with: its layers,
// each laid over those below it. A nil Tree is empty.
type Tree struct {
	root  *node
	nodes int
	limit int // nodes
}

type node struct {
	entry *Entry // nil for a directory that no layer lists
	// content is where a regular file's bytes are: the entry itself, or, for a
	// hard link, the one it was linked to.
	content *Entry
	// symlink is what a symbolic link, or a hard link to one, points to.
	symlink  string
	children map[string]*node // not nil: a directory
}

func newTree(limit int) *Tree {
	return &Tree{root: &node{children: map[string]*node{}}, limit: limit}
}

// errNotExist is a path that a tree does not have.
var errNotExist = fmt.Errorf("the image has no such file: %w", fs.ErrNotExist)

// walk returns the node that a path leads to. With make it is that of a
// directory, and directories that no layer lists are made on the way, as
// container engines do.
func (t *Tree) walk(name string, make bool) (*node, error) {
	if t == nil {
		return nil, errNotExist
	}
	steps := split(name)
	way := []*node{t.root} // from the root to where we are
	for links := 0; len(steps) > 0; {
		step := steps[0]
		steps = steps[1:]
		if step == ".." {
			way = way[:max(len(way)-1, 1)]
			continue
		}
		at := way[len(way)-1]
		next, ok := at.children[step]
		switch {
		case !ok && !make:
			return nil, errNotExist
		case !ok:
			next = &node{children: map[string]*node{}}
			if err := t.put(at, step, next); err != nil {
				return nil, err
			}
		case next.symlink != "":
			if links++; links > maxSymlinks {
				return nil, fmt.Errorf("%s: too many levels of symbolic links", name)
			}
			if strings.HasPrefix(next.symlink, "/") {
				way = way[:1]
			}
			if steps = append(split(next.symlink), steps...); len(steps) > maxPath {
				return nil, fmt.Errorf("%s: path too long", name)
			}
			continue
		case next.children == nil && make:
			return nil, fmt.Errorf("%s leads through %s, which is not a directory", name, step)
		}
		way = append(way, next)
	}
	return way[len(way)-1], nil
}

func split(name string) []string {
	return slices.DeleteFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." })
}

// apply lays a layer over the tree, with the result that container engines come
// to: whiteouts take away from the layers below and nothing else, wherever in
// the tar they stand; an entry replaces what is there unless both are
// directories.
func (t *Tree) apply(entries []Entry) error {
	for i := range entries {
		dir, base := path.Split(entries[i].Path)
		hidden, ok := strings.CutPrefix(base, whiteout)
		if !ok {
			continue
		}
		if err := t.hide(dir, base, hidden); err != nil {
			return err
		}
	}
	for i := range entries {
		e := &entries[i]
		if strings.HasPrefix(path.Base(e.Path), whiteout) || e.Path == "." {
			continue
		}
		if err := t.add(e); err != nil {
			return fmt.Errorf("entry %s: %w", e.Path, err)
		}
	}
	return nil
}

// hide takes away what one whiteout names.
func (t *Tree) hide(dir, base, hidden string) error {
	if base != opaque && strings.HasPrefix(base, aufs) {
		return nil
	}
	if hidden == "" || hidden == "." || hidden == ".." {
		return fmt.Errorf("entry %s%s: a whiteout that names no file", dir, base)
	}
	parent, err := t.walk(dir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if base != opaque {
		delete(parent.children, hidden)
	} else if parent.children != nil {
		clear(parent.children)
	}
	return nil
}

// add puts one entry in its place.
func (t *Tree) add(e *Entry) error {
	dir, base := path.Split(e.Path)
	parent, err := t.walk(dir, true)
	if err != nil {
		return err
	}
	n := &node{entry: e}
	switch e.Type {
	case tar.TypeDir:
		n.children = map[string]*node{}
		if old, ok := parent.children[base]; ok && old.children != nil {
			n.children = old.children
		}
	case tar.TypeReg:
		n.content = e
	case tar.TypeSymlink:
		n.symlink = e.Link
	case tar.TypeLink:
		dir, base := path.Split(path.Clean("/" + e.Link))
		target, err := t.walk(dir, false)
		if err != nil {
			return fmt.Errorf("hard link to %s: %w", e.Link, err)
		}
		linked, ok := target.children[base]
		if !ok {
			return fmt.Errorf("hard link to %s: %w", e.Link, errNotExist)
		}
		if linked.children != nil {
			return fmt.Errorf("hard link to %s, which is a directory", e.Link)
		}
		n.content, n.symlink = linked.content, linked.symlink
	}
	return t.put(parent, base, n)
}

func (t *Tree) put(parent *node, name string, n *node) error {
	if t.nodes++; t.nodes > t.limit {
		return fmt.Errorf("more than %d files and directories", t.limit)
	}
	parent.children[name] = n
	return nil
}
