package image

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/imagegate/imagegate/checks"
)

func read(t testing.TB, img v1.Image) (*Image, error) {
	t.Helper()
	return Read(context.Background(), open(t, img), v1.Platform{}, Limits{})
}

func TestRead(t *testing.T) {
	base := layerOf(dir("etc/"), file("etc/passwd", "root:x:0:0::/root:/bin/sh\n"), file("bin/sh", "#!"))
	top := layerOf(file("./etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:10001:10001::/:\n"), file("etc/group", "app:x:10001:\n"))
	img, err := read(t, imageOf("amd64", base, top))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(img.Files["/etc/passwd"]); !strings.Contains(got, "app:x:10001") {
		t.Errorf("/etc/passwd is %q, want the upper layer's", got)
	}
	if got := string(img.Files["/etc/group"]); got != "app:x:10001:\n" {
		t.Errorf("/etc/group is %q", got)
	}
	for i, layer := range []v1.Layer{base, top} {
		got := img.Layers[i]
		size, err := partial.UncompressedSize(layer)
		if err != nil {
			t.Fatal(err)
		}
		if got.Uncompressed != size || got.Compressed != must(layer.Size()) || got.Digest != must(layer.Digest()) || got.DiffID != must(layer.DiffID()) {
			t.Errorf("layer %d is %+v, want %d bytes uncompressed", i, got, size)
		}
	}
	if n := img.Layers[0].Entries; n != 3 {
		t.Errorf("%d entries in the first layer, want 3", n)
	}
	if img.Config.Config.User != "10001" || img.Platform.String() != "linux/amd64" {
		t.Errorf("user %q, platform %s", img.Config.Config.User, img.Platform)
	}
}

