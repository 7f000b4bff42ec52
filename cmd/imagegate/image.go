package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"github.com/docker/go-units"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/image"
)

// imageGarbage is by how many percent the heap may grow before it is collected
// while images are read: what is held is small beside what passes by.
const imageGarbage = 25

// imageCommand judges the images in OCI archives.
func imageCommand(args []string, _ io.Reader, stdout io.Writer) (int, error) {
	flags := newFlags("image")
	format := newChoice(flags, "format", "text", "json")
	profile := newChoice(flags, "profile", string(checks.DefaultProfile), string(checks.MinimalProfile), string(checks.StrictProfile))
	platform := flags.String("platform", "", "")
	baseline := flags.String("baseline", "", "")
	maxSize := flags.String("max-size", "", "")
	archives, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(archives) == 0 {
		return 0, errors.New("image: name the OCI archive of an image, as docker save or docker buildx build --output=type=oci write it")
	}
	var budgets image.Budgets
	if *maxSize != "" {
		if budgets.Uncompressed, err = units.FromHumanSize(*maxSize); err != nil || budgets.Uncompressed <= 0 {
			return 0, fmt.Errorf("image: --max-size=%s is no size: give one as in 200MB", *maxSize)
		}
	}
	if limit := debug.SetGCPercent(imageGarbage); limit != garbage {
		debug.SetGCPercent(limit) // GOGC says otherwise
	}
	ctx := context.Background()
	var before *image.Image
	if *baseline != "" {
		images, err := readImages(ctx, *baseline, *platform)
		if err != nil {
			return 0, fmt.Errorf("image: baseline: %w", err)
		}
		if len(images) > 1 {
			return 0, fmt.Errorf("image: the baseline %s holds %d images: choose one with --platform", *baseline, len(images))
		}
		before = images[0]
	}
	list := checks.Select(image.All(), checks.Profile(profile.value))
	r := &report{profile: checks.Profile(profile.value)}
	for _, name := range archives {
		images, err := readImages(ctx, name, *platform)
		if err != nil {
			return 0, fmt.Errorf("image: %w", err)
		}
		for _, img := range images {
			img.Budgets, img.Baseline = budgets, before
			r.images++
			r.judgeImage(name, img, list)
		}
	}
	r.sort()
	write := map[string]func(io.Writer, *report) error{"text": writeText, "json": writeJSON}[format.value]
	var out bytes.Buffer
	if err := write(&out, r); err != nil {
		return 0, fmt.Errorf("image: write the findings: %w", err)
	}
	if _, err := out.WriteTo(stdout); err != nil {
		return 0, fmt.Errorf("image: write the findings: %w", err)
	}
	if err := errors.Join(r.errors...); err != nil {
		return 0, err
	}
	return r.status(), nil
}

// readImages reads the image of a platform from an archive; those of all platforms
// for none.
func readImages(ctx context.Context, name, platform string) ([]*image.Image, error) {
	archive, err := image.Open(name)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	var platforms []v1.Platform
	if platform != "" {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			return nil, fmt.Errorf("--platform=%s: %w; give it as in linux/amd64", platform, err)
		}
		platforms = append(platforms, *p)
	} else {
		for _, m := range archive.Manifests() {
			platforms = append(platforms, m.Platform)
		}
	}
	var images []*image.Image
	for _, p := range platforms {
		img, err := image.Read(ctx, archive, p, image.Limits{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		images = append(images, img)
	}
	return images, nil
}

// judgeImage judges one image by a list of checks. A place in it follows the name
// of the archive, behind a colon.
func (r *report) judgeImage(name string, img *image.Image, list []checks.Check[*image.Image]) {
	for i, res := range checks.Run(list, img) {
		res = r.profile.Apply(res)
		rule := list[i].Rule
		if res.Status == checks.Error {
			r.errors = append(r.errors, fmt.Errorf("%s: %s: %w", name, rule.ID, res.Err))
		}
		for _, f := range res.Findings {
			at := finding{
				Check: rule.ID, Aliases: slices.Concat([]string{}, rule.Aliases), Status: f.Status, Severity: cmp.Or(f.Severity, rule.Severity),
				File: name, Line: f.Location.Line, Column: f.Location.Column, EndLine: f.Location.EndLine, EndColumn: f.Location.EndColumn,
				Message: oneLine(f.Message), Fix: oneLine(f.Fix), Doc: pages + rule.Page(), Reason: oneLine(f.Reason),
			}
			if f.Location.Path != "" {
				at.File += ":" + f.Location.Path
			}
			r.findings = append(r.findings, at)
		}
	}
}
