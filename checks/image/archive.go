package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// maxDocument is the size in bytes up to which an index, a manifest or a
	// configuration is read. Registries refuse manifests beyond 4 MiB.
	// maxDocuments is the same of all of them.
	maxDocument  = 16 << 20
	maxDocuments = 64 << 20
	// maxEntries is how many entries the archive itself may have, and
	// maxManifests how many manifests it may name: one each per layer, and per
	// platform, with room to spare. As many files of package managers are kept of a
	// layer.
	maxEntries   = 100_000
	maxManifests = 1_000
	// maxDepth is how deep indexes may lie in each other.
	maxDepth = 4
	// maxLayers is how many layers an image may have. Container engines
	// themselves stop at 127.
	maxLayers = 512
)

// isAttestation reports whether a manifest in an index is no image but says
// something of one, as BuildKit marks them. The platform must say so too: no
// engine would run that, whereas it ignores the annotation.
func isAttestation(d v1.Descriptor) bool {
	p := d.Platform
	return d.Annotations["vnd.docker.reference.type"] != "" && p != nil && p.OS == "unknown" && p.Architecture == "unknown"
}

// Archive is an OCI image layout in a tar file, read in place. Its documents
// (indexes, manifests, configurations) are held in memory and were verified
// against their digests; its layers stay in the file, and are verified each
// time they are read. An Archive may be used by several goroutines.
type Archive struct {
	file  *os.File
	blobs map[v1.Hash]span

	root      v1.Descriptor
	documents map[v1.Hash][]byte // verified
	held      int64              // bytes in documents
	named     int                // manifests named so far, attestations included
	manifests []Manifest
}

// span is where a blob lies in the file, in bytes.
type span struct{ offset, size int64 }

// Manifest is the image of one platform in an archive.
type Manifest struct {
	Platform v1.Platform
	// Digest is what the platform's image can be pulled by.
	Digest   v1.Hash
	Manifest *v1.Manifest
	Config   *v1.ConfigFile
	// Healthcheck is the configuration's, nil if it has none. Config.Config has
	// it too, but without its start interval.
	Healthcheck *Healthcheck
}

// Open reads the index, the manifests and the configurations of the OCI image
// layout in a tar file. It writes nothing, and reads no layer. What it finds
// wrong with the file (a document or layer that is missing, lies about its
// digest or size, or is of an unknown type; an entry that is a link or points
// outside the archive; an archive cut short) is an error that names the entry.
func Open(name string) (*Archive, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("opening image archive: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening image archive %s: not a regular file; give the tar file of an image", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening image archive: %w", err)
	}
	a := &Archive{file: file, blobs: map[v1.Hash]span{}, documents: map[v1.Hash][]byte{}}
	if err := a.load(info.Size()); err != nil {
		file.Close()
		return nil, fmt.Errorf("reading image archive %s: %w", name, err)
	}
	return a, nil
}

// Close closes the file. Images and indexes of the archive are of no use after it.
func (a *Archive) Close() error { return a.file.Close() }

// Digest returns the digest that a tag of this archive points to when it is
// pushed: the manifest's if there is one, else the index's.
func (a *Archive) Digest() v1.Hash { return a.root.Digest }

// Manifests returns the images of the archive, one for each platform, in the
// order of the index. Attestations are not among them.
func (a *Archive) Manifests() []Manifest { return slices.Clone(a.manifests) }

// Root returns what the digest stands for as a v1.Image or a v1.ImageIndex, in
// the very bytes of the archive: what remote.Push writes to a registry.
func (a *Archive) Root() (partial.WithRawManifest, error) {
	if a.root.MediaType.IsIndex() {
		return a.index(a.root), nil
	}
	return a.image(a.root)
}

// Image returns the image with a manifest of this digest, in the very bytes of
// the archive.
func (a *Archive) Image(digest v1.Hash) (v1.Image, error) {
	for _, m := range a.manifests {
		if m.Digest == digest {
			return a.image(v1.Descriptor{Digest: digest, MediaType: m.Manifest.MediaType})
		}
	}
	return nil, fmt.Errorf("the archive has no image %s", digest)
}

