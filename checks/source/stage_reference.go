package source

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var stageReference = Check{
	Rule: checks.Rule{
		ID:        "source/stage-reference",
		Title:     "COPY --from and FROM name a stage by its very name",
		Severity:  checks.High,
		Why:       "A name that is not that of a stage is taken for an image of Docker Hub: the build fails, or copies files of a stranger's image into this one.",
		Fix:       "Write the name as the stage's AS has it.",
		Reference: "https://docs.docker.com/build/building/multi-stage/#name-your-build-stages",
		Aliases:   []string{"DL3022"},
		Differs:   "DL3022 reports every COPY --from without a colon that names no stage; an image without a tag is a finding of source/base-tag here, and one of a stage that comes later is one of source/valid.",
	},
	Good: `
FROM golang:1.26.8 AS builder
FROM scratch
COPY --from=builder /app /app
`,
	Bad: `
FROM golang:1.26.8 AS builder
FROM scratch
COPY --from=build /app /app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Stages {
			for _, ref := range stage.References {
				meant := meantStage(s, ref)
				if meant == nil {
					continue
				}
				f := checks.At(ref.Instruction.Find(ref.Name.Raw), "no stage is named %s, so that it means an image of Docker Hub; line %d has the stage %s",
					ref.Name.Text, meant.From.Location.Line, meant.Name)
				f.Subject = ref.Name.Text
				f.Fix = "Write " + meant.Name + " instead of " + ref.Name.Text + "; if the image is meant, give it a tag."
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// meantStage returns the stage that a reference to an image seems to mean: one
// before it, of nearly the same name. An image with a tag, a digest or a path is
// meant as one. It returns nil if there is none.
func meantStage(s *dockerfile.Source, ref dockerfile.Reference) *dockerfile.Stage {
	name, ok := ref.Image()
	if !ok || strings.ContainsAny(name, "/:@") {
		return nil
	}
	for _, stage := range s.Stages[:ref.Instruction.Stage.Index] {
		if stage.Name != "" && isSlip(strings.ToLower(name), stage.Name) {
			return stage
		}
	}
	return nil
}

// isSlip reports whether one of two names is the other with one letter too many,
// too few, wrong or swapped, with other separators, or with an ending more, as
// build and builder.
func isSlip(a, b string) bool {
	separators := strings.NewReplacer("-", "", "_", "", ".", "")
	if len(a) > len(b) {
		a, b = b, a
	}
	switch {
	case len(a) < 4:
		return false
	case separators.Replace(a) == separators.Replace(b):
		return true
	case strings.HasPrefix(b, a):
		return len(b)-len(a) <= 3 && strings.Trim(b[len(a):], "abcdefghijklmnopqrstuvwxyz") == ""
	case len(a) < 5 || len(b)-len(a) > 1:
		return false
	}
	i := 0
	for a[i] == b[i] {
		i++ // ends before a does: a is no prefix of b
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
