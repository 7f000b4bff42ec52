package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/build"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Build the image, multi-stage, from its Dockerfile. Judges nothing.
func (m *Imagegate) Build(
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
	// Path of the Dockerfile in the source, instead of the module's.
	// +optional
	dockerfile string,
	// Stage to build, instead of the module's: any stage, to look into it.
	// +optional
	target string,
	// Build arguments, as KEY=VALUE, instead of the module's.
	// +optional
	buildArg []string,
	// Platform to build, instead of the module's first.
	// +optional
	platform dagger.Platform,
) (*dagger.Container, error) {
	of := *m
	if dockerfile != "" {
		of.Dockerfile = dockerfile
	}
	if target != "" {
		of.Target = target
	}
	if len(buildArg) > 0 {
		of.BuildArgs = buildArg
	}
	if platform == "" && len(m.Platforms) > 0 {
		platform = m.Platforms[0]
	}
	return of.container(source, platform)
}

func (m *Imagegate) container(source *dagger.Directory, platform dagger.Platform) (*dagger.Container, error) {
	args, err := pairs("build-arg", m.BuildArgs)
	if err != nil {
		return nil, err
	}
	var buildArgs []dagger.BuildArg
	for _, a := range args {
		buildArgs = append(buildArgs, dagger.BuildArg{Name: a.name, Value: a.value})
	}
	return source.DockerBuild(dagger.DirectoryDockerBuildOpts{
		Dockerfile: m.Dockerfile, Target: m.Target, BuildArgs: buildArgs, Platform: platform,
	}), nil
}

// dockerfileOptions says how the image is built, as the model of the Dockerfile takes it.
func (m *Imagegate) dockerfileOptions() (dockerfile.Options, error) {
	options := dockerfile.Options{Dockerfile: m.Dockerfile, Target: m.Target, BuildArgs: map[string]string{}}
	args, err := pairs("build-arg", m.BuildArgs)
	for _, a := range args {
		options.BuildArgs[a.name] = a.value
	}
	return options, err
}

type pair struct{ name, value string }

// pairs splits the KEY=VALUE values of a flag.
func pairs(flag string, values []string) ([]pair, error) {
	var out []pair
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--%s=%q is not KEY=VALUE: give the value too, as in --%s=NAME=value", flag, v, flag)
		}
		out = append(out, pair{name, value})
	}
	return out, nil
}

// tarball is the build of all platforms, exported once. Every gate after the
// build reads these bytes, and publishing pushes them.
type tarball struct {
	// archive reads them in the module's own file system.
	archive *image.Archive
	// file gives the same bytes to the engine, for containers; once, for all gates.
	file func() (*dagger.File, error)
	// foreign is whether it was built elsewhere: beside the image that is judged it may
	// describe another one, in Docker's older format, for who prefers that.
	foreign   bool
	platforms []platformImage
}

// platformImage is one platform's image in a tarball.
type platformImage struct {
	image.Manifest
	// label names the platform in reports; empty where there is only one.
	label string
	// read returns what its layers hold; they are read once, for all gates.
	read func() (*image.Image, error)
}

// describe returns what a report says of the tarball.
func (t *tarball) describe() *report.Image {
	if t == nil {
		return nil
	}
	out := &report.Image{Digest: t.archive.Digest().String()}
	for _, p := range t.platforms {
		out.Platforms = append(out.Platforms, p.Platform.String())
	}
	return out
}

const tarballPath = "image.tar"

// export is the build gate: it builds every platform and exports them as one
// tarball into the module's own file system. Containers get those bytes back as
// a new file, since the build's own would be made again, perhaps differently,
// were its cache pruned in between.
func (m *Imagegate) export(ctx context.Context, source *dagger.Directory) (report.Gate, *tarball) {
	var img *tarball
	gate := timed(ctx, "build", "", func(ctx context.Context) []checks.Result {
		var attempt build.Attempt
		var err error
		if img, err = m.exported(ctx, source); err != nil {
			attempt = build.Attempt{Err: err}
			var failed *dagger.ExecError
			if errors.As(err, &failed) {
				attempt = build.Attempt{Command: strings.Join(failed.Cmd, " "), ExitCode: failed.ExitCode, Output: failed.Stderr + failed.Stdout}
			}
		}
		return checks.Run(build.All(), attempt)
	})
	return gate, img
}