// find returns the manifest for a platform: the one for just that, or the only
// one for it with some variant. The zero platform stands for the only one there
// is.
func (a *Archive) find(platform v1.Platform) (Manifest, error) {
	var found []Manifest
	var have []string
	for _, m := range a.manifests {
		have = append(have, m.Platform.String())
		if m.Platform.Equals(platform) {
			return m, nil
		}
		if m.Platform.Satisfies(platform) {
			found = append(found, m)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		return Manifest{}, fmt.Errorf("no image for platform %s in the archive, which has %s", platform, strings.Join(have, ", "))
	}
	return Manifest{}, fmt.Errorf("choose a platform: the archive has %s", strings.Join(have, ", "))
}

// load reads everything but the layers.
func (a *Archive) load(size int64) error {
	files, err := a.scan(size)
	if err != nil {
		return err
	}
	layout, hasLayout := files["oci-layout"]
	index, hasIndex := files["index.json"]
	if !hasLayout || !hasIndex {
		return errors.New("no oci-layout and index.json in it; write it as an OCI archive (Dagger: Container.asTarball; Docker 25 or newer: docker save; Buildx: --output type=oci)")
	}
	raw, err := a.document(layout)
	if err != nil {
		return fmt.Errorf("oci-layout: %w", err)
	}
	var version struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := json.Unmarshal(raw, &version); err != nil {
		return fmt.Errorf("decoding oci-layout: %w", err)
	}
	if version.Version != "1.0.0" {
		return fmt.Errorf("oci-layout has version %q; only 1.0.0 is known", version.Version)
	}

	if raw, err = a.document(index); err != nil {
		return fmt.Errorf("index.json: %w", err)
	}
	top, err := decodeIndex(raw, types.OCIImageIndex)
	if err != nil {
		return fmt.Errorf("decoding index.json: %w", err)
	}
	if len(top.Manifests) == 0 {
		return errors.New("index.json names no image")
	}
	a.root = top.Manifests[0]
	// An image with several names is listed once for each.
	if slices.ContainsFunc(top.Manifests, func(d v1.Descriptor) bool { return d.Digest != a.root.Digest }) {
		digest, n, err := v1.SHA256(bytes.NewReader(raw))
		if err != nil {
			return fmt.Errorf("hashing index.json: %w", err)
		}
		a.root = v1.Descriptor{MediaType: types.OCIImageIndex, Digest: digest, Size: n}
		a.blobs[digest] = index
	}
	if err := a.collect(a.root, 0); err != nil {
		return err
	}
	if len(a.manifests) == 0 {
		return fmt.Errorf("index %s names no image", a.root.Digest)
	}
	return nil
}

// scan notes where each blob and each other file lies.
func (a *Archive) scan(size int64) (map[string]span, error) {
	var magic [2]byte
	if n, _ := a.file.ReadAt(magic[:], 0); n == 2 && magic == [2]byte{0x1f, 0x8b} {
		return nil, errors.New("it is compressed with gzip; uncompress it first")
	}
	files := map[string]span{}
	archive := tar.NewReader(a.file)
	for n := 0; ; n++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("after %d entries: %w; it is no tar file, or cut short", n, err)
		}
		if n == maxEntries {
			return nil, fmt.Errorf("more than %d entries", maxEntries)
		}
		name, err := entryName(header.Name)
		if err != nil {
			return nil, err
		}
		switch header.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
			continue
		case tar.TypeReg:
		default:
			return nil, fmt.Errorf("entry %s is of type %q: an image archive holds only files and directories", name, header.Typeflag)
		}
		for key := range header.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse.") {
				return nil, fmt.Errorf("entry %s is a sparse file: an image archive holds only plain ones", name)
			}
		}
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("entry %s is there twice", name)
		}

		// The tar reader reads whole blocks and no further, so that the file now
		// stands at the entry's first byte.
		offset, err := a.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, fmt.Errorf("locating entry %s: %w", name, err)
		}
		if header.Size > size-offset {
			return nil, fmt.Errorf("entry %s is cut short: %d bytes of %d", name, max(size-offset, 0), header.Size)
		}
		files[name] = span{offset: offset, size: header.Size}
		if blob, ok := strings.CutPrefix(name, "blobs/"); ok {
			digest, err := v1.NewHash(strings.Replace(blob, "/", ":", 1))
			if err != nil {
				return nil, fmt.Errorf("entry %s is not named for a digest: %w", name, err)
			}
			a.blobs[digest] = files[name]
		}
	}
}

