package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"iter"
	"math"
	"path"
	"slices"
	"strings"
	"sync/atomic"
)

const (
	// whiteout is how a layer names what it takes away from those below it;
	// opaque, in a directory, takes away all that they have there. Names with
	// aufs at their start are the bookkeeping of an old storage driver.
	whiteout = ".wh."
	aufs     = ".wh..wh."
	opaque   = ".wh..wh..opq"

	// maxName is the length in bytes that Linux allows to a file's name.
	maxName = 255
	// maxSymlinks is after how many links Linux gives up on a path.
	maxSymlinks = 40
	// maxSteps is how long a path may get in bytes where links replace parts of it.
	maxSteps = 16 << 10
)

// Tree is the file system that a container of an image starts with: its layers,
// each laid over those below it. A nil Tree is empty.
//
// It holds a file in some 60 bytes, with its name: nodes in chunks that never
// move, found by a hash of their directory and name. A node is never taken away:
// what is deleted is marked, and comes to life where it is added again.
type Tree struct {
	nodes   [][]node // chunks; the first node stands for none
	count   int
	buckets []nodeID
	texts   [][]byte // chunks of names and links
	large   map[nodeID]int64
	seed    maphash.Seed

	catalog *catalog
	limits  Limits
	held    *atomic.Int64
	changes *changes // nil: nobody asks

	// The directory of the last entry, which most share with the one before.
	lastDir  []byte
	lastNode nodeID
	lastSize int // of the path of lastNode, in bytes
}

type nodeID uint32

const (
	none nodeID = iota
	root

	nodeChunk = 1 << 9
	nodeBytes = 36
	textChunk = 16 << 10
	// largeBytes is about what an entry of Tree.large takes.
	largeBytes = 48
)

type node struct {
	parent, next, child nodeID // next of the same directory; first of this one
	chain               nodeID // next of the same bucket
	name                uint32 // in texts
	// size is a regular file's, or where the text of a link is.
	size    uint32
	index   uint32
	layer   uint16
	mode    uint16
	owner   uint16
	program uint16
	kind    byte // as Entry.Type; 0: deleted
	flags   byte
}

func newTree(limits Limits, c *catalog, held *atomic.Int64) *Tree {
	t := &Tree{large: map[nodeID]int64{}, seed: maphash.MakeSeed(), catalog: c, limits: limits, held: held}
	t.buckets = make([]nodeID, 1<<8)
	t.nodes = [][]node{make([]node, nodeChunk)}
	t.count = 2
	*t.node(root) = node{parent: root, kind: tar.TypeDir, flags: flagImplicit, mode: 0o755}
	return t
}

// errNotExist is a path that a tree does not have.
var errNotExist = fmt.Errorf("the image has no such file: %w", fs.ErrNotExist)

func (t *Tree) node(id nodeID) *node { return &t.nodes[id/nodeChunk][id%nodeChunk] }

// text returns a text that put has written.
func (t *Tree) text(at uint32) []byte {
	b := t.texts[at/textChunk][at%textChunk:]
	n := int(b[0]) | int(b[1])<<8
	return b[2 : 2+n]
}

// putText writes a text of at most 64 KB and returns where.
func (t *Tree) putText(s []byte) (uint32, error) {
	end := len(t.texts) - 1
	if end < 0 || len(t.texts[end])+2+len(s) > textChunk {
		if err := t.hold(textChunk); err != nil {
			return 0, err
		}
		t.texts = append(t.texts, make([]byte, 0, textChunk))
		end++
	}
	at := uint32(end*textChunk + len(t.texts[end]))
	t.texts[end] = append(append(t.texts[end], byte(len(s)), byte(len(s)>>8)), s...)
	return at, nil
}

// hold notes that so many more bytes are held; an error beyond the limit.
func (t *Tree) hold(n int64) error {
	if t.held.Add(n) > t.limits.Memory {
		return tooMuchMemory(t.limits)
	}
	return nil
}

func (t *Tree) bucket(dir nodeID, name []byte) *nodeID {
	h := maphash.Bytes(t.seed, name) ^ uint64(dir)*0x9e3779b97f4a7c15
	return &t.buckets[(h^h>>32)&uint64(len(t.buckets)-1)]
}

