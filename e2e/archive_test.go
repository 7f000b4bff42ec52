package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// hostileLimit is how long an image that means harm may keep imagegate busy, on a
// machine that runs other tests beside this one.
const hostileLimit = 2 * time.Minute

// must returns v, for what cannot fail unless the test itself is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// entry is one of a tar: a header, and what a regular file holds.
type entry struct {
	tar.Header
	content string
}

func file(name, content string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}, content}
}

func link(kind byte, name, to string) entry {
	return entry{tar.Header{Name: name, Typeflag: kind, Linkname: to, Mode: 0o777}, ""}
}

func tarOf(entries ...entry) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			panic(err)
		}
		must(io.WriteString(w, e.content))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// layerOf returns a layer with a tar as it stands, compressed with gzip or zstd.
func layerOf(plain []byte, with compression.Compression) v1.Layer {
	media := types.OCILayer
	if with == compression.ZStd {
		media = types.OCILayerZStd
	}
	return must(tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(plain)), nil },
		tarball.WithCompression(with), tarball.WithMediaType(media)))
}

func gzipped(entries ...entry) v1.Layer { return layerOf(tarOf(entries...), compression.GZip) }

// repeatedLayer returns a layer whose tar is a part that comes again and again: as
// members of gzip, of which each is compressed once.
func repeatedLayer(head, part []byte, times int) v1.Layer {
	member := func(plain []byte) []byte {
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		must(w.Write(plain))
		if err := w.Close(); err != nil {
			panic(err)
		}
		return buf.Bytes()
	}
	return undigested{static.NewLayer(append(member(head), bytes.Repeat(member(part), times)...), types.OCILayer)}
}

// undigested is a layer that is never read to its end: its diff id does not matter.
type undigested struct{ v1.Layer }

func (undigested) DiffID() (v1.Hash, error) { return digestOf([]byte("what is never read")), nil }

func digestOf(b []byte) v1.Hash {
	sum := sha256.Sum256(b)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// imageOf returns an image for linux/amd64 of these layers.
func imageOf(layers ...v1.Layer) v1.Image {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img = must(mutate.AppendLayers(img, layers...))
	config := must(img.ConfigFile()).DeepCopy()
	config.OS, config.Architecture, config.Config.User = "linux", "amd64", "10001:10001"
	return must(mutate.ConfigFile(img, config))
}

// archive is the files of an OCI layout, by name.
type archive map[string][]byte

func archiveOf(t *testing.T, img v1.Image) archive {
	t.Helper()
	return archiveOfIndex(t, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img}))
}

