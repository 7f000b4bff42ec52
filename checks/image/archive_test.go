package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// must returns v, for what cannot fail unless the test itself is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// tarBytes writes a tar. An entry without a type is a regular file with the
// content of its Linkname field.
func tarBytes(headers ...tar.Header) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range headers {
		var content string
		if h.Typeflag == 0 {
			h.Typeflag, content, h.Linkname = tar.TypeReg, h.Linkname, ""
			h.Size = int64(len(content))
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		must(io.WriteString(w, content))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func file(name, content string) tar.Header { return tar.Header{Name: name, Linkname: content} }
func dir(name string) tar.Header           { return tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755} }
func symlink(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
}
func hardlink(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
}

func layerOf(headers ...tar.Header) v1.Layer { return layerFrom(tarBytes(headers...)) }

func layerFrom(plain []byte) v1.Layer {
	return must(tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(plain)), nil
	}, tarball.WithMediaType(types.OCILayer)))
}

// imageOf returns an image for linux and an architecture.
func imageOf(arch string, layers ...v1.Layer) v1.Image {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img = must(mutate.AppendLayers(img, layers...))
	config := must(img.ConfigFile()).DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config.User = "10001"
	return must(mutate.ConfigFile(img, config))
}

// layoutOf writes a layout of an image or index, and returns its files.
func layoutOf(t testing.TB, manifests ...mutate.Appendable) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	path := must(layout.Write(dir, empty.Index))
	for _, m := range manifests {
		var err error
		switch m := m.(type) {
		case v1.Image:
			err = path.AppendImage(m)
		case v1.ImageIndex:
			err = path.AppendIndex(m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[must(filepath.Rel(dir, name))], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// archiveFile writes files as a tar, and returns its name.
func archiveFile(t testing.TB, files map[string][]byte) string {
	t.Helper()
	var headers []tar.Header
	for _, name := range slices.Sorted(maps.Keys(files)) {
		headers = append(headers, file(name, string(files[name])))
	}
	return writeFile(t, tarBytes(headers...))
}

func writeFile(t testing.TB, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t testing.TB, manifests ...mutate.Appendable) *Archive {
	t.Helper()
	a, err := Open(archiveFile(t, layoutOf(t, manifests...)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// attestation is what BuildKit adds to an index for each image.
func attestationOf(of v1.Image) mutate.IndexAddendum {
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = must(mutate.AppendLayers(img, static.NewLayer([]byte(`{}`), "application/vnd.in-toto+json")))
	return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
		Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
		Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": must(of.Digest()).String()},
	}}
}

func platform(img v1.Image) mutate.IndexAddendum {
	return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: must(img.ConfigFile()).Platform()}}
}

func indexOf(adds ...mutate.IndexAddendum) v1.ImageIndex {
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), adds...)
}

func TestOpenRoot(t *testing.T) {
	amd, arm := imageOf("amd64", layerOf(file("a", "amd"))), imageOf("arm64", layerOf(file("a", "arm")))
	nested := indexOf(platform(amd), platform(arm), attestationOf(amd))
	tests := map[string]struct {
		manifests []mutate.Appendable
		want      v1.Hash // zero: of index.json
		platforms string
	}{
		"one image":            {[]mutate.Appendable{amd}, must(amd.Digest()), "linux/amd64"},
		"nested index":         {[]mutate.Appendable{nested}, must(nested.Digest()), "linux/amd64 linux/arm64"},
		"twice nested index":   {[]mutate.Appendable{indexOf(mutate.IndexAddendum{Add: nested})}, must(indexOf(mutate.IndexAddendum{Add: nested}).Digest()), "linux/amd64 linux/arm64"},
		"several images":       {[]mutate.Appendable{amd, arm}, v1.Hash{}, "linux/amd64 linux/arm64"},
		"one image, two names": {[]mutate.Appendable{amd, amd}, must(amd.Digest()), "linux/amd64"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := layoutOf(t, test.manifests...)
			a, err := Open(archiveFile(t, files))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			want := test.want
			if want == (v1.Hash{}) {
				want = sha(files["index.json"])
			}
			if a.Digest() != want {
				t.Errorf("digest %s, want %s", a.Digest(), want)
			}
			var platforms []string
			for _, m := range a.Manifests() {
				platforms = append(platforms, m.Platform.String())
				img, err := a.Image(m.Digest)
				if err != nil {
					t.Fatal(err)
				}
				if err := validate.Image(img); err != nil {
					t.Error(err)
				}
			}
			if got := strings.Join(platforms, " "); got != test.platforms {
				t.Errorf("platforms %s, want %s", got, test.platforms)
			}
		})
	}
}

