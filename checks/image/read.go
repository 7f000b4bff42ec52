package image

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Limits end the reading of an image that is too much for its reader. The zero
// value of a field stands for its default.
type Limits struct {
	// Entries is how many entries all layers may have together; 1,000,000. The
	// largest public images have about half of that.
	Entries int
	// Uncompressed is how many bytes all layers may have together when
	// uncompressed; 64 GB.
	Uncompressed int64
	// Ratio is how many bytes may come out of a compressed one, layer by layer;
	// 200. Ordinary layers reach 10.
	Ratio int64
	// RatioAfter is how many bytes of a layer may be of any ratio; 1 GiB. A file of
	// zeros in an image is waste, which costs seconds to read, and no attack.
	RatioAfter int64
}

const (
	// maxNames is how many bytes the names and links of all layers may have
	// together: what a tree costs in memory comes from them.
	maxNames = 256 << 20
	// maxContent is the size up to which a file's content is kept, and
	// maxContents that of all of them in all layers.
	maxContent  = 1 << 20
	maxContents = 64 << 20
)

func (l Limits) withDefaults() Limits {
	if l.Entries == 0 {
		l.Entries = 1_000_000
	}
	if l.Uncompressed == 0 {
		l.Uncompressed = 64e9
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	if l.RatioAfter == 0 {
		l.RatioAfter = 1 << 30
	}
	return l
}

// contents are the files whose content the checks read.
var contents = []string{"etc/passwd", "etc/group"}

// Read reads the image of a platform from an archive: its configuration, and
// each layer once, from its first byte to its last, several at a time. The zero
// platform stands for the only one in the archive. Layers are verified against
// their digests and diff ids; one that lies, that cannot be unpacked or that
// goes beyond the limits is an error that names it.
func Read(ctx context.Context, a *Archive, platform v1.Platform, limits Limits) (*Image, error) {
	m, err := a.find(platform)
	if err != nil {
		return nil, err
	}
	img := &Image{
		Platform:    m.Platform,
		Digest:      m.Digest,
		Config:      m.Config,
		Healthcheck: m.Healthcheck,
		Layers:      make([]Layer, len(m.Manifest.Layers)),
	}
	for i, d := range m.Manifest.Layers {
		img.Layers[i] = Layer{Digest: d.Digest, DiffID: m.Config.RootFS.DiffIDs[i], MediaType: d.MediaType, Compressed: d.Size}
	}
	r := &reader{archive: a, limits: limits.withDefaults(), layers: img.Layers, kept: make([]map[int][]byte, len(img.Layers))}
	if err := r.scanAll(ctx); err != nil {
		return nil, err
	}
	img.Tree = newTree(2 * r.limits.Entries)
	for i, layer := range img.Layers {
		if err := img.Tree.apply(layer.Entries); err != nil {
			return nil, r.at(i, err)
		}
	}
	if img.Files, err = r.files(ctx, img.Tree); err != nil {
		return nil, err
	}
	return img, nil
}

// reader is one Read.
type reader struct {
	archive *Archive
	limits  Limits
	layers  []Layer
	kept    []map[int][]byte // by layer and entry: content of files

	entries, names, contents, uncompressed atomic.Int64 // of all layers
}

// tooMuch is an error of all layers together.
type tooMuch struct{ error }

// at names the layer that an error comes from.
func (r *reader) at(i int, err error) error {
	return fmt.Errorf("layer %d of %d (%s): %w", i+1, len(r.layers), r.layers[i].Digest, err)
}

// scanAll scans every layer, as many at a time as there are processors.
func (r *reader) scanAll(ctx context.Context) error {
	errs := make([]error, len(r.layers))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(r.layers)) {
		workers.Go(func() {
			for i := range next {
				errs[i] = r.scan(ctx, i)
			}
		})
	}
	for i := range r.layers {
		next <- i
	}
	close(next)
	workers.Wait()

	// Which layer met the end of what all may have depends on how they were
	// scheduled; so an error of a layer's own goes first, and the largest layer
	// stands for all of them.
	var all error
	for i, err := range errs {
		var much tooMuch
		switch {
		case errors.As(err, &much):
			all = err
		case err != nil:
			return r.at(i, err)
		}
	}
	if all == nil {
		return nil
	}
	largest := 0
	for i, layer := range r.layers {
		if layer.Compressed > r.layers[largest].Compressed {
			largest = i
		}
	}
	return r.at(largest, all)
}

// scan notes the entries of a layer, and the content of files that checks read.
func (r *reader) scan(ctx context.Context, i int) error {
	layer := &r.layers[i]
	r.kept[i] = map[int][]byte{}
	size, err := r.walk(ctx, i, &r.uncompressed, func(e Entry, body io.Reader) error {
		if r.entries.Add(1) > int64(r.limits.Entries) {
			return tooMuch{fmt.Errorf("the layers hold more than %d entries", r.limits.Entries)}
		}
		if r.names.Add(int64(len(e.Path)+len(e.Link))) > maxNames {
			return tooMuch{fmt.Errorf("the names in the layers are longer than %s", humanSize(maxNames))}
		}
		layer.Entries = append(layer.Entries, e)
		if e.Type != tar.TypeReg || e.Size > maxContent || !slices.Contains(contents, e.Path) {
			return nil
		}
		if r.contents.Add(e.Size) > maxContents {
			return tooMuch{fmt.Errorf("the layers hold more than %s of %v", humanSize(maxContents), contents)}
		}
		content, err := io.ReadAll(body)
		r.kept[i][e.Index] = content
		return err
	})
	layer.Uncompressed = size
	return err
}

