// Package image reads the OCI archive of a container image and judges it: the
// configuration that it starts with, and what its layers hold.
//
// Open and Read get the data; the checks of All judge an Image and touch
// nothing else. An archive is read in place, never unpacked, and everything in
// it is verified against its digest, so that what is judged here is what a
// push of Archive.Root publishes.
package image

import (
	"archive/tar"
	"path"
	"strings"
	"time"

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
	// BaseLayers is how many of them, the lowest, are those of the base image; zero
	// where that is not known.
	BaseLayers Bounds
	// Declared are the variables of the Dockerfile; nil where that is not known.
	Declared *Declared
	// Tree is the file system that the layers make together.
	Tree *Tree
	// Files holds the content of /etc/passwd, group and shadow in Tree, by that
	// path, each if it is there.
	Files map[string][]byte
	// Waste is what layers add and later ones take away or write again, what takes
	// the most bytes first.
	Waste []Waste
	// Secrets are those in the files of all layers, in their order, save what lies
	// where package managers install.
	Secrets []Secret
	// NodeManifests are the files in Tree that tell of npm packages for development
	// alone, sorted by path.
	NodeManifests []NodeManifest
	// PythonManifests are the files in Tree, sorted by path, and in the source that tell
	// which Python packages are for development; PythonPackages those that are installed.
	PythonManifests []PythonManifest
	PythonPackages  []PythonPackage
	// Read is when the layers were read; zero: not known.
	Read time.Time

	// Budgets are what the image may come to.
	Budgets Budgets
	// Baseline is the image that growth is measured against; nil if there is none.
	Baseline *Image
}

// Budgets are what an image may come to. The zero value of a field stands for its
// default.
type Budgets struct {
	// Uncompressed is how many bytes the layers may have together, uncompressed;
	// DefaultBudget.
	Uncompressed int64
	// Compressed is how many bytes the layers may have together as they are pulled;
	// no limit.
	Compressed int64
	// Layer is how many bytes one layer may have, uncompressed; no limit.
	Layer int64
	// Layers is how many layers there may be; DefaultLayers.
	Layers int
	// Wasted is how many bytes layers may add for later ones to take away or write
	// again; DefaultWasted.
	Wasted int64
	// Growth is by how many percent of Baseline's size, uncompressed, the image may
	// be larger, and GrowthBytes by how many bytes; DefaultGrowth, and no limit.
	Growth      int
	GrowthBytes int64
}

// Layer is one layer of an image, the lowest first.
type Layer struct {
	Digest    v1.Hash
	DiffID    v1.Hash
	MediaType types.MediaType
	// Compressed and Uncompressed are the sizes of the layer's tar in bytes, as
	// it is pulled and as it is unpacked.
	Compressed, Uncompressed int64
	// Entries is how many entries its tar has, whiteouts included, and Others how
	// many of them are no directories.
	Entries, Others int
	// Below is the deepest directory that all of these others lie in, absolute.
	Below string
	// Added, Changed and Removed are the regular files that it adds, writes again
	// and takes away, with their bytes.
	Added, Changed, Removed Tally
	// Latest and Earliest are the times of change of its entries; zero if there are
	// none.
	Latest, Earliest Time
	// Instruction is what made the layer, where that is certain: an instruction of
	// the history, or a line of the Dockerfile; empty if it is not.
	Instruction string
}

// Time is when an entry of a layer was last changed.
type Time struct {
	time.Time
	// Path is the entry's, absolute.
	Path string
}

// noteEntry notes an entry of the layer's tar.
func (l *Layer) noteEntry(name string, header *tar.Header) {
	l.Entries++
	if l.Entries == 1 || header.ModTime.After(l.Latest.Time) {
		l.Latest = Time{header.ModTime, "/" + name}
	}
	if l.Entries == 1 || header.ModTime.Before(l.Earliest.Time) {
		l.Earliest = Time{header.ModTime, "/" + name}
	}
	if header.Typeflag == tar.TypeDir {
		return
	}
	dir := path.Dir("/" + name)
	if l.Others++; l.Others == 1 {
		l.Below = dir
		return
	}
	for l.Below != "/" && dir != l.Below && !strings.HasPrefix(dir, l.Below+"/") {
		l.Below = path.Dir(l.Below)
	}
}

// All returns the checks of an image, sorted by id.
func All() []checks.Check[*Image] {
	return []checks.Check[*Image]{
		accounts,
		buildArguments,
		buildTools,
		devDependencies,
		developmentFiles,
		entrypoint,
		fileCapabilities,
		growth,
		healthcheck,
		healthcheckCommand,
		labels,
		layers,
		packageCache,
		secret,
		setuid,
		size,
		timestamps,
		user,
		vcsDirectory,
		wastedBytes,
		worldWritable,
		writableCode,
	}
}