func sha(b []byte) v1.Hash {
	sum := sha256.Sum256(b)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// What a registry ends up with must be the very manifest that was judged.
func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	amd, arm := imageOf("amd64", layerOf(file("a", "amd"))), imageOf("arm64", layerOf(file("a", "arm")))
	for name, manifests := range map[string][]mutate.Appendable{
		"image":          {amd},
		"index":          {indexOf(platform(amd), platform(arm), attestationOf(amd))},
		"several images": {amd, arm},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t, manifests...)
			ref := must(tagOf(server.URL, strings.ReplaceAll(name, " ", "-")))
			root, err := a.Root()
			if err != nil {
				t.Fatal(err)
			}
			if err := remote.Push(ref, root); err != nil {
				t.Fatal(err)
			}
			head, err := remote.Head(ref)
			if err != nil {
				t.Fatal(err)
			}
			if head.Digest != a.Digest() {
				t.Errorf("published %s, want %s", head.Digest, a.Digest())
			}
			for _, m := range a.Manifests() {
				img, err := remote.Image(ref.Context().Digest(m.Digest.String()))
				if err != nil {
					t.Fatal(err)
				}
				if err := validate.Image(img); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func tagOf(server, repository string) (name.Tag, error) {
	return name.NewTag(strings.TrimPrefix(server, "http://") + "/" + repository + ":v1")
}

func TestPushCorruptLayer(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	layer := layerOf(file("a", "amd"))
	files := layoutOf(t, imageOf("amd64", layer))
	corrupt(files, must(layer.Digest()))
	a, err := Open(archiveFile(t, files))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ref := must(tagOf(server.URL, "corrupt"))
	err = remote.Push(ref, must(a.Root()))
	// The registry may have all bytes, and refuse them, before the archive says it.
	if err == nil || !strings.Contains(err.Error(), "is corrupt") && !strings.Contains(err.Error(), "DIGEST_INVALID") {
		t.Errorf("error %v, want one of a corrupt blob", err)
	}
	if _, err := remote.Head(ref); err == nil {
		t.Error("the registry has the tag")
	}
}

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// corrupt changes the last byte of a blob.
func corrupt(files map[string][]byte, digest v1.Hash) {
	b := files[blobName(digest)]
	b[len(b)-1] ^= 1
}

// addBlob adds a JSON document to a layout, and returns its descriptor.
func addBlob(files map[string][]byte, media types.MediaType, doc any) v1.Descriptor {
	raw, ok := doc.(string)
	if !ok {
		raw = string(must(json.Marshal(doc)))
	}
	digest := sha([]byte(raw))
	files[blobName(digest)] = []byte(raw)
	return v1.Descriptor{MediaType: media, Digest: digest, Size: int64(len(raw))}
}

func setIndex(files map[string][]byte, manifests ...v1.Descriptor) {
	files["index.json"] = must(json.Marshal(v1.IndexManifest{SchemaVersion: 2, Manifests: manifests}))
}

func TestOpenHostile(t *testing.T) {
	layer := layerOf(file("a", "b"))
	img := imageOf("amd64", layer)
	config, layerDigest, manifest := must(img.ConfigName()), must(layer.Digest()), must(img.Digest())
	manifestOf := func(edit func(m *v1.Manifest)) func(map[string][]byte) {
		return func(files map[string][]byte) {
			m := must(img.Manifest()).DeepCopy()
			edit(m)
			setIndex(files, addBlob(files, types.OCIManifestSchema1, m))
		}
	}
	configOf := func(edit func(c *v1.ConfigFile)) func(map[string][]byte) {
		return func(files map[string][]byte) {
			c := must(img.ConfigFile()).DeepCopy()
			edit(c)
			m := must(img.Manifest()).DeepCopy()
			m.Config = addBlob(files, types.OCIConfigJSON, c)
			setIndex(files, addBlob(files, types.OCIManifestSchema1, m))
		}
	}
	tests := map[string]struct {
		edit func(files map[string][]byte)
		want string
	}{
		"no layout":             {func(f map[string][]byte) { delete(f, "oci-layout") }, "no oci-layout and index.json"},
		"docker archive":        {func(f map[string][]byte) { clear(f); f["manifest.json"] = []byte(`[]`) }, "no oci-layout and index.json"},
		"layout version":        {func(f map[string][]byte) { f["oci-layout"] = []byte(`{"imageLayoutVersion":"2.0.0"}`) }, `version "2.0.0"`},
		"layout not JSON":       {func(f map[string][]byte) { f["oci-layout"] = []byte(`{`) }, "decoding oci-layout"},
		"index not JSON":        {func(f map[string][]byte) { f["index.json"] = []byte(`{"manifests":[`) }, "decoding index.json"},
		"index of nothing":      {func(f map[string][]byte) { setIndex(f) }, "names no image"},
		"index too large":       {func(f map[string][]byte) { f["index.json"] = make([]byte, maxDocument+1) }, "too many for a document"},
		"schema version":        {func(f map[string][]byte) { f["index.json"] = []byte(`{"schemaVersion":1,"manifests":[]}`) }, "schema version 1"},
		"missing manifest":      {func(f map[string][]byte) { delete(f, blobName(manifest)) }, "blob " + manifest.String() + " is not in the archive"},
		"missing config":        {func(f map[string][]byte) { delete(f, blobName(config)) }, "blob " + config.String() + " is not in the archive"},
		"missing layer":         {func(f map[string][]byte) { delete(f, blobName(layerDigest)) }, "layer 1 of manifest"},
		"corrupt manifest":      {func(f map[string][]byte) { corrupt(f, manifest) }, manifest.String() + " is corrupt"},
		"corrupt config":        {func(f map[string][]byte) { corrupt(f, config) }, config.String() + " is corrupt"},
		"layer of another size": {func(f map[string][]byte) { f[blobName(layerDigest)] = nil }, "has 0 bytes, but is listed with"},
		"blob without digest":   {func(f map[string][]byte) { f["blobs/sha256/abc"] = nil }, "not named for a digest"},
		"blob of no algorithm":  {func(f map[string][]byte) { f["blobs/md5/d41d8cd98f00b204e9800998ecf8427e"] = nil }, "not named for a digest"},
		"path out of archive":   {func(f map[string][]byte) { f["../index.json"] = nil }, "leads out of it"},
		"unknown manifest type": {func(f map[string][]byte) { setIndex(f, addBlob(f, "application/x-thing", `{}`)) }, "neither an image nor an index"},
		"manifest not JSON":     {func(f map[string][]byte) { setIndex(f, addBlob(f, types.OCIManifestSchema1, `{`)) }, "decoding manifest"},
		"manifest and index": {func(f map[string][]byte) {
			setIndex(f, addBlob(f, types.OCIManifestSchema1, `{"schemaVersion":2,"manifests":[],"layers":[]}`))
		}, "as an image and as an index"},
		"index and manifest": {func(f map[string][]byte) {
			setIndex(f, addBlob(f, types.OCIImageIndex, `{"schemaVersion":2,"manifests":[],"layers":[]}`))
		}, "as an index and as an image"},
		"type listed otherwise": {func(f map[string][]byte) {
			setIndex(f, addBlob(f, types.OCIManifestSchema1, `{"schemaVersion":2,"mediaType":"application/x-thing"}`))
		}, `media type "application/x-thing", but it is listed as`},
		"index in index":         {func(f map[string][]byte) { nest(f, maxDepth+2) }, "deep in each other"},
		"index without image":    {func(f map[string][]byte) { nest(f, 2) }, "names no image"},
		"too many manifests":     {func(f map[string][]byte) { many(f) }, "more than 1000 manifests"},
		"config media type":      {manifestOf(func(m *v1.Manifest) { m.Config.MediaType = types.OCILayer }), "which is not an image's"},
		"config of another size": {manifestOf(func(m *v1.Manifest) { m.Config.Size = 1 << 60 }), "but is listed with"},
		"too many layers": {manifestOf(func(m *v1.Manifest) {
			for range maxLayers {
				m.Layers = append(m.Layers, m.Layers[0])
			}
		}), "513 layers"},
		"layers without diff ids": {configOf(func(c *v1.ConfigFile) { c.RootFS.DiffIDs = nil }), "0 diff ids for 1 layers"},
		"no platform":             {configOf(func(c *v1.ConfigFile) { c.OS = "" }), "names no os"},
		"platform listed otherwise": {func(f map[string][]byte) {
			d := addBlob(f, types.OCIManifestSchema1, string(must(img.RawManifest())))
			d.Platform = &v1.Platform{OS: "linux", Architecture: "arm64"}
			setIndex(f, d)
		}, "listed for platform linux/arm64, but its configuration is for linux/amd64"},
		"two images for a platform": {func(f map[string][]byte) {
			m := must(img.Manifest()).DeepCopy()
			m.Annotations = map[string]string{"a": "b"}
			setIndex(f, must(partialDescriptor(img)), addBlob(f, types.OCIManifestSchema1, m))
		}, "two images for platform linux/amd64"},
		"image dressed as attestation": {func(f map[string][]byte) {
			m := must(img.Manifest()).DeepCopy()
			m.Annotations = map[string]string{"a": "b"}
			d := addBlob(f, types.OCIManifestSchema1, m)
			d.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
			d.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
			setIndex(f, must(partialDescriptor(img)), d)
		}, "two images for platform linux/amd64"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := layoutOf(t, img)
			test.edit(files)
			checkOpen(t, archiveFile(t, files), test.want)
		})
	}
}

func partialDescriptor(img v1.Image) (v1.Descriptor, error) {
	size, err := img.Size()
	if err != nil {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: must(img.Digest()), Size: size}, nil
}

func nest(files map[string][]byte, depth int) {
	d := addBlob(files, types.OCIImageIndex, v1.IndexManifest{SchemaVersion: 2})
	for range depth {
		d = addBlob(files, types.OCIImageIndex, v1.IndexManifest{SchemaVersion: 2, Manifests: []v1.Descriptor{d}})
	}
	setIndex(files, d)
}

func many(files map[string][]byte) {
	d := addBlob(files, types.OCIImageIndex, v1.IndexManifest{SchemaVersion: 2})
	index := v1.IndexManifest{SchemaVersion: 2}
	for range maxManifests {
		index.Manifests = append(index.Manifests, d)
	}
	setIndex(files, addBlob(files, types.OCIImageIndex, index))
}

func checkOpen(t *testing.T, name, want string) {
	t.Helper()
	a, err := Open(name)
	if err == nil {
		a.Close()
		t.Fatalf("opened, want an error with %q", want)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q, want one with %q", err, want)
	}
}

func TestOpenHostileTar(t *testing.T) {
	entry := tarBytes(file("blobs/sha256/"+strings.Repeat("a", 64), strings.Repeat("b", 5000)))
	sparse := tar.Header{Name: "index.json", Linkname: "{}", PAXRecords: map[string]string{"GNU.sparse.major": "1"}}
	tests := map[string]struct {
		content []byte
		want    string
	}{
		"empty":           {nil, "no oci-layout and index.json"},
		"garbage":         {bytes.Repeat([]byte("garbage"), 500), "it is no tar file, or cut short"},
		"gzip":            {[]byte{0x1f, 0x8b, 8, 0}, "uncompress it first"},
		"cut in a header": {entry[:300], "after 0 entries: unexpected EOF; it is no tar file, or cut short"},
		"cut in an entry": {entry[:2000], "cut short: 1488 bytes of 5000"},
		"symbolic link":   {tarBytes(symlink("index.json", "/etc/passwd")), "index.json is of type '2'"},
		"hard link":       {tarBytes(hardlink("oci-layout", "index.json")), "oci-layout is of type '1'"},
		"device":          {tarBytes(tar.Header{Name: "blobs", Typeflag: tar.TypeBlock}), "blobs is of type '4'"},
		"twice":           {tarBytes(file("index.json", "{}"), file("./index.json", "{}")), "index.json is there twice"},
		"path upwards":    {tarBytes(file("blobs/../../x", "")), "leads out of it"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkOpen(t, writeFile(t, test.content), test.want) })
	}
	t.Run("sparse", func(t *testing.T) {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		sparse.Typeflag, sparse.Size, sparse.Linkname, sparse.Mode = tar.TypeReg, 2, "", 0o644
		if err := w.WriteHeader(&sparse); err != nil {
			t.Fatal(err)
		}
		must(io.WriteString(w, "{}"))
		checkOpen(t, writeFile(t, buf.Bytes()), "sparse")
	})
	t.Run("directory", func(t *testing.T) { checkOpen(t, t.TempDir(), "not a regular file") })
	t.Run("nothing", func(t *testing.T) { checkOpen(t, filepath.Join(t.TempDir(), "x"), "no such file") })
	t.Run("absurd size", func(t *testing.T) {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		if err := w.WriteHeader(&tar.Header{Name: "blobs/sha256/" + strings.Repeat("a", 64), Typeflag: tar.TypeReg, Size: 1 << 60}); err != nil {
			t.Fatal(err)
		}
		checkOpen(t, writeFile(t, buf.Bytes()), fmt.Sprintf("cut short: 0 bytes of %d", int64(1<<60)))
	})
}
