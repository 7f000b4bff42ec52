package image

import (
	"cmp"
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

// DefaultWasted is how many bytes may be wasted without a budget of its own. The
// package databases that each RUN writes again come to less.
const DefaultWasted = 10_000_000

var wastedBytes = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/wasted-bytes",
		Title:     "No layer holds what a later one takes away or writes again",
		Severity:  checks.Medium,
		Why:       "A layer stays as it is: what a later instruction deletes, moves or changes the owner of is pulled and stored all the same, once for each time.",
		Fix:       "remove files in the RUN that makes them; give the owner with COPY --chown in place of RUN chown; build in a stage of its own",
		Reference: "https://docs.docker.com/build/building/best-practices/#run",
	},
	Good: `{
  "layers": [
    {"files": {"/app/server": {"size": 40000000}}},
    {"files": {"/etc/app.conf": "port=8000"}}
  ]
}`,
	Bad: `{
  "layers": [
    {"instruction": "COPY . .", "files": {"/app/server": {"size": 40000000}, "/app/corpus.tar": {"size": 90000000}}},
    {"instruction": "RUN rm corpus.tar && chown -R app .", "files": {"/app/server": {"size": 40000000, "owner": "10001:10001"}, "/app/.wh.corpus.tar": ""}}
  ]
}`,
	Judge: judgeWastedBytes,
}

// minWaste is how many bytes between two layers a finding is made of, once there
// are too many.
const minWaste = 1_000_000

func judgeWastedBytes(img *Image) checks.Outcome {
	budget := cmp.Or(img.Budgets.Wasted, DefaultWasted)
	if budget < 0 {
		return checks.Broken(fmt.Errorf("a budget of %d wasted bytes; give a number above 0", budget))
	}
	var sum int64
	for _, w := range img.Waste {
		sum += w.Bytes
	}
	switch {
	case sum == 0:
		return checks.Outcome{}
	case sum <= budget:
		return checks.Passed("%s wasted of %s", humanSize(sum), humanSize(budget))
	}
	var findings []checks.Finding
	rest := group{name: "rest"}
	for i, w := range img.Waste {
		if i > 0 && (w.Bytes < minWaste || len(findings) == maxWasteFindings) {
			rest.Files += w.Files
			rest.Bytes += w.Bytes
			continue
		}
		done := "writes again"
		if w.Removed {
			done = "removes"
		}
		f := checks.At(checks.Location{Path: w.Samples[0].Path}, "%s %s %s that %s added (%s): %s", img.layerName(w.By), done, humanSize(w.Bytes), img.layerName(w.Layer), files(w.Files), named(w.Samples, w.Files))
		f.Measured = amount(w.Bytes)
		findings = append(findings, f)
	}
	if rest.Files > 0 {
		f := checks.At(checks.Location{}, "%s more in %s, between other layers", humanSize(rest.Bytes), files(rest.Files))
		f.Measured = amount(rest.Bytes)
		findings = append(findings, f)
	}
	return checks.Found(findings...)
}

// maxWasteFindings is how many pairs of layers are named.
const maxWasteFindings = 5