// entryOf returns the node of a name in a directory, deleted or not; none if it
// never had one.
func (t *Tree) entryOf(dir nodeID, name []byte) nodeID {
	for id := *t.bucket(dir, name); id != none; id = t.node(id).chain {
		if n := t.node(id); n.parent == dir && bytes.Equal(t.text(n.name), name) {
			return id
		}
	}
	return none
}

// child returns the node of a name in a directory; none if it has none.
func (t *Tree) child(dir nodeID, name []byte) nodeID {
	if id := t.entryOf(dir, name); id != none && t.node(id).kind != 0 {
		return id
	}
	return none
}

// make returns the node of a name in a directory, a new or a deleted one if it
// has none; its kind is the caller's to set.
func (t *Tree) make(dir nodeID, name []byte) (nodeID, error) {
	id := t.entryOf(dir, name)
	if id == none {
		if t.count-2 >= 2*t.limits.Entries {
			return none, fmt.Errorf("more than %d files and directories", 2*t.limits.Entries)
		}
		if t.count == len(t.nodes)*nodeChunk {
			if err := t.hold(nodeChunk * nodeBytes); err != nil {
				return none, err
			}
			t.nodes = append(t.nodes, make([]node, nodeChunk))
		}
		if t.count > len(t.buckets) {
			if err := t.rehash(); err != nil {
				return none, err
			}
		}
		at, err := t.putText(name)
		if err != nil {
			return none, err
		}
		id = nodeID(t.count)
		t.count++
		bucket := t.bucket(dir, name)
		*t.node(id) = node{parent: dir, name: at, chain: *bucket}
		*bucket = id
	}
	if n := t.node(id); n.flags&flagLinked == 0 {
		d := t.node(dir)
		n.next, d.child = d.child, id
		n.flags |= flagLinked
	}
	return id, nil
}

func (t *Tree) rehash() error {
	if err := t.hold(int64(4 * len(t.buckets))); err != nil {
		return err
	}
	t.buckets = make([]nodeID, 2*len(t.buckets))
	for id := root + 1; int(id) < t.count; id++ {
		n := t.node(id)
		bucket := t.bucket(n.parent, t.text(n.name))
		n.chain, *bucket = *bucket, id
	}
	return nil
}

// walk returns the node that a path leads to. With make it is that of a
// directory, and directories that no layer lists are made on the way, as
// container engines do.
func (t *Tree) walk(name []byte, make bool) (nodeID, error) {
	if t == nil {
		return none, errNotExist
	}
	at, rest, links := root, name, 0
	for {
		rest = bytes.TrimLeft(rest, "/")
		if len(rest) == 0 {
			return at, nil
		}
		step, after, _ := bytes.Cut(rest, []byte{'/'})
		rest = after
		switch {
		case len(step) == 1 && step[0] == '.':
			continue
		case string(step) == "..":
			at = t.node(at).parent
			continue
		}
		next := t.child(at, step)
		if next == none {
			if !make {
				return none, errNotExist
			}
			var err error
			if next, err = t.make(at, step); err != nil {
				return none, err
			}
			n := t.node(next)
			n.kind, n.mode, n.flags = tar.TypeDir, 0o755, n.flags&flagLinked|flagImplicit
			at = next
			continue
		}
		switch n := t.node(next); {
		case n.kind == tar.TypeSymlink:
			if links++; links > maxSymlinks {
				return none, fmt.Errorf("%s: too many levels of symbolic links", name)
			}
			target := t.text(n.size)
			if bytes.HasPrefix(target, []byte{'/'}) {
				at = root
			}
			rest = slices.Concat(target, []byte{'/'}, rest)
			if len(rest) > maxSteps {
				return none, fmt.Errorf("%s: path too long", name)
			}
			continue
		case n.kind != tar.TypeDir && make:
			return none, fmt.Errorf("%s leads through %s, which is not a directory", name, step)
		}
		at = next
	}
}

// Lookup returns the entry that a path leads to, following symbolic links
// within the image as a container would; an error that wraps fs.ErrNotExist if
// there is none.
func (t *Tree) Lookup(name string) (Entry, error) {
	id, err := t.walk([]byte(name), false)
	if err != nil {
		return Entry{}, err
	}
	return t.entry(id, t.path(id)), nil
}

