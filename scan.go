package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/vuln"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Build the image, and scan its packages for known vulnerabilities, by Trivy.
//
// Prints one table of what was found, and ends non-zero where anything blocks.
// The flags that all functions share stand before the function's name.
//
// +check
// +cache="never"
func (m *Imagegate) Scan(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	// +defaultPath="/"
	source *dagger.Directory,
) (string, error) {
	m, by := m.under(ctx, source)
	return m.only(ctx, source, by, m.scan)
}

func (m *Imagegate) scan(ctx context.Context, img *tarball, p platformImage) report.Gate {
	return timed(ctx, "scan", p.label, func(ctx context.Context) []checks.Result {
		scan, err := m.scanned(ctx, img, p)
		if err != nil {
			return checks.Errors(vuln.All(), err)
		}
		return checks.Run(vuln.All(), scan)
	})
}

// databaseRefresh is how often a database is asked for anew: Trivy publishes one
// every six hours.
const databaseRefresh = 6 * time.Hour

// Paths in the scanner's container.
const (
	scannerCache  = "/imagegate/cache"
	scannerInput  = "/imagegate/image"
	scannerReport = "/imagegate/report.json"
)

func (m *Imagegate) scanned(ctx context.Context, img *tarball, p platformImage) (*vuln.Scan, error) {
	database, from := m.database()
	metadata, err := database.File("db/metadata.json").Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("get the vulnerability database of %s: %w", from, explainExec(err))
	}
	scan := &vuln.Scan{ImageID: p.Manifest.Manifest.Config.Digest.String(), Now: time.Now(), MaxAge: milliseconds(m.DatabaseMaxAge)}
	if scan.Database, err = vuln.DecodeDatabase(strings.NewReader(metadata), from); err != nil {
		return nil, err
	}
	// What Trivy writes names every environment variable with its value: it is read
	// in the module's own file system, and goes nowhere else.
	dir, err := os.MkdirTemp("", "scan")
	if err != nil {
		return nil, fmt.Errorf("make a place for the scanner's report: %w", err)
	}
	defer os.RemoveAll(dir)
	file := path.Join(dir, "report.json")
	scanner := m.scanner().WithMountedDirectory(scannerCache, database)
	if len(img.platforms) == 1 {
		scanner = scanner.WithMountedFile(scannerInput, img.file)
	} else {
		// Trivy takes the first image of a layout, whatever platform it is told.
		layout, err := img.layout(p)
		if err != nil {
			return nil, err
		}
		scanner = scanner.WithMountedDirectory(scannerInput, layout)
	}
	_, err = scanner.
		WithExec([]string{
			"trivy", "image", "--quiet", "--input", scannerInput,
			"--cache-dir", scannerCache, "--skip-db-update", "--skip-java-db-update", "--skip-version-check", "--offline-scan",
			"--scanners", "vuln", "--list-all-pkgs", "--format", "json", "--output", scannerReport,
		}).
		File(scannerReport).Export(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("run the scanner %s: %w", m.ScannerImage, explainExec(err))
	}
	document, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the scanner's report: %w", err)
	}
	if scan.Report, err = vuln.DecodeTrivy(bytes.NewReader(document)); err != nil {
		return nil, fmt.Errorf("read the report of %s: %w", m.ScannerImage, err)
	}
	return scan, nil
}

func (m *Imagegate) scanner() *dagger.Container { return dag.Container().From(m.ScannerImage) }

// database returns the directory of the vulnerability database, and where it is
// from. It is a directory of its own rather than a cache volume, so that a scan
// names, and is cached by, the very database that it read.
func (m *Imagegate) database() (*dagger.Directory, string) {
	if m.Database != nil {
		return m.Database, "the directory given with --database"
	}
	download := []string{"trivy", "image", "--quiet", "--download-db-only", "--cache-dir", scannerCache}
	from := "Trivy's own repositories"
	if len(m.DatabaseRepositories) > 0 {
		from = strings.Join(m.DatabaseRepositories, ", ")
		download = append(download, "--db-repository", strings.Join(m.DatabaseRepositories, ","))
	}
	return m.scanner().
		WithEnvVariable("IMAGEGATE_DATABASE_OF", time.Now().UTC().Truncate(databaseRefresh).Format(time.RFC3339)).
		WithExec(download).
		Directory(scannerCache), from
}

// explainExec adds what a command wrote last to the error that it ended with.
func explainExec(err error) error {
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		return err
	}
	output := strings.TrimSpace(failed.Stderr + "\n" + failed.Stdout)
	if output == "" {
		return fmt.Errorf("%s: %w", strings.Join(failed.Cmd, " "), err)
	}
	if i := len(output) - 600; i > 0 {
		output = "… " + output[i:]
	}
	return fmt.Errorf("%s ended with status %d: %s", strings.Join(failed.Cmd, " "), failed.ExitCode, output)
}
