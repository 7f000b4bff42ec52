package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/internal/dagger"
)

// buildVariable is a build argument that makes each build one of its own.
const buildVariable = "IMAGEGATE_BUILD"

// epochVariable says to builds which time it is (https://reproducible-builds.org/specs/source-date-epoch/).
const epochVariable = "SOURCE_DATE_EPOCH"

// Build the image twice, with no cache between, and explain their first difference.
//
// Every command of the Dockerfile runs again for each build, with SOURCE_DATE_EPOCH set.
// Cache mounts are shared, as in any build. Ends non-zero where the builds differ.
// The flags that all functions share stand before the function's name.
//
// +cache="never"
func (m *Imagegate) Reproducible(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
	// Time that the builds are told to be at, in seconds since 1970.
	// +default=0
	sourceDateEpoch int,
	// Compare when files were changed, too. Dagger's engine gives every file that a
	// command writes the time of the build: only what commands set themselves is the same.
	// +optional
	times bool,
) (string, error) {
	files := newDirectoryFS(ctx, source)
	src, err := dockerfile.Load(files, dockerfile.Options{Dockerfile: m.Dockerfile, Target: m.Target})
	if err != nil {
		return "", fmt.Errorf("read the Dockerfile: %w", err)
	}
	source = source.WithNewFile(m.Dockerfile, src.WithArgs(buildVariable, epochVariable))
	var builds [2]*tarball
	var failed [2]error
	var side sync.WaitGroup
	for i := range builds {
		side.Go(func() { builds[i], failed[i] = m.buildAnew(ctx, source, sourceDateEpoch, i) })
	}
	side.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		return "", err
	}
	var same []string
	for _, p := range builds[0].platforms {
		d, err := image.Compare(ctx, builds[0].archive, builds[1].archive, p.Platform, image.CompareOptions{
			IgnoreTimes: !times,
			// Engine v0.21.7 makes an ARG before a RUN a variable of the image.
			IgnoreVariables: []string{buildVariable},
		})
		if err != nil {
			return "", fmt.Errorf("compare the two builds for %s: %w", p.Platform, err)
		}
		if d != nil {
			return "", fmt.Errorf("the image is not reproducible: the two builds for %s differ in %s: %s", p.Platform, d, d.Fix)
		}
		same = append(same, p.Platform.String())
	}
	but := ", but for the times of files"
	if times {
		but = ""
	}
	return fmt.Sprintf("reproducible: two builds for %s are the same%s\n", strings.Join(same, ", "), but), nil
}

// buildAnew builds the image without what earlier builds left in the cache.
func (m *Imagegate) buildAnew(ctx context.Context, source *dagger.Directory, epoch, number int) (*tarball, error) {
	of := *m
	of.BuildArgs = append(of.BuildArgs[:len(of.BuildArgs):len(of.BuildArgs)],
		fmt.Sprintf("%s=%d", epochVariable, epoch), buildVariable+"="+rand.Text())
	file, err := of.built(source)
	if err != nil {
		return nil, err
	}
	img, err := of.open(ctx, source, file, path.Join("builds", fmt.Sprintf("%d.tar", number)))
	if err != nil {
		return nil, fmt.Errorf("build the image: %w", explainExec(err))
	}
	return img, nil
}
