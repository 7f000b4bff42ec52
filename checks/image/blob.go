package image

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// verifier passes a blob's bytes on and, in place of the end of file, returns an
// error if they were not those of the digest.
type verifier struct {
	blob   io.Reader
	want   v1.Hash
	hasher hash.Hash
}

func newVerifier(blob io.Reader, want v1.Hash) *verifier {
	return &verifier{blob: blob, want: want, hasher: sha256.New()}
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.blob.Read(p)
	v.hasher.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(v.hasher.Sum(nil)); v.want.Algorithm != "sha256" || got != v.want.Hex {
			return n, fmt.Errorf("blob %s is corrupt: its bytes have the digest sha256:%s", v.want, got)
		}
	}
	return n, err
}

// image is a view of one manifest as go-containerregistry knows images.
func (a *Archive) image(d v1.Descriptor) (v1.Image, error) {
	manifest, err := decodeManifest(a.documents[d.Digest], d.MediaType)
	if err != nil {
		return nil, fmt.Errorf("decoding manifest %s: %w", d.Digest, err)
	}
	return partial.CompressedToImage(&archiveImage{archive: a, descriptor: d, manifest: manifest})
}

type archiveImage struct {
	archive    *Archive
	descriptor v1.Descriptor
	manifest   *v1.Manifest
}

func (i *archiveImage) MediaType() (types.MediaType, error) { return i.descriptor.MediaType, nil }

func (i *archiveImage) RawManifest() ([]byte, error) {
	return bytes.Clone(i.archive.documents[i.descriptor.Digest]), nil
}

func (i *archiveImage) RawConfigFile() ([]byte, error) {
	return bytes.Clone(i.archive.documents[i.manifest.Config.Digest]), nil
}

func (i *archiveImage) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	if digest == i.manifest.Config.Digest {
		return &archiveLayer{archive: i.archive, descriptor: i.manifest.Config}, nil
	}
	for _, d := range i.manifest.Layers {
		if d.Digest == digest {
			return &archiveLayer{archive: i.archive, descriptor: d}, nil
		}
	}
	return nil, fmt.Errorf("manifest %s has no layer %s", i.descriptor.Digest, digest)
}

// archiveLayer is a layer, or another blob of an image.
type archiveLayer struct {
	archive    *Archive
	descriptor v1.Descriptor
}

func (l *archiveLayer) Digest() (v1.Hash, error)            { return l.descriptor.Digest, nil }
func (l *archiveLayer) Size() (int64, error)                { return l.descriptor.Size, nil }
func (l *archiveLayer) MediaType() (types.MediaType, error) { return l.descriptor.MediaType, nil }
func (l *archiveLayer) Descriptor() (*v1.Descriptor, error) { return l.descriptor.DeepCopy(), nil }
func (l *archiveLayer) Compressed() (io.ReadCloser, error) {
	return l.archive.blob(l.descriptor.Digest)
}

// index is a view of one index as go-containerregistry knows them.
func (a *Archive) index(d v1.Descriptor) v1.ImageIndex {
	return &archiveIndex{archive: a, descriptor: d}
}

type archiveIndex struct {
	archive    *Archive
	descriptor v1.Descriptor
}

func (i *archiveIndex) MediaType() (types.MediaType, error) { return i.descriptor.MediaType, nil }
func (i *archiveIndex) Digest() (v1.Hash, error)            { return i.descriptor.Digest, nil }
func (i *archiveIndex) Size() (int64, error)                { return i.descriptor.Size, nil }

func (i *archiveIndex) RawManifest() ([]byte, error) {
	return bytes.Clone(i.archive.documents[i.descriptor.Digest]), nil
}

func (i *archiveIndex) IndexManifest() (*v1.IndexManifest, error) {
	return decodeIndex(i.archive.documents[i.descriptor.Digest], i.descriptor.MediaType)
}

func (i *archiveIndex) Image(digest v1.Hash) (v1.Image, error) {
	d, err := i.child(digest)
	if err != nil {
		return nil, err
	}
	return i.archive.image(d)
}

func (i *archiveIndex) ImageIndex(digest v1.Hash) (v1.ImageIndex, error) {
	d, err := i.child(digest)
	if err != nil {
		return nil, err
	}
	return i.archive.index(d), nil
}

func (i *archiveIndex) child(digest v1.Hash) (v1.Descriptor, error) {
	manifest, err := i.IndexManifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, d := range manifest.Manifests {
		if d.Digest == digest {
			return d, nil
		}
	}
	return v1.Descriptor{}, fmt.Errorf("index %s has no manifest %s", i.descriptor.Digest, digest)
}
