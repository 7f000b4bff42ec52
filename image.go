package main

import (
	"context"
	"fmt"

	"github.com/imagegate/imagegate/checks"
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
	return verdict(report.Report{Image: img.describe(), Gates: policy.Review(gates, by)})
}

func (m *Imagegate) image(ctx context.Context, img *tarball, p platformImage) report.Gate {
	return timed(ctx, "image", p.label, func(ctx context.Context) []checks.Result {
		read, err := image.Read(ctx, img.archive, p.Platform, image.Limits{})
		if err != nil {
			return checks.Errors(image.All(), fmt.Errorf("read the image: %w", err))
		}
		read.Budget = int64(m.MaxSize)
		return checks.Run(image.All(), read)
	})
}
