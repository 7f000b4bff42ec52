package image

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// largeLayer is a layer of so many small files, each of its own name, which is
// written while it is read.
func largeLayer(prefix string, n int) v1.Layer {
	return must(tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			out := tar.NewWriter(w)
			for i := range n {
				name := fmt.Sprintf("%s/lib/python3.12/site-packages/package%d/module%d.py", prefix, i/100, i)
				if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 10, Uid: i % 3}); err != nil {
					w.CloseWithError(err)
					return
				}
				if _, err := io.WriteString(out, "import os\n"); err != nil {
					w.CloseWithError(err)
					return
				}
			}
			w.CloseWithError(out.Close())
		}()
		return r, nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(1)))
}

// What an image is held in grows by some 60 bytes for each file: half a million,
// as the largest public images have, come to about 30 MB.
func TestMemory(t *testing.T) {
	const each = 20_000
	img := imageOf("amd64", largeLayer("usr", each), largeLayer("opt", each), largeLayer("usr", each))
	a := open(t, img)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got, err := Read(context.Background(), a, v1.Platform{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	n := 0
	for range got.Tree.All() {
		n++
	}
	if n != 2*each {
		t.Errorf("%d entries, want %d", n, 2*each)
	}
	held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	if perFile := held / (2 * each); perFile > 75 {
		t.Errorf("%d bytes are held for each file", perFile)
	}
	if noted := got.Tree.held.Load(); noted > held*3/2 || held > noted*3/2 {
		t.Errorf("%d bytes are noted as held, but %d are", noted, held)
	}
}
