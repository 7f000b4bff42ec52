// Tests of imagegate as another module sees it: dagger call -m tests all
package main

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/imagegate/imagegate/tests/internal/dagger"
)

// Tests calls imagegate's functions on the example applications.
type Tests struct {
	// +private
	Gate *dagger.Imagegate
	// +private
	Source *dagger.Directory
}

// New holds the application that the tests are run on.
func New(
	// Application that passes every gate.
	// +defaultPath="/examples/go-api"
	source *dagger.Directory,
	// Image of the Trivy scanner; imagegate's own default if empty.
	// +optional
	scannerImage string,
	// OCI repositories of the Trivy database; Trivy's own if empty.
	// +optional
	databaseRepository []string,
) *Tests {
	return &Tests{
		Gate:   dag.Imagegate(dagger.ImagegateOpts{ScannerImage: scannerImage, DatabaseRepository: databaseRepository}),
		Source: source,
	}
}

// Run all tests.
//
// +cache="never"
func (t *Tests) All(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for name, test := range map[string]func(context.Context) error{
		"verify passes":            t.VerifyPasses,
		"verify blocks root":       t.VerifyBlocksRoot,
		"report survives blocking": t.ReportSurvivesBlocking,
		"build builds a stage":     t.BuildBuildsAStage,
	} {
		g.Go(func() error {
			if err := test(ctx); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// The application passes, and the table names every gate.
//
// +cache="never"
func (t *Tests) VerifyPasses(ctx context.Context) error {
	table, err := t.Gate.Verify(ctx, t.Source)
	if err != nil {
		return err
	}
	for _, want := range []string{"lint passed", "build passed", "image passed", "scan passed", "run passed", "verdict  passed"} {
		if !strings.Contains(table, want) {
			return fmt.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	return nil
}

// The application without its USER is blocked, by name.
//
// +cache="never"
func (t *Tests) VerifyBlocksRoot(ctx context.Context) error {
	source, err := t.root(ctx)
	if err != nil {
		return err
	}
	if _, err = t.Gate.Verify(ctx, source); err == nil {
		return fmt.Errorf("an image that runs as root passed")
	}
	for _, want := range []string{"source/user", "image/user", "runtime/user"} {
		if !strings.Contains(err.Error(), want) {
			return fmt.Errorf("the error lacks %s: %w", want, err)
		}
	}
	return nil
}

// The report of a blocked application is still there to be kept.
//
// +cache="never"
func (t *Tests) ReportSurvivesBlocking(ctx context.Context) error {
	source, err := t.root(ctx)
	if err != nil {
		return err
	}
	document, err := t.Gate.Report(source).JSON().Contents(ctx)
	if err != nil {
		return err
	}
	for _, want := range []string{`"verdict": "blocked"`, `"runtime/user"`} {
		if !strings.Contains(document, want) {
			return fmt.Errorf("the report lacks %s:\n%s", want, document)
		}
	}
	return nil
}

// A stage other than the gated one can be built and looked into.
//
// +cache="never"
func (t *Tests) BuildBuildsAStage(ctx context.Context) error {
	out, err := t.Gate.Build(t.Source, dagger.ImagegateBuildOpts{Target: "builder"}).WithExec([]string{"go", "version"}).Stdout(ctx)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(out, "go version") {
		return fmt.Errorf("the builder stage has no Go: %s", out)
	}
	return nil
}

// root returns the application with its image's user made root.
func (t *Tests) root(ctx context.Context) (*dagger.Directory, error) {
	dockerfile, err := t.Source.File("Dockerfile").Contents(ctx)
	if err != nil {
		return nil, err
	}
	return t.Source.WithNewFile("Dockerfile", dockerfile+"\nUSER root\n"), nil
}
