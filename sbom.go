package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagegate/imagegate/checks/sbom"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Build the image, and write the bill of its materials. Judges nothing.
//
// The document holds the digest of the very bytes that were read.
//
// +cache="never"
func (m *Imagegate) Sbom(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
	// Format of the document: cyclonedx or spdx, both in JSON.
	// +default="cyclonedx"
	format string,
	// What the document calls the image.
	// +default="image"
	name string,
	// Platform that it is of, where the image is built for several.
	// +optional
	imagePlatform dagger.Platform,
) (*dagger.File, error) {
	as, err := sbom.ParseFormat(format)
	if err != nil {
		return nil, fmt.Errorf("--format: %w", err)
	}
	img, err := m.exported(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("build the image: %w", err)
	}
	p, err := img.of(imagePlatform)
	if err != nil {
		return nil, err
	}
	input, err := img.input(ctx, p)
	if err != nil {
		return nil, err
	}
	written := input.in(dag.Container().From(m.ScannerImage)).
		WithExec([]string{
			"trivy", "image", "--quiet", "--input", scannerInput, "--cache-dir", scannerCache,
			"--skip-version-check", "--offline-scan", "--format", string(as), "--output", scannerReport,
		}).
		File(scannerReport)
	document, err := readPrivately(ctx, written)
	if err != nil {
		return nil, fmt.Errorf("write the bill of materials by %s: %w", m.ScannerImage, err)
	}
	completed, err := sbom.Complete(document, as, sbom.Image{Name: name, Digest: p.Digest.String(), ImageID: p.Manifest.Manifest.Config.Digest.String()})
	if err != nil {
		return nil, fmt.Errorf("bill of materials by %s: %w", m.ScannerImage, err)
	}
	return dag.File(sbomNames[as], string(completed)), nil
}

// sbomNames are the names that documents of each format go by.
var sbomNames = map[sbom.Format]string{sbom.CycloneDX: "image.cdx.json", sbom.SPDX: "image.spdx.json"}

// of returns the image of a platform; the only one for none.
func (t *tarball) of(platform dagger.Platform) (platformImage, error) {
	var names []string
	for _, p := range t.platforms {
		if string(platform) == p.Platform.String() || platform == "" && len(t.platforms) == 1 {
			return p, nil
		}
		names = append(names, p.Platform.String())
	}
	return platformImage{}, fmt.Errorf("--image-platform=%q is none that was built: choose one of %s", platform, strings.Join(names, ", "))
}
