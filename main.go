// Build a container image and let it out only when it is fit for production.
//
// Every gate judges the same exported tarball: its source is linted, its
// configuration and layers are read, Trivy scans it, and it is run, to see that
// its main process is not root, that its HEALTHCHECK turns healthy and that it
// stops when it is asked to. What passes is published byte for byte.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/runtime"
	"github.com/imagegate/imagegate/checks/vuln"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Imagegate builds, judges and publishes the image of one application. Sizes
// are in bytes, times in milliseconds: a module's fields know no durations.
type Imagegate struct {
	// +private
	Dockerfile string
	// +private
	Target string
	// +private
	BuildArgs []string
	// +private
	Platforms []dagger.Platform
	// +private
	Profile string
	// +private
	Policy *dagger.Directory
	// +private
	Env []string
	// +private
	SecretEnv []*dagger.Secret
	// +private
	SecretEnvNames []string
	// +private
	Required []string
	// +private
	Services []string
	// +private
	Bind []*dagger.Service
	// +private
	BindAs []string
	// +private
	Compose []string
	// +private
	ComposeService string
	// +private
	SlowPath string
	// +private
	MetricsPath string
	// +private
	Tmpfs []string
	// +private
	MaxSize int
	// +private
	MaxCompressedSize int
	// +private
	MaxLayerSize int
	// +private
	MaxLayers int
	// +private
	MaxGrowth int
	// +private
	MaxWastedSize int
	// +private
	BaselineArchive *dagger.File
	// +private
	MaxMemory int
	// +private
	MaxProcesses int
	// +private
	HealthcheckInterval int
	// +private
	GracePeriod int
	// +private
	StartTimeout int
	// +private
	ScannerImage string
	// +private
	Database *dagger.Directory
	// +private
	DatabaseRepositories []string
	// +private
	DatabaseMaxAge int
	// +private
	Scanners []string
	// +private
	ScannerRules bool
	// +private
	SeverityThreshold string
	// +private
	IgnoreUnfixed bool
	// +private
	DeniedLicenses []string
	// +private
	Vex []*dagger.File
	// +private
	VexProducts []string
	// +private
	Sarif []*dagger.File
	// +private
	GrypeImage string
	// +private
	GrypeDatabase *dagger.Directory
	// +private
	ScoutImage string
	// +private
	ScoutUsername string
	// +private
	ScoutToken *dagger.Secret

	// What the policy of a source says besides, limits for reading the image and
	// how strictly single checks judge: they are of one call.
	limits     image.Limits
	strictness policy.Strictness
}

