package compose

import (
	"fmt"
	"io/fs"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
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

// Run judges the Compose files of a source by a list of checks. Files that cannot
// be read are an Error of each.
func Run(list []Check, files fs.FS, options dockerfile.Options) []checks.Result {
	p, err := Load(files, options)
	if err != nil {
		return checks.Errors(list, fmt.Errorf("read the Compose files: %w", err))
	}
	return checks.Run(list, p)
}
