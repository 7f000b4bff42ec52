// Package source judges what an image is built from: the Dockerfile, the ignore
// file and the files that they name, as package dockerfile reads them.
package source

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// Check is a check of a source.
type Check = checks.Check[*dockerfile.Source]

// All returns the checks of a source: our own, then BuildKit's rules without
// those that one of ours already covers.
func All() []Check {
	own := []Check{
		valid,
		baseTag,
		baseVersion,
		baseDigest,
		stageReference,
		multiStage,
		buildTools,
		toolchainBase,
		devDependencies,
		unusedStage,
		copyDestination,
		user,
		numericUser,
		unusedUser,
		writableApplication,
		chownLayer,
		execForm,
		healthcheck,
		healthcheckBounds,
		healthcheckProgram,
		healthcheckFails,
		endsInExec,
		developmentServer,
		migrationsAtStart,
		severalProcesses,
		stopSignal,
		secret,
		secretInCommand,
		secretFile,
		requiredVariable,
		dependencyOrder,
		lockedInstall,
		pinnedRequirements,
		hashedRequirements,
		pinnedPackages,
		pinnedOSPackages,
		aptUpdateAlone,
		noUpgrade,
		verifiedTransport,
		verifiedDownload,
		remoteAdd,
		addInsteadOfCopy,
		addArchive,
		errexit,
		pipefail,
		runCD,
		lostShellState,
		shellInstruction,
		sudo,
		sshPort,
		worldWritable,
		interactiveTools,

		instructionOrder,
		dockerignore,
		relativeCopy,
		copyRoot,
		contextInRoot,
		envSelfReference,
		workdirSystem,
		volumeSystem,
		volumeCode,
		accountPassword,
		labels,
		labelFormat,
		dockerignorePattern,
		dockerignoreNeeded,
		dockerignoreWaste,

		packageLists,
		packageCache,
		lateCleanup,
		removedCopy,
		recommends,
		assumeYes,
		aptGet,
		debianFrontend,
		useraddLog,
		fetchTools,
	}
	all := slices.Clone(own)
	for _, check := range buildkitChecks {
		covered := slices.ContainsFunc(own, func(c Check) bool {
			return slices.Contains(c.Aliases, buildkitRule(check.ID))
		})
		if !covered {
			all = append(all, check)
		}
	}
	return all
}
