package image

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// Steps returns the instructions of a Dockerfile that make layers of its final
// stage, those of the local stages that it is built from first.
func Steps(src *dockerfile.Source) []Step {
	var steps []Step
	for _, stage := range src.Final.Chain() {
		for _, in := range stage.Instructions {
			step := Step{Keyword: in.Keyword}
			switch cmd := in.Command.(type) {
			case *instructions.RunCommand:
			case *instructions.WorkdirCommand:
				step.Into = in.Before.Resolve(in.Expand(cmd.Path)).Text
			case *instructions.CopyCommand, *instructions.AddCommand:
				if c, ok := in.Copy(); ok {
					step.Into = in.Before.Resolve(c.Dest).Text
				}
			default:
				continue
			}
			place := in.Location
			place.Column = 0
			step.Name = place.String()
			var text []string
			for _, line := range in.Text() {
				text = append(text, strings.TrimSuffix(strings.TrimSpace(line), `\`))
			}
			if text := instruction(strings.Join(text, " ")); text != "" {
				step.Name += ": " + text
			}
			steps = append(steps, step)
		}
	}
	return steps
}
