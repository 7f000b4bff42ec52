package image

import (
	"archive/tar"
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// DefaultGrowth is by how many percent an image may be larger than its baseline
// without a budget of its own.
const DefaultGrowth = 10

var growth = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/growth",
		Title:     "The image has not grown much since its baseline",
		Severity:  checks.Medium,
		Why:       "Images grow by a dependency here and a forgotten file there, each well within the budget; only a look at the one before shows it, and what it was.",
		Fix:       "look at the paths that grew, and leave out what does not run; take the new image for the baseline if it is all needed",
		Reference: "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
	},
	Good: `{
  "layers": [{"uncompressed": 105000000, "files": {"/app/server": {"size": 105000000}}}],
  "baseline": {"layers": [{"uncompressed": 100000000, "files": {"/app/server": {"size": 100000000}}}]}
}`,
	Bad: `{
  "layers": [{"uncompressed": 140000000, "files": {"/app/server": {"size": 101000000}, "/app/model.bin": {"size": 39000000}}}],
  "baseline": {"layers": [{"uncompressed": 100000000, "files": {"/app/server": {"size": 100000000}}}]},
  "budgets": {"growth": 20}
}`,
	Judge: judgeGrowth,
}

func judgeGrowth(img *Image) checks.Outcome {
	b := img.Budgets
	if b.Growth < 0 || b.GrowthBytes < 0 {
		return checks.Broken(fmt.Errorf("a budget of %d percent and %d bytes of growth; give numbers above 0", b.Growth, b.GrowthBytes))
	}
	if img.Baseline == nil {
		return checks.Skip("no earlier image was given: --baseline takes the last release's archive")
	}
	before, now := uncompressed(img.Baseline.Layers), uncompressed(img.Layers)
	grown, percent := now-before, 0.0
	if before > 0 {
		percent = 100 * float64(grown) / float64(before)
	}
	allowed := cmp.Or(b.Growth, DefaultGrowth)
	var over []string
	if percent > float64(allowed) {
		over = append(over, fmt.Sprintf("by more than %d%%", allowed))
	}
	if b.GrowthBytes > 0 && grown > b.GrowthBytes {
		over = append(over, "by more than "+humanSize(b.GrowthBytes))
	}
	if len(over) == 0 {
		return checks.Passed("%s, %+.1f%% of the baseline's %s", humanSize(now), percent, humanSize(before))
	}
	f := checks.At(checks.Location{}, "%s, %+.1f%% of the baseline's %s: it grew %s; %s", humanSize(now), percent, humanSize(before), strings.Join(over, " and "), grownPaths(img))
	f.Status, f.Measured = checks.Fail, checks.Amount{Value: max(0, int64(math.Ceil(percent))), Unit: checks.Percent}
	return checks.Found(f)
}

func uncompressed(layers []Layer) int64 {
	var sum int64
	for _, l := range layers {
		sum += l.Uncompressed
	}
	return sum
}

// growthDepth is how many steps of a path growth is named by: "/usr/lib/x".
// maxGrown is how many such paths are told apart.
const (
	growthDepth = 3
	maxGrown    = 50_000
)

// grownPaths names the directories that grew most.
func grownPaths(img *Image) string {
	grown := map[string]int64{}
	add := func(of *Image, sign int64) {
		for e := range of.Tree.All() {
			if e.Type == tar.TypeReg && !e.HardLink {
				if at := upTo(e.Path); grown[at] != 0 || len(grown) < maxGrown {
					grown[at] += sign * e.Size
				}
			}
		}
	}
	add(img, 1) // the order tells what is left out
	add(img.Baseline, -1)
	var paths []string
	for p, n := range grown {
		if n > 0 {
			paths = append(paths, p)
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(cmp.Compare(grown[b], grown[a]), cmp.Compare(a, b)) })
	if len(paths) == 0 {
		return "no path of its files did: layers hold what others take away again"
	}
	var names []string
	for _, p := range paths[:min(biggest, len(paths))] {
		names = append(names, fmt.Sprintf("%s by %s", p, humanSize(grown[p])))
	}
	return "most of all " + strings.Join(names, ", ")
}

// upTo returns the first steps of a path, absolute.
func upTo(name string) string {
	steps := strings.SplitN(name, "/", growthDepth+1)
	return path.Join(append([]string{"/"}, steps[:min(growthDepth, len(steps))]...)...)
}