func TestReadPlatform(t *testing.T) {
	a := open(t, indexOf(
		platform(imageOf("amd64", layerOf(file("etc/group", "amd")))),
		platform(imageOf("arm64", layerOf(file("etc/group", "arm")))),
	))
	img, err := Read(context.Background(), a, v1.Platform{OS: "linux", Architecture: "arm64"}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(img.Files["/etc/group"]); got != "arm" {
		t.Errorf("read %q, want the image for arm64", got)
	}
	v7 := imageOf("arm", layerOf(file("etc/group", "v7")))
	config := must(v7.ConfigFile()).DeepCopy()
	config.Variant = "v7"
	variants := open(t, indexOf(platform(must(mutate.ConfigFile(v7, config))), platform(imageOf("arm", layerOf(file("etc/group", "arm"))))))
	for want, p := range map[string]v1.Platform{
		"v7":  {OS: "linux", Architecture: "arm", Variant: "v7"},
		"arm": {OS: "linux", Architecture: "arm"},
	} {
		img, err := Read(context.Background(), variants, p, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(img.Files["/etc/group"]); got != want {
			t.Errorf("read %q for %s, want %q", got, p, want)
		}
	}
	for want, p := range map[string]v1.Platform{
		"choose a platform: the archive has linux/amd64, linux/arm64": {},
		"no image for platform linux/s390x":                           {OS: "linux", Architecture: "s390x"},
	} {
		if _, err := Read(context.Background(), a, p, Limits{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// The rows are what containerd and Docker make of the same layers.
func TestTree(t *testing.T) {
	tests := map[string]struct {
		layers [][]tar.Header
		want   string // paths, with the layer each comes from
		passwd string // content; empty: not there
	}{
		"upper layer replaces": {
			[][]tar.Header{{file("etc/passwd", "0"), file("b", "")}, {file("etc/passwd", "1")}},
			"b:0 etc/passwd:1", "1",
		},
		"last entry of a layer counts": {
			[][]tar.Header{{file("etc/passwd", "0"), file("./etc/passwd", "1")}},
			"etc/passwd:0", "1",
		},
		"whiteout": {
			[][]tar.Header{{file("etc/passwd", "0"), file("b", "")}, {file("etc/.wh.passwd", "")}},
			"b:0", "",
		},
		"whiteout spares its own layer, wherever it stands": {
			[][]tar.Header{{file("etc/passwd", "0")}, {file("etc/passwd", "1"), file("etc/.wh.passwd", "")}},
			"etc/passwd:1", "1",
		},
		"whiteout of a directory": {
			[][]tar.Header{{file("etc/passwd", "0"), file("etc/b/c", "")}, {file(".wh.etc", "")}},
			"", "",
		},
		"whiteout of nothing": {
			[][]tar.Header{{file("etc/passwd", "0")}, {file("usr/.wh.passwd", ""), file("etc/.wh.x", "")}},
			"etc/passwd:0", "0",
		},
		"whiteout, then there again": {
			[][]tar.Header{{file("etc/passwd", "0")}, {file("etc/.wh.passwd", "")}, {file("etc/passwd", "2")}},
			"etc/passwd:2", "2",
		},
		"opaque directory": {
			[][]tar.Header{{file("etc/passwd", "0"), file("etc/b/c", "")}, {dir("etc"), file("etc/d", ""), file("etc/.wh..wh..opq", "")}},
			"etc:1 etc/d:1", "",
		},
		"bookkeeping of aufs": {
			[][]tar.Header{{file("etc/passwd", "0")}, {file(".wh..wh.plnk/1.2", ""), file(".wh..wh.aufs", "")}},
			".wh..wh.plnk/1.2:1 etc/passwd:0", "0",
		},
		"directory over directory keeps what is in it": {
			[][]tar.Header{{dir("etc"), file("etc/passwd", "0")}, {dir("etc")}},
			"etc:1 etc/passwd:0", "0",
		},
		"file over directory": {
			[][]tar.Header{{dir("etc"), file("etc/passwd", "0")}, {file("etc", "")}},
			"etc:1", "",
		},
		"directory over symlink": {
			[][]tar.Header{{symlink("etc", "usr/etc"), file("usr/etc/passwd", "0")}, {dir("etc"), file("etc/group", "")}},
			"etc:1 etc/group:1 usr/etc/passwd:0", "",
		},
		"below a symlink": {
			[][]tar.Header{{symlink("etc", "usr/etc"), dir("usr/etc")}, {file("etc/passwd", "1")}},
			"etc:0 usr/etc:0 usr/etc/passwd:1", "1",
		},
		"below a symlink to nowhere": {
			[][]tar.Header{{symlink("etc", "/run/etc")}, {file("etc/passwd", "1")}},
			"etc:0 run/etc/passwd:1", "1",
		},
		"whiteout below a symlink": {
			[][]tar.Header{{symlink("etc", "usr/etc"), file("usr/etc/passwd", "0")}, {file("etc/.wh.passwd", "")}},
			"etc:0", "",
		},
		"symlink to the file": {
			[][]tar.Header{{symlink("etc/passwd", "../usr/lib/passwd")}, {file("usr/lib/passwd", "1")}},
			"etc/passwd:0 usr/lib/passwd:1", "1",
		},
		"symlink upwards stays in the image": {
			[][]tar.Header{{symlink("etc/passwd", "../../../../lib/passwd"), file("lib/passwd", "0")}},
			"etc/passwd:0 lib/passwd:0", "0",
		},
		"symlink to nowhere": {
			[][]tar.Header{{symlink("etc/passwd", "/run/passwd")}},
			"etc/passwd:0", "",
		},
		"hard link": {
			[][]tar.Header{{file("usr/lib/passwd", "0")}, {hardlink("etc/passwd", "usr/lib/passwd"), file("usr/lib/.wh.passwd", "")}, {}},
			"", "hard link to usr/lib/passwd: the image has no such file",
		},
		"hard link keeps the content when its target goes": {
			[][]tar.Header{{file("usr/lib/passwd", "0"), hardlink("etc/passwd", "usr/lib/passwd")}, {file("usr/lib/passwd", "1")}, {file("usr/lib/.wh.passwd", "")}},
			"etc/passwd:0", "0",
		},
		"hard link to a symlink": {
			[][]tar.Header{{symlink("etc/a", "/lib/passwd"), hardlink("etc/passwd", "etc/a"), file("lib/passwd", "0")}},
			"etc/a:0 etc/passwd:0 lib/passwd:0", "0",
		},
		"absolute names": {
			[][]tar.Header{{file("/etc/passwd", "0"), dir("/"), dir("./")}},
			"etc/passwd:0", "0",
		},
		"loop":                         {[][]tar.Header{{symlink("etc/passwd", "passwd")}}, "", "too many levels of symbolic links"},
		"loop of directories":          {[][]tar.Header{{symlink("etc", "etc"), file("etc/passwd", "")}}, "", "too many levels of symbolic links"},
		"growing symlink":              {[][]tar.Header{{symlink("etc", strings.Repeat("etc/", 1000))}, {file("etc/passwd", "")}}, "", "etc/: path too long"},
		"links that lead ever deeper":  {deeper(), "", "symbolic links lead to a path of more than 4096 bytes"},
		"directory for a file":         {[][]tar.Header{{dir("etc/passwd")}}, "", "not a regular file"},
		"below a file":                 {[][]tar.Header{{file("etc", "")}, {file("etc/passwd", "")}}, "", "layer 2 of 2 (sha256:"},
		"hard link to a directory":     {[][]tar.Header{{dir("a"), hardlink("b", "a")}}, "", "it is a directory"},
		"hard link upwards to nowhere": {[][]tar.Header{{hardlink("b", "../../x")}}, "", "no such file"},
		"whiteout without a name":      {[][]tar.Header{{file("etc/.wh.", "")}}, "", "a whiteout that names no file"},
		"whiteout of the parent":       {[][]tar.Header{{file("etc/.wh...", "")}}, "", "a whiteout that names no file"},
		"out of the image":             {[][]tar.Header{{file("../etc/passwd", "")}}, "", "leads out of it"},
		"long path":                    {[][]tar.Header{{file(strings.Repeat("abcdefg/", 600)+"a", "")}}, "", "path of more than 4096 bytes"},
		"unknown type":                 {[][]tar.Header{{{Name: "a", Typeflag: '7'}}}, "", "is of type '7'"},
		"shadow that leads nowhere":    {[][]tar.Header{{symlink("etc/shadow", "shadow"), file("etc/passwd", "0")}}, "etc/passwd:0 etc/shadow:0", "0"},
		"shadow that is a directory":   {[][]tar.Header{{dir("etc/shadow"), file("etc/passwd", "0")}}, "etc/passwd:0 etc/shadow:0", "0"},
		"large passwd":                 {[][]tar.Header{{file("etc/passwd", strings.Repeat("#", maxContent+1))}}, "", "at most 1048576 are read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var layers []v1.Layer
			for _, headers := range test.layers {
				layers = append(layers, layerOf(headers...))
			}
			img, err := read(t, imageOf("amd64", layers...))
			if err != nil {
				if test.want != "" || test.passwd == "" || !strings.Contains(err.Error(), test.passwd) {
					t.Fatal(err)
				}
				return
			}
			var paths []string
			for e := range img.Tree.All() {
				paths = append(paths, fmt.Sprintf("%s:%d", e.Path, e.Layer))
			}
			if got := strings.Join(paths, " "); got != test.want {
				t.Errorf("tree %q, want %q", got, test.want)
			}
			if got := string(img.Files["/etc/passwd"]); got != test.passwd {
				t.Errorf("passwd %q, want %q", got, test.passwd)
			}
		})
	}
}

func TestReadHostile(t *testing.T) {
	plain := tarBytes(file("a", "b"))
	zeros := func(n int) []byte { return tarBytes(file("zeros", string(make([]byte, n)))) }
	tests := map[string]struct {
		layer  v1.Layer
		limits Limits
		edit   func(files map[string][]byte, digest v1.Hash)
		want   string
	}{
		"corrupt":            {layerFrom(plain), Limits{}, corrupt, "is corrupt"},
		"not gzip":           {static.NewLayer(plain, types.OCILayer), Limits{}, nil, "listed as compressed with gzip"},
		"not zstd":           {static.NewLayer(plain, types.OCILayerZStd), Limits{}, nil, "magic number mismatch"},
		"not a tar":          {layerFrom(bytes.Repeat([]byte("garbage"), 500)), Limits{}, nil, "after 0 entries"},
		"cut short":          {layerFrom(plain[:512]), Limits{}, nil, "unexpected EOF"},
		"unknown type":       {static.NewLayer(plain, "application/x-layer"), Limits{}, nil, `media type "application/x-layer"`},
		"foreign":            {static.NewLayer(plain, types.DockerForeignLayer), Limits{}, nil, "a foreign layer"},
		"too many entries":   {layerOf(file("a", ""), file("b", ""), file("c", "")), Limits{Entries: 2}, nil, "the layers hold more than 2 entries"},
		"too many parents":   {layerOf(file("a/b/c/d/e/f/g", "")), Limits{Entries: 3}, nil, "more than 6 files and directories"},
		"too large":          {layerFrom(zeros(1 << 20)), Limits{Uncompressed: 1<<20 + 600}, nil, "the layers unpack to more than 1.0 MB"},
		"too large an entry": {layerFrom(zeros(1 << 20)), Limits{Uncompressed: 1 << 19}, nil, "entry zeros has 1.0 MB; the limit is 524.3 kB"},
		"ratio":              {layerFrom(zeros(30 << 20)), Limits{RatioAfter: 1 << 20}, nil, "unpack to more than 200 times as much"},
		"after the tar":      {layerFrom(append(bytes.Clone(plain), make([]byte, 40<<20)...)), Limits{RatioAfter: 1 << 20}, nil, "after the tar's end"},
		"owners":             {layerFrom(tarBytes(owners(70_000)...)), Limits{}, nil, "more than 65536 different owners"},
		"memory":             {layerFrom(tarBytes(numbered(20_000)...)), Limits{Memory: 1 << 19}, nil, "the names and attributes of the files in the layers take more than 524.3 kB"},
		"zstd window":        {zstdLayer(8<<20, zeros(16<<20)), Limits{Memory: 8 << 20}, nil, "compressed with a zstd window of more than 2.1 MB: compress it with a level up to 19"},
		"zstd garbage":       {zstdGarbage(plain), Limits{}, nil, "magic number"},
		"zstd bomb":          {zstdLayer(1<<20, zeros(30<<20)), Limits{RatioAfter: 1 << 20}, nil, "unpack to more than 200 times as much"},
		"time":               {layerFrom(plain), Limits{Time: 1}, nil, "reading the image took more than 1ns; raise the limit"},
		"path":               {layerOf(file("abcd/efgh", "")), Limits{Path: 8}, nil, "path of more than 8 bytes"},
		"link":               {layerOf(symlink("a", "/abcdefgh")), Limits{Path: 8}, nil, "path of more than 8 bytes"},
		"name":               {layerOf(file(strings.Repeat("n", 256), "")), Limits{}, nil, "a name of more than 255 bytes"},
		"sparse":             {layerFrom(sparse()), Limits{}, nil, "is of type 'S', which container engines do not unpack"},
		"absurd size":        {layerFrom(absurd()), Limits{}, nil, "after 0 entries"},
		"traversal":          {layerOf(file("a/../../etc/passwd", "")), Limits{}, nil, "leads out of it"},
		"restricted":         {static.NewLayer(plain, types.OCIRestrictedLayer), Limits{}, nil, "a foreign layer"},
		"after the gzip":     {afterGzip(plain), Limits{}, nil, "gzip: invalid header"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := layoutOf(t, imageOf("amd64", test.layer))
			digest := must(test.layer.Digest())
			if test.edit != nil {
				test.edit(files, digest)
			}
			a, err := Open(archiveFile(t, files))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			_, err = Read(context.Background(), a, v1.Platform{}, test.limits)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), digest.String()) {
				t.Errorf("error %v, want one with %q and %s", err, test.want, digest)
			}
		})
	}
}

// deeper is a layer whose entries have short names, and lie deeper than any path
// reaches: each link leads down from where the one before it has led to.
func deeper() [][]tar.Header {
	var headers []tar.Header
	long := strings.Repeat("a/", 500)
	for i := range 30 {
		headers = append(headers, symlink(strings.Repeat("l/", i)+"l", long))
	}
	return [][]tar.Header{{dir(long)}, append(headers, file(strings.Repeat("l/", 30)+"f", ""))}
}

// owners are files of as many owners.
func owners(n int) []tar.Header {
	headers := numbered(n)
	for i := range headers {
		headers[i].Uid = i
	}
	return headers
}

// numbered are as many empty files.
func numbered(n int) []tar.Header {
	headers := make([]tar.Header, n)
	for i := range headers {
		headers[i] = file(fmt.Sprintf("%d/%d", i%100, i), "")
	}
	return headers
}

func zstdLayer(window int, plain []byte) v1.Layer {
	var compressed bytes.Buffer
	w := must(zstd.NewWriter(&compressed, zstd.WithWindowSize(window)))
	must(w.Write(plain))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return diffLayer{static.NewLayer(compressed.Bytes(), types.OCILayerZStd), sha(plain)}
}

// zstdGarbage returns a layer with bytes after its last frame.
func zstdGarbage(plain []byte) v1.Layer {
	compressed := must(io.ReadAll(must(zstdLayer(1<<20, plain).Compressed())))
	return diffLayer{static.NewLayer(append(compressed, "garbage after it"...), types.OCILayerZStd), sha(plain)}
}

// sparse returns a tar with a file of 8 GiB that is all hole, in GNU's old format.
func sparse() []byte {
	plain := tarBytes(file("hole", ""))
	plain[156] = 'S'
	copy(plain[257:265], "ustar  \x00")
	for i := 386; i < 482; i++ {
		plain[i] = 0
	}
	copy(plain[483:495], "77777777777\x00") // 8 GiB, as many as its octal digits hold
	checksum(plain)
	return plain
}

// checksum writes the checksum of the first header of a tar.
func checksum(plain []byte) {
	copy(plain[148:156], "        ")
	sum := 0
	for _, b := range plain[:512] {
		sum += int(b)
	}
	copy(plain[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

// absurd returns a tar whose first entry has a size that is no number.
func absurd() []byte {
	plain := tarBytes(file("a", "b"))
	copy(plain[124:136], "99999999999\x00")
	checksum(plain)
	return plain
}

// afterGzip returns a layer with bytes after its last gzip member.
func afterGzip(plain []byte) v1.Layer {
	compressed := must(io.ReadAll(must(layerFrom(plain).Compressed())))
	return diffLayer{static.NewLayer(append(compressed, "garbage after it"...), types.OCILayer), sha(plain)}
}

func TestReadDiffID(t *testing.T) {
	img := imageOf("amd64", layerOf(file("a", "b")))
	files := layoutOf(t, img)
	config := must(img.ConfigFile()).DeepCopy()
	config.RootFS.DiffIDs[0] = sha([]byte("something else"))
	manifest := must(img.Manifest()).DeepCopy()
	manifest.Config = addBlob(files, types.OCIConfigJSON, config)
	setIndex(files, addBlob(files, types.OCIManifestSchema1, manifest))
	a, err := Open(archiveFile(t, files))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := Read(context.Background(), a, v1.Platform{}, Limits{}); err == nil || !strings.Contains(err.Error(), "the diff id is "+must(img.ConfigFile()).RootFS.DiffIDs[0].String()) {
		t.Errorf("error %v, want one of the diff id", err)
	}
}

func TestReadCompressions(t *testing.T) {
	plain := tarBytes(file("etc/group", "app:x:1:\n"))
	encoder := must(zstd.NewWriter(nil))
	layers := map[string]v1.Layer{
		"none": static.NewLayer(plain, types.OCIUncompressedLayer),
		"zstd": diffLayer{static.NewLayer(encoder.EncodeAll(plain, nil), types.OCILayerZStd), sha(plain)},
	}
	for name, layer := range layers {
		t.Run(name, func(t *testing.T) {
			img, err := read(t, imageOf("amd64", layer))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(img.Files["/etc/group"]); got != "app:x:1:\n" {
				t.Errorf("read %q", got)
			}
		})
	}
}

// diffLayer is a static layer with a diff id of its own.
type diffLayer struct {
	v1.Layer
	diffID v1.Hash
}

func (l diffLayer) DiffID() (v1.Hash, error) { return l.diffID, nil }

func TestReadCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Read(ctx, open(t, imageOf("amd64", layerOf(file("a", "b")))), v1.Platform{}, Limits{})
	if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// What is read must not depend on how many layers are read at once.
func TestReadManyLayers(t *testing.T) {
	var layers []v1.Layer
	for i := range 40 {
		layers = append(layers, layerOf(file("etc/group", fmt.Sprint(i)), file(fmt.Sprintf("f%02d", i), "")))
	}
	img, err := read(t, imageOf("amd64", layers...))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(img.Files["/etc/group"]); got != "39" {
		t.Errorf("read the group file of layer %s, want 39", got)
	}
}

func FuzzOpenRead(f *testing.F) {
	for _, img := range []mutate.Appendable{
		imageOf("amd64", layerOf(file("etc/passwd", "root:x:0:0"), symlink("etc/group", "passwd")), layerOf(file("etc/.wh.passwd", ""))),
		indexOf(platform(imageOf("amd64")), platform(imageOf("arm64"))),
	} {
		f.Add(must(os.ReadFile(archiveFile(f, layoutOf(f, img)))))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := Open(writeFile(t, content))
		if err != nil {
			return
		}
		defer a.Close()
		for _, m := range a.Manifests() {
			_, _ = Read(context.Background(), a, m.Platform, Limits{Entries: 1000, Uncompressed: 1 << 20})
		}
	})
}

// FuzzLayers lays any two tars over each other.
func FuzzLayers(f *testing.F) {
	f.Add(tarBytes(file("etc/passwd", "root:x:0:0"), symlink("etc/group", "passwd"), hardlink("etc/b", "etc/passwd")), tarBytes(file("etc/.wh.passwd", "")))
	f.Add(tarBytes(symlink("etc", "/usr/../etc"), dir("etc")), tarBytes(file("etc/.wh..wh..opq", "")))
	f.Add(tarBytes(file("a/.env", "TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345"), file("run.sh", "#!/bin/sh\n")), tarBytes(file("a/package-lock.json", `{"packages": {"node_modules/x": {"dev": true}}}`)))
	f.Add(tarBytes(file("a/pyproject.toml", "[dependency-groups]\ndev = ['b']\n"), file("v/site-packages/b-1.dist-info/METADATA", "Name: b\n")), tarBytes(file("a/uv.lock", locks["uv"].text)))
	f.Fuzz(func(t *testing.T, lower, upper []byte) {
		limits := Limits{Entries: 1000, Memory: 4 << 20, Uncompressed: 1 << 20}.withDefaults()
		r := newReader(nil, limits, make([]Layer, 2))
		errs := make([]error, 2)
		for i, plain := range [][]byte{lower, upper} {
			s := newLayerScan(r, i)
			err := entries(bytes.NewReader(plain), limits, func(index int, name string, header *tar.Header, body io.Reader) error {
				return r.note(&r.layers[i], s, index, name, header, body)
			})
			if err != nil {
				return
			}
			if r.merge(i, s, errs); errs[i] != nil {
				return
			}
		}
		var size int64
		for e := range r.tree.All() {
			if got, err := r.tree.Lookup(e.Path); e.Type != tar.TypeSymlink && (err != nil || got != e) {
				t.Errorf("%+v is in the tree, but looking it up: %+v, %v", e, got, err)
			}
			if e.Type == tar.TypeReg && !e.HardLink {
				size += e.Size
			}
		}
		for _, l := range r.layers {
			size -= l.Added.Bytes + l.Changed.Bytes
		}
		for _, w := range r.changes.wasted() {
			size += w.Bytes
			if len(w.Samples) == 0 || w.Files == 0 || w.Layer >= w.By {
				t.Errorf("waste %+v", w)
			}
		}
		if size > 0 {
			t.Errorf("the tree has %d bytes more than the layers gave it", size)
		}
		img := &Image{Config: &v1.ConfigFile{}, Layers: r.layers, Tree: r.tree, Files: map[string][]byte{}}
		r.fill(img)
		for _, res := range checks.Run(All(), img) {
			if res.Status == checks.Error {
				t.Errorf("%s: %s", res.Check, res.Detail)
			}
		}
	})
}

// BenchmarkRead reads an image of 200 MB; -benchmem shows that its memory does
// not grow with it.
func BenchmarkRead(b *testing.B) {
	random := rand.NewChaCha8([32]byte{})
	var layers []v1.Layer
	for l := range 2 {
		var headers []tar.Header
		for i := range 1000 {
			content := make([]byte, 100_000)
			must(io.ReadFull(random, content[:50_000]))
			headers = append(headers, file(fmt.Sprintf("usr/lib/%d/%d", l, i), string(content)))
		}
		layers = append(layers, layerOf(headers...))
	}
	a := open(b, imageOf("amd64", layers...))
	b.SetBytes(200_000_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(context.Background(), a, v1.Platform{}, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Nothing that is read from an archive may be written anywhere.
func TestReadWritesNothing(t *testing.T) {
	name := archiveFile(t, layoutOf(t, imageOf("amd64", layerOf(file("etc/passwd", "root:x:0:0")))))
	t.Chdir(filepath.Dir(name))
	a, err := Open("image.tar")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := Read(context.Background(), a, v1.Platform{}, Limits{}); err != nil {
		t.Fatal(err)
	}
	if files := must(os.ReadDir(".")); len(files) != 1 {
		t.Errorf("%d files beside the archive, want none", len(files)-1)
	}
}
