package compose

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
)

// Check is a check of the Compose files of a source.
type Check = checks.Check[*Project]

// DefaultFile is the Compose file that an example is, if it does not say.
const DefaultFile = "compose.yaml"

// All returns the checks of Compose files.
func All() []Check {
	return []Check{
		valid,
		target,
		developmentTarget,
		dependencyVolume,
		healthcheck,
		serviceHealthy,
		requiredVariable,
		imageTag,
		privileged,
		dockerSocket,
		hostNamespace,
		secret,
		publishedPort,
		portConflict,
		containerName,
	}
}

// Judge judges the Compose files of a source by a list of checks. Where they cannot
// be read, for the reason that Load gives, that is an Error of compose/valid, in
// whichever list, and the others are Skipped.
func Judge(list []Check, p *Project, unreadable error) []checks.Result {
	if unreadable == nil {
		return checks.Run(list, p)
	}
	others := slices.DeleteFunc(slices.Clone(list), func(c Check) bool { return c.ID == valid.ID })
	return append(checks.Errors([]Check{valid}, unreadable),
		checks.Skips(others, "the Compose files cannot be read: "+valid.ID+" says why")...)
}
