package image

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// DefaultBudget is the size in bytes that an image may have without a budget of
// its own. An application on a slim base image comes to about 180 MB, one that
// ships its compilers to over 1 GB: 500 MB lets every ordinary runtime pass.
const DefaultBudget = 500_000_000

// biggest is how many layers a finding names.
const biggest = 3

var size = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/size",
		Title:     "The image stays within its size budget",
		Severity:  checks.Medium,
		Why:       "Every new machine pulls and unpacks the whole image before the first container starts, and what is in it for no reason still has to be scanned and patched.",
		Fix:       "copy only what runs into a final stage on a slim base image, and remove caches in the instruction that fills them; raise the budget if the size is needed",
		Reference: "https://docs.docker.com/build/building/best-practices/#use-multi-stage-builds",
	},
	Good: `{
  "layers": [
    {"compressed": 30000000, "uncompressed": 80000000},
    {"compressed": 33200000, "uncompressed": 101000000}
  ]
}`,
	Bad: `{
  "layers": [
    {"compressed": 50000000, "uncompressed": 125000000},
    {"compressed": 310000000, "uncompressed": 890000000},
    {"compressed": 60000000, "uncompressed": 185000000}
  ]
}`,
	Judge: judgeSize,
}

func judgeSize(img *Image) checks.Outcome {
	b := img.Budgets
	if b.Uncompressed < 0 || b.Compressed < 0 || b.Layer < 0 {
		return checks.Broken(fmt.Errorf("a size budget of %d bytes; give a number above 0", min(b.Uncompressed, b.Compressed, b.Layer)))
	}
	budget := cmp.Or(b.Uncompressed, DefaultBudget)
	var compressed, uncompressed int64
	for _, layer := range img.Layers {
		compressed += layer.Compressed
		uncompressed += layer.Uncompressed
	}
	var findings []checks.Finding
	over := func(size int64, format string, args ...any) {
		f := checks.At(checks.Location{}, format, args...)
		f.Status, f.Measured = checks.Fail, amount(size)
		findings = append(findings, f)
	}
	if uncompressed > budget {
		over(uncompressed, "%s uncompressed, %s over the budget of %s; biggest layers: %s",
			humanSize(uncompressed), humanSize(uncompressed-budget), humanSize(budget), biggestLayers(img))
	}
	if b.Compressed > 0 && compressed > b.Compressed {
		over(compressed, "%s compressed, %s over the budget of %s", humanSize(compressed), humanSize(compressed-b.Compressed), humanSize(b.Compressed))
	}
	for i, layer := range img.Layers {
		if b.Layer > 0 && layer.Uncompressed > b.Layer {
			over(layer.Uncompressed, "%s of %d has %s uncompressed, %s over the budget of %s for a layer",
				img.layerName(i), len(img.Layers), humanSize(layer.Uncompressed), humanSize(layer.Uncompressed-b.Layer), humanSize(b.Layer))
		}
	}
	out := checks.Found(findings...)
	if len(findings) == 0 {
		out.Evidence = fmt.Sprintf("%s compressed, %s uncompressed of %s", humanSize(compressed), humanSize(uncompressed), humanSize(budget))
	}
	return out
}

// biggestLayers names the biggest layers, counted from 1.
func biggestLayers(img *Image) string {
	layers := img.Layers
	order := make([]int, len(layers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(layers[b].Uncompressed, layers[a].Uncompressed)
	})
	var names []string
	for _, i := range order[:min(biggest, len(order))] {
		names = append(names, fmt.Sprintf("layer %d of %d with %s", i+1, len(layers), humanSize(layers[i].Uncompressed)))
	}
	return strings.Join(names, ", ")
}

func humanSize(n int64) string { return amount(n).String() }

func amount(n int64) checks.Amount { return checks.Amount{Value: n, Unit: checks.Bytes} }