func archiveOfIndex(t *testing.T, index v1.ImageIndex) archive {
	t.Helper()
	dir := t.TempDir()
	must(layout.Write(dir, index))
	files := archive{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(dir, name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

func (a archive) add(media types.MediaType, raw []byte) v1.Descriptor {
	digest := digestOf(raw)
	a[blobName(digest)] = raw
	return v1.Descriptor{MediaType: media, Digest: digest, Size: int64(len(raw))}
}

// lead makes a manifest the archive's only image.
func (a archive) lead(manifest []byte) {
	a["index.json"] = must(json.Marshal(v1.IndexManifest{SchemaVersion: 2, Manifests: []v1.Descriptor{a.add(types.OCIManifestSchema1, manifest)}}))
}

// configure gives an image of the archive another configuration.
func (a archive) configure(img v1.Image, config []byte) {
	manifest := must(img.Manifest()).DeepCopy()
	manifest.Config = a.add(types.OCIConfigJSON, config)
	a.lead(must(json.Marshal(manifest)))
}

func (a archive) bytes() []byte {
	var entries []entry
	for _, name := range slices.Sorted(maps.Keys(a)) {
		entries = append(entries, file(name, string(a[name])))
	}
	return tarOf(entries...)
}

func save(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestHostileLayers judges images whose layers mean harm, or lie: an error of the
// image gate names the layer and why, and nothing else gets to see the image.
func TestHostileLayers(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<20)
	bomb := tar.Header{Name: "zeros", Typeflag: tar.TypeReg, Mode: 0o644, Size: 4 << 30}
	var header bytes.Buffer
	if err := tar.NewWriter(&header).WriteHeader(&bomb); err != nil {
		t.Fatal(err)
	}
	var many bytes.Buffer
	for i := range 1000 {
		e := tarOf(file(fmt.Sprintf("%d", i), ""))
		many.Write(e[:512])
	}
	plain := tarOf(file("a", "b"))
	for _, c := range []struct {
		name  string
		layer v1.Layer
		says  string
		edit  func(a archive, img v1.Image)
	}{
		{"decompression bomb", repeatedLayer(header.Bytes(), zeros, 4<<10), "unpack to more than 200 times as much", nil},
		{"too many entries", repeatedLayer(nil, many.Bytes(), 1001), "the layers hold more than 1000000 entries", nil},
		{"path out of the image", gzipped(file("app/../../etc/cron.d/x", "")), `leads out of it`, nil},
		{"hard link out of the image", gzipped(link(tar.TypeLink, "x", "../../../etc/shadow")), "hard link to", nil},
		{"unknown type", gzipped(entry{tar.Header{Name: "x", Typeflag: '7'}, ""}), "is of type '7'", nil},
		{"digest that lies", gzipped(file("a", "b")), "is corrupt", func(a archive, img v1.Image) {
			blob := a[blobName(must(must(img.Layers())[0].Digest()))]
			blob[len(blob)-1] ^= 1
		}},
		{"diff id that lies", gzipped(file("a", "b")), "the diff id is sha256:", func(a archive, img v1.Image) {
			config := must(img.ConfigFile()).DeepCopy()
			config.RootFS.DiffIDs[0] = digestOf([]byte("something else"))
			a.configure(img, must(json.Marshal(config)))
		}},
		{"foreign layer", static.NewLayer(plain, types.OCIRestrictedLayer), "a foreign layer", nil},
		{"layer that is no tar", layerOf(bytes.Repeat([]byte("garbage"), 500), compression.GZip), "after 0 entries", nil},
		{"layer cut short", layerOf(tarOf(file("a", strings.Repeat("b", 5000)))[:2000], compression.GZip), "unexpected EOF", nil},
		{"zstd that is none", static.NewLayer(plain, types.OCILayerZStd), "magic number mismatch", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := imageOf(c.layer)
			a := archiveOf(t, img)
			if c.edit != nil {
				c.edit(a, img)
			}
			out := judgeHostile(t, a.bytes())
			unreadable(t, out, "layer 1 of 1 ("+must(c.layer.Digest()).String()+")", c.says)
		})
	}
}

// judgeHostile gives an archive to check-image, which has to end in time.
func judgeHostile(t *testing.T, content []byte, args ...string) result {
	t.Helper()
	imagegate, start := shareModule(t), time.Now()
	out := imagegate.call(t, append([]string{"check-image", "--archive=" + save(t, content)}, args...)...)
	if took := time.Since(start); took > hostileLimit {
		t.Errorf("took %s", took)
	}
	return out
}

// unreadable checks that all image checks are errors that say why, and that the other
// gates were skipped.
func unreadable(t *testing.T, out result, says ...string) {
	t.Helper()
	for _, check := range out.blocked(t) {
		if !strings.HasPrefix(check, "image/") {
			t.Errorf("blocked by %s", check)
		}
	}
	// The table wraps its lines, at spaces and within what is too long for one.
	text := strings.Join(strings.Fields(out.stderr), "")
	for _, want := range append(says, "error image/", "image blocked", "scan skipped", "run skipped", "the image could not be read: the image gate says why") {
		if !strings.Contains(text, strings.Join(strings.Fields(want), "")) {
			t.Errorf("the table lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestLoopOfLinksToAccounts has no layer to name: it is what all of them make together.
func TestLoopOfLinksToAccounts(t *testing.T) {
	t.Parallel()
	img := imageOf(gzipped(link(tar.TypeSymlink, "etc/passwd", "passwd")))
	unreadable(t, judgeHostile(t, archiveOf(t, img).bytes()), "etc/passwd: too many levels of symbolic links")
}

// TestArchiveThatIsNoImage gives check-image what holds no image that could be judged.
func TestArchiveThatIsNoImage(t *testing.T) {
	t.Parallel()
	img := imageOf(gzipped(file("a", strings.Repeat("b", 5000))))
	whole := archiveOf(t, img)
	edited := func(edit func(a archive)) []byte {
		a := maps.Clone(whole)
		edit(a)
		return a.bytes()
	}
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"no tar", bytes.Repeat([]byte("garbage"), 500), "it is no tar file, or cut short"},
		{"empty", nil, "no oci-layout and index.json"},
		{"cut short", whole.bytes()[:600], "cut short"},
		{"manifest that is no JSON", edited(func(a archive) { a.lead([]byte(`{"layers":`)) }), "decoding manifest sha256:"},
		{"configuration that is no JSON", edited(func(a archive) { a.configure(img, []byte(`{"os":`)) }), "decoding configuration sha256:"},
		{"manifest and index at once", edited(func(a archive) { a.lead([]byte(`{"schemaVersion":2,"manifests":[],"layers":[]}`)) }), "as an image and as an index"},
		{"manifest that lies", edited(func(a archive) { a[blobName(must(img.Digest()))] = bytes.ToUpper(a[blobName(must(img.Digest()))]) }), "is corrupt"},
		{"layer that is not there", edited(func(a archive) { delete(a, blobName(must(must(img.Layers())[0].Digest()))) }), "layer 1 of manifest"},
		{"path out of the archive", edited(func(a archive) { a["../index.json"] = nil }), "leads out of it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := judgeHostile(t, c.content)
			if out.code == 0 || !strings.Contains(out.stderr, "read the image: ") || !strings.Contains(out.stderr, c.says) {
				t.Errorf("status %d, without %q\n%s", out.code, c.says, out)
			}
		})
	}
}

// TestLimitsOfThePolicy reads an honest image under a policy that allows less.
func TestLimitsOfThePolicy(t *testing.T) {
	t.Parallel()
	var entries []entry
	for i := range 1001 {
		entries = append(entries, file(fmt.Sprintf("srv/%d", i), "x"))
	}
	layer := gzipped(entries...)
	content := archiveOf(t, imageOf(layer)).bytes()
	for policy, says := range map[string]string{
		"limits: {entries: 1000}":          "the layers hold more than 1000 entries",
		"limits: {uncompressed-size: 1kB}": "the layers unpack to more than 1.0 kB",
		"limits: {path-length: 7}":         "a path of more than 7 bytes",
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			source := t.TempDir()
			write(t, filepath.Join(source, "imagegate.yaml"), policy+"\n")
			unreadable(t, judgeHostile(t, content, "--source="+source), "layer 1 of 1 ("+must(layer.Digest()).String()+")", says)
		})
	}
}

// TestArchiveThatIsStrange passes what looks odd and harms nobody: layers in zstd,
// entries that are there twice, a device, links that lead nowhere, in circles and, were
// they not read from within the image, out of it; and a description of another image in
// Docker's older format, which nobody is to believe.
func TestArchiveThatIsStrange(t *testing.T) {
	t.Parallel()
	built := filepath.Join(t.TempDir(), "built.tar")
	dagger(t, "call", "build", "--source=examples/go-api", "as-tarball", "export", "--path="+built).succeed(t)
	img := builtImage(t, built)
	strange := []entry{
		file("opt/twice", "first"), file("opt/twice", "second"), file("./opt/twice", "third"),
		link(tar.TypeSymlink, "opt/absolute", "/etc/shadow"), link(tar.TypeSymlink, "opt/upwards", "../../../../etc/shadow"),
		link(tar.TypeSymlink, "opt/loop", "loop"), link(tar.TypeSymlink, "opt/nowhere", "/no/such/file"),
		{tar.Header{Name: "opt/device", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3, Mode: 0o600}, ""},
	}
	config := must(img.ConfigFile()).DeepCopy()
	var layers []v1.Layer
	for _, layer := range must(img.Layers()) {
		plain := must(layer.Uncompressed())
		layers = append(layers, layerOf(must(io.ReadAll(plain)), compression.ZStd))
		plain.Close()
	}
	again := imageOf(append(layers, layerOf(tarOf(strange...), compression.ZStd))...)
	config.RootFS = must(again.ConfigFile()).RootFS
	config.History = nil
	again = must(mutate.ConfigFile(again, config))
	a := archiveOf(t, again)
	a["manifest.json"] = []byte(`[{"Config": "oci-layout", "RepoTags": ["innocent:1"], "Layers": []}]`)
	out := shareModule(t).call(t, "check-image", "--archive="+save(t, a.bytes())).succeed(t)
	for _, want := range []string{"image passed", "scan passed", "run passed"} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("the table lacks %q\n%s", want, out)
		}
	}
}

