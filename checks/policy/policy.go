// Package policy reads imagegate.yaml, in which a project and its organisation say
// what an image is held to and what they accept, and applies it to what all gates
// found. One table of keys (keys.go) is what the parser, the JSON Schema and the
// commented template come from.
package policy

import (
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// File is the path of the policy in the source.
const File = "imagegate.yaml"

// Misnamed is a name that the policy does not have, and that it is given often.
const Misnamed = "imagegate.yml"

// Policy is what a policy file says. A field whose key is not set has its zero
// value; Sets tells whether it is.
type Policy struct {
	// Profile says how strictly everything is judged.
	Profile checks.Profile
	// Severities are those that checks have here instead of their own.
	Severities []Severity
	Budgets    Budgets
	Scan       Scan
	Run        Run
	Limits     Limits
	// Locked are the keys and checks that a lower layer may tighten, not loosen.
	Locked  []Lock
	Waivers []Waiver

	// places are those of the values, by the names of their keys.
	places map[string]checks.Location
}

// Severity is the severity that all findings of a check have.
type Severity struct {
	// Check is the id of the check, or the name that another tool gives it.
	Check    string
	Severity checks.Severity
	// Location is that of the check's name.
	Location checks.Location
}

// Budgets say how large an image may be. Sizes are in bytes.
type Budgets struct {
	MaxSize, MaxCompressedSize, MaxLayerSize int64
	MaxLayers                                int
	// MaxWastedSize is how many bytes layers may add for later ones to take away.
	MaxWastedSize int64
	// MaxGrowth is by how many percent the image may be larger than the one that it
	// is compared with.
	MaxGrowth int
}

// Scan says what scans the image, and what blocks it.
type Scan struct {
	// Scanners are of trivy, grype and scout.
	Scanners []string
	// Threshold is the severity from which on a vulnerability blocks.
	Threshold checks.Severity
	// IgnoreUnfixed is whether vulnerabilities without a fixed version are left out.
	IgnoreUnfixed bool
	// DatabaseMaxAge is the age from which on a vulnerability database is too old.
	DatabaseMaxAge time.Duration
	// DeniedLicenses are SPDX ids.
	DeniedLicenses []string
}

// Run says how the image is started, and what it has to do then. Sizes are in bytes.
type Run struct {
	// Required are the names of variables without which it has to refuse to start.
	Required []string
	// MaxMemory and MaxProcesses are 0 where there is no limit.
	MaxMemory    int64
	MaxProcesses int

	GracePeriod, StartTimeout, HealthcheckInterval time.Duration

	SlowPath, MetricsPath string
	// Tmpfs are directories that are writable in production.
	Tmpfs []string
}

// Limits end the reading of an image that is too much for its reader. Sizes are in
// bytes; a limit that is not set has the reader's own default.
type Limits struct {
	Time             time.Duration
	Memory           int64
	Entries          int
	UncompressedSize int64
	// Ratio is how many bytes may come out of a compressed one.
	Ratio int
	// PathLength is in bytes.
	PathLength int
}

// Lock is a key, a section of keys or a check that a lower layer may not loosen.
type Lock struct {
	Name     string
	Location checks.Location
}

// Sets reports whether the policy sets a key, by its name as in budgets.max-size.
func (p Policy) Sets(key string) bool {
	_, ok := p.places[key]
	return ok
}

// Place returns where the value of a key stands; the zero value if it is not set.
func (p Policy) Place(key string) checks.Location { return p.places[key] }

// locks returns the lock of a key, if the policy has one: of the key itself or of
// the section that it is in.
func (p Policy) locks(key string) (Lock, bool) {
	section, _, _ := strings.Cut(key, ".")
	for _, l := range p.Locked {
		if l.Name == key || l.Name == section {
			return l, true
		}
	}
	return Lock{}, false
}

// Lock returns the lock of a check, if the policy has one.
func (p Policy) Lock(check string, names checks.Names) (Lock, bool) {
	for _, l := range p.Locked {
		for _, id := range names.Find(l.Name) {
			if id == check {
				return l, true
			}
		}
	}
	return Lock{}, false
}
