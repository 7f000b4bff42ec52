// Package vuln judges what scanners report of an image: the vulnerabilities of
// its packages, the secrets in its files, the licenses that it comes under, and
// whether the databases that they looked packages up in are recent enough to be
// believed.
//
// Each scanner's own document is decoded into a Report (DecodeTrivy, DecodeGrype,
// DecodeSARIF), and all reports are judged together under one Policy: what
// several scanners see of one package is one finding that names them. Statements
// of VEX documents (DecodeVEX) accept findings, with their reason.
//
// The documents of Trivy and Grype in testdata were written by these, as the
// README there says; those of Docker Scout and VEX were written by hand in the
// shape of their published schemas.
package vuln

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// DefaultMaxAge is how old a database may be without an age of its own. Trivy
// publishes one every six hours; a week leaves room for mirrors and machines
// that are cut off.
const DefaultMaxAge = 7 * 24 * time.Hour

// Policy is what a project accepts of what scanners find. The zero value is the
// default, but for Now, which has to be set.
type Policy struct {
	// Threshold is the severity from which a finding blocks; empty is HIGH. A
	// vulnerability blocks only if there is a version without it, or may be one.
	Threshold checks.Severity
	// IgnoreUnfixed leaves out vulnerabilities that no version is free of, which
	// are warned of otherwise. Those left out are counted.
	IgnoreUnfixed bool
	// DeniedLicenses are licenses that no package may come under, by their SPDX
	// identifiers in any case; a * stands for any part of one, as in AGPL-*.
	DeniedLicenses []string
	// MaxAge is how old a database may be; 0 is DefaultMaxAge.
	MaxAge time.Duration
	// Now is the time of the scan, which ages are counted to.
	Now time.Time
}

func (p Policy) threshold() checks.Severity { return cmp.Or(p.Threshold, checks.High) }

// status is what a finding of a severity means.
func (p Policy) status(s checks.Severity) checks.Status {
	if s.AtLeast(p.threshold()) {
		return checks.Fail
	}
	return checks.Warn
}

// Scan is what the checks of this package are judged on.
type Scan struct {
	Policy Policy
	// ImageID is the digest of the configuration of the image that was to be
	// scanned: a report of another one is an error. Empty is any.
	ImageID string
	// BaseLeast and BaseMost are how many of the image's layers, counted from the
	// lowest, are those of its base image, at least and at most; both 0 where that is
	// not known.
	BaseLeast, BaseMost int
	// Reports are those of the scanners, the most trusted first: where they differ
	// in what a package is called, the first one's is taken.
	Reports []*Report
	// Statements are those of VEX documents on what the image is not affected by.
	Statements []Statement
	// Digest is that of the image's manifest, and Products are further names by
	// which VEX statements may call the image: URLs of packages, as in
	// pkg:oci/app, or what their author chose.
	Digest   string
	Products []string
	// Failures are why scanners that were asked for have no report.
	Failures []error
}

// reports returns the reports, after seeing that there are some and that each is
// of the image that was to be scanned.
func (s *Scan) reports() ([]*Report, error) {
	if len(s.Reports) == 0 {
		return nil, errors.New("there is no report of a scanner")
	}
	for _, r := range s.Reports {
		if s.ImageID != "" && r.ImageID != s.ImageID && !(r.Given && r.ImageID == "") {
			return nil, fmt.Errorf("%s scanned the image with configuration %q, not %q; give it a layout with that image alone", r.Scanner, r.ImageID, s.ImageID)
		}
	}
	return s.Reports, nil
}

// content returns what a scanner found beyond packages; nil where none looked.
func (s *Scan) content() (*Content, error) {
	reports, err := s.reports()
	if err != nil {
		return nil, err
	}
	for _, r := range reports {
		if r.Content != nil {
			return r.Content, nil
		}
	}
	if len(s.Failures) > 0 {
		return nil, errors.New("no scanner that looks for it has reported: vuln/scanner says why")
	}
	return nil, nil
}

// notLooked is why a check of the content of an image is skipped.
const notLooked = "no scanner that looks for it was asked: add trivy to the scanners"

// ofContent returns the judge of a check that is about what a scanner finds beyond
// packages.
func ofContent(judge func(*Scan, *Content) checks.Outcome) func(*Scan) checks.Outcome {
	return func(s *Scan) checks.Outcome {
		content, err := s.content()
		switch {
		case err != nil:
			return checks.Broken(err)
		case content == nil:
			return checks.Skip(notLooked)
		}
		return judge(s, content)
	}
}

// Scanner is the tool that wrote a report.
type Scanner struct {
	Name    string // "Trivy"
	Version string // "0.69.3"; empty if the report does not say
}

// String returns name and version.
func (s Scanner) String() string {
	if s.Version == "" {
		return s.Name
	}
	return s.Name + " " + s.Version
}

