package image

import (
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// Declared are the names of the variables that a Dockerfile declares in its final
// stage, and in the local stages that it is built from; each list is sorted.
type Declared struct {
	// Arguments are those of ARG that no ENV sets.
	Arguments []string
	// Variables are those that ENV sets.
	Variables []string
}

// Variables returns what a Dockerfile declares.
func Variables(src *dockerfile.Source) *Declared {
	d := new(Declared)
	for _, v := range src.Final.Env() {
		d.Variables = append(d.Variables, v.Name)
	}
	for _, stage := range src.Final.Chain() {
		for _, in := range stage.Instructions {
			cmd, ok := in.Command.(*instructions.ArgCommand)
			if !ok {
				continue
			}
			for _, arg := range cmd.Args {
				if !slices.Contains(d.Variables, arg.Key) {
					d.Arguments = append(d.Arguments, arg.Key)
				}
			}
		}
	}
	slices.Sort(d.Arguments)
	d.Arguments = slices.Compact(d.Arguments)
	return d
}
