package conformance

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

// FuzzConformance compares what we say of a Dockerfile with what BuildKit says.
func FuzzConformance(f *testing.F) {
	for _, about := range slices.Sorted(maps.Keys(cases)) {
		for _, text := range cases[about] {
			f.Add(text, "", "")
		}
	}
	for _, check := range source.All() {
		f.Add(check.Bad, "b", "1")
	}
	f.Fuzz(func(t *testing.T, text, target, arg string) {
		options := dockerfile.Options{Target: target}
		if arg != "" {
			options.BuildArgs = map[string]string{"A": arg}
		}
		if err := Compare(text, options); err != nil && !errors.Is(err, errBeyond) {
			t.Errorf("%q with %+v:\n%v", text, options, err)
		}
	})
}