// files returns the content of the files that checks read, by absolute path;
// without those that the image does not have.
func (r *reader) files(ctx context.Context, tree *Tree) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range contents {
		n, err := tree.walk(name, false)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n.content == nil {
			return nil, fmt.Errorf("/%s is not a regular file in the image", name)
		}
		if n.content.Size > maxContent {
			return nil, fmt.Errorf("/%s has %d bytes in the image; at most %d are read", name, n.content.Size, maxContent)
		}
		content, ok := r.kept[n.content.Layer][n.content.Index]
		if !ok {
			// It was reached by a link, from a name that is not in contents.
			if content, err = r.extract(ctx, n.content); err != nil {
				return nil, err
			}
		}
		files["/"+name] = content
	}
	return files, nil
}

// extract reads one file again.
func (r *reader) extract(ctx context.Context, want *Entry) (content []byte, err error) {
	_, err = r.walk(ctx, want.Layer, new(atomic.Int64), func(e Entry, body io.Reader) error {
		if e.Index != want.Index {
			return nil
		}
		content, err = io.ReadAll(body)
		return err
	})
	if err != nil {
		return nil, r.at(want.Layer, err)
	}
	return content, nil
}

// walk reads a layer to its end, verifies it, and returns its size uncompressed.
// Each entry is visited; body reads its content. Bytes are counted in total too.
func (r *reader) walk(ctx context.Context, i int, total *atomic.Int64, visit func(e Entry, body io.Reader) error) (int64, error) {
	layer := r.layers[i]
	blob, err := r.archive.blob(layer.Digest)
	if err != nil {
		return 0, err
	}
	defer blob.Close()
	compressed := bufio.NewReaderSize(blob, 128<<10)
	m := &meter{ctx: ctx, hasher: sha256.New(), limits: r.limits, compressed: layer.Compressed, total: total}
	err = r.unpack(m, compressed, i, visit)
	// Bytes that are not those of the digest are the reason for whatever else
	// was wrong with them.
	if _, corrupt := io.Copy(io.Discard, compressed); corrupt != nil {
		return m.n, corrupt
	}
	if err != nil {
		return m.n, err
	}
	if got := "sha256:" + hex.EncodeToString(m.hasher.Sum(nil)); got != layer.DiffID.String() {
		return m.n, fmt.Errorf("the diff id is %s, but the configuration has %s", got, layer.DiffID)
	}
	return m.n, nil
}

// unpack visits the entries of a compressed layer, through the meter.
func (r *reader) unpack(m *meter, compressed io.Reader, i int, visit func(e Entry, body io.Reader) error) error {
	plain, err := decompress(compressed, r.layers[i].MediaType)
	if err != nil {
		return err
	}
	defer plain.Close()
	m.plain = plain
	if err := entries(m, i, r.limits, visit); err != nil {
		return err
	}
	// What follows the tar's end belongs to the diff id too.
	if _, err := io.Copy(io.Discard, m); err != nil {
		return fmt.Errorf("reading on after the tar's end: %w", err)
	}
	return nil
}

// entries visits the entries of a tar.
func entries(plain io.Reader, layer int, limits Limits, visit func(e Entry, body io.Reader) error) error {
	layerTar := tar.NewReader(plain)
	for index := 0; ; {
		header, err := layerTar.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %d entries: %w", index, err)
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, err := entryName(header.Name)
		if err != nil {
			return err
		}
		if len(name) > maxPath || len(header.Linkname) > maxPath {
			return fmt.Errorf("entry %d has a path of more than %d bytes", index+1, maxPath)
		}
		switch header.Typeflag {
		case tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		default:
			return fmt.Errorf("entry %s is of type %q, which container engines do not unpack", name, header.Typeflag)
		}
		if header.Size > limits.Uncompressed {
			return fmt.Errorf("entry %s has %s; the limit is %s", name, humanSize(header.Size), humanSize(limits.Uncompressed))
		}
		err = visit(Entry{
			Path:  name,
			Type:  header.Typeflag,
			Mode:  header.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky),
			UID:   header.Uid,
			GID:   header.Gid,
			Size:  header.Size,
			Link:  header.Linkname,
			Layer: layer,
			Index: index,
		}, layerTar)
		if err != nil {
			return err
		}
		index++
	}
}

// decompress returns the tar in a layer of a media type.
func decompress(compressed io.Reader, media types.MediaType) (io.ReadCloser, error) {
	switch media {
	case types.OCILayer, types.DockerLayer:
		plain, err := gzip.NewReader(compressed)
		if err != nil {
			return nil, fmt.Errorf("listed as compressed with gzip: %w", err)
		}
		return plain, nil
	case types.OCILayerZStd:
		// zstd -19 makes windows of 8 MiB, --long of 128 MiB.
		plain, err := zstd.NewReader(compressed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, fmt.Errorf("listed as compressed with zstd: %w", err)
		}
		return plain.IOReadCloser(), nil
	case types.OCIUncompressedLayer, types.DockerUncompressedLayer:
		return io.NopCloser(compressed), nil
	}
	return nil, fmt.Errorf("media type %q is not one of a layer that can be read", media)
}

// meter counts and hashes what a layer unpacks to, and ends it at the limits.
type meter struct {
	ctx        context.Context
	plain      io.Reader
	hasher     hash.Hash
	limits     Limits
	compressed int64
	n          int64
	total      *atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.plain.Read(p)
	m.hasher.Write(p[:n])
	m.n += int64(n)
	if over := m.n - m.limits.RatioAfter; over > 0 && over/m.limits.Ratio > m.compressed {
		return n, fmt.Errorf("%s compressed unpack to more than %d times as much", humanSize(m.compressed), m.limits.Ratio)
	}
	if m.total.Add(int64(n)) > m.limits.Uncompressed {
		return n, tooMuch{fmt.Errorf("the layers unpack to more than %s", humanSize(m.limits.Uncompressed))}
	}
	return n, err
}
