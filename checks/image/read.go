package image

import (
	"archive/tar"
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"math/bits"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Limits end the reading of an image that is too much for its reader. The zero
// value of a field stands for its default.
type Limits struct {
	// Time is how long reading may take; 10 minutes. An ordinary image takes one
	// second for each 200 MB.
	Time time.Duration
	// Memory is how many bytes the names and attributes of all files may take
	// while they are held; 40 MiB. The largest public images, with half a million
	// files, take about 30. Contents are never held. A quarter of it is the largest
	// window that a layer compressed with zstd may ask for, rounded down to a power
	// of two: 8 MiB, as zstd itself has up to its level 19, for the default.
	Memory int64
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
	// Path is how long the path of an entry, or what it links to, may be in bytes;
	// 4096, as for Linux, which allows no more either.
	Path int
}

// The limits of what is not the policy's to set: more is no image.
const (
	// maxContent is the size up to which a file's content is kept, and
	// maxContents that of all of them in all layers.
	maxContent  = 1 << 20
	maxContents = 8 << 20
	// maxLinuxPath is the length in bytes that Linux allows to a path.
	maxLinuxPath = 4096
)

func (l Limits) withDefaults() Limits {
	l.Time = cmp.Or(l.Time, 10*time.Minute)
	l.Memory = cmp.Or(l.Memory, 40<<20)
	l.Entries = cmp.Or(l.Entries, 1_000_000)
	l.Uncompressed = cmp.Or(l.Uncompressed, 64e9)
	l.Ratio = cmp.Or(l.Ratio, 200)
	l.RatioAfter = cmp.Or(l.RatioAfter, 1<<30)
	l.Path = min(cmp.Or(l.Path, maxLinuxPath), maxLinuxPath)
	return l
}

// check reports a limit that nothing can keep.
func (l Limits) check() error {
	for name, n := range map[string]int64{
		"time": int64(l.Time), "memory": l.Memory, "entries": int64(l.Entries), "uncompressed size": l.Uncompressed,
		"ratio": l.Ratio, "bytes of any ratio": l.RatioAfter, "path length": int64(l.Path),
	} {
		if n < 0 {
			return fmt.Errorf("a limit of %d for %s of an image; give a number above 0", n, name)
		}
	}
	if l.Entries > math.MaxInt32 {
		return fmt.Errorf("a limit of %d entries; at most %d can be told apart", l.Entries, math.MaxInt32)
	}
	return nil
}

// zstdWindow is the largest window that a layer compressed with zstd may have.
func (l Limits) zstdWindow() uint64 {
	return max(uint64(1)<<bits.Len64(uint64(l.Memory/4))>>1, zstd.MinWindowSize)
}

// capabilityRecord is what a tar's record of a file's capabilities is called.
const capabilityRecord = "SCHILY.xattr.security.capability"

// contents are the files whose content the checks read.
var contents = []string{"etc/passwd", "etc/group", "etc/shadow"}

// Read reads the image of a platform from an archive: its configuration, and
// each layer once, from its first byte to its last, several at a time. The zero
// platform stands for the only one in the archive. Layers are verified against
// their digests and diff ids; one that lies, that cannot be unpacked or that
// goes beyond the limits is an error that names it.
//
// What is held is the tree of files without their content, so that memory grows
// with the number of files alone, up to Limits.Memory.
func Read(ctx context.Context, a *Archive, platform v1.Platform, limits Limits) (*Image, error) {
	if err := limits.check(); err != nil {
		return nil, err
	}
	limits = limits.withDefaults()
	ctx, cancel := context.WithTimeoutCause(ctx, limits.Time, fmt.Errorf("reading the image took more than %s; raise the limit if the image is really that large", limits.Time))
	defer cancel()
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
		Read:        time.Now(),
	}
	for i, d := range m.Manifest.Layers {
		img.Layers[i] = Layer{Digest: d.Digest, DiffID: m.Config.RootFS.DiffIDs[i], MediaType: d.MediaType, Compressed: d.Size}
	}
	nameLayers(img)
	r := newReader(a, limits, img.Layers)
	if err := r.scanAll(ctx); err != nil {
		return nil, err
	}
	img.Tree = r.tree
	if img.Files, err = r.files(ctx); err != nil {
		return nil, err
	}
	r.fill(img)
	return img, nil
}