func (m *Imagegate) exported(ctx context.Context, source *dagger.Directory) (*tarball, error) {
	file, err := m.built(source)
	if err != nil {
		return nil, err
	}
	img, err := m.open(ctx, source, file, tarballPath)
	if err != nil {
		return nil, err
	}
	if err := m.complete(img.archive.Manifests()); err != nil {
		return nil, err
	}
	return img, nil
}

// built returns the tarball of all platforms.
func (m *Imagegate) built(source *dagger.Directory) (*dagger.File, error) {
	platforms := m.Platforms
	if len(platforms) == 0 {
		platforms = []dagger.Platform{""}
	}
	var variants []*dagger.Container
	for _, p := range platforms {
		ctr, err := m.container(source, p)
		if err != nil {
			return nil, err
		}
		variants = append(variants, ctr)
	}
	if len(variants) > 1 {
		return dag.Container().AsTarball(dagger.ContainerAsTarballOpts{PlatformVariants: variants}), nil
	}
	return variants[0].AsTarball(), nil
}

// open exports a tarball to a path in the module's own file system, and opens it there.
func (m *Imagegate) open(ctx context.Context, source *dagger.Directory, file *dagger.File, to string) (*tarball, error) {
	if _, err := file.Export(ctx, to); err != nil {
		return nil, err
	}
	archive, err := image.Open(to)
	if err != nil {
		return nil, err
	}
	img := &tarball{archive: archive, file: sync.OnceValues(func() (*dagger.File, error) {
		return deliver(ctx, to, dag.CurrentModule().WorkdirFile(to))
	})}
	manifests := archive.Manifests()
	for _, manifest := range manifests {
		p := platformImage{Manifest: manifest}
		if len(manifests) > 1 {
			p.label = p.Platform.String()
		}
		p.read = sync.OnceValues(func() (*image.Image, error) { return m.readLayers(ctx, source, archive, p.Platform) })
		img.platforms = append(img.platforms, p)
	}
	return img, nil
}

// deliver gives a file or directory of the module's own file system to the engine. It
// does so once more where that fails: engine v0.21.7 takes a copy that it has of the
// same content, and may be throwing that away at the same moment.
func deliver[T interface {
	Sync(context.Context) (T, error)
}](ctx context.Context, name string, own T) (T, error) {
	given, err := own.Sync(ctx)
	if err == nil {
		return given, nil
	}
	if given, again := own.Sync(ctx); again == nil {
		return given, nil
	}
	return own, fmt.Errorf("give %s to the engine: %w", name, err)
}

// complete reports a platform that was asked for and not built. Engine v0.21.7
// gives a stage FROM scratch its own platform, whatever it is asked for.
func (m *Imagegate) complete(built []image.Manifest) error {
	for _, want := range m.Platforms {
		if !slices.ContainsFunc(built, func(got image.Manifest) bool { return got.Platform.String() == string(want) }) {
			var got []string
			for _, b := range built {
				got = append(got, b.Platform.String())
			}
			return fmt.Errorf("the engine was asked for %s and built %s: a last stage FROM scratch, or from a base image without that platform, gets the engine's own", want, strings.Join(got, ", "))
		}
	}
	return nil
}

// layout returns the image of one platform as an OCI layout of its own.
func (t *tarball) layout(ctx context.Context, p platformImage) (*dagger.Directory, error) {
	img, err := t.archive.Image(p.Digest)
	if err != nil {
		return nil, err
	}
	dir := "layout-" + strings.ReplaceAll(p.label, "/", "-")
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return nil, fmt.Errorf("write the %s image as a layout: %w", p.label, err)
	}
	if err := to.AppendImage(img); err != nil {
		return nil, fmt.Errorf("write the %s image as a layout: %w", p.label, err)
	}
	return deliver(ctx, dir, dag.CurrentModule().Workdir(dir))
}
