package image

import (
	"archive/tar"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"sync"
	"sync/atomic"
)

// Entry is a file, a directory or a link of an image.
type Entry struct {
	// Path is clean and relative to the root: "etc/passwd".
	Path string
	// Type is the entry's type as in package archive/tar: tar.TypeReg, TypeDir,
	// TypeSymlink, TypeChar, TypeBlock or TypeFifo. A hard link in a Tree has the
	// type of what it was linked to.
	Type byte
	// HardLink is whether the content is counted with another file already.
	HardLink bool
	// Mode holds the permission bits with setuid, setgid and sticky.
	Mode fs.FileMode
	// UID and GID are the owner's.
	UID, GID int
	// Size is that of a regular file's content, in bytes.
	Size int64
	// Link is what a symbolic link points to.
	Link string
	// Capabilities is whether the file gives capabilities to who runs it.
	Capabilities bool
	// Program is what the kernel makes of a regular file that has an executable bit.
	Program Program
	// Layer is the layer's index in Image.Layers, Index the entry's in the layer.
	Layer, Index int
}

// record is what a list of entries and a tree hold of an entry beside its names.
type record struct {
	kind    byte // as Entry.Type; tar.TypeLink for a hard link in a list
	flags   byte
	mode    uint16 // as in a tar: permissions, setuid, setgid and sticky
	owner   uint16 // in catalog.owners
	program uint16 // in catalog.programs
	size    int64
}

const (
	flagCapabilities = 1 << iota
	flagHardLink
	flagImplicit // a directory that no layer lists
	flagLinked   // is in its directory's list of children
	flagLarge    // the size is in Tree.large
)

// catalog holds what many entries share, each once, so that an entry needs no
// more than its number. It may be used by several goroutines.
type catalog struct {
	mu         sync.Mutex
	owners     []owner
	programs   []Program
	ownerIDs   map[owner]uint16
	programIDs map[Program]uint16
}

type owner struct{ uid, gid int }

func newCatalog() *catalog {
	return &catalog{programs: []Program{{}}, ownerIDs: map[owner]uint16{}, programIDs: map[Program]uint16{{}: 0}}
}

// errOwners is an image with more owners than there are numbers for.
var errOwners = tooMuch{errors.New("the layers have files of more than 65536 different owners")}

func (c *catalog) owner(o owner) (uint16, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.ownerIDs[o]; ok {
		return id, nil
	}
	if len(c.owners) > math.MaxUint16 {
		return 0, errOwners
	}
	id := uint16(len(c.owners))
	c.owners, c.ownerIDs[o] = append(c.owners, o), id
	return id, nil
}

// program returns the number of a program; 0, of which nothing is known, once
// there are more than any image has.
func (c *catalog) program(p Program) uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.programIDs[p]; ok {
		return id
	}
	if len(c.programs) >= maxPrograms {
		return 0
	}
	id := uint16(len(c.programs))
	c.programs, c.programIDs[p] = append(c.programs, p), id
	return id
}

// maxPrograms is how many different interpreters and architectures are told apart.
const maxPrograms = 4096

// entryList is the entries of a layer in the order of its tar, whiteouts
// included, held in some 20 bytes each: a path is written as what differs from
// the one before it.
type entryList struct {
	chunks    [][]byte
	last      []byte // path of the last entry
	scratch   []byte
	n         int
	whiteouts int
	held      *atomic.Int64 // bytes held, of all lists and the tree
}

// listChunk is how many bytes of a list are allocated together.
const listChunk = 16 << 10

func (l *entryList) add(path, link string, r record) {
	same := 0
	for same < len(path) && same < len(l.last) && path[same] == l.last[same] {
		same++
	}
	b := l.scratch[:0]
	b = append(b, r.kind, r.flags)
	b = binary.AppendUvarint(b, uint64(same))
	b = binary.AppendUvarint(b, uint64(len(path)-same))
	b = append(b, path[same:]...)
	b = binary.AppendUvarint(b, uint64(r.mode))
	b = binary.AppendUvarint(b, uint64(r.owner))
	switch r.kind {
	case tar.TypeReg:
		b = binary.AppendUvarint(b, uint64(r.program))
		b = binary.AppendUvarint(b, uint64(r.size))
	case tar.TypeSymlink, tar.TypeLink:
		b = binary.AppendUvarint(b, uint64(len(link)))
		b = append(b, link...)
	}
	l.scratch, l.last = b, append(l.last[:0], path...)
	l.n++

	end := len(l.chunks) - 1
	if end < 0 || len(l.chunks[end])+len(b) > cap(l.chunks[end]) {
		chunk := make([]byte, 0, max(listChunk, len(b)))
		l.held.Add(int64(cap(chunk)))
		l.chunks = append(l.chunks, chunk)
		end++
	}
	l.chunks[end] = append(l.chunks[end], b...)
}

// each calls visit for every entry, with paths that are its own until it returns.
// With free the list is gone afterwards, and shrinks on the way.
func (l *entryList) each(free bool, visit func(index int, path, link []byte, r record) error) error {
	var path []byte
	index := 0
	for i, chunk := range l.chunks {
		rest := chunk
		number := func() uint64 {
			v, n := binary.Uvarint(rest)
			rest = rest[n:]
			return v
		}
		text := func(n uint64) []byte {
			t := rest[:n]
			rest = rest[n:]
			return t
		}
		for len(rest) > 0 {
			r := record{kind: rest[0], flags: rest[1]}
			rest = rest[2:]
			same, more := number(), uint64(0)
			more = number()
			path = append(path[:same], text(more)...)
			r.mode, r.owner = uint16(number()), uint16(number())
			var link []byte
			switch r.kind {
			case tar.TypeReg:
				r.program, r.size = uint16(number()), int64(number())
			case tar.TypeSymlink, tar.TypeLink:
				link = text(number())
			}
			if err := visit(index, path, link, r); err != nil {
				return err
			}
			index++
		}
		if free {
			l.held.Add(-int64(cap(chunk)))
			l.chunks[i] = nil
		}
	}
	return nil
}

// fileMode returns the mode bits of a tar as package io/fs has them.
func fileMode(mode uint16) fs.FileMode {
	m := fs.FileMode(mode) & fs.ModePerm
	if mode&0o4000 != 0 {
		m |= fs.ModeSetuid
	}
	if mode&0o2000 != 0 {
		m |= fs.ModeSetgid
	}
	if mode&0o1000 != 0 {
		m |= fs.ModeSticky
	}
	return m
}