// reader is one Read.
type reader struct {
	archive *Archive
	limits  Limits
	layers  []Layer
	catalog *catalog

	entries, contents, uncompressed atomic.Int64 // of all layers
	held                            atomic.Int64 // bytes of lists and tree

	mu      sync.Mutex
	scanned []*layerScan // by layer; nil: not yet, or in the tree already
	merged  int          // layers in the tree
	tree    *Tree
	changes *changes
	kept    map[origin][]byte // content of files
	node    []NodeManifest
	python  []PythonManifest
	// installed are the packages of Python's.
	installed []PythonPackage
}

// layerScan is what came out of one layer.
type layerScan struct {
	list      entryList
	inspector inspector
	kept      map[int][]byte // content of files, by entry
}

func newReader(a *Archive, limits Limits, layers []Layer) *reader {
	r := &reader{archive: a, limits: limits, layers: layers, catalog: newCatalog(), scanned: make([]*layerScan, len(layers)), kept: map[origin][]byte{}}
	r.tree = newTree(limits, r.catalog, &r.held)
	r.changes = &changes{layers: layers, waste: map[wasteKey]*Waste{}, secrets: map[origin][]*Secret{}}
	r.tree.changes = r.changes
	return r
}

func newLayerScan(r *reader, layer int) *layerScan {
	return &layerScan{list: entryList{held: &r.held}, inspector: newInspector(layer, &r.held), kept: map[int][]byte{}}
}

// tooMuch is an error of all layers together.
type tooMuch struct{ error }

func tooMuchMemory(limits Limits) error {
	return tooMuch{fmt.Errorf("the names and attributes of the files in the layers take more than %s", humanSize(limits.Memory))}
}

// at names the layer that an error comes from.
func (r *reader) at(i int, err error) error {
	return fmt.Errorf("layer %d of %d (%s): %w", i+1, len(r.layers), r.layers[i].Digest, err)
}

