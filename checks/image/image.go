// Package image reads the OCI archive of a container image and judges it: the
// configuration that it starts with, and what its layers hold.
//
// Open and Read get the data; the checks of All judge an Image and touch
// nothing else. An archive is read in place, never unpacked, and everything in
// it is verified against its digest, so that what is judged here is what a
// push of Archive.Root publishes.
package image

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagegate/imagegate/checks"
)

// Image is what the checks of an image are judged on.
type Image struct {
	Platform v1.Platform
	// Digest is the manifest's: what the image can be pulled by.
	Digest v1.Hash
	Config *v1.ConfigFile
	// Healthcheck is the configuration's, nil if it has none. Config.Config has
	// it too, but without its start interval.
	Healthcheck *Healthcheck
	Layers      []Layer
	// Tree is the file system that the layers make together.
	Tree *Tree
	// Files holds the content of /etc/passwd and /etc/group in Tree, by that
	// path, each if it is there.
	Files map[string][]byte
	// Budget is how many bytes the layers may have together, uncompressed; 0 is
	// DefaultBudget.
	Budget int64
}

// Layer is one layer of an image, the lowest first.
type Layer struct {
	Digest    v1.Hash
	DiffID    v1.Hash
	MediaType types.MediaType
	// Compressed and Uncompressed are the sizes of the layer's tar in bytes, as
	// it is pulled and as it is unpacked.
	Compressed, Uncompressed int64
	// Entries are those of the tar, in its order, whiteouts included.
	Entries []Entry
}

// All returns the checks of an image, sorted by id.
func All() []checks.Check[*Image] {
	return []checks.Check[*Image]{
		healthcheck,
		size,
		user,
	}
}
