package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/build"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/vuln"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Build the image, and scan it for known vulnerabilities, secrets and licenses.
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

// scanLimit is how long one scanner may take, with the download of its database.
const scanLimit = 15 * time.Minute

// scanner asks one scanner for what it finds in an image.
type scanner func(context.Context, scanInput) ([]*vuln.Report, error)

// scanInput is one platform's image as scanners take it: as the whole tarball
// where it is the only one and from Dagger, else as an OCI layout of its own. Trivy
// takes the first image of a layout, whatever platform it is told, and no tarball
// without Docker's older manifest.json, which it believes before the layout.
type scanInput struct {
	tarball *dagger.File
	layout  *dagger.Directory
}

func (t *tarball) input(ctx context.Context, p platformImage) (scanInput, error) {
	if len(t.platforms) == 1 && !t.foreign {
		tarball, err := t.file()
		return scanInput{tarball: tarball}, err
	}
	layout, err := t.layout(ctx, p)
	return scanInput{layout: layout}, err
}

// in mounts the image into the scanner's container.
func (i scanInput) in(ctr *dagger.Container) *dagger.Container {
	if i.layout != nil {
		return ctr.WithMountedDirectory(scannerInput, i.layout)
	}
	return ctr.WithMountedFile(scannerInput, i.tarball)
}

// address names the image by the scheme that the scanner has for its form.
func (i scanInput) address(archive, layout string) string {
	if i.layout != nil {
		return layout + scannerInput
	}
	return archive + scannerInput
}

// Paths in a scanner's container.
const (
	scannerCache  = "/imagegate/cache"
	scannerInput  = "/imagegate/image"
	scannerReport = "/imagegate/report"
)

// scanned runs all scanners side by side, each to its end: one that breaks takes
// nothing from what the others find, and is reported beside it.
func (m *Imagegate) scanned(ctx context.Context, img *tarball, p platformImage) (*vuln.Scan, error) {
	scan := &vuln.Scan{
		Policy:  m.scanPolicy(),
		ImageID: p.Manifest.Manifest.Config.Digest.String(), Digest: p.Digest.String(), Products: m.VexProducts,
	}
	if err := m.given(ctx, img, scan); err != nil {
		return nil, err
	}
	input, err := img.input(ctx, p)
	if err != nil {
		return nil, err
	}
	scanners := m.scanners()
	reports, failures := make([][]*vuln.Report, len(scanners)), make([]error, len(scanners))
	var side sync.WaitGroup
	for i, ask := range scanners {
		side.Go(func() {
			ctx, cancel := context.WithTimeoutCause(ctx, scanLimit, fmt.Errorf("the scanner took longer than %s", scanLimit))
			defer cancel()
			reports[i], failures[i] = ask(ctx, input)
			if failures[i] != nil && ctx.Err() != nil {
				failures[i] = fmt.Errorf("%w: %w", context.Cause(ctx), failures[i])
			}
		})
	}
	side.Wait()
	if read, err := p.read(); err == nil { // else the image gate says why
		scan.BaseLeast, scan.BaseMost = read.BaseLayers.Least, read.BaseLayers.Most
	}
	// Those of the scanners stand before those that were given.
	scan.Reports = append(slices.Concat(reports...), scan.Reports...)
	for _, err := range failures {
		if err != nil {
			scan.Failures = append(scan.Failures, err)
		}
	}
	return scan, nil
}

func (m *Imagegate) scanPolicy() vuln.Policy {
	return vuln.Policy{
		Threshold: checks.Severity(m.SeverityThreshold), IgnoreUnfixed: m.IgnoreUnfixed, DeniedLicenses: m.DeniedLicenses,
		MaxAge: milliseconds(m.DatabaseMaxAge), Now: time.Now(),
	}
}