// New holds what all functions share: how the image is built, run and scanned.
func New(
	// Path of the Dockerfile in the source.
	// +default="Dockerfile"
	dockerfile string,
	// Stage to build and to judge; the last one if empty.
	// +optional
	target string,
	// Build arguments, as KEY=VALUE.
	// +optional
	buildArg []string,
	// Platforms to build, as in linux/amd64,linux/arm64; the engine's own if empty.
	// +optional
	platform []dagger.Platform,
	// How strictly the source is linted: minimal (only what makes the image
	// dangerous or broken), default, or strict (every check, and findings of
	// severity MEDIUM block as well).
	// +default="default"
	profile string,
	// Directory with the imagegate.yaml of the organisation: the one in the source lies
	// over it, and flags that differ from their defaults over both. What it locks can
	// only be tightened.
	// +optional
	policy *dagger.Directory,
	// Environment variables that the image is started with, as KEY=VALUE, besides its own.
	// +optional
	env []string,
	// Secrets that the image is started with, each as the variable that the last part
	// of its address names, as in env:API_TOKEN or file:///run/secrets/API_TOKEN. That
	// they are not in its output is judged.
	// +optional
	secretEnv []*dagger.Secret,
	// Names of the variables of --secret-env, in its order, where they are others.
	// +optional
	secretEnvName []string,
	// Environment variables without which the image has to refuse to start, besides
	// those of "# Required:" in the Dockerfile and of LABEL io.imagegate.required.
	// +optional
	required []string,
	// Services that the image needs, as NAME=IMAGE, as in db=postgres:15.14-bookworm: it
	// reaches each by its name. They have to be healthy by their own HEALTHCHECK.
	// +optional
	service []string,
	// Services that run already, as in tcp://localhost:5432 on the caller's machine.
	// +optional
	bind []*dagger.Service,
	// Names by which the image reaches those of --bind, in its order.
	// +optional
	bindAs []string,
	// Compose files in the source, each laid over the ones before it: the image is
	// started with the environment and the services that they give it.
	// +optional
	compose []string,
	// Service of the Compose files that is the application; the one that is built from
	// the Dockerfile if empty.
	// +optional
	composeService string,
	// HTTP path whose answer takes half a second or longer, for a request that is in
	// flight when the image is stopped; that of LABEL io.imagegate.slow-path if empty.
	// +optional
	slowPath string,
	// HTTP path of metrics; that of LABEL io.imagegate.metrics-path if empty.
	// +optional
	metricsPath string,
	// Directories that are writable in production, besides the image's volumes: those
	// given take the place of the default.
	// +default=["/tmp", "/run"]
	tmpfs []string,
	// Longest pause between two runs of the HEALTHCHECK: whether the image turns healthy
	// does not depend on it.
	// +default="1s"
	healthcheckInterval string,
	// Most memory that the image's processes may have together, as in 512MB; 0 is no limit.
	// +default="2GB"
	maxMemory string,
	// Most processes that the image may have at once; 0 is no limit.
	// +default=1000
	maxProcesses int,
	// Most that the layers of the image may hold uncompressed, as in 500MB.
	// +default="500MB"
	maxSize string,
	// Most that its layers may hold as they are pulled, compressed, as in 200MB.
	// +optional
	maxCompressedSize string,
	// Most that one layer may hold uncompressed, as in 300MB.
	// +optional
	maxLayerSize string,
	// Most layers that the image may have.
	// +default=50
	maxLayers int,
	// Image to measure growth against, as the last release: the tar file of its OCI
	// layout, as docker save writes it and "build as-tarball" returns it.
	// +optional
	baseline *dagger.File,
	// Most that layers may add for later ones to take away or write again, as in 10MB.
	// +default="10MB"
	maxWastedSize string,
	// By how many percent the image may be larger than that of --baseline.
	// +default="10%"
	maxGrowth string,
	// Time that the main process has to end after its stop signal, as in 10s.
	// +default="10s"
	gracePeriod string,
	// Time that the image has to become healthy, however patient its HEALTHCHECK is.
	// +default="2m"
	startTimeout string,
	// Image of the Trivy scanner: a mirror's address, or another release.
	// +default="aquasec/trivy:0.69.3@sha256:bcc376de8d77cfe086a917230e818dc9f8528e3c852f7b1aff648949b6258d1c"
	scannerImage string,
	// Trivy database to scan with instead of downloading one: a directory with
	// db/trivy.db and db/metadata.json, as "trivy image --download-db-only" leaves in its cache.
	// +optional
	database *dagger.Directory,
	// OCI repositories to download the Trivy database from, tried in order; Trivy's own if empty.
	// +optional
	databaseRepository []string,
	// Oldest that the database may be, as in 168h; scanning with an older one is an error.
	// +default="168h"
	databaseMaxAge string,
	// Scanners to ask: trivy, grype or scout, or several, whose findings are merged.
	// +default=["trivy"]
	scanner []string,
	// Ask Trivy for its own rules on images too; checks of imagegate answer all that
	// are known, and it takes seconds.
	// +optional
	scannerRules bool,
	// Severity from which a scanner's finding blocks: LOW, MEDIUM, HIGH or CRITICAL.
	// +default="HIGH"
	severityThreshold string,
	// Leave out vulnerabilities without a fixed version, which are warned of otherwise.
	// +optional
	ignoreUnfixed bool,
	// Licenses that no package may come under, by SPDX identifier, as in AGPL-*.
	// +optional
	denyLicense []string,
	// VEX documents (OpenVEX or CycloneDX) that state what the image is not affected by.
	// +optional
	vex []*dagger.File,
	// Names that VEX documents have for the image besides its digest, as in pkg:oci/app.
	// +optional
	vexProduct []string,
	// Reports of other tools on the image, in SARIF 2.1.0: they count as a scanner's.
	// +optional
	sarif []*dagger.File,
	// Image of the Grype scanner. By tag: pin it by the digest that your registry has.
	// +default="anchore/grype:v0.121.2"
	grypeImage string,
	// Grype database to scan with instead of downloading one: a directory as "grype db
	// update" leaves in its cache.
	// +optional
	grypeDatabase *dagger.Directory,
	// Image of Docker Scout's CLI, as in docker/scout-cli:TAG; pin it by its digest.
	// +optional
	scoutImage string,
	// User name at Docker that Scout asks with.
	// +optional
	scoutUsername string,
	// Password or access token of that user.
	// +optional
	scoutToken *dagger.Secret,
) (*Imagegate, error) {
	m := &Imagegate{
		Dockerfile: dockerfile, Target: target, BuildArgs: buildArg, Platforms: platform, Env: env,
		Policy: policy, SecretEnv: secretEnv, SecretEnvNames: secretEnvName, Required: required,
		Services: service, Bind: bind, BindAs: bindAs, Compose: compose, ComposeService: composeService,
		SlowPath: slowPath, MetricsPath: metricsPath, Tmpfs: tmpfs, MaxProcesses: maxProcesses,
		BaselineArchive: baseline, ScannerImage: scannerImage, Database: database, DatabaseRepositories: databaseRepository,
		Scanners: scanner, ScannerRules: scannerRules, SeverityThreshold: strings.ToUpper(severityThreshold), IgnoreUnfixed: ignoreUnfixed,
		DeniedLicenses: denyLicense, Vex: vex, VexProducts: vexProduct, Sarif: sarif,
		GrypeImage: grypeImage, GrypeDatabase: grypeDatabase, ScoutImage: scoutImage, ScoutUsername: scoutUsername, ScoutToken: scoutToken,
	}
	judgedBy, err := checks.ParseProfile(profile)
	if err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	m.Profile = string(judgedBy)
	if err := m.setBudgets(maxSize, maxCompressedSize, maxLayerSize, maxWastedSize, maxLayers, maxGrowth); err != nil {
		return nil, err
	}
	if err := m.setMemory(maxMemory); err != nil {
		return nil, err
	}
	if _, err := pairs("build-arg", buildArg); err != nil {
		return nil, err
	}
	if _, err := pairs("env", env); err != nil {
		return nil, err
	}
	if err := m.checkRun(); err != nil {
		return nil, err
	}
	if err := m.checkScan(severityThreshold); err != nil {
		return nil, err
	}
	for _, d := range []struct {
		flag, text string
		to         *int
	}{
		{"grace-period", gracePeriod, &m.GracePeriod},
		{"start-timeout", startTimeout, &m.StartTimeout},
		{"healthcheck-interval", healthcheckInterval, &m.HealthcheckInterval},
		{"database-max-age", databaseMaxAge, &m.DatabaseMaxAge},
	} {
		duration, err := time.ParseDuration(d.text)
		if err != nil || duration < time.Millisecond {
			return nil, fmt.Errorf("--%s=%q is not a duration: write it as in 10s, 2m or 168h", d.flag, d.text)
		}
		*d.to = int(duration.Milliseconds())
	}
	return m, nil
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// Build the image, and judge it by every gate.
//
// Prints one table of what was found, and ends non-zero where anything blocks.
// An image that passed is not judged again within five minutes for the same source and
// flags: the same table is printed, which says when it was judged. Report and publish
// always judge. The flags that all functions share stand before the function's name.
//
// +cache="5m"
func (m *Imagegate) Verify(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
) (string, error) {
	r, _ := m.judge(ctx, source)
	return verdict(r)
}

// judge judges by every gate, as the policy of the source has it. The tarball is the
// one that the gates read; nil where the build failed.
func (m *Imagegate) judge(ctx context.Context, source *dagger.Directory) (report.Report, *tarball) {
	m, by := m.under(ctx, source)
	return m.judgeBy(ctx, source, by)
}

// judgeBy runs all gates side by side, and all of them to the end, so that one run
// shows everything; what they found is then reviewed by the policy.
func (m *Imagegate) judgeBy(ctx context.Context, source *dagger.Directory, by policy.Input) (report.Report, *tarball) {
	var lint, built report.Gate
	var judged []report.Gate
	var img *tarball
	var side sync.WaitGroup
	side.Go(func() { lint = m.lint(ctx, source, by) })
	side.Go(func() {
		run := m.run(ctx, source)
		built, img = m.export(ctx, source)
		judged = m.judgeImage(ctx, img, m.image, m.scan, run)
	})
	side.Wait()
	return reviewed(img, append([]report.Gate{lint, built}, judged...), by), img
}

// imageGate judges one platform of the tarball.
type imageGate func(context.Context, *tarball, platformImage) report.Gate

// judgeImage runs gates on every platform of the tarball, side by side, and
// returns what they found in the order of the gates.
func (m *Imagegate) judgeImage(ctx context.Context, img *tarball, gates ...imageGate) []report.Gate {
	if img == nil {
		return []report.Gate{
			{Name: "image", Results: checks.Skips(image.All(), noImage)},
			{Name: "scan", Results: checks.Skips(vuln.All(), noImage)},
			{Name: "run", Results: checks.Skips(runtime.All(), noImage)},
		}
	}
	results := make([]report.Gate, len(gates)*len(img.platforms))
	var side sync.WaitGroup
	for i, gate := range gates {
		for j, p := range img.platforms {
			side.Go(func() {
				results[i*len(img.platforms)+j] = gate(ctx, img, p)
			})
		}
	}
	side.Wait()
	return results
}

const noImage = "there is no image to judge: build/image says why"

// timed runs one gate as a span of its name.
func timed(ctx context.Context, name, platform string, judge func(context.Context) []checks.Result) report.Gate {
	ctx, span := Tracer().Start(ctx, "gate: "+name)
	defer span.End()
	start := time.Now()
	gate := report.Gate{Name: name, Platform: platform, Results: judge(ctx)}
	gate.Time = time.Since(start)
	if gate.Status().Blocks() {
		span.SetStatus(codes.Error, gate.Verdict())
	}
	return gate
}

// reviewed returns what the gates have come to by now, under the policy.
func reviewed(img *tarball, gates []report.Gate, by policy.Input) report.Report {
	return report.Report{Image: img.describe(), Gates: policy.Review(gates, by), Judged: time.Now()}
}

// verdict returns the table, as an error where anything blocks.
func verdict(r report.Report) (string, error) {
	table := report.Table(r)
	if r.Status().Blocks() {
		return "", errors.New("the image is not fit for production\n\n" + table)
	}
	return table, nil
}
