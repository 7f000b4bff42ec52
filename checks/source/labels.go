package source

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// ociLabel is the prefix of the labels that the OCI image specification defines.
const ociLabel = "org.opencontainers.image."

// wantedLabels are those by which an image is traced to what it was made from.
var wantedLabels = []string{"title", "source", "version", "revision", "licenses"}

var labels = Check{
	Rule: checks.Rule{
		ID:        "source/labels",
		Title:     "Labels say what the image is made from",
		Severity:  checks.Low,
		Why:       "The labels are all that a running container still knows of its source. Without them nobody can tell which commit an image of last year is, or it carries those of its base image.",
		Fix:       "Declare them in the last stage, the changing ones by build arguments: ARG VERSION, ARG REVISION, then LABEL org.opencontainers.image.version=$VERSION org.opencontainers.image.revision=$REVISION.",
		Reference: "https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys",
		Aliases:   []string{"DL3049"},
		Differs:   "DL3049 asks for the labels of a schema that is configured, in every stage. Here those of the OCI image specification are asked for, in the stages that the image's configuration comes from.",
		Strict:    true,
	},
	Good: `
FROM alpine:3.20
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="Shop" \
      org.opencontainers.image.source="https://github.com/example/shop" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
`,
	Bad: `
FROM alpine:3.20
LABEL version="1.0"
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		set := map[string]bool{}
		for _, l := range imageLabels(s) {
			set[l.key] = true
		}
		var missing []string
		for _, name := range wantedLabels {
			if !set[ociLabel+name] {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 {
			return checks.Outcome{}
		}
		return checks.Found(checks.At(s.Final.From.Location, "the image has no label %s%s", ociLabel, strings.Join(missing, ", "+ociLabel)))
	},
}

// label is one label of the image.
type label struct {
	*dockerfile.Instruction
	key   string
	value dockerfile.Value
}

// imageLabels returns the labels that the image has, in the order of the file. A
// key that is not known is left out; one that is set again stands in each place.
func imageLabels(s *dockerfile.Source) []label {
	var all []label
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			cmd, ok := in.Command.(*instructions.LabelCommand)
			if !ok {
				continue
			}
			for _, kv := range cmd.Labels {
				if key := in.Expand(kv.Key); key.Known {
					all = append(all, label{in, key.Text, in.Expand(kv.Value)})
				}
			}
		}
	}
	return all
}
