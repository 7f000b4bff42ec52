package main

import (
	"context"
	"fmt"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/image"
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
	return m.only(ctx, source, m.image(source))
}

// only builds the image and judges it by one gate.
func (m *Imagegate) only(ctx context.Context, source *dagger.Directory, gate imageGate) (string, error) {
	built, img := m.export(ctx, source)
	gates := []report.Gate{built}
	if img != nil {
		gates = append(gates, m.judgeImage(ctx, img, gate)...)
	}
	return verdict(report.Report{Image: img.describe(), Gates: gates})
}

func (m *Imagegate) image(source *dagger.Directory) imageGate {
	return func(ctx context.Context, img *tarball, p platformImage) report.Gate {
		return timed(ctx, "image", p.label, func(ctx context.Context) []checks.Result {
			profile := checks.Profile(m.Profile)
			list := checks.Select(image.All(), profile)
			read, err := image.Read(ctx, img.archive, p.Platform, image.Limits{})
			if err != nil {
				return checks.Errors(list, fmt.Errorf("read the image: %w", err))
			}
			// One that cannot be read is a finding of the lint gate.
			if d, err := dockerfile.Load(newDirectoryFS(ctx, source), dockerfile.Options{Dockerfile: m.Dockerfile, Target: m.Target}); err == nil {
				image.NameLayers(read.Layers, image.StepsOf(d.Final))
			}
			read.Budgets.Uncompressed = int64(m.MaxSize)
			results := checks.Run(list, read)
			for i, res := range results {
				results[i] = profile.Apply(res)
			}
			return results
		})
	}
}
