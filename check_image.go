package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/runtime"
	"github.com/imagegate/imagegate/checks/vuln"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Judge an image that was built elsewhere, by the gates image, scan and run.
//
// Its layers are read first, within the limits of the policy: an image that is made to
// harm its reader reaches neither a scanner nor the engine.
// Prints one table of what was found, and ends non-zero where anything blocks.
// The flags that all functions share stand before the function's name.
//
// +cache="never"
func (m *Imagegate) CheckImage(
	ctx context.Context,
	// The image: the tar file of its OCI layout, as docker save (of Docker 25 or newer)
	// and docker buildx build --output=type=oci write it.
	archive *dagger.File,
	// Directory that the image was built from, for its policy, Dockerfile and Compose files.
	// +optional
	source *dagger.Directory,
) (string, error) {
	if source == nil {
		source = dag.Directory()
	}
	m, by := m.under(ctx, source)
	img, err := m.open(ctx, source, archive, tarballPath)
	if err != nil {
		return "", fmt.Errorf("read the image: %w", err)
	}
	img.foreign = true
	gates := m.judgeImage(ctx, img, m.image)
	if img.unreadable() {
		gates = append(gates,
			report.Gate{Name: "scan", Results: checks.Skips(vuln.All(), notRead)},
			report.Gate{Name: "run", Results: checks.Skips(runtime.All(), notRead)})
	} else {
		gates = append(gates, m.judgeImage(ctx, img, m.scan, m.run(ctx, source))...)
	}
	return verdict(reviewed(img, gates, by))
}

const notRead = "the image could not be read: the image gate says why"

// unreadable reports whether the layers of some platform could not be read.
func (t *tarball) unreadable() bool {
	return slices.ContainsFunc(t.platforms, func(p platformImage) bool {
		_, err := p.read()
		return err != nil
	})
}
