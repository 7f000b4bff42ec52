package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The image that is made up must be one that the tools can read, the same every
// time.
func TestWriteImage(t *testing.T) {
	dir := t.TempDir()
	var images [][]byte
	for _, name := range []string{"a.tar", "b.tar"} {
		if err := writeImage(filepath.Join(dir, name), 2_000_000); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, content)
	}
	if string(images[0]) != string(images[1]) {
		t.Error("two images of one size differ")
	}
	layers, err := extractLayers(filepath.Join(dir, "a.tar"), dir)
	if err != nil || len(layers) != 2 {
		t.Fatalf("layers %v, %v", layers, err)
	}
	for _, name := range layers {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, z); err != nil || n < 1_000_000 {
			t.Errorf("%s has %d bytes, %v", name, n, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.layer")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
