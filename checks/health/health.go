// Package health says what the times of a HEALTHCHECK are worth, as the Dockerfile
// sets them or the image has them.
package health

import (
	"cmp"
	"fmt"
	"time"
)

// Check is a HEALTHCHECK as the configuration of an image has it; a zero value is
// one that Docker's default stands for.
type Check struct {
	// Test is {"NONE"}, {"CMD", program, arguments...} or {"CMD-SHELL", command}.
	Test []string
	// Interval is the time from the end of one check to the start of the next,
	// Timeout what one check may take.
	Interval, Timeout time.Duration
	// StartPeriod is how long after the start failures do not count, and
	// StartInterval what stands for Interval until then.
	StartPeriod, StartInterval time.Duration
	// Retries is how many checks in a row must fail.
	Retries int
}

// Effective returns the healthcheck with Docker's defaults for what is not set
// (docs.docker.com/reference/dockerfile/#healthcheck).
func (h Check) Effective() Check {
	h.Interval = cmp.Or(h.Interval, 30*time.Second)
	h.Timeout = cmp.Or(h.Timeout, 30*time.Second)
	h.StartInterval = cmp.Or(h.StartInterval, 5*time.Second)
	h.Retries = cmp.Or(h.Retries, 3)
	return h
}

// The bounds are those within which orchestrators do something sensible with a
// verdict. Docker's own defaults (30s, 30s, 0s, 3), Kubernetes' for probes
// (10s, 1s, 0s, 3) and ECS's allowed values (interval 5s to 300s, timeout 2s to
// 60s, start period 0s to 300s, retries 1 to 10) lie within them.
const (
	minInterval = time.Second // below, the checks themselves are a load
	maxInterval = 5 * time.Minute
	minTimeout  = time.Second // below, an ordinary pause is taken for a death
	maxTimeout  = time.Minute // what needs longer is no check
	maxRetries  = 10

	// A container that hangs serves errors until it is found dead. Beyond five
	// minutes that is longer than most alerts wait, beyond fifteen a person has
	// noticed first. The start period delays it just as much.
	slowDetection  = 5 * time.Minute
	maxDetection   = 15 * time.Minute
	slowStart      = 5 * time.Minute
	maxStartPeriod = 15 * time.Minute
)

// Fault is what one time of a health check has against it.
type Fault struct {
	// Field is the name of the field of Check.
	Field string
	// Severe is whether no orchestrator does something sensible with it.
	Severe bool
	// Message says what is wrong with it, beginning with its value.
	Message string
}

// Detection returns how long it takes at most until a dead container is found:
// Docker waits for the interval and then for the check, one after the other.
func (h Check) Detection() time.Duration {
	h = h.Effective()
	return time.Duration(h.Retries) * (h.Interval + h.Timeout)
}

// Faults returns what the times have against them.
func (h Check) Faults() []Fault {
	set := h
	h = h.Effective()
	var faults []Fault
	report := func(severe bool, field, format string, args ...any) {
		faults = append(faults, Fault{field, severe, fmt.Sprintf(format, args...)})
	}
	bound := func(field string, got, low, high time.Duration, fromDefault bool) {
		if got < low || got > high {
			report(true, field, "%s is not between %s and %s", duration(got, fromDefault), low, high)
		}
	}
	bound("Interval", h.Interval, minInterval, maxInterval, set.Interval == 0)
	bound("Timeout", h.Timeout, minTimeout, maxTimeout, set.Timeout == 0)
	bound("StartPeriod", h.StartPeriod, 0, maxStartPeriod, false)
	if h.StartInterval < 0 {
		report(true, "StartInterval", "%s is negative; Docker refuses to start the container", h.StartInterval)
	}
	if h.Retries < 1 || h.Retries > maxRetries {
		report(true, "Retries", "%d is not between 1 and %d", h.Retries, maxRetries)
	}

	switch detection := h.Detection(); {
	case detection > maxDetection:
		report(len(faults) == 0, "Interval", "a dead container is found after up to %s (%d times %s and %s); at most %s", detection, h.Retries, h.Interval, h.Timeout, maxDetection)
	case detection > slowDetection:
		report(false, "Interval", "a dead container is found only after up to %s (%d times %s and %s)", detection, h.Retries, h.Interval, h.Timeout)
	}
	if h.Timeout > h.Interval {
		report(false, "Timeout", "%s is longer than the interval of %s", duration(h.Timeout, set.Timeout == 0), duration(h.Interval, set.Interval == 0))
	}
	if h.StartPeriod > slowStart {
		report(false, "StartPeriod", "for the first %s no failure counts", h.StartPeriod)
	}
	return faults
}

// duration writes a duration, and says if nobody has set it.
func duration(d time.Duration, fromDefault bool) string {
	if fromDefault {
		return fmt.Sprintf("%s (Docker's default)", d)
	}
	return d.String()
}
