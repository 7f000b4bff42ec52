package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/internal/dagger"
)

// directoryFS reads a directory of the engine as an fs.FS, each file when it is
// asked for: a build context holds far more than its linters look at. What it was
// told once it does not ask again, since the directory cannot change and each
// question costs a round trip. It holds a context because fs.FS has no place for
// one; it lives for one call only.
type directoryFS struct {
	ctx context.Context
	dir *dagger.Directory
	// limit is how many bytes a file may have that is read.
	limit int64

	mu    sync.Mutex
	nodes map[string]*node
}

// node is a file or directory of a directoryFS, as far as it is known.
type node struct {
	info fileInfo
	err  error
	// entries are those of a directory, whose names end with a slash if they are
	// directories themselves; contents is what is in a file. nil is not asked yet.
	entries  []string
	contents *string
}

func newDirectoryFS(ctx context.Context, dir *dagger.Directory) *directoryFS {
	return &directoryFS{ctx: ctx, dir: dir, limit: dockerfile.MaxFileSize, nodes: map[string]*node{
		".": {info: fileInfo{name: ".", dir: true}},
	}}
}

// Open implements fs.FS.
func (d *directoryFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.find(name)
	if n.err == nil && n.info.dir {
		n.err = d.list(name, n)
	}
	if n.err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: n.err}
	}
	if n.info.dir {
		return &openDirectory{info: n.info, entries: n.entries}, nil
	}
	return &openFile{fsys: d, path: name, node: n}, nil
}

// find returns the node of a valid path, going by the entries of the directories
// above it: most questions are for files that are not there.
func (d *directoryFS) find(name string) *node {
	if n, ok := d.nodes[name]; ok {
		return n
	}
	n := &node{info: fileInfo{name: path.Base(name)}}
	d.nodes[name] = n
	parent := d.find(path.Dir(name))
	switch {
	case parent.err != nil:
		n.err = parent.err
		return n
	case !parent.info.dir:
		n.err = fs.ErrNotExist
		return n
	}
	if n.err = d.list(path.Dir(name), parent); n.err != nil {
		return n
	}
	switch {
	case slices.Contains(parent.entries, n.info.name+"/"):
		n.info.dir = true
	case !slices.Contains(parent.entries, n.info.name):
		n.err = fs.ErrNotExist
	default: // a file, or a link to a file or directory
		if n.info.dir, n.err = d.dir.Exists(d.ctx, name, dagger.DirectoryExistsOpts{ExpectedType: dagger.ExistsTypeDirectoryType}); n.err != nil || n.info.dir {
			return n
		}
		n.info.size, n.err = d.size(name)
	}
	return n
}

// size returns the size of a file; fs.ErrNotExist for a link that leads nowhere.
func (d *directoryFS) size(name string) (int64, error) {
	size, err := d.dir.File(name).Size(d.ctx)
	if err != nil {
		if exists, otherErr := d.dir.Exists(d.ctx, name); otherErr == nil && !exists {
			return 0, fs.ErrNotExist
		}
	}
	return int64(size), err
}

func (d *directoryFS) list(name string, n *node) (err error) {
	if n.entries == nil {
		n.entries, err = d.dir.Entries(d.ctx, dagger.DirectoryEntriesOpts{Path: name})
	}
	return err
}

// read returns what is in a file.
func (d *directoryFS) read(name string, n *node) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n.contents == nil {
		if n.info.size > d.limit {
			return "", fmt.Errorf("the file has %d bytes; at most %d are read", n.info.size, d.limit)
		}
		contents, err := d.dir.File(name).Contents(d.ctx)
		if err != nil {
			return "", err
		}
		n.contents = &contents
	}
	return *n.contents, nil
}

// openFile fetches its contents when they are read: a question whether it is
// there needs none.
type openFile struct {
	fsys   *directoryFS
	path   string
	node   *node
	reader *strings.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.node.info, nil }
func (f *openFile) Close() error               { return nil }

func (f *openFile) Read(b []byte) (int, error) {
	if f.reader == nil {
		contents, err := f.fsys.read(f.path, f.node)
		if err != nil {
			return 0, &fs.PathError{Op: "read", Path: f.path, Err: err}
		}
		f.reader = strings.NewReader(contents)
	}
	return f.reader.Read(b)
}

type openDirectory struct {
	info    fileInfo
	entries []string
}

func (d *openDirectory) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDirectory) Close() error               { return nil }

// ReadDir implements fs.ReadDirFile. It is asked for all entries at once.
func (d *openDirectory) ReadDir(int) ([]fs.DirEntry, error) {
	entries := make([]fs.DirEntry, len(d.entries))
	for i, name := range d.entries {
		name, dir := strings.CutSuffix(name, "/")
		entries[i] = fs.FileInfoToDirEntry(fileInfo{name: name, dir: dir})
	}
	return entries, nil
}

func (d *openDirectory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: fs.ErrInvalid}
}

// fileInfo tells what the engine tells of a file: no times, no permissions.
type fileInfo struct {
	name string
	size int64
	dir  bool
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.dir }
func (i fileInfo) Sys() any           { return nil }

func (i fileInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir
	}
	return 0
}
