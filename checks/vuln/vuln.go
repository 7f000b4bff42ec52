// Package vuln judges what a vulnerability scanner reports of an image: the
// vulnerabilities of its packages, and whether the database that the scanner
// looked them up in is recent enough to be believed.
package vuln

import (
	"time"

	"github.com/imagegate/imagegate/checks"
)

// DefaultMaxAge is how old a database may be without an age of its own. Trivy
// publishes one every six hours; a week leaves room for mirrors and machines
// that are cut off.
const DefaultMaxAge = 7 * 24 * time.Hour

// Scan is what the checks of this package are judged on.
type Scan struct {
	Report *Report
	// ImageID is the digest of the configuration of the image that was to be
	// scanned: a report of another one is an error. Empty is any.
	ImageID  string
	Database Database
	// Now is the time of the scan, which the database's age is counted to.
	Now time.Time
	// MaxAge is how old the database may be; 0 is DefaultMaxAge.
	MaxAge time.Duration
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
	// ImageID is the digest of the configuration of the image that was scanned.
	ImageID string
	// OS is the distribution that the scanner recognised, as in "debian 12.15";
	// empty if none. EndOfLife is whether it still publishes its advisories.
	OS        string
	EndOfLife bool
	// Packages is how many packages the scanner looked up.
	Packages int
	// Vulnerabilities are sorted, each once for each place of its package.
	Vulnerabilities []Vulnerability
}

// Vulnerability is one that a package of an image has.
type Vulnerability struct {
	ID        string // "CVE-2023-5363"
	Package   string // "libssl3"
	Installed string // its version
	// Fixed is the version without the vulnerability, or several such; empty if
	// there is none.
	Fixed string
	// Status is what the package's distributor has said: affected, fixed,
	// under_investigation, will_not_fix, fix_deferred, end_of_life, unknown.
	Status   string
	Severity checks.Severity
	// Path is the file in the image that the package was found by, absolute;
	// empty for packages of the distribution.
	Path  string
	Title string
	URL   string
}

// Database is what a scanner looks vulnerabilities up in.
type Database struct {
	// Source is where it came from: an OCI reference, or what the user gave.
	Source    string
	Version   int // of its schema
	UpdatedAt time.Time
	// NextUpdate is when a newer one is due.
	NextUpdate time.Time
}

// All returns the checks of a scan, sorted by id.
func All() []checks.Check[*Scan] {
	return []checks.Check[*Scan]{
		database,
		vulnerability,
	}
}
