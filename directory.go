package main

import (
	"context"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/imagegate/imagegate/internal/dagger"
)

// directoryFS reads a directory of the engine as an fs.FS, each file when it is
// asked for: a build context holds far more than its linters look at. It holds a
// context because fs.FS has no place for one; it lives for one call only.
type directoryFS struct {
	ctx context.Context
	dir *dagger.Directory
}

// Open implements fs.FS.
func (d directoryFS) Open(name string) (fs.File, error) {
	fail := func(err error) (fs.File, error) { return nil, &fs.PathError{Op: "open", Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	isDir := name == "."
	if !isDir {
		exists, err := d.dir.Exists(d.ctx, name)
		if err != nil {
			return fail(err)
		}
		if !exists {
			return fail(fs.ErrNotExist)
		}
		if isDir, err = d.dir.Exists(d.ctx, name, dagger.DirectoryExistsOpts{ExpectedType: dagger.ExistsTypeDirectoryType}); err != nil {
			return fail(err)
		}
	}
	if isDir {
		entries, err := d.dir.Entries(d.ctx, dagger.DirectoryEntriesOpts{Path: name})
		if err != nil {
			return fail(err)
		}
		return &openDirectory{info: fileInfo{name: path.Base(name), dir: true}, entries: entries}, nil
	}
	contents, err := d.dir.File(name).Contents(d.ctx)
	if err != nil {
		return fail(err)
	}
	return &openFile{fileInfo{name: path.Base(name), size: int64(len(contents))}, strings.NewReader(contents)}, nil
}

type openFile struct {
	info fileInfo
	*strings.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

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