// given adds the reports and statements that were written elsewhere. What cannot
// be read is an error of every check: it may accept anything.
// A report that names the image of another platform is left to that one's scan.
func (m *Imagegate) given(ctx context.Context, img *tarball, scan *vuln.Scan) error {
	read := func(flag string, file *dagger.File, decode func(name string, document []byte) error) error {
		name, err := file.Name(ctx)
		if err != nil {
			return fmt.Errorf("read a file of --%s: %w", flag, err)
		}
		document, err := file.Contents(ctx)
		if err != nil {
			return fmt.Errorf("read --%s=%s: %w", flag, name, err)
		}
		return decode(name, []byte(document))
	}
	for _, file := range m.Sarif {
		err := read("sarif", file, func(name string, document []byte) error {
			reports, err := vuln.DecodeSARIF(bytes.NewReader(document), name)
			for _, r := range reports {
				if r.ImageID == scan.ImageID || !img.holds(r.ImageID) {
					scan.Reports = append(scan.Reports, r)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, file := range m.Vex {
		err := read("vex", file, func(name string, document []byte) error {
			statements, err := vuln.DecodeVEX(bytes.NewReader(document), name)
			scan.Statements = append(scan.Statements, statements...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether the image of one of the platforms has the configuration
// of this digest.
func (t *tarball) holds(imageID string) bool {
	return slices.ContainsFunc(t.platforms, func(p platformImage) bool { return p.Manifest.Manifest.Config.Digest.String() == imageID })
}

// The scanners that there are.
const (
	trivyScanner = "trivy"
	grypeScanner = "grype"
	scoutScanner = "scout"
)

// scanners returns those that were asked for, in that order.
func (m *Imagegate) scanners() []scanner {
	of := func(ask scanner, flag string) scanner {
		return func(ctx context.Context, input scanInput) ([]*vuln.Report, error) {
			reports, err := ask(ctx, input)
			if err != nil && strings.Contains(err.Error(), "failed to resolve image") {
				err = fmt.Errorf("%w; --%s names the image in a registry that is reached", err, flag)
			}
			return reports, err
		}
	}
	var all []scanner
	for _, name := range m.Scanners {
		switch name {
		case trivyScanner:
			all = append(all, of(m.trivy, "scanner-image"))
		case grypeScanner:
			all = append(all, of(m.grype, "grype-image"))
		case scoutScanner:
			all = append(all, of(m.scout, "scout-image"))
		}
	}
	return all
}

// checkScan reports flags of the scan gate that cannot be meant; threshold is
// --severity-threshold as it was given.
func (m *Imagegate) checkScan(threshold string) error {
	if len(m.Scanners) == 0 {
		return errors.New("--scanner names no scanner: choose trivy, grype or scout, or several")
	}
	for i, name := range m.Scanners {
		switch {
		case !slices.Contains([]string{trivyScanner, grypeScanner, scoutScanner}, name):
			return fmt.Errorf("--scanner=%q is none of trivy, grype and scout: give the report of another one by --sarif", name)
		case slices.Contains(m.Scanners[:i], name):
			return fmt.Errorf("--scanner names %s twice", name)
		case name == scoutScanner && !m.scoutGiven():
			return errScout
		}
	}
	switch checks.Severity(m.SeverityThreshold) {
	case checks.Low, checks.Medium, checks.High, checks.Critical:
		return nil
	}
	return fmt.Errorf("--severity-threshold=%q is no severity: choose LOW, MEDIUM, HIGH or CRITICAL", threshold)
}

// scoutGiven reports whether there is what Docker Scout needs.
func (m *Imagegate) scoutGiven() bool {
	return m.ScoutImage != "" && m.ScoutUsername != "" && m.ScoutToken != nil
}

var errScout = errors.New("the scanner scout needs --scout-image=docker/scout-cli:TAG, --scout-username and --scout-token: Docker Scout answers nobody without an account")

// databaseRefresh is how often a database is asked for anew: Trivy publishes one
// every six hours.
const databaseRefresh = 6 * time.Hour

// trivy scans by Trivy, whose database is a directory of its own rather than a
// cache volume, so that a scan names, and is cached by, the very database that
// it read.
func (m *Imagegate) trivy(ctx context.Context, input scanInput) ([]*vuln.Report, error) {
	database, from, err := m.trivyDatabase(ctx)
	if err != nil {
		return nil, err
	}
	metadata, err := database.File("db/metadata.json").Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("get the vulnerability database of %s: %w", from, explainExec(err))
	}
	read, err := vuln.DecodeDatabase(strings.NewReader(metadata), from)
	if err != nil {
		return nil, err
	}
	// Its rules on configurations are answered by checks of imagegate, and take
	// longer to load than all the rest takes to scan.
	scanners, ofConfig := "vuln,secret,license", "secret"
	if m.ScannerRules {
		scanners, ofConfig = scanners+",misconfig", ofConfig+",misconfig"
	}
	written := input.in(dag.Container().From(m.ScannerImage)).
		WithMountedDirectory(scannerCache, database).
		WithExec([]string{
			"trivy", "image", "--quiet", "--input", scannerInput,
			"--cache-dir", scannerCache, "--skip-db-update", "--skip-java-db-update", "--skip-check-update", "--skip-version-check", "--offline-scan",
			"--scanners", scanners, "--image-config-scanners", ofConfig,
			"--list-all-pkgs", "--format", "json", "--output", scannerReport,
		}).
		File(scannerReport)
	document, err := readPrivately(ctx, written)
	if err != nil {
		return nil, fmt.Errorf("run the scanner %s: %w", m.ScannerImage, err)
	}
	found, err := vuln.DecodeTrivy(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("read the report of %s: %w", m.ScannerImage, err)
	}
	found.Database = &read
	return []*vuln.Report{found}, nil
}

// trivyDatabase returns the directory of the vulnerability database, and where
// it is from.
func (m *Imagegate) trivyDatabase(ctx context.Context) (*dagger.Directory, string, error) {
	if m.Database != nil {
		return m.Database, "the directory given with --database", nil
	}
	command := []string{"trivy", "image", "--quiet", "--download-db-only", "--cache-dir", scannerCache}
	from := "Trivy's own repositories"
	if len(m.DatabaseRepositories) > 0 {
		from = strings.Join(m.DatabaseRepositories, ", ")
		command = append(command, "--db-repository", strings.Join(m.DatabaseRepositories, ","))
	}
	database, err := download(ctx, dag.Container().From(m.ScannerImage), command)
	if err != nil {
		return nil, "", fmt.Errorf("get the vulnerability database of %s: %w", from, err)
	}
	return database, from, nil
}

// grype scans by Grype. Its --quiet would be silent on why it failed as well.
func (m *Imagegate) grype(ctx context.Context, input scanInput) ([]*vuln.Report, error) {
	ctr := dag.Container().From(m.GrypeImage).
		WithEnvVariable("GRYPE_DB_CACHE_DIR", scannerCache).
		WithEnvVariable("GRYPE_CHECK_FOR_APP_UPDATE", "false")
	database := m.GrypeDatabase
	if database == nil {
		var err error
		if database, err = download(ctx, ctr, []string{"/grype", "db", "update"}); err != nil {
			return nil, fmt.Errorf("get the vulnerability database of Grype: %w", err)
		}
	}
	// How old the database may be is the policy's to say, not Grype's.
	written := input.in(ctr).
		WithMountedDirectory(scannerCache, database).
		WithEnvVariable("GRYPE_DB_AUTO_UPDATE", "false").
		WithEnvVariable("GRYPE_DB_VALIDATE_AGE", "false").
		WithExec([]string{"/grype", input.address("docker-archive:", "oci-dir:"), "--output", "json", "--file", scannerReport}).
		File(scannerReport)
	document, err := readPrivately(ctx, written)
	if err != nil {
		return nil, fmt.Errorf("run the scanner %s: %w", m.GrypeImage, err)
	}
	found, err := vuln.DecodeGrype(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("read the report of %s: %w", m.GrypeImage, err)
	}
	return []*vuln.Report{found}, nil
}

// scout scans by Docker Scout, which sends what packages there are to Docker and
// gets what is known of them back: the engine is to ask anew each time.
func (m *Imagegate) scout(ctx context.Context, input scanInput) ([]*vuln.Report, error) {
	if !m.scoutGiven() { // a policy may ask for it as well
		return nil, errScout
	}
	written := input.in(dag.Container().From(m.ScoutImage)).
		WithEnvVariable("DOCKER_SCOUT_HUB_USER", m.ScoutUsername).
		WithSecretVariable("DOCKER_SCOUT_HUB_PASSWORD", m.ScoutToken).
		WithEnvVariable("IMAGEGATE_ASKED_AT", time.Now().UTC().Format(time.RFC3339Nano)).
		WithExec(
			[]string{"cves", "--format", "sarif", "--output", scannerReport, input.address("archive://", "oci-dir://")},
			dagger.ContainerWithExecOpts{UseEntrypoint: true},
		).
		File(scannerReport)
	document, err := readPrivately(ctx, written)
	if err != nil {
		return nil, fmt.Errorf("run the scanner %s: %w", m.ScoutImage, err)
	}
	found, err := vuln.DecodeSARIF(bytes.NewReader(document), "of Docker Scout")
	if err != nil {
		return nil, fmt.Errorf("read the report of %s: %w", m.ScoutImage, err)
	}
	for _, r := range found {
		r.Asked = true
	}
	return found, nil
}

// readPrivately reads what a scanner wrote. Documents of scanners name every
// environment variable of the image with its value: they are read in the
// module's own file system, and go nowhere else.
func readPrivately(ctx context.Context, written *dagger.File) ([]byte, error) {
	dir, err := os.MkdirTemp("", "scan")
	if err != nil {
		return nil, fmt.Errorf("make a place for the report: %w", err)
	}
	defer os.RemoveAll(dir)
	file := path.Join(dir, "report")
	if _, err := written.Export(ctx, file); err != nil {
		return nil, explainExec(err)
	}
	return os.ReadFile(file)
}

// download runs a scanner's command that fills its cache, and returns that. A
// registry that limits how often it is asked, or that is overloaded, is asked
// again after a pause; the mirrors of a list the scanner itself tries in order.
func download(ctx context.Context, ctr *dagger.Container, command []string) (*dagger.Directory, error) {
	ctr = ctr.WithEnvVariable("IMAGEGATE_DATABASE_OF", time.Now().UTC().Truncate(databaseRefresh).Format(time.RFC3339))
	for attempt := 0; ; attempt++ {
		if attempt > 0 { // the first stays the same for all runs of these hours
			ctr = ctr.WithEnvVariable("IMAGEGATE_DOWNLOAD_ATTEMPT", fmt.Sprint(attempt))
		}
		cache := ctr.WithExec(command).Directory(scannerCache)
		_, err := cache.Sync(ctx)
		if err == nil {
			return cache, nil
		}
		err = explainExec(err)
		if attempt == len(vuln.Pauses) || !vuln.Transient(err.Error()) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(vuln.Pauses[attempt]):
		}
	}
}

// explainExec adds what a command wrote last to the error that it ended with.
func explainExec(err error) error {
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		return build.WithoutTrace(err)
	}
	output := strings.TrimSpace(failed.Stderr + "\n" + failed.Stdout)
	if output == "" {
		return fmt.Errorf("%s: %w", strings.Join(failed.Cmd, " "), build.WithoutTrace(err))
	}
	if i := len(output) - 600; i > 0 {
		output = "… " + output[i:]
	}
	return fmt.Errorf("%s ended with status %d: %s", strings.Join(failed.Cmd, " "), failed.ExitCode, output)
}