// entryName returns the clean name of an entry of a tar, without a slash at its
// start; an error if it leads out of it.
func entryName(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(clean, 0) {
		return "", fmt.Errorf("entry %q leads out of it", name)
	}
	return clean, nil
}

// collect adds the images that a descriptor stands for.
func (a *Archive) collect(d v1.Descriptor, depth int) error {
	if a.named++; a.named > maxManifests {
		return fmt.Errorf("more than %d manifests", maxManifests)
	}
	if depth > maxDepth {
		return fmt.Errorf("index %s: indexes lie more than %d deep in each other", d.Digest, maxDepth)
	}
	if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
		return fmt.Errorf("manifest %s has media type %q, which is neither an image nor an index", d.Digest, d.MediaType)
	}
	raw, err := a.verified(d)
	if err != nil {
		return fmt.Errorf("manifest %s: %w", d.Digest, err)
	}
	if d.MediaType.IsIndex() {
		index, err := decodeIndex(raw, d.MediaType)
		if err != nil {
			return fmt.Errorf("decoding index %s: %w", d.Digest, err)
		}
		for _, child := range index.Manifests {
			if err := a.collect(child, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return a.add(d, raw)
}

// add checks one manifest with all that it names, and notes its image.
func (a *Archive) add(d v1.Descriptor, raw []byte) error {
	manifest, err := decodeManifest(raw, d.MediaType)
	if err != nil {
		return fmt.Errorf("decoding manifest %s: %w", d.Digest, err)
	}
	if len(manifest.Layers) > maxLayers {
		return fmt.Errorf("manifest %s has %d layers; no container engine takes more than %d", d.Digest, len(manifest.Layers), maxLayers)
	}
	for i, layer := range manifest.Layers {
		if err := a.check(layer); err != nil {
			return fmt.Errorf("layer %d of manifest %s: %w", i+1, d.Digest, err)
		}
	}
	raw, err = a.verified(manifest.Config)
	if err != nil {
		return fmt.Errorf("configuration of manifest %s: %w", d.Digest, err)
	}
	if isAttestation(d) {
		return nil
	}

	if !manifest.Config.MediaType.IsConfig() {
		return fmt.Errorf("configuration of manifest %s has media type %q, which is not an image's", d.Digest, manifest.Config.MediaType)
	}
	config := new(v1.ConfigFile)
	if err := json.Unmarshal(raw, config); err != nil {
		return fmt.Errorf("decoding configuration %s: %w", manifest.Config.Digest, err)
	}
	if config.OS == "" || config.Architecture == "" {
		return fmt.Errorf("configuration %s names no os or no architecture", manifest.Config.Digest)
	}
	if got, want := len(config.RootFS.DiffIDs), len(manifest.Layers); got != want {
		return fmt.Errorf("configuration %s has %d diff ids for %d layers", manifest.Config.Digest, got, want)
	}
	platform := *config.Platform()
	if p := d.Platform; p != nil {
		if p.OS != config.OS || p.Architecture != config.Architecture {
			return fmt.Errorf("manifest %s is listed for platform %s, but its configuration is for %s", d.Digest, p, platform)
		}
		platform = *p
	}
	for _, m := range a.manifests {
		if m.Digest == d.Digest && m.Platform.Equals(platform) {
			return nil
		}
		if m.Platform.Equals(platform) {
			return fmt.Errorf("two images for platform %s: %s and %s; an archive holds one image", platform, m.Digest, d.Digest)
		}
	}
	healthcheck, err := decodeHealthcheck(raw)
	if err != nil {
		return fmt.Errorf("decoding configuration %s: %w", manifest.Config.Digest, err)
	}
	manifest.MediaType = d.MediaType
	a.manifests = append(a.manifests, Manifest{Platform: platform, Digest: d.Digest, Manifest: manifest, Config: config, Healthcheck: healthcheck})
	return nil
}

// verified returns the verified bytes of a document, and keeps them.
func (a *Archive) verified(d v1.Descriptor) ([]byte, error) {
	if err := a.check(d); err != nil {
		return nil, err
	}
	if raw, ok := a.documents[d.Digest]; ok {
		return raw, nil
	}
	if a.held += d.Size; a.held > maxDocuments {
		return nil, fmt.Errorf("more than %d bytes of manifests and configurations", maxDocuments)
	}
	raw, err := a.document(a.blobs[d.Digest])
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", d.Digest, err)
	}
	if _, err := io.Copy(io.Discard, newVerifier(bytes.NewReader(raw), d.Digest)); err != nil {
		return nil, err
	}
	a.documents[d.Digest] = raw
	return raw, nil
}

// check reports whether the blob that a descriptor names is there in full.
func (a *Archive) check(d v1.Descriptor) error {
	at, ok := a.blobs[d.Digest]
	if !ok {
		return fmt.Errorf("blob %s is not in the archive", d.Digest)
	}
	if at.size != d.Size {
		return fmt.Errorf("blob %s has %d bytes, but is listed with %d", d.Digest, at.size, d.Size)
	}
	return nil
}

// document returns the bytes at a place in the file.
func (a *Archive) document(at span) ([]byte, error) {
	if at.size > maxDocument {
		return nil, fmt.Errorf("%d bytes are too many for a document; at most %d are read", at.size, maxDocument)
	}
	raw := make([]byte, at.size)
	if _, err := io.ReadFull(io.NewSectionReader(a.file, at.offset, at.size), raw); err != nil {
		return nil, fmt.Errorf("reading %d bytes: %w", at.size, err)
	}
	return raw, nil
}

// blob returns a reader of a blob's bytes, which fails at the end when they are
// not those of the digest.
func (a *Archive) blob(digest v1.Hash) (io.ReadCloser, error) {
	at, ok := a.blobs[digest]
	if !ok {
		return nil, fmt.Errorf("blob %s is not in the archive", digest)
	}
	return io.NopCloser(newVerifier(io.NewSectionReader(a.file, at.offset, at.size), digest)), nil
}

// decodeIndex decodes an index of a media type.
func decodeIndex(raw []byte, want types.MediaType) (*v1.IndexManifest, error) {
	var doc struct {
		v1.IndexManifest
		Config json.RawMessage `json:"config"`
		Layers json.RawMessage `json:"layers"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	if doc.Config != nil || doc.Layers != nil {
		return nil, errors.New("it can be read as an index and as an image")
	}
	if err := checkVersion(doc.SchemaVersion, doc.MediaType, want); err != nil {
		return nil, err
	}
	return &doc.IndexManifest, nil
}

// decodeManifest decodes a manifest of a media type.
func decodeManifest(raw []byte, want types.MediaType) (*v1.Manifest, error) {
	var doc struct {
		v1.Manifest
		Manifests json.RawMessage `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	if doc.Manifests != nil {
		// What one tool judges as an image, another would run as an index.
		return nil, errors.New("it can be read as an image and as an index")
	}
	if err := checkVersion(doc.SchemaVersion, doc.MediaType, want); err != nil {
		return nil, err
	}
	return &doc.Manifest, nil
}

func checkVersion(version int64, got, want types.MediaType) error {
	if version != 2 {
		return fmt.Errorf("schema version %d; only 2 is known", version)
	}
	if got != "" && got != want {
		return fmt.Errorf("media type %q, but it is listed as %q", got, want)
	}
	return nil
}
