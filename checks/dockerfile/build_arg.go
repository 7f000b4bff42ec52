package dockerfile

import (
	"slices"
	"strings"
)

// WithArgs returns the text of the Dockerfile with an ARG for each of these names at
// the start of every stage. All its commands see them: a build that is given another
// value runs all of them again, and takes none from a cache.
func (s *Source) WithArgs(names ...string) string {
	lines := slices.Clone(s.Lines)
	for _, stage := range slices.Backward(s.Stages) {
		for _, name := range slices.Backward(names) {
			lines = slices.Insert(lines, stage.From.Location.EndLine, "ARG "+name)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
