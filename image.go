package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Build the image, and judge its configuration and layers.
//
// Prints one table of what was found, and ends non-zero where anything blocks.
// The flags that all functions share stand before the function's name.
//
// +check
// +cache="never"
func (m *Imagegate) Image(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	// +defaultPath="/"
	source *dagger.Directory,
) (string, error) {
	m, by := m.under(ctx, source)
	return m.only(ctx, source, by, m.image)
}

// only builds the image and judges it by one gate, and that by the policy.
func (m *Imagegate) only(ctx context.Context, source *dagger.Directory, by policy.Input, gate imageGate) (string, error) {
	built, img := m.export(ctx, source)
	gates := []report.Gate{built}
	if img != nil {
		gates = append(gates, m.judgeImage(ctx, img, gate)...)
	}
	return verdict(reviewed(img, gates, by))
}

func (m *Imagegate) image(ctx context.Context, img *tarball, p platformImage) report.Gate {
	return timed(ctx, "image", p.label, func(ctx context.Context) []checks.Result {
		profile := checks.Profile(m.Profile)
		list := policy.Select(image.All(), m.strictness, profile)
		read, err := m.budgeted(ctx, p)
		if err != nil {
			return checks.Errors(list, err)
		}
		return m.strictness.Apply(checks.Run(list, read), profile)
	})
}

// budgeted returns what a platform's layers hold, with what they may come to.
func (m *Imagegate) budgeted(ctx context.Context, p platformImage) (*image.Image, error) {
	read, err := p.read()
	if err != nil {
		return nil, err
	}
	judged := *read
	judged.Budgets = image.Budgets{
		Uncompressed: int64(m.MaxSize), Compressed: int64(m.MaxCompressedSize), Layer: int64(m.MaxLayerSize),
		Layers: m.MaxLayers, Wasted: int64(m.MaxWastedSize), Growth: m.MaxGrowth,
	}
	if m.BaselineArchive == nil {
		return &judged, nil
	}
	name := "baseline-" + strings.ReplaceAll(p.Platform.String(), "/", "-") + ".tar"
	if _, err := m.BaselineArchive.Export(ctx, name); err != nil {
		return nil, fmt.Errorf("read the image of --baseline: %w", err)
	}
	defer os.Remove(name)
	archive, err := image.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the image of --baseline: %w", err)
	}
	defer archive.Close()
	if judged.Baseline, err = image.Read(ctx, archive, p.Platform, m.limits); err != nil {
		return nil, fmt.Errorf("read the image of --baseline: %w", err)
	}
	return &judged, nil
}

// readingGarbage is by how many percent the heap may grow before it is collected
// while layers are read.
const readingGarbage = 25

// readLayers reads what a platform's layers hold, and lines them up with the
// instructions of the Dockerfile, as far as that can be read; of that it takes the
// variables, too, and of the source what it says of Python packages.
func (m *Imagegate) readLayers(ctx context.Context, source *dagger.Directory, archive *image.Archive, platform v1.Platform) (*image.Image, error) {
	// What is held is small beside what passes by.
	defer debug.SetGCPercent(debug.SetGCPercent(readingGarbage))
	read, err := image.Read(ctx, archive, platform, m.limits)
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	options, err := m.dockerfileOptions()
	if err != nil {
		return nil, err
	}
	files := newDirectoryFS(ctx, source)
	if src, err := dockerfile.Load(files, options); err == nil {
		read.BaseLayers = image.NameLayers(read.Layers, image.Steps(src))
		read.Declared = image.Variables(src)
	}
	files.limit = image.MaxManifest
	python, err := image.ReadPythonManifests(files, ".", path.Dir(path.Clean(options.Dockerfile)))
	if err != nil {
		return nil, fmt.Errorf("read which Python packages the source names: %w", err)
	}
	read.PythonManifests = append(read.PythonManifests, python...)
	return read, nil
}

// setBudgets reads the flags of what the image may come to.
func (m *Imagegate) setBudgets(size, compressed, layer, wasted string, layers int, growth string) error {
	for _, b := range []struct {
		flag, text string
		to         *int
	}{
		{"max-size", size, &m.MaxSize},
		{"max-compressed-size", compressed, &m.MaxCompressedSize},
		{"max-layer-size", layer, &m.MaxLayerSize},
		{"max-wasted-size", wasted, &m.MaxWastedSize},
	} {
		if b.text == "" {
			continue
		}
		size, err := policy.ParseSize(b.text)
		if err != nil {
			return fmt.Errorf("--%s=%q is not a size with a unit: write it as in 500MB", b.flag, b.text)
		}
		*b.to = int(size)
	}
	if layers < 1 {
		return fmt.Errorf("--max-layers=%d: an image has at least one layer", layers)
	}
	m.MaxLayers = layers
	percent, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(growth, "%")))
	if err != nil || percent < 1 {
		return fmt.Errorf("--max-growth=%q is not a whole percentage from 1 on: write it as in 10%%", growth)
	}
	m.MaxGrowth = percent
	return nil
}
