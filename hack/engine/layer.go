package main

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// layer is a layer of an image as a step left it in its directory: layer.tar.gz,
// and what layer.json knows of it. It is a v1.Layer that computes nothing anew.
type layer struct {
	file string
	// CompressedDigest, UncompressedDigest: of layer.tar.gz, and of the tar in it.
	CompressedDigest, UncompressedDigest v1.Hash
	// CompressedSize is in bytes.
	CompressedSize int64
	// Version is of the program that the layer is for; empty where it has none.
	Version string
}

func (l *layer) Digest() (v1.Hash, error)            { return l.CompressedDigest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.UncompressedDigest, nil }
func (l *layer) Size() (int64, error)                { return l.CompressedSize, nil }
func (l *layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.file) }
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	return nil, fmt.Errorf("%s is only read compressed", l.file)
}

const (
	layerFile = "layer.tar.gz"
	layerInfo = "layer.json"
)

// openLayer opens the layer that a step left in a directory.
func openLayer(dir string) (*layer, error) {
	l := &layer{file: filepath.Join(dir, layerFile)}
	b, err := os.ReadFile(filepath.Join(dir, layerInfo))
	if err == nil {
		err = json.Unmarshal(b, l)
	}
	if err != nil {
		return nil, fmt.Errorf("read the layer in %s: %w", dir, err)
	}
	return l, nil
}

// writeLayer makes a layer of the file system below root, leaving out the paths
// for which leaveOut returns true, and writes it to a directory.
func writeLayer(dir, root, version string, leaveOut func(path string) bool) (err error) {
	l := layer{file: filepath.Join(dir, layerFile), Version: version}
	f, err := os.Create(l.file)
	if err != nil {
		return fmt.Errorf("make a layer: %w", err)
	}
	defer f.Close()
	compressed, uncompressed := sha256.New(), sha256.New()
	z, err := gzip.NewWriterLevel(io.MultiWriter(f, compressed), gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("make a layer: %w", err)
	}
	buffered := bufio.NewWriterSize(io.MultiWriter(z, uncompressed), 1<<20)
	t := tar.NewWriter(buffered)
	if err := addTree(t, root, leaveOut); err != nil {
		return fmt.Errorf("make a layer: %w", err)
	}
	for _, finish := range []func() error{t.Close, buffered.Flush, z.Close, f.Close} {
		if err := finish(); err != nil {
			return fmt.Errorf("make a layer: %w", err)
		}
	}
	info, err := os.Stat(l.file)
	if err != nil {
		return fmt.Errorf("make a layer: %w", err)
	}
	l.CompressedSize = info.Size()
	l.CompressedDigest = v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", compressed.Sum(nil))}
	l.UncompressedDigest = v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", uncompressed.Sum(nil))}
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("make a layer: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, layerInfo), b, 0o644)
}

// addTree writes what is below root, with its owners and modes, and whiteouts for
// what an overlay's upper directory has deleted. Devices, sockets and pipes are
// left to whoever runs a container.
func addTree(t *tar.Writer, root string, leaveOut func(path string) bool) error {
	linked := map[uint64]string{}
	return filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == root {
			return err
		}
		name := strings.TrimPrefix(file, root+"/")
		if leaveOut(name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return fmt.Errorf("%s: its owner is not known", file)
		}
		target := ""
		switch {
		case info.Mode()&fs.ModeCharDevice != 0 && stat.Rdev == 0:
			return t.WriteHeader(&tar.Header{Name: whiteout(name), Typeflag: tar.TypeReg, Mode: 0o644})
		case info.Mode()&(fs.ModeDevice|fs.ModeSocket|fs.ModeNamedPipe) != 0:
			return nil
		case info.Mode()&fs.ModeSymlink != 0:
			if target, err = os.Readlink(file); err != nil {
				return err
			}
		}
		h, err := tar.FileInfoHeader(info, target)
		if err != nil {
			return err
		}
		// Names of this machine's users mean nothing in an image.
		h.Name, h.Uname, h.Gname, h.Format = name, "", "", tar.FormatPAX
		h.ModTime = h.ModTime.Truncate(time.Second)
		h.AccessTime, h.ChangeTime = time.Time{}, time.Time{}
		if d.IsDir() {
			h.Name += "/"
		}
		if info.Mode().IsRegular() && stat.Nlink > 1 {
			if first, seen := linked[stat.Ino]; seen {
				h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
				return t.WriteHeader(h)
			}
			linked[stat.Ino] = name
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if d.IsDir() && opaque(file) {
			return t.WriteHeader(&tar.Header{Name: name + "/.wh..wh..opq", Typeflag: tar.TypeReg, Mode: 0o644})
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(t, f)
		return err
	})
}

// whiteout is the name by which a layer says that a path of a lower one is gone.
func whiteout(name string) string {
	return filepath.Join(filepath.Dir(name), ".wh."+filepath.Base(name))
}

// opaque tells whether an overlay's upper directory hides all that the lower one
// of its name has.
func opaque(dir string) bool {
	value := make([]byte, 1)
	n, err := syscall.Getxattr(dir, "trusted.overlay.opaque", value)
	return err == nil && n == 1 && value[0] == 'y'
}

// transient tells whether a path of a Debian system is of the installation or of
// the running machine, and of no use in an image.
func transient(path string) bool {
	dir := filepath.Dir(path)
	switch dir {
	case "dev", "proc", "sys", "tmp", "var/tmp", "var/lib/apt/lists", "var/cache/apt", "var/cache/apt/archives", "var/cache/ldconfig":
		return true
	}
	return strings.HasPrefix(path, "var/log/") || dir == "var/cache/debconf" && strings.HasSuffix(path, "-old") || dir == "var/lib/dpkg" && strings.HasSuffix(path, "-old")
}

// assemble makes an image of this machine's architecture. Its date is fixed, so
// that the same layers make the same image.
func assemble(config v1.Config, layers ...v1.Layer) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.AppendLayers(base, layers...)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", runtime.GOARCH, config
	file.Created = v1.Time{Time: time.Unix(0, 0).UTC()}
	return mutate.ConfigFile(img, file)
}
