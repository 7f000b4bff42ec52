package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/policy"
	gates "github.com/imagegate/imagegate/checks/report" // report is the command's own
)

// imageGarbage is by how many percent the heap may grow before it is collected
// while images are read: what is held is small beside what passes by.
const imageGarbage = 25

// imageCommand judges the images in OCI archives.
func imageCommand(args []string, _ io.Reader, stdout io.Writer) (int, error) {
	flags := newFlags("image")
	format := newChoice(flags, "format", "The `FORMAT` of the findings: text, the default, lines for people; or json, an array by\ndocs/schema/lint.json.", "text", "json")
	o := newOverrides(flags)
	platform := flags.String("platform", "", "Judge the image for `OS/ARCH` alone, as in linux/amd64, where an archive has several.")
	baseline := flags.String("baseline", "", "Measure growth against the image in this `ARCHIVE`, as that of the last release.")
	maxSize := flags.String("max-size", "", "Let all layers hold at most `SIZE` together, uncompressed, as in 200MB. It goes before\nbudgets.max-size of the policies, unless that is locked.")
	archives, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(archives) == 0 {
		return 0, errors.New("image: name the OCI archive of an image, as docker save or docker buildx build --output=type=oci write it")
	}
	if err := o.check(); err != nil {
		return 0, fmt.Errorf("image: %w", err)
	}
	if *maxSize != "" {
		if o.maxSize, err = policy.ParseSize(*maxSize); err != nil {
			return 0, fmt.Errorf("image: --max-size=%s is no size with a unit: give one as in 200MB", *maxSize)
		}
	}
	by, err := o.here()
	if err != nil {
		return 0, fmt.Errorf("image: %w", err)
	}
	if limit := debug.SetGCPercent(imageGarbage); limit != garbage {
		debug.SetGCPercent(limit) // GOGC says otherwise
	}
	ctx := context.Background()
	var before *image.Image
	if *baseline != "" {
		images, err := readImages(ctx, *baseline, *platform, limitsOf(by.Policy))
		if err != nil {
			return 0, fmt.Errorf("image: baseline: %w", err)
		}
		if len(images) > 1 {
			return 0, fmt.Errorf("image: the baseline %s holds %d images: choose one with --platform", *baseline, len(images))
		}
		before = images[0]
	}
	r := &report{profile: by.Profile}
	var judged []gates.Gate
	for _, name := range archives {
		images, err := readImages(ctx, name, *platform, limitsOf(by.Policy))
		if err != nil {
			return 0, fmt.Errorf("image: %w", err)
		}
		for _, img := range images {
			img.Budgets, img.Baseline = budgetsOf(by.Policy), before
			r.images++
			judged = append(judged, gates.Gate{Name: name, Results: judgeImage(img, by)})
		}
	}
	r.addImages(policy.Review(judged, by))
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
func readImages(ctx context.Context, name, platform string, limits image.Limits) ([]*image.Image, error) {
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
		img, err := image.Read(ctx, archive, p, limits)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		images = append(images, img)
	}
	return images, nil
}

// limitsOf and budgetsOf return what a policy says to the reader and to the checks of an
// image.
func limitsOf(p policy.Policy) image.Limits {
	l := p.Limits
	return image.Limits{Time: l.Time, Memory: l.Memory, Entries: l.Entries, Uncompressed: l.UncompressedSize, Ratio: int64(l.Ratio), Path: l.PathLength}
}

func budgetsOf(p policy.Policy) image.Budgets {
	b := p.Budgets
	return image.Budgets{
		Uncompressed: b.MaxSize, Compressed: b.MaxCompressedSize, Layer: b.MaxLayerSize,
		Layers: b.MaxLayers, Wasted: b.MaxWastedSize, Growth: b.MaxGrowth,
	}
}

// judgeImage judges one image by every check of the profile, as strictly as the policy
// has them.
func judgeImage(img *image.Image, by policy.Input) []checks.Result {
	strictness := by.Policy.Strictness(checks.NamesOf(by.Rules))
	return strictness.Apply(checks.Run(policy.Select(image.All(), strictness, by.Profile), img), by.Profile)
}

// addImages adds what was found in the images of archives, each a gate of the archive's
// name, and in their policy, the last gate. A place in an image follows the name of the
// archive, behind a colon.
func (r *report) addImages(reviewed []gates.Gate) {
	rules := map[string]checks.Rule{}
	for _, rule := range allRules() {
		rules[rule.ID] = rule
	}
	for i, g := range reviewed {
		for _, res := range g.Results {
			if res.Status == checks.Error {
				r.errors = append(r.errors, fmt.Errorf("%s: %s: %w", g.Name, res.Check, res.Err))
			}
			for _, f := range res.Findings {
				at := newFinding(target{context: ".", dockerfile: g.Name}, rules[res.Check], f)
				switch {
				case i == len(reviewed)-1:
				case f.Location.Path != "":
					at.File = g.Name + ":" + f.Location.Path
				default:
					at.File = g.Name
				}
				r.findings = append(r.findings, at)
			}
		}
	}
}