// scanAll scans every layer, as many at a time as there are processors, and lays
// each over those below it as soon as they are all scanned.
func (r *reader) scanAll(ctx context.Context) error {
	errs := make([]error, len(r.layers))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(r.layers)) {
		workers.Go(func() {
			for i := range next {
				s, err := r.scan(ctx, i)
				if err != nil {
					errs[i] = err
					continue
				}
				r.merge(i, s, errs)
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

// merge takes what came out of a layer, and lays those over each other whose turn
// it is.
func (r *reader) merge(scanned int, s *layerScan, errs []error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scanned[scanned] = s
	for r.merged < len(r.layers) && r.scanned[r.merged] != nil {
		i, s := r.merged, r.scanned[r.merged]
		r.scanned[i] = nil
		r.changes.found(s.inspector.secrets)
		r.node = append(r.node, s.inspector.manifests...)
		r.python = append(r.python, s.inspector.python...)
		r.installed = append(r.installed, s.inspector.installed...)
		for index, content := range s.kept {
			r.kept[origin{i, index}] = content
		}
		if errs[i] = r.tree.apply(i, &s.list); errs[i] != nil {
			return // and none above it is ever laid over it
		}
		r.merged++
	}
}

// scan notes the entries of a layer, and what is in its files.
func (r *reader) scan(ctx context.Context, i int) (*layerScan, error) {
	layer := &r.layers[i]
	s := newLayerScan(r, i)
	size, err := r.walk(ctx, i, &r.uncompressed, func(index int, name string, header *tar.Header, body io.Reader) error {
		return r.note(layer, s, index, name, header, body)
	})
	layer.Uncompressed = size
	s.inspector.buffer = nil
	return s, err
}

// note notes one entry of a layer.
func (r *reader) note(layer *Layer, s *layerScan, index int, name string, header *tar.Header, body io.Reader) error {
	if r.entries.Add(1) > int64(r.limits.Entries) {
		return tooMuch{fmt.Errorf("the layers hold more than %d entries", r.limits.Entries)}
	}
	if r.held.Load() > r.limits.Memory {
		return tooMuchMemory(r.limits)
	}
	owner, err := r.catalog.owner(owner{header.Uid, header.Gid})
	if err != nil {
		return err
	}
	e := record{kind: header.Typeflag, mode: uint16(header.Mode & 0o7777), owner: owner, size: header.Size}
	if header.PAXRecords[capabilityRecord] != "" {
		e.flags |= flagCapabilities
	}
	layer.noteEntry(name, header)
	switch {
	case strings.HasPrefix(path.Base(name), whiteout):
		s.list.whiteouts++
	case e.kind != tar.TypeReg:
	case slices.Contains(contents, name) && e.size <= maxContent:
		if r.contents.Add(e.size) > maxContents {
			return tooMuch{fmt.Errorf("the layers hold more than %s of %v", humanSize(maxContents), contents)}
		}
		if s.kept[index], err = io.ReadAll(body); err != nil {
			return err
		}
	default:
		program, err := s.inspector.inspect(name, index, e.mode, body)
		if err != nil {
			return err
		}
		e.program = r.catalog.program(program)
	}
	s.list.add(name, header.Linkname, e)
	return nil
}

// files returns the content of the files that checks read, by absolute path;
// without those that the image does not have.
func (r *reader) files(ctx context.Context) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range contents {
		e, err := r.tree.Lookup(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case "/"+name == shadowFile && (err != nil || e.Type != tar.TypeReg || e.Size > maxContent):
			continue // no container engine reads it
		case err != nil:
			return nil, err
		}
		if e.Type != tar.TypeReg {
			return nil, fmt.Errorf("/%s is not a regular file in the image", name)
		}
		if e.Size > maxContent {
			return nil, fmt.Errorf("/%s has %d bytes in the image; at most %d are read", name, e.Size, maxContent)
		}
		content, ok := r.kept[origin{e.Layer, e.Index}]
		if !ok {
			// It was reached by a link, from a name that is not in contents.
			if content, err = r.extract(ctx, e); err != nil {
				return nil, err
			}
		}
		files["/"+name] = content
	}
	return files, nil
}

// fill adds to an image what was found in the files of its layers; of manifests and
// packages those that are in it still.
func (r *reader) fill(img *Image) {
	img.Secrets, img.Waste = r.changes.all(), r.changes.wasted()
	img.NodeManifests = left(r, r.node, func(m NodeManifest) (string, origin) { return m.Path, origin{m.layer, m.index} })
	img.PythonManifests = left(r, r.python, func(m PythonManifest) (string, origin) { return m.Path, origin{m.layer, m.index} })
	img.PythonPackages = left(r, r.installed, func(p PythonPackage) (string, origin) { return p.Path, origin{p.layer, p.index} })
}

// left returns those of a list that no later layer took away or wrote again, by path.
func left[T any](r *reader, all []T, of func(T) (string, origin)) []T {
	var left []T
	for _, each := range all {
		name, from := of(each)
		if e, err := r.tree.Lookup(name); err == nil && (origin{e.Layer, e.Index}) == from {
			left = append(left, each)
		}
	}
	slices.SortFunc(left, func(a, b T) int {
		x, _ := of(a)
		y, _ := of(b)
		return cmp.Compare(x, y)
	})
	return left
}

// extract reads one file again.
func (r *reader) extract(ctx context.Context, want Entry) (content []byte, err error) {
	_, err = r.walk(ctx, want.Layer, new(atomic.Int64), func(index int, _ string, _ *tar.Header, body io.Reader) error {
		if index != want.Index {
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

// visitor is called for each entry of a layer with its clean path; body reads its
// content.
type visitor func(index int, name string, header *tar.Header, body io.Reader) error

// walk reads a layer to its end, verifies it, and returns its size uncompressed.
// Each entry is visited. Bytes are counted in total too.
func (r *reader) walk(ctx context.Context, i int, total *atomic.Int64, visit visitor) (int64, error) {
	layer := r.layers[i]
	blob, err := r.archive.blob(layer.Digest)
	if err != nil {
		return 0, err
	}
	defer blob.Close()
	compressed := bufio.NewReaderSize(blob, 128<<10)
	m := &meter{ctx: ctx, hasher: sha256.New(), limits: r.limits, compressed: layer.Compressed, total: total}
	err = r.unpack(m, compressed, i, visit)
	if ctx.Err() != nil {
		return m.n, context.Cause(ctx)
	}
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
func (r *reader) unpack(m *meter, compressed io.Reader, i int, visit visitor) error {
	plain, err := decompress(compressed, r.layers[i].MediaType, r.limits)
	if err != nil {
		return err
	}
	defer plain.Close()
	m.plain = plain
	if err := entries(m, r.limits, visit); err != nil {
		if errors.Is(err, zstd.ErrWindowSizeExceeded) {
			return fmt.Errorf("compressed with a zstd window of more than %s: compress it with a level up to 19 and without --long, or raise the limit of memory: %w", humanSize(int64(r.limits.zstdWindow())), err)
		}
		return err
	}
	// What follows the tar's end belongs to the diff id too.
	if _, err := io.Copy(io.Discard, m); err != nil {
		return fmt.Errorf("reading on after the tar's end: %w", err)
	}
	return nil
}

// entries visits the entries of a tar.
func entries(plain io.Reader, limits Limits, visit visitor) error {
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
		if len(name) > limits.Path || len(header.Linkname) > limits.Path {
			return fmt.Errorf("entry %d has a path of more than %d bytes", index+1, limits.Path)
		}
		for step := range strings.SplitSeq(name, "/") {
			if len(step) > maxName {
				return fmt.Errorf("entry %d has a name of more than %d bytes, which Linux does not allow: %.40s…", index+1, maxName, step)
			}
		}
		switch header.Typeflag {
		case tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		default:
			return fmt.Errorf("entry %s is of type %q, which container engines do not unpack", name, header.Typeflag)
		}
		if header.Size > limits.Uncompressed {
			return fmt.Errorf("entry %s has %s; the limit is %s", name, humanSize(header.Size), humanSize(limits.Uncompressed))
		}
		if err := visit(index, name, header, layerTar); err != nil {
			return err
		}
		index++
	}
}

// decompress returns the tar in a layer of a media type.
func decompress(compressed io.Reader, media types.MediaType, limits Limits) (io.ReadCloser, error) {
	switch media {
	case types.OCILayer, types.DockerLayer:
		plain, err := gzip.NewReader(compressed)
		if err != nil {
			return nil, fmt.Errorf("listed as compressed with gzip: %w", err)
		}
		return plain, nil
	case types.OCILayerZStd:
		plain, err := zstd.NewReader(compressed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(limits.zstdWindow()))
		if err != nil {
			return nil, fmt.Errorf("listed as compressed with zstd: %w", err)
		}
		return plain.IOReadCloser(), nil
	case types.OCIUncompressedLayer, types.DockerUncompressedLayer:
		return io.NopCloser(compressed), nil
	case types.DockerForeignLayer, types.OCIRestrictedLayer, types.OCIUncompressedRestrictedLayer:
		return nil, fmt.Errorf("media type %q is that of a foreign layer, which its registry does not hand on: copy what you need of it into a layer of your own", media)
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
	if m.ctx.Err() != nil {
		return 0, context.Cause(m.ctx)
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
