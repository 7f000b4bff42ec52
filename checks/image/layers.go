package image

import (
	"cmp"
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

// DefaultLayers is how many layers an image may have without a budget of its own.
// Official base images have up to 10, and a Dockerfile seldom adds 20.
const DefaultLayers = 50

var layers = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/layers",
		Title:     "The image has no more layers than it needs",
		Severity:  checks.Low,
		Why:       "Each layer is pulled, verified and unpacked by itself, and engines refuse an image with more than 127 of them: one that is close to it can no longer be built upon.",
		Fix:       "join RUN instructions that belong together with &&, copy files in one COPY, and build in a stage of its own; raise the budget if they are needed",
		Reference: "https://docs.docker.com/build/building/best-practices/#minimize-the-number-of-layers",
	},
	Good: `{
  "layers": [{}, {}, {}],
  "budgets": {"layers": 3}
}`,
	Bad: `{
  "layers": [{}, {}, {}, {}],
  "budgets": {"layers": 3}
}`,
	Judge: judgeLayers,
}

func judgeLayers(img *Image) checks.Outcome {
	budget := cmp.Or(img.Budgets.Layers, DefaultLayers)
	if budget < 0 {
		return checks.Broken(fmt.Errorf("a budget of %d layers; give a number above 0", budget))
	}
	if len(img.Layers) <= budget {
		return checks.Outcome{}
	}
	f := checks.At(checks.Location{}, "%d layers, with a budget of %d", len(img.Layers), budget)
	f.Measured = checks.Amount{Value: int64(len(img.Layers)), Unit: checks.Layers}
	return checks.Found(f)
}