// path returns the path of a node, relative to the root.
func (t *Tree) path(id nodeID) string {
	var steps []string
	for ; id != root; id = t.node(id).parent {
		steps = append(steps, string(t.text(t.node(id).name)))
	}
	slices.Reverse(steps)
	return strings.Join(steps, "/")
}

// pathSize returns how many bytes the path of a node has, from its slash at the start
// on; of one that is longer than the limit, some number beyond that.
func (t *Tree) pathSize(id nodeID) int {
	size := 0
	for ; id != root && size <= t.limits.Path; id = t.node(id).parent {
		size += 1 + len(t.text(t.node(id).name))
	}
	return size
}

// entry returns a node as an Entry with this path.
func (t *Tree) entry(id nodeID, path string) Entry {
	n := t.node(id)
	e := Entry{
		Path: path, Type: n.kind, HardLink: n.flags&flagHardLink != 0, Mode: fileMode(n.mode),
		Capabilities: n.flags&flagCapabilities != 0, Layer: int(n.layer), Index: int(n.index),
	}
	if n.flags&flagImplicit == 0 {
		o := t.catalog.owners[n.owner]
		e.UID, e.GID = o.uid, o.gid
	}
	switch n.kind {
	case tar.TypeReg:
		e.Size, e.Program = t.size(id), t.catalog.programs[n.program]
	case tar.TypeSymlink:
		e.Link = string(t.text(n.size))
	}
	return e
}

func (t *Tree) size(id nodeID) int64 {
	n := t.node(id)
	switch {
	case n.kind != tar.TypeReg:
		return 0
	case n.flags&flagLarge != 0:
		return t.large[id]
	}
	return int64(n.size)
}

// All returns the entries of the merged tree, sorted; without directories that no
// layer lists.
func (t *Tree) All() iter.Seq[Entry] {
	return t.Below("/", func(Entry) bool { return true })
}

// Below returns the entries below a directory, sorted, as All does. What is in
// directories for which enter returns false is left out. There are none below what
// is no directory, or not there.
func (t *Tree) Below(dir string, enter func(Entry) bool) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		id, err := t.walk([]byte(dir), false)
		if err != nil {
			return
		}
		prefix := ""
		if id != root {
			prefix = t.path(id) + "/"
		}
		t.walkBelow(id, prefix, enter, yield)
	}
}

func (t *Tree) walkBelow(dir nodeID, prefix string, enter, visit func(Entry) bool) bool {
	var children []nodeID
	for id := t.node(dir).child; id != none; id = t.node(id).next {
		if t.node(id).kind != 0 {
			children = append(children, id)
		}
	}
	slices.SortFunc(children, func(a, b nodeID) int { return bytes.Compare(t.text(t.node(a).name), t.text(t.node(b).name)) })
	for _, id := range children {
		e := t.entry(id, prefix+string(t.text(t.node(id).name)))
		if t.node(id).flags&flagImplicit == 0 && !visit(e) {
			return false
		}
		if e.Type == tar.TypeDir && enter(e) && !t.walkBelow(id, e.Path+"/", enter, visit) {
			return false
		}
	}
	return true
}

// apply lays a layer over the tree, with the result that container engines come
// to: whiteouts take away from the layers below and nothing else, wherever in
// the tar they stand; an entry replaces what is there unless both are
// directories. The list is empty afterwards.
func (t *Tree) apply(layer int, list *entryList) error {
	t.lastNode = none
	if list.whiteouts > 0 {
		err := list.each(false, func(_ int, name, _ []byte, _ record) error {
			dir, base := split(name)
			if !bytes.HasPrefix(base, []byte(whiteout)) {
				return nil
			}
			return t.hide(layer, dir, base)
		})
		if err != nil {
			return err
		}
	}
	return list.each(true, func(index int, name, link []byte, r record) error {
		dir, base := split(name)
		if string(name) == "." || bytes.HasPrefix(base, []byte(whiteout)) {
			return nil
		}
		if err := t.add(layer, index, dir, base, link, r); err != nil {
			return fmt.Errorf("entry %s: %w", name, err)
		}
		return nil
	})
}

