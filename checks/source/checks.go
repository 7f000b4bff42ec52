package source

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
)

// All returns the checks of a source: our own, then BuildKit's rules without
// those that one of ours already covers.
func All() []checks.Check[*Source] {
	own := []checks.Check[*Source]{
		valid,
		baseTag,
		user,
		execForm,
		healthcheck,
		secret,
		dependencyOrder,
		dockerignore,
	}
	all := slices.Clone(own)
	for _, check := range buildkitChecks {
		covered := slices.ContainsFunc(own, func(c checks.Check[*Source]) bool {
			return slices.Contains(c.Aliases, buildkitRule(check.ID))
		})
		if !covered {
			all = append(all, check)
		}
	}
	return all
}