// TestArchiveOfBuildx judges what Buildx writes by default: an index with the image and
// a statement on how it was built, and no manifest.json.
func TestArchiveOfBuildx(t *testing.T) {
	t.Parallel()
	built := filepath.Join(t.TempDir(), "built.tar")
	dagger(t, "call", "build", "--source=examples/go-api", "as-tarball", "export", "--path="+built).succeed(t)
	img := builtImage(t, built)
	statement := must(mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer([]byte(`{}`), "application/vnd.in-toto+json")))
	inner := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: must(img.ConfigFile()).Platform()}},
		mutate.IndexAddendum{Add: statement, Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": must(img.Digest()).String()},
		}})
	outer := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: inner})
	out := dagger(t, "call", "check-image", "--source=examples/go-api", "--archive="+save(t, archiveOfIndex(t, outer).bytes())).succeed(t)
	for _, want := range []string{"image passed", "scan passed", "run passed", must(inner.Digest()).String()} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("the table lacks %q\n%s", want, out)
		}
	}
	if !strings.Contains(out.stdout, "image/*") || strings.Contains(out.stdout, "image/build-arguments") {
		t.Errorf("the build arguments of the source are not judged\n%s", out)
	}
}

// builtImage returns the image of an archive that Dagger wrote.
func builtImage(t *testing.T, name string) v1.Image {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	archive := tar.NewReader(f)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		to := filepath.Join(dir, header.Name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, to, string(must(io.ReadAll(archive))))
	}
	index := must(must(layout.FromPath(dir)).ImageIndex())
	manifest := must(index.IndexManifest())
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