// Report is what a scanner found in an image. It holds nothing of the image's
// configuration, whose environment variables may be secrets.
type Report struct {
	Scanner Scanner
	// Database is what the scanner looked packages up in; nil where it does not say.
	Database *Database
	// Given is whether the report was written elsewhere, so that it need not name
	// its image.
	Given bool
	// Asked is whether the scan gate itself asked the scanner, in whatever format it
	// answered: it has looked then, even where it found nothing.
	Asked bool
	// ImageID is the digest of the configuration of the image that was scanned.
	ImageID string
	// OS is the distribution that the scanner recognised, as in "debian 12.15";
	// empty if none. EndOfLife is whether it publishes no advisories any more;
	// LifeUnknown is whether the scanner does not say.
	OS          string
	EndOfLife   bool
	LifeUnknown bool
	// Packages is how many packages the scanner looked up; uncounted if it does not say.
	Packages int
	// Vulnerabilities are sorted, each once for each place of its package.
	Vulnerabilities []Vulnerability
	// Content is what it found beyond packages; nil where it does not look.
	Content *Content
	// Others are findings that are of no package, of tools that are no scanners.
	Others []Other
}

// uncounted is the number of packages of a report that lists only vulnerable ones.
const uncounted = -1

// by names the scanner and its database.
func (r *Report) by(now time.Time) string {
	if r.Database == nil {
		return r.Scanner.String()
	}
	return r.Scanner.String() + " with " + r.Database.describe(now)
}

// Vulnerability is one that a package of an image has.
type Vulnerability struct {
	// ID is the CVE where there is one, else what the scanner calls it.
	ID string // "CVE-2023-5363"
	// Aliases are other ids of the very same vulnerability, as in its GHSA.
	Aliases []string
	// Advisories are ids of its distributor's, which may be of several
	// vulnerabilities at once, as in "DSA-5532-1".
	Advisories []string
	Package    string // "libssl3"
	Installed  string // its version
	// PURL is the package's URL, as in "pkg:npm/lodash@4.17.20"; empty if the
	// scanner does not say.
	PURL string
	// Fixed is the version without the vulnerability, or several such; empty if
	// there is none.
	Fixed string
	// FixUnknown is whether the report says nothing of fixed versions: there may be one.
	FixUnknown bool
	// Status is what the package's distributor has said: affected, not_affected,
	// fixed, under_investigation, will_not_fix, fix_deferred, end_of_life, unknown.
	Status   string
	Severity checks.Severity
	// Path is the file in the image that the package was found by, absolute;
	// empty for packages of the distribution.
	Path string
	// Layer is the layer that the package came with, counted from 1 for the lowest;
	// 0 if the scanner does not say.
	Layer int
	// Published is when the vulnerability was; zero if the scanner does not say.
	Published time.Time
	Title     string
	URL       string
}

// Content is what a scanner found in an image beyond its packages.
type Content struct {
	Secrets []Secret
	// Licenses are those of packages; nil where they were not looked for.
	Licenses []License
	// Rules are how many of its rules on configurations the scanner judged, and
	// Misconfigurations those that are broken. 0 rules: they were not looked at.
	Rules             int
	Misconfigurations []Misconfiguration
}

// Secret is one in a file or in the configuration of an image. Its value is
// nowhere in it.
type Secret struct {
	Rule     string // "aws-access-key-id"
	Title    string // "AWS Access Key ID"
	Severity checks.Severity
	// Path is the file in the image, absolute; empty for its configuration.
	Path string
	Line int // in the file
	// Layer is that of the file, counted from 1; 0 if the scanner does not say.
	Layer int
}

// License is one that a package comes under.
type License struct {
	Name    string // an SPDX expression, as in "MIT OR Apache-2.0"
	Package string
	// Path is the file that it was found by, absolute; empty for packages of the
	// distribution.
	Path string
}

// Misconfiguration is a rule of the scanner's own that the image breaks.
type Misconfiguration struct {
	ID         string // "DS-0002"
	Severity   checks.Severity
	Message    string
	Resolution string
	URL        string
}

// Other is a finding of a tool of any kind.
type Other struct {
	Rule     string
	Severity checks.Severity
	Location checks.Location
	Message  string
	URL      string
	// Accepted is why the tool's own user accepts it; empty if they do not.
	Accepted string
}

// Database is what a scanner looks vulnerabilities up in.
type Database struct {
	// Source is where it came from: an OCI reference, or what the user gave.
	Source string
	// Version is that of its schema, as in "2" or "v6.1.0".
	Version   string
	UpdatedAt time.Time
	// NextUpdate is when a newer one is due.
	NextUpdate time.Time
}

// All returns the checks of a scan, sorted by id.
func All() []checks.Check[*Scan] {
	return []checks.Check[*Scan]{
		database,
		disagreement,
		endOfLife,
		license,
		misconfiguration,
		sarif,
		scanner,
		secret,
		vex,
		vulnerability,
	}
}
