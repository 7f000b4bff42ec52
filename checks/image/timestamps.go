package image

import (
	"time"

	"github.com/imagegate/imagegate/checks"
)

var timestamps = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/timestamps",
		Title:     "No file was changed in the future, or before there were files",
		Severity:  checks.Low,
		Why:       "Caches, make and web servers compare such times: what is from the future is always newer than what replaces it. The clock of the machine that built the image is wrong, or a tool wrote nonsense.",
		Fix:       "set the clock of the build machine, or give the build one time for all files (SOURCE_DATE_EPOCH with rewrite-timestamp)",
		Reference: "https://reproducible-builds.org/docs/source-date-epoch/",
	},
	Good: `{
  "read": "2026-01-02T00:00:00Z",
  "files": {"/app/server": {"content": "1", "modified": "2026-01-01T12:00:00Z"}}
}`,
	Bad: `{
  "read": "2026-01-02T00:00:00Z",
  "files": {"/app/server": {"content": "1", "modified": "2038-01-19T03:14:07Z"}}
}`,
	Judge: judgeTimestamps,
}

// skew is how far clocks may differ.
const skew = 24 * time.Hour

func judgeTimestamps(img *Image) checks.Outcome {
	epoch := time.Unix(0, 0)
	var findings []checks.Finding
	for i, l := range img.Layers {
		if l.Entries == 0 {
			continue
		}
		if !img.Read.IsZero() && l.Latest.After(img.Read.Add(skew)) {
			findings = append(findings, checks.At(checks.Location{Path: l.Latest.Path}, "changed on %s, which is in the future; from %s", l.Latest.UTC().Format(time.RFC3339), img.layerName(i)))
		}
		if l.Earliest.Before(epoch) {
			findings = append(findings, checks.At(checks.Location{Path: l.Earliest.Path}, "changed on %s, before 1970; from %s", l.Earliest.UTC().Format(time.RFC3339), img.layerName(i)))
		}
	}
	return checks.Found(findings...)
}
