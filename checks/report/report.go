// Package report writes what a run of the gates came to, for people (Table)
// and for programs (JSON).
package report

import (
	"slices"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// Report is what a run of the gates came to.
type Report struct {
	// Image is what the verdict is about; nil where no image was built.
	Image *Image `json:"image,omitempty"`
	Gates []Gate `json:"gates"`
	// Judged is when the gates had ended. It is no part of the verdict.
	Judged time.Time `json:"-"`
}

// Image names the bytes that the gates read.
type Image struct {
	// Digest is what a registry holds the image under once it is published:
	// sha256:… of the manifest, or of the index where it has several platforms.
	Digest    string   `json:"digest"`
	Platforms []string `json:"platforms"`
}

// Gate is one gate's results.
type Gate struct {
	// Name is lint, build, image, scan or run.
	Name string `json:"name"`
	// Platform is set where the gate judged one of several platforms.
	Platform string          `json:"platform,omitempty"`
	Results  []checks.Result `json:"results"`
	// Time is how long the gate took. It is no part of the verdict.
	Time time.Duration `json:"-"`
}

// Status returns the worst of the gate's results. A gate without results is an
// Error: something has to have been judged.
func (g Gate) Status() checks.Status {
	if len(g.Results) == 0 {
		return checks.Error
	}
	var all []checks.Status
	for _, r := range g.Results {
		all = append(all, r.Status)
	}
	return checks.Worst(all...)
}

// Verdict returns what the gate came to: "blocked", "skipped" where none of its
// checks was judged, else "passed".
func (g Gate) Verdict() string {
	if g.Status().Blocks() {
		return "blocked"
	}
	for _, r := range g.Results {
		if r.Status != checks.Skipped {
			return "passed"
		}
	}
	return "skipped"
}

// Verdict returns what the run came to: "passed" or "blocked".
func (r Report) Verdict() string {
	if r.Status().Blocks() {
		return "blocked"
	}
	return "passed"
}

// Status returns the worst of the gates. A report without gates is an Error.
func (r Report) Status() checks.Status {
	if len(r.Gates) == 0 {
		return checks.Error
	}
	var all []checks.Status
	for _, g := range r.Gates {
		all = append(all, g.Status())
	}
	return checks.Worst(all...)
}

// Blocked returns the ids of the checks that block, sorted, each once.
func (r Report) Blocked() []string {
	var ids []string
	for _, g := range r.Gates {
		for _, res := range g.Results {
			if res.Status.Blocks() {
				ids = append(ids, res.Check)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
