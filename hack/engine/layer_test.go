package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// tree makes files, and directories where the name ends in a slash.
func tree(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(root, name)
		dir := filepath.Dir(file)
		if strings.HasSuffix(name, "/") {
			dir = file
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// entries are those of a layer's archive, by name.
func entries(t *testing.T, dir string) map[string]*tar.Header {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, layerFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*tar.Header{}
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h
	}
}

func TestWriteLayer(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	tree(t, root, map[string]string{"etc/passwd": "root", "bin/su": "x", "var/cache/apt/pkgcache.bin": "x", "tmp/": "", "tmp/x": "x"})
	if err := os.Chmod(filepath.Join(root, "bin/su"), 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("su", filepath.Join(root, "bin/sudo")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(root, "bin/su"), filepath.Join(root, "bin/su2")); err != nil {
		t.Fatal(err)
	}
	if err := writeLayer(dir, root, "1.2", transient); err != nil {
		t.Fatal(err)
	}
	got := entries(t, dir)
	for _, name := range []string{"etc/", "etc/passwd", "bin/su", "tmp/", "var/cache/apt/"} {
		if got[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	for _, name := range []string{"tmp/x", "var/cache/apt/pkgcache.bin"} {
		if got[name] != nil {
			t.Errorf("%s was not left out", name)
		}
	}
	if h := got["bin/su"]; h.Mode != 0o4755 || h.Uname != "" {
		t.Errorf("bin/su: mode %o, user %q", h.Mode, h.Uname)
	}
	if h := got["bin/su2"]; h.Typeflag != tar.TypeLink || h.Linkname != "bin/su" {
		t.Errorf("bin/su2: %c to %q", h.Typeflag, h.Linkname)
	}
	if h := got["bin/sudo"]; h.Typeflag != tar.TypeSymlink || h.Linkname != "su" {
		t.Errorf("bin/sudo: %c to %q", h.Typeflag, h.Linkname)
	}
}

func TestWriteLayerHasWhiteoutsForWhatAnOverlayDeleted(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	tree(t, root, map[string]string{"etc/": ""})
	if err := syscall.Mknod(filepath.Join(root, "etc/gone"), syscall.S_IFCHR, 0); err != nil {
		t.Skipf("make what an overlay leaves for a deleted file: %v", err)
	}
	if err := writeLayer(dir, root, "", nothing); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, dir); got["etc/.wh.gone"] == nil || got["etc/gone"] != nil {
		t.Errorf("entries: %v", got)
	}
}

func TestLayerKnowsItsArchive(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	tree(t, root, map[string]string{"a": strings.Repeat("a", 3<<20)})
	if err := writeLayer(dir, root, "1.2", nothing); err != nil {
		t.Fatal(err)
	}
	l, err := openLayer(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, layerFile))
	if err != nil {
		t.Fatal(err)
	}
	if l.Version != "1.2" || l.CompressedSize != int64(len(b)) || l.CompressedDigest.Hex != fmt.Sprintf("%x", sha256.Sum256(b)) {
		t.Errorf("%+v of %d bytes", l, len(b))
	}
	if _, err := openLayer(t.TempDir()); err == nil {
		t.Error("a directory without a layer was opened")
	}
}

func TestWriteBlobs(t *testing.T) {
	var layers []v1.Layer
	for _, name := range []string{"a", "b"} {
		root, dir := t.TempDir(), t.TempDir()
		tree(t, root, map[string]string{name: name})
		if err := writeLayer(dir, root, "", nothing); err != nil {
			t.Fatal(err)
		}
		l, err := openLayer(dir)
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, l)
	}
	img, err := assemble(v1.Config{User: "1"}, layers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img, validate.Fast); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	digest, err := writeBlobs(dir, img)
	if err != nil {
		t.Fatal(err)
	}
	read := func(hex string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "blobs/sha256", hex))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != hex {
			t.Errorf("the blob %s has the digest %s", hex, got)
		}
		return b
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(read(digest.Hex), &manifest); err != nil {
		t.Fatal(err)
	}
	read(manifest.Config.Digest.Hex)
	for _, l := range manifest.Layers {
		read(l.Digest.Hex)
	}
	if len(manifest.Layers) != 2 {
		t.Errorf("%d layers", len(manifest.Layers))
	}
}
