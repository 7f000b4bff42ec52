package image

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var labels = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/labels",
		Title:     "Labels say where the image comes from",
		Severity:  checks.Low,
		Why:       "Whoever finds a container that misbehaves has to know which commit of which repository it is; update and scanning tools look for the same labels.",
		Fix:       "set them in the pipeline or with LABEL: org.opencontainers.image.source (the repository's address), .revision (the commit) and .version",
		Reference: "https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys",
		Strict:    true,
	},
	Good: `{
  "image": {"os": "linux", "config": {"Labels": {
    "org.opencontainers.image.source": "https://github.com/example/app",
    "org.opencontainers.image.revision": "3f445c2",
    "org.opencontainers.image.version": "1.4.0"
  }}}
}`,
	Bad: `{
  "image": {"os": "linux", "config": {"Labels": {"maintainer": "someone"}}}
}`,
	Judge: judgeLabels,
}

func judgeLabels(img *Image) checks.Outcome {
	const prefix = "org.opencontainers.image."
	var missing []string
	for _, name := range []string{"source", "revision", "version"} {
		if strings.TrimSpace(img.Config.Config.Labels[prefix+name]) == "" {
			missing = append(missing, prefix+name)
		}
	}
	if len(missing) == 0 {
		return checks.Outcome{}
	}
	return checks.Found(checks.At(checks.Location{Path: "config.Labels"}, "without %s", strings.Join(missing, ", ")))
}
