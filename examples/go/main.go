// Examples of calling imagegate from another Dagger module.
package main

import (
	"context"

	"github.com/imagegate/imagegate/examples/go/internal/dagger"
)

// Examples calls each function of imagegate as a module of yours would.
type Examples struct {
	// +private
	Gate *dagger.Imagegate
}

// New sets imagegate up once for all examples.
func New(
	// Image of the Trivy scanner, where the public one is out of reach.
	// +optional
	scannerImage string,
	// OCI repositories of the Trivy database, where the public ones are out of reach.
	// +optional
	databaseRepository []string,
) *Examples {
	return &Examples{dag.Imagegate(dagger.ImagegateOpts{ScannerImage: scannerImage, DatabaseRepository: databaseRepository})}
}

// Judge an application before anything else happens to it.
func (m *Examples) ImagegateVerify(ctx context.Context, source *dagger.Directory) (string, error) {
	return m.Gate.Verify(ctx, source)
}

// Lint only, without building: what an editor or a commit hook waits for.
func (m *Examples) ImagegateLint(ctx context.Context, source *dagger.Directory) (string, error) {
	return m.Gate.Lint(ctx, dagger.ImagegateLintOpts{Source: source})
}

// Build one stage, and go on with it as with any container.
func (m *Examples) ImagegateBuild(source *dagger.Directory) *dagger.Container {
	return m.Gate.Build(source, dagger.ImagegateBuildOpts{Target: "builder"})
}

// Keep the report of an application, whatever the verdict.
func (m *Examples) ImagegateReport(source *dagger.Directory) *dagger.File {
	return m.Gate.Report(source).JSON()
}

// Publish under a version and under its minor version, if every gate passes.
func (m *Examples) ImagegatePublish(ctx context.Context, source *dagger.Directory, username string, password *dagger.Secret) (string, error) {
	return m.Gate.Publish(ctx, source,
		[]string{"ghcr.io/example/app:1.4.2", "ghcr.io/example/app:1.4"},
		dagger.ImagegatePublishOpts{RegistryUsername: username, RegistryPassword: password})
}