// split returns the directory of a clean path, with its slash, and the name in it.
func split(name []byte) (dir, base []byte) {
	i := bytes.LastIndexByte(name, '/') + 1
	return name[:i], name[i:]
}

// hide takes away what one whiteout names.
func (t *Tree) hide(layer int, dir, base []byte) error {
	hidden := bytes.TrimPrefix(base, []byte(whiteout))
	switch {
	case string(base) != opaque && bytes.HasPrefix(base, []byte(aufs)):
		return nil
	case len(hidden) == 0 || string(hidden) == "." || string(hidden) == "..":
		return fmt.Errorf("entry %s%s: a whiteout that names no file", dir, base)
	}
	parent, err := t.walk(dir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if string(base) == opaque {
		t.clear(layer, parent)
	} else if id := t.child(parent, hidden); id != none {
		t.delete(layer, id)
	}
	return nil
}

// delete takes a node away, with all that is below it.
func (t *Tree) delete(layer int, id nodeID) {
	t.changes.lost(t, id, layer, true)
	n := t.node(id)
	n.kind = 0
	n.flags &= flagLinked
	t.clear(layer, id)
}

// clear takes away all that is below a directory.
func (t *Tree) clear(layer int, dir nodeID) {
	for id := t.node(dir).child; id != none; {
		n := t.node(id)
		next := n.next
		if n.kind != 0 {
			t.delete(layer, id)
		}
		n.flags &^= flagLinked
		n.next = none
		id = next
	}
	t.node(dir).child = none
}

// add puts one entry in its place.
func (t *Tree) add(layer, index int, dir, base, link []byte, r record) error {
	if t.lastNode == none || !bytes.Equal(dir, t.lastDir) {
		parent, err := t.walk(dir, true)
		if err != nil {
			return err
		}
		t.lastDir, t.lastNode, t.lastSize = append(t.lastDir[:0], dir...), parent, t.pathSize(parent)
	}
	if t.lastSize+1+len(base) > t.limits.Path {
		return fmt.Errorf("symbolic links lead to a path of more than %d bytes", t.limits.Path)
	}
	n := node{index: uint32(index), layer: uint16(layer), mode: r.mode, owner: r.owner, program: r.program, kind: r.kind, flags: r.flags}
	size := r.size
	switch r.kind {
	case tar.TypeSymlink:
		at, err := t.putText(link)
		if err != nil {
			return err
		}
		n.size = at
	case tar.TypeLink:
		target, err := t.linked(link)
		if err != nil {
			return fmt.Errorf("hard link to %s: %w", link, err)
		}
		if t.child(t.lastNode, base) == target {
			return nil
		}
		n, size = *t.node(target), t.size(target)
		n.flags = n.flags&^(flagLinked|flagLarge) | flagHardLink
	}
	id, err := t.make(t.lastNode, base)
	if err != nil {
		return err
	}
	old := t.node(id)
	written := size
	if r.kind == tar.TypeLink {
		written = 0
	}
	t.changes.wrote(t, id, layer, n.kind, written)
	if old.kind != 0 && (old.kind != tar.TypeDir || n.kind != tar.TypeDir) {
		t.changes.lost(t, id, layer, false)
		if old.kind != tar.TypeReg {
			t.lastNode = none // it may have led through here
		}
		if old.kind == tar.TypeDir {
			t.clear(layer, id)
		}
	}
	if n.kind == tar.TypeReg {
		n.size = uint32(min(size, math.MaxUint32))
		if size >= math.MaxUint32 {
			n.flags |= flagLarge
			t.large[id] = size
			t.held.Add(largeBytes)
		}
	}
	n.parent, n.next, n.child, n.chain, n.name = old.parent, old.next, old.child, old.chain, old.name
	n.flags |= old.flags & flagLinked
	*old = n
	return nil
}

// linked returns the node that a hard link names.
func (t *Tree) linked(link []byte) (nodeID, error) {
	dir, base := split([]byte(path.Clean("/" + string(link))))
	parent, err := t.walk(dir, false)
	if err != nil {
		return none, err
	}
	id := t.child(parent, base)
	switch {
	case id == none:
		return none, errNotExist
	case t.node(id).kind == tar.TypeDir:
		return none, errors.New("it is a directory")
	}
	return id, nil
}
